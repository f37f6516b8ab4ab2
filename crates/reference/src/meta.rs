//! What a request says about itself in `_meta`.

use serde_json::{Map, Value};

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
