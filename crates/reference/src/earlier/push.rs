//! What the server asks of its clients, and what it says unasked.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Asker, Earlier, lock};

/// A client gets so long to answer.
const PATIENCE: Duration = Duration::from_secs(3);

impl Earlier {
    /// Asks the client of a call, on the way of its answer.
    pub(super) async fn ask(&self, asker: &Asker, method: &str, params: Value) -> Option<Value> {
        let id = self.next();
        let (tell, told) = oneshot::channel();
        lock(&self.waiting).insert(id, tell);
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        asker.way.as_ref()?.send(message).ok()?;
        let answer = timeout(PATIENCE, told).await;
        lock(&self.waiting).remove(&id);
        answer.ok()?.ok()
    }

    /// Takes the answer of a client.
    pub(super) fn answered(&self, message: &Value) {
        let waiting = message["id"].as_u64().and_then(|id| lock(&self.waiting).remove(&id));
        if let Some(tell) = waiting {
            // Who waited may be gone.
            let _ = tell.send(message.clone());
        }
    }

    /// Says something on the way of an answer.
    pub(super) fn say(asker: &Asker, method: &str, params: &Value) {
        if let Some(way) = &asker.way {
            // The client may be gone.
            let _ = way.send(json!({"jsonrpc": "2.0", "method": method, "params": params}));
        }
    }

    /// Asks a client for its roots, on the stream that it has open.
    pub(super) fn ask_for_roots(&self, session: Option<&str>) {
        let message = json!({"jsonrpc": "2.0", "id": self.next(), "method": "roots/list"});
        let sessions = self.sessions();
        let key = session.unwrap_or_default();
        if let Some(stream) = sessions.get(key).and_then(|s| s.stream.as_ref()) {
            // The client may be gone.
            let _ = stream.send(message);
        }
    }

    /// What the tool `ask` does before it answers; an error ends the call.
    pub(super) async fn before_answer(&self, asker: &Asker) -> Result<(), Value> {
        let by_url = json!({"message": "?", "mode": "url", "url": "https://example.com", "elicitationId": "1"});
        let form = json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}});
        let mut sampling = json!({"messages": [], "maxTokens": 1});
        if self.has("deprecated.include-context") {
            sampling["includeContext"] = json!("allServers");
        }
        let wanted = [
            (
                &["push.sampling", "deprecated.sampling", "deprecated.include-context"][..],
                "sampling/createMessage",
                sampling,
            ),
            (&["push.elicitation"], "elicitation/create", form),
            (&["method.elicitation-complete"], "elicitation/create", by_url),
            (&["push.roots", "deprecated.roots"], "roots/list", json!({})),
        ];
        for (ways, method, params) in wanted {
            if self.has_any(ways) && self.ask(asker, method, params).await.is_none() {
                return Err(json!({"code": -32603, "message": "the client did not answer"}));
            }
        }
        let codes = [
            ("error.url-elicitation", -32042),
            ("error.reserved-codes", -32050),
            ("error.implementation-codes", -32005),
        ];
        let code = codes.iter().find(|(way, _)| self.has(way));
        code.map_or(Ok(()), |(_, code)| Err(json!({"code": code, "message": "not so"})))
    }
}
