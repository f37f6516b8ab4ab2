//! Tools that change something, whatever their names: it is listened while tools are called that may be, and what is heard is
//! laid at the door of the call that brings it twice, while idling brings nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use plumb_wire::Capability;
use plumb_wire::jsonrpc::Message;
use plumb_wire::notification;
use serde_json::{Map, Value, json};

use super::callable::{Callable, call};
use super::ears::{Ears, listen};
use crate::channel::Channel;
use crate::{Found, Observed, Prop, Survey, sample};

/// What a call changes is told within so long.
pub(super) const TOLD: Duration = Duration::from_millis(500);

/// What was changed before is told within so long.
pub(super) const SETTLED: Duration = Duration::from_millis(300);

/// What changes by itself shows within so long.
const IDLE: Duration = Duration::from_millis(1_500);

/// At most so many tools are called to find out which one it was.
const CALLS: usize = 24;

/// So few are called one by one at once.
const FEW: usize = 3;

/// At most so many tools are told the URI of a resource.
const TOLD_A_URI: usize = 8;

/// At most so many resources are subscribed to.
const SUBSCRIBED: usize = 16;

/// A change that a notification told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) prop: Prop,
    /// The resource, if one was updated.
    pub(super) uri: Option<String>,
}

impl Heard {
    /// What an answer told of, where changes are told beside answers: on the stream of the call, if there is no other.
    pub(super) fn in_answer(seen: &Observed) -> Vec<Self> {
        seen.messages.iter().filter_map(Self::of).collect()
    }

    pub(super) fn of(message: &Message) -> Option<Self> {
        let prop = match message.method()? {
            notification::TOOLS_CHANGED => Prop::ChangeTools,
            notification::PROMPTS_CHANGED => Prop::ChangePrompts,
            notification::RESOURCES_CHANGED => Prop::ChangeResources,
            notification::RESOURCE_UPDATED => Prop::UpdateResource,
            _ => return None,
        };
        let uri = message.params().and_then(|p| p.get("uri")?.as_str().map(str::to_owned));
        Some(Self { prop, uri })
    }
}

/// Which tools bring which change.
pub(super) async fn attribute(
    survey: &Survey,
    callables: &[Callable],
    channel: &Channel,
    heard: &[Heard],
) -> BTreeMap<Prop, Found> {
    let mut found = BTreeMap::new();
    let told = told_a_uri(survey, callables);
    if heard.is_empty() && told.is_empty() {
        return found;
    }
    let Some(mut ears) = listen(survey, channel).await else { return found };
    // What changes while nobody asks for it is nobody's doing; beside a resource that does, another may be changed.
    let live = ears.heard(IDLE).await;
    let mut sought: Vec<Prop> =
        heard.iter().filter(|h| !live.contains(h)).map(|h| h.prop).collect();
    let all: Vec<&Callable> = order(callables).take(CALLS).collect();
    // What came once may be of something else: of each by itself it is asked only where it comes again when all are called.
    if !come_again(&mut ears, &all, channel, (&sought, &live)).await {
        sought.clear();
    }
    for callable in all {
        if sought.is_empty() {
            break;
        }
        let change = twice(&mut ears, callable, channel, (&sought, &live)).await;
        let Some(change) = change else { continue };
        sought.retain(|prop| *prop != change.prop);
        found.insert(change.prop, of(callable, change.uri));
    }
    let wanted = !found.contains_key(&Prop::UpdateResource);
    for callable in told.iter().filter(|_| wanted) {
        let sought = (&[Prop::UpdateResource][..], &live[..]);
        let change = twice(&mut ears, callable, channel, sought).await;
        if let Some(change) = change {
            found.insert(change.prop, of(callable, change.uri));
            break;
        }
    }
    ears.close(channel).await;
    found
}

/// Whether changes that are sought come again when all is called, one after the other. On a stream, what is late would be taken
/// for another call's; there each is asked by itself.
async fn come_again(
    ears: &mut Ears,
    all: &[&Callable],
    channel: &Channel,
    (sought, live): (&[Prop], &[Heard]),
) -> bool {
    let wanted = |heard: &Heard| sought.contains(&heard.prop) && !live.contains(heard);
    if sought.is_empty() || all.len() <= FEW || !ears.wait_for_each() {
        return true;
    }
    let mut heard = Vec::new();
    for callable in all {
        let seen = channel.survey(&call(callable)).await;
        heard.extend(seen.iter().flat_map(Heard::in_answer));
    }
    heard.extend(ears.heard(TOLD).await);
    heard.iter().any(wanted)
}

/// The change that a call brings, and brings again.
async fn twice(
    ears: &mut Ears,
    callable: &Callable,
    channel: &Channel,
    (sought, live): (&[Prop], &[Heard]),
) -> Option<Heard> {
    let call = call(callable);
    let seen = channel.survey(&call).await.ok().filter(Observed::is_accepted)?;
    let first = ears.next(&seen, sought, live).await?;
    let seen = channel.survey(&call).await.ok()?;
    let again = ears.next(&seen, &[first.prop], live).await?;
    // What else was brought belongs to these calls, too.
    ears.heard(TOLD / 5).await;
    (first == again).then_some(first)
}

pub(super) fn of(callable: &Callable, about: Option<String>) -> Found {
    let name = callable.tool["name"].as_str().unwrap_or_default().to_owned();
    Found { name, arguments: callable.arguments.clone(), about }
}

/// Those first that do not say that they only read, then those whose names speak of change.
pub(super) fn order(callables: &[Callable]) -> impl Iterator<Item = &Callable> {
    let rank = |callable: &&Callable| {
        let reads = reads_only(callable);
        let name = callable.tool["name"].as_str().unwrap_or_default().to_lowercase();
        let speaks = [
            "change", "toggle", "update", "touch", "trigger", "mutate", "notify", "add", "enable",
            "register",
        ];
        (reads, !speaks.iter().any(|word| name.contains(word)))
    };
    let mut ordered: Vec<&Callable> = callables.iter().collect();
    ordered.sort_by_key(rank);
    ordered.into_iter()
}

/// Whether a tool says that it only reads.
pub(super) fn reads_only(callable: &Callable) -> bool {
    callable.tool.pointer("/annotations/readOnlyHint") == Some(&json!(true))
}

/// Tools that take the URI of a resource, told that of a listed one.
fn told_a_uri(survey: &Survey, callables: &[Callable]) -> Vec<Callable> {
    if !wants(survey, Prop::UpdateResource) {
        return Vec::new();
    }
    let Some(uri) = survey.resources.items.iter().find_map(|r| r.value["uri"].as_str()) else {
        return Vec::new();
    };
    let told = |callable: &Callable| {
        let schema = callable.tool.get("inputSchema")?;
        let properties = schema.get("properties")?.as_object()?;
        let names = ["uri", "resource_uri", "resourceUri", "resource", "resourceURI"];
        let name = names.iter().find(|name| {
            properties.get(**name).is_some_and(|s| s["type"].as_str().is_none_or(|t| t == "string"))
        })?;
        let mut callable = callable.clone();
        callable.arguments.insert((*name).to_owned(), json!(uri));
        let arguments = Value::Object(callable.arguments.clone());
        let fits = sample::validator(schema).is_none_or(|v| v.is_valid(&arguments));
        fits.then_some(callable)
    };
    order(callables).filter_map(told).take(TOLD_A_URI).collect()
}

/// Whether a change is declared that no tool is known to bring.
pub(super) fn wants(survey: &Survey, prop: Prop) -> bool {
    let capability = match prop {
        Prop::ChangeTools => Capability::ToolsListChanged,
        Prop::ChangePrompts => Capability::PromptsListChanged,
        Prop::ChangeResources => Capability::ResourcesListChanged,
        _ => Capability::ResourcesSubscribe,
    };
    survey.declares(capability) && survey.prop(prop).is_none()
}

/// What is listened for, as a subscription of the newest revision names it.
pub(super) fn filter(survey: &Survey) -> Option<Value> {
    let mut filter = Map::new();
    for (prop, name) in [
        (Prop::ChangeTools, "toolsListChanged"),
        (Prop::ChangePrompts, "promptsListChanged"),
        (Prop::ChangeResources, "resourcesListChanged"),
    ] {
        if wants(survey, prop) {
            filter.insert(name.to_owned(), json!(true));
        }
    }
    let uris = survey.resources.items.iter().filter_map(|r| r.value["uri"].as_str());
    let uris: Vec<&str> = uris.take(SUBSCRIBED).collect();
    if wants(survey, Prop::UpdateResource) && !uris.is_empty() {
        filter.insert("resourceSubscriptions".to_owned(), json!(uris));
    }
    (!filter.is_empty()).then_some(Value::Object(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(capabilities: Value) -> Survey {
        Survey { capabilities, ..Survey::default() }
    }

    #[test]
    fn only_what_is_declared_and_unknown_is_listened_for() {
        assert_eq!(filter(&survey(json!({"tools": {}}))), None);
        let mut survey =
            survey(json!({"tools": {"listChanged": true}, "prompts": {"listChanged": true}}));
        let found = Found { name: "t".into(), arguments: Map::new(), about: None };
        survey.props.insert(Prop::ChangeTools, found);
        assert_eq!(filter(&survey), Some(json!({"promptsListChanged": true})));
    }

    #[test]
    fn a_notification_tells_what_has_changed() {
        let heard = |text: &str| {
            Heard::of(&Message::parse(&plumb_model::Payload::from(text.as_bytes().to_vec())))
        };
        let updated = heard(
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}"#,
        );
        assert_eq!(updated, Some(Heard { prop: Prop::UpdateResource, uri: Some("a:b".into()) }));
        assert_eq!(
            heard(r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#),
            None
        );
    }

    #[test]
    fn tools_that_write_are_asked_before_those_that_read() {
        let tool = |name: &str, reads: bool| Callable {
            tool: json!({"name": name, "annotations": {"readOnlyHint": reads}}),
            arguments: Map::new(),
            shown: None,
            took: None,
        };
        let all = [
            tool("read", true),
            tool("get_change", true),
            tool("write", false),
            tool("add_x", false),
        ];
        let names: Vec<&str> = order(&all).filter_map(|c| c.tool["name"].as_str()).collect();
        assert_eq!(names, ["add_x", "write", "get_change", "read"]);
    }
}
