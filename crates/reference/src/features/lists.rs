//! Pages of lists, with opaque cursors that mean the same on every connection and replica.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::burden::{self, Burden};
use crate::call::Call;
use crate::lock::lock;
use crate::message::RpcError;
use crate::seal::Seal;
use crate::transport::Transport;

/// One page of a list: the member name, and how many items a page has unless an option says otherwise.
pub(crate) fn page(
    call: &Call,
    member: &str,
    size: usize,
    items: &[Value],
) -> Result<Value, RpcError> {
    let rules = call.rules();
    let size = call.server.options.page_size.unwrap_or(size).max(1);
    let start = start(call, member)?;
    if let Some(page) = burdened(call, member, start, items) {
        return Ok(page);
    }
    let mut all = moment(call, member);
    all.extend_from_slice(items);
    if !rules.lists_whole_for_every_client && call.meta.client_info.is_some() {
        all.pop();
    }
    let items = all.as_slice();
    let first = if rules.cursor_continues { start } else { start.saturating_sub(1) };
    let end = (start + size).min(items.len());
    let mut page = json!({ member: items.get(first..end).unwrap_or_default() });
    if end < items.len() {
        page["nextCursor"] = json!(cursor(call, member, end));
    } else if !rules.cursor_is_string {
        page["nextCursor"] = Value::Null;
    }
    Ok(page)
}

/// The page of a list that is a burden.
fn burdened(call: &Call, member: &str, start: usize, items: &[Value]) -> Option<Value> {
    let (items, more) = burden::page(call, start, items).filter(|_| member == "tools")?;
    let mut page = json!({ member: items });
    if more {
        page["nextCursor"] = json!(cursor(call, member, start + 1));
    }
    Some(page)
}

/// What a restless list begins with at this moment.
fn moment(call: &Call, member: &str) -> Vec<Value> {
    let Some(interval) = call.server.options.restless_lists else { return Vec::new() };
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
    let number = since.as_millis() / interval.as_millis().max(1);
    let schema = json!({ "type": "object", "additionalProperties": false });
    match member {
        "tools" => vec![json!({ "name": format!("moment_{number}"), "inputSchema": schema })],
        "resources" => {
            vec![json!({ "uri": format!("test://moment/{number}"), "name": "moment" })]
        }
        "prompts" => vec![json!({ "name": format!("moment_{number}"), "arguments": [] })],
        _ => Vec::new(),
    }
}

/// Where the page begins that the cursor asks for.
fn start(call: &Call, member: &str) -> Result<usize, RpcError> {
    let rules = call.rules();
    let invalid = || {
        if !rules.invalid_cursor_graceful {
            let broken = if call.transport == Transport::Http { 500 } else { 200 };
            return RpcError::internal("list index out of range").status(broken);
        }
        RpcError::invalid_params("the cursor is not one of this list")
    };
    let token = match call.params.get("cursor") {
        None => return Ok(0),
        Some(Value::String(token)) => token,
        Some(_) => return Err(call.malformed("cursor is not a string")),
    };
    if !rules.cursor_numbers_checked {
        let place = URL_SAFE_NO_PAD.decode(token).ok();
        let place = place.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let start =
            place.filter(|place| place["list"] == member).and_then(|place| place["start"].as_i64());
        return start.map(|start| usize::try_from(start).unwrap_or(0)).ok_or_else(invalid);
    }
    let of_this = |place: &Value| place["list"] == member || !rules.cursors_belong_to_lists;
    let place = call.server.state.seal.open(token).filter(of_this);
    let start = place
        .as_ref()
        .and_then(|place| place["start"].as_u64())
        .and_then(|start| usize::try_from(start).ok());
    let Some((place, start)) = place.as_ref().zip(start) else {
        return if rules.invalid_cursor_refused { Err(invalid()) } else { Ok(0) };
    };
    if !rules.related_requests_anywhere && place["connection"] != call.connection.serial {
        return Err(invalid());
    }
    if !rules.cursors_stable {
        let mut used = lock(&call.server.state.scratch.cursors);
        if used.contains(token) {
            return Err(invalid());
        }
        used.push(token.clone());
    }
    Ok(start)
}

fn cursor(call: &Call, member: &str, start: usize) -> String {
    if !call.rules().cursor_numbers_checked {
        return URL_SAFE_NO_PAD.encode(json!({ "list": member, "start": start }).to_string());
    }
    let seal: &Seal = &call.server.state.seal;
    if !call.rules().related_requests_anywhere {
        return seal.seal(
            &json!({ "list": member, "start": start, "connection": call.connection.serial }),
        );
    }
    let mut place = json!({ "list": member, "start": start });
    if let Some(padding) = call.server.options.burden.and_then(Burden::padding) {
        place["padding"] = padding.into();
    }
    seal.seal(&place)
}
