//! What only the revisions with a handshake demand of a server: sessions, streams, and methods that the newest one took away.
//! What they share with it is judged by the checks of `server`, which say since when.

mod asked;
pub(crate) mod behind;
mod changes;
mod completions;
mod declared;
mod leaving;
mod lifecycle;
mod related;
mod resumption;
mod sessions;
mod streams;
mod tasks;
mod unsubscribed;
mod utilities;
mod version_header;

use plumb_runner::{Check, Probe};
use plumb_wire::method;
use serde_json::json;

/// Versions that never were.
const NEVER: [(&str, &str); 3] =
    [("past", "1999-01-01"), ("future", "2999-12-31"), ("no-date", "plumb")];

/// What every server answers.
fn ping() -> Probe {
    Probe::request(method::OLD_PING, json!({}))
}

/// All of them.
pub(crate) fn checks() -> Vec<&'static Check> {
    [CHECKS, tasks::CHECKS].concat()
}

const CHECKS: &[&Check] = &[
    &lifecycle::RESULT,
    &lifecycle::VERSION_SAME,
    &lifecycle::VERSION_OTHER,
    &lifecycle::VERSION_LATEST,
    &lifecycle::INITIALIZED_FIRST,
    &lifecycle::REQUESTS,
    &lifecycle::ROOTS,
    &lifecycle::NOTIFICATIONS,
    &declared::ANSWERED,
    &lifecycle::REQUEST_ID,
    &lifecycle::ID_UNIQUE,
    &changes::TOOLS,
    &changes::RESOURCES,
    &changes::PROMPTS,
    &changes::UPDATES,
    &unsubscribed::UNSUBSCRIBED,
    &changes::ONE_STREAM,
    &sessions::VISIBLE_ASCII,
    &sessions::ID_SECURE,
    &sessions::MISSING_400,
    &sessions::ENDED_404,
    &sessions::UNKNOWN_404,
    &version_header::INVALID,
    &version_header::ABSENT,
    &streams::GET_ANSWER,
    &streams::GET_NO_RESPONSE,
    &streams::RESPONSE_ACCEPTED,
    &streams::RESPONSE_IN_STREAM,
    &streams::PRIME,
    &streams::RETRY,
    &related::RELATED,
    &streams::BATCH,
    &leaving::DISCONNECT,
    &resumption::IDS_UNIQUE,
    &resumption::OWN_STREAM,
    &utilities::PING,
    &utilities::CANCEL_OWN,
    &utilities::SET_LEVEL,
    &utilities::SET_LEVEL_INVALID,
    &utilities::SET_LEVEL_THRESHOLD,
    &utilities::NOT_FOUND_CODE,
    &utilities::SUBSCRIBE,
    &crate::server::resources::traversal::SERVED_ONLY,
    &utilities::URL_REQUIRED,
    &utilities::ELICITATION_ID,
    &asked::SAMPLING,
    &completions::ID,
    &completions::CLIENT,
    &utilities::TASKS_UNDECLARED,
    &utilities::TASKS_UNKNOWN,
];
