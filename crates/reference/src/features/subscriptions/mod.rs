//! subscriptions/listen: a stream of changes, from the acknowledgment to the end.

pub(crate) mod change;
mod filter;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::call::Call;
use crate::features::resources::catalogue::WATCHED;
use crate::features::tagged::{send, subscription_id};
use crate::features::tasks::listen::{self as tasks, Watch};
use crate::lock::lock;
use crate::message::{RpcError, notification};
use crate::outbox::Outbox;
use crate::server::{Phase, Server};
use crate::state::{Event, State, StreamKind};

use self::change::describe;
use self::filter::Filter;

/// How often a lively server changes.
const LIFE: Duration = Duration::from_millis(200);

/// There are as many subscriptions as there may be; a code of the server's own.
const BUSY: i64 = 429;

/// Acknowledges, then delivers until the client leaves or the server ends.
pub(crate) async fn listen(call: &Call) -> Result<Value, RpcError> {
    let (rules, state) = (call.rules(), &call.server.state);
    let most = call.server.options.subscriptions_at_once;
    if most.is_some_and(|most| state.events.receiver_count() >= most) {
        return Err(RpcError::new(BUSY, "too many subscriptions are open"));
    }
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
        () = stir(call, &filter) => {}
        () = tasks::deliver(call, tasks) => {}
    }
    Ok(tear_down(call).await)
}

/// Tells of a change that nobody caused, where the rule is broken that says so; otherwise of nothing, for ever.
async fn stir(call: &Call, filter: &Filter) {
    if !call.rules().changes_have_a_cause && !filter.wants(call, &Event::PromptsChanged) {
        tokio::time::sleep(LIFE / 2).await;
        let (method, params) = describe(&Event::PromptsChanged);
        send(call, method, params).await;
    }
    std::future::pending::<()>().await;
}

/// Delivers changes for as long as there can be any.
async fn deliver(call: &Call, filter: &Filter, changes: &mut broadcast::Receiver<Event>) {
    let mut life = tokio::time::interval(LIFE);
    life.tick().await;
    loop {
        let event = tokio::select! {
            event = changes.recv() => event,
            _ = life.tick(), if call.server.options.lively => {
                for event in [Event::ToolsChanged, Event::Updated(WATCHED.to_owned())] {
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
