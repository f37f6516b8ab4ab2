//! `server/prompts`: listing, getting, content, errors.

mod content;
mod errors;
mod getting;
mod injection;
mod lists;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &lists::DECLARE,
    &lists::RESPOND,
    &lists::NO_CONNECTION_VARIANCE,
    &lists::NO_SIDE_EFFECT,
    &lists::LIST_CHANGED,
    &getting::LISTED,
    &getting::ARGUMENTS_OPTIONAL,
    &getting::ARGUMENTS_USED,
    &content::IMAGE_BASE64,
    &content::IMAGE_MIME,
    &content::AUDIO_BASE64,
    &content::AUDIO_MIME,
    &content::EMBEDDED_URI,
    &content::EMBEDDED_MIME,
    &content::EMBEDDED_CONTENT,
    &errors::UNKNOWN,
    &errors::MISSING_ARGS,
    &errors::INTERNAL,
    &errors::VALIDATE_ARGS,
    &injection::VALIDATE,
];
