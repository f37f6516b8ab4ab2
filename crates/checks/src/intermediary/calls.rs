//! What becomes of calls: they are no requests that may be repeated or remembered.

use std::time::Duration;

use plumb_flows::confirmation::Confirmation;
use plumb_flows::work::{self, Slow};
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, check};
use plumb_wire::meta;
use serde_json::json;

/// A call works so long whose journal is counted: longer than a gateway's patience, if that is short.
const LASTS: Duration = Duration::from_millis(1_200);

/// A call that is slow, though nobody would call it broken.
const A_WHILE: Duration = Duration::from_secs(3);

/// What a gateway may do behind a client's back is done after this.
const AFTER: Duration = Duration::from_millis(600);

/// How much a call leaves in a journal, and how long it takes, depends on the load of the machine, too: what looks wrong is looked at
/// so often.
const LOOKS: usize = 2;

check! {
    /// **Observed:** one call through the gateway of a slow tool that keeps a journal leaves as many entries as one at the
    /// server itself.
    ///
    /// **Why:** a call may send, pay or delete something. A gateway that sends it again, since no answer came in its time or
    /// to be on the safe side, does so twice.
    ///
    /// **Fix:** retry no POST (`proxy_next_upstream` without `non_idempotent` in nginx; `retryOn` without `5xx` in Envoy).
    pub(crate) ONCE = "gateway.call.once";
    needs: [SlowTool, Journal];
    waits: true;
    crossing: once
}

async fn once(bench: &Bench) -> Judgement {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(unseen);
    }
    let mut most = 0;
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        most = most.max(entries(bench, Way::Direct).await?);
        if most == 0 {
            return Ok(Finding::unseen(
                "the journal shows nothing of a call at the server itself",
                "keep a journal under the argument `key`",
            ));
        }
        let through = entries(bench, Way::Through).await?;
        // One call leaves as many as another; a second one, even if it is broken off, leaves more.
        let fits = through <= most + most / 4;
        confirmation.saw(Finding::expect(fits, "one call at the server for one at the gateway", || {
            format!(
                "{through} entries of one call through the gateway, at most {most} of one at the server itself"
            )
        }));
    }
    Ok(confirmation.finding())
}

/// How a call goes to the server.
#[derive(Clone, Copy, Debug)]
enum Way {
    Direct,
    Through,
}

/// How many entries a slow call leaves in the journal, whatever comes of it.
async fn entries(bench: &Bench, way: Way) -> Result<usize, Trouble> {
    let key = format!("plumb-{way:?}-{}", bench.fresh_id());
    // The server may remember an earlier run.
    let before = work::journal(bench, &key).await?;
    let call = silent(work::slow_in_journal(bench, LASTS, &key)?);
    match way {
        Way::Direct => _ = bench.control(call).await?,
        Way::Through => {
            bench.through(call).await?;
            bench.pause(AFTER).await;
        }
    }
    Ok(work::journal(bench, &key).await?.saturating_sub(before))
}

/// A slow call of which nothing comes until it is done: no progress keeps its connection awake. It is sent once, or what sends it
/// twice would not be known.
fn silent(slow: Slow) -> Probe {
    slow.probe.without_meta(meta::PROGRESS_TOKEN).once()
}

check! {
    /// **Observed:** a call that takes three seconds, which the server itself answers, is answered through the gateway. What
    /// takes longer is not tried.
    ///
    /// **Why:** tools work for seconds; a gateway made for pages gives up meanwhile, and the work is done for nobody.
    ///
    /// **Fix:** raise the time that the gateway waits for an answer (`proxy_read_timeout` in nginx).
    pub(crate) SLOW = "gateway.answer.slow";
    needs: [SlowTool];
    waits: true;
    crossing: slow
}

async fn slow(bench: &Bench) -> Judgement {
    let probe = silent(work::slow(bench, A_WHILE)?);
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        bench.control(probe.clone()).await?;
        let through = bench.through(probe.clone()).await?;
        if matches!(through.status(), Some(429 | 503)) {
            let why = format!("the gateway limits its callers: {}", through.describe());
            return Err(Trouble::Setup(why));
        }
        let expected = "an answer, as the server itself gives after a while";
        confirmation.saw(Finding::expect(through.is_accepted(), expected, || {
            format!("through the gateway: {}", through.describe())
        }));
    }
    Ok(confirmation.finding())
}

check! {
    /// **Observed:** a call whose answer has changed meanwhile is answered anew through the gateway: the journal is read, a
    /// call that writes into it is made at the server itself, and the journal is read again.
    ///
    /// **Why:** only lists, reads and `server/discover` may be cached; a call that is answered from a cache was not made.
    ///
    /// **Fix:** cache no `tools/call`, nor anything that `ttlMs` does not cover.
    pub(crate) CACHED = "gateway.cache.calls";
    needs: [SlowTool, Journal];
    crossing: cached
}

async fn cached(bench: &Bench) -> Judgement {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(unseen);
    }
    let key = format!("plumb-cache-{}", bench.fresh_id());
    let name = bench.prop(Prop::Journal)?.name.clone();
    let read = || bench.call_of(&name, json!({"key": key}));
    bench.through(read()).await?;
    bench.control(work::slow_in_journal(bench, Duration::from_millis(100), &key)?.probe).await?;
    let now = bench.control(read()).await?;
    let through = bench.through(read()).await?;
    if !through.is_accepted() {
        return Ok(Finding::unseen(
            format!("the call is not accepted through the gateway: {}", through.describe()),
            "see `gateway.request.headers`",
        ));
    }
    let said =
        |seen: &plumb_runner::Observed| seen.complete().and_then(|r| r.get("content")).cloned();
    Ok(Finding::expect(said(&through) == said(&now), now.describe(), || {
        format!("through the gateway: {}", through.describe())
    }))
}
