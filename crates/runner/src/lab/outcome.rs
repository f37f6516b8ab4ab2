//! What came of trials.

use std::collections::BTreeMap;

use plumb_model::event::Again;
use plumb_model::pack::Base;

use super::trial::Trial;
use crate::facet::{Facet, Tried};
use crate::{Finding, Judgement, Observed, Trouble};

/// What came of all trials, by key.
pub(crate) type Results = BTreeMap<String, Outcome>;

/// What came of a trial. The answers themselves are judged at once and not kept.
pub(crate) struct Outcome {
    /// By the check's id.
    pub(crate) judgements: BTreeMap<&'static str, Judgement>,
    /// The exchanges that the judgements rest on.
    pub(crate) exchanges: Vec<u64>,
    /// Whether it is to be tried again: the target said nothing, to the vector or to its controls.
    pub(crate) in_vain: bool,
    /// Whether silence to the vector alone is what is in doubt: both its controls were accepted, and nothing ended.
    pub(crate) unanswered: bool,
    /// Whether it was silent for so long that it is not tried again.
    pub(crate) lasted: bool,
    /// Whether a failure of the target may have spoilt it, or what else was in flight: a control was not accepted, or there was
    /// no room for an answer, or what broke the rule was told as an internal failure.
    pub(crate) spoilt: bool,
    /// Whether the target's process ended meanwhile.
    pub(crate) died: bool,
    /// How judges saw their violation again, by the check's id.
    pub(crate) again: BTreeMap<&'static str, Again>,
}

impl Outcome {
    /// Whether it is beyond doubt only between controls of its own.
    pub(super) fn is_doubtful(&self) -> bool {
        let sound = |j: &Judgement| matches!(j, Ok(Finding::Held | Finding::Unseen { .. }));
        self.in_vain || self.spoilt || !self.judgements.values().all(sound)
    }

    /// The checks whose requirement it breaks, each with what came, unless silence or the target's death shows it.
    pub(crate) fn breaks(&self) -> impl Iterator<Item = (&'static str, &Finding)> {
        let certain = !self.in_vain && !self.died;
        self.judgements.iter().filter_map(move |(id, judgement)| match judgement {
            Ok(broken @ Finding::Violated { .. }) if certain => Some((*id, broken)),
            _ => None,
        })
    }

    /// Notes how a check's violation was seen again; what was not, shows nothing.
    pub(crate) fn tried_again(&mut self, check: &'static str, seen: Option<Again>) {
        match (seen, self.judgements.get_mut(check)) {
            (Some(way), _) => _ = self.again.insert(check, way),
            (None, Some(judgement)) => {
                if let Ok(Finding::Violated { actual, .. }) = judgement {
                    let why = format!(
                        "{actual}; that came once, and not again when it was tried once more"
                    );
                    *judgement = Err(Trouble::Setup(why));
                }
            }
            (None, None) => {}
        }
    }

    /// A target that dies of a vector breaks what the vector is for first.
    pub(super) fn of(trial: &Trial, tried: &Tried, death: Option<&str>) -> Self {
        let judge = |(n, (id, facet)): (usize, &(&'static str, Facet))| {
            let judgement = match death.filter(|_| n == 0) {
                // Its subscription is cancelled at once, which may be what it ended of.
                Some(how) if trial.base == Base::Listen => {
                    Err(Trouble::Setup(format!("its process ended: {how}")))
                }
                Some(how) => Ok(Finding::violated(
                    "a server that goes on",
                    format!("its process ended: {how}"),
                )),
                None => facet(tried),
            };
            (*id, judgement)
        };
        let seen = [Some(&tried.before), Some(&tried.sent), tried.after.as_ref()];
        let silent = |o: &&Observed| o.response().is_none() && o.status().is_none() && o.seq() > 0;
        let in_vain = death.is_none()
            && seen.into_iter().flatten().any(|o| silent(&o) && !o.is_accepted())
            && !tried.sent.may_go_unanswered();
        let judgements: BTreeMap<_, _> = trial.judges.iter().enumerate().map(judge).collect();
        let broken = || judgements.values().any(|j| matches!(j, Ok(Finding::Violated { .. })));
        let spoilt = death.is_none()
            && (matches!(tried.controlled, Err(Trouble::Control(_) | Trouble::Cut(_)))
                || (tried.sent.tells_of_a_failure() && broken()));
        let unanswered = in_vain && tried.controlled.is_ok() && !tried.sent.is_broken_off();
        Self {
            in_vain,
            unanswered,
            lasted: false,
            spoilt,
            died: death.is_some(),
            again: BTreeMap::new(),
            judgements,
            exchanges: seen.into_iter().flatten().map(Observed::seq).filter(|s| *s > 0).collect(),
        }
    }
}
