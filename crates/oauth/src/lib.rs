//! The mock authorization server and the token mint. Judges nothing.
//!
//! [`mint`] makes access tokens, valid ones and broken ones, each broken in exactly one way that has a
//! name. [`server`] is an OAuth 2.1 and OpenID Connect authorization server for tests; a
//! [`Profile`](server::Profile) says how it departs from the specifications, and
//! [`Profile::SPEC`](server::Profile::SPEC) does not.
//!
//! [`login`] is the other side, for servers that trust somebody else: it signs a person in, as a client does.
//!
//! Everything but keys and times follows from a seed, so two runs with one seed ask the same questions.

pub mod clock;
pub mod draw;
pub mod login;
pub mod mint;
pub mod secrets;
pub mod server;

pub use clock::Clock;
pub use login::{LoginError, SignIn, SignedIn};
pub use mint::{Access, Mint, MintError, Presentation, Token, TokenDeviation};
pub use secrets::Collected;
pub use server::{AuthorizationServer, Bind, Embedded, Profile, Running};
