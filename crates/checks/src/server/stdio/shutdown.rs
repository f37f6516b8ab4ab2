//! stdio#shutdown: the end of standard input ends the server.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Instance, Judgement, Probe, Prop, Trouble, check, with_token};
use plumb_wire::method;
use serde_json::json;
use tokio::join;
use tokio::time::Instant;

/// What is prompt beyond doubt: an interpreter that winds down gets this long.
const PROMPT: Duration = Duration::from_secs(5);

/// A process that has not ended after so much more does not end. What ends in between is not judged, as the page does
/// not say what is prompt.
const NEVER: Duration = Duration::from_secs(10);

/// A request that reports nothing is taken to be in progress after this.
const BEGUN: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** the server ends after its standard input was closed: right after its start, idle after a request,
    /// while a slow tool runs, and while a subscription is open. One that ends within 5 seconds (and what its start
    /// took) does so promptly, one that has not ended after 15 breaks the rule; in between nothing is judged, since the
    /// page gives no time.
    ///
    /// **Why:** closing the input is the only request to end that works on every system; servers that miss it
    /// are killed in the middle of their work, or stay behind as orphans.
    ///
    /// **Fix:** leave the read loop at the end of the input, cancel what is running, and exit; timers, child
    /// processes and open subscriptions keep many runtimes alive.
    pub(crate) EXIT_ON_EOF = "stdio.server-exit-on-eof";
    applies: [Stdio];
    isolation: OwnProcess;
    scenario: exit_on_eof
}

async fn exit_on_eof(bench: &Bench) -> Judgement {
    let (instance, start) = started(bench).await?;
    let (idle, at_once, subscribed, mid_request) = join!(
        ends(instance, Duration::ZERO),
        at_once(bench, start),
        subscribed(bench),
        mid_request(bench)
    );
    bench.case("at-once", "the input ends before the first message", at_once);
    bench.case("idle", "the input ends after an answered request", idle);
    bench.case("subscribed", "the input ends while a subscription is open", subscribed);
    bench.case("mid-request", "the input ends while a tool runs", mid_request);
    bench.conclude()
}

/// A process that has answered a request, since its start is no part of what follows, and how long that took.
async fn started(bench: &Bench) -> Result<(Instance<'_>, Duration), Trouble> {
    let instance = bench.instance().await?;
    let launched = Instant::now();
    let seen = instance.send(Probe::request(method::DISCOVER, json!({}))).await?;
    if seen.response().is_none() {
        return Err(Trouble::Control(seen.describe()));
    }
    Ok((instance, launched.elapsed()))
}

/// A process may end its start before it looks at its input.
async fn at_once(bench: &Bench, start: Duration) -> Judgement {
    ends(bench.instance().await?, start * 2).await
}

async fn subscribed(bench: &Bench) -> Judgement {
    let (instance, _) = started(bench).await?;
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let mut open = instance.open(Probe::request(method::LISTEN, filter)).await?;
    let acknowledged = open.next_within(PROMPT).await.is_some_and(|m| m.method().is_some());
    if !acknowledged {
        bench.close(open);
        instance.stop().await;
        return Ok(Finding::unseen(
            "the server acknowledges no subscription",
            "implement `subscriptions/listen`",
        ));
    }
    let finding = ends(instance, Duration::ZERO).await;
    bench.close(open);
    finding
}

async fn mid_request(bench: &Bench) -> Judgement {
    if bench.survey().prop(Prop::SlowTool).is_none() {
        return Ok(Finding::unseen(
            "the target offers no slow tool",
            Prop::SlowTool.how_to_enable(),
        ));
    }
    let (instance, _) = started(bench).await?;
    let mut open =
        instance.open(with_token(bench.call(Prop::SlowTool)?, json!("plumb-eof"))).await?;
    open.next_within(BEGUN).await;
    let finding = ends(instance, Duration::ZERO).await;
    bench.close(open);
    finding
}

/// Closes the input and waits for the end, with what a start may take on top.
async fn ends(instance: Instance<'_>, start: Duration) -> Judgement {
    let session = instance.session().await?;
    session.close_stdin().await;
    let closed = Instant::now();
    let prompt = session.wait_exit(PROMPT + start).await.is_some();
    let ended = prompt || session.wait_exit(NEVER).await.is_some();
    let seconds = closed.elapsed().as_secs();
    instance.stop().await;
    if ended && !prompt {
        return Ok(Finding::unseen(
            format!(
                "the server ended {seconds} seconds after its input, and the page does not say what is prompt"
            ),
            "end within five seconds",
        ));
    }
    Ok(Finding::expect(ended, "the server exits when its standard input ends", || {
        format!("it still runs {seconds} seconds later")
    }))
}
