//! Checks of clients: what they send to a right server of ours, a folder for each page.

mod authorization;
mod basic;
mod caching;
mod cancellation;
mod conduct;
mod elicitation;
mod http;
mod mrtr;
mod pagination;
mod sampling;
mod stdio;
mod steps;
mod tasks;
mod tools;
mod transport;
mod versioning;

use plumb_runner::Check;

/// Every check of clients, page by page.
pub(crate) fn all() -> Vec<&'static Check> {
    [
        &basic::checks(),
        versioning::CHECKS,
        transport::CHECKS,
        stdio::CHECKS,
        &http::checks(),
        mrtr::CHECKS,
        pagination::CHECKS,
        &authorization::checks(),
        tools::CHECKS,
        elicitation::CHECKS,
        sampling::CHECKS,
        tasks::CHECKS,
        caching::CHECKS,
        cancellation::CHECKS,
        steps::CHECKS,
    ]
    .concat()
}
