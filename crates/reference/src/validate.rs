//! What every request must carry, on every transport (basic#meta, versioning).

use serde_json::{Map, Value, json};

use crate::connection::Connection;
use crate::lock::lock;
use crate::message::{RpcError, is_request_id};
use crate::meta::{Level, Meta};
use crate::revision::{ASSUMED, EARLIER, IN_A_HEADER, PREVIOUS};
use crate::server::Server;
use crate::transport::Transport;

const PREFIX: &str = "io.modelcontextprotocol/";

/// The fields of `_meta`, if the required ones are there and all of them have their types.
#[expect(clippy::too_many_lines, reason = "one member of `_meta` after the other")]
pub(crate) fn meta(
    server: &Server,
    connection: &Connection,
    transport: Transport,
    params: &Map<String, Value>,
) -> Result<Meta, RpcError> {
    let rules = &server.rules;
    let malformed = |what: &str| {
        let status = if rules.missing_meta_status_400 { 400 } else { 200 };
        RpcError::invalid_params(format!("_meta {what}")).status(status)
    };
    let lenient = transport == Transport::Stdio
        && !rules.stdio_requires_meta
        && connection.memory().requests > 0;
    let all = match params.get("_meta") {
        Some(Value::Object(meta)) => meta.clone(),
        None if lenient || !rules.requires_meta => placeholder(server),
        None => return Err(malformed("is missing")),
        Some(_) => return Err(malformed("is not an object")),
    };

    let mut all = all;
    for draft in ["protocolVersion", "clientInfo", "clientCapabilities"] {
        if let Some(value) = all.get(draft).filter(|_| !rules.meta_keys_final).cloned() {
            all.entry(format!("{PREFIX}{draft}")).or_insert(value);
        }
    }
    let version = match all.get("io.modelcontextprotocol/protocolVersion") {
        Some(Value::String(version)) => version.clone(),
        Some(_) if !rules.meta_types_checked => latest(server),
        Some(_) => return Err(malformed("has a protocolVersion that is not a string")),
        None if lenient || !rules.requires_protocol_version => latest(server),
        None => match connection.memory().version.clone().filter(|_| !rules.forgets_version) {
            Some(version) => version,
            None => return Err(malformed("lacks io.modelcontextprotocol/protocolVersion")),
        },
    };
    let mut capabilities = match all.get("io.modelcontextprotocol/clientCapabilities") {
        Some(Value::Object(capabilities)) => capabilities.clone(),
        Some(_) if !rules.meta_types_checked => Map::new(),
        Some(_) => return Err(malformed("has clientCapabilities that are not an object")),
        None if lenient || !rules.requires_client_capabilities => Map::new(),
        None => return Err(malformed("lacks io.modelcontextprotocol/clientCapabilities")),
    };
    if capabilities.values().any(|capability| !capability.is_object()) {
        return Err(malformed("has a client capability that is not an object"));
    }
    if !rules.forgets_capabilities {
        for (name, value) in &connection.memory().capabilities {
            capabilities.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    if !rules.forgets_capabilities_of_clients {
        let name = &all.get("io.modelcontextprotocol/clientInfo").unwrap_or(&Value::Null)["name"];
        let mut declared = lock(&server.state.scratch.declared);
        let known = declared.entry(format!("{name} {}", connection.serial)).or_default();
        for (name, value) in &capabilities {
            known.insert(name.clone(), value.clone());
        }
        capabilities.clone_from(known);
    }

    let client_info = match all.get("io.modelcontextprotocol/clientInfo") {
        None if !rules.client_info_optional => {
            return Err(malformed("lacks io.modelcontextprotocol/clientInfo"));
        }
        None if !rules.forgets_identity => connection.memory().client_info.clone(),
        None if !rules.forgets_identity_everywhere => {
            lock(&server.state.scratch.last_client).clone()
        }
        None => None,
        Some(info) if !rules.client_info_may_be_full && info.get("icons").is_some() => {
            return Err(malformed("has a clientInfo with a member that is not known"));
        }
        Some(info) if info["name"].is_string() && info["version"].is_string() => {
            lock(&server.state.scratch.last_client).replace(info.clone());
            Some(info.clone())
        }
        Some(_) => return Err(malformed("has a clientInfo without name and version")),
    };
    let log_level = match all.get("io.modelcontextprotocol/logLevel") {
        None if !rules.forgets_log_level => connection.memory().log_level,
        None => None,
        Some(level) => match level.as_str().and_then(Level::parse) {
            None if rules.invalid_log_level_refused => {
                return Err(malformed("has an unknown logLevel"));
            }
            level => level,
        },
    };
    let progress_token = all.get("progressToken").cloned();
    if progress_token.as_ref().is_some_and(|token| !is_request_id(token)) {
        return Err(malformed("has a progressToken that is neither a string nor an integer"));
    }
    if !rules.progress_token_a_string && progress_token.as_ref().is_some_and(Value::is_string) {
        return Err(malformed("has a progressToken that is no integer"));
    }
    let trace = all.get("traceparent").and_then(Value::as_str);
    if trace.is_some_and(|trace| !trace.starts_with("00-") && !rules.trace_context_tolerated) {
        return Err(malformed("has a traceparent that cannot be read"));
    }
    if !rules.unknown_meta_keys_accepted
        && let Some(unknown) =
            all.keys().find(|key| key.starts_with(PREFIX) && !KNOWN.contains(&key.as_str()))
    {
        return Err(malformed(&format!("has the unknown key {unknown}")));
    }
    Ok(Meta { version, capabilities, client_info, log_level, progress_token, all })
}

/// Whether the server implements the version that the request declares.
pub(crate) fn version(
    server: &Server,
    transport: Transport,
    method: &str,
    requested: &str,
) -> Result<(), RpcError> {
    let rules = &server.rules;
    let legacy = EARLIER.contains(&requested);
    let accepted = server.serves(requested)
        || (!rules.unknown_version_refused && !legacy)
        || (!rules.known_version_refused && IN_A_HEADER.contains(&requested))
        || (!rules.served_versions_listed && requested == ASSUMED)
        || (!rules.version_checked_on_every_method && LATE.contains(&method));
    if accepted {
        return Ok(());
    }
    let requested =
        if rules.unsupported_version_echoed { requested.to_owned() } else { latest(server) };
    let mut versions = server.options.versions.clone();
    if !rules.listed_versions_served {
        versions.push(PREVIOUS.to_owned());
    }
    let supported =
        if rules.unsupported_version_shape { json!(versions) } else { json!(versions.join(", ")) };
    let code = if rules.stdio_unsupported_version || transport == Transport::Http {
        if rules.version_code_final { RpcError::UNSUPPORTED_VERSION } else { -32_004 }
    } else {
        RpcError::INVALID_REQUEST
    };
    let status = if rules.unsupported_version_status_400 { 400 } else { 200 };
    Err(RpcError::new(code, "the protocol version is not supported")
        .data(json!({ "supported": supported, "requested": requested }))
        .status(status))
}

/// The reserved keys that a client may send.
const KNOWN: [&str; 5] = [
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "io.modelcontextprotocol/subscriptionId",
];

/// The methods for which a mutant forgets to look at the version.
const LATE: [&str; 4] =
    ["resources/read", "completion/complete", "prompts/list", "subscriptions/listen"];

fn latest(server: &Server) -> String {
    server.options.versions.first().cloned().unwrap_or_default()
}

pub(crate) fn placeholder(server: &Server) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("io.modelcontextprotocol/protocolVersion".into(), json!(latest(server)));
    meta.insert("io.modelcontextprotocol/clientCapabilities".into(), json!({}));
    meta
}
