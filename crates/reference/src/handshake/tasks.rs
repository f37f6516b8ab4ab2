//! Tasks as the core had them for one revision.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Server;
use super::http::random;
use super::working::Say;
use crate::features::clock;

/// The work of a task takes so long.
const WORK: Duration = Duration::from_millis(150);

/// What is not waited for takes so long.
const LONG_WORK: Duration = Duration::from_secs(4);

/// The metadata by which a message names its task.
const RELATED: &str = "io.modelcontextprotocol/related-task";

/// The tool whose work fails.
const FAILS: &str = "job_fails";

/// The tools whose calls may become tasks, and what they say of that.
const TOOLS: [(&str, &str); 4] =
    [("job", "optional"), ("job_only", "required"), (FAILS, "optional"), ("job_asks", "optional")];

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    session: String,
    tool: String,
    status: &'static str,
    /// Since when it works.
    since: Instant,
    created: String,
    updated: String,
    /// The progress token of its call.
    token: Option<Value>,
}

impl Server {
    /// The definitions of the tools whose calls may become tasks.
    pub(super) fn jobs(&self) -> impl Iterator<Item = Value> {
        let known = self.obeys("task_support");
        TOOLS.into_iter().map(move |(name, support)| {
            let support = if known { support } else { "always" };
            json!({
                "name": name,
                "inputSchema": {"type": "object"},
                "annotations": {"readOnlyHint": true},
                "execution": {"taskSupport": support},
            })
        })
    }

    /// Whether a message waits for the end of a task.
    pub(super) fn waits(message: &Value) -> bool {
        message["method"] == "tasks/result" && message.get("id").is_some()
    }

    /// A plain call of such a tool.
    pub(super) fn job(&self, name: &str) -> Option<Result<Value, Value>> {
        let (_, support) = TOOLS.into_iter().find(|(tool, _)| *tool == name)?;
        Some(if support == "required" && self.obeys("task_required") {
            Err(error(-32601, "only as a task"))
        } else if self.fails(name) {
            Ok(failed())
        } else {
            Ok(done())
        })
    }

    /// A call that asks for a task.
    pub(super) fn begun(
        self: &Arc<Self>,
        session: &str,
        name: &str,
        token: Option<Value>,
    ) -> Result<Value, Value> {
        if !TOOLS.iter().any(|(tool, _)| *tool == name) {
            return Err(error(-32601, "takes no task"));
        }
        if !self.obeys("task_created") {
            return Ok(done());
        }
        let now = self.now();
        let id = match self.next() {
            _ if !self.obeys("task_id_unique") => "the-task".to_owned(),
            n if !self.obeys("task_id_random") => format!("task-{n}"),
            _ => random(),
        };
        let status = match () {
            () if !self.obeys("task_begins") => "input_required",
            () if !self.obeys("task_ends_with_its_work") && name != "job_asks" => "completed",
            () => "working",
        };
        let (session, tool) = (session.to_owned(), name.to_owned());
        let (created, since) = (now.clone(), Instant::now());
        let task = Task { session, tool, status, since, created, updated: now, token };
        let mut shown = self.shown(&id, &task);
        if !self.obeys("task_id_string") {
            shown["taskId"] = json!(7);
        }
        self.tasks().insert(id.clone(), task);
        let server = Arc::clone(self);
        let end = if self.fails(name) { "failed" } else { "completed" };
        if name != "job_asks" {
            tokio::spawn(async move {
                let long = !server.obeys("task_blocks");
                tokio::time::sleep(if long { LONG_WORK } else { WORK }).await;
                server.end(&id, end);
            });
        }
        Ok(json!({"task": shown}))
    }

    /// Whether the work of a tool fails this time.
    fn fails(&self, tool: &str) -> bool {
        let now_and_then = tool == TOOLS[0].0 && !self.obeys("never_fails");
        tool == FAILS || now_and_then && self.jobs.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }

    /// Gives a task its status, unless it has ended.
    fn end(&self, id: &str, status: &'static str) {
        let now = self.now();
        let stays = self.obeys("task_cancel_stays");
        if let Some(task) = self.tasks().get_mut(id) {
            let ended = matches!(task.status, "completed" | "failed" | "cancelled");
            if !ended || !stays {
                (task.status, task.updated) = (status, now);
            }
        }
    }

    /// `tasks/get`, `tasks/list` and `tasks/cancel`.
    pub(super) fn of_tasks(
        &self,
        session: &str,
        method: &str,
        params: &Value,
    ) -> Result<Value, Value> {
        let mut id = params["taskId"].as_str().unwrap_or_default().to_owned();
        let other = params["_meta"][RELATED]["taskId"].as_str();
        if let Some(other) = other.filter(|_| !self.obeys("task_parameter")) {
            other.clone_into(&mut id);
        }
        if method == "tasks/list" {
            let tasks = self.tasks();
            let own = tasks.iter().filter(|(_, task)| task.session == session);
            let own = own.filter(|_| self.obeys("task_listed"));
            let shown: Vec<Value> = own.map(|(id, task)| self.shown(id, task)).collect();
            return match params.get("cursor") {
                Some(_) => Err(error(-32602, "no such cursor")),
                None => Ok(json!({"tasks": shown})),
            };
        }
        let found = self.tasks().get(&id).cloned();
        let Some(mut task) = found.filter(|task| task.session == session) else {
            let code = if self.obeys("task_unknown") { -32602 } else { -32603 };
            return Err(error(code, "no such task"));
        };
        if method == "tasks/cancel" {
            if task.ended() {
                let code = if self.obeys("task_cancel_ended") { -32602 } else { -32603 };
                return Err(error(code, "it has ended"));
            }
            if self.obeys("task_cancel_first") {
                self.end(&id, "cancelled");
                task.status = "cancelled";
            } else {
                return Ok(self.shown(&id, &task));
            }
        }
        if task.ended() && !self.obeys("task_terminal") {
            let other = if task.status == "cancelled" { "completed" } else { "cancelled" };
            if let Some(kept) = self.tasks().get_mut(&id) {
                kept.status = other;
            }
        }
        if task.status == "working" && !self.obeys("task_transitions") {
            task.status = "running";
        }
        let mut shown = self.shown(&id, &task);
        if !self.obeys("task_ttl")
            && let Some(shown) = shown.as_object_mut()
        {
            shown.shift_remove("ttl");
        }
        Ok(shown)
    }

    fn shown(&self, id: &str, task: &Task) -> Value {
        let mut shown = json!({
            "taskId": id,
            "status": task.status,
            "createdAt": task.created,
            "lastUpdatedAt": task.updated,
            "ttl": 60_000,
            "pollInterval": 50,
        });
        if task.status == "failed" && self.obeys("task_failed_message") {
            shown["statusMessage"] = json!("the job is one that fails");
        }
        shown
    }

    /// What a task comes to, said when it has ended.
    pub(super) async fn awaited(self: &Arc<Self>, session: String, message: &Value, say: &Say) {
        let id = message.pointer("/params/taskId").and_then(Value::as_str).unwrap_or_default();
        let known = self.tasks().get(id).cloned().filter(|task| task.session == session);
        let answer = match known {
            None => Err(error(-32602, "no such task")),
            Some(task) => {
                if task.tool == "job_asks" && !task.ended() {
                    self.asking(&session, id, say).await;
                }
                self.progress(id, say);
                while self.obeys("task_blocks")
                    && self.tasks().get(id).is_some_and(|task| !task.ended())
                {
                    tokio::time::sleep(WORK / 10).await;
                }
                self.told(id, say);
                self.outcome(id)
            }
        };
        let answer = match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": message["id"], "error": error}),
        };
        // The client may have gone.
        let _ = say.send(answer);
    }

    /// Asks the client, as the task that needs it.
    async fn asking(&self, session: &str, id: &str, say: &Say) {
        if self.obeys("task_input_required") {
            self.end(id, "input_required");
        }
        let schema = json!({"type": "object", "properties": {"go": {"type": "boolean"}}});
        let meta = json!({ RELATED: {"taskId": id} });
        let mut params = json!({"message": "Go on?", "requestedSchema": schema});
        if self.obeys("task_asks_related") {
            params["_meta"] = meta;
        }
        let able = self.declared(session).get("elicitation").is_some();
        if able {
            self.ask(session, json!({"method": "elicitation/create", "params": params}), say).await;
        }
        self.end(id, "completed");
    }

    /// Tells the status of a task.
    fn told(&self, id: &str, say: &Say) {
        let Some(task) = self.tasks().get(id).cloned() else { return };
        let mut params = self.shown(id, &task);
        if !self.obeys("task_status_whole")
            && let Some(params) = params.as_object_mut()
        {
            params.shift_remove("createdAt");
        }
        if !self.obeys("task_status_plain") {
            params["_meta"] = json!({ RELATED: {"taskId": id} });
        }
        // The client may have gone.
        let _ = say.send(super::methods::told("notifications/tasks/status", params));
    }

    /// Tells of progress, while a task runs whose call gave a token.
    fn progress(&self, id: &str, say: &Say) {
        let Some(task) = self.tasks().get(id).cloned().filter(|task| !task.ended()) else { return };
        let Some(mut token) = task.token else { return };
        if !self.obeys("task_progress_token") {
            token = json!(id);
        }
        let meta = json!({ RELATED: {"taskId": id} });
        let params = json!({"progressToken": token, "progress": 1, "_meta": meta});
        // The client may have gone.
        let _ = say.send(super::methods::told("notifications/progress", params));
    }

    fn outcome(&self, id: &str) -> Result<Value, Value> {
        let task = self.tasks().get(id).cloned();
        let Some(task) = task else { return Err(error(-32602, "no such task")) };
        if !self.obeys("task_ends_with_its_work") && task.since.elapsed() < WORK {
            return Err(error(-32603, "no result"));
        }
        if !self.obeys("task_result") {
            return Ok(self.shown(id, &task));
        }
        let fails = task.status == "failed" && self.obeys("task_result_kind");
        let mut result = if fails { failed() } else { done() };
        if self.obeys("task_related") {
            result["_meta"] = json!({ RELATED: {"taskId": id} });
        }
        Ok(result)
    }

    fn now(&self) -> String {
        if !self.obeys("task_times") {
            return "yesterday".to_owned();
        }
        clock::iso(clock::now())
    }
}

impl Task {
    fn ended(&self) -> bool {
        matches!(self.status, "completed" | "failed" | "cancelled")
    }
}

fn done() -> Value {
    json!({"content": [{"type": "text", "text": "done"}]})
}

fn failed() -> Value {
    let text = json!([{"type": "text", "text": "the job is one that fails"}]);
    json!({"content": text, "isError": true})
}

fn error(code: i64, message: &str) -> Value {
    json!({"code": code, "message": message})
}
