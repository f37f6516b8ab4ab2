//! Multi round-trip requests: what is asked of the client, what it answers, and the state in between.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::call::{Call, Transport};
use crate::message::RpcError;
use crate::schema;
use crate::seal::{Seal, digest, random_name};
use crate::state::lock;

/// Something that only the client can supply.
pub(crate) enum Input {
    Form { message: &'static str, schema: Value },
    Url { message: &'static str, url: String },
    Sampling(Value),
    Roots,
}

/// Either everything is there, or the client has to be asked.
pub(crate) enum Gathered {
    All(Answers),
    Ask(Value),
}

/// The valid answers of the client, by key.
pub(crate) struct Answers(Map<String, Value>);

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

/// Collects the inputs, in this round or by another.
pub(crate) async fn gather(call: &Call, inputs: &[(&str, Input)], keep_state: bool) -> Result<Gathered, RpcError> {
    let rules = call.rules();
    let retry = retry(call)?;
    let mut answers = retry.answers;
    let mut missing = Vec::new();
    for (key, input) in inputs {
        if answers.contains_key(*key) {
            continue;
        }
        match retry.responses.get(*key) {
            Some(answer) if input.accepts(call, answer)? => {
                answers.insert((*key).to_owned(), answer.clone());
            }
            _ => missing.push((*key, input)),
        }
    }
    let unexpected = retry.responses.keys().any(|key| inputs.iter().all(|(known, _)| known != key));
    if unexpected && inputs.len() == 1 && missing.is_empty() && !rules.unexpected_answers_ignored {
        return Err(RpcError::invalid_params("inputResponses has a key that was not asked for"));
    }
    let unanswered = &call.server.state.scratch.unanswered;
    if missing.is_empty() {
        let _ = unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        return Ok(Gathered::All(Answers(answers)));
    }
    if !retry.responses.is_empty() && !rules.missing_answers_asked_again {
        return Err(RpcError::invalid_params("inputResponses is not complete"));
    }
    if unanswered.fetch_add(1, Ordering::Relaxed) > 64 && !rules.no_retry_assumed {
        return Err(RpcError::internal("too many clients owe an answer"));
    }
    let keep_state = keep_state || !answers.is_empty();
    ask(call, &missing, keep_state.then(|| (answers, Value::Null))).await.map(Gathered::Ask)
}

/// An `InputRequiredResult`, with the state to find in the retry.
pub(crate) async fn ask(
    call: &Call,
    inputs: &[(&str, &Input)],
    state: Option<(Map<String, Value>, Value)>,
) -> Result<Value, RpcError> {
    let rules = call.rules();
    for (_, input) in inputs {
        input.declared(call)?;
    }
    if !rules.inputs_only_through_mrtr {
        for (key, input) in inputs {
            call.outbox.send(input.as_request(call, key)).await;
        }
    }
    let mut result = json!({ "resultType": "input_required" });
    let requests: Map<String, Value> =
        inputs.iter().map(|(key, input)| ((*key).to_owned(), input.request(call))).collect();
    let roots_alone = matches!(inputs, [(_, Input::Roots)]);
    if !rules.result_type_honest && roots_alone {
        result["resultType"] = json!("complete");
    }
    if rules.asks_for_something || !roots_alone {
        result["inputRequests"] = Value::Object(requests);
    }
    let always = call.server.options.request_state_always.then(|| (Map::new(), Value::Null));
    if let Some((answers, data)) = state.or(always) {
        result["requestState"] = json!(seal(call, &answers, &data));
    }
    Ok(result)
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

fn seal(call: &Call, answers: &Map<String, Value>, data: &Value) -> String {
    let state = &call.server.state;
    let expires = (now() + call.server.options.state_ttl).as_millis();
    let payload = json!({
        "nonce": random_name(),
        "request": request_digest(call),
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

/// The state, if it is ours, of this request and still good.
fn open(call: &Call, token: &str) -> Result<Option<Value>, RpcError> {
    let (rules, state) = (call.rules(), &call.server.state);
    let refuse = |why: &str| Err(RpcError::invalid_params(format!("requestState {why}")));
    let opened = if rules.retry_self_contained {
        state.seal.open(token)
    } else {
        lock(&call.server.memory).get(token).cloned()
    };
    let Some(payload) = opened.or_else(|| Seal::open_unverified(token).filter(|_| !rules.state_integrity)) else {
        if !rules.state_garbage_survived && Seal::open_unverified(token).is_none() {
            let status = if call.transport == Transport::Http { 500 } else { 200 };
            return Err(RpcError::internal("index out of bounds").status(status));
        }
        return if rules.tampered_state_refused { refuse("is not one that this server made") } else { Ok(None) };
    };
    if payload["request"] != request_digest(call) && rules.state_bound_to_request {
        return refuse("belongs to another request");
    }
    let expired = payload["expires"].as_u64().is_none_or(|expires| now().as_millis() > u128::from(expires));
    if expired && rules.state_expires {
        return refuse("has expired");
    }
    Ok(Some(payload))
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

impl Input {
    /// Refuses if the client did not declare, on this request, that it can supply the input.
    pub(crate) fn declared(&self, call: &Call) -> Result<(), RpcError> {
        let rules = call.rules();
        let capability = |name: &str| call.meta.capabilities.get(name);
        let (declared, required) = match self {
            Self::Form { .. } => {
                let url_only = |it: &Value| it.get("url").is_some() && it.get("form").is_none();
                let modes = capability("elicitation").is_some_and(|it| !url_only(it) || !rules.elicitation_mode_supported);
                (modes || !rules.elicits_only_if_declared, json!({ "elicitation": {} }))
            }
            Self::Url { .. } => {
                let modes = capability("elicitation")
                    .is_some_and(|it| it.get("url").is_some() || !rules.empty_elicitation_means_form);
                (modes, json!({ "elicitation": { "url": {} } }))
            }
            Self::Sampling(_) => {
                (capability("sampling").is_some() || !rules.samples_only_if_declared, json!({ "sampling": {} }))
            }
            Self::Roots => {
                let path = call.params.get("name").is_some_and(|name| name == "path_in_roots");
                let asks = !rules.roots_only_if_declared || (path && !rules.roots_capability_checked);
                (capability("roots").is_some() || asks, json!({ "roots": {} }))
            }
        };
        if declared || !rules.relies_on_declared_capabilities {
            return Ok(());
        }
        let mut error = missing_capability(call, &required);
        if matches!(self, Self::Url { .. }) && !rules.no_url_elicitation_error {
            error.code = -32042;
        }
        Err(error)
    }

    /// The request as it stands in `inputRequests`.
    fn request(&self, call: &Call) -> Value {
        let rules = call.rules();
        match self {
            Self::Form { message, schema } => {
                let mut params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
                if !rules.form_mode_named {
                    params["mode"] = json!("dialog");
                }
                if !rules.no_links_in_forms {
                    params["message"] = json!(format!("{message} See https://example.com/why"));
                }
                let members = params.as_object_mut();
                if let Some(params) = members {
                    if !rules.elicitation_has_message {
                        params.shift_remove("message");
                    }
                    if !rules.form_has_schema {
                        params.shift_remove("requestedSchema");
                    }
                }
                json!({ "method": "elicitation/create", "params": params })
            }
            Self::Url { message, url } => {
                let mut params = json!({ "mode": "url", "message": message, "url": url });
                if let Some(params) = params.as_object_mut().filter(|_| !rules.url_elicitation_complete) {
                    params.shift_remove("message");
                }
                if !rules.removed_members_absent {
                    params["elicitationId"] = json!(random_name());
                }
                json!({ "method": "elicitation/create", "params": params })
            }
            Self::Sampling(params) => json!({ "method": "sampling/createMessage", "params": params }),
            Self::Roots if !rules.input_requests_of_three_kinds => json!({ "method": "resources/list" }),
            Self::Roots => json!({ "method": "roots/list" }),
        }
    }

    /// The request as servers of earlier revisions sent it.
    pub(crate) fn as_request(&self, call: &Call, key: &str) -> Value {
        let mut request = self.request(call);
        request["jsonrpc"] = json!("2.0");
        request["id"] = json!(format!("server-{key}"));
        request
    }

    /// Whether the answer is one to go on with; an error if it is no answer at all.
    fn accepts(&self, call: &Call, answer: &Value) -> Result<bool, RpcError> {
        let rules = call.rules();
        if !rules.answers_validated {
            return Ok(true);
        }
        match self {
            Self::Form { schema, .. } => match answer["action"].as_str() {
                Some("accept") if !rules.form_answers_validated => Ok(true),
                Some("accept") if answer["content"].is_object() => {
                    Ok(schema::violation(schema, &answer["content"], rules).is_none())
                }
                Some("decline" | "cancel") => Ok(true),
                _ => Err(RpcError::invalid_params("an input response is not an ElicitResult of a form")),
            },
            Self::Url { .. } => match answer["action"].as_str() {
                Some("accept" | "decline" | "cancel") => Ok(true),
                _ => Err(RpcError::invalid_params("an input response is not an ElicitResult")),
            },
            Self::Sampling(_) => {
                let role = matches!(answer["role"].as_str(), Some("user" | "assistant"));
                let content = answer["content"].is_object() || answer["content"].is_array();
                if (role && content && answer["model"].is_string()) || !rules.sampling_answers_validated {
                    return Ok(true);
                }
                Err(RpcError::invalid_params("an input response is not a CreateMessageResult"))
            }
            Self::Roots => {
                let roots = answer["roots"].as_array();
                let files = |root: &Value| root["uri"].as_str().is_some_and(|uri| uri.starts_with("file://"));
                if roots.is_some_and(|roots| roots.iter().all(files)) {
                    return Ok(true);
                }
                Err(RpcError::invalid_params("an input response is not a ListRootsResult"))
            }
        }
    }
}

impl Answers {
    pub(crate) fn get(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    /// What the user submitted, or nothing if the user did not want to.
    pub(crate) fn content(&self, call: &Call, key: &str) -> Result<Option<&Value>, RpcError> {
        let (rules, answer) = (call.rules(), self.get(key));
        match answer["action"].as_str() {
            Some("decline") if !rules.elicitation_may_fail => Err(RpcError::internal("the user must not decline")),
            Some("cancel") if !rules.elicitation_failure_handled => {
                let status = if call.transport == Transport::Http { 500 } else { 200 };
                Err(RpcError::internal("called unwrap on a None value").status(status))
            }
            Some("decline" | "cancel") if rules.decline_is_not_accept => Ok(None),
            _ => Ok(Some(&answer["content"])),
        }
    }
}

/// The error for a request that needs what its client did not declare.
pub(crate) fn missing_capability(call: &Call, required: &Value) -> RpcError {
    let rules = call.rules();
    let code = if rules.missing_capability_code { RpcError::MISSING_CAPABILITY } else { RpcError::INTERNAL };
    let status = if rules.missing_capability_status_400 { 400 } else { 200 };
    let names: Vec<&String> = required.as_object().into_iter().flat_map(|it| it.keys()).collect();
    let required = if rules.missing_capability_listed { required.clone() } else { json!(names) };
    RpcError::new(code, "the client did not declare a capability that this needs")
        .data(json!({ "requiredCapabilities": required }))
        .status(status)
}
