//! Tools that take a while or ask the client: those of the newest revision, whose rounds become requests of the server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{Server, methods};
use crate::connection::Connection;
use crate::dispatch::{self, Binding};
use crate::features::apps;
use crate::features::tools::catalogue;
use crate::message::Request;
use crate::outbox::Outbox;
use crate::{MUTANTS, Options, Reference, Rules, server};

/// The tools that are lent by the server of the newest revision.
const LENT: [&str; 13] = [
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "form_elicitation",
    "url_elicitation",
    "path_in_roots",
    "sampling_with_tools",
    "slow",
    "journal",
    "test_tool_with_progress",
    "test_simple_text",
    "test_error_handling",
    apps::TOOL,
];

/// The first revision whose forms may have lists of choices.
const WITH_LISTS: &str = "2025-11-25";

/// A client gets so long to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where what a request brings is said.
pub(super) type Say = mpsc::UnboundedSender<Value>;

/// The server of the newest revision, with those rules broken that it knows.
pub(super) fn lender(broken: &[String]) -> Arc<server::Server> {
    let mut rules = Rules::SPEC;
    for mutant in MUTANTS.iter().filter(|m| broken.iter().any(|name| name == m.name)) {
        (mutant.apply)(&mut rules);
    }
    let only_tools = Some(LENT.map(str::to_owned).to_vec());
    let options = Options { only_tools, ..Options::default() };
    server::Server::new(Reference { rules, options })
}

impl Server {
    /// The definitions of the tools that are lent.
    pub(super) fn lent(&self, session: &str) -> Vec<Value> {
        let lent = LENT.iter().filter_map(|name| catalogue::definition(&self.lender, name));
        let mut tools: Vec<Value> = lent.collect();
        let declared = self.declared(session);
        let declared = declared.as_object().cloned().unwrap_or_default();
        apps::link(&self.lender.rules, &declared, &mut tools);
        tools
    }

    /// The interface that is lent.
    pub(super) fn interface(&self) -> Value {
        apps::resource(&self.lender.rules)
    }

    /// Its contents, at this URI.
    pub(super) fn interface_at(&self, uri: &Value) -> Option<Value> {
        apps::contents(&self.lender.rules, uri.as_str()?)
    }

    /// Whether a message asks for work that takes a while.
    pub(super) fn is_work(message: &Value) -> bool {
        let named = |name: &Value| LENT.iter().any(|lent| name == lent);
        if Self::waits(message) {
            return true;
        }
        message["method"] == "tools/call"
            && message.get("id").is_some()
            && message.pointer("/params/name").is_some_and(named)
    }

    /// Works until there is an answer, which is said last.
    pub(super) async fn work(self: Arc<Self>, session: String, message: Value, say: Say) {
        if Self::waits(&message) {
            self.awaited(session.clone(), &message, &say).await;
            self.running().remove(&(session, message["id"].to_string()));
            return;
        }
        let (mut responses, mut state) = (None, None);
        let answer = loop {
            if let Some(error) = self.refused(&message) {
                break json!({"jsonrpc": "2.0", "id": message["id"], "error": error});
            }
            let mut answer = self.worked(&session, &message, responses, state, &say).await;
            let Some(asked) = requests(&answer) else {
                undress(&mut answer);
                break answer;
            };
            state = answer.pointer("/result/requestState").cloned();
            let mut answers = Map::new();
            for (key, request) in asked {
                let Some(given) = self.ask(&session, request, &say).await else { continue };
                answers.insert(key, given);
            }
            if answers.is_empty() {
                let text = json!([{"type": "text", "text": "the client did not answer"}]);
                let result = json!({"content": text, "isError": true});
                break json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
            }
            responses = Some(Value::Object(answers));
        };
        self.running().remove(&(session, message["id"].to_string()));
        // The client may have gone.
        let _ = say.send(answer);
    }

    /// Why a call is not taken.
    fn refused(&self, message: &Value) -> Option<Value> {
        let as_task = message.pointer("/params/task").is_some();
        if self.spoilt.load(Ordering::Relaxed) {
            return Some(json!({"code": -32603, "message": "something was cancelled"}));
        }
        if as_task && !self.obeys("task_ignored") {
            return Some(json!({"code": -32602, "message": "no tasks here"}));
        }
        (as_task && self.obeys("task_forbidden"))
            .then(|| json!({"code": -32601, "message": "takes no task"}))
    }

    /// What the tool says to this round.
    async fn worked(
        &self,
        session: &str,
        message: &Value,
        responses: Option<Value>,
        state: Option<Value>,
        say: &Say,
    ) -> Value {
        let mut params = message["params"].clone();
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": self.lender.options.versions[0],
            "io.modelcontextprotocol/clientCapabilities": self.declared(session),
            "io.modelcontextprotocol/clientInfo": {"name": "handshake", "version": "1"},
        });
        let own = params.pointer("/_meta/progressToken").cloned();
        params["_meta"] = meta;
        if let Some(token) = own {
            params["_meta"]["progressToken"] = token;
        }
        for (member, value) in [("inputResponses", responses), ("requestState", state)] {
            if let Some(value) = value {
                params[member] = value;
            }
        }
        let request = Request {
            id: message["id"].clone(),
            method: "tools/call".into(),
            params: Some(params),
        };
        let (sender, mut said) = mpsc::channel::<Value>(64);
        let connection = Arc::new(Connection::new(0));
        let outbox = Outbox::new(sender);
        let call =
            dispatch::prepare(&self.lender, &connection, Binding::Stdio, request, outbox.clone());
        let call = match call {
            Ok(call) => call,
            Err(error) => {
                return dispatch::refusal(&self.lender, message.get("id"), error).message;
            }
        };
        drop(outbox);
        let answer = dispatch::answer(call);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                biased;
                Some(notification) = said.recv() => {
                    let _ = self.way(session, say).send(notification);
                }
                answer = &mut answer => {
                    while let Ok(notification) = said.try_recv() {
                        let _ = self.way(session, say).send(notification);
                    }
                    return answer.message;
                }
            }
        }
    }

    /// Where a call says what comes before its answer.
    fn way(&self, session: &str, own: &Say) -> Say {
        let running = self.running();
        let mut others = running.iter().filter(|_| !self.obeys("sse_related"));
        let other = others.find(|((of, _), _)| of == session);
        other.map_or_else(|| own.clone(), |(_, (_, say))| say.clone())
    }

    /// Asks the client, and gives its result.
    pub(super) async fn ask(&self, session: &str, mut request: Value, say: &Say) -> Option<Value> {
        let id = if self.obeys("request_ids") { self.next() } else { 7 };
        request["jsonrpc"] = json!("2.0");
        request["id"] = json!(id);
        let by_url = request.pointer("/params/mode") == Some(&json!("url"));
        if by_url && self.obeys("elicitation_id") {
            request["params"]["elicitationId"] = json!(format!("elicitation-{session}-{id}"));
        }
        if self.sessions().get(session).is_some_and(|s| s.version.as_str() < WITH_LISTS) {
            leave_lists_out(&mut request);
        }
        let elicitation = request.pointer("/params/elicitationId").cloned();
        let (answer, answered) = oneshot::channel();
        self.waiting().insert((session.to_owned(), id.to_string()), answer);
        say.send(request).ok()?;
        let answer = tokio::time::timeout(PATIENCE, answered).await.ok()?.ok()?;
        if answer.pointer("/result/action") == Some(&json!("accept")) {
            self.complete(session, elicitation.as_ref(), say);
        }
        answer.get("result").cloned()
    }

    /// Tells that an elicitation by URL is complete: nobody has to visit its page here.
    fn complete(&self, session: &str, elicitation: Option<&Value>, say: &Say) {
        let Some(id) = elicitation else { return };
        let id = if self.obeys("complete_id") { id.clone() } else { json!("another") };
        let said =
            methods::told("notifications/elicitation/complete", json!({"elicitationId": id}));
        if !self.obeys("complete_client") {
            let sessions = self.sessions();
            let others = sessions.iter().filter(|(other, _)| *other != session);
            for stream in others.filter_map(|(_, other)| other.stream.as_ref()) {
                let _ = stream.send(said.clone());
            }
        }
        // The client may have gone.
        let _ = say.send(said);
    }

    /// Takes the answer of a client.
    pub(super) fn hear(&self, session: &str, message: &Value) {
        let key = (session.to_owned(), message["id"].to_string());
        if let Some(waiting) = self.waiting().remove(&key) {
            // Whoever waited may have been cancelled.
            let _ = waiting.send(message.clone());
        }
    }

    /// Stops the work on a request.
    pub(super) fn cancel(&self, session: &str, id: &Value) {
        let work = self.running().remove(&(session.to_owned(), id.to_string()));
        let Some((work, say)) = work else {
            if !self.obeys("late_cancel") {
                self.spoilt.store(true, Ordering::Relaxed);
            }
            return;
        };
        if self.obeys("cancel_stops") {
            work.abort();
        }
        if !self.obeys("cancel_silent") {
            let error = json!({"code": -32603, "message": "cancelled"});
            // The client may have gone.
            let _ = say.send(json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    }

    /// Whether an id is taken for that of a request under way in another session.
    pub(super) fn is_taken(&self, session: &str, id: &Value) -> bool {
        let text = id.to_string();
        let foreign = |(other, id): &(String, String)| other != session && *id == text;
        !self.obeys("ids_by_session") && self.running().keys().any(foreign)
    }

    /// Begins to work on a request; what it brings comes from the other end.
    pub(super) fn begin(
        self: &Arc<Self>,
        session: &str,
        message: &Value,
    ) -> mpsc::UnboundedReceiver<Value> {
        let (say, said) = mpsc::unbounded_channel();
        let work = Arc::clone(self).work(session.to_owned(), message.clone(), say.clone());
        let key = (session.to_owned(), message["id"].to_string());
        let work = tokio::spawn(work);
        self.running().insert(key, (work.abort_handle(), say));
        said
    }

    pub(super) fn declared(&self, session: &str) -> Value {
        let sessions = self.sessions();
        let declared = sessions.get(session).map(|session| session.declared.clone());
        declared.filter(Value::is_object).unwrap_or_else(|| json!({}))
    }
}

/// A stream with the answer to a request: the work ends with it.
pub(super) struct Leaving {
    server: Arc<Server>,
    key: (String, String),
}

impl Leaving {
    /// For a request of a session.
    pub(super) fn of(server: &Arc<Server>, session: &str, message: &Value) -> Self {
        let key = (session.to_owned(), message["id"].to_string());
        Self { server: Arc::clone(server), key }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some((work, _)) = self.server.running().remove(&self.key) {
            work.abort();
        }
    }
}

/// What a result asks the client for, by its keys.
fn requests(answer: &Value) -> Option<Vec<(String, Value)>> {
    let result = answer.get("result")?;
    (result["resultType"] == "input_required").then_some(())?;
    let requests = result["inputRequests"].as_object()?;
    Some(requests.iter().map(|(key, request)| (key.clone(), request.clone())).collect())
}

/// Asks for no list in a form.
fn leave_lists_out(request: &mut Value) {
    let fields = request.pointer_mut("/params/requestedSchema/properties");
    if let Some(fields) = fields.and_then(Value::as_object_mut) {
        fields.retain(|_, field| field["type"] != "array");
    }
}

/// Takes off what only the newest revision has. A capability that is missing is told by the tool.
fn undress(answer: &mut Value) {
    if let Some(result) = answer.get_mut("result").and_then(Value::as_object_mut) {
        for member in ["resultType", "_meta", "ttlMs", "cacheScope"] {
            result.shift_remove(member);
        }
    }
    if answer.pointer("/error/code") == Some(&json!(-32021)) {
        let text = json!([{"type": "text", "text": answer["error"]["message"]}]);
        let id = answer["id"].clone();
        *answer = json!({"jsonrpc": "2.0", "id": id, "result": {"content": text, "isError": true}});
    }
}

/// What has changed, for tools that change something.
pub(super) fn change(name: &str) -> Option<(&'static str, Value)> {
    Some(match name {
        "test_trigger_tool_change" => ("notifications/tools/list_changed", json!({})),
        "test_trigger_prompt_change" => ("notifications/prompts/list_changed", json!({})),
        "test_trigger_resource_change" => ("notifications/resources/list_changed", json!({})),
        "test_update_resource" => {
            ("notifications/resources/updated", json!({"uri": methods::RESOURCE}))
        }
        _ => return None,
    })
}
