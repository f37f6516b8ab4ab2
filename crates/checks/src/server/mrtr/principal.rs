//! basic/patterns/mrtr#server-requirements-basic-workflow: `requestState` in the hands of another principal.

use plumb_flows::rounds::{AskingRequest, InputKind, Round, asking_requests, done, judged};
use plumb_runner::{Bench, Finding, Judgement, OTHER_PRINCIPAL, check};
use serde_json::Value;

/// At most so many stateful requests are looked at.
const LOOKED_AT: usize = 6;

check! {
    /// **Observed:** a state that one principal was given leads another, who answers in its place, to no result that the
    /// other would not get without it. **Position:** an error and a renewed request for input are both a refusal.
    ///
    /// **Why:** the state holds what the first user has said and was allowed.
    ///
    /// **Fix:** put the subject of the token into the state, sign it, and compare.
    pub(crate) STATE_PRINCIPAL = "mrtr.state-principal";
    applies: [Auth];
    scenario: state_principal
}

async fn state_principal(bench: &Bench) -> Judgement {
    stolen(bench, |_| true).await
}

check! {
    /// **Observed:** an elicitation that one user was shown cannot be completed by another with the state of the first.
    ///
    /// **Why:** whoever holds the state would answer, and be answered, as the user who began.
    ///
    /// **Fix:** bind what is kept between the rounds to the subject of the token.
    pub(crate) ELICITATION = "elicit.state.bind-user";
    applies: [Auth];
    scenario: elicitation
}

async fn elicitation(bench: &Bench) -> Judgement {
    stolen(bench, |round| round.wants(InputKind::Form) || round.wants(InputKind::Url)).await
}

async fn stolen(bench: &Bench, concerns: impl Fn(&Round) -> bool) -> Judgement {
    let auth = bench.auth()?;
    let other = auth.token(&auth.access(OTHER_PRINCIPAL))?;
    let stateful = |asking: &AskingRequest| {
        asking.first.state.as_ref().is_some_and(Value::is_string) && concerns(&asking.first)
    };
    for asking in asking_requests(bench).await.into_iter().filter(stateful).take(LOOKED_AT) {
        let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
        let mine = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
        let without =
            bench.send(asking.retry(round.answers(), None).bearer(other.as_str())).await?;
        // A state that its owner cannot use, or that nobody needs, shows nothing.
        if !done(&mine) || done(&without) {
            continue;
        }
        let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
        let theirs = bench
            .send(asking.retry(round.answers(), round.state.as_ref()).bearer(other.as_str()))
            .await?;
        let judgement = judged(&theirs, |theirs| {
            Finding::expect(!done(theirs), "the state refused, or input asked for anew", || {
                theirs.describe()
            })
        });
        bench.case(
            &asking.slug,
            format!("the state of {:?} in the hands of another principal", asking.name),
            judgement,
        );
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "nothing that may be called needs its `requestState` to end after one round",
            "offer a tool marked `readOnlyHint: true` that does",
        )),
        finding => Ok(finding),
    }
}
