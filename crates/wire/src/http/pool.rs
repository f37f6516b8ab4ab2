//! Connections that wait for their next request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::connection::Connection;

/// How many idle connections are kept.
const MAX_IDLE: usize = 8;

type Slot = Arc<tokio::sync::Mutex<Option<Connection>>>;

/// Idle connections, and those with a name.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    named: Mutex<HashMap<String, Slot>>,
}

/// Where a connection goes back to; a named one is locked meanwhile.
pub(super) enum Lane {
    Pooled,
    Fresh,
    Named(OwnedMutexGuard<Option<Connection>>),
}

impl Pool {
    /// The idle connection that was used last and is still usable.
    pub(super) async fn idle(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.is_fresh().await {
                return Some(connection);
            }
        }
    }

    /// The place of the connection of a name, once no other request has it.
    pub(super) async fn named(&self, name: &str) -> OwnedMutexGuard<Option<Connection>> {
        let slot = {
            let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(named.entry(name.to_owned()).or_default())
        };
        slot.lock_owned().await
    }

    /// Closes the connections that wait and that nobody uses, but for so many without a name.
    pub(super) fn trim(&self, kept: usize) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).truncate(kept);
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in named.values() {
            if let Ok(mut slot) = slot.try_lock() {
                slot.take();
            }
        }
    }

    /// Takes back a connection that can carry another request.
    pub(super) fn put(&self, lane: Lane, mut connection: Connection) {
        connection.reused = true;
        match lane {
            Lane::Fresh => {}
            Lane::Named(mut slot) => *slot = Some(connection),
            Lane::Pooled => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < MAX_IDLE {
                    idle.push(connection);
                }
            }
        }
    }
}
