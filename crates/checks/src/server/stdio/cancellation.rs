//! stdio#cancellation: what a server still does for a request that was cancelled.

use std::time::Duration;

use plumb_flows::work;
use plumb_runner::{Bench, Finding, Judgement, Probe, check};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{method, notification};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

/// What was on its way when the cancellation came may still arrive for so long.
const RACE: Duration = Duration::from_secs(1);

/// What has come by now.
const NOW: Duration = Duration::from_millis(1);

/// So long work is watched that has no business going on.
const WATCH: Duration = Duration::from_millis(500);

/// A slow tool gets so long for its first sign of life.
const BEGUN: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** a slow tool that writes a journal is cancelled; from one second on the journal does not grow.
    ///
    /// **Why:** work for a request that nobody waits for costs time and money, and its side effects come as a
    /// surprise.
    ///
    /// **Fix:** pass the cancellation on to the handler, and let it look at it between its steps.
    pub(crate) STOP_WORK = "stdio.cancel-stop-work";
    fact: "cancel.server-stop";
    applies: [Stdio];
    needs: [SlowTool];
    scenario: stop_work
}

async fn stop_work(bench: &Bench) -> Judgement {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(unseen);
    }
    let key = format!("plumb-cancel-{}", bench.fresh_id());
    let slow = work::slow_in_journal(bench, RACE * 4, &key)?;
    let mut open = bench.open(slow.probe).await?;
    open.next_within(BEGUN).await;
    cancel(bench, &open).await?;
    let cancelled = Instant::now();
    if open.until(RACE, |m| matches!(m.kind, Kind::Result)).await.is_some() {
        bench.close(open);
        return Ok(Finding::unseen(
            "the call was answered within a second of its cancellation: its end may have crossed it",
            "name a tool under [props.slow-tool] that takes longer",
        ));
    }
    sleep_until(cancelled + RACE).await;
    let early = work::journal(bench, &key).await?;
    sleep_until(cancelled + RACE + WATCH).await;
    let late = work::journal(bench, &key).await?;
    // A server that does one thing after another answers for the journal when the work is done.
    let after = cancelled.elapsed().as_millis();
    let done = open.until(NOW, |m| matches!(m.kind, Kind::Result)).await;
    bench.close(open);
    if let Some(done) = done {
        return Ok(Finding::violated(
            "the work stops when the request is cancelled",
            format!(
                "it was done: {after} ms after the cancellation there was {}",
                plumb_runner::clip(&done.raw.lossy(), 200)
            ),
        ));
    }
    if early == 0 && late == 0 {
        return Ok(Finding::unseen(
            "the slow tool wrote nothing into the journal",
            "write an entry at its start",
        ));
    }
    Ok(Finding::expect(early == late, "the work stops when the request is cancelled", || {
        format!(
            "the journal grew from {early} to {late} entries, more than one second after the cancellation"
        )
    }))
}

check! {
    /// **Observed:** a slow tool with a progress token, which just before answered a call that nobody cancelled, is
    /// cancelled; from one second on, and until well past the time of that answer, nothing more comes for it: no
    /// response, no progress; the next request is answered. Position: what is on its way when the cancellation arrives
    /// may still come, for one second; a call that is answered then is not judged. Nor is one that is over before the request
    /// behind its cancellation is answered: who reads one message after the other has not seen the cancellation by then.
    ///
    /// **Why:** a client has forgotten the request and its id, and takes what comes for an error.
    ///
    /// **Fix:** drop the response and the notifications of a request once it is cancelled.
    pub(crate) NO_MORE_MESSAGES = "stdio.cancel-no-more-messages";
    applies: [Stdio];
    needs: [SlowTool];
    scenario: no_more_messages
}

async fn no_more_messages(bench: &Bench) -> Judgement {
    let done = || {
        Finding::unseen(
            "the slow tool is done before a late message can be told from one on its way",
            "name a tool under [props.slow-tool] that takes two seconds",
        )
    };
    let started = Instant::now();
    bench.control(work::slow(bench, RACE + WATCH)?.probe).await?;
    let lasts = started.elapsed();
    if lasts < RACE + BEGUN {
        return Ok(done());
    }
    let mut open = bench.open(work::slow(bench, RACE + WATCH)?.probe).await?;
    if open.next_within(BEGUN).await.is_some_and(|m| m.is_response()) {
        bench.close(open);
        return Ok(done());
    }
    cancel(bench, &open).await?;
    let cancelled = Instant::now();
    // Whoever answers what was sent later has read the cancellation.
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    if open.until(NOW, Message::is_response).await.is_some() {
        bench.close(open);
        return Ok(Finding::unseen(
            "one request waits for the other: the call was over before what was sent behind its cancellation was answered",
            "read messages while a call is under way",
        ));
    }
    if open.until(RACE.saturating_sub(cancelled.elapsed()), Message::is_response).await.is_some() {
        bench.close(open);
        return Ok(done());
    }
    let late = open.next_within(lasts + WATCH).await;
    let after = cancelled.elapsed().as_millis();
    // Silence means something only while others are answered.
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    bench.close(open);
    Ok(Finding::expect(late.is_none(), "nothing more for a cancelled request", || {
        let what = late.as_ref().map_or_else(String::new, |m| m.raw.lossy().into_owned());
        format!("{after} ms after the cancellation came {}", plumb_runner::clip(&what, 200))
    }))
}

async fn cancel(bench: &Bench, open: &plumb_runner::Open) -> Result<(), plumb_runner::Trouble> {
    let params = json!({"requestId": open.id(), "reason": "plumb has seen enough"});
    bench.send(Probe::notification(notification::CANCELLED, params)).await?;
    Ok(())
}
