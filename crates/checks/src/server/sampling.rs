//! `client/sampling`, the server's side: what it asks a model for, and what it makes of the answers.

mod request;
mod shape;
mod tools;

use plumb_runner::Check;

pub(crate) use shape::unlike;

pub(crate) const CHECKS: &[&Check] = &[
    &request::NO_TOOLS,
    &request::AVOID_CONTEXT,
    &request::CONTEXT_CAPABILITY,
    &tools::RESULT_ONLY,
    &tools::BALANCE,
    &request::MESSAGE_ROLE,
    &request::VALIDATE,
    &tools::MATCH_RESULTS,
    &tools::ITERATION_LIMIT,
];
