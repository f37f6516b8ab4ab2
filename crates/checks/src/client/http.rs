//! `basic/transports/streamable-http`: how messages are posted, and the headers that mirror them.

mod annotations;
mod answers;
mod mirrored;
mod params;
mod posting;
mod recovered;
mod version;

use plumb_runner::Check;

/// The checks of this page.
pub(crate) fn checks() -> Vec<&'static Check> {
    [OWN, recovered::CHECKS].concat()
}

const OWN: &[&Check] = &[
    &posting::POST,
    &posting::CONTENT_TYPE,
    &posting::ACCEPT,
    &posting::SINGLE_MESSAGE,
    &version::PRESENT,
    &version::MATCH,
    &mirrored::METHOD,
    &mirrored::TOOL,
    &mirrored::RESOURCE,
    &mirrored::PROMPT,
    &mirrored::ENCODED,
    &params::MIRROR,
    &params::INCLUDE,
    &params::OMIT_NULL,
    &params::OMIT_MISSING,
    &params::PATH,
    &params::STRING,
    &params::INTEGER,
    &params::BOOLEAN,
    &params::BASE64,
    &params::ENCODE,
    &params::ESCAPE,
    &params::EXACT,
    &params::EMPTY,
    &annotations::EMPTY,
    &annotations::NO_TOKEN,
    &annotations::CONTROL,
    &annotations::DUPLICATE,
    &annotations::NO_PRIMITIVE,
    &annotations::NUMBER,
    &annotations::UNREACHABLE,
    &annotations::EXCLUDE,
    &answers::BOTH,
    &answers::COMMENTS,
    &answers::NAMES,
    &answers::NO_RESPONSES,
    &answers::NO_ANSWER,
    &answers::NO_MESSAGE,
];
