//! Requests that get no result: refused, cut off, or answered with a status of HTTP.

use plumb_model::Edition;
use plumb_wire::http::{Response, chunk};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::script::{Play, Step};
use plumb_wire::{Asked, codes, meta, method};
use serde_json::{Value, json};

use super::{Provoked, Stage};
use crate::client::offers::Refusal;
use crate::client::server::{ENDPOINT, refused};

/// That a call was refused for its headers once.
pub(super) const MISMATCHED: &str = "mismatched";

/// What meant in drafts of the revision that headers do not match. It refuses the call of a scenario.
pub const LEGACY_MISMATCH: i64 = -32001;

/// A revision that nobody speaks.
pub const FAR_VERSION: &str = "2099-01-01";

pub(super) fn answered(
    provoked: Provoked,
    asked: &Asked,
    stage: &Stage,
    edition: &Edition,
) -> Option<Play> {
    let message = asked.message();
    if asked.target() != ENDPOINT || message.kind != Kind::Request {
        return None;
    }
    let calls = message.method() == Some(method::TOOLS_CALL);
    let lists = message.method() == Some(method::TOOLS_LIST);
    let id = message.id();
    let body = message.json.as_ref().unwrap_or(&Value::Null);
    let version = body["params"]["_meta"][meta::PROTOCOL_VERSION].as_str().unwrap_or_default();
    match provoked {
        Provoked::Refused if calls => {
            Some(refused(id, Refusal::new(200, codes::INTERNAL_ERROR, "out of order")).into())
        }
        Provoked::Cut if lists && stage.nth("list") == 1 => Some(
            Response::event_stream()
                .write(chunk(b"id: plumb-7\ndata:\n\n"))
                .then(Step::Wait(20))
                .then(Step::Close)
                .into(),
        ),
        Provoked::NoCommonVersion => {
            let data = json!({ "supported": [FAR_VERSION], "requested": version });
            Some(refusal(id, codes::UNSUPPORTED_VERSION, "a far version is spoken", data))
        }
        Provoked::LegacyMismatch if calls && stage.nth("call") == 1 => {
            let data = json!({ "supported": [edition.revision], "requested": version });
            Some(refusal(id, LEGACY_MISMATCH, "not today", data))
        }
        Provoked::Incapable => {
            let needed =
                json!({ "requiredCapabilities": { "extensions": { "com.example/plumb": {} } } });
            match stage.nth("request") {
                1 => Some(refusal(
                    id,
                    codes::MISSING_CLIENT_CAPABILITY,
                    "an extension is needed",
                    needed,
                )),
                2 => {
                    Some(refusal(id, codes::HEADER_MISMATCH, "`Mcp-Method` is another", json!({})))
                }
                _ => None,
            }
        }
        Provoked::Changed if calls && stage.nth(MISMATCHED) == 1 => Some(
            refused(id, Refusal::new(400, codes::HEADER_MISMATCH, "`Mcp-Param-Place` is missing"))
                .into(),
        ),
        Provoked::TooLarge if calls => Some(page(413).into()),
        Provoked::FieldsTooLarge if calls => Some(page(431).into()),
        _ => None,
    }
}

fn refusal(id: Option<&Value>, code: i64, message: &str, data: Value) -> Play {
    refused(id, Refusal { data: Some(data), ..Refusal::new(400, code, message) }).into()
}

/// What a gateway says that knows no JSON-RPC.
fn page(status: u16) -> Response {
    Response::new(status).header("Content-Type", "text/plain").body("too large\n")
}
