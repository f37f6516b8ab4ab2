//! Changes as notifications, and the mutants that send them to those who did not subscribe.

use serde_json::{Value, json};

use crate::call::Call;
use crate::lock::lock;
use crate::message::notification;
use crate::state::Event;
use crate::transport::Transport;

pub(super) fn describe(event: &Event) -> (&'static str, Value) {
    match event {
        Event::ToolsChanged => ("notifications/tools/list_changed", json!({})),
        Event::PromptsChanged => ("notifications/prompts/list_changed", json!({})),
        Event::ResourcesChanged => ("notifications/resources/list_changed", json!({})),
        Event::Updated(uri) => ("notifications/resources/updated", json!({ "uri": uri })),
    }
}

/// A change as it looks to somebody who did not subscribe to it.
pub(crate) fn unasked(event: &Event) -> Value {
    let (method, params) = describe(event);
    notification(method, params)
}

impl Call {
    /// Tells the caller of a change that it did not subscribe to, if the server is that kind of mutant.
    pub(crate) async fn blurt(&self, event: &Event) {
        let alone =
            self.transport == Transport::Stdio || self.server.state.events.receiver_count() == 0;
        let elsewhere = |serial: &u64| *serial != self.connection.serial;
        let before = lock(&self.server.state.scratch.subscribed_on).filter(elsewhere);
        let resumed = !self.rules().reconnection_subscribes_to_nothing && before.is_some();
        if (!self.rules().changes_only_to_listeners || resumed) && alone {
            self.outbox.send(unasked(event)).await;
        }
    }
}
