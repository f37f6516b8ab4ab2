//! By which revisions a target is judged, and how the time is shared among them.

use std::time::Duration;

use plumb_model::Edition;

use crate::errors::{ContactError, RunError};
use crate::options::Options;
use crate::{Check, Survey};

/// By which revisions a run judges. Each is a part of it: a judgement of its own, with its survey, its processes and sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By that of the options alone, come what may.
    Given,
    /// By that of the options alone, since the target turned out to speak nothing newer; what was learnt of its processes then.
    Earlier(Learnt),
    /// By that of the options, and by each of these that the target offers as well. Where it speaks earlier revisions only,
    /// nothing is judged yet.
    Spoken(Vec<String>),
    /// By that of the options, as one part of a run by several.
    Part {
        /// The revisions of the whole run, in order.
        revisions: Vec<String>,
        /// How many exchanges there were in the parts before.
        exchanges: u64,
        /// What was learnt of the target's processes in them.
        learnt: Learnt,
    },
}

/// What one part of a run learnt of the target's processes, so that the next need not find out again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learnt {
    /// Nothing.
    #[default]
    Nothing,
    /// It runs once at a time.
    RunsOnce,
    /// Several run beside each other.
    RunsBeside {
        /// What the slowest start took, if one was measured.
        start_up: Option<Duration>,
    },
}

/// What came of one part of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The revisions of the whole run, in order; none if it was by one alone.
    pub revisions: Vec<String>,
    /// How many exchanges there were, those of the parts before included.
    pub exchanges: u64,
    /// What was learnt of the target's processes.
    pub learnt: Learnt,
}

impl Made {
    /// What the next part of the run is by.
    pub fn follows(self) -> By {
        let Self { revisions, exchanges, learnt } = self;
        By::Part { revisions, exchanges, learnt }
    }
}

impl By {
    /// How many exchanges there were before.
    pub(super) fn exchanges(&self) -> u64 {
        match self {
            Self::Part { exchanges, .. } => *exchanges,
            Self::Given | Self::Earlier(_) | Self::Spoken(_) => 0,
        }
    }

    /// What is known of the target's processes.
    pub(super) fn learnt(&self) -> Learnt {
        match self {
            Self::Part { learnt, .. } | Self::Earlier(learnt) => *learnt,
            Self::Given | Self::Spoken(_) => Learnt::default(),
        }
    }

    /// The revisions of the whole run, as far as they are known before the target was met.
    pub(super) fn known(&self) -> &[String] {
        match self {
            Self::Part { revisions, .. } => revisions,
            Self::Given | Self::Earlier(_) | Self::Spoken(_) => &[],
        }
    }

    /// The revisions of the whole run, by what the target offers; none if it is by one alone.
    pub(super) fn met(
        &self,
        survey: &Survey,
        edition: &Edition,
        learnt: Learnt,
    ) -> Result<Vec<String>, RunError> {
        let Self::Spoken(others) = self else {
            let says_so = survey.discover.as_ref().is_some_and(|seen| seen.complete().is_some());
            if survey.legacy_only.is_some() && says_so {
                let (revision, supported) = (edition.revision.clone(), survey.versions.join(", "));
                return Err(ContactError::OtherRevision { revision, supported }.into());
            }
            return Ok(self.known().to_vec());
        };
        if let Some(version) = survey.legacy_only.as_ref().filter(|v| Edition::of(v).is_some()) {
            return Err(RunError::Earlier { revision: version.clone(), learnt });
        }
        let further: Vec<String> =
            others.iter().filter(|other| survey.offers(other)).cloned().collect();
        if further.is_empty() {
            return Ok(Vec::new());
        }
        Ok(std::iter::once(edition.revision.clone()).chain(further).collect())
    }

    /// Which part of the time that is left once the target was met belongs to the revision: where nobody knew before that
    /// others follow.
    pub(super) fn share_once_met(
        &self,
        registry: &[&'static Check],
        revisions: &[String],
        own: &str,
    ) -> f64 {
        match self {
            Self::Spoken(_) => share(registry, revisions, own),
            Self::Given | Self::Earlier(_) | Self::Part { .. } => 1.0,
        }
    }

    /// Whether the target was judged already by another revision of the run.
    pub(super) fn is_later(&self, options: &Options) -> bool {
        self.known().first().is_some_and(|first| *first != options.edition.revision)
    }
}

impl Survey {
    /// Whether the target offers a revision that opens with a handshake beside the one without: it answered the handshake,
    /// and names that revision there or among those that it supports.
    fn offers(&self, revision: &str) -> bool {
        let answered = self.initialize.as_ref().and_then(|i| i.result());
        let Some(version) = answered.and_then(|r| r.get("protocolVersion")) else { return false };
        version == revision || self.versions.iter().any(|supported| supported == revision)
    }
}

/// Which part of the time that is left belongs to a revision: by the number of its checks, among those that are still to come.
#[expect(clippy::cast_precision_loss, reason = "some hundred checks")]
pub(super) fn share(registry: &[&'static Check], revisions: &[String], own: &str) -> f64 {
    let weight = |revision: &String| {
        let edition = Edition::empty(revision);
        registry.iter().filter(|check| check.is_for(&edition)).count().max(1) as f64
    };
    let left = revisions.iter().skip_while(|revision| *revision != own);
    let weights: Vec<f64> = left.map(weight).collect();
    weights.first().map_or(1.0, |own| own / weights.iter().sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_revision_has_all_the_time_that_is_left() {
        let revisions = ["2026-07-28", "2025-11-25"].map(str::to_owned);
        assert!((share(&[], &revisions, "2025-11-25") - 1.0).abs() < 1e-9);
        assert!((share(&[], &revisions, "2026-07-28") - 0.5).abs() < 1e-9);
        assert!((share(&[], &[], "2026-07-28") - 1.0).abs() < 1e-9);
    }
}
