//! schema: the params of notifications.

use plumb_runner::{Notes, Observed, check};
use plumb_wire::notification;
use plumb_wire::schema::{Mismatch, part};
use serde_json::Value;

use super::{fit, outside};

check! {
    /// **Observed:** every log message has a `level` of the eight and has `data`; `logger` is a string.
    ///
    /// **Why:** clients filter and colour by level.
    ///
    /// **Fix:** map your logger's levels to the eight of RFC 5424: "warning", not "warn".
    pub(crate) LOG = "schema.log.shape";
    since: "2025-03-26";
    passive: log
}

fn log(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, notification::MESSAGE, part::log_params);
}

check! {
    /// **Observed:** every progress notification has a `progressToken` and a number as `progress`; `total` is a number and
    /// `message` a string.
    ///
    /// **Why:** clients compute with them.
    ///
    /// **Fix:** write numbers as numbers, and leave an unknown total out.
    pub(crate) PROGRESS = "schema.progress.shape";
    since: "2025-03-26";
    passive: progress
}

fn progress(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, notification::PROGRESS, part::progress_params);
}

check! {
    /// **Observed:** every acknowledgment of a subscription has an object `notifications`, in the form of a filter.
    ///
    /// **Why:** by it the client learns which of its wishes are honoured.
    ///
    /// **Fix:** return the filter that you honour, an empty object if none.
    pub(crate) ACKNOWLEDGED = "schema.ack.shape";
    passive: acknowledged
}

fn acknowledged(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, notification::ACKNOWLEDGED, part::acknowledged_params);
}

check! {
    /// **Observed:** every notifications/resources/updated has a `uri`. Position: it may be that of a sub-resource.
    ///
    /// **Why:** without it the client does not know what to read again.
    ///
    /// **Fix:** send the URI of what changed.
    pub(crate) UPDATED = "schema.updated.shape";
    since: "2025-03-26";
    passive: updated
}

fn updated(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, notification::RESOURCE_UPDATED, part::resource_updated_params);
}

fn each(seen: &Observed, notes: &mut Notes<'_>, method: &str, shape: fn(&Value) -> Vec<Mismatch>) {
    for message in seen.notifications(method) {
        let params = message.params().unwrap_or(&Value::Null);
        fit(notes, &format!("{method} with params"), &outside(shape(params), &["_meta"]));
    }
}
