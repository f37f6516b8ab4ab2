//! Nothing but checks: a folder for each role, in it folders that mirror the pages of the specification.
//!
//! A check is one `static`; its doc comment is its documentation; each folder lists its checks explicitly,
//! and one left out of its list does not compile (`dead_code`).
#![deny(dead_code)]

mod authorization_server;
mod client;
mod earlier;
mod intermediary;
mod packs;
mod server;

pub use packs::{built_in, packs};
use plumb_runner::Check;

/// Every check of servers by the newest revision, folder by folder. A run orders them by the ledger.
pub fn all() -> Vec<&'static Check> {
    server::all()
}

/// The checks of servers that only earlier revisions have, which open with a handshake.
pub fn of_earlier() -> Vec<&'static Check> {
    earlier::checks()
}

/// Every check of servers, of whatever revision: a run selects those of its own.
pub fn of_servers() -> Vec<&'static Check> {
    [all(), of_earlier()].concat()
}

/// Every check of clients, which a run against one selects from.
pub fn of_clients() -> Vec<&'static Check> {
    client::all()
}

/// Every check, whomever it judges.
pub fn of_every_role() -> Vec<&'static Check> {
    [of_servers(), of_clients(), of_authorization_servers(), of_intermediaries()].concat()
}

/// Every check of authorization servers, which a run against one selects from.
pub fn of_authorization_servers() -> Vec<&'static Check> {
    authorization_server::CHECKS.to_vec()
}

/// Every check of what stands before servers, which a run against a gateway selects from.
pub fn of_intermediaries() -> Vec<&'static Check> {
    intermediary::CHECKS.to_vec()
}
