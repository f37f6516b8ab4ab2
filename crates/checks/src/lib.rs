//! Nothing but checks, in folders that mirror the pages of the specification.
//!
//! A check is one `static`; its doc comment is its documentation; each folder lists its checks explicitly,
//! and one left out of its list does not compile (`dead_code`).
#![deny(dead_code)]

mod advice;
mod auth;
mod authorization_server;
mod basic;
mod caching;
mod cancellation;
mod completion;
mod discover;
mod elicitation;
mod flow;
mod http;
mod interruption;
mod lane;
mod listing;
mod logging;
mod mrtr;
mod packs;
mod pagination;
mod patterns;
mod progress;
mod prompts;
#[cfg(test)]
mod recorded;
mod resources;
mod roots;
mod sampling;
mod schema;
mod sep2243;
mod stdio;
mod subscriptions;
mod tasks;
mod tools;
mod transport;
mod validation;
mod versioning;

pub use packs::{PACKS, packs};
use plumb_runner::Check;

/// Every check, folder by folder. A run orders them by the ledger.
pub fn all() -> Vec<&'static Check> {
    [
        basic::CHECKS,
        versioning::CHECKS,
        discover::CHECKS,
        patterns::CHECKS,
        caching::CHECKS,
        schema::CHECKS,
        transport::CHECKS,
        stdio::CHECKS,
        http::CHECKS,
        sep2243::CHECKS,
        tools::CHECKS,
        resources::CHECKS,
        prompts::CHECKS,
        completion::CHECKS,
        pagination::CHECKS,
        mrtr::CHECKS,
        subscriptions::CHECKS,
        progress::CHECKS,
        cancellation::CHECKS,
        logging::CHECKS,
        elicitation::CHECKS,
        sampling::CHECKS,
        roots::CHECKS,
        tasks::CHECKS,
        auth::CHECKS,
        advice::CHECKS,
    ]
    .concat()
}

/// Every check of authorization servers, which a run against one selects from.
pub fn of_authorization_servers() -> Vec<&'static Check> {
    authorization_server::CHECKS.to_vec()
}
