//! What the target's process ends of.

use std::collections::BTreeMap;

use plumb_model::pack;

use super::super::outcome::Outcome;
use super::super::trial::Trial;
use crate::Trouble;

/// A target that has died of so many vectors of one check gets no more of them, but for legal ones: each costs three starts
/// of its process, of which there are not many in a run, and what breaks the check is known.
const DEATHS: u32 = 2;

/// How many vectors ended the process, both times that they were sent, by the check that they are for first.
#[derive(Debug, Default)]
pub(super) struct Deadly(BTreeMap<&'static str, u32>);

impl Deadly {
    /// Notes what came of a vector when it was sent for the second time.
    pub(super) fn saw(&mut self, trial: &Trial, outcome: &Outcome) {
        if outcome.died {
            *self.0.entry(purpose(trial)).or_default() += 1;
        }
    }

    /// Why a vector is not sent, if the target has died of enough others like it.
    pub(super) fn enough_of(&self, trial: &Trial) -> Option<Trouble> {
        let deaths = *self.0.get(purpose(trial))?;
        let legal = trial.vector.answer.outcome == pack::Outcome::Accepted;
        (deaths >= DEATHS && !legal).then(|| {
            let why = format!(
                "the target's process ended of {deaths} messages like it; no more were sent"
            );
            Trouble::Setup(why)
        })
    }
}

/// The check that a vector is for first.
fn purpose(trial: &Trial) -> &'static str {
    trial.judges.first().map_or("", |(check, _)| check)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plumb_model::pack::{Allowed, Base, Edit, Kind, Over, Vector};

    use super::super::tried::untried;
    use super::*;
    use crate::Finding;

    fn trial(slug: &str, check: &'static str, outcome: pack::Outcome) -> Trial {
        let (title, flags, bases) = (slug.to_owned(), Vec::new(), vec![Base::Discover]);
        let (kind, over) = (Kind::Edit(Edit::default()), Over::default());
        let answer = Allowed { outcome, ..Allowed::default() };
        let judges = vec![check.to_owned()];
        let slug = slug.to_owned();
        let vector = Vector { slug: slug.clone(), title, flags, bases, over, kind, answer, judges };
        let (base, pack, vector) = (Base::Discover, "a-pack".to_owned(), Arc::new(vector));
        let judges: Vec<(_, crate::facet::Facet)> = vec![(check, |_| Ok(Finding::Held))];
        let (address, parameter, rank, by_itself) = (slug, 0, 0, false);
        Trial { address, pack, base, parameter, vector, judges, rank, by_itself }
    }

    #[test]
    fn what_a_target_died_of_is_not_sent_for_ever() {
        let refused = |slug, check| trial(slug, check, pack::Outcome::Refused);
        let edition = Arc::new(plumb_model::Edition::latest());
        let sent = |trial: &Trial, died: Option<&str>| {
            let tried = untried(&edition, trial, Trouble::Setup("no more".into()));
            Outcome::of(trial, &tried, died)
        };
        let mut deadly = Deadly::default();
        for slug in ["one", "two", "three"] {
            let (harmless, lethal) = (refused(slug, "a.harmless"), refused(slug, "a.lethal"));
            deadly.saw(&harmless, &sent(&harmless, None));
            deadly.saw(&lethal, &sent(&lethal, Some("exit code 1")));
        }
        assert!(deadly.enough_of(&refused("four", "a.lethal")).is_some());
        assert!(deadly.enough_of(&refused("four", "a.harmless")).is_none());
        let legal = trial("five", "a.lethal", pack::Outcome::Accepted);
        assert!(deadly.enough_of(&legal).is_none(), "what is legal is sent");
    }
}
