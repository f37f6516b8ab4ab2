//! subscriptions/listen: a stream of changes, from the acknowledgment to the end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::call::Call;
use crate::features::resources;
use crate::features::tasks::{self, Watch};
use crate::lock::lock;
use crate::message::{RpcError, notification};
use crate::outbox::Outbox;
use crate::server::{Phase, Server};
use crate::state::{Event, State, StreamKind};
use crate::transport::Transport;

/// How often a lively server changes.
const LIFE: Duration = Duration::from_millis(200);

/// Acknowledges, then delivers until the client leaves or the server ends.
pub(crate) async fn listen(call: &Call) -> Result<Value, RpcError> {
    let (rules, state) = (call.rules(), &call.server.state);
    let filter = Filter::parse(call)?;
    let tasks = Watch::parse(call)?;
    let mut changes = state.events.subscribe();
    let _remains = Remains {
        call_id: call.id.clone(),
        server: Arc::clone(&call.server),
        filter: filter.clone(),
    };
    lock(&state.scratch.subscribed_on).replace(call.connection.serial);

    if !rules.ack_first {
        send(call, "notifications/tools/list_changed", json!({})).await;
    }
    if !rules.nothing_before_ack {
        let _ =
            tokio::time::timeout(Duration::from_millis(50), deliver(call, &filter, &mut changes))
                .await;
    }
    let mut ack = json!({ "notifications": filter.acknowledged(call) });
    if let Some(tasks) = &tasks {
        ack["notifications"]["taskIds"] = tasks.agreed(call);
    }
    if !rules.ack_shape {
        ack = json!({});
    }
    send(call, "notifications/subscriptions/acknowledged", ack).await;
    if !rules.listen_stream_without_progress {
        send(call, "notifications/progress", json!({ "progressToken": "listen", "progress": 1 }))
            .await;
    }
    if !rules.only_known_directions {
        call.outbox
            .send(
                json!({ "jsonrpc": "2.0", "id": "roots-1", "method": "roots/list", "params": {} }),
            )
            .await;
    }

    tokio::select! {
        biased;
        () = call.server.reached(Phase::Closing) => {}
        () = deliver(call, &filter, &mut changes) => {}
        () = tasks::deliver(call, tasks) => {}
    }
    Ok(tear_down(call).await)
}

/// A change as it looks to somebody who did not subscribe to it.
pub(crate) fn unasked(event: &Event) -> Value {
    let (method, params) = describe(event);
    notification(method, params)
}

/// What a client wants to hear of.
#[derive(Clone)]
struct Filter {
    asked: Map<String, Value>,
}

impl Filter {
    const FLAGS: [&str; 3] = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];

    fn parse(call: &Call) -> Result<Self, RpcError> {
        let Some(Value::Object(asked)) = call.params.get("notifications") else {
            return Err(call.malformed("notifications is not an object"));
        };
        if Self::FLAGS.iter().any(|flag| asked.get(*flag).is_some_and(|value| !value.is_boolean()))
        {
            return Err(call.malformed("a flag of notifications is not a boolean"));
        }
        let uris = asked.get("resourceSubscriptions");
        if uris.is_some_and(|uris| {
            !uris.as_array().is_some_and(|uris| uris.iter().all(Value::is_string))
        }) {
            return Err(call.malformed("resourceSubscriptions is not a list of strings"));
        }
        if asked.is_empty() && call.server.options.empty_listen_refused {
            return Err(call.malformed("notifications asks for nothing"));
        }
        Ok(Self { asked: asked.clone() })
    }

    /// The subset that the server honours.
    fn acknowledged(&self, call: &Call) -> Value {
        let (rules, offered) = (call.rules(), call.server.options.features);
        let announces = call.server.options.restless_lists.is_none();
        let mut agreed = Map::new();
        for (flag, offered) in
            Self::FLAGS.into_iter().zip([offered.tools, offered.prompts, offered.resources])
        {
            let asked = match self.asked.get(flag) {
                Some(Value::Bool(asked)) => *asked || !rules.ack_declines_false,
                _ => false,
            };
            if offered && announces && asked && rules.ack_names_all {
                agreed.insert(flag.into(), json!(true));
            }
        }
        if !rules.ack_nothing_more {
            agreed.insert("resourcesListChanged".into(), json!(true));
        }
        let watched = self.asked.get("resourceSubscriptions");
        if let Some(uris) = watched.filter(|_| offered.resources && announces) {
            let mut uris = uris.clone();
            if let (Some(principal), Some(uris)) = (&call.principal, uris.as_array_mut()) {
                let foreign = |uri: &str| {
                    resources::belongs_to(uri).is_some_and(|subject| subject != principal.subject)
                };
                uris.retain(|uri| {
                    !rules.subscriptions_guarded || !uri.as_str().is_some_and(foreign)
                });
            }
            agreed.insert("resourceSubscriptions".into(), uris);
        }
        Value::Object(agreed)
    }

    fn wants(&self, call: &Call, event: &Event) -> bool {
        let rules = call.rules();
        let flag = |name: &str| match self.asked.get(name) {
            Some(Value::Bool(true)) => true,
            Some(_) => !rules.false_is_not_subscribed || !rules.filter_kept,
            None => !rules.filter_kept,
        };
        match event {
            Event::ToolsChanged => flag("toolsListChanged") && rules.tools_list_changed_sent,
            Event::PromptsChanged => flag("promptsListChanged") && rules.prompts_list_changed_sent,
            Event::ResourcesChanged => {
                flag("resourcesListChanged") && rules.resources_list_changed_sent
            }
            Event::Updated(uri) => {
                let uris = self.asked.get("resourceSubscriptions").and_then(Value::as_array);
                let watched = uris.is_some_and(|uris| uris.iter().any(|watched| watched == uri));
                let any = !rules.resource_filter_kept && uris.is_some();
                (watched || any) && rules.updates_sent && (rules.watched_changes_delivered || any)
            }
        }
    }
}

/// Delivers changes for as long as there can be any.
async fn deliver(call: &Call, filter: &Filter, changes: &mut broadcast::Receiver<Event>) {
    let mut life = tokio::time::interval(LIFE);
    life.tick().await;
    loop {
        let event = tokio::select! {
            event = changes.recv() => event,
            _ = life.tick(), if call.server.options.lively => {
                for event in [Event::ToolsChanged, Event::Updated(resources::WATCHED.to_owned())] {
                    if filter.wants(call, &event) {
                        let (method, params) = describe(&event);
                        send(call, method, params).await;
                    }
                }
                continue;
            }
        };
        match event {
            Ok(event) if filter.wants(call, &event) => {
                if matches!(event, Event::Updated(_)) && !call.rules().updates_change_no_list {
                    let (method, params) = describe(&Event::ResourcesChanged);
                    send(call, method, params).await;
                }
                let (method, mut params) = describe(&event);
                if !call.rules().updated_shape
                    && let Some(params) = params.as_object_mut()
                {
                    params.shift_remove("uri");
                }
                send(call, method, params).await;
            }
            // A list that changed while it was being reported changed: nothing is lost.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// The server ends the subscription.
async fn tear_down(call: &Call) -> Value {
    let rules = call.rules();
    if rules.teardown_cancels {
        let id =
            if rules.teardown_names_listen { call.id.clone() } else { json!("some-other-request") };
        send(
            call,
            "notifications/cancelled",
            json!({ "requestId": id, "reason": "the server stops" }),
        )
        .await;
    }
    if !rules.listen_ends_with_result {
        // The stream is cut when the grace is over.
        std::future::pending::<()>().await;
    }
    if rules.listen_result_tagged {
        json!({ "_meta": { "io.modelcontextprotocol/subscriptionId": subscription_id(call) } })
    } else {
        json!({})
    }
}

pub(super) async fn send(call: &Call, method: &str, mut params: Value) {
    if call.rules().subscription_id_sent {
        params["_meta"] =
            json!({ "io.modelcontextprotocol/subscriptionId": subscription_id(call) });
    }
    call.notify(method, params).await;
}

fn subscription_id(call: &Call) -> Value {
    match &call.id {
        Value::Number(id) if !call.rules().subscription_id_type => json!(id.to_string()),
        id => id.clone(),
    }
}

fn describe(event: &Event) -> (&'static str, Value) {
    match event {
        Event::ToolsChanged => ("notifications/tools/list_changed", json!({})),
        Event::PromptsChanged => ("notifications/prompts/list_changed", json!({})),
        Event::ResourcesChanged => ("notifications/resources/list_changed", json!({})),
        Event::Updated(uri) => ("notifications/resources/updated", json!({ "uri": uri })),
    }
}

/// What mutants do with a subscription that ended.
struct Remains {
    call_id: Value,
    server: Arc<Server>,
    filter: Filter,
}

impl Drop for Remains {
    fn drop(&mut self) {
        let (rules, state) = (&self.server.rules, &self.server.state);
        if !rules.listen_scope {
            lock(&state.scratch.orphan).replace(state.events.subscribe());
        }
        if !rules.closed_subscription_ends
            && self.filter.asked.values().any(|value| *value == json!(true))
        {
            // Without a runtime there are no streams left to haunt.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(haunt(Arc::clone(state), self.call_id.clone()));
            }
        }
    }
}

/// Goes on delivering for a subscription whose stream is closed, on whatever other streams there are.
async fn haunt(state: Arc<State>, id: Value) {
    let mut changes = state.events.subscribe();
    let nobody = Outbox::new(tokio::sync::mpsc::channel(1).0);
    while let Ok(event) = changes.recv().await {
        let (method, mut params) = describe(&event);
        params["_meta"] = json!({ "io.modelcontextprotocol/subscriptionId": id });
        state.leak(StreamKind::Response, &nobody, &notification(method, params.clone()));
        state.leak_as_is(&notification(method, params));
    }
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
