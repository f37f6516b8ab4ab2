//! What the requests of one server process share.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tokio::sync::watch;

use crate::auth::guard::Guard;
use crate::options::Options;
use crate::reference::Reference;
use crate::rules::Rules;
use crate::shelf::Shelf;
use crate::state::State;

/// One server process, or one replica of several that share their [`State`].
pub(crate) struct Server {
    pub(crate) rules: Rules,
    pub(crate) options: Options,
    pub(crate) state: Arc<State>,
    /// What a mutant keeps in this process although it belongs into the request.
    pub(crate) memory: Mutex<Shelf<Value>>,
    /// Set before the first request, if the server is protected.
    pub(crate) guard: OnceLock<Guard>,
    /// The tools that are always there, once they were asked for.
    pub(crate) tools: OnceLock<Vec<Value>>,
    phase: watch::Sender<Phase>,
}

/// How far the server is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Requests are served.
    Serving,
    /// Subscriptions are torn down, other requests may finish.
    Closing,
    /// Whatever is left is dropped.
    Closed,
}

impl Server {
    pub(crate) fn new(reference: Reference) -> Arc<Self> {
        let state = Arc::new(State::new(&reference.options));
        Self::with_state(reference, state)
    }

    /// A replica: its own process in all but its state.
    pub(crate) fn with_state(reference: Reference, state: Arc<State>) -> Arc<Self> {
        Arc::new(Self {
            rules: reference.rules,
            options: reference.options,
            state,
            memory: Mutex::default(),
            guard: OnceLock::new(),
            tools: OnceLock::new(),
            phase: watch::Sender::new(Phase::Serving),
        })
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Resolves once the server is at least this far.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut watcher = self.phase.subscribe();
        // The sender lives as long as `self`: waiting cannot fail.
        let _ = watcher.wait_for(|now| *now >= phase).await;
    }

    pub(crate) fn serves(&self, version: &str) -> bool {
        self.options.versions.iter().any(|served| served == version)
    }
}
