//! The process at the client's end of the pipe, and its requests.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::connection::Connection;
use crate::dispatch::{self, Binding};
use crate::features::tasks::legacy::cancel_by_request;
use crate::lock::lock;
use crate::message::{self, Incoming, Request, RpcError, notification};
use crate::outbox::Outbox;
use crate::server::{Phase, Server};
use crate::state::StreamKind;

/// How long requests in flight may go on once the input has ended.
const GRACE: Duration = Duration::from_millis(200);

/// The most requests in flight.
const MAX_IN_FLIGHT: usize = 4_096;

/// The process at the client's end of the pipe.
pub(super) struct Process {
    server: Arc<Server>,
    connection: Arc<Connection>,
    sender: mpsc::Sender<Value>,
    in_flight: InFlight,
    tasks: JoinSet<()>,
    /// Whether a mutant reads what comes, and answers nothing.
    deaf: bool,
}

type InFlight = Arc<Mutex<HashMap<String, Flight>>>;

/// A request that has no answer yet.
struct Flight {
    work: AbortHandle,
    outbox: Outbox,
    listening: bool,
    progress_token: Option<Value>,
}

impl Process {
    pub(super) fn new(server: Arc<Server>, sender: mpsc::Sender<Value>) -> Self {
        Self {
            server,
            connection: Arc::new(Connection::new(0)),
            sender,
            in_flight: Arc::default(),
            tasks: JoinSet::new(),
            deaf: false,
        }
    }

    /// Takes in one line; breaks where a mutant gives up.
    pub(super) async fn receive(&mut self, line: &[u8]) -> ControlFlow<()> {
        let rules = self.server.rules;
        while self.tasks.try_join_next().is_some() {}
        if self.deaf {
            return ControlFlow::Continue(());
        }
        match message::parse(line, &rules) {
            Ok(Incoming::Request(request)) => {
                if request.method != "initialize" || rules.stdio_answers_initialize {
                    self.start(request).await;
                }
            }
            Ok(Incoming::Notification { method, params })
                if method == "notifications/cancelled" =>
            {
                return self.cancel(&params).await;
            }
            Ok(Incoming::Notification { .. }) if !rules.notifications_unanswered => {
                let unknown =
                    RpcError::new(RpcError::METHOD_NOT_FOUND, "the notification is not known");
                self.refuse(None, unknown).await;
            }
            Ok(Incoming::Notification { .. } | Incoming::Response) => {}
            Err(refused)
                if !rules.stdio_goes_on_behind_parse_errors
                    && refused.error.code == RpcError::PARSE_ERROR =>
            {
                self.deaf = true;
            }
            Err(refused) => self.refuse(refused.id.as_ref(), *refused.error).await,
        }
        ControlFlow::Continue(())
    }

    /// Starts to work on a request.
    async fn start(&mut self, request: Request) {
        let id = request.id.clone();
        let key = id.to_string();
        let outbox = Outbox::new(self.sender.clone());
        if lock(&self.in_flight).len() >= MAX_IN_FLIGHT {
            return self.refuse(Some(&id), RpcError::internal("too many requests at once")).await;
        }
        if lock(&self.in_flight).contains_key(&key) {
            let error =
                RpcError::new(RpcError::INVALID_REQUEST, "a request with this id is in progress");
            return self.refuse(Some(&id), error).await;
        }
        let call = match dispatch::prepare(
            &self.server,
            &self.connection,
            Binding::Stdio,
            request,
            outbox.clone(),
        ) {
            Ok(call) => call,
            Err(error) => return self.refuse(Some(&id), error).await,
        };
        let listening = call.method == "subscriptions/listen";
        let kind = if listening { StreamKind::Listen } else { StreamKind::Response };
        self.server.state.open_stream(kind, &id, &outbox);
        let progress_token = call.meta.progress_token.clone();
        let (server, in_flight, done) =
            (Arc::clone(&self.server), Arc::clone(&self.in_flight), key.clone());
        let replies = outbox.clone();
        let (over, is_over) = oneshot::channel::<()>();
        {
            // Until the flight is on record nobody can cancel it: the lock holds the work back from ending before.
            let mut flights = lock(&self.in_flight);
            let work = self.tasks.spawn(async move {
                tokio::time::sleep(server.options.answer_delay).await;
                let answer = dispatch::answer(call).await;
                lock(&in_flight).remove(&done);
                lock(&server.state.scratch.answered).insert(&done, ());
                server.state.close_stream(&id, &replies);
                // A mutant's handler that crashed says nothing.
                if !answer.message.is_null() {
                    replies.send(answer.message).await;
                }
                drop(over);
            });
            flights.insert(key, Flight { work, outbox, listening, progress_token });
        }
        if self.server.options.reads_in_turn && !listening {
            // What is dropped says that the work is over.
            let _ = is_over.await;
        }
    }

    /// Cancels a request, if it is one and still in progress.
    async fn cancel(&mut self, params: &Map<String, Value>) -> ControlFlow<()> {
        let rules = self.server.rules;
        let Some(id) = params.get("requestId").filter(|id| message::is_request_id(id)) else {
            if !rules.malformed_cancel_ignored {
                self.refuse(None, RpcError::invalid_params("requestId is not a request id")).await;
            }
            return ControlFlow::Continue(());
        };
        let Some(flight) = self.take_off(id) else {
            cancel_by_request(&self.server, id);
            let completed =
                lock(&self.server.state.scratch.answered).get(&id.to_string()).is_some();
            if !rules.late_cancel_graceful && completed {
                return ControlFlow::Break(());
            }
            let ignored = if completed {
                rules.cancel_of_completed_ignored
            } else {
                rules.cancel_of_unknown_ignored
            };
            if !rules.cancel_of_unknown_ends_nothing {
                for (_, flight) in std::mem::take(&mut *lock(&self.in_flight)) {
                    flight.work.abort();
                }
            }
            if !ignored {
                self.refuse(Some(id), RpcError::invalid_params("no such request is in progress"))
                    .await;
            }
            return ControlFlow::Continue(());
        };
        let falsy = *id == json!(0) || *id == json!("");
        let deaf = if flight.listening {
            !rules.stdio_cancel_ends_listen || (falsy && !rules.stdio_cancel_ends_any_listen)
        } else {
            falsy && !rules.any_request_cancelled
        };
        if deaf {
            lock(&self.in_flight).insert(id.to_string(), flight);
            return ControlFlow::Continue(());
        }
        self.stop(id, flight, params.get("reason")).await;
        ControlFlow::Continue(())
    }

    /// What is in flight under this id, which is no longer.
    fn take_off(&self, id: &Value) -> Option<Flight> {
        let mut in_flight = lock(&self.in_flight);
        let of_another_type = match id {
            Value::String(text) => text.clone(),
            other => json!(other.to_string()).to_string(),
        };
        in_flight.remove(&id.to_string()).or_else(|| {
            let rules = &self.server.rules;
            (!rules.cancel_ids_by_type).then(|| in_flight.remove(&of_another_type)).flatten()
        })
    }

    async fn stop(&mut self, id: &Value, flight: Flight, reason: Option<&Value>) {
        let (rules, state) = (self.server.rules, Arc::clone(&self.server.state));
        let stops = rules.stdio_cancel_stops_work
            && rules.cancelled_work_stops
            && rules.cancelled_processing_ceases;
        if stops || flight.listening {
            flight.work.abort();
        }
        flight.outbox.muted.store(true, Ordering::Release);
        state.close_stream(id, &flight.outbox);
        if let Some(reason) = reason.and_then(Value::as_str) {
            let line = format!("plumb-reference: request {id} cancelled: {reason:?}\n");
            // Whoever closed the standard error does not want to know.
            let _ = tokio::io::stderr().write_all(line.as_bytes()).await;
        }
        if !rules.stdio_cancelled_request_silent
            && let Some(token) = flight.progress_token
        {
            let progress = json!({ "progressToken": token, "progress": 1_000_000 });
            let sender = self.sender.clone();
            tokio::spawn(async move {
                // Later than anything that may have been on its way.
                tokio::time::sleep(Duration::from_millis(1_200)).await;
                let _ = sender.send(notification("notifications/progress", progress)).await;
            });
        }
        if !rules.cancelled_request_unanswered && !flight.listening {
            self.refuse(Some(id), RpcError::internal("the request was cancelled")).await;
        }
        if !rules.cancelled_request_without_result && !flight.listening {
            let content = json!([{ "type": "text", "text": "cancelled" }]);
            let result = json!({ "resultType": "complete", "content": content, "isError": true });
            // A writer that is gone ends the process.
            let _ = self.sender.send(json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
        }
        if !rules.cancelled_resources_freed {
            lock(&state.scratch.leaked).push(vec![1; 1 << 20]);
        }
    }

    pub(super) async fn refuse(&self, id: Option<&Value>, error: RpcError) {
        // A writer that is gone ends the process.
        let _ = self.sender.send(dispatch::refusal(&self.server, id, error).message).await;
    }

    /// Ends subscriptions in order, lets quick requests finish, drops the rest.
    pub(super) async fn close(&mut self) {
        self.server.enter(Phase::Closing);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        // Whatever takes longer is lost, as it would be with the process.
        let _ = tokio::time::timeout(GRACE, finished).await;
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        lock(&self.in_flight).clear();
        self.server.enter(Phase::Closed);
    }
}
