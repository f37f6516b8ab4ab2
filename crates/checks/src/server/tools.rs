//! `server/tools`: listing, definitions, calls, results, errors.

pub(crate) mod calls;
pub(crate) mod definitions;
mod errors;
mod generated;
mod lists;
mod names;
mod paths;
mod results;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &lists::DECLARE,
    &lists::RESPOND,
    &lists::NO_CONNECTION_VARIANCE,
    &lists::NO_SIDE_EFFECT,
    &lists::DETERMINISTIC,
    &lists::LIST_CHANGED,
    &definitions::VALID_OBJECT,
    &definitions::ROOT_OBJECT,
    &definitions::KEYWORDS_KEPT,
    &definitions::SENSITIVE,
    &names::LENGTH,
    &names::CASE_SENSITIVE,
    &names::CHARSET,
    &names::NO_SPECIAL,
    &names::UNIQUE,
    &results::EMBEDDED_CAPABILITY,
    &results::TEXT_COPY,
    &results::CONFORM,
    &results::PRESENT,
    &errors::UNKNOWN_TOOL,
    &errors::MALFORMED,
    &errors::EXECUTION,
    &errors::INPUT_VALIDATION,
    &calls::ARGUMENTS_OPTIONAL,
    &calls::ADDITIONAL_PROPERTIES,
    &generated::VALIDATE_INPUTS,
    &paths::PATHS,
];
