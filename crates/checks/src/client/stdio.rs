//! `basic/transports/stdio`: what a client writes to a server that it starts, and how it starts and ends it.

mod framing;
mod legacy;
mod process;

use plumb_runner::Check;

/// The checks of this page, and those of others that need a server on standard streams.
pub(crate) const CHECKS: &[&Check] = &[
    &framing::NO_NEWLINE,
    &framing::MESSAGES_ONLY,
    &framing::NO_RESPONSES,
    &framing::NEWLINE_ONLY,
    &process::STDERR,
    &process::SHUTDOWN,
    &process::RESTART,
    &process::LISTEN_AGAIN,
    &process::LIFETIME,
    &legacy::PROBE,
    &legacy::MODERN_PROBE,
    &legacy::DISCOVERED,
    &legacy::MODERN_ERROR,
    &legacy::FALLBACK,
    &legacy::ANY_CODE,
];
