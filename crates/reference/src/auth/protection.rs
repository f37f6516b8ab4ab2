//! What makes a server a protected one.

/// Whom a protected server trusts, and with what.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Protection {
    /// The issuer of the tokens.
    pub issuer: String,
    /// Where its keys are.
    pub jwks: String,
    /// What this server is called as an audience; empty for its own address.
    pub resource: String,
    /// A service that the tool `call_upstream` asks.
    pub upstream: Option<String>,
}
