//! `basic/patterns/cancellation`: what a server does when it is told to stop, and what it says itself.

mod invalid;
mod server;
mod silence;
mod work;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &server::TEARDOWN,
    &server::NO_OTHER,
    &server::REFERENCES_LISTEN,
    &work::STOP,
    &work::FREE,
    &silence::NO_RESPONSE,
    &work::RACE,
    &invalid::UNKNOWN,
    &invalid::COMPLETED,
    &invalid::MALFORMED,
];
