//! basic/patterns/mrtr: clients that never come back.

use plumb_runner::{Bench, Finding, Judgement, check};

use super::flow::{Round, askers};

/// So many calls are left unanswered, over all requests that ask.
const ABANDONED: usize = 40;

check! {
    /// **Observed:** after forty calls whose input was never given the target still asks the next caller, and answers
    /// a retry of the very first call.
    ///
    /// **Why:** users close dialogs; a server that waits for them fills up.
    ///
    /// **Fix:** keep what is needed in `requestState` instead of memory, or bound and expire what is kept.
    pub(crate) NO_ASSUME_RETRY = "mrtr.no-assume-retry";
    scenario: no_assume_retry
}

async fn no_assume_retry(bench: &Bench) -> Judgement {
    let askers = askers(bench).await;
    let Some(asker) = askers.iter().find(|a| !a.first.inputs.is_empty()) else {
        return Ok(Finding::unseen(
            "nothing that may be called asks for input",
            "offer a tool that does",
        ));
    };
    bench.control(asker.probe()).await?;
    for _ in 0..ABANDONED {
        let seen = bench.send(asker.probe()).await?;
        if Round::of(&seen).is_none() {
            return Ok(Finding::violated(
                "input asked for, however many calls were abandoned",
                seen.describe(),
            ));
        }
    }
    let fresh = Round::of(&bench.send(asker.probe()).await?).unwrap_or_default();
    let seen = bench.send(asker.retry(fresh.answers(), fresh.state.as_ref())).await?;
    Ok(Finding::expect(seen.is_accepted(), "the retry of the next call served", || seen.describe()))
}
