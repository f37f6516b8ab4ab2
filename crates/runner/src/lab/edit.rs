//! Breaking a correct request as a vector says.

use plumb_model::pack::{Edit, HeaderEdit};
use serde_json::Value;

use crate::Probe;

pub(super) fn edited(mut probe: Probe, edit: &Edit) -> Option<Probe> {
    if !edit.body.is_empty() {
        let patch: json_patch::Patch =
            serde_json::from_value(Value::Array(edit.body.clone())).ok()?;
        json_patch::patch(probe.message_mut()?, &patch).ok()?;
    }
    for (pointer, suffix) in &edit.append {
        let text = probe.message_mut()?.pointer_mut(pointer)?;
        *text = Value::String(format!("{}{suffix}", text.as_str()?));
    }
    if let Some(bytes) = &edit.bytes {
        probe = Probe::bytes(&probe, bytes.bytes().clone());
    }
    if let Some(method) = &edit.http_method {
        probe = probe.by_http_method(method);
    }
    let plain = probe.clone();
    let edited = edit.headers.iter().cloned().fold(probe, Probe::edit);
    // A name without letters has no other case, and one in Base64 no other spelling.
    let may_change_nothing =
        |e| matches!(e, &HeaderEdit::SwapCase(_) | &HeaderEdit::PercentEncode(_));
    let same = edited.http().headers == plain.http().headers;
    (!same || !edit.headers.iter().any(may_change_nothing)).then_some(edited)
}
