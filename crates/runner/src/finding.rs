//! What a check's body says, before it becomes a verdict.

use std::fmt::Write as _;

use plumb_model::Verdict;
use ring::digest::{SHA256, digest};

use crate::clip;
use crate::errors::TargetError;

/// So many characters of a text are told: what a target says of itself may be of any length.
const TOLD: usize = 4_000;

/// So many characters of a name are told: of a case, of who caused an exchange.
const NAMED: usize = 200;

/// So many bytes of a digest tell one name from another.
const TELLING: usize = 8;

/// What one look at the target showed. A body cannot say "skip": what a check needs is declared
/// beside it and decided before the body runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The requirement was put to the test and held.
    Held,
    /// The requirement was put to the test and broken.
    Violated {
        /// What the specification demands, after what was sent.
        expected: String,
        /// What came instead.
        actual: String,
    },
    /// The target never did what the requirement speaks of.
    Unseen {
        /// What did not happen.
        why: String,
        /// What the user can add so that it happens.
        how_to_enable: String,
    },
}

/// Why a look at the target showed nothing: never a pass and never a violation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// The wire failed.
    #[error("{0}")]
    Wire(String),
    /// The unbroken request was not accepted, so a refusal would prove nothing.
    #[error("the control was not accepted: {0}")]
    Control(String),
    /// The target could not be brought into the state that the check needs.
    #[error("{0}")]
    Setup(String),
    /// An answer was larger than is read, or than there was room for beside what else was in flight.
    #[error("the answer is larger than is read: {0}")]
    Cut(String),
    /// The target never did, or never let us do, what the requirement speaks of.
    #[error("{why}")]
    Unseen {
        /// What did not happen.
        why: String,
        /// What the user can add so that it happens.
        how_to_enable: String,
    },
    /// The target does not have what the check looks at, and need not have it.
    #[error("{why}")]
    Absent {
        /// What it does not have.
        why: String,
        /// What the user can add so that it is judged.
        how_to_enable: String,
    },
    /// The run's time is used up.
    #[error("the run's time budget is used up")]
    Budget,
}

/// What lets a server that runs once at a time be judged by several of its processes.
const RUN_SEVERAL: &str =
    "let several processes of the server run at a time, each with a file or a device of its own";

/// The outcome of a body.
pub type Judgement = Result<Finding, Trouble>;

impl Trouble {
    /// Never happened: what, and how the user can make it happen.
    pub fn unseen(why: impl Into<String>, how_to_enable: impl Into<String>) -> Self {
        Self::Unseen { why: why.into(), how_to_enable: how_to_enable.into() }
    }

    /// What is served to requests without a token shows nothing of how tokens are validated.
    pub fn served_to_everybody() -> Self {
        Self::unseen(
            "it is served to everybody, which `http.authenticate` judges",
            "ask for a token",
        )
    }
}

impl From<plumb_wire::WireError> for Trouble {
    fn from(error: plumb_wire::WireError) -> Self {
        Self::Wire(error.to_string())
    }
}

impl From<TargetError> for Trouble {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Once => Self::unseen(error.to_string(), RUN_SEVERAL),
            _ => Self::Setup(error.to_string()),
        }
    }
}

impl Finding {
    /// Broken: what was demanded, and what came.
    pub fn violated(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self::Violated { expected: expected.into(), actual: actual.into() }
    }

    /// Never happened: what, and how the user can make it happen.
    pub fn unseen(why: impl Into<String>, how_to_enable: impl Into<String>) -> Self {
        Self::Unseen { why: why.into(), how_to_enable: how_to_enable.into() }
    }

    /// Held if `fits`, else violated.
    pub fn expect(
        fits: bool,
        expected: impl Into<String>,
        actual: impl FnOnce() -> String,
    ) -> Self {
        if fits { Self::Held } else { Self::violated(expected, actual()) }
    }

    /// The verdict that it stands for.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Held => Verdict::Held,
            Self::Violated { expected, actual } => {
                Verdict::Violated { expected: told(expected), actual: told(actual) }
            }
            Self::Unseen { why, how_to_enable } => {
                Verdict::Unverified { why: told(why), how_to_enable: told(how_to_enable) }
            }
        }
    }
}

/// A text as it is told: a long one is cut.
pub(crate) fn told(text: String) -> String {
    if text.len() <= TOLD { text } else { clip(&text, TOLD) }
}

/// A name as it is told: a long one is cut, and remains another name than that of others which begin alike, the same in every run and
/// by every build.
pub(crate) fn named(name: &str) -> String {
    if name.len() <= NAMED {
        return name.to_owned();
    }
    let digest = digest(&SHA256, name.as_bytes());
    let mut told = clip(name, NAMED);
    for byte in digest.as_ref().iter().take(TELLING) {
        let _ = write!(told, "{byte:02x}"); // A string takes everything.
    }
    told
}

/// The verdict of a body's outcome.
pub(crate) fn verdict(judgement: Judgement) -> Verdict {
    match judgement {
        Ok(finding) => finding.verdict(),
        Err(Trouble::Unseen { why, how_to_enable } | Trouble::Absent { why, how_to_enable }) => {
            Verdict::Unverified { why: told(why), how_to_enable: told(how_to_enable) }
        }
        Err(trouble) => Verdict::inconclusive(told(trouble.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_names_of_any_length_are_told_in_bounds() {
        let long = "\u{1b}é".repeat(1_000_000);
        for judgement in [
            Ok(Finding::violated(long.as_str(), long.as_str())),
            Ok(Finding::unseen(long.as_str(), long.as_str())),
            Err(Trouble::Setup(long.clone())),
        ] {
            let told = serde_json::to_string(&verdict(judgement)).unwrap_or_default();
            assert!(told.len() < 14 * TOLD, "{}", told.len());
        }
        let (one, other) = (named(&format!("{long}1")), named(&format!("{long}2")));
        assert!(one != other && one.len() < 3 * NAMED + 20, "{one}");
        assert_eq!(named("plain"), "plain");
        assert!(named(&"a".repeat(201)).ends_with("a92efd82109373e5"));
    }
}
