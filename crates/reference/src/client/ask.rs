//! Asking until there is a result: again with what a server asks back for, with another version, or after a cut.

use serde_json::{Value, json};

use super::Client;
use super::choices::Discovers;
use super::posted::Posted;
use super::rules::ClientRules;
use crate::revision::SERVED;

/// No request is sent more often than this.
const ROUNDS: usize = 8;

/// The code of the error that refuses a version.
pub(super) const UNSUPPORTED: i64 = -32022;

/// The one that did in drafts of the revision.
const LEGACY_UNSUPPORTED: i64 = -32004;

/// The one that refused headers in drafts.
const DRAFT_MISMATCH: i64 = -32001;

/// A version that nobody speaks, whoever lists it.
const FAR: &str = "2099-01-01";

/// The code of the error that refuses headers.
pub(super) const HEADER_MISMATCH: i64 = -32020;

impl Client {
    /// Sends a request, again where it is to be, and gives its complete result.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        if let Some(kept) = self.cache.fresh(&self.rules, method, &params) {
            return Ok(kept);
        }
        if self.choices.discovers == Discovers::Always
            && !self.earlier
            && method != "server/discover"
        {
            let nothing = json!({});
            if let Posted::Error(error) = self.post("server/discover", &nothing).await? {
                self.recover(&error, &nothing).await?;
            }
        }
        let mut sent = params.clone();
        let calls = method == "tools/call";
        for round in 0..ROUNDS {
            self.again = round > 0;
            let result = match self.post(method, &sent).await? {
                Posted::Result(result) => result,
                // The stream was cut: the request is sent once more.
                Posted::Lost if self.choices.hasty => return Err(format!("{method}: cut off")),
                Posted::Lost => continue,
                Posted::Error(error) => {
                    self.recover(&error, &params).await?;
                    continue;
                }
            };
            self.again = false;
            let whole = result["resultType"] == "complete";
            if whole && (sent == params || !self.rules.forgets_rounds) {
                self.cache.keep(&self.rules, method, &params, &result);
            }
            if self.refuses_meta(&result) {
                return Err(format!("{method}: `_meta` is {}", result["_meta"]));
            }
            if result.get("plumbUndefined").is_some() && !self.rules.skips_unknown_members {
                return Err(format!("{method}: `plumbUndefined` is no member of a result"));
            }
            match result.get("resultType").map(Value::as_str) {
                // A server of an earlier revision says nothing.
                None if !self.earlier || self.rules.takes_untyped_results => return Ok(result),
                Some(Some("complete")) if calls => {
                    self.validated(&params["name"], &result).await?;
                    return Ok(result);
                }
                Some(Some("complete")) => return Ok(result),
                Some(Some("input_required")) => {
                    sent = self.changed(&params, &sent, &result).await?;
                }
                Some(Some("task")) if calls => return self.followed(&result).await,
                Some(Some("task")) if !self.rules.refuses_other_tasks => {
                    return self.followed(&result).await;
                }
                None | Some(_) if self.refuses_unknown(calls) => {
                    return Err(format!("{method}: no result of a type that is known: {result}"));
                }
                None | Some(_) => return Ok(result),
            }
        }
        Err(format!("{method}: no result after {ROUNDS} rounds"))
    }

    /// Sends a request of a task, which nothing is asked back for.
    pub(super) async fn once(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        match self.post(method, params).await? {
            Posted::Result(result) => Ok(result),
            Posted::Lost => Err(format!("{method}: no response")),
            Posted::Error(error) => Err(format!("{method}: {error}")),
        }
    }

    /// What is sent again after a result that asks for it.
    async fn changed(
        &mut self,
        params: &Value,
        sent: &Value,
        result: &Value,
    ) -> Result<Value, String> {
        if self.choices.tries_once && result.get("inputRequests").is_none() {
            return Err(format!("nothing is asked for but another try: {result}"));
        }
        let rules = self.rules;
        let mut again = params.clone();
        if let Some(earlier) = sent.get("requestState").filter(|_| !rules.forgets_earlier_states) {
            again["requestState"] = earlier.clone();
        }
        if let Some(state) = result["requestState"].as_str().filter(|_| rules.sends_state) {
            let read = serde_json::from_str::<Value>(state).map(|read| read.to_string());
            let changed = read.unwrap_or_default();
            again["requestState"] = json!(if rules.keeps_state { state } else { &changed });
            if !rules.keeps_states_apart {
                self.stray = Some(json!(state));
            }
        } else if !rules.invents_no_state {
            again["requestState"] = json!("");
        }
        if result.get("inputRequests").is_some() {
            let answers = self.answers(&result["inputRequests"]).await?;
            if rules.brings_inputs {
                again["inputResponses"] = Value::Object(answers);
            }
        }
        let left = sent.get("inputResponses").filter(|_| !rules.forgets_earlier_inputs);
        if let Some(left) = left.filter(|_| result.get("inputRequests").is_none()) {
            again["inputResponses"] = left.clone();
        }
        if !rules.keeps_arguments {
            again["arguments"] = json!({});
        }
        if !rules.renews_ids {
            self.next -= 1;
        }
        Ok(again)
    }

    /// Goes on after an error that says how.
    async fn recover(&mut self, error: &Value, params: &Value) -> Result<(), String> {
        let legacy = error["code"] == LEGACY_UNSUPPORTED && !self.rules.reads_no_legacy_codes;
        if error["code"] == UNSUPPORTED || legacy {
            return self.take_version(error).await;
        }
        // What is mirrored may have changed since the list.
        let name = params["name"].as_str();
        let draft = error["code"] == DRAFT_MISMATCH && !self.rules.reads_no_draft_mismatch;
        if (error["code"] == HEADER_MISMATCH || draft)
            && name.is_some()
            && self.rules.lists_again_on_mismatch
        {
            let Posted::Result(list) = self.post("tools/list", &json!({})).await? else {
                return Err(error.to_string());
            };
            self.tools = list["tools"].as_array().cloned().unwrap_or_default();
            return Ok(());
        }
        Err(error.to_string())
    }

    /// Goes on after its version was refused, if a version of the list is spoken.
    async fn take_version(&mut self, error: &Value) -> Result<(), String> {
        let modern = if self.pipe.is_some() {
            self.rules.keeps_this_revision
        } else {
            self.rules.stays_modern
        };
        if !modern {
            self.try_the_handshake().await?;
        }
        self.version = SERVED;
        let supported = error["data"]["supported"].as_array();
        let common = supported.is_some_and(|all| all.iter().any(|version| version == SERVED));
        let retries =
            self.rules.retries_with_a_listed_version && self.rules.repeats_what_was_refused;
        if common && retries {
            return Ok(());
        }
        if !common && !self.rules.names_spoken_versions_only {
            self.version = FAR;
            return Ok(());
        }
        if !common && !self.rules.gives_up_without_version {
            for _ in 0..20 {
                self.post("server/discover", &json!({})).await?;
            }
        }
        Err(format!("no common version: {error}"))
    }

    /// Whether a result of a type that nobody knows is an error, to a call or to anything else.
    fn refuses_unknown(&self, calls: bool) -> bool {
        let rules = &self.rules;
        self.earlier || rules.refuses_unknown_results && (rules.refuses_unknown_calls || !calls)
    }

    /// Whether a reserved key that nobody has defined is held against a result.
    fn refuses_meta(&self, result: &Value) -> bool {
        let mut keys = result["_meta"].as_object().into_iter().flatten();
        !self.rules.skips_reserved_keys
            && keys.any(|(key, value)| {
                key.starts_with("io.modelcontextprotocol/") && !value.is_object()
            })
    }
}

/// A cursor as it is sent.
pub(super) fn sent_again(cursor: &Value, rules: &ClientRules) -> Value {
    let number = cursor.as_str().and_then(|text| text.parse::<u64>().ok());
    match (number, cursor.as_str()) {
        (Some(number), _) if !rules.keeps_numbers_in_text => number.into(),
        (_, Some(text)) if !rules.keeps_edges_of_cursors => text.trim().into(),
        _ => cursor.clone(),
    }
}
