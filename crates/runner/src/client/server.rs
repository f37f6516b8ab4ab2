//! The right server that a client is pointed at: it speaks one revision, over Streamable HTTP.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plumb_model::Edition;
use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::script::Play;
use plumb_wire::{Asked, Clock, WireError, codes, header, meta, method};
use serde_json::{Value, json};

use super::offers::{self, Refusal};
use super::piped::Answering;
use super::provocation::{self, Stage};
use super::provoked;
use super::scenario::{REFERRED, Scenario};

/// The path of its MCP endpoint.
pub const ENDPOINT: &str = "/mcp";

/// Starts it on a free port of this machine, or where it is told to.
pub(super) async fn start(
    answering: Answering,
    options: ServerOptions,
    clock: Clock,
) -> Result<Server, WireError> {
    let handler = move |asked: Asked| {
        let answer = answering(&asked);
        async { answer }
    };
    Server::start(handler, options, clock).await
}

/// What answers in a scenario.
pub(super) fn answering(edition: &Arc<Edition>, scenario: Scenario) -> Answering {
    let edition = Arc::clone(edition);
    // Where the first request is refused for its version, it has not come yet.
    let stage = Stage::default();
    let refusing = AtomicBool::new(scenario == Scenario::VersionRefused);
    Arc::new(move |asked: &Asked| {
        let refuse = refusing.load(Ordering::Relaxed)
            && asked.message().kind == Kind::Request
            && asked.message().method() != Some(method::OLD_INITIALIZE)
            && refusing.swap(false, Ordering::Relaxed);
        if refuse {
            return Play::from(refused_for_version(asked, &edition));
        }
        if let Some(play) = provocation::interrupted(scenario, asked, &stage, &edition) {
            return play;
        }
        let mut answer = answer(asked, scenario, &edition, &stage);
        if let Scenario::Answered(case) = scenario {
            answer = case.amended(asked, answer, &stage);
        }
        if answer.status == 200 && asked.target() == ENDPOINT {
            provoked::written(scenario, answer)
        } else {
            Play::from(answer)
        }
    })
}

/// Refuses a request for its version, whichever it names, and says which one is spoken.
fn refused_for_version(asked: &Asked, edition: &Edition) -> Response {
    let message = asked.message();
    let named = message.json.as_ref().ok().and_then(|body| {
        body["params"]["_meta"][meta::PROTOCOL_VERSION].as_str().map(str::to_owned)
    });
    refused(message.id(), unsupported(&named.unwrap_or_default(), edition))
}

/// What is answered to an HTTP request.
pub(super) fn answer(
    asked: &Asked,
    scenario: Scenario,
    edition: &Edition,
    stage: &Stage,
) -> Response {
    if asked.header("Origin").is_some_and(|origin| !is_local(origin)) {
        return Response::new(403);
    }
    if asked.target() == REFERRED && asked.method() == "GET" {
        let schema = json!({ "type": "number" }).to_string();
        return Response::new(200).header("Content-Type", "application/schema+json").body(schema);
    }
    if asked.target() != ENDPOINT {
        return Response::new(404);
    }
    if asked.method() != "POST" {
        return Response::new(405).header("Allow", "POST");
    }
    let message = asked.message();
    match message.kind {
        Kind::Request => {}
        Kind::Notification => return Response::new(202),
        _ => {
            let code =
                if message.json.is_err() { codes::PARSE_ERROR } else { codes::INVALID_REQUEST };
            return refused(None, Refusal::new(400, code, "this is no JSON-RPC request"));
        }
    }
    let id = message.id().filter(|id| id.is_string() || id.is_number());
    let Some(id) = id else {
        let message = "the id of a request is a string or an integer";
        return refused(None, Refusal::new(400, codes::INVALID_REQUEST, message));
    };
    if message.version().is_none_or(|version| version != "2.0") {
        let refusal = Refusal::new(400, codes::INVALID_REQUEST, "`jsonrpc` is \"2.0\"");
        return refused(Some(id), refusal);
    }
    match served(asked, &message, scenario, edition, stage) {
        Ok(result) => Response::json(&json!({ "jsonrpc": "2.0", "id": id, "result": result })),
        Err(refusal) => refused(Some(id), refusal),
    }
}

fn served(
    asked: &Asked,
    message: &Message,
    scenario: Scenario,
    edition: &Edition,
    stage: &Stage,
) -> Result<Value, Refusal> {
    let body = message.json.as_ref().map_or(&Value::Null, |body| body);
    validate(asked, body, edition)?;
    let origin = format!("http://{}", asked.header("Host").unwrap_or_default());
    let method = message.method().unwrap_or_default();
    offers::result(scenario, &origin, &edition.revision, method, &body["params"], stage)
}

/// Refuses what this revision has a server refuse: basic#meta, basic/transports/streamable-http#server-validation.
fn validate(asked: &Asked, body: &Value, edition: &Edition) -> Result<(), Refusal> {
    let fields = &body["params"]["_meta"];
    let version = fields[meta::PROTOCOL_VERSION].as_str();
    // Who opens as earlier revisions do learns which one is spoken here.
    if body["method"] == method::OLD_INITIALIZE && version.is_none() {
        let wanted = body["params"]["protocolVersion"].as_str().unwrap_or_default();
        return Err(unsupported(wanted, edition));
    }
    let needed = |what: &str| {
        let message = format!("`{what}` is needed in `_meta`");
        Refusal::new(400, codes::INVALID_PARAMS, message)
    };
    let version = version.ok_or_else(|| needed(meta::PROTOCOL_VERSION))?;
    for expected in header::standard_headers(body) {
        // No other standard field may have the Base64 form.
        let encodes = expected.name == header::NAME;
        let read =
            |value| if encodes { header::decode(value).ok() } else { Some(Cow::Borrowed(value)) };
        let given = asked.header(&expected.name).and_then(read);
        if given.is_none() || given != read(&expected.value) {
            let message = format!("`{}` does not say what the body says", expected.name);
            return Err(Refusal::new(400, codes::HEADER_MISMATCH, message));
        }
    }
    if version != edition.revision {
        return Err(unsupported(version, edition));
    }
    if !fields[meta::CLIENT_CAPABILITIES].is_object() {
        return Err(needed(meta::CLIENT_CAPABILITIES));
    }
    Ok(())
}

fn unsupported(requested: &str, edition: &Edition) -> Refusal {
    let revision = &edition.revision;
    let data = json!({ "supported": [revision], "requested": requested });
    let message = format!("this server speaks {revision}");
    Refusal { data: Some(data), ..Refusal::new(400, codes::UNSUPPORTED_VERSION, message) }
}

pub(super) fn refused(id: Option<&Value>, refusal: Refusal) -> Response {
    let mut error = json!({ "code": refusal.code, "message": refusal.message });
    if let Some(data) = refusal.data {
        error["data"] = data;
    }
    let mut message = json!({ "jsonrpc": "2.0", "error": error });
    if let Some(id) = id {
        message["id"] = id.clone();
    }
    Response { status: refusal.status, ..Response::json(&message) }
}

/// Whether a page of this machine asks.
fn is_local(origin: &str) -> bool {
    let Ok(url) = url::Url::parse(origin) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
