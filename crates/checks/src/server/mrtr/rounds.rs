//! basic/patterns/mrtr: clients that never come back.

use std::time::Duration;

use plumb_flows::rounds::{
    AskingRequest, Round, accepted, asking_requests, done, failed_to_answer,
};
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check};

/// So many calls are left unanswered of the first request that asks for input, and so many of each further one: a
/// server that waits for one answer shows by few.
const ABANDONED: usize = 40;
const ABANDONED_OF_OTHERS: usize = 3;

/// At most so many requests that ask for input are looked at.
const LOOKED_AT: usize = 12;

/// A server that says that it was called too often is left alone for so long, so many times.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSES: usize = 3;

check! {
    /// **Observed:** after calls whose input was never given (forty of one tool, a few of each other one) the target still
    /// asks the next caller, and takes a fitting answer as it did before. **Position:** a target that no longer asks may limit its callers, which is its right. It
    /// breaks the rule where a pause does not help and answering the abandoned calls does.
    ///
    /// **Why:** users close dialogs; a server that waits for them fills up.
    ///
    /// **Fix:** keep what is needed in `requestState` instead of memory, or bound and expire what is kept.
    pub(crate) NO_ASSUME_RETRY = "mrtr.no-assume-retry";
    scenario: no_assume_retry
}

async fn no_assume_retry(bench: &Bench) -> Judgement {
    let mut asking_requests = asking_requests(bench).await;
    asking_requests.retain(|a| !a.first.inputs.is_empty());
    for (n, asking) in asking_requests.iter().take(LOOKED_AT).enumerate() {
        let abandoned = if n == 0 { ABANDONED } else { ABANDONED_OF_OTHERS };
        let judgement = match abandon(bench, asking, abandoned).await {
            // The first says whether the target limits its callers.
            Err(Trouble::Setup(why)) if n > 0 => Ok(Finding::unseen(why, "ask each caller")),
            judgement => judgement,
        };
        bench.case(
            &asking.slug,
            format!("{abandoned} calls of {:?} that nobody answers", asking.name),
            judgement,
        );
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "nothing that may be called asks for input",
            "offer a tool that does",
        )),
        finding => Ok(finding),
    }
}

async fn abandon(bench: &Bench, asking: &AskingRequest, abandoned: usize) -> Judgement {
    // The survey abandoned a call already.
    let mut left = vec![asking.first.clone()];
    let mut pauses = 0;
    while left.len() <= abandoned {
        let seen = bench.send(asking.probe()).await?;
        if let Some(round) = Round::of(&seen) {
            left.push(round);
            continue;
        }
        if done(&seen) {
            return Ok(Finding::unseen("nothing is asked for any more", "ask each time"));
        }
        if failed_to_answer(&seen) || pauses == PAUSES {
            return owed(bench, asking, &left, &seen).await;
        }
        pauses += 1;
        bench.pause(PAUSE).await;
    }
    let fresh = Round::of(&bench.send(asking.probe()).await?).unwrap_or_default();
    let seen = bench.send(asking.retry(fresh.answers(), fresh.state.as_ref())).await?;
    if seen.is_accepted() {
        return Ok(Finding::Held);
    }
    owed(bench, asking, &left, &seen).await
}

/// The target no longer serves what it served. Whether that is for the answers that are owed shows when they are given.
async fn owed(bench: &Bench, asking: &AskingRequest, left: &[Round], seen: &Observed) -> Judgement {
    let mut paid = 0;
    for round in left {
        let seen = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
        paid += usize::from(done(&seen));
    }
    let helped = paid > 0 && accepted(bench, asking).await?.is_some();
    if helped || failed_to_answer(seen) {
        let abandoned = left.len();
        return Ok(Finding::violated(
            format!("input asked for and taken after {abandoned} calls that nobody answered"),
            seen.describe(),
        ));
    }
    Err(Trouble::Setup(format!("the target may limit its callers: {}", seen.describe())))
}
