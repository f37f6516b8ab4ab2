//! streamable-http#cancellation: closing the stream of a request cancels it, and nothing else.

use std::time::Duration;

use plumb_flows::subscription;
use plumb_flows::work::{self, Slow};
use plumb_runner::{Bench, Finding, Judgement, Observed, Open, Prop, Trouble, check};
use plumb_wire::jsonrpc::Message;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

/// The slow tool gets so long until its stream begins.
const BEGUN: Duration = Duration::from_secs(2);

/// What was on its way at the moment of the disconnect is over after this.
const SOON: Duration = Duration::from_secs(1);

/// So long work is watched that has no business going on.
const WATCH: Duration = Duration::from_millis(500);

check! {
    /// **Observed:** the stream of a slow tool that writes a journal is closed at its start. Before the tool would be
    /// done by itself, the journal has stopped growing, and a subscription that is open carries nothing of it.
    /// **Position:** work that goes on in silence may be that of a request that cannot be cancelled; it is judged by
    /// `http.cancel.stop-work`, as the page asks for its end by SHOULD.
    ///
    /// **Why:** closing the stream is the only way to cancel a request over HTTP; a server that works on spends time
    /// and money on what nobody will read.
    ///
    /// **Fix:** tie the work to the answer's stream, so that it ends when the stream is dropped.
    pub(crate) DISCONNECT = "http.cancel.disconnect";
    applies: [Http];
    needs: [SlowTool];
    waits: true;
    scenario: disconnect
}

async fn disconnect(bench: &Bench) -> Judgement {
    // Without subscriptions, the journal alone tells.
    let changes = json!({"toolsListChanged": true});
    let subscription = subscription::acknowledged(bench, changes).await.ok().flatten();
    let left = leave(bench, SOON * 5 / 2, |slow| {
        (slow.lasts.saturating_sub(WATCH), slow.lasts + WATCH / 2)
    });
    let left = left.await;
    let told = subscription.map(|subscription| bench.close(subscription));
    let left = match left? {
        Ok(left) => left,
        Err(unseen) => return Ok(unseen),
    };
    if let Some(text) =
        told.and_then(|told| about(&told, left.closed, left.id.as_ref(), &left.token))
    {
        return Ok(Finding::violated(
            "the request is over when its stream is closed",
            format!("on a subscription came {text}"),
        ));
    }
    if left.early == left.late {
        return Ok(Finding::Held);
    }
    Ok(Finding::unseen(
        format!(
            "the tool worked on in silence: the journal grew from {} to {} entries in the last moments",
            left.early, left.late
        ),
        "let the slow tool end when its request is cancelled",
    ))
}

check! {
    /// **Observed:** the stream of a slow tool that writes a journal is closed at its start; from one second on the
    /// journal does not grow.
    ///
    /// **Why:** what goes on unseen holds a place that other requests wait for.
    ///
    /// **Fix:** pass the cancellation on to the handler, and let it look at it between its steps.
    pub(crate) STOP_WORK = "http.cancel.stop-work";
    fact: "cancel.server-stop";
    applies: [Http];
    needs: [SlowTool];
    waits: true;
    scenario: stop_work
}

async fn stop_work(bench: &Bench) -> Judgement {
    let left = match leave(bench, SOON * 4, |_| (SOON, SOON + WATCH / 2)).await? {
        Ok(left) => left,
        Err(unseen) => return Ok(unseen),
    };
    let (early, late) = (left.early, left.late);
    Ok(Finding::expect(early == late, "the work stops when the stream is closed", || {
        format!(
            "the journal grew from {early} to {late} entries, more than one second after the disconnect"
        )
    }))
}

/// A slow call that was left, and the entries of its journal at two moments after it.
struct Left {
    id: Option<Value>,
    token: Value,
    /// In microseconds since the run began.
    closed: u64,
    early: usize,
    late: usize,
}

/// Leaves a slow call at its start and looks at the journal at two moments after the start.
async fn leave(
    bench: &Bench,
    wanted: Duration,
    moments: impl Fn(&Slow) -> (Duration, Duration),
) -> Result<Result<Left, Finding>, Trouble> {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(Err(unseen));
    }
    let key = format!("plumb-disconnect-{}", bench.fresh_id());
    let slow = work::slow_in_journal(bench, wanted, &key)?;
    let started = Instant::now();
    let Some(open) = streaming(bench, &slow).await? else { return Ok(Err(no_stream())) };
    let id = open.id();
    let closed = bench.close(open).exchange.answer.ended_at;
    let (first, second) = moments(&slow);
    sleep_until(started + first).await;
    let early = work::journal(bench, &key).await?;
    sleep_until(started + second).await;
    let late = work::journal(bench, &key).await?;
    if late == 0 {
        return Ok(Err(Finding::unseen(
            "the slow tool wrote nothing into the journal",
            "write an entry at its start",
        )));
    }
    Ok(Ok(Left { id, token: slow.token, closed, early, late }))
}

check! {
    /// **Observed:** the stream of a slow tool is closed; neither an open subscription nor the stream of another call
    /// then carries anything with its id or its progress token.
    ///
    /// **Why:** what is sent for a cancelled request can only reach those whom it does not concern.
    ///
    /// **Fix:** drop the notifications and the response of a request together with its stream.
    pub(crate) NO_MORE_MESSAGES = "http.cancel.no-more-messages";
    applies: [Http];
    needs: [SlowTool];
    scenario: no_more_messages
}

async fn no_more_messages(bench: &Bench) -> Judgement {
    let subscription = subscription::acknowledged(bench, json!({"toolsListChanged": true})).await?;
    let other = work::slow(bench, SOON)?;
    let cancelled = work::slow(bench, SOON * 2)?;
    let token = cancelled.token.clone();
    let watching = bench.open(other.probe.clone()).await?;
    let Some(open) = streaming(bench, &cancelled).await? else { return Ok(no_stream()) };
    let id = open.id();
    let closed = bench.close(open).exchange.answer.ended_at;
    let watching = bench.finish(watching).await;
    let mut seen = vec![("the stream of another call", watching)];
    if let Some(subscription) = subscription {
        seen.push(("a subscription", bench.close(subscription)));
    }
    for (place, seen) in seen {
        if let Some(text) = about(&seen, closed, id.as_ref(), &token) {
            return Ok(Finding::violated(
                "nothing more for the cancelled request",
                format!("on {place} came {text}"),
            ));
        }
    }
    Ok(Finding::Held)
}

/// What an exchange holds of another request, from a moment on, in microseconds since the run began.
fn about(seen: &Observed, from: u64, id: Option<&Value>, token: &Value) -> Option<String> {
    let of_it = |m: &&Message| {
        let reported = m.params().and_then(|p| p.get("progressToken"));
        (id.is_some() && m.is_response() && m.id() == id) || reported == Some(token)
    };
    let late = seen
        .exchange
        .answer
        .frames
        .iter()
        .zip(seen.messages.iter())
        .filter(|(frame, _)| frame.at > from);
    let message = late.map(|(_, message)| message).find(of_it)?;
    Some(plumb_runner::clip(&message.raw.lossy(), 200))
}

check! {
    /// **Observed:** of two slow calls at the same time, the stream of one is closed and the other completes: with
    /// different ids, and with the same id, as two clients that do not know of each other use it.
    ///
    /// **Why:** one client's disconnect must not take away another's answer.
    ///
    /// **Fix:** tie a cancellation to the stream, not to the request's id or to the connection pool.
    pub(crate) ONLY_THAT_REQUEST = "http.cancel.only-that-request";
    applies: [Http];
    needs: [SlowTool];
    waits: true;
    scenario: only_that_request
}

async fn only_that_request(bench: &Bench) -> Judgement {
    bench.control(work::slow(bench, SOON / 10)?.probe).await?;
    bench.case("another-id", "two calls with different ids", survives(bench, None).await);
    let shared = json!(bench.fresh_id());
    bench.case(
        "same-id",
        "two clients' calls with the same id",
        survives(bench, Some(shared)).await,
    );
    bench.conclude()
}

async fn survives(bench: &Bench, shared_id: Option<Value>) -> Judgement {
    let (mut kept, mut left) = (work::slow(bench, SOON / 2)?, work::slow(bench, SOON * 2)?);
    if let Some(id) = shared_id {
        kept.probe = kept.probe.id(id.clone());
        left.probe = left.probe.id(id);
    }
    let kept_open = bench.open(kept.probe.clone().fresh()).await?;
    let Some(left_open) =
        streaming(bench, &Slow { probe: left.probe.clone().fresh(), ..left }).await?
    else {
        return Ok(no_stream());
    };
    if kept_open.is_ended() {
        bench.close(left_open);
        let how = "name a tool under [props.slow-tool] that takes two seconds";
        return Ok(Finding::unseen(
            "the slow tool was done before the other call could be left",
            how,
        ));
    }
    bench.close(left_open);
    let seen = bench.finish(kept_open).await;
    seen.settled()?;
    Ok(Finding::expect(seen.is_accepted(), "the other call completes", || seen.describe()))
}

/// The call, once its stream has begun; `None` if there is no sign of one while the tool works.
async fn streaming(bench: &Bench, slow: &Slow) -> Result<Option<Open>, Trouble> {
    let mut open = bench.open(slow.probe.clone()).await?;
    let begun = timeout(bench.lengthen(BEGUN).min(slow.lasts / 2), open.status())
        .await
        .is_ok_and(|status| status.is_some());
    if begun && !open.is_ended() {
        return Ok(Some(open));
    }
    bench.close(open);
    Ok(None)
}

fn no_stream() -> Finding {
    Finding::unseen(
        "the slow tool's answer is not streamed, so there is no stream to close",
        format!("report progress from it, or {}", Prop::SlowTool.how_to_enable()),
    )
}
