//! What a run is to do.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use plumb_model::known::Known;
use plumb_model::pack::Pack;
use plumb_model::suite::Suite;
use plumb_model::{Edition, OtherSides, Secrets};
use plumb_wire::Limits;

use crate::auth::AuthOptions;
use crate::replicas::Replicas;
use crate::survey::callable::AllowCalls;
use crate::target::Target;
use crate::{Prop, Props};

/// How long a run may take, from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// At most so long.
    Within(Duration),
    /// As long as the target's answers ask for: known once it was looked at.
    Auto,
}

/// A target that is slow to be looked at gets no more than this, when nothing is known of its pace.
const AT_FIRST: Duration = Duration::from_secs(120);

/// The most that a slow target gets.
const MOST: Duration = Duration::from_secs(1800);

impl Budget {
    /// What a run takes at most.
    pub fn at_most(self) -> Duration {
        match self {
            Self::Within(budget) => budget,
            Self::Auto => MOST,
        }
    }

    /// What is left of it after so long.
    #[must_use]
    pub fn after(self, spent: Duration) -> Self {
        match self {
            Self::Within(budget) => Self::Within(budget.saturating_sub(spent)),
            Self::Auto => Self::Auto,
        }
    }

    /// What is known of it before the target is looked at.
    pub fn at_first(self) -> Duration {
        match self {
            Self::Within(budget) => budget,
            Self::Auto => AT_FIRST,
        }
    }
}

impl Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(budget) => write!(f, "{}", budget.as_secs()),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl From<Duration> for Budget {
    fn from(budget: Duration) -> Self {
        Self::Within(budget)
    }
}

/// What a run is to do.
pub struct Options {
    /// The revision that the target is judged by.
    pub edition: Arc<Edition>,
    /// The server under test.
    pub target: Target,
    /// Which requirements are judged.
    pub suite: Suite,
    /// Only these checks, by id or by a prefix ending in `*`; empty for all of the suite.
    pub only: Vec<String>,
    /// Violations that the user knows and accepts.
    pub known: Known,
    /// The positions of which the user takes the other side.
    pub other_sides: OtherSides,
    /// The vector packs.
    pub packs: Vec<Pack>,
    /// Props that the user names.
    pub props: Props,
    /// Where the user names them: file and line, such as `plumb.toml:12`.
    pub props_at: BTreeMap<Prop, String>,
    /// Which tools of a stranger's server may be called.
    pub allow_calls: AllowCalls,
    /// The seed of everything random.
    pub seed: u64,
    /// How many checks and lanes run at once, and at most how many of them have requests in flight: as many as the
    /// target shows that it can bear.
    pub concurrency: usize,
    /// At most so many requests a second; as many as the target bears if nothing is said.
    pub rate: Option<f64>,
    /// How long the whole run may take.
    pub budget: Budget,
    /// Room for exchanges in the recording, bytes: what comes when it is nearly used up is cut short.
    pub max_report: usize,
    /// Bounds on what the target may send.
    pub limits: Limits,
    /// What must not reach any event.
    pub secrets: Secrets,
    /// Wall-clock time of the start, RFC 3339.
    pub started: String,
    /// How the target is protected, if it is.
    pub auth: Option<AuthOptions>,
    /// The other replicas of the target.
    pub replicas: Replicas,
}
