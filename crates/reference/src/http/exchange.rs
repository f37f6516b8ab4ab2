//! One request over HTTP: work, notifications before the response, and the client that may leave.
//!
//! The work belongs to the response body. A client that disconnects drops the body, and with it the work.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::answer::Answer;
use crate::call::Call;
use crate::dispatch;
use crate::lock::lock;
use crate::message::{RpcError, notification};
use crate::options::SseMode;
use crate::outbox::Outbox;
use crate::server::{Phase, Server};
use crate::state::StreamKind;

use super::reply;

/// Works on the call and answers with a JSON object or an event stream, as the server's options and its work have it.
pub(super) async fn run(call: Call, inbox: mpsc::Receiver<Value>, headers: &HeaderMap) -> Response {
    let server = Arc::clone(&call.server);
    let listening = call.method == "subscriptions/listen";
    let kind = if listening { StreamKind::Listen } else { StreamKind::Response };
    server.state.open_stream(kind, &call.id, &call.outbox);
    let client = Client::of(&call);
    let mut work = start(call);
    let mode = if listening { SseMode::Always } else { server.options.sse };
    let replayed = (!server.rules.streams_not_resumable && headers.contains_key("last-event-id"))
        .then(|| lock(&server.state.scratch.last_event).clone())
        .flatten();

    let mut exchange = Exchange {
        server,
        work: None,
        inbox,
        ready: replayed.into_iter().collect(),
        client,
        ended: false,
    };
    if mode == SseMode::Never {
        let answer = loop {
            tokio::select! {
                biased;
                Some(_) = exchange.inbox.recv() => {}
                answer = &mut work => break answer,
            }
        };
        exchange.client.served();
        return reply::json(&exchange.server, &answer);
    }
    let status = tokio::select! {
        biased;
        Some(first) = exchange.inbox.recv() => {
            exchange.push(&first);
            exchange.work = Some(work);
            200
        }
        answer = &mut work => {
            exchange.drain();
            let crashed = answer.message.is_null() && !listening;
            if (mode == SseMode::WhenStreaming || crashed) && exchange.ready.is_empty() {
                exchange.client.served();
                return reply::json(&exchange.server, &answer);
            }
            exchange.finish(&answer);
            reply::status_of(&exchange.server, &answer)
        }
    };
    let server = Arc::clone(&exchange.server);
    let events = futures_util::stream::unfold(exchange, |mut exchange| async move {
        let chunk = exchange.next().await?;
        Some((Ok::<_, Infallible>(chunk), exchange))
    });
    reply::stream(&server, status, Body::from_stream(events))
}

type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// An event stream that is being written.
struct Exchange {
    server: Arc<Server>,
    /// `None` once there is an answer.
    work: Option<Work>,
    inbox: mpsc::Receiver<Value>,
    ready: VecDeque<Bytes>,
    client: Client,
    ended: bool,
}

impl Exchange {
    /// The next bytes to write, `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            if self.ended {
                return None;
            }
            let keep_alive = tokio::time::sleep(self.server.options.keep_alive);
            tokio::select! {
                biased;
                message = self.inbox.recv() => match message {
                    Some(message) => self.push(&message),
                    None => match self.work.take() {
                        // Work of its own task is done a moment before its answer is there.
                        Some(work) => self.finish(&work.await),
                        None => self.hang_up().await,
                    },
                },
                answer = async { match &mut self.work { Some(work) => work.await, None => std::future::pending().await } } => {
                    self.work = None;
                    self.drain();
                    self.finish(&answer);
                }
                () = keep_alive => return Some(reply::comment(&self.server)),
            }
        }
    }

    fn push(&mut self, message: &Value) {
        let event = reply::event(&self.server, message);
        if !self.server.rules.streams_not_resumable {
            *lock(&self.server.state.scratch.last_event) = Some(event.clone());
        }
        self.ready.push_back(event);
    }

    /// Takes over what was sent before the answer.
    fn drain(&mut self) {
        while let Ok(message) = self.inbox.try_recv() {
            self.push(&message);
        }
    }

    fn finish(&mut self, answer: &Answer) {
        // A subscription that is cut has no answer.
        if !answer.message.is_null() && !self.client.goes_without() {
            self.push(&answer.message);
        }
        self.client.served();
    }

    /// Everyone who could send something is gone.
    async fn hang_up(&mut self) {
        self.ended = true;
        if !self.server.rules.response_ends_stream {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        if self.client.listening && !self.server.rules.closes_after_listen_result {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
}

/// Begins the work. What is returned stops it when dropped.
fn start(call: Call) -> Work {
    let server = Arc::clone(&call.server);
    let rules = server.rules;
    let id = call.id.clone();
    let listening = call.method == "subscriptions/listen";
    let cut_short = {
        let server = Arc::clone(&server);
        async move {
            tokio::select! {
                () = server.reached(Phase::Closed) => {}
                () = server.state.scratch.cancel_everything.notified(), if !listening => {}
            }
            if listening {
                return Answer { message: Value::Null, status: 200 };
            }
            dispatch::refusal(&server, Some(&id), RpcError::internal("the server stops"))
        }
    };
    let work = async move {
        tokio::select! {
            answer = dispatch::answer(call) => answer,
            answer = cut_short => answer,
        }
    };
    let stops =
        rules.disconnect_cancels && rules.cancelled_work_stops && rules.cancelled_processing_ceases;
    match listening {
        false if !stops => detached(work, None),
        false if !rules.disconnect_stops_work_soon => {
            detached(work, Some(Duration::from_millis(1_500)))
        }
        _ => Box::pin(work),
    }
}

/// A mutant's work goes on when nobody waits for it any more, for good or for a while.
fn detached(
    work: impl Future<Output = Answer> + Send + 'static,
    patience: Option<Duration>,
) -> Work {
    let task = tokio::spawn(work);
    let last_orders = patience.map(|patience| LastOrders { task: task.abort_handle(), patience });
    Box::pin(async move {
        let _last_orders = last_orders;
        task.await.unwrap_or_else(|_| Answer { message: json!(null), status: 500 })
    })
}

struct LastOrders {
    task: tokio::task::AbortHandle,
    patience: Duration,
}

impl Drop for LastOrders {
    fn drop(&mut self) {
        let (task, patience) = (self.task.clone(), self.patience);
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            task.abort();
        });
    }
}

/// The client at the other end. Dropped before it was served, it has left.
struct Client {
    server: Arc<Server>,
    progress_token: Option<Value>,
    listening: bool,
    waiting: bool,
}

impl Client {
    fn of(call: &Call) -> Self {
        Self {
            server: Arc::clone(&call.server),
            progress_token: call.meta.progress_token.clone(),
            listening: call.method == "subscriptions/listen",
            waiting: true,
        }
    }

    /// Whether it is left without a response.
    fn goes_without(&self) -> bool {
        let told_by_name = self.progress_token.as_ref().is_some_and(Value::is_string);
        told_by_name && !self.server.rules.streams_end_in_response
    }

    fn served(&mut self) {
        self.waiting = false;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !self.waiting {
            return;
        }
        let (state, rules) = (&self.server.state, &self.server.rules);
        if !(rules.cancelled_http_request_silent && rules.disconnect_cancels)
            && let Some(token) = &self.progress_token
        {
            let farewell = json!({ "progressToken": token, "progress": 1_000_000, "message": "nobody is left" });
            let nobody = Outbox::new(mpsc::channel(1).0);
            state.leak(
                StreamKind::Listen,
                &nobody,
                &notification("notifications/progress", farewell.clone()),
            );
            state.leak(
                StreamKind::Response,
                &nobody,
                &notification("notifications/progress", farewell),
            );
        }
        if !rules.disconnect_cancels_one_request {
            state.scratch.cancel_everything.notify_waiters();
        }
        if !rules.cancelled_resources_freed {
            lock(&state.scratch.leaked).push(vec![1; 1 << 20]);
        }
    }
}
