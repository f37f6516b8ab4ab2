//! basic/patterns/mrtr#basic-workflow: the retry may reach any replica.

use plumb_runner::{Bench, Finding, Judgement, Trouble, check};

use super::flow::{Asker, Round, askers};

/// At most so many requests are retried.
const LOOKED_AT: usize = 6;

check! {
    /// **Observed:** requests that ask for input are answered, with the state that came, on another replica than the one
    /// that asked. The answer is served there: with a result, or with a further question. The same retry where it was
    /// asked is served, too.
    ///
    /// **Why:** nothing ties the retry to a connection or a process; a load balancer sends it anywhere.
    ///
    /// **Fix:** put what the retry needs into `requestState`, sealed with a key that all replicas share.
    pub(crate) RETRY_SELF_CONTAINED = "mrtr.retry-self-contained";
    isolation: Replicas;
    scenario: retry_self_contained
}

async fn retry_self_contained(bench: &Bench) -> Judgement {
    let askers = askers(bench).await;
    if askers.is_empty() {
        return Ok(Finding::unseen(
            "nothing that may be called asks for input",
            "offer a tool marked `readOnlyHint: true` that asks for input",
        ));
    }
    for asker in askers.iter().take(LOOKED_AT) {
        bench.case(
            &asker.slug,
            format!("{:?} retried on another replica", asker.name),
            retried(bench, asker).await,
        );
    }
    bench.conclude()
}

async fn retried(bench: &Bench, asker: &Asker) -> Judgement {
    let here = asked(bench, asker).await?;
    bench.control(asker.retry(here.answers(), here.state.as_ref())).await?;
    let again = asked(bench, asker).await?;
    let seen = bench.elsewhere(asker.retry(again.answers(), again.state.as_ref())).await?;
    Ok(Finding::expect(seen.is_accepted(), "the retry is served by another replica", || {
        seen.describe()
    }))
}

/// Asks for what the first answer asks for.
async fn asked(bench: &Bench, asker: &Asker) -> Result<Round, Trouble> {
    let seen = bench.control(asker.probe()).await?;
    Round::of(&seen)
        .ok_or_else(|| Trouble::Setup(format!("no input asked for this time: {}", seen.describe())))
}
