//! basic/patterns/mrtr: clients that never come back.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::rounds::{
    AskingRequest, Round, accepted_on, asking_requests, done, failed_to_answer,
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
    if asking_requests.is_empty() {
        return Ok(unasked());
    }
    // What is left unanswered in a process may keep others from being served there. Tokens are for one address.
    let apart = bench.is_command() && !bench.survey().protected;
    let lane = if apart { Quiet::own(bench).await? } else { Quiet::Run(bench) };
    let mut leaving = Leaving { bench, lane, pauses: 0 };
    for (n, asking) in asking_requests.iter().take(LOOKED_AT).enumerate() {
        let abandoned = if n == 0 { ABANDONED } else { ABANDONED_OF_OTHERS };
        let judgement = match leaving.abandon(asking, abandoned).await {
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
    leaving.lane.stop().await;
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(unasked()),
        finding => Ok(finding),
    }
}

fn unasked() -> Finding {
    Finding::unseen("nothing that may be called asks for input", "offer a tool that does")
}

/// Leaving calls unanswered.
struct Leaving<'a> {
    bench: &'a Bench,
    lane: Quiet<'a>,
    /// How often the target was left alone: if that did not help one request, it helps no other.
    pauses: usize,
}

impl Leaving<'_> {
    async fn abandon(&mut self, asking: &AskingRequest, abandoned: usize) -> Judgement {
        // The survey abandoned a call already; another process knows nothing of it.
        let mut left = if self.lane.is_own() { Vec::new() } else { vec![asking.first.clone()] };
        while left.len() <= abandoned {
            let seen = self.lane.send(asking.probe()).await?;
            if let Some(round) = Round::of(&seen) {
                left.push(round);
                continue;
            }
            if done(&seen) {
                return Ok(Finding::unseen("nothing is asked for any more", "ask each time"));
            }
            if failed_to_answer(&seen) || self.pauses == PAUSES {
                return self.owed(asking, &left, &seen).await;
            }
            self.pauses += 1;
            self.bench.pause(PAUSE).await;
        }
        let fresh = Round::of(&self.lane.send(asking.probe()).await?).unwrap_or_default();
        let seen = self.lane.send(asking.retry(fresh.answers(), fresh.state.as_ref())).await?;
        if seen.is_accepted() {
            return Ok(Finding::Held);
        }
        self.owed(asking, &left, &seen).await
    }

    /// The target no longer serves what it served. Whether that is for the answers that are owed shows when they are given.
    async fn owed(&self, asking: &AskingRequest, left: &[Round], seen: &Observed) -> Judgement {
        let mut paid = 0;
        for round in left {
            let retry = asking.retry(round.answers(), round.state.as_ref());
            paid += usize::from(done(&self.lane.send(retry).await?));
        }
        let helped = paid > 0 && accepted_on(&self.lane, asking).await?.is_some();
        if helped || failed_to_answer(seen) {
            let abandoned = left.len();
            return Ok(Finding::violated(
                format!("input asked for and taken after {abandoned} calls that nobody answered"),
                seen.describe(),
            ));
        }
        Err(Trouble::Setup(format!("the target may limit its callers: {}", seen.describe())))
    }
}
