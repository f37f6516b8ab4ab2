//! Checks of servers, in folders that mirror the pages of the specification.

mod advice;
mod apps;
mod auth;
pub(crate) mod basic;
pub(crate) mod caching;
mod cancellation;
mod cards;
mod completion;
mod discover;
mod elicitation;
pub(crate) mod http;
mod logging;
mod mrtr;
mod pagination;
mod patterns;
mod progress;
mod prompts;
pub(crate) mod resources;
mod roots;
pub(crate) mod sampling;
mod schema;
mod sep2243;
mod stdio;
mod subscriptions;
mod tasks;
mod tools;
mod transport;
mod versioning;

use plumb_runner::Check;

/// Every check, folder by folder. A run orders them by the ledger.
pub(crate) fn all() -> Vec<&'static Check> {
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
        apps::CHECKS,
        cards::CHECKS,
        advice::CHECKS,
    ]
    .concat()
}
