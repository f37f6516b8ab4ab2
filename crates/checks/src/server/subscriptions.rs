//! `basic/patterns/subscriptions`: from the acknowledgment to the end.

mod ack;
pub(crate) mod ending;
mod filter;

pub(crate) use filter::end;
use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &ack::SUPPORTED,
    &filter::FILTER,
    &filter::NO_LISTEN,
    &filter::OMITTED_FALSE,
    &filter::RESOURCES,
    &ack::FIRST,
    &ack::NOTHING_BEFORE,
    &ack::SUBSET,
    &ack::NO_EXTRA,
    &ack::ID_VALUE,
    &filter::DELIVER_UPDATES,
    &ending::CLIENT_CANCEL_HTTP,
    &ending::CLIENT_CANCEL_STDIO,
    &ending::GRACEFUL_RESULT,
    &ending::GRACEFUL_CLOSE,
    &ending::GRACEFUL_META,
    &ending::NO_STATE,
];
