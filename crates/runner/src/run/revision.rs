//! By which revision a target is judged.

use plumb_model::Edition;

use crate::Survey;
use crate::errors::RunError;

/// Whether the revision is one that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    Given,
    NewestSpoken,
}

impl Revision {
    /// What was met, unless it is to be judged by an earlier revision.
    pub(super) fn fits(self, survey: Survey) -> Result<Survey, RunError> {
        let judged = |version: &&String| Edition::of(version).is_some();
        match survey.legacy_only.as_ref().filter(judged) {
            Some(version) if self == Self::NewestSpoken => Err(RunError::Earlier(version.clone())),
            _ => Ok(survey),
        }
    }
}
