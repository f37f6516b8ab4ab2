//! The authorization server: OAuth 2.1 draft 13 and what OpenID Connect adds to discovery, for tests.
//!
//! ```no_run
//! # async fn example() -> Result<(), plumb_oauth::server::StartError> {
//! use plumb_oauth::{Access, AuthorizationServer, Bind, Profile};
//!
//! let server = AuthorizationServer::start(Profile::SPEC, Bind::http()).await?;
//! let token = server.token(&Access::to("http://127.0.0.1:8080/mcp").scopes(["mcp:read"]))?;
//! # drop(token); Ok(()) }
//! ```

mod asked;
mod authenticate;
mod authorize;
mod back_channel;
mod bounded;
mod certificates;
mod cimd;
mod client;
mod consent;
mod deviations;
mod embedded;
mod grant;
mod limit;
mod listener;
mod log;
mod metadata;
mod params;
mod profile;
mod redirect;
mod refusal;
mod register;
mod routes;
mod running;
mod shared;
mod start;
mod tenant;
mod token;

pub use certificates::Authority;
pub use client::Client;
pub use consent::Decision;
pub use deviations::{DEVIATIONS, Deviation};
pub use embedded::{Embedded, Reply};
pub use listener::Bind;
pub use log::LoggedRequest;
pub use profile::{
    Certificate, MethodsListed, Named, PkceListed, Profile, Published, RedirectMatch, Shown,
    StateEcho, TokenForm,
};
pub use running::Running;
pub use start::{AuthorizationServer, StartError};
pub use tenant::Tenant;
