//! A request that asks for input, between question and answer.

use std::collections::BTreeSet;

use plumb_model::pack::Base;
use plumb_runner::{Finding, Judgement, Observed, Trouble};

use super::stage::{Stage, Trail};
use crate::rounds::{Asker, Round, askers};

/// At most so many requests are looked at.
const LOOKED_AT: usize = 6;

/// A request that was answered by asking for input.
pub(super) struct Asked {
    asker: Asker,
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
    stage: &Stage<'_>,
    base: Base,
) -> Vec<(String, String, Trail, Result<Asked, Trouble>)> {
    let wanted = |asker: &Asker| asker.is_prompt() == (base == Base::InputPrompt);
    let mut found = askers(stage.bench()).await;
    found.retain(wanted);
    found.truncate(LOOKED_AT);
    let mut begun = Vec::new();
    for asker in found {
        let trail = Trail::default();
        let (slug, name) = (asker.slug.clone(), asker.name.clone());
        let asked = asked(stage, &trail, asker).await;
        begun.push((slug, name, trail, asked));
    }
    begun
}

async fn asked(stage: &Stage<'_>, trail: &Trail, asker: Asker) -> Result<Asked, Trouble> {
    let first = question(stage, trail, &asker).await?;
    let retry = asker.retry(first.answers(), first.state.as_ref());
    let uninterrupted = Answered::of(&stage.control(trail, retry).await?);
    let round = question(stage, trail, &asker).await?;
    Ok(Asked { asker, round, uninterrupted })
}

async fn question(stage: &Stage<'_>, trail: &Trail, asker: &Asker) -> Result<Round, Trouble> {
    let seen = stage.control(trail, asker.probe()).await?;
    Round::of(&seen)
        .ok_or_else(|| Trouble::Setup(format!("no input asked for this time: {}", seen.describe())))
}

impl Asked {
    pub(super) async fn go_on(&self, stage: &Stage<'_>, trail: &Trail) -> Judgement {
        let retry = self.asker.retry(self.round.answers(), self.round.state.as_ref());
        let seen = stage.send(trail, retry).await?;
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
