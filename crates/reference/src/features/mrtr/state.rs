//! The state between two rounds, which passes through the client.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::auth::access;
use crate::call::Call;
use crate::lock::lock;
use crate::message::RpcError;
use crate::seal::{Seal, digest, random_name};

/// What a retry brings back.
pub(crate) struct Retry {
    /// Valid answers of earlier rounds.
    pub(crate) answers: Map<String, Value>,
    /// What the server wanted to remember; null in the first round.
    pub(crate) data: Value,
    pub(crate) responses: Map<String, Value>,
    /// Whether the state was one of this server's, for this request.
    pub(crate) stateful: bool,
}

/// Reads what a retry brings back, and trusts none of it.
pub(crate) fn retry(call: &Call) -> Result<Retry, RpcError> {
    let rules = call.rules();
    let responses = match call.params.get("inputResponses") {
        None => Map::new(),
        Some(Value::Object(responses)) => responses.clone(),
        Some(_) if !rules.malformed_answers_refused => Map::new(),
        Some(_) => return Err(call.malformed("inputResponses is not an object")),
    };
    let state = match call.params.get("requestState") {
        None => None,
        Some(Value::String(token)) => open(call, token)?,
        Some(_) => return Err(call.malformed("requestState is not a string")),
    };
    let stateful = state.is_some();
    let mut state = state.unwrap_or_default();
    let answers = match state["answers"].take() {
        Value::Object(answers) => answers,
        _ => Map::new(),
    };
    Ok(Retry { answers, data: state["data"].take(), responses, stateful })
}

/// Seals what the server wants to find in the retry.
pub(super) fn seal(call: &Call, answers: &Map<String, Value>, data: &Value) -> String {
    let state = &call.server.state;
    let expires = (now() + call.server.options.state_ttl).as_millis();
    let payload = json!({
        "nonce": random_name(),
        "request": request_digest(call),
        "name": name(call),
        "principal": access::owner(call),
        "place": place(call),
        "expires": u64::try_from(expires).unwrap_or(u64::MAX),
        "answers": answers,
        "data": data,
    });
    if !call.rules().retry_self_contained {
        let name = format!("{}.{}", random_name(), std::process::id());
        lock(&call.server.memory).insert(&name, payload);
        return name;
    }
    state.seal.seal(&payload)
}

/// The connection and the process that a request came to.
fn place(call: &Call) -> Value {
    json!([call.connection.serial, std::process::id()])
}

/// The state, if it is ours, of this request and still good.
fn open(call: &Call, token: &str) -> Result<Option<Value>, RpcError> {
    let (rules, state) = (call.rules(), &call.server.state);
    let refuse = |why: &str| Err(RpcError::invalid_params(format!("requestState {why}")));
    let opened = if rules.retry_self_contained {
        state.seal.open(token)
    } else {
        lock(&call.server.memory).get(token).cloned()
    };
    let Some(payload) =
        opened.or_else(|| Seal::open_unverified(token).filter(|_| !rules.state_integrity)).or_else(
            || state.seal.open_by_start(token).filter(|_| !rules.state_signature_compared_whole),
        )
    else {
        if Seal::open_unverified(token).is_none() {
            state.scratch.spoilt_by_state.store(true, Ordering::Relaxed);
            if !rules.state_garbage_survived {
                return Err(RpcError::crash());
            }
        }
        return if rules.tampered_state_refused {
            refuse("is not one that this server made")
        } else {
            Ok(None)
        };
    };
    let another = payload["request"] != request_digest(call)
        && (rules.state_bound_to_arguments || payload["name"] != name(call));
    if another && rules.state_bound_to_request {
        return refuse("belongs to another request");
    }
    let bound =
        rules.state_bound_to_principal && (rules.elicitation_bound_to_user || !elicits(call));
    if bound && !access::owns(call, &payload["principal"]) {
        return refuse("belongs to somebody else");
    }
    if !rules.rounds_anywhere && payload["place"] != place(call) {
        return Ok(None);
    }
    let expired =
        payload["expires"].as_u64().is_none_or(|expires| now().as_millis() > u128::from(expires));
    if expired {
        return refuse("has expired");
    }
    Ok(Some(payload))
}

/// The tool or prompt that is asked for, or the resource.
fn name(call: &Call) -> Value {
    let named = call.params.get("name").or_else(|| call.params.get("uri"));
    json!([call.method, named])
}

/// Whether the answers to the request are those of a form.
fn elicits(call: &Call) -> bool {
    let answers = call.params.get("inputResponses").and_then(Value::as_object);
    answers.is_some_and(|answers| answers.values().any(|answer| answer.get("action").is_some()))
}

/// What identifies the request that a state belongs to: its method and what it asks for.
fn request_digest(call: &Call) -> String {
    let salient: Map<String, Value> = ["name", "uri", "arguments"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), call.params.get(name)?.clone())))
        .collect();
    digest(&json!([call.method, salient]))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
