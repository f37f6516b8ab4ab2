//! One request in progress, and the way to its stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::auth::Principal;
use crate::connection::Connection;
use crate::message::{self, RpcError};
use crate::rules::Rules;
use crate::server::Server;

/// A validated request. It is complete in itself: nothing about it is looked up in earlier ones.
pub(crate) struct Call {
    pub(crate) server: Arc<Server>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) transport: Transport,
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) meta: Meta,
    pub(crate) outbox: Outbox,
    /// Who asks, if the server is protected.
    pub(crate) principal: Option<Principal>,
    /// How many progress notifications went out.
    pub(crate) progressed: AtomicU32,
    /// Whether a log message went out.
    pub(crate) logged: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    Stdio,
}

/// The per-request protocol fields of `_meta`.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) version: String,
    pub(crate) capabilities: Map<String, Value>,
    pub(crate) client_info: Option<Value>,
    pub(crate) log_level: Option<Level>,
    pub(crate) progress_token: Option<Value>,
    /// The whole object, for whoever asks to see it.
    pub(crate) all: Map<String, Value>,
}

/// The severities of RFC 5424, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// Where the notifications of one request go.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) sender: mpsc::Sender<Value>,
    /// Set once the request is cancelled: nothing more is sent for it.
    pub(crate) muted: Arc<AtomicBool>,
}

impl Call {
    pub(crate) fn rules(&self) -> &Rules {
        &self.server.rules
    }

    /// A member of `params` that must be a string.
    pub(crate) fn string(&self, name: &str) -> Result<&str, RpcError> {
        match self.params.get(name) {
            Some(Value::String(value)) => Ok(value),
            Some(_) => Err(self.malformed(&format!("{name} is not a string"))),
            None => Err(self.malformed(&format!("{name} is missing"))),
        }
    }

    /// The error for parameters that do not have the form the schema gives them.
    pub(crate) fn malformed(&self, what: &str) -> RpcError {
        let code = if self.rules().invalid_params_code {
            RpcError::INVALID_PARAMS
        } else {
            RpcError::INVALID_REQUEST
        };
        RpcError::new(code, format!("{}: {what}", self.method))
    }

    pub(crate) async fn notify(&self, method: &str, params: Value) {
        self.outbox.send(message::notification(method, params)).await;
    }
}

impl Outbox {
    pub(crate) fn new(sender: mpsc::Sender<Value>) -> Self {
        Self { sender, muted: Arc::default() }
    }

    /// Sends, unless the request is cancelled or its stream gone.
    pub(crate) async fn send(&self, message: Value) {
        if !self.muted.load(Ordering::Acquire) {
            // A closed stream is a cancelled request, which ends by being dropped.
            let _ = self.sender.send(message).await;
        }
    }
}

impl Level {
    pub(crate) const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}
