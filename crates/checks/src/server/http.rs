//! `basic/transports/streamable-http`: the endpoint, answers and their streams, headers that mirror the body.

mod annotations;
mod answers;
mod cancellation;
mod endpoint;
mod executed;
mod headers;
mod legacy;
mod methods;
mod notifications;
mod origin;
mod params;
mod resumption;
pub(crate) mod streams;
mod version;

pub(crate) use params::served_or_refused_by_header;
use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &endpoint::SINGLE_ENDPOINT,
    &endpoint::BIND_LOCALHOST,
    &origin::VALIDATE,
    &origin::INVALID_403,
    &origin::ERROR_BODY,
    &notifications::ACCEPTED_202,
    &notifications::REJECTED_4XX,
    &notifications::REJECTED_BODY,
    &answers::CONTENT_TYPE,
    &answers::SINGLE_OBJECT,
    &answers::WELL_FORMED,
    &answers::NO_REQUESTS,
    &answers::FINAL_TERMINATES,
    &answers::X_ACCEL_BUFFERING,
    &streams::NOTIFICATIONS_RELATE,
    &streams::LISTEN_NO_REQUEST_SCOPED,
    &resumption::NOT_RESUMABLE,
    &cancellation::DISCONNECT,
    &cancellation::STOP_WORK,
    &cancellation::NO_MORE_MESSAGES,
    &cancellation::ONLY_THAT_REQUEST,
    &version::MISMATCH,
    &version::UNSUPPORTED,
    &version::MISSING,
    &methods::NOT_FOUND,
    &methods::REMOVED,
    &annotations::NOT_EMPTY,
    &annotations::TOKEN,
    &annotations::NO_CONTROL,
    &annotations::UNIQUE,
    &annotations::PRIMITIVE,
    &annotations::SAFE_INTEGER,
    &annotations::REACHABLE,
    &params::SENTINEL_EXACT,
    &params::DECODE,
    &params::INVALID_CHARS,
    &params::VALIDATE,
    &params::REFUSAL,
    &params::NULL_NOT_EXPECTED,
    &params::ABSENT_NOT_EXPECTED,
    &params::MISSING,
    &params::EXTRA,
    &headers::NAME_DECODE,
    &headers::NAMES_ANY_CASE,
    &headers::VALUES_CASE,
    &headers::METHOD_MISMATCH,
    &headers::METHOD_MISSING,
    &headers::NAME_MISMATCH_TOOL,
    &headers::NAME_MISMATCH_RESOURCE,
    &headers::NAME_MISMATCH_PROMPT,
    &headers::NAME_MISSING_TOOL,
    &headers::NAME_MISSING_RESOURCE,
    &headers::NAME_MISSING_PROMPT,
    &headers::INVALID_CHARS,
    &headers::BAD_SENTINEL_NAME,
    &headers::STATUS_400,
    &headers::CODE,
    &headers::OWS,
    &executed::NOT_EXECUTED,
    &params::INTEGER_NUMERIC,
    &legacy::GET_405,
    &legacy::DELETE_405,
    &legacy::SESSION_IGNORED,
    &legacy::SESSION_NOT_MINTED,
    &legacy::LAST_EVENT_ID_IGNORED,
    &legacy::SSE_NOT_ADOPTED,
];
