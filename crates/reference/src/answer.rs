//! The answer to a request.

use serde_json::Value;

/// The response to a request, and the status it has over HTTP.
pub(crate) struct Answer {
    pub(crate) message: Value,
    pub(crate) status: u16,
}
