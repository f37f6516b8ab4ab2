//! Opening a subscription on any lane, and what a target can be subscribed to.

pub mod trigger;

use std::time::Duration;

use plumb_runner::{Bench, Observed, Open, Probe, Prop, Survey, Trouble};
use plumb_wire::Capability;
use plumb_wire::jsonrpc::Message;
use plumb_wire::{codes, meta, method, notification};
use serde_json::{Map, Value, json};

use crate::quiet::Quiet;

/// The notification that opens a subscription.
pub const ACKNOWLEDGED: &str = notification::ACKNOWLEDGED;

/// An acknowledgment is awaited for so long.
pub const PATIENCE: Duration = Duration::from_secs(9);

/// A change that was caused is told of within this time, or a second one that is caused then.
pub const DELIVERY: Duration = Duration::from_secs(4);

/// A kind of change, how to be told of it, and how to cause it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The member of the filter.
    pub flag: &'static str,
    /// The capability that promises it.
    pub capability: Capability,
    /// The notification.
    pub method: &'static str,
    /// The tool that causes it.
    pub cause: Prop,
}

/// The changes of lists.
pub const CHANGES: [Change; 3] = [
    Change {
        flag: "toolsListChanged",
        capability: Capability::ToolsListChanged,
        method: notification::TOOLS_CHANGED,
        cause: Prop::ChangeTools,
    },
    Change {
        flag: "promptsListChanged",
        capability: Capability::PromptsListChanged,
        method: notification::PROMPTS_CHANGED,
        cause: Prop::ChangePrompts,
    },
    Change {
        flag: "resourcesListChanged",
        capability: Capability::ResourcesListChanged,
        method: notification::RESOURCES_CHANGED,
        cause: Prop::ChangeResources,
    },
];

/// The notification that a resource was updated.
pub const UPDATED: &str = notification::RESOURCE_UPDATED;

/// Everything that the target declares to notify of, as a filter; empty if nothing.
pub fn filter(survey: &Survey) -> Value {
    let declared = CHANGES.iter().filter(|c| survey.declares(c.capability));
    let mut filter: Map<String, Value> =
        declared.map(|c| (c.flag.to_owned(), json!(true))).collect();
    if survey.declares(Capability::ResourcesSubscribe)
        && let Some(uri) = some_uri(survey)
    {
        filter.insert("resourceSubscriptions".into(), json!([uri]));
    }
    Value::Object(filter)
}

/// Whether the target declares that there is something to subscribe to.
pub fn declares_changes(survey: &Survey) -> bool {
    CHANGES.iter().any(|c| survey.declares(c.capability))
        || survey.declares(Capability::ResourcesSubscribe)
}

/// A resource to watch.
pub fn some_uri(survey: &Survey) -> Option<String> {
    let watched = survey.prop(Prop::UpdateResource).and_then(|p| p.about.clone());
    watched.or_else(|| survey.prop(Prop::Resource).map(|r| r.name.clone()))
}

/// The changes that the target declares and that can be caused.
pub fn causable(survey: &Survey) -> Vec<Change> {
    let ready = |c: &&Change| survey.prop(c.cause).is_some() && survey.declares(c.capability);
    CHANGES.iter().filter(ready).copied().collect()
}

/// A subscription request.
pub fn request(filter: impl Into<Value>) -> Probe {
    let filter: Value = filter.into();
    Probe::request(method::LISTEN, json!({"notifications": filter}))
}

/// A server that has room for few subscriptions may learn that one has ended only after a while, and refuses another one until
/// then, whatever it lacks: so long after each other it is asked again.
pub const ROOM: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1_200)];

/// An open subscription, past its acknowledgment: the stream and the acknowledgment.
pub async fn listen(
    bench: &Bench,
    lane: &Quiet<'_>,
    filter: Value,
) -> Result<(Open, Message), Trouble> {
    listen_as(bench, lane, filter, None).await
}

/// As [`listen`], with an id of ours.
pub async fn listen_as(
    bench: &Bench,
    lane: &Quiet<'_>,
    filter: Value,
    id: Option<Value>,
) -> Result<(Open, Message), Trouble> {
    let probe = request(filter);
    let mut open = lane
        .open(match id {
            Some(id) => probe.id(id),
            None => probe,
        })
        .await?;
    // Over standard streams, what others subscribed to comes on the same output.
    let first = open.until(PATIENCE, |m| m.method() == Some(ACKNOWLEDGED) || m.is_response()).await;
    match first {
        Some(m) if m.method() == Some(ACKNOWLEDGED) => Ok((open, m)),
        other => {
            let seen = bench.close(open);
            let what = other.map_or_else(|| seen.describe(), |m| m.raw.lossy().into_owned());
            Err(unopened(&seen, &what))
        }
    }
}

/// Why there is no subscription. Whether it may be refused is judged once, by subs.supported.
fn unopened(seen: &Observed, what: &str) -> Trouble {
    let absent = |why: String, how: &str| Trouble::Absent { why, how_to_enable: how.into() };
    if seen.code() == Some(codes::METHOD_NOT_FOUND) {
        absent("the server has no `subscriptions/listen`".into(), "implement it")
    } else if seen.is_refused() {
        absent(format!("the subscription was refused: {what}"), "acknowledge it")
    } else {
        Trouble::Setup(format!("the subscription was not acknowledged: {what}"))
    }
}

/// The subscription that a message names.
pub fn subscription_id(message: &Message) -> Option<&Value> {
    message.meta()?.get(meta::SUBSCRIPTION_ID)
}

/// Whether the message came by this subscription, as far as it says.
pub fn comes_by(message: &Message, id: &Value) -> bool {
    subscription_id(message).is_none_or(|named| named == id)
}

/// Whether the message tells of a change.
pub fn tells_of_change(message: &Message) -> bool {
    message.method().is_some_and(|m| m == UPDATED || CHANGES.iter().any(|c| c.method == m))
}

/// A subscription past its acknowledgment; `None` if the server does not know the method.
pub async fn acknowledged(bench: &Bench, filter: Value) -> Result<Option<Open>, Trouble> {
    let probe = Probe::request(method::LISTEN, json!({"notifications": filter}));
    let mut open = bench.open(probe).await?;
    match open.next_within(Duration::from_secs(5)).await {
        Some(m) if m.method() == Some(notification::ACKNOWLEDGED) => Ok(Some(open)),
        Some(m) if m.code() == Some(codes::METHOD_NOT_FOUND) => {
            bench.close(open);
            Ok(None)
        }
        _ => {
            let seen = bench.close(open);
            let what = seen.describe();
            Err(unopened(&seen, &what))
        }
    }
}

#[cfg(test)]
mod tests {
    use plumb_recorded::{error, http};

    use super::*;

    #[test]
    fn a_subscription_that_is_refused_is_absent_and_one_that_hangs_is_in_doubt() {
        let judged = |status: u16, messages: &[Value]| {
            let seen = http(method::LISTEN, json!({"notifications": {}}), status, messages);
            unopened(&seen, &seen.describe())
        };
        for (status, code) in [(404, codes::METHOD_NOT_FOUND), (400, codes::INVALID_PARAMS)] {
            let trouble = judged(status, &[error(code)]);
            assert!(matches!(trouble, Trouble::Absent { .. }), "{trouble:?}");
        }
        for status in [200, 503] {
            let trouble = judged(status, &[]);
            assert!(matches!(trouble, Trouble::Setup(_)), "{trouble:?}");
        }
    }
}
