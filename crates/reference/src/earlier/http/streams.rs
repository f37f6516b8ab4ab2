//! Streams of events: answers, what the server says unasked, and what it sends again.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::{Asker, Earlier, lock};
use super::{events, field};

impl Earlier {
    /// Answers on a stream, on which the server can ask, too.
    pub(super) fn streamed(self: Arc<Self>, asker: Asker, message: Value) -> Response {
        let (write, written) = mpsc::unbounded_channel::<String>();
        let (way, mut said) = mpsc::unbounded_channel::<Value>();
        let server = Arc::clone(&self);
        tokio::spawn(async move {
            if server.has("stream.retry-polling") {
                // The client may be gone, here and below.
                let _ = write.send("retry: 50\n\n".to_owned());
            }
            if server.has_any(&["stream.event-ids", "stream.replay"]) {
                let _ = write.send(server.event(&Value::Null));
            }
            let asker = Asker { way: Some(way), ..asker };
            let answering = server.answer(&asker, &message);
            tokio::pin!(answering);
            let answer = loop {
                tokio::select! {
                    biased;
                    Some(said) = said.recv() => { let _ = write.send(server.event(&said)); }
                    answer = &mut answering => break answer,
                }
            };
            while let Ok(said) = said.try_recv() {
                let _ = write.send(server.event(&said));
            }
            let _ = write.send(server.event(&answer));
        });
        events(written)
    }

    /// The event of a message; the first of a stream has none, and only gives an id to go on from.
    fn event(&self, message: &Value) -> String {
        let mut all = lock(&self.events);
        all.push(message.clone());
        let data = if message.is_null() { String::new() } else { message.to_string() };
        if self.has_any(&["stream.event-ids", "stream.replay"]) {
            format!("id: {}\ndata: {data}\n\n", all.len())
        } else {
            format!("data: {data}\n\n")
        }
    }

    /// The stream of a client, or what comes after an event.
    pub(super) fn get(&self, headers: &HeaderMap) -> Response {
        if let Some(last) = field(headers, "last-event-id").and_then(|id| id.parse::<usize>().ok())
            && self.has("stream.replay")
        {
            let (write, written) = mpsc::unbounded_channel();
            for message in lock(&self.events).iter().skip(last).take(1) {
                // The other half is here.
                let _ = write.send(format!("data: {message}\n\n"));
            }
            return events(written);
        }
        let streams = ["stream.get", "push.outside-call", "method.roots-list-changed"];
        if !self.has_any(&streams) {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let (write, written) = mpsc::unbounded_channel();
        if self.has("ids-on-get") {
            // The other half is here.
            let _ = write.send("id: get-1\ndata: \n\n".to_owned());
        }
        let (way, mut said) = mpsc::unbounded_channel::<Value>();
        let session = field(headers, "mcp-session-id").unwrap_or_default();
        self.sessions().entry(session.to_owned()).or_default().stream = Some(way);
        tokio::spawn(async move {
            while let Some(message) = said.recv().await {
                if write.send(format!("data: {message}\n\n")).is_err() {
                    break;
                }
            }
        });
        if self.has("push.outside-call") {
            self.ask_for_roots(Some(session));
        }
        events(written)
    }
}

/// The beginning of a stream of 2024-11-05.
pub(super) fn of_2024() -> Response {
    let (write, written) = mpsc::unbounded_channel();
    // The other half is here.
    let _ = write.send("event: endpoint\ndata: /messages\n\n".to_owned());
    events(written)
}
