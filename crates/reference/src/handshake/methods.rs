//! What each method is answered with.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Server, working};
use crate::revision::ASSUMED;

const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// The place of the level at which the tool `log` logs.
const INFO: usize = 1;

/// The cursor of the second page of tools.
const SECOND: &str = "the-second-page";

/// What comes too late comes so long after the answer.
const LATE: Duration = Duration::from_millis(40);

/// The resource that there is.
pub(super) const RESOURCE: &str = "test://watched-resource";

/// Another, which is a file.
const FILE: &str = "file:///srv/notes/notes.txt";

/// What a file of the system begins with.
const ACCOUNTS: &str = "root:x:0:0:root:/root:/bin/sh\n";

/// Tools that change something.
const TRIGGERS: [&str; 4] = [
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_trigger_resource_change",
    "test_update_resource",
];

/// The same tools under names of their own.
const OWN: [&str; 4] = ["plug_in", "learn_phrase", "put_file", "touch"];

/// Names that a revision has reserved.
const RESERVED: [&str; 5] =
    ["related-task", "protocolVersion", "clientInfo", "clientCapabilities", "logLevel"];

impl Server {
    pub(super) fn result(
        self: &Arc<Self>,
        session: &str,
        method: &str,
        params: &Value,
        before: &mut Vec<Value>,
    ) -> Result<Value, Value> {
        if self.spoilt.load(Ordering::Relaxed) && method != "ping" {
            return Err(error(-32603, "something was cancelled"));
        }
        let strange = |key: &String| {
            key.strip_prefix("io.modelcontextprotocol/")
                .is_some_and(|name| !RESERVED.contains(&name))
        };
        if !self.obeys("meta_keys")
            && params["_meta"].as_object().is_some_and(|meta| meta.keys().any(strange))
        {
            return Err(error(-32602, "a reserved key that nobody knows"));
        }
        match method {
            "initialize" => self.unsupported(params).map_or_else(|| Ok(self.welcome(params)), Err),
            "ping" if self.obeys("ping") => Ok(json!({})),
            "ping" => Ok(json!({"pong": true})),
            "logging/setLevel" => self.set_level(session, params),
            "tools/list" => self.tools(session, params),
            "tools/call" => self.call(session, params, before),
            "resources/list" => {
                let file = json!({"uri": FILE, "name": "notes.txt"});
                let resources = json!([{"uri": RESOURCE, "name": "one"}, self.interface(), file]);
                self.one_page(params, "resources", resources)
            }
            "resources/templates/list" => self.one_page(params, "resourceTemplates", json!([])),
            "resources/read" => {
                if let Some(interface) = self.interface_at(&params["uri"]) {
                    return Ok(json!({"contents": [interface]}));
                }
                let climbs = params["uri"].as_str().is_some_and(|uri| uri.contains("../"));
                if climbs && !self.obeys("resource_paths") {
                    return Ok(json!({"contents": [{"uri": params["uri"], "text": ACCOUNTS}]}));
                }
                let uri = self.resource(params)?;
                Ok(json!({"contents": [{"uri": uri, "mimeType": "text/plain", "text": "1"}]}))
            }
            "resources/subscribe" | "resources/unsubscribe" if self.obeys("subscribe") => {
                let uri = self.resource(params)?;
                if let Some(session) = self.sessions().get_mut(session) {
                    if method == "resources/subscribe" {
                        session.subscribed.insert(uri);
                    } else if self.obeys("unsubscribe") {
                        session.subscribed.remove(&uri);
                    }
                }
                Ok(json!({}))
            }
            "prompts/list" if self.obeys("declared_answered") => self.one_page(
                params,
                "prompts",
                json!([{"name": "greet", "arguments": [{"name": "name", "required": true}]}]),
            ),
            "prompts/get" => self.prompt(params),
            "completion/complete" => complete(params, self.has_context(session)),
            "tasks/get" | "tasks/list" | "tasks/cancel" => self.of_tasks(session, method, params),
            _ if self.obeys("unknown_method") => Err(error(-32601, "no such method")),
            _ => Err(error(-32602, "no such method")),
        }
    }

    fn welcome(&self, params: &Value) -> Value {
        let mut info = json!({"name": "plumb-handshake", "version": env!("CARGO_PKG_VERSION")});
        if !self.obeys("initialize_info") {
            info = json!({"name": "plumb-handshake"});
        }
        let mut capabilities = json!({
            "tools": {"listChanged": true},
            "resources": {"subscribe": true, "listChanged": true},
            "prompts": {"listChanged": true},
            "completions": {},
            "logging": {}
        });
        if !self.obeys("undeclared_changes") {
            capabilities["prompts"] = json!({});
        }
        if self.obeys("task_ignored") && self.obeys("tasks_declared") {
            let requests = json!({"tools": {"call": {}}});
            capabilities["tasks"] = json!({"list": {}, "cancel": {}, "requests": requests});
        }
        json!({
            "protocolVersion": self.negotiated(params),
            "capabilities": capabilities,
            "serverInfo": info,
        })
    }

    fn set_level(&self, session: &str, params: &Value) -> Result<Value, Value> {
        let place = LEVELS.iter().position(|level| params["level"] == *level);
        if place.is_none() && self.obeys("set_level_invalid") {
            return Err(error(-32602, "no such level"));
        }
        if let Some(session) = self.sessions().get_mut(session) {
            session.level = place;
        }
        Ok(if self.obeys("set_level") { json!({}) } else { json!({"level": params["level"]}) })
    }

    fn tools(&self, session: &str, params: &Value) -> Result<Value, Value> {
        let cursor = params.get("cursor");
        let reads = json!({"readOnlyHint": true});
        let mut log =
            json!({"name": "log", "inputSchema": {"type": "object"}, "annotations": reads});
        if !self.obeys("tool_shape") {
            log["name"] = json!(7);
        }
        let sum = json!({"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]});
        let number = json!({"type": "integer"});
        let add = json!({
            "name": "add",
            "inputSchema": {
                "type": "object",
                "properties": {"a": number, "b": number},
                "required": ["a", "b"],
                "additionalProperties": false
            },
            "outputSchema": sum,
            "annotations": reads
        });
        match cursor {
            None => Ok(json!({"tools": [add], "nextCursor": SECOND})),
            Some(cursor) if cursor == SECOND => Ok(json!({"tools": self.rest(session, log)})),
            Some(_) if !self.obeys("invalid_cursor") => {
                Ok(json!({"tools": [add], "nextCursor": SECOND}))
            }
            Some(_) => Err(error(-32602, "no such cursor")),
        }
    }

    /// The tools of the second page.
    fn rest(&self, session: &str, log: Value) -> Vec<Value> {
        let trigger = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let mut tools = vec![log];
        tools.extend(self.lent(session));
        tools.extend(self.jobs());
        let names = if self.obeys("fixture_names") { TRIGGERS } else { OWN };
        tools.extend(names.map(trigger));
        if self.changes.load(Ordering::Relaxed) % 2 == 1 {
            tools.push(trigger("comes_and_goes"));
        }
        tools
    }

    /// Changes something, and tells who wants to know.
    fn trigger(&self, session: &str, name: &str, before: &mut Vec<Value>) -> Option<Value> {
        let own = OWN.iter().position(|own| *own == name && !self.obeys("fixture_names"));
        let name = own.map_or(name, |at| TRIGGERS[at]);
        let (method, params) = working::change(name)?;
        if name == TRIGGERS[0] {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        let said = told(method, params);
        let mut own = false;
        for (id, other) in self.sessions().iter() {
            let wants = name != TRIGGERS[3] || other.subscribed.contains(RESOURCE);
            if !wants || !self.obeys(name) {
                continue;
            }
            match &other.stream {
                // A client that has gone is told nothing.
                Some(stream) if self.obeys("streams_one") => drop(stream.send(said.clone())),
                Some(stream) => {
                    let _ = stream.send(said.clone());
                    own |= id == session;
                }
                None => own |= id == session,
            }
        }
        if own {
            before.push(said);
        }
        Some(json!({"content": [{"type": "text", "text": "done"}]}))
    }

    fn one_page(&self, params: &Value, member: &str, items: Value) -> Result<Value, Value> {
        match params.get("cursor") {
            Some(_) if self.obeys("invalid_cursor") => Err(error(-32602, "no such cursor")),
            _ => Ok(json!({member: items})),
        }
    }

    fn call(
        self: &Arc<Self>,
        session: &str,
        params: &Value,
        before: &mut Vec<Value>,
    ) -> Result<Value, Value> {
        let Some(name) = params["name"].as_str() else { return Err(error(-32602, "no name")) };
        let arguments = params.get("arguments");
        if arguments.is_some_and(|arguments| !arguments.is_object()) {
            return Err(error(-32602, "arguments is no object"));
        }
        if params.get("task").is_some() {
            if !self.obeys("task_ignored") {
                return Err(error(-32602, "no tasks here"));
            }
            let begun = self.begun(session, name, params.pointer("/_meta/progressToken").cloned());
            if begun.is_ok() || self.obeys("task_forbidden") {
                return begun;
            }
        }
        if let Some(outcome) = self.job(name) {
            return outcome;
        }
        let none = json!({});
        match name {
            "add" => Ok(self.add(arguments.unwrap_or(&none))),
            "log" => self.log(session, params, before),
            _ => self.trigger(session, name, before).ok_or_else(|| error(-32602, "no such tool")),
        }
    }

    fn add(&self, arguments: &Value) -> Value {
        let known =
            arguments.as_object().is_none_or(|all| all.keys().all(|k| k == "a" || k == "b"));
        let sum = arguments["a"].as_i64().zip(arguments["b"].as_i64());
        let sum = sum.filter(|_| known).and_then(|(a, b)| a.checked_add(b));
        let Some(sum) = sum else {
            return json!({"content": [{"type": "text", "text": "two integers, please"}], "isError": true});
        };
        let sum = json!({"sum": sum});
        let text = if self.obeys("text_copy") { sum.to_string() } else { "added".to_owned() };
        json!({"content": [{"type": "text", "text": text}], "structuredContent": sum})
    }

    /// The tool that says something before it answers.
    fn log(&self, session: &str, params: &Value, before: &mut Vec<Value>) -> Result<Value, Value> {
        let level = self.sessions().get(session).and_then(|session| session.level).unwrap_or(INFO);
        let next = level == INFO + 1 && !self.obeys("log_threshold_next");
        if level <= INFO || next || !self.obeys("log_threshold") {
            before.push(told(
                "notifications/message",
                json!({"level": "info", "logger": "log", "data": "looked"}),
            ));
        }
        if let Some(token) = params.pointer("/_meta/progressToken") {
            for progress in [1, 2] {
                let params = json!({"progressToken": token, "progress": progress, "total": 2});
                before.push(told("notifications/progress", params));
            }
            if !self.obeys("progress_ends") {
                self.tell_late(session, json!({"progressToken": token, "progress": 3}));
            }
        }
        if !self.obeys("undeclared_requests") {
            let params = json!({"messages": [], "maxTokens": 1});
            let id = self.next();
            before.push(json!({"jsonrpc": "2.0", "id": id, "method": "sampling/createMessage", "params": params}));
        }
        if !self.obeys("request_id") {
            before.push(json!({"jsonrpc": "2.0", "id": null, "method": "ping"}));
        }
        if !self.obeys("undeclared_changes") {
            before.push(told("notifications/prompts/list_changed", json!({})));
        }
        if !self.obeys("url_required") {
            return Err(error(-32042, "a page has to be visited"));
        }
        Ok(json!({"content": [{"type": "text", "text": "looked"}]}))
    }

    /// Tells of progress on the stream of GET, when the answer is out.
    fn tell_late(&self, session: &str, params: Value) {
        let stream = self.sessions().get(session).and_then(|session| session.stream.clone());
        if let Some(stream) = stream {
            tokio::spawn(async move {
                tokio::time::sleep(LATE).await;
                // The client may have gone.
                let _ = stream.send(told("notifications/progress", params));
            });
        }
    }

    /// The URI of a resource that is there.
    fn resource(&self, params: &Value) -> Result<String, Value> {
        let Some(uri) = params["uri"].as_str() else { return Err(error(-32602, "no uri")) };
        if !self.obeys("resource_uris") && !uri.contains(':') {
            return Ok(RESOURCE.to_owned());
        }
        let code = if self.obeys("not_found") { -32002 } else { -32602 };
        if uri == RESOURCE || uri == FILE {
            Ok(uri.to_owned())
        } else {
            Err(error(code, "no such resource"))
        }
    }

    /// Whether completions have a context, which the first revision does not know.
    fn has_context(&self, session: &str) -> bool {
        self.sessions().get(session).is_none_or(|session| session.version != ASSUMED)
    }

    fn prompt(&self, params: &Value) -> Result<Value, Value> {
        if params["name"] != "greet" && self.obeys("unknown_prompt") {
            return Err(error(-32602, "no such prompt"));
        }
        let Some(name) = params.pointer("/arguments/name").and_then(Value::as_str) else {
            return Err(error(-32602, "no name"));
        };
        let text = format!("Greet {name}.");
        Ok(json!({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}))
    }
}

fn complete(params: &Value, has_context: bool) -> Result<Value, Value> {
    let known = params.pointer("/ref/type") == Some(&json!("ref/prompt"))
        && params.pointer("/ref/name") == Some(&json!("greet"))
        && params.pointer("/argument/name") == Some(&json!("name"));
    let context = params.get("context").is_none_or(|context| {
        !has_context
            || context.is_object()
                && context.get("arguments").is_none_or(|all| {
                    all.as_object().is_some_and(|all| all.values().all(Value::is_string))
                })
    });
    let value = params.pointer("/argument/value").and_then(Value::as_str);
    let Some(value) = value.filter(|_| known && context) else {
        return Err(error(-32602, "nothing to complete"));
    };
    let names = ["Ada", "Alan", "Grace"].into_iter().filter(|name| name.starts_with(value));
    let values: Vec<&str> = names.collect();
    Ok(json!({"completion": {"values": values, "total": values.len(), "hasMore": false}}))
}

pub(super) fn told(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

fn error(code: i64, message: &str) -> Value {
    json!({"code": code, "message": message})
}
