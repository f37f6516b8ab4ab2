//! Advice, apart from conformance: what the specification allows, and what costs somebody all the same. A suite of its
//! own, whose findings never fail a run.

mod caching;
mod deprecated;
mod prerelease;
mod results;
mod tasks;
mod trace;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &caching::LIST_OUTLIVES_HINT,
    &results::OUTPUT_SCHEMA,
    &tasks::LONG_WORK,
    &trace::TRACE_CONTEXT,
    &deprecated::LOGGING,
    &deprecated::ROOTS,
    &deprecated::SAMPLING,
    &prerelease::META_KEYS,
    &prerelease::CACHE_SCOPE,
    &prerelease::ERROR_CODES,
];
