//! basic/authorization#step-up-authorization-flow: a token that is not enough.

use plumb_runner::client::protected::{Flow, Scene, Step, scopes as known};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::{FEW, scopes};

pub(crate) const CHECKS: &[&Check] = &[&RESPOND, &UNION, &FEW_TIMES];

check! {
    /// **Observed:** after a call was refused for its scope, the client asks the user for that scope.
    ///
    /// **Why:** the server says what is missing, and the user may grant it.
    ///
    /// **Fix:** on 403 with `insufficient_scope`, make another authorization request with the scopes of the challenge.
    pub(crate) RESPOND = "client.stepup.respond";
    judges: ["client.stepup.user"];
    happening: respond
}

fn respond(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(&[Scene::StepUp], Step::Message) else { return };
    let refused = |r: &Received| r.answered() == Some(403);
    if !refused(moment.now()) || moment.before().iter().any(refused) || !flow.whole {
        return;
    }
    let write = |r: &Received| scopes(r).is_some_and(|all| all.iter().any(|s| s == known::WRITE));
    let after = moment.after().iter().any(|r| flow.step(r) == Step::Authorization && write(r));
    let expected = format!("an authorization request for `{}`", known::WRITE);
    marks.expect(after, expected, || "there is none".into());
}

check! {
    /// **Observed:** that request has the scopes that were asked for before as well, which the challenge does not repeat.
    ///
    /// **Why:** the new token takes the place of the old one, and would lose what that one could do.
    ///
    /// **Fix:** ask for the union.
    pub(crate) UNION = "auth.client.scope-union";
    happening: union
}

fn union(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(&[Scene::StepUp], Step::Authorization) else { return };
    let asked = scopes(moment.now()).unwrap_or_default();
    let refused = moment.before().iter().any(|r| r.answered() == Some(403));
    if !refused || !asked.iter().any(|scope| scope == known::WRITE) {
        return;
    }
    let earlier = flow.of(Step::Authorization).next().and_then(scopes).unwrap_or_default();
    let kept = earlier.iter().all(|scope| asked.contains(scope));
    marks.expect(kept, format!("{earlier:?} as well"), || format!("{asked:?}"));
}

check! {
    /// **Observed:** where no token is ever enough, the client ends after a few attempts.
    ///
    /// **Why:** each attempt asks the user, or goes on behind the user's back.
    ///
    /// **Fix:** count the attempts for each operation, and give up after two or three.
    pub(crate) FEW_TIMES = "client.stepup.retry-few";
    judges: ["client.stepup.limits", "client.stepup.track"];
    happening: few_times
}

fn few_times(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.begins(&[Scene::RetryLimit]) else { return };
    let refused = flow.of(Step::Message).filter(|r| r.answered() == Some(403)).count();
    let asked = authorizations(flow);
    if refused > FEW || asked > FEW {
        marks.breaks(
            format!("at most {FEW} attempts"),
            format!("{refused} refused messages and {asked} authorization requests"),
        );
    } else if refused > 0 && flow.whole {
        marks.fits();
    }
}

fn authorizations(flow: Flow<'_>) -> usize {
    flow.of(Step::Authorization).count()
}
