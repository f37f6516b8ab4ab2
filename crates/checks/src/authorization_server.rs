//! Checks of authorization servers: what MCP demands of the server that issues the tokens.

mod cimd;
mod client_credentials;
mod code;
mod consent;
mod iss;
mod metadata;
mod redirect;
mod ssrf;
mod tokens;

use plumb_model::pack::{GrantDeviation, Kind, Vector};
use plumb_runner::Check;
use plumb_runner::authorization_server::Visit;

pub(crate) const CHECKS: &[&Check] = &[
    &metadata::METADATA,
    &metadata::OIDC_PKCE_FIELD,
    &metadata::HTTPS,
    &code::OAUTH21,
    &iss::INCLUDED,
    &iss::IN_ERRORS,
    &iss::ADVERTISED,
    &tokens::SHORT_LIVED,
    &tokens::ROTATE_REFRESH,
    &redirect::EXACT,
    &redirect::UNTRUSTED,
    &redirect::HTTPS,
    &cimd::SUPPORT,
    &cimd::FETCH,
    &cimd::ID_MATCH,
    &cimd::CACHE,
    &cimd::REDIRECT,
    &cimd::STRUCTURE,
    &cimd::ADVERTISE,
    &cimd::DRAFT,
    &ssrf::SSRF,
    &consent::LOCALHOST_WARNING,
    &consent::DISPLAY_HOST,
    &client_credentials::METHODS_FIELD,
    &client_credentials::METHODS_LISTED,
    &client_credentials::ALGORITHMS_LISTED,
];

/// The vectors of a check, each with the address of its case and what is wrong in it.
fn grants(at: &Visit) -> Vec<(String, Option<GrantDeviation>, Vector)> {
    let vectors = at.vectors().into_iter().filter_map(|(address, vector)| {
        let Kind::Grant(grant) = vector.kind else { return None };
        Some((address, grant.deviation, vector))
    });
    vectors.collect()
}
