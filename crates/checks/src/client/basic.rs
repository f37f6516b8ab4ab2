//! `basic`: JSON-RPC messages, their ids, `_meta`, schemas.

mod messages;
mod metadata;
mod references;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &messages::CONFORM,
    &messages::ID_PRESENT,
    &messages::ID_NOT_NULL,
    &references::NO_NETWORK,
    &metadata::VERSION,
    &metadata::CAPABILITIES,
    &metadata::INFO,
];
