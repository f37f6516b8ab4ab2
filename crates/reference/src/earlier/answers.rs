//! What is answered to each method, in both eras.

use serde_json::{Value, json};

use super::{Asker, Earlier, Session};
use crate::revision::{PREVIOUS, SERVED};

/// The revisions that the handshake is taken in.
const SPOKEN: [&str; 3] = [PREVIOUS, "2025-06-18", "2025-03-26"];

impl Earlier {
    /// The response to a request.
    pub(super) async fn answer(&self, asker: &Asker, request: &Value) -> Value {
        let outcome = if asker.modern {
            self.modern(asker, request).await
        } else {
            self.legacy(asker, request).await
        };
        let id = &request["id"];
        match outcome {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
        }
    }

    async fn modern(&self, asker: &Asker, request: &Value) -> Result<Value, Value> {
        let method = request["method"].as_str().unwrap_or_default();
        if self.has("sdk.version") || self.has("core.request-meta") && method != "server/discover" {
            return Err(json!({"code": -32600, "message": "Bad Request: Server not initialized"}));
        }
        let mut result = match method {
            "server/discover" if !self.has("core.discover") => json!({
                "supportedVersions": [SERVED, PREVIOUS],
                "capabilities": self.capabilities(),
            }),
            "server/discover" => return Err(unknown()),
            _ => self.shared(asker, request).await?,
        };
        if !self.has("core.result-type") {
            result["resultType"] = json!("complete");
        }
        let cacheable = method.ends_with("list") || method == "server/discover";
        if cacheable && !self.has("cache.facts") {
            result["ttlMs"] = json!(0);
            result["cacheScope"] = json!("private");
        }
        Ok(result)
    }

    async fn legacy(&self, asker: &Asker, request: &Value) -> Result<Value, Value> {
        match request["method"].as_str().unwrap_or_default() {
            "initialize" => Ok(self.welcome(request)),
            "ping" if self.has("method.ping") => Ok(json!({})),
            "logging/setLevel"
                if self.has_any(&["method.logging-set-level", "session.log-level-bound"]) =>
            {
                let logs = request["params"]["level"] == "debug";
                self.with_session(asker, |session| session.logs = logs);
                Ok(json!({}))
            }
            "resources/subscribe" | "resources/unsubscribe"
                if self.has_any(&["method.resources-subscribe", "session.subscription-bound"]) =>
            {
                Ok(json!({}))
            }
            "tasks/list" if self.has("tasks.core") => Ok(json!({"tasks": []})),
            _ => self.shared(asker, request).await,
        }
    }

    async fn shared(&self, asker: &Asker, request: &Value) -> Result<Value, Value> {
        let params = &request["params"];
        match request["method"].as_str().unwrap_or_default() {
            "tools/list" => self.tools(asker, params["cursor"].as_str()),
            "tools/call" => self.call(asker, params["name"].as_str().unwrap_or_default()).await,
            "resources/list" => Ok(self.resources()),
            "resources/templates/list" => Ok(json!({"resourceTemplates": []})),
            "resources/read" => {
                let code = if self.has("error.resource-not-found") { -32002 } else { -32602 };
                Err(json!({"code": code, "message": "no such resource"}))
            }
            "prompts/list" => Ok(json!({"prompts": [{"name": "greet"}]})),
            _ => Err(unknown()),
        }
    }

    async fn call(&self, asker: &Asker, name: &str) -> Result<Value, Value> {
        if name == "ask" {
            self.before_answer(asker).await?;
        }
        self.with_session(asker, |session| session.calls += 1);
        let logs = self.has("session.log-level-bound") && self.with_session(asker, |s| s.logs);
        if logs || self.has("log.unasked") {
            Self::say(asker, "notifications/message", &json!({"level": "info", "data": "looked"}));
        }
        let text = match name {
            "look" if self.has("session.result-bound") => asker.session.clone().unwrap_or_default(),
            "look" if self.has("tools.output-schema") => json!({"seen": true}).to_string(),
            _ => "looked".to_owned(),
        };
        Ok(json!({"content": [{"type": "text", "text": text}]}))
    }

    fn welcome(&self, request: &Value) -> Value {
        let asked = request["params"]["protocolVersion"].as_str().unwrap_or_default();
        let version = SPOKEN.into_iter().find(|spoken| *spoken == asked).unwrap_or(PREVIOUS);
        json!({
            "protocolVersion": version,
            "capabilities": self.capabilities(),
            "serverInfo": {"name": "plumb-earlier", "version": env!("CARGO_PKG_VERSION")},
        })
    }

    fn capabilities(&self) -> Value {
        let mut all = json!({"tools": {}, "resources": {}, "prompts": {}});
        if self.has("push.list-changed") {
            all["tools"]["listChanged"] = json!(true);
        }
        if self.has_any(&["deprecated.logging", "log.unasked"]) {
            all["logging"] = json!({});
        }
        if self.has("tasks.core") {
            all["tasks"] = json!({"list": {}});
        }
        all
    }

    /// Changes what is remembered of a session; without one, nothing is.
    pub(super) fn with_session<T: Default>(
        &self,
        asker: &Asker,
        change: impl FnOnce(&mut Session) -> T,
    ) -> T {
        let mut sessions = self.sessions();
        let session = asker.session.as_ref().and_then(|id| sessions.get_mut(id));
        session.map(change).unwrap_or_default()
    }
}

fn unknown() -> Value {
    json!({"code": -32601, "message": "no such method"})
}
