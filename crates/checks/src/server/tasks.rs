//! The tasks extension (ext-tasks, SEP-2663): judged where the target declares it.

mod cancel;
pub(crate) mod durable;
mod ended;
mod headers;
mod ids;
mod input;
mod legacy;
mod negotiation;
mod notify;
mod outcome;
mod shape;
mod states;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &negotiation::ADVERTISE,
    &negotiation::ONLY_DECLARED,
    &negotiation::REQUIRED_ERROR,
    &negotiation::REQUIRED_ERROR_DATA,
    &negotiation::REQUIRED_ERROR_400,
    &negotiation::SETTINGS_EMPTY,
    &negotiation::NON_DECLARING,
    &negotiation::RESERVED,
    &negotiation::LEGACY_CAPABILITY,
    &durable::DURABLE_CONSISTENCY,
    &durable::DURABLE_RESTART,
    &shape::RESULT_TYPE_TASK,
    &shape::RESULT_TYPE_TASK_ONLY,
    &shape::SHAPE,
    &shape::TTL_INTEGER,
    &shape::STATUS_VALUES,
    &shape::INPUT_REQUIRED,
    &shape::COMPLETED,
    &shape::RESULT_VALIDATES,
    &shape::FAILED,
    &ended::ASKS_NOTHING,
    &shape::FAILED_ERROR,
    &shape::FAILED_STATUS_MESSAGE,
    &shape::GET_RESULT_TYPE,
    &shape::UPDATE_RESULT_TYPE,
    &shape::CANCEL_RESULT_TYPE,
    &states::TRANSITIONS,
    &states::TIMESTAMPS,
    &states::TERMINAL_FINAL,
    &states::DURABLE_CREATE,
    &states::WORKING,
    &states::CANCELLED,
    &states::TTL_HONOURED,
    &input::KEY_UNIQUE,
    &input::KEY_NO_REUSE,
    &input::KEY_ONE_REQUEST,
    &input::ALL_OUTSTANDING,
    &input::UPDATE_ACK,
    &input::IGNORE_UNKNOWN,
    &input::PARTIAL_REMAINS,
    &input::VALIDATES,
    &cancel::CANCEL_ACK,
    &cancel::CANCELLED_STATUS,
    &cancel::NOTIFICATION_NO_EFFECT,
    &cancel::DISCONNECT_NO_EFFECT,
    &outcome::FAILED_JSONRPC_ONLY,
    &outcome::TOOL_ERROR_COMPLETED,
    &outcome::SAME_AS_SYNC,
    &outcome::MRTR_BEFORE_CREATE,
    &notify::ACK_IDS,
    &notify::MISSING_CAPABILITY,
    &notify::FULL_TASK,
    &notify::ONLY_SUBSCRIBED,
    &notify::SUBSCRIPTION_ID,
    &notify::NO_PROGRESS,
    &headers::ACCEPTED,
    &headers::MISMATCH,
    &headers::MISSING,
    &ids::GET_UNKNOWN,
    &ids::UPDATE_UNKNOWN,
    &ids::CANCEL_UNKNOWN,
    &ids::UNKNOWN_CODE,
    &ids::ENTROPY,
    &legacy::NO_TASKS_RESULT,
    &legacy::NO_TASKS_LIST,
    &legacy::TASK_PARAM_IGNORED,
    &legacy::NO_LEGACY_CAPABILITIES,
];
