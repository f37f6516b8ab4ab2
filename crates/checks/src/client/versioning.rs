//! basic/versioning#protocol-version-negotiation, #backward-compatibility-with-initialization-based-versions.

use plumb_runner::client::{Moment, Received, Scenario};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::{codes, meta, method};
use serde_json::Value;

/// So many characters of a message are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] = &[&RETRY, &NO_FALLBACK];

check! {
    /// **Observed:** after its version was refused with a list of those that the server speaks, the client sends a request
    /// that names one of the list.
    ///
    /// **Why:** the list is there to be chosen from.
    ///
    /// **Fix:** read `data.supported` of the error -32022, and send the request again with the best common version.
    pub(crate) RETRY = "versioning.client-retry";
    happening: retry
}

fn retry(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(supported) = refused(moment).filter(|_| moment.is_whole()) else { return };
    let again = moment
        .after()
        .iter()
        .any(|r| r.meta(meta::PROTOCOL_VERSION).is_some_and(|version| supported.contains(version)));
    marks.expect(again, format!("a request of one of {}", Value::Array(supported)), || {
        "there is none".into()
    });
}

check! {
    /// **Observed:** a client whose request is refused with -32022 does not open a session of an earlier revision.
    ///
    /// **Why:** the error is one of this revision: who sends it speaks this revision, or a later one.
    ///
    /// **Fix:** look into the body of a 400 before you take the server for an earlier one.
    pub(crate) NO_FALLBACK = "versioning.modern-error-no-fallback";
    judges: ["http.compat.modern-error-retry", "http.compat.inspect-400"];
    happening: no_fallback
}

fn no_fallback(moment: &Moment<'_>, marks: &mut Marks) {
    if refused(moment).is_none() {
        return;
    }
    let opens = |r: &&Received| {
        let plumb_model::Sent::Http { body, .. } = &r.exchange.sent else { return false };
        let body: Value = serde_json::from_slice(body.bytes()).unwrap_or_default();
        body["method"] == method::OLD_INITIALIZE
    };
    let opening = moment.after().iter().find(opens);
    marks.expect(opening.is_none(), "no `initialize` after -32022", || {
        format!("`{}`", clip(method::OLD_INITIALIZE, SHOWN))
    });
}

/// The versions that the refusal of this request lists, if it was refused for its version and is of this revision.
fn refused(moment: &Moment<'_>) -> Option<Vec<Value>> {
    if moment.scenario != Scenario::VersionRefused || moment.now().request().is_none() {
        return None;
    }
    let response = moment.now().response()?;
    let error = response.get("error").filter(|e| e["code"] == codes::UNSUPPORTED_VERSION)?;
    error["data"]["supported"].as_array().cloned()
}
