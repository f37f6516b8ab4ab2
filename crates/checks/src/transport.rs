//! `basic/transports`: what holds on every transport.

mod messages;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[&messages::UTF8, &messages::DIRECTIONS];
