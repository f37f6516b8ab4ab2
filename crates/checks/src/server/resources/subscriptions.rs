//! server/resources#subscriptions.

use std::time::Duration;

use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, check};
use plumb_wire::Capability;
use plumb_wire::jsonrpc::Message;
use plumb_wire::{method, notification};
use serde_json::{Value, json};

/// An update is awaited for so long; the text gives no time, so silence is tried again before it counts.
const TOLD: Duration = Duration::from_secs(3);

/// At most so many tools that take a URI are tried.
const TOOLS: usize = 6;

check! {
    /// **Observed:** when a watched resource is updated, `notifications/resources/updated` comes on the stream that
    /// watches it, with its URI (or one below it) and the stream's subscription id. The update is made by the tool that
    /// exists for it; without one, by the tools that may be called and take a `uri`, and then it counts if the contents
    /// of the resource changed.
    ///
    /// **Why:** it is all that a subscriber sees of a change.
    ///
    /// **Fix:** notify every open stream whose filter has the URI; put the listen request's id into `_meta`.
    pub(crate) UPDATED = "resources.updated";
    fact: "subs.deliver-updates";
    applies: [Declares(ResourcesSubscribe)];
    isolation: Alone;
    scenario: updated
}

/// A tool that updates a resource, or may.
struct Updater {
    tool: String,
    arguments: Value,
    uri: String,
    /// Whether it is known to update: else a change of the contents must show it.
    known: bool,
}

async fn updated(bench: &Bench) -> Judgement {
    let updaters = updaters(bench);
    if updaters.is_empty() {
        return Ok(Finding::unseen(
            "no tool is known that updates a resource",
            Prop::UpdateResource.how_to_enable(),
        ));
    }
    let mut last = None;
    for updater in updaters {
        match update(bench, &updater).await? {
            unseen @ Finding::Unseen { .. } => last = Some(unseen),
            finding => return Ok(finding),
        }
    }
    Ok(last.unwrap_or(Finding::Held))
}

fn updaters(bench: &Bench) -> Vec<Updater> {
    let survey = bench.survey();
    if let Some(found) = survey.prop(Prop::UpdateResource) {
        let given = found.arguments.get("uri").and_then(Value::as_str);
        let arguments = Value::Object(found.arguments.clone());
        return given
            .or(found.about.as_deref())
            .map(|uri| Updater {
                tool: found.name.clone(),
                arguments,
                uri: uri.to_owned(),
                known: true,
            })
            .into_iter()
            .collect();
    }
    let readable = survey.fetched_resources.iter().find(|seen| seen.complete().is_some());
    let uri = readable.and_then(|seen| seen.params()?.get("uri")?.as_str());
    let Some(uri) = uri else { return Vec::new() };
    let takes_uri = |callable: &Callable| {
        let properties = callable.tool.pointer("/inputSchema/properties")?.as_object()?;
        let named = |name: &str| {
            ["uri", "resourceuri", "resource_uri"].contains(&name.to_lowercase().as_str())
        };
        let (name, _) = properties.iter().find(|(n, s)| named(n) && s["type"] == "string")?;
        let mut arguments = callable.arguments.clone();
        arguments.insert(name.clone(), json!(uri));
        Some(Updater {
            tool: callable.tool.get("name")?.as_str()?.to_owned(),
            arguments: Value::Object(arguments),
            uri: uri.to_owned(),
            known: false,
        })
    };
    survey.callable.iter().filter_map(takes_uri).take(TOOLS).collect()
}

async fn update(bench: &Bench, updater: &Updater) -> Judgement {
    let uri = updater.uri.as_str();
    let contents = || async {
        let seen = bench.send(Probe::request(method::RESOURCES_READ, json!({"uri": uri}))).await?;
        Ok::<_, Trouble>(seen.complete().and_then(|r| r.get("contents")).cloned())
    };
    let before = contents().await?;
    let rests = before.is_some() && contents().await? == before;
    let (mut stream, ack) = bench.listen(json!({"resourceSubscriptions": [uri]})).await?;
    let watched = ack.params().and_then(|p| p.pointer("/notifications/resourceSubscriptions"));
    if !watched.and_then(Value::as_array).is_some_and(|w| w.iter().any(|u| *u == uri)) {
        bench.close(stream);
        return Ok(Finding::unseen(
            format!("watching {uri} was not acknowledged"),
            "acknowledge a listed resource",
        ));
    }
    let id = stream.id();
    let mut told = None;
    // The second time, the answer to the call shows that the target goes on.
    for _ in 0..2 {
        let call = bench.send(bench.call_of(&updater.tool, updater.arguments.clone())).await?;
        if !call.is_accepted() {
            bench.close(stream);
            return Ok(Finding::unseen(call.describe(), "let the tool update the resource"));
        }
        let ours = |m: &Message| {
            m.method() == Some(notification::RESOURCE_UPDATED)
                && (bench.survey().transport.answers_apart() || may_be_of(m, id.as_ref()))
        };
        told = stream.until(TOLD, ours).await;
        if told.is_some() {
            break;
        }
    }
    bench.close(stream);
    let expected =
        format!("`notifications/resources/updated` for {uri} with the subscription's id");
    let Some(told) = told else {
        let changed = rests && contents().await? != before;
        return Ok(if updater.known || changed {
            Finding::violated(
                expected,
                format!("nothing, though {} was called twice", updater.tool),
            )
        } else {
            Finding::unseen(
                format!("{} did not change {uri}", updater.tool),
                Prop::UpdateResource.how_to_enable(),
            )
        });
    };
    Ok(Finding::expect(fits(&told, uri, id.as_ref()), expected, || told.raw.lossy().into_owned()))
}

/// Whether a notification on a channel of many subscriptions may be meant for this one: it names none, or it, perhaps in
/// another form.
fn may_be_of(told: &Message, id: Option<&Value>) -> bool {
    let text = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let named = told.meta().and_then(|m| m.get(plumb_wire::meta::SUBSCRIPTION_ID)).map(text);
    named.is_none() || named == id.map(text)
}

/// Whether an update is about the resource or one below it, and says of which subscription it is.
fn fits(told: &Message, uri: &str, id: Option<&Value>) -> bool {
    let about = told.params().and_then(|p| p.get("uri")).and_then(Value::as_str);
    let marked = told.meta().and_then(|m| m.get(plumb_wire::meta::SUBSCRIPTION_ID));
    about.is_some_and(|about| about.starts_with(uri)) && marked == id
}

check! {
    /// **Observed:** a server that does not declare `resources.subscribe` does not acknowledge
    /// `resourceSubscriptions`; refusing the stream, or leaving the member out or empty, is right. One that declares it
    /// shows the other side: it acknowledges a listed resource.
    ///
    /// **Why:** a client that was acknowledged waits for updates which never come.
    ///
    /// **Fix:** acknowledge what is honoured only, or declare `subscribe: true`.
    pub(crate) SUBSCRIBE_CAPABILITY = "resources.subscribe-capability";
    applies: [Declares(Resources), ModernOnly];
    scenario: subscribe_capability
}

async fn subscribe_capability(bench: &Bench) -> Judgement {
    if let Some(finding) = plumb_flows::listing::without_discovery(bench) {
        return Ok(finding);
    }
    let listed = bench.survey().resources.items.first().and_then(|r| r.value.get("uri")?.as_str());
    let uri = listed.unwrap_or("test://watched-resource");
    let filter = json!({"notifications": {"resourceSubscriptions": [uri]}});
    let mut stream = bench.open(Probe::request(method::LISTEN, filter)).await?;
    let first = stream.next_within(Duration::from_secs(5)).await;
    let seen = bench.close(stream);
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    let declared = bench.survey().declares(Capability::ResourcesSubscribe);
    let Some(ack) = first.filter(acknowledged) else {
        let answered = seen.is_refused() || seen.result().is_some();
        return Ok(if answered && !declared {
            Finding::Held
        } else {
            Finding::unseen(
                format!("no acknowledgment came: {}", seen.describe()),
                "answer subscriptions/listen",
            )
        });
    };
    let some = watches(&ack);
    if declared && !some {
        return Ok(Finding::unseen(
            format!("watching {uri} was not acknowledged"),
            "acknowledge a listed resource",
        ));
    }
    Ok(Finding::expect(
        declared || !some,
        "no `resourceSubscriptions` in the acknowledgment without `subscribe`",
        || ack.raw.lossy().into_owned(),
    ))
}

fn watches(ack: &Message) -> bool {
    let watched = ack.params().and_then(|p| p.pointer("/notifications/resourceSubscriptions"));
    watched.is_some_and(|w| !w.is_null() && *w != json!([]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: &Value) -> Message {
        Message::parse(&value.to_string().into())
    }

    #[test]
    fn an_update_names_its_resource_and_its_subscription() {
        let told = |uri: &str, id: Value| {
            message(
                &json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {
                "uri": uri, "_meta": {"io.modelcontextprotocol/subscriptionId": id}}}),
            )
        };
        let id = json!(4);
        assert!(fits(&told("file:///a", json!(4)), "file:///a", Some(&id)));
        assert!(fits(&told("file:///a/b", json!(4)), "file:///a", Some(&id)));
        assert!(!fits(&told("file:///b", json!(4)), "file:///a", Some(&id)));
        assert!(!fits(&told("file:///a", json!("4")), "file:///a", Some(&id)));
        assert!(may_be_of(&told("file:///a", json!("4")), Some(&id)));
        assert!(!may_be_of(&told("file:///a", json!(5)), Some(&id)), "another subscription's");
    }

    #[test]
    fn an_empty_list_of_resources_watches_none() {
        let ack = |filter: Value| {
            message(&json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                "params": {"notifications": filter}}))
        };
        assert!(watches(&ack(json!({"resourceSubscriptions": ["a:b"]}))));
        assert!(!watches(&ack(json!({"resourceSubscriptions": []}))));
        assert!(!watches(&ack(json!({}))));
    }
}
