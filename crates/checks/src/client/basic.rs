//! `basic`: JSON-RPC messages, their ids, `_meta`, schemas.

mod icons;
mod keys;
mod messages;
mod metadata;
mod references;
mod tolerant;

use plumb_runner::Check;

/// The checks of this page.
pub(crate) fn checks() -> Vec<&'static Check> {
    [OWN, keys::CHECKS, tolerant::CHECKS, icons::CHECKS].concat()
}

const OWN: &[&Check] = &[
    &messages::CONFORM,
    &messages::REMOVED,
    &messages::ID_PRESENT,
    &messages::ID_NOT_NULL,
    &references::NO_NETWORK,
    &metadata::VERSION,
    &metadata::CAPABILITIES,
    &metadata::INFO,
];
