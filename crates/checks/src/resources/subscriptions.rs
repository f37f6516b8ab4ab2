//! server/resources#subscriptions.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, check};
use serde_json::{Value, json};

check! {
    /// **Observed:** when a watched resource is updated, `notifications/resources/updated` comes on the stream that
    /// watches it, with its URI (or one below it) and the stream's subscription id.
    ///
    /// **Why:** it is all that a subscriber sees of a change.
    ///
    /// **Fix:** notify every open stream whose filter has the URI; put the listen request's id into `_meta`.
    pub(crate) UPDATED = "resources.updated";
    fact: "subs.deliver-updates";
    applies: [Declares("resources.subscribe")];
    needs: [UpdateResource];
    isolation: Alone;
    scenario: updated
}

async fn updated(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::UpdateResource)?;
    let given = found.arguments.get("uri").and_then(Value::as_str);
    let Some(uri) = given.or(found.about.as_deref()).map(str::to_owned) else {
        return Err(Trouble::Setup(
            "it is not known which resource the tool updates: name it as `about`".into(),
        ));
    };
    let (mut stream, ack) = bench.listen(json!({"resourceSubscriptions": [uri]})).await?;
    let watched =
        ack.params().and_then(|p| p.pointer("/notifications/resourceSubscriptions")).cloned();
    if !watched
        .as_ref()
        .and_then(Value::as_array)
        .is_some_and(|w| w.iter().any(|u| *u == uri.as_str()))
    {
        bench.close(stream);
        return Err(Trouble::Setup(format!("watching {uri} was not acknowledged")));
    }
    let id = stream.id();
    let call = bench.send(bench.call(Prop::UpdateResource)?).await;
    let ours =
        |m: &plumb_wire::jsonrpc::Message| m.method() == Some("notifications/resources/updated");
    let told = stream.until(Duration::from_secs(2), ours).await;
    bench.close(stream);
    let call = call?;
    if !call.is_accepted() {
        return Err(Trouble::Control(call.describe()));
    }
    let expected =
        format!("`notifications/resources/updated` for {uri} with the subscription's id");
    let Some(told) = told else {
        return Ok(Finding::violated(expected, "nothing within 2 s of the update"));
    };
    let about = told.params().and_then(|p| p.get("uri")).and_then(Value::as_str);
    let marked = told.meta().and_then(|m| m.get(plumb_wire::meta::SUBSCRIPTION_ID));
    let fits = about.is_some_and(|u| u.starts_with(&uri)) && marked == id.as_ref();
    Ok(Finding::expect(fits, expected, || told.raw.lossy().into_owned()))
}

check! {
    /// **Observed:** a server that does not declare `resources.subscribe` does not acknowledge
    /// `resourceSubscriptions`; refusing the stream, or leaving the member out or empty, is right.
    ///
    /// **Why:** a client that was acknowledged waits for updates which never come.
    ///
    /// **Fix:** acknowledge what is honoured only, or declare `subscribe: true`.
    pub(crate) SUBSCRIBE_CAPABILITY = "resources.subscribe-capability";
    applies: [Declares("resources"), ModernOnly];
    scenario: subscribe_capability
}

async fn subscribe_capability(bench: &Bench) -> Judgement {
    if let Some(finding) = crate::listing::without_discovery(bench) {
        return Ok(finding);
    }
    let listed = bench.survey().resources.items.first().and_then(|r| r.value.get("uri")?.as_str());
    let uri = listed.unwrap_or("test://watched-resource");
    let filter = json!({"notifications": {"resourceSubscriptions": [uri]}});
    let mut stream = bench.open(Probe::request("subscriptions/listen", filter)).await?;
    let first = stream.next_within(Duration::from_secs(5)).await;
    let seen = bench.close(stream);
    let ack = first.filter(|m| m.method() == Some("notifications/subscriptions/acknowledged"));
    let Some(ack) = ack else {
        let answered = seen.is_refused() || seen.result().is_some();
        return Ok(if answered || bench.survey().declares("resources.subscribe") {
            Finding::Held
        } else {
            Finding::unseen(
                format!("no acknowledgment came: {}", seen.describe()),
                "answer subscriptions/listen",
            )
        });
    };
    let watched = ack.params().and_then(|p| p.pointer("/notifications/resourceSubscriptions"));
    let some = watched.is_some_and(|w| !w.is_null() && *w != json!([]));
    let declared = bench.survey().declares("resources.subscribe");
    Ok(Finding::expect(
        declared || !some,
        "no `resourceSubscriptions` in the acknowledgment without `subscribe`",
        || ack.raw.lossy().into_owned(),
    ))
}
