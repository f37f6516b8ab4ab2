//! Pages of lists, with opaque cursors that mean the same on every connection and replica.

use serde_json::{Value, json};

use crate::call::{Call, Transport};
use crate::message::RpcError;
use crate::seal::Seal;
use crate::state::lock;

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
    let place = call.server.state.seal.open(token).filter(|place| place["list"] == member);
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
    let seal: &Seal = &call.server.state.seal;
    if !call.rules().related_requests_anywhere {
        return seal.seal(
            &json!({ "list": member, "start": start, "connection": call.connection.serial }),
        );
    }
    seal.seal(&json!({ "list": member, "start": start }))
}
