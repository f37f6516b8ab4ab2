//! stdio#shutdown: the end of standard input ends the server.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Instance, Judgement, Probe, Prop, Trouble, check, with_token};
use serde_json::json;

/// What is still prompt: an interpreter that winds down gets this long.
const PROMPT: Duration = Duration::from_secs(5);

/// A request that reports nothing is taken to be in progress after this.
const BEGUN: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** the server ends within 5 seconds after its standard input was closed: right after its start,
    /// idle after a request, while a slow tool runs, and while a subscription is open.
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
    bench.case("at-once", "the input ends before the first message", at_once(bench).await);
    bench.case("idle", "the input ends after an answered request", idle(bench).await);
    bench.case(
        "subscribed",
        "the input ends while a subscription is open",
        subscribed(bench).await,
    );
    bench.case("mid-request", "the input ends while a tool runs", mid_request(bench).await);
    bench.conclude()
}

async fn at_once(bench: &Bench) -> Judgement {
    ends(bench.instance().await?).await
}

async fn idle(bench: &Bench) -> Judgement {
    let instance = bench.instance().await?;
    let seen = instance.send(Probe::request("server/discover", json!({}))).await?;
    if seen.response().is_none() {
        return Err(Trouble::Control(seen.describe()));
    }
    ends(instance).await
}

async fn subscribed(bench: &Bench) -> Judgement {
    let instance = bench.instance().await?;
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let mut open = instance.open(Probe::request("subscriptions/listen", filter)).await?;
    let acknowledged = open.next_within(PROMPT).await.is_some_and(|m| m.method().is_some());
    if !acknowledged {
        bench.close(open);
        instance.stop().await;
        return Ok(Finding::unseen(
            "the server acknowledges no subscription",
            "implement `subscriptions/listen`",
        ));
    }
    let finding = ends(instance).await;
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
    let instance = bench.instance().await?;
    let mut open =
        instance.open(with_token(bench.call(Prop::SlowTool)?, json!("plumb-eof"))).await?;
    open.next_within(BEGUN).await;
    let finding = ends(instance).await;
    bench.close(open);
    finding
}

/// Closes the input and waits for the end.
async fn ends(instance: Instance<'_>) -> Judgement {
    let session = instance.session().await?;
    session.close_stdin().await;
    let exit = session.wait_exit(PROMPT).await;
    instance.stop().await;
    Ok(Finding::expect(exit.is_some(), "the server exits when its standard input ends", || {
        format!("it still runs {} seconds later", PROMPT.as_secs())
    }))
}
