//! The same request, asked of a server itself and through the gateway before it, and what differs between the answers.

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, clip};
use plumb_wire::method;
use serde_json::{Map, Number, Value, json};

/// So much of an answer is told.
const TOLD: usize = 160;

/// A tool is looked for on so many pages of a list.
const PAGES: usize = 64;

/// The requests that every server answers the same way to whoever asks twice, as far as this one offers them: each with
/// the name of its case.
pub fn requests(bench: &Bench) -> Vec<(&'static str, Probe)> {
    let bases = [
        ("discover", Base::Discover),
        ("tools-list", Base::ToolsList),
        ("tools-call", Base::ToolsCall),
        ("resources-list", Base::ResourcesList),
        ("templates-list", Base::TemplatesList),
        ("resources-read", Base::ResourcesRead),
        ("prompts-list", Base::PromptsList),
        ("prompts-get", Base::PromptsGet),
        ("complete", Base::Complete),
    ];
    bases.into_iter().filter_map(|(slug, base)| Some((slug, bench.base(base)?))).collect()
}

/// What differs between the answer of the server itself and the one that comes through the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, as a JSON pointer into what was compared.
    pub at: String,
    /// What the server itself says there.
    pub direct: String,
    /// What comes through the gateway.
    pub through: String,
}

impl Difference {
    /// The finding that it is.
    pub fn finding(&self, what: &str) -> Finding {
        let place = if self.at.is_empty() { String::new() } else { format!(" at {}", self.at) };
        Finding::violated(
            format!("{what} as the server itself gives it{place}: {}", self.direct),
            format!("through the gateway: {}", self.through),
        )
    }
}

/// Asks the server itself and through the gateway, and compares what `view` shows of both answers. What differs is asked
/// again, both ways: what the server itself says otherwise from time to time is no difference, nor is what does not come
/// again.
pub async fn difference(
    bench: &Bench,
    probe: &Probe,
    view: impl Fn(&Observed) -> Value,
) -> Result<Option<Difference>, Trouble> {
    let direct = view(&bench.send(probe.clone()).await?);
    let through = view(&bench.through(probe.clone()).await?);
    if direct == through {
        return Ok(None);
    }
    let restless = restless(&direct, &view(&bench.send(probe.clone()).await?), &through);
    let Some(at) = lasting(&direct, &through, &restless) else { return Ok(None) };
    let again = view(&bench.through(probe.clone()).await?);
    let once_more = view(&bench.send(probe.clone()).await?);
    let restless = [restless, self::restless(&direct, &once_more, &again)].concat();
    let comes_again = lasting(&direct, &again, &restless).is_some();
    let stays = !is_below(&at, &restless);
    let told = |value: &Value| {
        value.pointer(&at).map_or_else(|| "nothing".into(), |v| clip(&v.to_string(), TOLD))
    };
    let difference = Difference { direct: told(&direct), through: told(&through), at: at.clone() };
    Ok((comes_again && stays).then_some(difference))
}

/// Judges each of these requests by what `view` shows of both answers.
pub async fn compared(
    bench: &Bench,
    requests: Vec<(&'static str, Probe)>,
    what: &str,
    view: impl Fn(&Observed) -> Value,
) -> Judgement {
    for (slug, probe) in requests {
        let title = format!("`{}`, asked both ways", probe.method().unwrap_or(slug));
        let found = difference(bench, &probe, &view).await;
        let judgement = found.map(|d| d.map_or(Finding::Held, |d| d.finding(what)));
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}

/// Whether a tool is listed through the gateway, which may hide some, or give them names of its own.
pub async fn is_listed(bench: &Bench, tool: &str) -> Result<bool, Trouble> {
    let mut params = json!({});
    for _ in 0..PAGES {
        let page = bench.through(Probe::request(method::TOOLS_LIST, params)).await?;
        let Some(page) = page.complete() else { return Err(Trouble::Control(page.describe())) };
        let tools = page["tools"].as_array().map_or(&[][..], Vec::as_slice);
        if tools.iter().any(|listed| listed["name"] == tool) {
            return Ok(true);
        }
        let Some(cursor) = page.get("nextCursor") else { return Ok(false) };
        params = json!({"cursor": cursor});
    }
    Ok(false)
}

/// The messages of an answer, each with whether it has the id that was sent in place of that.
pub fn messages(seen: &Observed) -> Value {
    let sent = seen.request.as_ref().and_then(|request| request.get("id"));
    let one = |message: &plumb_wire::jsonrpc::Message| match &message.json {
        Ok(Value::Object(members)) => {
            let mut members: Map<String, Value> = members.clone();
            if let Some(id) = members.get_mut("id") {
                *id = json!(if Some(&*id) == sent { "the id that was sent" } else { "another id" });
            }
            Value::Object(members)
        }
        Ok(other) => other.clone(),
        Err(_) => json!(clip(&message.raw.lossy(), TOLD)),
    };
    Value::Array(seen.messages.iter().map(one).collect())
}

/// Where two answers of the server itself differ: not where both have what is not `through` the gateway at all.
fn restless(one: &Value, other: &Value, through: &Value) -> Vec<String> {
    let has = |value: &Value, at: &String| value.pointer(at).is_some();
    let mut found = paths(one, other);
    found.retain(|at| !(has(one, at) && has(other, at) && !has(through, at)));
    found
}

/// The first place at which two values differ and that is no restless one.
fn lasting(one: &Value, other: &Value, restless: &[String]) -> Option<String> {
    paths(one, other).into_iter().find(|path| !is_below(path, restless))
}

fn is_below(path: &str, places: &[String]) -> bool {
    places.iter().any(|place| path.strip_prefix(place.as_str()).is_some_and(is_rest))
}

fn is_rest(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// The places at which two values differ, as JSON pointers; arrays of other lengths differ as a whole.
fn paths(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(one, other, String::new(), &mut found);
    found
}

fn walk(one: &Value, other: &Value, at: String, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let missing = other.keys().filter(|key| !one.contains_key(*key));
            for key in one.keys().chain(missing) {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => walk(one, other, at, found),
                    _ => found.push(at),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (n, (one, other)) in one.iter().zip(other).enumerate() {
                walk(one, other, format!("{at}/{n}"), found);
            }
        }
        (Value::Number(one), Value::Number(other)) if is_same(one, other) => {}
        _ if one != other => found.push(at),
        _ => {}
    }
}

/// Whether two numbers have one value, such as 1 and 1.0, which JSON does not tell apart.
fn is_same(one: &Number, other: &Number) -> bool {
    let whole = |number: &Number| number.is_i64() || number.is_u64();
    one == other || !(whole(one) && whole(other)) && one.as_f64() == other.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_itself_says_otherwise_is_no_difference() {
        let direct = json!([{"result": {"text": "12:00", "tools": [1, 2], "a/b": 1}}]);
        let again = json!([{"result": {"text": "12:01", "tools": [1, 2], "a/b": 1}}]);
        let restless = paths(&direct, &again);
        assert_eq!(restless, ["/0/result/text"]);
        let later = json!([{"result": {"text": "12:02", "tools": [1, 2], "a/b": 1}}]);
        assert_eq!(lasting(&direct, &later, &restless), None);
        let less = json!([{"result": {"text": "12:02", "tools": [1], "a/b": 1}}]);
        assert_eq!(lasting(&direct, &less, &restless).as_deref(), Some("/0/result/tools"));
        let without = json!([{"result": {"text": "12:02", "tools": [1, 2]}}]);
        assert_eq!(lasting(&direct, &without, &restless).as_deref(), Some("/0/result/a~1b"));
    }

    #[test]
    fn a_number_may_be_written_with_a_fraction_of_nothing() {
        assert!(paths(&json!({"progress": 1}), &json!({"progress": 1.0})).is_empty());
        for (one, other) in [(json!(1), json!(1.5)), (json!(i64::MAX), json!(i64::MAX - 1))] {
            assert_eq!(paths(&one, &other), [""]);
        }
    }

    #[test]
    fn a_value_that_differs_each_time_is_missed_where_it_is_not_there() {
        let (one, other) =
            (json!([{"result": {"state": "a"}}]), json!([{"result": {"state": "b"}}]));
        let changed = json!([{"result": {"state": "c"}}]);
        assert_eq!(restless(&one, &other, &changed), ["/0/result/state"]);
        assert!(restless(&one, &other, &json!([{"result": {}}])).is_empty());
    }

    #[test]
    fn a_restless_member_excuses_nothing_above_it_or_beside_it() {
        let restless = ["/0/result/text".to_owned()];
        assert!(is_below("/0/result/text/0", &restless));
        assert!(!is_below("/0/result/texts", &restless));
        assert!(!is_below("/0/result", &restless));
        assert_eq!(lasting(&json!([{"result": {}}]), &json!([]), &restless).as_deref(), Some(""));
    }
}
