//! Checks of clients: what they send to a right server of ours, a folder for each page.

mod basic;
mod http;
mod transport;

use plumb_runner::Check;

/// Every check of clients, page by page.
pub(crate) fn all() -> Vec<&'static Check> {
    [basic::CHECKS, transport::CHECKS, http::CHECKS].concat()
}
