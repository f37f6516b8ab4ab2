//! basic/transports#sending-messages-to-the-server: who leaves a stream cancels nothing.

use std::time::Duration;

use plumb_flows::confirmation::Confirmation;
use plumb_flows::work;
use plumb_runner::{Bench, Finding, Judgement, check};

/// So long the work lasts, where the tool can be told.
const LASTS: Duration = Duration::from_millis(1_500);

/// The work has begun after this.
const BEGUN: Duration = Duration::from_millis(400);

/// Work that seems to have ended with its connection is looked at so often.
const LOOKS: usize = 2;

/// What was on its way at the end is written down after this.
const SETTLED: Duration = Duration::from_millis(500);

check! {
    /// **Observed:** a slow tool that writes a journal is called twice: once to its end, and once over a connection that is closed
    /// when the work has begun. The journal of the second call goes on to grow, by half or more of what that of the first has beyond it:
    /// how much is written depends on the load of the machine, too.
    ///
    /// **Why:** connections break, and a client that comes back expects what it has asked for; who wants to cancel says so by a
    /// notification.
    ///
    /// **Fix:** let the work go on when nobody listens; keep its events for who resumes the stream.
    pub(crate) DISCONNECT = "http.disconnect";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    needs: [SlowTool];
    waits: true;
    scenario: disconnect
}

async fn disconnect(bench: &Bench) -> Judgement {
    if let Some(unseen) = work::no_journal(bench) {
        return Ok(unseen);
    }
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        confirmation.saw(left(bench).await?);
    }
    Ok(confirmation.finding())
}

/// What becomes of the work of a call that is left.
async fn left(bench: &Bench) -> Judgement {
    let key = |what: &str| format!("plumb-{what}-{}", bench.fresh_id());
    let (kept, left) = (key("kept"), key("left"));
    let whole = work::slow_in_journal(bench, LASTS, &kept)?;
    bench.control(whole.probe).await?;
    let whole = work::journal(bench, &kept).await?;
    let slow = work::slow_in_journal(bench, LASTS, &left)?;
    let mut open = bench.open(slow.probe).await?;
    open.next_within(BEGUN).await;
    bench.close(open);
    let early = work::journal(bench, &left).await?;
    if early >= whole {
        let why = "the work was done before the connection could be closed";
        return Ok(Finding::unseen(why, "let the slow tool take a second, and write step by step"));
    }
    bench.pause(slow.lasts + SETTLED).await;
    let late = work::journal(bench, &left).await?;
    let expected = format!("about {whole} entries in the journal, as without a disconnection");
    let went_on = late.saturating_sub(early) >= (whole - early).div_ceil(2);
    Ok(Finding::expect(went_on, expected, || {
        format!("{early} when the connection was closed, and {late} in the end")
    }))
}
