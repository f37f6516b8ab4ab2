//! `server/utilities/completion`.

mod errors;
mod results;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &results::DECLARE,
    &results::MAX_100,
    &results::SHAPE,
    &results::HAS_MORE,
    &results::CONTEXT,
    &results::REF_RESOURCE,
    &errors::UNSUPPORTED,
    &errors::UNKNOWN_PROMPT,
    &errors::MISSING_ARGS,
    &errors::INTERNAL,
    &errors::VALIDATE,
    &errors::SEC_VALIDATE,
];
