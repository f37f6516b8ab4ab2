//! Multi round-trip requests: what is asked of the client, what it answers, and the state in between.

mod input;
mod state;

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::lock::lock;
use crate::message::RpcError;

pub(crate) use self::input::{Input, missing_capability};
pub(crate) use self::state::retry;

/// Either everything is there, or the client has to be asked.
pub(crate) enum Gathered {
    All(Answers),
    Ask(Value),
}

/// The valid answers of the client, by key.
pub(crate) struct Answers(Map<String, Value>);

/// Collects the inputs, in this round or by another.
pub(crate) async fn gather(
    call: &Call,
    inputs: &[(&str, Input)],
    keep_state: bool,
) -> Result<Gathered, RpcError> {
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
        let _ = unanswered
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        let place = format!("{} {}", call.method, call.params.get("name").unwrap_or(&Value::Null));
        lock(&call.server.state.scratch.waiting).remove(&place);
        return Ok(Gathered::All(Answers(answers)));
    }
    if !retry.responses.is_empty() && !rules.missing_answers_asked_again {
        return Err(RpcError::invalid_params("inputResponses is not complete"));
    }
    if unanswered.fetch_add(1, Ordering::Relaxed) > 32 && !rules.no_retry_assumed {
        return Err(RpcError::internal("too many clients owe an answer"));
    }
    let keep_state = keep_state || !answers.is_empty();
    ask(call, &missing, keep_state.then(|| (answers, Value::Null))).await.map(Gathered::Ask)
}

/// An `InputRequiredResult`, with the state to find in the retry.
pub(crate) async fn ask(
    call: &Call,
    inputs: &[(&str, &Input)],
    kept: Option<(Map<String, Value>, Value)>,
) -> Result<Value, RpcError> {
    let rules = call.rules();
    for (_, input) in inputs {
        input.declared(call)?;
    }
    let scratch = &call.server.state.scratch;
    let spoilt = (!rules.state_garbage_forgotten
        && scratch.spoilt_by_state.load(Ordering::Relaxed))
        || (!rules.decline_spoils_nothing && scratch.spoilt_by_decline.load(Ordering::Relaxed));
    if spoilt {
        return Err(RpcError::internal("the question is lost"));
    }
    let place = format!("{} {}", call.method, call.params.get("name").unwrap_or(&Value::Null));
    let first = call.params.get("inputResponses").is_none();
    let waits =
        !rules.questions_wait_for_nobody || (!rules.no_question_outstanding && kept.is_none());
    if first && !lock(&scratch.waiting).insert(place) && waits {
        return Err(RpcError::internal("the last question has no answer yet"));
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
    if let Some((answers, data)) = kept.or(always) {
        result["requestState"] = json!(state::seal(call, &answers, &data));
    }
    Ok(result)
}

impl Answers {
    pub(crate) fn get(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    /// What the user submitted, or nothing if the user did not want to.
    pub(crate) fn content(&self, call: &Call, key: &str) -> Result<Option<&Value>, RpcError> {
        let (rules, answer) = (call.rules(), self.get(key));
        match answer["action"].as_str() {
            Some("decline") if !rules.elicitation_may_fail => {
                Err(RpcError::internal("the user must not decline"))
            }
            Some("decline")
                if !rules.declining_needs_no_content && answer.get("content").is_none() =>
            {
                Err(RpcError::new(RpcError::INVALID_PARAMS, "there is no content"))
            }
            Some("cancel") if !rules.elicitation_failure_handled => Err(RpcError::crash()),
            Some("cancel") if !rules.cancel_is_not_accept => Ok(Some(&answer["content"])),
            Some("decline" | "cancel") if rules.decline_is_not_accept => {
                call.server.state.scratch.spoilt_by_decline.store(true, Ordering::Relaxed);
                Ok(None)
            }
            _ => Ok(Some(&answer["content"])),
        }
    }
}
