//! What becomes of streams: streamable-http#receiving-messages, #cancellation, patterns/subscriptions.

use std::time::Duration;

use plumb_flows::confirmation::Confirmation;
use plumb_flows::{crossing, subscription, work};
use plumb_runner::{Bench, Finding, Judgement, Observed, Open, Prop, Trouble, check, with_token};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{meta, notification};
use serde_json::json;

/// A slow call works so long, where it can be told.
const LASTS: Duration = Duration::from_millis(900);

/// Events that come within less show nothing of when they were sent.
const SPREAD: Duration = Duration::from_millis(300);

/// A busy machine makes anything late: a stream that comes late is looked at so often.
const LOOKS: usize = 2;

/// A call that is to be cancelled works so long.
const LONG: Duration = Duration::from_secs(5);

/// The first message of a call that is to be cancelled is awaited for so long.
const BEGUN: Duration = Duration::from_millis(600);

/// What was on its way at the moment of a cancellation is over after this.
const SOON: Duration = Duration::from_secs(1);

/// So long work is watched that has no business going on.
const WATCH: Duration = Duration::from_millis(400);

check! {
    /// **Observed:** the events of a call that reports progress come through the gateway as they are sent: the first one
    /// is there before half of the time is over that lies between the first and the last one of the server itself.
    ///
    /// **Why:** a gateway that collects a stream until it is whole, or until some kilobytes are together, takes progress,
    /// logs and subscriptions away, and looks like a server that hangs.
    ///
    /// **Fix:** turn buffering off for this location (`proxy_buffering off` in nginx, `flush_interval -1` in Caddy), and
    /// compress no `text/event-stream`. The server's `X-Accel-Buffering: no` does it where the gateway heeds it.
    pub(crate) IMMEDIATE = "gateway.stream.immediate";
    needs: [SlowTool];
    waits: true;
    crossing: immediate
}

async fn immediate(bench: &Bench) -> Judgement {
    let call = || work::slow(bench, LASTS).map(|slow| slow.probe);
    let direct = Course::of(&bench.send(call()?).await?);
    let Some(direct) = direct.filter(|c| c.last.saturating_sub(c.first) >= SPREAD) else {
        return Ok(Finding::unseen(
            "the slow tool of the server itself sends no events over a while",
            "let it report progress to who gives a progress token",
        ));
    };
    let latest = (direct.first + direct.last) / 2;
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        let through = bench.through(call()?).await?;
        let Some(through) = Course::of(&through) else {
            let told = format!("through the gateway: {}", through.describe());
            return Ok(Finding::violated("a stream of events, as the server itself sends", told));
        };
        let expected = format!(
            "the first event before {} ms: the server itself sends from {} to {} ms",
            latest.as_millis(),
            direct.first.as_millis(),
            direct.last.as_millis()
        );
        confirmation.saw(Finding::expect(through.first <= bench.stretch(latest), expected, || {
            format!("through the gateway it came after {} ms", through.first.as_millis())
        }));
    }
    Ok(confirmation.finding())
}

/// When the events of an answer came, from the sending of the request on.
struct Course {
    first: Duration,
    last: Duration,
}

impl Course {
    fn of(seen: &Observed) -> Option<Self> {
        let answer = &seen.exchange.answer;
        let at = |at: u64| Duration::from_micros(at.saturating_sub(answer.sent_at));
        let (first, last) = (answer.frames.first()?, answer.frames.last()?);
        (answer.frames.len() > 1).then(|| Self { first: at(first.at), last: at(last.at) })
    }
}

check! {
    /// **Observed:** calls that report progress or log give through the gateway the same messages in the same order as
    /// from the server itself.
    ///
    /// **Why:** a stream that loses, doubles or turns events round tells a client something that did not happen.
    ///
    /// **Fix:** pass the bytes of a stream on as they come.
    pub(crate) WHOLE = "gateway.stream.whole";
    crossing: whole
}

async fn whole(bench: &Bench) -> Judgement {
    let mut calls = Vec::new();
    if bench.survey().prop(Prop::ProgressTool).is_some() {
        calls.push((
            "progress",
            with_token(bench.call(Prop::ProgressTool)?, json!("plumb-progress")),
        ));
    }
    if bench.survey().prop(Prop::LoggingTool).is_some() {
        calls.push(("logging", bench.call(Prop::LoggingTool)?.meta(meta::LOG_LEVEL, "debug")));
    }
    if bench.survey().prop(Prop::SlowTool).is_some() {
        let slow = work::slow(bench, SPREAD)?.probe;
        calls.push(("slow", with_token(slow, json!("plumb-slow"))));
    }
    match crossing::compared(bench, calls, "the messages", crossing::messages).await? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no tool that may be called reports progress or logs",
            "offer a tool marked `readOnlyHint: true` that does",
        )),
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** a slow call through the gateway, whose tool keeps a journal, is cancelled by closing its connection: a
    /// second later the journal grows no more, as it does where the same call is closed at the server itself.
    ///
    /// **Why:** closing the stream is the only way to cancel over HTTP. A gateway that reads on for nobody keeps the
    /// server at work, and takes the place of a request that somebody waits for.
    ///
    /// **Fix:** close the connection to the server when the client's is closed (`proxy_ignore_client_abort off` in nginx).
    pub(crate) CANCEL = "gateway.cancel.passed-on";
    needs: [SlowTool, Journal];
    waits: true;
    crossing: cancel
}

async fn cancel(bench: &Bench) -> Judgement {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(unseen);
    }
    bench.case("stream", "a call that has begun to answer", closed(bench, Some(BEGUN)).await);
    bench.case("silence", "a call that has said nothing yet", closed(bench, None).await);
    bench.conclude()
}

/// Closes a call at the server itself and one through the gateway: after the first message, awaited for so long, or one
/// that says nothing until it is done.
async fn closed(bench: &Bench, speaks: Option<Duration>) -> Judgement {
    let call = |key: &str| {
        let slow = work::slow_in_journal(bench, LONG, key)?;
        Ok::<_, Trouble>(match speaks {
            Some(_) => slow.probe,
            None => slow.probe.without_meta(meta::PROGRESS_TOKEN),
        })
    };
    let key = format!("plumb-gate-{}", bench.fresh_id());
    // The server may remember an earlier run.
    let before = work::journal(bench, &key).await?;
    let open = bench.open(call(&key)?).await?;
    let (then, now) = left(bench, open, (&key, before), speaks).await?;
    if then != now {
        return Ok(Finding::unseen(
            format!("the server itself works on for a closed call: {then} entries, then {now}"),
            "let the slow tool end when its request is cancelled",
        ));
    }
    let key = format!("plumb-gate-{}", bench.fresh_id());
    let before = work::journal(bench, &key).await?;
    let open = bench.open_through(call(&key)?).await?;
    let (then, now) = left(bench, open, (&key, before), speaks).await?;
    let expected = "the work ended with the connection, as at the server itself";
    Ok(Finding::expect(then == now, expected, || {
        format!("through the gateway the journal grew on, from {then} to {now} entries")
    }))
}

/// Closes a call once its work has begun, and gives how long its journal is a second later, and then.
async fn left(
    bench: &Bench,
    mut open: Open,
    (key, before): (&str, usize),
    speaks: Option<Duration>,
) -> Result<(usize, usize), Trouble> {
    let mut begun = false;
    for _ in 0..40 {
        begun = work::journal(bench, key).await? > before;
        if begun {
            break;
        }
        bench.pause(Duration::from_millis(25)).await;
    }
    if let Some(patience) = speaks {
        // A gateway may hold it back.
        let _ = open.next_within(patience).await;
    }
    bench.close(open);
    if !begun {
        return Err(Trouble::Setup("the journal shows nothing of the slow call".into()));
    }
    bench.pause(SOON).await;
    let then = work::journal(bench, key).await?;
    bench.pause(WATCH).await;
    Ok((then, work::journal(bench, key).await?))
}

check! {
    /// **Observed:** a subscription through the gateway is acknowledged under the id that was sent, is still open a second later,
    /// and tells of a change that is caused then, as one at the server itself does.
    ///
    /// **Why:** subscriptions are the one answer that never ends: gateways that buffer, or close what is quiet, make
    /// changes unseen without a word.
    ///
    /// **Fix:** no buffering, and a read timeout longer than the server's comments are apart.
    pub(crate) SUBSCRIPTION = "gateway.subscription.delivered";
    isolation: Alone;
    waits: true;
    crossing: subscribed
}

async fn subscribed(bench: &Bench) -> Judgement {
    let filter = subscription::filter(bench.survey());
    if filter.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(Finding::unseen(
            "the server declares nothing to subscribe to",
            "declare `listChanged` or `subscribe`",
        ));
    }
    let request = || subscription::request(filter.clone());
    let mut direct = bench.open(request()).await?;
    let Some(is_named) = acknowledged(&mut direct).await else {
        let seen = bench.close(direct);
        return Err(Trouble::Control(seen.describe()));
    };
    let mut through = bench.open_through(request()).await?;
    let told = |through: &Open| format!("through the gateway: {}", described(through));
    let judgement = match acknowledged(&mut through).await {
        None => {
            let expected = "an acknowledgment, as the server itself gives at once";
            Ok(Finding::violated(expected, told(&through)))
        }
        Some(false) if is_named => {
            let expected = "an acknowledgment that names the subscription by the id of its request";
            Ok(Finding::violated(expected, told(&through)))
        }
        Some(_) => change(bench, &mut direct, &mut through).await,
    };
    bench.close(direct);
    bench.close(through);
    judgement
}

fn described(open: &Open) -> String {
    let answer = open.so_far();
    match answer.status() {
        Some(status) if answer.frames.is_empty() => format!("HTTP {status}, and no event"),
        Some(status) => format!("HTTP {status}, and {} events", answer.frames.len()),
        None => "nothing".to_owned(),
    }
}

/// Whether the acknowledgment, if that comes first, names the subscription by the id that was sent.
async fn acknowledged(open: &mut Open) -> Option<bool> {
    let first = open.next_within(Duration::from_secs(4)).await?;
    let named = first.meta().and_then(|m| m.get(meta::SUBSCRIPTION_ID)) == open.id().as_ref();
    (first.method() == Some(notification::ACKNOWLEDGED)).then_some(named)
}

/// Whether both streams tell of a change; of the one at the server itself everything depends.
async fn change(bench: &Bench, direct: &mut Open, through: &mut Open) -> Judgement {
    bench.pause(SOON).await;
    if through.is_ended() && !direct.is_ended() {
        return Ok(Finding::violated(
            "a stream that stays open, as that of the server itself",
            "through the gateway it ended within a second",
        ));
    }
    let Some(change) = subscription::causable(bench.survey()).into_iter().next() else {
        return Ok(Finding::Held);
    };
    let tells = |message: &Message| message.method() == Some(change.method);
    bench.send(bench.call(change.cause)?).await?;
    let here = direct.until(subscription::DELIVERY, tells).await;
    let there = through.until(SOON * 2, tells).await;
    // What was added is removed again.
    bench.send(bench.call(change.cause)?).await?;
    match (here, there) {
        (Some(_), None) => Ok(Finding::violated(
            format!("`{}`, as the server itself sent", change.method),
            "through the gateway it did not come",
        )),
        (None, None) => Ok(Finding::unseen(
            format!("the server itself told of no change by `{}`", change.method),
            "let the tool that changes a list say so",
        )),
        (_, Some(_)) => Ok(Finding::Held),
    }
}
