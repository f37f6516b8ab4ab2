//! `server/utilities/pagination`.

mod cursors;
mod invalid;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &cursors::CURSOR_STRING,
    &cursors::CONTINUE,
    &cursors::STABLE_CURSORS,
    &invalid::GRACEFUL,
    &invalid::INVALID_CURSOR,
];
