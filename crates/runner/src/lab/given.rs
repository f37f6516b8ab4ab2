//! What vectors start from.

use std::sync::Arc;

use plumb_model::Edition;
use plumb_model::pack::Base;

use super::base::base_probe;
use crate::auth::Auth;
use crate::{Probe, Survey};

/// What vectors start from.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) edition: &'a Arc<Edition>,
    pub(crate) survey: &'a Survey,
    pub(crate) auth: Option<Auth<'a>>,
}

impl Given<'_> {
    /// A correct request of the edition's revision, if the target offers what it needs.
    pub(crate) fn base(self, base: Base) -> Option<Probe> {
        base_probe(self.survey, self.edition, base).map(|probe| probe.in_edition(self.edition))
    }
}
