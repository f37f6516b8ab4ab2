//! What all benches of a run share.

use std::sync::Arc;

use plumb_model::Edition;
use plumb_model::pack::Pack;
use plumb_wire::Limits;

use super::Sights;
use crate::aside::Aside;
use crate::auth::{Auth, Authority};
use crate::channel::Channel;
use crate::errors::TargetError;
use crate::lab::given::Given;
use crate::record::Recorder;
use crate::replicas::Others;
use crate::target::Running;
use crate::{Survey, Target};

/// So many processes are ahead of those who want them at a time.
const AHEAD: usize = 2;

/// What all benches of a run share.
pub(crate) struct Context {
    pub(crate) edition: Arc<Edition>,
    pub(crate) survey: Arc<Survey>,
    pub(crate) target: Target,
    pub(crate) packs: Arc<[Pack]>,
    pub(crate) limits: Limits,
    pub(crate) recorder: Arc<Recorder>,
    /// Processes of the target beside the run's own.
    pub(crate) aside: Aside,
    /// What checks have seen for each other.
    pub(crate) sights: Sights,
    /// The other replicas of the target.
    pub(crate) others: Others,
    /// The way through the gateway before the target, if that is what is judged.
    pub(crate) front: Option<Channel>,
    /// Whether the command says that its processes share a folder.
    pub(crate) shared: bool,
    pub(crate) seed: u64,
    pub(crate) auth: Option<Arc<Authority>>,
    /// Where the target is, over HTTP.
    pub(crate) url: Option<String>,
}

impl Context {
    /// The authorization of the run towards its target.
    pub(crate) fn auth(&self) -> Option<Auth<'_>> {
        Some(Auth::new(self.auth.as_deref()?, self.url.as_deref()?))
    }

    /// Another process of the target, that nobody has used. Over HTTP it listens; over standard streams it has said nothing.
    pub(crate) async fn start(&self) -> Result<Running, TargetError> {
        if let Some(unused) = self.aside.unused().await {
            if self.aside.wants_another() {
                self.start_ahead();
            }
            return Ok(unused);
        }
        if self.recorder.voices.are_one() {
            return Err(TargetError::Once);
        }
        self.target.start(&self.limits, &self.recorder, self.auth.as_deref()).await
    }

    /// Starts a process ahead of who will want one that nobody has used, where that takes long.
    pub(crate) fn start_ahead(&self) {
        let Self { target, limits, recorder, auth, .. } = self;
        if recorder.tempo.starts_slowly() && !recorder.voices.are_one() {
            self.aside.start_ahead(target, limits, recorder, auth.as_ref());
        }
    }

    /// The same for so many, of which few at a time have started and wait.
    pub(crate) fn start_several_ahead(&self, processes: usize) {
        let now = processes.min(AHEAD);
        self.aside.will_want(processes - now);
        (0..now).for_each(|_| self.start_ahead());
    }

    /// What vectors start from.
    pub(crate) fn given(&self) -> Given<'_> {
        Given { edition: &self.edition, survey: &self.survey, auth: self.auth() }
    }
}
