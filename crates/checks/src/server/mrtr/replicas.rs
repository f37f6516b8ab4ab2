//! basic/patterns/mrtr#basic-workflow: the retry may reach any replica.

use plumb_flows::interruption;
use plumb_flows::rounds::asking_requests;
use plumb_runner::{Bench, Finding, Judgement, check};

check! {
    /// **Observed:** requests that ask for input are answered, with the state that came, on another replica than the one
    /// that asked, and in a process that was started after the one that asked was killed. The answer is served there as
    /// it is where it was asked: with a result, or with the next question.
    ///
    /// **Why:** nothing ties the retry to a connection or a process; a load balancer sends it anywhere.
    ///
    /// **Fix:** put what the retry needs into `requestState`, sealed with a key that all replicas share.
    pub(crate) RETRY_SELF_CONTAINED = "mrtr.retry-self-contained";
    isolation: Replicas;
    scenario: retry_self_contained
}

async fn retry_self_contained(bench: &Bench) -> Judgement {
    if asking_requests(bench).await.is_empty() {
        return Ok(Finding::unseen(
            "nothing that may be called asks for input",
            "offer a tool marked `readOnlyHint: true` that asks for input",
        ));
    }
    interruption::cases(bench).await;
    bench.conclude()
}
