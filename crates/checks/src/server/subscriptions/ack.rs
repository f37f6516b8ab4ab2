//! basic/patterns/subscriptions#acknowledgment.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::subscription::{
    ACKNOWLEDGED, CHANGES, PATIENCE, ROOM, causable, comes_by, declares_changes, filter, listen,
    request, some_uri, subscription_id,
};
use plumb_runner::{
    Bench, Finding, Judgement, Observed, Open, Probe, Prop, Trouble, capable, check,
};
use plumb_wire::Capability;
use plumb_wire::jsonrpc::Message;
use plumb_wire::{codes, notification};
use serde_json::{Map, Value, json};

/// So often a subscription is opened amid changes.
const AMID_CHANGES: usize = 3;

/// Where nothing but silence can prove that no more is told.
const GRACE: Duration = Duration::from_millis(250);

check! {
    /// **Observed:** a subscription to all that the target declares to notify of is acknowledged. **Position:** where it
    /// declares nothing of the kind, a refusal is no violation, and a subscription to nothing may be refused anywhere.
    ///
    /// **Why:** it is the only way to hear of the changes that the capabilities promise.
    ///
    /// **Fix:** implement `subscriptions/listen`, or do not declare `listChanged` and `subscribe`.
    pub(crate) SUPPORTED = "subs.supported";
    isolation: Alone;
    scenario: supported
}

async fn supported(bench: &Bench) -> Judgement {
    let promised = declares_changes(bench.survey());
    let quiet = Quiet::quiet(bench).await?;
    let filter = filter(bench.survey());
    let (mut acknowledged, mut seen) = asked_for(bench, &quiet, &filter).await?;
    for pause in ROOM {
        let unknown = seen.code() == Some(codes::METHOD_NOT_FOUND);
        if acknowledged || !promised || unknown || !seen.is_refused() {
            break;
        }
        bench.pause(pause).await;
        (acknowledged, seen) = asked_for(bench, &quiet, &filter).await?;
    }
    quiet.leave().await;
    Ok(match (acknowledged, promised) {
        (true, _) => Finding::Held,
        (false, false) => Finding::unseen(
            format!(
                "the target declares nothing to subscribe to, and need not serve it: {}",
                seen.describe()
            ),
            "declare `listChanged` or `subscribe`",
        ),
        (false, true) => {
            Finding::violated(format!("the subscription to {filter} acknowledged"), seen.describe())
        }
    })
}

/// Whether a subscription is acknowledged, and what came.
async fn asked_for(
    bench: &Bench,
    quiet: &Quiet<'_>,
    filter: &Value,
) -> Result<(bool, Observed), Trouble> {
    let mut open = quiet.open(request(filter.clone())).await?;
    let first = open.next_within(PATIENCE).await;
    let acknowledged = first.as_ref().is_some_and(|m| m.method() == Some(ACKNOWLEDGED));
    Ok((acknowledged, bench.close(open)))
}

check! {
    /// **Observed:** the first message of every subscription is its acknowledgment: alone, two at once, with one type,
    /// with all of them.
    ///
    /// **Why:** until then the client does not know what it will be told of, and may have missed something.
    ///
    /// **Fix:** send the acknowledgment before the stream is connected to the source of changes.
    pub(crate) FIRST = "subs.ack-first";
    scenario: first
}

async fn first(bench: &Bench) -> Judgement {
    let mut filters = vec![("declared", filter(bench.survey())), ("empty", json!({}))];
    filters.extend(
        CHANGES
            .iter()
            .filter(|c| bench.survey().declares(c.capability))
            .map(|c| (c.flag, json!({c.flag: true}))),
    );
    let quiet = Quiet::quiet(bench).await?;
    let mut opened = Vec::new();
    for (slug, filter) in filters {
        opened.push((slug, quiet.open(request(filter)).await?));
    }
    let mut unknown = 0;
    for (slug, mut open) in opened {
        let id = open.id().unwrap_or_default();
        let message = open.until(PATIENCE, |m| comes_by(m, &id)).await;
        let seen = bench.close(open);
        if seen.code() == Some(codes::METHOD_NOT_FOUND) {
            unknown += 1;
            continue;
        }
        if seen.is_refused() || message.is_none() {
            bench.case(
                &slug.to_lowercase(),
                format!("a subscription: {slug}"),
                Ok(not_opened(&seen)),
            );
            continue;
        }
        let fits = message.as_ref().is_some_and(|m| m.method() == Some(ACKNOWLEDGED));
        let finding = Finding::expect(fits, "the acknowledgment first", || {
            message.as_ref().map_or_else(|| seen.describe(), |m| m.raw.lossy().into_owned())
        });
        bench.case(&slug.to_lowercase(), format!("a subscription: {slug}"), Ok(finding));
    }
    quiet.leave().await;
    if unknown > 0 { Ok(no_listen()) } else { bench.conclude() }
}

/// Whether a subscription may be refused is judged once, by subs.supported.
fn not_opened(seen: &Observed) -> Finding {
    Finding::unseen(
        format!("the subscription was not opened: {}", seen.describe()),
        "acknowledge it",
    )
}

fn no_listen() -> Finding {
    Finding::unseen("the target does not know `subscriptions/listen`", "serve it")
}

check! {
    /// **Observed:** while lists change all the time, subscriptions are opened: nothing comes on them before the
    /// acknowledgment.
    ///
    /// **Why:** a client that reads the acknowledgment first takes anything else for an error.
    ///
    /// **Fix:** queue changes until the acknowledgment is written.
    pub(crate) NOTHING_BEFORE = "subs.nothing-before-ack";
    fact: "subs.ack-first";
    isolation: Alone;
    scenario: nothing_before
}

async fn nothing_before(bench: &Bench) -> Judgement {
    if causable(bench.survey()).is_empty() {
        return Ok(Finding::unseen(
            "no tool is known that changes what can be subscribed to",
            Prop::ChangeTools.how_to_enable(),
        ));
    }
    let all = filter(bench.survey());
    let quiet = Quiet::quiet(bench).await?;
    for round in 1..=AMID_CHANGES {
        let mut open = quiet.open(request(all.clone())).await?;
        let changing = async {
            for change in causable(bench.survey()).iter().cycle().take(4) {
                quiet.send(capable(bench.call(change.cause)?)).await?;
            }
            Ok::<(), Trouble>(())
        };
        let id = open.id().unwrap_or_default();
        // What was under way for an earlier subscription is no message of this one.
        let (message, changed) = tokio::join!(open.until(PATIENCE, |m| comes_by(m, &id)), changing);
        changed?;
        cancel(&quiet, &open).await?;
        let seen = bench.close(open);
        if message.as_ref().is_none_or(Message::is_response) {
            return Ok(Finding::unseen(
                "the subscription was not opened",
                "serve `subscriptions/listen`",
            ));
        }
        let fits = message.as_ref().is_some_and(|m| m.method() == Some(ACKNOWLEDGED));
        let finding = Finding::expect(fits, "the acknowledgment before any change", || {
            message.as_ref().map_or_else(|| seen.describe(), |m| m.raw.lossy().into_owned())
        });
        bench.case(&format!("round-{round}"), "a subscription opened amid changes", Ok(finding));
    }
    quiet.leave().await;
    bench.conclude()
}

/// Ends a subscription over standard streams; over HTTP closing its stream does.
async fn cancel(quiet: &Quiet<'_>, open: &Open) -> Result<(), Trouble> {
    if let Quiet::Own(_) = quiet {
        let id = open.id().unwrap_or_default();
        quiet.send(Probe::notification(notification::CANCELLED, json!({"requestId": id}))).await?;
    }
    Ok(())
}

check! {
    /// **Observed:** all that there is to subscribe to is asked for: the acknowledgment names only what the declared
    /// capabilities promise (`listChanged` of tools, prompts and resources; `subscribe` of resources). Then everything
    /// changes that can: what is told of is what the acknowledgment names.
    ///
    /// **Why:** a client that is promised a notification stops looking by itself, and one that is promised none goes on
    /// polling.
    ///
    /// **Fix:** leave types out of the acknowledgment that the server never sends, or declare them; put those in that it
    /// does send.
    pub(crate) SUBSET = "subs.ack-subset";
    isolation: Alone;
    scenario: subset
}

async fn subset(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let mut wanted =
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true});
    wanted["resourceSubscriptions"] =
        json!([some_uri(survey).unwrap_or_else(|| "file:///plumb".into())]);
    let quiet = Quiet::quiet(bench).await?;
    let (mut open, ack) = listen(bench, &quiet, wanted).await?;
    let ack = agreed(&ack);
    let unnamed = unnamed(bench, &quiet, &mut open, &ack).await;
    bench.close(open);
    quiet.leave().await;
    if let Some(judgement) = unnamed.transpose() {
        bench.case("honoured", "changes of all types, caused on the subscription", judgement);
    }
    let capabilities = CHANGES.iter().map(|c| (c.flag, c.capability));
    for (flag, capability) in
        capabilities.chain([("resourceSubscriptions", Capability::ResourcesSubscribe)])
    {
        let honoured = honoured(&ack, flag);
        let finding = Finding::expect(
            !honoured || survey.declares(capability),
            format!("no {flag:?}, since `{capability}` is not declared"),
            || ack.to_string(),
        );
        bench.case(&flag.to_lowercase(), format!("{flag} asked for among all types"), Ok(finding));
    }
    bench.conclude()
}

/// Whether a subscription tells of what its acknowledgment does not name; `None` if nothing can be changed.
async fn unnamed(
    bench: &Bench,
    quiet: &Quiet<'_>,
    open: &mut Open,
    ack: &Value,
) -> Result<Option<Finding>, Trouble> {
    let causes = causable(bench.survey());
    let Some(last) = causes.last() else { return Ok(None) };
    for change in &causes {
        quiet.control(capable(bench.call(change.cause)?)).await?;
    }
    let id = open.id().unwrap_or_default();
    let flag = |m: &Message| CHANGES.iter().find(|c| m.method() == Some(c.method)).map(|c| c.flag);
    let (mut told, mut unnamed) = (false, None);
    while let Some(message) = open
        .until(if told { GRACE } else { GRACE * 4 }, |m| flag(m).is_some() && comes_by(m, &id))
        .await
    {
        told |= message.method() == Some(last.method);
        let flag = flag(&message).unwrap_or_default();
        if !honoured(ack, flag) {
            unnamed = Some(message);
            break;
        }
    }
    Ok(Some(match unnamed {
        Some(message) => Finding::violated(
            format!("nothing but what the acknowledgment names: {ack}"),
            message.raw.lossy(),
        ),
        None => Finding::Held,
    }))
}

/// What a target agrees to.
async fn acknowledged(bench: &Bench, quiet: &Quiet<'_>, filter: Value) -> Result<Value, Trouble> {
    let (open, ack) = listen(bench, quiet, filter).await?;
    cancel(quiet, &open).await?;
    bench.close(open);
    Ok(agreed(&ack))
}

fn agreed(ack: &Message) -> Value {
    ack.params().and_then(|p| p.get("notifications")).cloned().unwrap_or_else(|| json!({}))
}

/// Whether the target says that it will tell of it.
fn honoured(ack: &Value, flag: &str) -> bool {
    ack.get(flag).is_some_and(|v| *v == true || v.as_array().is_some_and(|a| !a.is_empty()))
}

check! {
    /// **Observed:** each type is asked for alone, each is switched off by `false`, and nothing at all is asked for: the
    /// acknowledgment honours no other type, none that was switched off, and no other resource.
    ///
    /// **Why:** the acknowledgment is the part of the request that is honoured; more than that was never asked for.
    ///
    /// **Fix:** build the acknowledgment from the request's filter.
    pub(crate) NO_EXTRA = "subs.ack-no-extra";
    scenario: no_extra
}

async fn no_extra(bench: &Bench) -> Judgement {
    let mut wanted: Vec<(&str, Value)> =
        CHANGES.iter().map(|c| (c.flag, json!({c.flag: true}))).collect();
    wanted.push(("nothing", json!({})));
    let all_false: Map<String, Value> =
        CHANGES.iter().map(|c| (c.flag.to_owned(), json!(false))).collect();
    wanted.push(("false", Value::Object(all_false)));
    let uri = some_uri(bench.survey());
    if let Some(uri) = &uri {
        wanted.push(("resourceSubscriptions", json!({"resourceSubscriptions": [uri]})));
    }
    let quiet = Quiet::quiet(bench).await?;
    for (slug, filter) in wanted {
        let title = format!("a subscription to {filter}");
        let ack = match acknowledged(bench, &quiet, filter.clone()).await {
            Ok(ack) => ack,
            Err(trouble) => {
                bench.case(&slug.to_lowercase(), title, Err(trouble));
                continue;
            }
        };
        let flags = CHANGES.iter().map(|c| c.flag).chain(["resourceSubscriptions"]);
        let off = |f: &&str| filter.get(*f).is_none_or(|asked| *asked == false);
        let extra = flags.clone().find(|f| honoured(&ack, f) && off(f));
        let uris = ack["resourceSubscriptions"].as_array().cloned().unwrap_or_default();
        let foreign = uris.iter().find(|u| u.as_str() != uri.as_deref());
        let fits = extra.is_none() && foreign.is_none();
        let finding = Finding::expect(fits, format!("no more than {filter} acknowledged"), || {
            ack.to_string()
        });
        bench.case(&slug.to_lowercase(), title, Ok(finding));
    }
    quiet.leave().await;
    bench.conclude()
}

check! {
    /// **Observed:** subscriptions are opened with ids of every kind: an integer, digits in a string, a negative
    /// number, zero, an empty string, letters beyond ASCII. Every message of the stream carries the id as the subscription id, value and type.
    ///
    /// **Why:** over standard streams all subscriptions share one output, and the id is how they are told apart.
    ///
    /// **Fix:** keep the id as the JSON value that came.
    pub(crate) ID_VALUE = "subs.id-value";
    fact: "base.meta.subscription-id";
    scenario: id_value
}

async fn id_value(bench: &Bench) -> Judgement {
    let number = bench.fresh_id();
    let ids = [
        ("integer", json!(number)),
        ("digits", json!(number.to_string())),
        ("negative", json!(-i64::try_from(number).unwrap_or(1))),
        ("letters", json!(format!("sub-{number}"))),
        ("zero", json!(0)),
        ("empty", json!("")),
        ("beyond-ascii", json!(format!("abönnement {number}"))),
    ];
    let quiet = Quiet::quiet(bench).await?;
    let mut earlier: Vec<Value> = Vec::new();
    for (slug, id) in ids {
        let mut open = quiet.open(request(filter(bench.survey())).id(id.clone())).await?;
        // Over standard streams, what an earlier one still has to say comes on the same output.
        let new = |m: &Message| subscription_id(m).is_none_or(|named| !earlier.contains(named));
        let message = open.until(PATIENCE, new).await;
        earlier.push(id.clone());
        let seen = bench.close(open);
        if seen.code() == Some(codes::METHOD_NOT_FOUND) {
            return Ok(no_listen());
        }
        let Some(message) = message.filter(|m| m.method() == Some(ACKNOWLEDGED)) else {
            bench.case(slug, format!("the id {id}"), Ok(not_opened(&seen)));
            continue;
        };
        let carried = subscription_id(&message);
        let finding =
            Finding::expect(carried == Some(&id), format!("the subscription id {id}"), || {
                carried.map_or_else(|| "none".into(), ToString::to_string)
            });
        bench.case(slug, format!("a subscription with the id {id}"), Ok(finding));
    }
    quiet.leave().await;
    bench.conclude()
}
