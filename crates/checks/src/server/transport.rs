//! `basic/transports`: what holds on every transport.

mod messages;

pub(crate) use messages::unasked_by_another_era;
use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[&messages::UTF8];
