//! A server for clients that is protected by access tokens, and the authorization server beside it: both record what a
//! client asks, and each scene departs in one point from what is usual, legally or not.

mod authority;
mod credentials;
mod enterprise;
mod facts;
mod flow;
mod guard;
mod possession;
mod proof;
mod scene;
mod setting;
mod stage;

pub use credentials::{CLIENT_ID, CLIENT_SECRET, ODD_CLIENT, ODD_SECRET, SIGNED_CLIENT, verifies};
pub use facts::Facts;
pub use flow::{Flow, Place, Step, basic, sha256};
pub use guard::{ASTRAY, CUSTOM};
pub use possession::ALGORITHMS;
pub(super) use proof::told;
pub use proof::{NONCE, PRIVATE_MEMBERS, PROOF, Proof};
pub use scene::Scene;
pub(super) use stage::Stage;

/// Stands in what a false authorization server says of an error, and nowhere else.
pub const MARKER: &str = "plumb says that nobody may show this";
/// A parameter that an authorization endpoint has of its own, where it has one.
pub const KEPT_QUERY: (&str, &str) = ("plumb-tenant", "seven");
/// An address of this machine that is none of its loopback.
pub const NO_LOOPBACK: &str = "0.0.0.0";
/// Where the endpoints of an authorization server stand that has them at a place of their own.
pub const OWN_PLACE: &str = "/oauth2/v1";
/// A type of access tokens that nobody has defined.
pub const UNKNOWN_TOKEN_TYPE: &str = "plumb-undefined";
/// Why a registration is refused: a word that nobody says by chance.
pub const REASON: &str = "plumb-refuses-this-redirect";

/// The scopes of the server.
pub mod scopes {
    /// What listing needs.
    pub const READ: &str = "mcp:read";
    /// What a call needs where a call needs more.
    pub const WRITE: &str = "mcp:write";
    /// A scope that no document lists.
    pub const UNLISTED: &str = "mcp:unlisted";
    /// What a client may ask for where it is listed.
    pub const OFFLINE: &str = "offline_access";
}
