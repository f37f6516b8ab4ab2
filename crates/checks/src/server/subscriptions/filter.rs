//! basic/patterns/subscriptions#notification-filter: who is told of what.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::subscription::trigger::{Trigger, contents, updates};
use plumb_flows::subscription::{
    CHANGES, Change, DELIVERY, UPDATED, causable, comes_by, listen, tells_of_change,
};
use plumb_runner::{Bench, Finding, Judgement, Open, Probe, Prop, capable, check};
use plumb_wire::jsonrpc::Message;
use plumb_wire::method;
use serde_json::{Map, Value, json};

/// Where nothing but silence can prove that a change is not told of.
const GRACE: Duration = Duration::from_millis(250);

/// A change of which nobody is told is caused at most so often.
const CAUSED: usize = 2;

check! {
    /// **Observed:** for each list that can be changed, and for each resource that a tool updates, a subscription to
    /// everything else is open while that happens, and one to nothing else: no notification of a type comes that was not
    /// asked for. Nor does one while nothing happens, on a subscription to one declared type.
    ///
    /// **Why:** each notification makes a client read a list again that it does not care about.
    ///
    /// **Fix:** compare each change with the filter of each subscription.
    pub(crate) FILTER = "subs.filter";
    isolation: Alone;
    scenario: only_what_was_asked
}

async fn only_what_was_asked(bench: &Bench) -> Judgement {
    for change in causable(bench.survey()) {
        let others: Map<String, Value> = CHANGES
            .iter()
            .filter(|c| c.flag != change.flag)
            .map(|c| (c.flag.to_owned(), json!(true)))
            .collect();
        let told = unasked(bench, Value::Object(others), change).await;
        bench.case(
            &change.flag.to_lowercase(),
            format!("{} left out of the filter", change.flag),
            told,
        );
    }
    for trigger in updates(bench) {
        let told = unasked_by_update(bench, &trigger).await;
        let title = format!("{:?} updates {}", trigger.tool, trigger.uri);
        bench.case(&format!("update-{}", plain(&trigger.tool)), title, told);
    }
    let nothing_changes = causable(bench.survey()).is_empty() && updates(bench).is_empty();
    let idle = unasked_while_idle(bench).await;
    if nothing_changes && !matches!(idle, Ok(Finding::Violated { .. })) {
        return Ok(Finding::unseen(
            "no tool changes a list or updates a resource",
            Prop::ChangeTools.how_to_enable(),
        ));
    }
    bench.case("idle", "a subscription to one type, while nothing happens", idle);
    bench.conclude()
}

/// Whether a subscription to one declared type is told of others of which nobody knows a cause.
async fn unasked_while_idle(bench: &Bench) -> Judgement {
    let declared = CHANGES.iter().find(|change| bench.survey().declares(change.capability));
    let Some(asked) = declared else { return Ok(Finding::Held) };
    let quiet = Quiet::Run(bench);
    let (mut open, _) = listen(bench, &quiet, json!({asked.flag: true})).await?;
    let id = open.id().unwrap_or_default();
    let other =
        |m: &Message| tells_of_change(m) && m.method() != Some(asked.method) && comes_by(m, &id);
    let told = open.until(GRACE, other).await;
    end(bench, open).await;
    Ok(match told {
        Some(message) => Finding::violated(
            format!("nothing but {}, which was asked for", asked.method),
            message.raw.lossy(),
        ),
        None => Finding::Held,
    })
}

/// Whether an update is told of to whom asked for changes of lists, or as one to whom asked for updates.
async fn unasked_by_update(bench: &Bench, trigger: &Trigger) -> Judgement {
    let quiet = Quiet::Run(bench);
    let lists = CHANGES.iter().map(|c| (c.flag.to_owned(), json!(true)));
    let (mut others, _) = listen(bench, &quiet, Value::Object(lists.collect())).await?;
    let (mut asking, _) =
        listen(bench, &quiet, json!({"resourceSubscriptions": [trigger.uri]})).await?;
    let updated = bench.send(trigger.call.clone()).await?;
    let (id, other) = (asking.id().unwrap_or_default(), others.id().unwrap_or_default());
    let unasked =
        |m: &Message| m.method() != Some(UPDATED) && tells_of_change(m) && comes_by(m, &id);
    let first = asking.until(DELIVERY, |m| m.method() == Some(UPDATED) || unasked(m)).await;
    let fence = first.is_some();
    // What is told together comes together.
    let of_lists = match first.filter(|m| unasked(m)) {
        None if fence => asking.until(GRACE / 5, unasked).await,
        told => told,
    };
    let of_update =
        others.until(GRACE / 5, |m| m.method() == Some(UPDATED) && comes_by(m, &other)).await;
    end(bench, asking).await;
    end(bench, others).await;
    Ok(match (of_lists, of_update) {
        (Some(message), _) => Finding::violated(
            "nothing but updates where only those were asked for",
            message.raw.lossy(),
        ),
        (None, Some(message)) => {
            Finding::violated(format!("no {UPDATED}, which was not asked for"), message.raw.lossy())
        }
        (None, None) if !updated.is_accepted() => {
            Finding::unseen(updated.describe(), Prop::UpdateResource.how_to_enable())
        }
        (None, None) if !fence => {
            Finding::unseen("nobody was told of the update", "tell those who subscribed to it")
        }
        (None, None) => Finding::Held,
    })
}

check! {
    /// **Observed:** a subscription whose filter says `false`, or says nothing, is open while the list changes: no
    /// notification comes.
    ///
    /// **Why:** a filter whose members count by their presence tells clients of what they switched off.
    ///
    /// **Fix:** read the members as booleans; a missing one is false.
    pub(crate) OMITTED_FALSE = "subs.filter-omitted-false";
    fact: "subs.filter";
    needs: [ChangeTools];
    isolation: Alone;
    scenario: omitted_or_false
}

async fn omitted_or_false(bench: &Bench) -> Judgement {
    for change in causable(bench.survey()) {
        for (slug, filter) in [("false", json!({change.flag: false})), ("empty", json!({}))] {
            let told = unasked(bench, filter.clone(), change).await;
            let nobody = matches!(told, Ok(Finding::Unseen { .. }));
            let slug = format!("{}-{slug}", change.flag.to_lowercase());
            bench.case(&slug, format!("the filter {filter}"), told);
            if nobody {
                break;
            }
        }
    }
    bench.conclude()
}

/// Whether a change is told of on a subscription that does not ask for it.
async fn unasked(bench: &Bench, filter: Value, change: Change) -> Judgement {
    let quiet = Quiet::Run(bench);
    let (mut open, _) = listen(bench, &quiet, filter).await?;
    // One that does ask shows when the change has been told of.
    let (mut asking, _) = listen(bench, &quiet, json!({change.flag: true})).await?;
    let mut fence = None;
    // The first may have come before the subscription was known everywhere.
    for _ in 0..CAUSED {
        bench.control(capable(bench.call(change.cause)?)).await?;
        fence = asking.until(DELIVERY, |m| m.method() == Some(change.method)).await;
        if fence.is_some() {
            break;
        }
    }
    let wait = if fence.is_some() { GRACE / 5 } else { GRACE };
    let id = open.id().unwrap_or_default();
    let told = open.until(wait, |m| m.method() == Some(change.method) && comes_by(m, &id)).await;
    end(bench, asking).await;
    end(bench, open).await;
    Ok(match told {
        Some(message) => Finding::violated(format!("no {}", change.method), message.raw.lossy()),
        None if fence.is_none() => {
            Finding::unseen("nobody was told of the change", "tell those who subscribed to it")
        }
        None => Finding::Held,
    })
}

/// Ends a subscription for good, whatever the transport.
pub(crate) async fn end(bench: &Bench, mut open: Open) {
    open.cancel().await;
    bench.close(open);
}

check! {
    /// **Observed:** nobody is subscribed while lists and resources change: no notification of it comes, neither on the
    /// stream of the call that caused it nor on that of the next request.
    ///
    /// **Why:** a response stream carries what belongs to its request; a change is nobody's.
    ///
    /// **Fix:** send changes to subscriptions only.
    pub(crate) NO_LISTEN = "subs.filter-no-listen";
    isolation: Alone;
    scenario: without_listen
}

async fn without_listen(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let props =
        [Prop::ChangeTools, Prop::ChangePrompts, Prop::ChangeResources, Prop::UpdateResource];
    for prop in props.into_iter().filter(|p| bench.survey().prop(*p).is_some()) {
        let caused = quiet.control(capable(bench.call(prop)?)).await?;
        let next = quiet.control(Probe::request(method::DISCOVER, json!({}))).await?;
        let strays = quiet.strays().await?;
        let told = caused
            .messages
            .iter()
            .chain(next.messages.iter())
            .chain(&strays)
            .find(|m| tells_of_change(m));
        let finding = match told {
            Some(message) => Finding::violated(
                "no notification of changes without a subscription",
                message.raw.lossy(),
            ),
            None => Finding::Held,
        };
        bench.case(
            &prop.name(),
            format!("{} called with nobody subscribed", prop.name()),
            Ok(finding),
        );
    }
    quiet.leave().await;
    match bench.conclude()? {
        Finding::Unseen { .. } => {
            Ok(Finding::unseen("no tool changes anything", Prop::ChangeTools.how_to_enable()))
        }
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** a subscription to one resource is open while another one is updated: no `resources/updated` of
    /// the other comes. **Position:** a resource below the one that is watched is told of rightly.
    ///
    /// **Why:** a client is told of resources that it does not watch, and perhaps may not know of.
    ///
    /// **Fix:** compare the updated URI with those of each subscription.
    pub(crate) RESOURCES = "subs.resource-filter";
    isolation: Alone;
    scenario: other_resources
}

async fn other_resources(bench: &Bench) -> Judgement {
    for trigger in updates(bench) {
        let judgement = of_another(bench, &trigger).await;
        bench.case(
            &plain(&trigger.tool),
            format!("{:?} updates {}", trigger.tool, trigger.uri),
            judgement,
        );
    }
    told_or_how(bench)
}

async fn of_another(bench: &Bench, trigger: &Trigger) -> Judgement {
    let quiet = Quiet::Run(bench);
    let listed = bench.survey().resources.items.iter().filter_map(|r| r.value["uri"].as_str());
    let other = listed
        .into_iter()
        .find(|u| !trigger.uri.starts_with(*u))
        .unwrap_or("plumb://some-other-resource")
        .to_owned();
    let (mut open, _) = listen(bench, &quiet, json!({"resourceSubscriptions": [other]})).await?;
    let (mut asking, _) =
        listen(bench, &quiet, json!({"resourceSubscriptions": [trigger.uri]})).await?;
    bench.control(trigger.call.clone()).await?;
    let fence = asking.until(DELIVERY, |m| m.method() == Some(UPDATED)).await;
    let id = open.id().unwrap_or_default();
    let told = open
        .until(GRACE, |m| m.method() == Some(UPDATED) && !is_of(m, &other) && comes_by(m, &id))
        .await;
    end(bench, asking).await;
    end(bench, open).await;
    Ok(match (told, fence) {
        (Some(message), _) => {
            Finding::violated(format!("no update of any resource but {other}"), message.raw.lossy())
        }
        (None, None) => {
            Finding::unseen("the update was not told of to anybody", "notify of the update")
        }
        (None, Some(_)) => Finding::Held,
    })
}

/// What the cases say, or how there can be one.
fn told_or_how(bench: &Bench) -> Judgement {
    if updates(bench).is_empty() {
        return Ok(Finding::unseen(
            "no tool updates a resource",
            Prop::UpdateResource.how_to_enable(),
        ));
    }
    bench.conclude()
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect()
}

check! {
    /// **Observed:** two subscriptions to a resource are open while a tool updates it, twice if need be:
    /// `notifications/resources/updated` with its URI, or that of a resource below it, comes on each. **Position:** the
    /// text gives no time. Silence on both counts where the tool is known to update the
    /// resource, or reading it gives something else than before; silence on one counts where the other is told.
    ///
    /// **Why:** whoever acknowledged the subscription promised it; the client looks no more by itself.
    ///
    /// **Fix:** connect the source of the change with the open subscriptions.
    pub(crate) DELIVER_UPDATES = "subs.deliver-updates";
    applies: [Declares(ResourcesSubscribe)];
    isolation: Alone;
    scenario: deliver_updates
}

async fn deliver_updates(bench: &Bench) -> Judgement {
    for trigger in updates(bench) {
        let judgement = delivered(bench, &trigger).await;
        bench.case(
            &plain(&trigger.tool),
            format!("{:?} updates {}", trigger.tool, trigger.uri),
            judgement,
        );
    }
    told_or_how(bench)
}

async fn delivered(bench: &Bench, trigger: &Trigger) -> Judgement {
    let updated = &trigger.uri;
    let quiet = Quiet::Run(bench);
    let (mut open, ack) =
        listen(bench, &quiet, json!({"resourceSubscriptions": [updated]})).await?;
    let promised =
        ack.params().and_then(|p| p["notifications"]["resourceSubscriptions"].as_array());
    if promised.is_none_or(Vec::is_empty) {
        end(bench, open).await;
        return Ok(Finding::unseen(
            "the target did not agree to watch the resource",
            "agree to it",
        ));
    }
    let (mut second, _) =
        listen(bench, &quiet, json!({"resourceSubscriptions": [updated]})).await?;
    let before = contents(bench, updated).await?;
    // What changes by itself shows nothing.
    let rests = contents(bench, updated).await? == before;
    let (mut came, mut seen) = ([false; 2], [0; 2]);
    for _ in 0..2 {
        bench.control(trigger.call.clone()).await?;
        let (one, other) =
            tokio::join!(update_on(&mut open, updated), update_on(&mut second, updated));
        came = [came[0] || one, came[1] || other];
        seen = [&open, &second].map(|stream| stream.so_far().frames.len());
        // The first update may have come between an acknowledgment and what it acknowledges.
        if came == [true; 2] {
            break;
        }
    }
    let after = contents(bench, updated).await?;
    end(bench, second).await;
    end(bench, open).await;
    let which = ["first", "second"].into_iter().zip(came).zip(seen).find(|((_, came), _)| !came);
    Ok(match which {
        None => Finding::Held,
        Some(_) if came == [false; 2] && !trigger.known && (!rests || before == after) => {
            Finding::unseen(
                format!("nothing shows that {:?} updates {updated}", trigger.tool),
                Prop::UpdateResource.how_to_enable(),
            )
        }
        Some(((which, _), seen)) => Finding::violated(
            format!("an update of {updated} on each of two subscriptions"),
            format!("nothing of it in {seen} messages on the {which}, after two updates"),
        ),
    })
}

/// Whether an update of the resource comes on a subscription in time.
async fn update_on(stream: &mut Open, uri: &str) -> bool {
    let id = stream.id().unwrap_or_default();
    let told = |m: &Message| m.method() == Some(UPDATED) && is_of(m, uri) && comes_by(m, &id);
    stream.until(DELIVERY, told).await.is_some()
}

/// Whether an update is of this resource or of one below it.
fn is_of(message: &Message, uri: &str) -> bool {
    let told = message.params().and_then(|p| p["uri"].as_str());
    told.is_some_and(|t| {
        t == uri
            || t.strip_prefix(uri.trim_end_matches('/'))
                .is_some_and(|rest| rest.starts_with(['/', '#', '?']))
    })
}
