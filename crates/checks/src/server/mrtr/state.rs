//! basic/patterns/mrtr#server-requirements-basic-workflow: `requestState` in the hands of a client that changes it.

use std::sync::Arc;

use plumb_flows::rounds::tamper::{Tampered, altered, garbage, mangled};
use plumb_flows::rounds::{
    AskingRequest, Round, asking_requests, done, failed_to_answer, judged, outcome,
};
use plumb_runner::{Bench, Finding, Judgement, Observed, Prop, Trouble, check};
use serde_json::Value;

/// At most so many stateful requests are tampered with.
const LOOKED_AT: usize = 6;

/// What no server gave as a state.
const NEVER: &str = "plumb-never-a-state";

/// The tools of the official fixture whose state matters: no change of it may pass.
const DECLARED: [&str; 2] =
    ["test_input_required_result_tampered_state", "test_input_required_result_single_use"];

/// A stateful request that a fitting retry takes a step further.
pub(super) struct StatefulRequest {
    pub(super) asking: AskingRequest,
    /// What a fitting retry gives.
    taken: Observed,
    /// Whether the same retry gives the same twice, with the same state.
    repeatable: bool,
    /// What the retry gives without the state.
    without: Observed,
    /// Whether the retry goes no further without the state.
    pub(super) needs_state: bool,
    /// Whether the retry goes no further with what was never a state.
    pub(super) reads_state: bool,
}

/// The requests that give a state which a fitting retry takes further; looked for once for all checks.
pub(super) async fn subjects(bench: &Bench) -> Result<Arc<Vec<StatefulRequest>>, Trouble> {
    let subjects = bench.shared("stateful requests", || found(bench)).await?;
    for subject in subjects.iter() {
        bench.note(&subject.taken);
        bench.note(&subject.without);
    }
    Ok(subjects)
}

async fn found(bench: &Bench) -> Result<Vec<StatefulRequest>, Trouble> {
    let mut found = Vec::new();
    for asking in asking_requests(bench).await.into_iter().filter(|a| a.first.state.is_some()) {
        if found.len() == LOOKED_AT {
            break;
        }
        let Some(round) = fresh(bench, &asking).await? else { continue };
        let taken = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
        let again = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
        let without = bench.send(asking.retry(round.answers(), None)).await?;
        if stepped(&taken, &round) {
            let never = bench.send(asking.retry(round.answers(), Some(&NEVER.into()))).await?;
            let stays = |seen: &Observed| !failed_to_answer(seen) && !stepped(seen, &round);
            found.push(StatefulRequest {
                asking,
                repeatable: outcome(&taken) == outcome(&again) && again.is_accepted(),
                needs_state: stays(&without),
                reads_state: stays(&never),
                taken,
                without,
            });
        }
    }
    // The fixtures that declare that their state matters come first.
    found.sort_by_key(|s| !s.declared());
    Ok(found)
}

pub(super) async fn fresh(bench: &Bench, asking: &AskingRequest) -> Result<Option<Round>, Trouble> {
    let round = Round::of(&bench.send(asking.probe()).await?);
    Ok(round.filter(|r| r.state.as_ref().is_some_and(Value::is_string)))
}

/// Whether a retry went further than the round that it answers.
pub(super) fn stepped(seen: &Observed, round: &Round) -> bool {
    done(seen)
        || Round::of(seen).is_some_and(|next| round.inputs.iter().all(|i| !next.asks(&i.key)))
}

impl StatefulRequest {
    fn declared(&self) -> bool {
        DECLARED.contains(&self.asking.name.as_str())
    }

    /// Judges what a tampered state led to. Whether a state matters cannot be known from outside; where a fixture
    /// says so nothing may come of it, elsewhere it may not lead to an outcome of its own. Where it leads to what the
    /// true state or none leads to, nothing tells whether it was verified.
    async fn judge(&self, bench: &Bench, round: &Round, seen: &Observed) -> Judgement {
        if failed_to_answer(seen) {
            return Err(Trouble::Setup(seen.describe()));
        }
        if self.declared() {
            return Ok(Finding::expect(
                !done(seen),
                "the state refused, or input asked for anew",
                || seen.describe(),
            ));
        }
        if !stepped(seen, round) {
            return Ok(Finding::Held);
        }
        let known = [outcome(&self.taken), outcome(&self.without)];
        if !done(seen) || !self.repeatable || known.contains(&outcome(seen)) {
            return Ok(untold());
        }
        // What the true state leads to may have changed by itself in the meantime.
        let Some(round) = fresh(bench, &self.asking).await? else {
            return Err(Trouble::Setup("the state is no longer given".into()));
        };
        let taken = bench.send(self.asking.retry(round.answers(), round.state.as_ref())).await?;
        if outcome(&taken) != outcome(&self.taken) {
            return Err(Trouble::Setup("the true state leads to something else, too".into()));
        }
        Ok(Finding::violated("no outcome but those of the true state and of none", seen.describe()))
    }
}

/// A changed state was taken, and nothing shows whether it matters.
fn untold() -> Finding {
    Finding::unseen(
        "a changed state leads on like the true one, and nothing shows whether what it says matters",
        "offer a tool marked `readOnlyHint: true` whose result shows what its `requestState` says, or \
         test_input_required_result_tampered_state",
    )
}

async fn tampered(bench: &Bench, change: impl Fn(&str) -> Vec<Tampered>) -> Judgement {
    let subjects = subjects(bench).await?;
    let mut verified = false;
    for subject in subjects.iter() {
        verified |= changed(bench, subject, &change).await?;
    }
    match bench.conclude()? {
        // Who takes one changed state does not verify it: that another was refused shows no more than that it made no
        // sense.
        Finding::Held if !verified => Ok(untold()),
        Finding::Unseen { .. } if !subjects.is_empty() => Ok(untold()),
        _ => concluded(bench),
    }
}

/// Judges each change of the state of one request; gives whether all were refused.
async fn changed(
    bench: &Bench,
    subject: &StatefulRequest,
    change: impl Fn(&str) -> Vec<Tampered>,
) -> Result<bool, Trouble> {
    let asking = &subject.asking;
    let Some(mut round) = fresh(bench, asking).await? else { return Ok(false) };
    let many = round.state.as_ref().and_then(Value::as_str).map_or(0, |s| change(s).len());
    let mut refused = 0;
    for n in 0..many {
        if !subject.repeatable
            && let Some(next) = fresh(bench, asking).await?
        {
            round = next;
        }
        let state = round.state.as_ref().and_then(Value::as_str).unwrap_or_default();
        let Some(Tampered { slug, title, state }) = change(state).into_iter().nth(n) else {
            continue;
        };
        let seen = bench.send(asking.retry(round.answers(), Some(&Value::String(state)))).await?;
        let judgement = subject.judge(bench, &round, &seen).await;
        refused += usize::from(matches!(judgement, Ok(Finding::Held)));
        bench.case(
            &format!("{}-{slug}", asking.slug),
            format!("{:?}: {title}", asking.name),
            judgement,
        );
    }
    Ok(refused > 0 && refused == many)
}

fn concluded(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "nothing that may be called asks for input with a `requestState`",
            "offer a tool marked `readOnlyHint: true` that does, or test_input_required_result_tampered_state",
        )),
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** a state with one character changed, at places all over it, and where its content can be read with
    /// one value changed, leads to no result. **Position:** whether a state matters cannot be seen from outside. The
    /// official fixture `test_input_required_result_tampered_state` says that its state does; elsewhere only an outcome
    /// that neither the true state nor the lack of one leads to is a violation. Where a changed state leads to the same as
    /// they do, nothing tells whether it was verified.
    ///
    /// **Why:** the state passes through the client, who would rather be asked less and allowed more.
    ///
    /// **Fix:** sign or encrypt the state (HMAC, AEAD), and verify it before reading it.
    pub(crate) INTEGRITY = "mrtr.state-integrity";
    scenario: integrity
}

async fn integrity(bench: &Bench) -> Judgement {
    tampered(bench, altered).await
}

check! {
    /// **Observed:** a state that is cut, extended, turned around or without its signature leads to no result.
    /// **Position:** as for `mrtr.state-integrity`; an error and a renewed request for input are both a rejection.
    ///
    /// **Why:** a state that is passed over when it fails verification protects nothing.
    ///
    /// **Fix:** refuse the request (-32602) when verification fails; do not go on as if there were no state.
    pub(crate) REJECT_TAMPERED = "mrtr.state-reject-tampered";
    fact: "mrtr.state-integrity";
    scenario: reject_tampered
}

async fn reject_tampered(bench: &Bench) -> Judgement {
    tampered(bench, mangled).await
}

check! {
    /// **Observed:** what was never a state (empty, binary, 64 KiB, JSON, a number, an object) gets an answer, and the
    /// request is served afterwards as before. **Position:** a JSON-RPC error is an answer whatever its code and status.
    ///
    /// **Why:** whoever can reach the server can send anything as the state.
    ///
    /// **Fix:** take every failure to read the state for what it is: a refused request.
    pub(crate) ATTACKER_CONTROLLED = "mrtr.state-attacker-controlled";
    scenario: attacker_controlled
}

async fn attacker_controlled(bench: &Bench) -> Judgement {
    let asking_requests = asking_requests(bench).await;
    let stateful = asking_requests.iter().filter(|a| a.first.state.is_some()).take(LOOKED_AT);
    for asking in stateful {
        if Round::of(&bench.send(asking.probe()).await?).is_none() {
            continue;
        }
        for (slug, title, state) in garbage() {
            let seen = bench.send(asking.retry(asking.first.answers(), Some(&state))).await?;
            let finding = Finding::expect(!failed_to_answer(&seen), "a result or an error", || {
                seen.describe()
            });
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?}: {title}", asking.name),
                Ok(finding),
            );
        }
        let after = bench.send(asking.probe()).await?;
        let asks = Round::of(&after).is_some();
        bench.case(
            &format!("{}-afterwards", asking.slug),
            format!("{:?} without a state, afterwards", asking.name),
            judged(&after, |after| {
                Finding::expect(asks, "input asked for, as before", || after.describe())
            }),
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** a tool that says that its state counts once (`[props.once-tool]`, or the fixture
    /// `test_input_required_result_single_use`) gives its result for the first retry, and not for the same retry again.
    ///
    /// **Why:** signature and expiry do not stop a client from redeeming the same state twice.
    ///
    /// **Fix:** remember, where all replicas can see it, which states were used.
    pub(crate) SINGLE_USE = "mrtr.state-single-use";
    needs: [OnceTool];
    scenario: single_use
}

async fn single_use(bench: &Bench) -> Judgement {
    let name = bench.prop(Prop::OnceTool)?.name.clone();
    let Some(asking) = asking_requests(bench).await.into_iter().find(|a| a.name == name) else {
        return Err(Trouble::Setup(format!("{name:?} asked for no input")));
    };
    let Some(round) = fresh(bench, &asking).await? else {
        return Err(Trouble::Setup(format!("{name:?} gave no state")));
    };
    let first = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
    if !done(&first) {
        return Err(Trouble::Control(first.describe()));
    }
    for (slug, title, fresh) in [
        ("again", "the same retry once more", false),
        ("elsewhere", "the same retry once more, on another connection", true),
    ] {
        let retry = asking.retry(round.answers(), round.state.as_ref());
        let second = bench.send(if fresh { retry.fresh() } else { retry }).await?;
        let judgement = judged(&second, |second| {
            Finding::expect(!done(second), "the second use refused", || second.describe())
        });
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}
