//! One connection: an HTTP connection, or a process on stdio.
//!
//! A conforming server keeps nothing here that influences an answer. The mutants that do so find their memory ready.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::auth::principal::Principal;
use crate::meta::{Level, Meta};

/// A connection and what a server must not infer from it.
pub(crate) struct Connection {
    /// Counts the connections of the server from 0.
    pub(crate) serial: u64,
    memory: Mutex<Memory>,
}

/// What earlier requests on the connection said.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) requests: u64,
    pub(crate) initialized: bool,
    pub(crate) tool_calls: u64,
    /// Whether the tool was called that unlocks another one.
    pub(crate) unlocked: bool,
    pub(crate) version: Option<String>,
    pub(crate) capabilities: Map<String, Value>,
    pub(crate) client_info: Option<Value>,
    pub(crate) log_level: Option<Level>,
    pub(crate) principal: Option<Principal>,
    pub(crate) basket: Option<String>,
}

impl Connection {
    pub(crate) fn new(serial: u64) -> Self {
        Self { serial, memory: Mutex::default() }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a request said, for whoever infers from it.
    pub(crate) fn remember(&self, method: &str, meta: &Meta) {
        let mut memory = self.memory();
        memory.requests += 1;
        memory.tool_calls += u64::from(method == "tools/call");
        memory.version = Some(meta.version.clone());
        for (name, value) in &meta.capabilities {
            memory.capabilities.insert(name.clone(), value.clone());
        }
        memory.client_info = meta.client_info.clone().or(memory.client_info.take());
        memory.log_level = meta.log_level.or(memory.log_level);
    }
}
