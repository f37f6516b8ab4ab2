//! basic/utilities/tasks: the tasks that were part of the core for one revision.

mod begun;
mod cancelled;
mod compared;
mod created;
mod flow;
mod outcome;
mod told;

use plumb_runner::Check;

pub(super) const CHECKS: &[&Check] = &[
    &created::DECLARED,
    &created::FORBIDDEN,
    &created::REQUIRED,
    &created::CREATED,
    &created::ID_STRING,
    &created::ID_UNIQUE,
    &created::UNGUESSABLE,
    &begun::BEGINS_WORKING,
    &created::TIMES,
    &created::TTL,
    &outcome::TRANSITIONS,
    &outcome::TERMINAL_STAYS,
    &compared::RESULT_FINAL,
    &outcome::RESULT_BLOCKS,
    &outcome::RELATED_TASK,
    &outcome::PARAMETER_WINS,
    &told::NOT_IN_STATUS,
    &told::STATUS_WHOLE,
    &told::PROGRESS_TOKEN,
    &outcome::LIST_HAS,
    &outcome::INPUT_REQUIRED,
    &outcome::FAILED_MESSAGE,
    &cancelled::ENDED,
    &cancelled::FIRST,
    &cancelled::STAYS,
];
