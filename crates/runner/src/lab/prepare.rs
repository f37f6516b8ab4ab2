//! Making vectors of correct requests.

use std::sync::atomic::{AtomicU64, Ordering};

use plumb_model::Edition;
use plumb_model::pack::{HeaderValue, Kind};
use plumb_wire::method;
use serde_json::{Value, json};

use super::edit::edited;
use super::given::Given;
use super::trial::Trial;
use crate::Probe;
use crate::survey::annotated::Annotated;

/// The unbroken request and the vector made of it.
pub(super) fn prepare(given: Given<'_>, trial: &Trial, ids: &AtomicU64) -> Option<(Probe, Probe)> {
    match &trial.vector.kind {
        Kind::Token(what) => {
            let control = given.base(trial.base)?;
            let mut probe = control.clone();
            probe.number(|| ids.fetch_add(1, Ordering::Relaxed));
            Some((control, given.auth?.used(probe, what)?))
        }
        Kind::Edit(edit) => {
            let control = given.base(trial.base)?;
            let mut probe = control.clone();
            probe.number(|| ids.fetch_add(1, Ordering::Relaxed));
            Some((control, edited(probe, edit)?))
        }
        Kind::HeaderValue(value) => {
            let tool = given.survey.annotated(value.of).nth(trial.parameter)?;
            mirrored(given.edition, &tool, value, ids)
        }
        Kind::Interruption(_) | Kind::Grant(_) | Kind::Answered(_) => None,
    }
}

/// A call of an annotated tool with the value in the body and the given header beside it.
fn mirrored(
    edition: &Edition,
    tool: &Annotated,
    vector: &HeaderValue,
    ids: &AtomicU64,
) -> Option<(Probe, Probe)> {
    let call = |value: Option<&Value>| {
        let mut arguments = Value::Object(tool.arguments.clone());
        let (parent, key) = tool.pointer.rsplit_once('/')?;
        let slot = arguments.pointer_mut(parent)?.as_object_mut()?;
        match value {
            Some(value) => slot.insert(key.to_owned(), value.clone()),
            None => slot.remove(key),
        };
        let params = json!({"name": tool.tool["name"], "arguments": arguments});
        let call = Probe::request(method::TOOLS_CALL, params).in_edition(edition);
        Some(call.mirrored(&tool.tool["inputSchema"]))
    };
    let plain = match vector.of {
        plumb_model::pack::ParamType::String => json!("plumb"),
        plumb_model::pack::ParamType::Integer => json!(7),
        plumb_model::pack::ParamType::Boolean => json!(true),
    };
    let mut probe = call(vector.value.as_ref())?;
    probe.number(|| ids.fetch_add(1, Ordering::Relaxed));
    let probe = match &vector.header {
        Some(header) => probe.header(&tool.header, header),
        None => probe.without_header(&tool.header),
    };
    Some((call(Some(&plain))?, probe))
}
