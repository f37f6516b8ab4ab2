//! notifications/message, for requests that carry a level.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::call::Call;
use crate::lock::next;
use crate::message::notification;
use crate::meta::Level;
use crate::state::StreamKind;

impl Call {
    /// Logs on the stream of this request, if it asked for this level.
    #[expect(clippy::too_many_lines, reason = "one rule of log messages after the other")]
    pub(crate) async fn log(&self, level: Level, logger: &str, data: Value) {
        let rules = self.rules();
        if !self.server.options.features.logging {
            return;
        }
        match self.meta.log_level {
            None if rules.no_logs_without_level => return,
            Some(least) if level < least && rules.log_threshold => return,
            _ => {}
        }
        let logger = if rules.logger_names_consistent {
            logger.to_owned()
        } else {
            format!("{logger}-{}", next(&self.server.state.scratch.loggers))
        };
        let mut log = notification(
            "notifications/message",
            json!({ "level": level.name(), "logger": logger, "data": data }),
        );
        if !rules.log_shape
            && let Some(params) = log["params"].as_object_mut()
        {
            params.shift_remove("data");
        }
        if !rules.logs_hide_internals {
            log["params"]["data"] = json!(
                "panicked at /srv/plumb/crates/reference/src/main.rs:42:13\n   0: rust_begin_unwind"
            );
        }
        if !rules.logs_without_passwords {
            log["params"]["data"] =
                json!({ "connecting": { "user": "plumb", "password": "lead-on-a-line-7" } });
        }
        if !rules.logs_without_environment {
            log["params"]["data"] = json!({
                "env": { "DEPLOY_SECRET_ACCESS_KEY": "wJalrXUtnFEMI7K7MDENGbPxRfiCY1" }
            });
        }
        if !rules.logs_name_nobody {
            log["params"]["data"] = json!({
                "user": { "name": "Ada", "email": "ada.l@example.com" }
            });
        }
        if !rules.logs_without_keys {
            log["params"]["data"] = json!({
                "text": "signing with -----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----"
            });
        }
        if let Some(principal) = self.principal.as_ref().filter(|_| !rules.logs_without_credentials)
        {
            log["params"]["data"] = json!(format!("Authorization: Bearer {}", principal.token));
        }
        if !rules.logs_hide_personal_data {
            log["params"]["data"] = json!({ "message": log["params"]["data"], "arguments": self.params.get("arguments") });
        }
        self.logged.store(true, Ordering::Relaxed);
        let state = &self.server.state;
        if !rules.logs_on_own_stream {
            state.leak(StreamKind::Response, &self.outbox, &log);
        }
        if !rules.logs_not_on_listen_stream {
            state.leak(StreamKind::Listen, &self.outbox, &log);
        }
        self.outbox.send(log).await;
    }
}
