//! Whether a target conforms to a frozen set.

use plumb_model::report::CheckReport;
use plumb_model::verdict::Strength;
use plumb_model::{Edition, Force, Report, Verdict};
use serde::{Deserialize, Serialize};

use crate::set::{Drift, Frozen};
use crate::{Digest, Set};

/// What a target is by a frozen set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Everything that concerns it was seen to hold.
    Conformant,
    /// No MUST is violated; what was not seen, what only warns and what is disputed is listed.
    ConformantWithReservations,
    /// A MUST that the text or the schema says is violated.
    NotConformant,
    /// A MUST could not be judged: nothing is certified.
    Undecided,
}

impl Standing {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::ConformantWithReservations => "conformant with reservations",
            Self::NotConformant => "not conformant",
            Self::Undecided => "undecided",
        }
    }
}

/// A report judged by a frozen set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Judgement {
    /// The set's name.
    pub set: String,
    /// The digest of the set's file.
    pub set_digest: Digest,
    /// What it amounts to.
    pub standing: Standing,
    /// The violated MUSTs, in the order of the set.
    pub violated: Vec<String>,
    /// The MUSTs that could not be judged.
    pub undecided: Vec<String>,
    /// What else keeps it from being plainly conformant.
    pub reservations: Vec<Reservation>,
}

/// Something that a certificate does not vouch for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// The requirement.
    pub id: String,
    /// Why.
    pub why: Why,
}

/// Why something is not vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A violated SHOULD, or a violated MUST that is inferred.
    Warned,
    /// Violated, but its check is disputed, or rests on a position of which the user takes the other side.
    Disputed,
    /// A MUST for which the target offered nothing to observe.
    Unverified,
    /// Tried and not seen, where that decides nothing.
    Inconclusive,
    /// Reworded since the set was frozen: what was judged is not to the letter what the set names.
    Reworded,
    /// This version of Plumb judges it no more.
    Gone,
}

impl Why {
    /// All of them, the gravest first.
    pub const ALL: [Self; 6] = [
        Self::Warned,
        Self::Disputed,
        Self::Unverified,
        Self::Inconclusive,
        Self::Reworded,
        Self::Gone,
    ];

    /// For people, after a number of requirements.
    pub fn words(self) -> &'static str {
        match self {
            Self::Warned => "violated, but only a warning",
            Self::Disputed => "violated, but disputed",
            Self::Unverified => "not shown: the target offered nothing to observe",
            Self::Inconclusive => "tried and not seen",
            Self::Reworded => "reworded since the set was frozen",
            Self::Gone => "judged no more by this version",
        }
    }
}

impl Set {
    /// Judges a report. What the run did not judge though the set names it is undecided: no area can be left out.
    pub fn judge(&self, report: &Report, edition: &Edition) -> Judgement {
        let mut judgement = Judgement {
            set: self.name.clone(),
            set_digest: self.digest.clone(),
            standing: Standing::Conformant,
            violated: Vec::new(),
            undecided: Vec::new(),
            reservations: Vec::new(),
        };
        for row in &self.rows {
            let check = report.checks.iter().find(|check| check.info.id == row.id);
            let drift = row.drift(edition);
            match row.finding(check, drift) {
                Some(Finding::Violated) => judgement.violated.push(row.id.clone()),
                Some(Finding::Undecided) => judgement.undecided.push(row.id.clone()),
                Some(Finding::Reserved(why)) => judgement.reserve(row, why),
                None if drift == Some(Drift::Reworded) => judgement.reserve(row, Why::Reworded),
                None => {}
            }
        }
        judgement.standing = judgement.amounts_to(report);
        judgement
    }
}

impl Judgement {
    fn amounts_to(&self, report: &Report) -> Standing {
        if !self.violated.is_empty() {
            Standing::NotConformant
        } else if !self.undecided.is_empty() || !report.internal_faults.is_empty() {
            Standing::Undecided
        } else if self.reservations.is_empty() {
            Standing::Conformant
        } else {
            Standing::ConformantWithReservations
        }
    }

    /// Whether a report shows these violations, by the set that is named, if that is one of ours; and whether the standing
    /// follows. What else is reserved depends on the ledger that the version had.
    pub(crate) fn is_about(&self, report: &Report) -> bool {
        let set = Set::named(&self.set).ok().filter(|set| set.digest == self.set_digest);
        let violated = |row: &&Frozen| {
            let check = report.checks.iter().find(|check| check.info.id == row.id);
            matches!(check.map(|_| row.finding(check, None)), Some(Some(Finding::Violated)))
        };
        self.standing == self.amounts_to(report)
            && set.is_none_or(|set| {
                set.rows.iter().filter(violated).map(|row| &row.id).eq(&self.violated)
            })
    }

    /// How many reservations there are of each kind, the gravest first; kinds without one are left out.
    pub fn by_reason(&self) -> Vec<(Why, Vec<&str>)> {
        let of = |why: Why| {
            let these = self.reservations.iter().filter(|r| r.why == why);
            (why, these.map(|r| r.id.as_str()).collect::<Vec<_>>())
        };
        Why::ALL.into_iter().map(of).filter(|(_, ids)| !ids.is_empty()).collect()
    }

    fn reserve(&mut self, row: &Frozen, why: Why) {
        self.reservations.push(Reservation { id: row.id.clone(), why });
    }
}

enum Finding {
    Violated,
    Undecided,
    Reserved(Why),
}

impl Frozen {
    fn finding(&self, check: Option<&CheckReport>, drift: Option<Drift>) -> Option<Finding> {
        let Some(check) = check else {
            let gone = drift == Some(Drift::Gone);
            return Some(if gone { Finding::Reserved(Why::Gone) } else { Finding::Undecided });
        };
        let binding = self.level.strength() == Strength::Must && self.force != Force::Inferred;
        let disputed = self.disputed.is_some() || check.disputed.is_some();
        match &check.verdict {
            Verdict::Held | Verdict::NotApplicable { .. } => None,
            Verdict::Violated { .. } if disputed => Some(Finding::Reserved(Why::Disputed)),
            Verdict::Violated { .. } if binding => Some(Finding::Violated),
            Verdict::Violated { .. } => Some(Finding::Reserved(Why::Warned)),
            Verdict::Inconclusive { .. } if binding && !disputed => Some(Finding::Undecided),
            Verdict::Inconclusive { .. } => Some(Finding::Reserved(Why::Inconclusive)),
            Verdict::Unverified { .. } => binding.then_some(Finding::Reserved(Why::Unverified)),
        }
    }
}

#[cfg(test)]
mod tests;
