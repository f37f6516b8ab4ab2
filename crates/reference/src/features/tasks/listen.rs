//! Tasks on a subscription: each time one moves on, all of it is told.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::declaration::{declared, undeclared};
use super::lookup::find;
use super::script::View;
use super::shown::shown;
use crate::call::Call;
use crate::features::clock::{now, until};
use crate::features::tagged;
use crate::message::RpcError;

/// How often a directory is looked into that other processes write to.
const LOOK: Duration = Duration::from_millis(100);

/// The tasks of a subscription, and how each was last seen.
#[derive(Default)]
pub(crate) struct Watch {
    agreed: Vec<String>,
    seen: HashMap<String, String>,
}

impl Watch {
    /// What the client asks for, cut down to the tasks that there are.
    pub(crate) fn parse(call: &Call) -> Result<Option<Self>, RpcError> {
        let rules = call.rules();
        let Some(asked) = call.params.get("notifications").and_then(|all| all.get("taskIds"))
        else {
            return Ok(None);
        };
        let offered = call.server.options.features.tasks;
        let Some(asked) = asked.as_array().filter(|_| offered) else {
            return if offered { Err(call.malformed("taskIds is not a list")) } else { Ok(None) };
        };
        if !declared(call) {
            return if rules.task_listen_needs_extension {
                Err(undeclared(call))
            } else {
                Ok(None)
            };
        }
        let mut watch = Self::default();
        for id in asked {
            let Some(id) = id.as_str() else {
                return Err(call.malformed("taskIds is not a list of strings"));
            };
            if find(call, id).is_some() {
                watch.agreed.push(id.to_owned());
            }
        }
        watch.news(call);
        Ok(Some(watch))
    }

    /// The ids that the acknowledgment names.
    pub(crate) fn agreed(&self, call: &Call) -> Value {
        if call.rules().task_ack_ids {
            json!(self.agreed)
        } else {
            json!(call.server.state.tasks.slips.all())
        }
    }

    /// The tasks that moved on since the last look, and when to look again.
    fn news(&mut self, call: &Call) -> (Vec<Value>, Option<u64>) {
        let (mut news, mut next) = (Vec::new(), None::<u64>);
        let ids = if call.rules().task_notification_filter {
            self.agreed.clone()
        } else {
            call.server.state.tasks.slips.all()
        };
        for id in ids {
            let Some(record) = find(call, &id) else { continue };
            let view = View::of(&record, now());
            next = next.into_iter().chain(view.next).min();
            let keys: Vec<&str> = view.asks.iter().map(|(key, _)| *key).collect();
            let mark = format!("{} {} {keys:?}", view.status, view.since);
            if self.seen.get(&id) != Some(&mark) {
                news.push(shown(call, &record, &view, 0));
                self.seen.insert(id, mark);
            }
        }
        (news, next)
    }
}

/// Tells of every move, for as long as the subscription lasts.
pub(crate) async fn deliver(call: &Call, watch: Option<Watch>) {
    let Some(mut watch) = watch else { return std::future::pending().await };
    let mut changes = call.server.state.tasks.changes();
    loop {
        let (news, next) = watch.news(call);
        for task in news {
            tell(call, task).await;
        }
        let shared = call.server.state.tasks.is_shared();
        let pause = async {
            match next.map(until) {
                Some(pause) if shared => tokio::time::sleep(pause.min(LOOK)).await,
                Some(pause) => tokio::time::sleep(pause).await,
                None if shared => tokio::time::sleep(LOOK).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = changes.changed() => {}
            () = pause => {}
        }
    }
}

async fn tell(call: &Call, mut task: Value) {
    let rules = call.rules();
    if let Some(task) = task.as_object_mut().filter(|_| !rules.task_notification_complete) {
        for member in ["result", "error", "inputRequests"] {
            task.shift_remove(member);
        }
    }
    if !rules.task_listen_without_progress {
        let progress = json!({ "progressToken": task["taskId"], "progress": 1 });
        tagged::send(call, "notifications/progress", progress).await;
    }
    if rules.task_notification_tagged {
        tagged::send(call, "notifications/tasks", task).await;
    } else {
        call.notify("notifications/tasks", task).await;
    }
}
