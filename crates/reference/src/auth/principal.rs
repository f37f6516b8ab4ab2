//! Who asks.

use serde_json::{Value, json};

/// Who asks, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) subject: String,
    pub(crate) scopes: Vec<String>,
    /// The token, for those who pass it on though they must not.
    pub(crate) token: String,
}

/// What the tool `whoami` says.
pub(crate) fn identity(principal: Option<&Principal>) -> Value {
    json!({ "subject": principal.map(|p| p.subject.as_str()), "scopes": principal.map(|p| p.scopes.join(" ")) })
}
