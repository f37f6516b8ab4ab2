//! Error codes: basic/index#error-codes.

use std::ops::RangeInclusive;

/// Invalid JSON was received: JSON-RPC 2.0 section 5.1.
pub const PARSE_ERROR: i64 = -32700;
/// The JSON is no valid request: JSON-RPC 2.0 section 5.1.
pub const INVALID_REQUEST: i64 = -32600;
/// The method does not exist: JSON-RPC 2.0 section 5.1; HTTP 404 by
/// basic/transports/streamable-http#protocol-version-header.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// Invalid method parameters: JSON-RPC 2.0 section 5.1; also a request without a required `_meta` field, by
/// basic/index#meta, and an unknown resource, by server/resources#error-handling.
pub const INVALID_PARAMS: i64 = -32602;
/// Internal error: JSON-RPC 2.0 section 5.1.
pub const INTERNAL_ERROR: i64 = -32603;

/// Headers and body disagree: basic/transports/streamable-http#server-validation.
pub const HEADER_MISMATCH: i64 = -32020;
/// The request needs a capability that the client did not declare: basic/index#meta.
pub const MISSING_CLIENT_CAPABILITY: i64 = -32021;
/// The server does not speak the requested revision: basic/versioning#protocol-version-negotiation.
pub const UNSUPPORTED_VERSION: i64 = -32022;

/// Resource not found until 2025-11-25; no longer to be emitted: basic/index#error-codes.
pub const OLD_RESOURCE_NOT_FOUND: i64 = -32002;
/// URL elicitation required in 2025-11-25 only; no longer to be emitted: basic/index#error-codes.
pub const OLD_URL_ELICITATION_REQUIRED: i64 = -32042;

/// All that JSON-RPC 2.0 reserves; new codes for other purposes lie outside: basic/index#error-codes.
pub const RESERVED: RangeInclusive<i64> = -32768..=-32000;
/// Allocated by implementations before the policy; not to be used by new ones: basic/index#error-codes.
pub const LEGACY: RangeInclusive<i64> = -32019..=-32000;
/// Reserved for the specification: only [`DEFINED`] codes may appear: basic/index#error-codes.
pub const PROTOCOL: RangeInclusive<i64> = -32099..=-32020;

/// The codes that JSON-RPC itself defines.
pub const STANDARD: [i64; 5] =
    [PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR];
/// The codes that this revision defines within [`PROTOCOL`].
pub const DEFINED: [i64; 3] = [HEADER_MISMATCH, MISSING_CLIENT_CAPABILITY, UNSUPPORTED_VERSION];
/// Codes of earlier revisions that must not be emitted any more.
pub const RETIRED: [i64; 2] = [OLD_RESOURCE_NOT_FOUND, OLD_URL_ELICITATION_REQUIRED];
