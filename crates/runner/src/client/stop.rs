//! Asking a run against a client to play no further scenario.

use std::sync::Arc;

use tokio::sync::watch;

/// Asks a run, from wherever a clone of this is, to play no further scenario: what was seen until then is judged.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    pub fn was_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when somebody asks.
    pub(crate) async fn asked(&self) {
        // The sender is this one's own.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
