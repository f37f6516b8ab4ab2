//! `basic/transports/streamable-http`: how messages are posted, and the headers that mirror them.

mod mirrored;
mod posting;
mod version;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &posting::POST,
    &posting::ACCEPT,
    &posting::SINGLE_MESSAGE,
    &version::PRESENT,
    &version::MATCH,
    &mirrored::METHOD,
    &mirrored::TOOL,
    &mirrored::RESOURCE,
    &mirrored::PROMPT,
    &mirrored::ENCODED,
];
