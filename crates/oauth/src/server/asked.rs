//! What a client asks the user for.

use super::Client;
use super::grant::Challenge;

/// A request whose client and redirect URI can be trusted, and that asks for something we grant.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) back: Back,
    pub(super) client: Client,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) challenge: Option<Challenge>,
    pub(super) nonce: Option<String>,
    /// Who is expected to sign in (OpenID Connect Core, section 3.1.2.1).
    pub(super) hint: Option<String>,
    pub(super) implicit: bool,
}

/// The way back to the client.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}
