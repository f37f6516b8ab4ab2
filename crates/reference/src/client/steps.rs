//! Following a list of steps: what a scenario of ours asks for, in a form that any client can follow.

use std::env;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Client;

impl Client {
    /// Takes the steps of the context, one after the other. One that fails keeps none of the others from being taken.
    ///
    /// Errors: one failed, and was not to be given up.
    pub(super) async fn take_steps(&mut self) -> Result<(), String> {
        let context = env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        let context: Value = serde_json::from_str(&context).map_err(|e| e.to_string())?;
        let mut failed = Ok(());
        for step in context["steps"].as_array().into_iter().flatten() {
            if let Err(why) = self.take(step).await {
                failed = Err(why);
            }
        }
        failed
    }

    async fn take(&mut self, step: &Value) -> Result<(), String> {
        match step["do"].as_str() {
            Some("wait") => {
                sleep(Duration::from_millis(step["ms"].as_u64().unwrap_or_default())).await;
                if !self.rules.polls_nothing {
                    for _ in 0..2 {
                        self.once("resources/read", &json!({ "uri": "plumb:short" })).await.ok();
                    }
                }
                Ok(())
            }
            Some("list") => match step["what"].as_str() {
                Some("tools") => self.list_tools().await.map(drop),
                Some("resources") => self.list("resources/list", "resources").await.map(drop),
                _ => self.list("prompts/list", "prompts").await.map(drop),
            },
            Some("read") => {
                self.ask("resources/read", json!({ "uri": step["uri"] })).await.map(drop)
            }
            Some("listen") if self.choices.deaf => Ok(()),
            Some("listen") => {
                let filter =
                    if self.rules.listens_with_filter { "notifications" } else { "filter" };
                let mut wanted = step["notifications"].clone();
                if !self.rules.filters_by_truth {
                    wanted["toolsListChanged"] = json!("true");
                }
                if self.choices.hears_of_tools {
                    wanted["toolsListChanged"] = json!(true);
                }
                self.listen(json!({ filter: wanted })).await
            }
            Some("complete") => {
                let params = json!({ "ref": step["ref"], "argument": step["argument"] });
                let found = self.ask("completion/complete", params).await?;
                if found["completion"].get("total").is_none()
                    && !self.rules.takes_partial_completions
                {
                    std::process::exit(1);
                }
                Ok(())
            }
            Some("call") => self.call_with_patience(step).await,
            other => Err(format!("there is no step {other:?}")),
        }
    }

    /// Calls a tool, and gives the call up after a while, if it is to.
    async fn call_with_patience(&mut self, step: &Value) -> Result<(), String> {
        let mut params = json!({ "name": step["name"], "arguments": step["arguments"] });
        if !self.rules.calls_by_name {
            let name = step["name"].as_str().unwrap_or_default();
            params["name"] = json!(name.replace(['.', '-'], "_"));
        }
        if let Some(label) = params["arguments"].get_mut("label")
            && !self.rules.hands_arguments_on
        {
            *label = json!(5);
        }
        let patience = step["cancelAfterMs"].as_u64().filter(|_| self.rules.cancels);
        let patience = patience.or(step["timeoutMs"].as_u64().filter(|_| self.rules.times_out));
        let Some(patience) = patience else {
            return self.ask("tools/call", params).await.map(drop);
        };
        // What is dropped is closed, which is how a request is given up.
        let asking = self.ask("tools/call", params);
        if let Ok(done) = timeout(Duration::from_millis(patience), asking).await {
            return done.map(drop);
        }
        self.give_up().await?;
        if step.get("cancelAfterMs").is_some() {
            return Ok(());
        }
        Err(format!("no result within {patience} ms"))
    }

    /// Tells a server without a stream to close that its call is given up, and any server that a task is.
    async fn give_up(&mut self) -> Result<(), String> {
        let rules = self.rules;
        let task = self.task.take();
        if let Some(id) = task.as_ref().filter(|_| rules.cancels_its_tasks) {
            self.once("tasks/cancel", &json!({ "taskId": id })).await?;
        }
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let called = pipe.called.clone();
        if task.is_none() && rules.tells_what_is_given_up || !rules.leaves_tasks_to_their_method {
            pipe.cancel(&called).await?;
        }
        if !rules.cancels_what_is_open {
            pipe.cancel(&json!(1)).await?;
        }
        if !rules.cancels_its_own {
            pipe.cancel(&json!("another")).await?;
        }
        Ok(())
    }
}
