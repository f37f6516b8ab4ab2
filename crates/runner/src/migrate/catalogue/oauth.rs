//! OAuth: what a protected server says of itself, and what its authorization server does.

use plumb_model::audit::Effort::{Medium, Small};
use plumb_model::audit::Phase::Oauth;

use super::Entry;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        Oauth,
        Small,
        "migrate.auth.challenge",
        "a request without a token gets no challenge that leads to the metadata",
    )
    .to(
        "auth.rs.www-authenticate",
        "Answer 401 with `WWW-Authenticate: Bearer resource_metadata=\"…\"`.",
    ),
    Entry::new(
        Oauth,
        Small,
        "migrate.auth.resource-metadata",
        "there is no metadata of the protected resource, or it names no authorization server",
    )
    .to(
        "auth.rs.prm",
        "Serve `/.well-known/oauth-protected-resource` with `resource` and `authorization_servers` (RFC 9728).",
    ),
    Entry::new(
        Oauth,
        Medium,
        "migrate.auth.registration",
        "clients can only register dynamically, which is deprecated",
    )
    .to(
        "auth.as.cimd-advertise",
        "Have the authorization server take metadata documents as client ids (`client_id_metadata_document_supported`); \
         registration may stay beside that.",
    )
    .removed("the first revision on or after 2027-07-28"),
    Entry::new(
        Oauth,
        Small,
        "migrate.auth.iss",
        "the authorization server does not say that its answers name it",
    )
    .to(
        "auth.as.iss-advertised",
        "Send `iss` in authorization responses (RFC 9207) and announce `authorization_response_iss_parameter_supported: true`.",
    ),
    Entry::new(
        Oauth,
        Medium,
        "migrate.auth.audience",
        "a token for another resource is accepted",
    )
    .to(
        "auth.rs.audience",
        "Compare the token's audience with the address of this server before anything else is done with it.",
    ),
    Entry::new(
        Oauth,
        Medium,
        "migrate.auth.token-issuer",
        "a token of another issuer is accepted",
    )
    .to(
        "auth.rs.reject-issuer",
        "Compare the token's issuer with the one that is trusted, character by character.",
    ),
];
