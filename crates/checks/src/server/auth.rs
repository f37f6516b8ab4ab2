//! basic/authorization: a server that is protected by access tokens. Checks of what two principals or two sets of scopes
//! get are here, too, whatever page their requirement stands on.

mod identity;
mod metadata;
mod open;
mod private;
mod rights;
mod scopes;
mod tokens;
mod upstream;

use plumb_runner::Check;

/// The checks of this folder.
pub(crate) const CHECKS: &[&Check] = &[
    &open::AUTHENTICATE,
    &open::NO_TOKEN,
    &open::EACH_REQUEST,
    &open::VALIDATE_BEFORE,
    &open::NOT_SELF_AUTH,
    &tokens::VALIDATE,
    &tokens::STATUS_401,
    &tokens::STATUS_400,
    &tokens::QUERY,
    &tokens::WWW_AUTHENTICATE,
    &tokens::INVALID_401,
    &tokens::ERROR_FORM,
    &tokens::GARBAGE,
    &tokens::SIGNATURE,
    &tokens::EXPIRED,
    &tokens::NOT_YET_VALID,
    &tokens::ISSUER,
    &tokens::AUDIENCE,
    &tokens::AUDIENCE_MISSING,
    &tokens::AUDIENCE_ARRAY,
    &tokens::CASE_TOLERANT,
    &tokens::ONLY_OWN,
    &tokens::STREAM_START,
    &metadata::PRM,
    &metadata::NO_TRAILING_SLASH,
    &metadata::LOCATABLE,
    &metadata::HEADER_FETCHABLE,
    &metadata::AUTHORIZATION_SERVERS,
    &metadata::NO_OFFLINE_ACCESS,
    &scopes::CHALLENGE,
    &scopes::CONSISTENT_SETS,
    &scopes::STATUS_403,
    &scopes::HTTP_403,
    &scopes::BEARER,
    &scopes::ERROR_CODE,
    &scopes::SCOPE_PARAM,
    &scopes::RESOURCE_METADATA,
    &scopes::SINGLE_CHALLENGE,
    &scopes::STRATEGY,
    &scopes::NO_OFFLINE_ACCESS,
    &rights::CLIENT_INFO,
    &rights::HEADERS,
    &rights::TOOLS,
    &private::RESOURCES,
    &private::LISTEN,
    &private::PROMPTS,
    &private::COMPLETIONS,
    &private::PREFIXES,
    &private::SCOPE_TRUTHFUL,
    &private::TASKS,
    &private::TASK_LISTEN,
    &identity::FROM_CREDENTIALS,
    &identity::NO_SELF_CLAIM,
    &upstream::NO_PASSTHROUGH,
    &upstream::NO_TRANSIT,
];
