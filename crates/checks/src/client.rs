//! Checks of clients: what they send to a right server of ours, a folder for each page.

mod authorization;
mod basic;
mod http;
mod mrtr;
mod pagination;
mod transport;
mod versioning;

use plumb_runner::Check;

/// Every check of clients, page by page.
pub(crate) fn all() -> Vec<&'static Check> {
    [
        basic::CHECKS,
        versioning::CHECKS,
        transport::CHECKS,
        http::CHECKS,
        mrtr::CHECKS,
        pagination::CHECKS,
        &authorization::checks(),
    ]
    .concat()
}
