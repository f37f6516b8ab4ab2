//! What a principal is shown: all pages of a list.

use plumb_runner::{Bench, Probe, Trouble};
use serde_json::{Value, json};

/// So many pages are read.
const PAGES: usize = 20;

/// The items of a list as the bearer of a token sees them; none if the list is refused.
pub async fn items(
    bench: &Bench,
    method: &str,
    member: &str,
    token: &str,
) -> Result<Vec<Value>, Trouble> {
    let mut items = Vec::new();
    let mut cursor: Option<Value> = None;
    for _ in 0..PAGES {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        let seen = bench.send(Probe::request(method, params).bearer(token)).await?;
        let Some(result) = seen.complete() else { break };
        items.extend(result[member].as_array().into_iter().flatten().cloned());
        cursor = result.get("nextCursor").filter(|cursor| cursor.is_string()).cloned();
        if cursor.is_none() {
            break;
        }
    }
    Ok(items)
}

/// The values of a member that the first has and the second has not.
pub fn only<'a>(first: &'a [Value], second: &[Value], member: &str) -> Vec<&'a str> {
    let named = |item: &Value| item[member].as_str().map(str::to_owned);
    let there: Vec<String> = second.iter().filter_map(named).collect();
    first
        .iter()
        .filter_map(|item| item[member].as_str())
        .filter(|name| !there.iter().any(|t| t == name))
        .collect()
}
