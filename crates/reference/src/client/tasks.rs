//! Following a task until it has ended.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::Client;

/// A task is looked at so often.
const LOOKS: usize = 64;

impl Client {
    /// The result of a task that a call made.
    pub(super) async fn followed(&mut self, made: &Value) -> Result<Value, String> {
        let rules = self.rules;
        if !rules.follows_tasks {
            return Ok(json!({}));
        }
        let id = made["taskId"].clone();
        self.task = Some(id.clone());
        let pause = made["pollIntervalMs"].as_u64().unwrap_or(100);
        let pause = if self.choices.slow_looks { pause * 2 } else { pause };
        let mut pause = Duration::from_millis(if rules.pauses_between_looks { pause } else { 5 });
        let mut answered = BTreeSet::new();
        for _ in 0..LOOKS {
            sleep(pause).await;
            let task = self.once("tasks/get", &json!({ "taskId": id })).await?;
            if rules.refuses_unknown_looks && task["resultType"] != "complete" {
                return Err(format!("tasks/get: no result of a type that is known: {task}"));
            }
            let latest = task["pollIntervalMs"].as_u64().map(Duration::from_millis);
            let follows = rules.follows_the_latest_pause && rules.pauses_between_looks;
            if let Some(latest) = latest.filter(|_| follows) {
                pause = latest * if self.choices.slow_looks { 2 } else { 1 };
            }
            match task["status"].as_str() {
                Some("completed") => {
                    self.task = None;
                    return Ok(task["result"].clone());
                }
                Some("working") if rules.looks_until_the_end => {}
                Some("input_required") if rules.fulfils_tasks => {
                    let mut new = task["inputRequests"].as_object().cloned().unwrap_or_default();
                    new.retain(|key, _| answered.insert(key.clone()) || !rules.answers_once);
                    if self.updated(&id, &new).await? && !rules.keeps_observing {
                        return Ok(json!({}));
                    }
                }
                Some("input_required" | "working") => return Ok(json!({})),
                Some("failed") if !rules.leaves_failed_tasks => {
                    self.once("tasks/get", &json!({ "taskId": id })).await?;
                    return Err(format!("the task has failed: {task}"));
                }
                Some("failed") if !rules.knows_failed_tasks => return Ok(json!({})),
                Some("cancelled") if !rules.knows_cancelled_tasks => return Ok(json!({})),
                other => return Err(format!("the task is {other:?}: {task}")),
            }
        }
        Err(format!("the task has not ended after {LOOKS} looks"))
    }

    /// Gives a task what it asks for, if it asks for anything.
    async fn updated(&mut self, id: &Value, asked: &Map<String, Value>) -> Result<bool, String> {
        let mut responses = self.answers(&Value::Object(asked.clone())).await?;
        if responses.is_empty() {
            return Ok(false);
        }
        if !self.rules.update_keys_match {
            responses.insert("another".into(), json!({ "action": "cancel" }));
        }
        let member = if self.rules.answers_tasks_by_name { "inputResponses" } else { "responses" };
        self.once("tasks/update", &json!({ "taskId": id, member: responses })).await?;
        Ok(true)
    }
}
