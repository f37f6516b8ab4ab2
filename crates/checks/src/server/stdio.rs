//! `basic/transports/stdio`: lines, shutdown, cancellation.

mod cancellation;
mod lines;
mod shutdown;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &lines::NO_EMBEDDED_NEWLINE,
    &lines::STDOUT_ONLY_MESSAGES,
    &lines::NO_REQUESTS,
    &cancellation::STOP_WORK,
    &cancellation::NO_MORE_MESSAGES,
    &shutdown::EXIT_ON_EOF,
];
