//! Verdicts and what they weigh.

use serde::{Deserialize, Serialize};

use crate::{Force, Level};

/// Our judgement of one requirement, or of one case of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The target did what the requirement demands, and we saw it.
    Held,
    /// The target did what the requirement forbids.
    Violated {
        /// What the specification demands, after what was sent.
        expected: String,
        /// What came instead.
        actual: String,
    },
    /// The target offered nothing to observe.
    Unverified {
        /// What was missing.
        why: String,
        /// What the user can add so that it is judged.
        how_to_enable: String,
    },
    /// We tried and could not see.
    Inconclusive {
        /// What stood in the way.
        why: String,
    },
    /// The requirement does not concern this target, by what it declares.
    NotApplicable {
        /// The declared fact that says so.
        why: String,
    },
}

/// How much a verdict weighs for a requirement of some level and force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing to do.
    Ok,
    /// Worth knowing: a MAY not taken, a requirement that does not apply.
    Note,
    /// A violated SHOULD, or a violated MUST that is inferred.
    Warning,
    /// A MUST that we tried to judge and could not.
    Error,
    /// A violated MUST.
    Failure,
}

impl Verdict {
    /// A violation, after what was sent.
    pub fn violated(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self::Violated { expected: expected.into(), actual: actual.into() }
    }

    /// We tried and could not see.
    pub fn inconclusive(why: impl Into<String>) -> Self {
        Self::Inconclusive { why: why.into() }
    }

    /// The one place where verdict × level × force becomes weight: what no keyword and no schema says
    /// fails no run by itself, whether it was seen broken or not seen at all.
    pub fn severity(&self, level: Level, force: Force) -> Severity {
        match (self, level.strength(), force) {
            (Self::Held, ..) => Severity::Ok,
            (Self::Violated { .. }, Strength::Must, Force::Text | Force::Schema) => {
                Severity::Failure
            }
            (Self::Violated { .. }, Strength::Must | Strength::Should, _) => Severity::Warning,
            (Self::Inconclusive { .. }, Strength::Must, Force::Text | Force::Schema) => {
                Severity::Error
            }
            (..) => Severity::Note,
        }
    }

    /// The verdict's name as it stands in events and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated { .. } => "violated",
            Self::Unverified { .. } => "unverified",
            Self::Inconclusive { .. } => "inconclusive",
            Self::NotApplicable { .. } => "not_applicable",
        }
    }

    /// One verdict for several cases: a violation outweighs a doubt, a doubt outweighs a success, and
    /// a success outweighs what could not be looked at.
    pub fn fold(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        verdicts.into_iter().reduce(|a, b| if b.rank() > a.rank() { b } else { a })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::NotApplicable { .. } => 0,
            Self::Unverified { .. } => 1,
            Self::Held => 2,
            Self::Inconclusive { .. } => 3,
            Self::Violated { .. } => 4,
        }
    }
}

/// A level without its polarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// MUST and MUST NOT.
    Must,
    /// SHOULD and SHOULD NOT.
    Should,
    /// MAY.
    May,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_among_cases_is_the_verdict() {
        let unverified = Verdict::Unverified { why: "a".into(), how_to_enable: "b".into() };
        let violated = Verdict::violated("x", "y");
        let folded =
            Verdict::fold([unverified.clone(), Verdict::Held, violated.clone(), Verdict::Held]);
        assert_eq!(folded, Some(violated));
        assert_eq!(Verdict::fold([unverified, Verdict::Held]), Some(Verdict::Held));
    }

    #[test]
    fn only_a_violated_must_of_text_or_schema_is_a_failure() {
        let violated = |level, force| Verdict::violated("x", "y").severity(level, force);
        assert_eq!(violated(Level::MustNot, Force::Text), Severity::Failure);
        assert_eq!(violated(Level::Must, Force::Schema), Severity::Failure);
        assert_eq!(violated(Level::Must, Force::Inferred), Severity::Warning);
        assert_eq!(violated(Level::ShouldNot, Force::Text), Severity::Warning);
        assert_eq!(violated(Level::Should, Force::Inferred), Severity::Warning);
        assert_eq!(violated(Level::May, Force::Text), Severity::Note);
    }

    #[test]
    fn only_an_unjudged_must_of_text_or_schema_is_an_error() {
        let unjudged = |level, force| Verdict::inconclusive("w").severity(level, force);
        assert_eq!(unjudged(Level::Must, Force::Schema), Severity::Error);
        assert_eq!(unjudged(Level::Must, Force::Inferred), Severity::Note);
        assert_eq!(unjudged(Level::Should, Force::Text), Severity::Note);
    }
}
