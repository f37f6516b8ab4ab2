//! `basic`: JSON-RPC messages, responses, errors and their codes, `_meta`, statelessness, schemas, icons.

mod answered;
pub(crate) mod capabilities;
pub(crate) mod codes;
mod conversations;
mod dialects;
mod errors;
mod icons;
mod identity;
mod ids_apart;
mod memory;
pub(crate) mod meta_keys;
mod notifications;
mod openings;
mod regular;
mod remembered;
mod requests;
mod required;
mod responses;
pub(crate) mod trace_context;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &responses::JSONRPC_VERSION,
    &responses::RESULT_XOR_ERROR,
    &responses::SAME_ID,
    &answered::ONCE,
    &answered::LARGE_ID,
    &ids_apart::IDS_APART,
    &answered::NO_BATCH,
    &responses::RESULT_FIELD,
    &responses::RESULT_TYPE,
    &responses::COMPLETE_MEANING,
    &responses::ONLY_ADVERTISED,
    &requests::PARSE_ERROR,
    &requests::INVALID_REQUEST,
    &requests::METHOD_NOT_FOUND,
    &requests::INVALID_PARAMS,
    &errors::SAME_ID,
    &errors::ID_OMITTED,
    &errors::CODE_AND_MESSAGE,
    &errors::CODE_INTEGER,
    &codes::AVOID_LEGACY_RANGE,
    &codes::RESERVED_UNDEFINED,
    &codes::RESERVED_MEANING,
    &codes::NO_32002,
    &codes::NO_32042,
    &codes::CUSTOM_OUTSIDE_RESERVED,
    &notifications::NO_RESPONSE,
    &notifications::SERVER_NO_ID,
    &notifications::SUBSCRIPTION_ID,
    &memory::NO_REMEMBERED_CAPABILITIES,
    &memory::NO_REMEMBERED_VERSION,
    &memory::NO_REMEMBERED_IDENTITY,
    &memory::EXPLICIT_STATE_ID,
    &memory::NO_CONNECTION_AFFINITY,
    &openings::NO_PRIOR_REQUESTS,
    &conversations::MULTI_CONVERSATION,
    &dialects::MIN_DIALECT,
    &dialects::DEFAULT_2020_12,
    &dialects::VALIDATE_DIALECT,
    &dialects::VALID,
    &regular::PATTERNS,
    &dialects::RECOMMEND_2020_12,
    &required::MISSING_META,
    &required::MISSING_PROTOCOL_VERSION,
    &required::MISSING_CLIENT_CAPABILITIES,
    &required::MISSING_HTTP_400,
    &required::MISSING_STDIO,
    &required::WRONG_TYPE,
    &required::CLIENT_INFO_OPTIONAL,
    &required::NO_ASSUMPTIONS,
    &meta_keys::OBJECT,
    &meta_keys::PREFIX_SYNTAX,
    &meta_keys::LABEL_SYNTAX,
    &meta_keys::REVERSE_DNS,
    &meta_keys::RESERVED_PREFIX,
    &meta_keys::NAME_SYNTAX,
    &capabilities::NO_RELY_UNDECLARED,
    &capabilities::MISSING_CAPABILITY_ERROR,
    &capabilities::MISSING_CAPABILITY_DATA,
    &capabilities::MISSING_CAPABILITY_400,
    &trace_context::TRACEPARENT,
    &trace_context::TRACESTATE,
    &trace_context::BAGGAGE,
    &identity::SERVER_INFO,
    &identity::IGNORES_CLIENT_INFO,
    &icons::SRC_SCHEME,
];
