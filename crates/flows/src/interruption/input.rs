//! A request that asks for input, between question and answer.

use std::collections::BTreeSet;

use plumb_model::pack::Base;
use plumb_runner::{Finding, Judgement, Observed, Trouble};

use super::interrupter::{Interrupter, Trail};
use crate::rounds::{AskingRequest, Round, asking_requests};

/// At most so many requests are looked at.
const LOOKED_AT: usize = 6;

/// A request that was answered by asking for input.
pub(super) struct Asked {
    asking: AskingRequest,
    round: Round,
    /// What the same retry was answered without an interruption.
    uninterrupted: Answered,
}

/// What a retry is answered, as far as two of them must agree.
#[derive(PartialEq, Eq)]
enum Answered {
    /// With a result; whether it says that all went well.
    Complete { well: bool },
    /// With further questions, by their keys.
    Asks(BTreeSet<String>),
}

/// Asks twice, and answers the first question at once. A slug and a name for each request.
pub(super) async fn begin(
    interrupter: &Interrupter<'_>,
    base: Base,
) -> Vec<(String, String, Trail, Result<Asked, Trouble>)> {
    let wanted = |asking: &AskingRequest| asking.is_prompt() == (base == Base::InputPrompt);
    let mut found = asking_requests(interrupter.bench()).await;
    found.retain(wanted);
    found.truncate(LOOKED_AT);
    let mut begun = Vec::new();
    for asking in found {
        let trail = Trail::default();
        let (slug, name) = (asking.slug.clone(), asking.name.clone());
        let asked = asked(interrupter, &trail, asking).await;
        begun.push((slug, name, trail, asked));
    }
    begun
}

async fn asked(
    interrupter: &Interrupter<'_>,
    trail: &Trail,
    asking: AskingRequest,
) -> Result<Asked, Trouble> {
    let first = question(interrupter, trail, &asking).await?;
    let retry = asking.retry(first.answers(), first.state.as_ref());
    let uninterrupted = Answered::of(&interrupter.control(trail, retry).await?);
    let round = question(interrupter, trail, &asking).await?;
    Ok(Asked { asking, round, uninterrupted })
}

async fn question(
    interrupter: &Interrupter<'_>,
    trail: &Trail,
    asking: &AskingRequest,
) -> Result<Round, Trouble> {
    let seen = interrupter.control(trail, asking.probe()).await?;
    Round::of(&seen)
        .ok_or_else(|| Trouble::Setup(format!("no input asked for this time: {}", seen.describe())))
}

impl Asked {
    pub(super) async fn go_on(&self, interrupter: &Interrupter<'_>, trail: &Trail) -> Judgement {
        let retry = self.asking.retry(self.round.answers(), self.round.state.as_ref());
        let seen = interrupter.send(trail, retry).await?;
        let fits = seen.is_accepted() && self.agrees(&Answered::of(&seen));
        Ok(Finding::expect(fits, self.uninterrupted.describe(), || seen.describe()))
    }

    /// Keys may be minted anew for each answer; that the first question comes again is no progress.
    fn agrees(&self, now: &Answered) -> bool {
        let first: BTreeSet<String> = self.round.answers().keys().cloned().collect();
        match (&self.uninterrupted, now) {
            (Answered::Asks(then), Answered::Asks(now)) => *now != first || *then == first,
            (then, now) => then == now,
        }
    }
}

impl Answered {
    fn of(seen: &Observed) -> Self {
        match Round::of(seen) {
            Some(round) => Self::Asks(round.answers().keys().cloned().collect()),
            None => Self::Complete { well: crate::rounds::done(seen) },
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Complete { .. } => "a result, as the same retry where it was asked".into(),
            Self::Asks(keys) => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                format!("the next question ({}), as where it was asked", keys.join(", "))
            }
        }
    }
}
