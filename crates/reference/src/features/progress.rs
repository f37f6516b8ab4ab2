//! notifications/progress, for requests that carry a token.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::sync::mpsc::WeakSender;

use crate::call::Call;
use crate::lock::lock;
use crate::message::notification;
use crate::state::StreamKind;

impl Call {
    /// Reports that `done` of `total` is done.
    pub(crate) async fn progress(&self, done: u32, total: u32, message: &str) {
        let rules = self.rules();
        if self.meta.progress_token.is_none() && rules.progress_only_known_tokens {
            return;
        }
        if !rules.requests_only_from_clients && self.progressed.load(Ordering::Relaxed) == 0 {
            self.outbox
                .send(json!({ "jsonrpc": "2.0", "id": "ping-1", "method": "ping", "params": {} }))
                .await;
        }
        self.progressed.fetch_add(1, Ordering::Relaxed);
        let mut report = report(self, done);
        let params = &mut report["params"];
        if self.server.options.fractional_progress {
            params["progress"] = json!(f64::from(done) / f64::from(total.max(1)));
        } else {
            params["total"] = json!(total);
            params["message"] = json!(message);
        }
        if !rules.progress_shape {
            params["progress"] = json!(format!("{done}/{total}"));
        }
        if !rules.progress_increases {
            params["progress"] = json!(1);
        }
        let state = &self.server.state;
        if !rules.notifications_stay_on_stream {
            state.leak(StreamKind::Response, &self.outbox, &report);
        }
        if !rules.listen_stream_for_changes_only {
            state.leak(StreamKind::Listen, &self.outbox, &report);
        }
        let token = report["params"]["progressToken"].to_string();
        let last = lock(&state.scratch.reporters).get(&token).and_then(WeakSender::upgrade);
        match last.filter(|_| !rules.progress_told_by_request) {
            Some(last) => _ = last.send(report).await,
            None => self.outbox.send(report).await,
        }
    }
}

/// A progress notification of the request.
pub(crate) fn report(call: &Call, done: u32) -> Value {
    let rules = call.rules();
    let token = call.meta.progress_token.clone().unwrap_or_else(|| json!("nobody-asked"));
    let token = match token {
        _ if !rules.progress_token_given => json!("operation-1"),
        token if rules.progress_token_echoed || token.is_string() => token,
        token => json!(token.to_string()),
    };
    let mut report =
        notification("notifications/progress", json!({ "progressToken": token, "progress": done }));
    if !rules.notifications_without_id {
        report["id"] = json!(format!("progress-{done}"));
    }
    report
}
