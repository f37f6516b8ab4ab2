//! deprecated: features that later revisions may remove.

use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::method;
use serde_json::Value;

/// The revision that may be the first without what is deprecated.
const EARLIEST_REMOVAL: &str = "the first revision released on or after 2027-07-28";

check! {
    /// **Observed:** no answer of server/discover declares `logging`.
    ///
    /// **Why:** SEP-2577 deprecates logging; the first revision released on or after 2027-07-28 may be without it.
    ///
    /// **Fix:** write to standard error, or use OpenTelemetry.
    pub(crate) LOGGING = "advice.deprecated-logging";
    passive: logging
}

fn logging(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.complete().filter(|_| seen.method() == Some(method::DISCOVER)) else {
        return;
    };
    let declared = result["capabilities"].get("logging").is_some();
    notes.expect(!declared, format!("no logging: {EARLIEST_REMOVAL} may be without it"), || {
        "the capability `logging` is declared".into()
    });
}

check! {
    /// **Observed:** nothing asks the client for its roots.
    ///
    /// **Why:** SEP-2577 deprecates roots; the first revision released on or after 2027-07-28 may be without them.
    ///
    /// **Fix:** take directories and files as tool parameters, resource URIs or configuration.
    pub(crate) ROOTS = "advice.deprecated-roots";
    passive: |seen, notes| unasked(seen, notes, method::ROOTS_LIST)
}

check! {
    /// **Observed:** nothing asks the client for a completion.
    ///
    /// **Why:** SEP-2577 deprecates sampling; the first revision released on or after 2027-07-28 may be without it.
    ///
    /// **Fix:** ask a model provider directly.
    pub(crate) SAMPLING = "advice.deprecated-sampling";
    passive: |seen, notes| unasked(seen, notes, method::SAMPLING_CREATE_MESSAGE)
}

fn unasked(seen: &Observed, notes: &mut Notes<'_>, method: &str) {
    for request in asked(seen) {
        notes.expect(
            request["method"] != method,
            format!("no {method}: {EARLIEST_REMOVAL} may be without it"),
            || brief(request),
        );
    }
}

/// What an answer asks the client for.
fn asked(seen: &Observed) -> impl Iterator<Item = &Value> {
    let requests = seen.result().and_then(|r| r.get("inputRequests")).and_then(Value::as_object);
    requests.into_iter().flat_map(|requests| requests.values())
}
