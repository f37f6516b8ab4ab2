//! The deviations of a profile by name, one a line: `field`, or `field:value` where there are several.

use super::Profile;
use super::profile::{
    Certificate, MethodsListed, Named, PkceListed, Published, RedirectMatch, Shown, StateEcho,
    TokenForm,
};
use crate::mint::Algorithm;

/// A name, and what it changes in a profile.
pub type Deviation = (&'static str, fn(&mut Profile));

/// Every single way of departing from [`Profile::SPEC`] that has a name.
pub const DEVIATIONS: &[Deviation] = &[
    ("oauth_metadata", |p| p.oauth_metadata = false),
    ("oidc_metadata", |p| p.oidc_metadata = false),
    ("metadata_issuer:nobody", |p| p.metadata_issuer = Named::Nobody),
    ("metadata_issuer:stranger", |p| p.metadata_issuer = Named::Stranger),
    ("metadata_issuer:own-with-slash", |p| p.metadata_issuer = Named::OwnWithSlash),
    ("metadata_issuer:own-upper-case", |p| p.metadata_issuer = Named::OwnUpperCase),
    ("metadata_issuer:other-tenant", |p| p.metadata_issuer = Named::OtherTenant),
    ("oauth_pkce:plain-too", |p| p.oauth_pkce = PkceListed::PlainToo),
    ("oauth_pkce:plain-only", |p| p.oauth_pkce = PkceListed::PlainOnly),
    ("oauth_pkce:absent", |p| p.oauth_pkce = PkceListed::Absent),
    ("oidc_pkce:plain-too", |p| p.oidc_pkce = PkceListed::PlainToo),
    ("oidc_pkce:plain-only", |p| p.oidc_pkce = PkceListed::PlainOnly),
    ("oidc_pkce:absent", |p| p.oidc_pkce = PkceListed::Absent),
    ("iss_listed", |p| p.iss_listed = false),
    ("methods_listed:form-only", |p| p.methods_listed = MethodsListed::FormOnly),
    ("methods_listed:absent", |p| p.methods_listed = MethodsListed::Absent),
    ("algorithms_listed", |p| p.algorithms_listed = false),
    ("assertions_taken", |p| p.assertions_taken = true),
    ("offline_access_listed", |p| p.offline_access_listed = false),
    ("jwks", |p| p.jwks = false),
    ("schemes_told", |p| p.schemes_told = false),
    ("redirect_match:prefix", |p| p.redirect_match = RedirectMatch::Prefix),
    ("redirect_match:any-query", |p| p.redirect_match = RedirectMatch::AnyQuery),
    ("redirect_match:any-case", |p| p.redirect_match = RedirectMatch::AnyCase),
    ("redirect_match:any-port", |p| p.redirect_match = RedirectMatch::AnyPort),
    ("redirect_match:anything", |p| p.redirect_match = RedirectMatch::Anything),
    ("untrusted_redirects_refused", |p| p.untrusted_redirects_refused = false),
    ("pkce_required", |p| p.pkce_required = false),
    ("plain_refused", |p| p.plain_refused = false),
    ("implicit_refused", |p| p.implicit_refused = false),
    ("unknown_scopes_refused", |p| p.unknown_scopes_refused = false),
    ("iss_in_success:nobody", |p| p.iss_in_success = Named::Nobody),
    ("iss_in_success:stranger", |p| p.iss_in_success = Named::Stranger),
    ("iss_in_success:own-with-slash", |p| p.iss_in_success = Named::OwnWithSlash),
    ("iss_in_success:own-upper-case", |p| p.iss_in_success = Named::OwnUpperCase),
    ("iss_in_success:own-escaped", |p| p.iss_in_success = Named::OwnEscaped),
    ("iss_in_success:other-tenant", |p| p.iss_in_success = Named::OtherTenant),
    ("iss_in_error:nobody", |p| p.iss_in_error = Named::Nobody),
    ("iss_in_error:stranger", |p| p.iss_in_error = Named::Stranger),
    ("iss_in_error:own-with-slash", |p| p.iss_in_error = Named::OwnWithSlash),
    ("iss_in_error:own-upper-case", |p| p.iss_in_error = Named::OwnUpperCase),
    ("iss_in_error:other-tenant", |p| p.iss_in_error = Named::OtherTenant),
    ("state:dropped", |p| p.state = StateEcho::Dropped),
    ("state:altered", |p| p.state = StateEcho::Altered),
    ("consent_names_host", |p| p.consent_names_host = false),
    ("consent_warns_of_loopback", |p| p.consent_warns_of_loopback = false),
    ("code_lifetime:day", |p| p.code_lifetime = 24 * 60 * 60),
    ("code_once", |p| p.code_once = false),
    ("code_replay_revokes", |p| p.code_replay_revokes = false),
    ("code_bound_to_client", |p| p.code_bound_to_client = false),
    ("code_bound_to_redirect", |p| p.code_bound_to_redirect = false),
    ("verifier_required", |p| p.verifier_required = false),
    ("verifier_checked", |p| p.verifier_checked = false),
    ("unasked_verifier_refused", |p| p.unasked_verifier_refused = false),
    ("basic_alone_suffices", |p| p.basic_alone_suffices = false),
    ("client_secret_checked", |p| p.client_secret_checked = false),
    ("password_grant_refused", |p| p.password_grant_refused = false),
    ("access_token_lifetime:week", |p| p.access_token_lifetime = 7 * 24 * 60 * 60),
    ("expires_in_told", |p| p.expires_in_told = false),
    ("no_store", |p| p.no_store = false),
    ("refresh_tokens", |p| p.refresh_tokens = false),
    ("refresh_rotation", |p| p.refresh_rotation = false),
    ("refresh_replay_revokes", |p| p.refresh_replay_revokes = false),
    ("refresh_bound_to_client", |p| p.refresh_bound_to_client = false),
    ("refresh_scope_bounded", |p| p.refresh_scope_bounded = false),
    ("resource_honoured", |p| p.resource_honoured = false),
    ("resource_bounded", |p| p.resource_bounded = false),
    ("token_form:opaque", |p| p.token_form = TokenForm::Opaque),
    ("registration", |p| p.registration = false),
    ("application_type_enforced", |p| p.application_type_enforced = false),
    ("redirect_uris_secure", |p| p.redirect_uris_secure = false),
    ("cimd", |p| p.cimd = false),
    ("cimd_listed", |p| p.cimd_listed = false),
    ("cimd_id_checked", |p| p.cimd_id_checked = false),
    ("cimd_structure_checked", |p| p.cimd_structure_checked = false),
    ("cimd_redirect_checked", |p| p.cimd_redirect_checked = false),
    ("cimd_cached", |p| p.cimd_cached = false),
    ("cimd_kept_at_least:minutes", |p| p.cimd_kept_at_least = 300),
    ("cimd_secrets:ignored", |p| p.cimd_secrets = Published::Ignored),
    ("cimd_secrets:taken", |p| p.cimd_secrets = Published::Taken),
    ("cimd_methods_checked", |p| p.cimd_methods_checked = false),
    ("cimd_redirects_refused", |p| p.cimd_redirects_refused = false),
    ("cimd_https_required", |p| p.cimd_https_required = false),
    ("cimd_private_refused", |p| p.cimd_private_refused = false),
    ("introspection", |p| p.introspection = false),
    ("introspection_authenticated", |p| p.introspection_authenticated = false),
    ("revocation", |p| p.revocation = false),
    ("revocation_works", |p| p.revocation_works = false),
    ("callers_unlimited", |p| p.callers_unlimited = false),
    ("refusals_shown:on-pages", |p| p.refusals_shown = Shown::OnPages),
    ("certificate:other-host", |p| p.certificate = Certificate::OtherHost),
    ("certificate:expired", |p| p.certificate = Certificate::Expired),
    ("algorithms:es256", |p| p.algorithms = &[Algorithm::Es256]),
];

impl Profile {
    /// The profile with one more deviation, if there is one of this name.
    pub fn deviating(mut self, name: &str) -> Option<Self> {
        let (_, change) = DEVIATIONS.iter().find(|(known, _)| *known == name)?;
        change(&mut self);
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deviation_departs_from_the_specification_and_has_a_name_of_its_own() {
        for (n, (name, _)) in DEVIATIONS.iter().enumerate() {
            assert_ne!(Profile::SPEC.deviating(name), Some(Profile::SPEC), "{name}");
            assert!(DEVIATIONS[..n].iter().all(|(other, _)| other != name), "{name} stands twice");
        }
        assert_eq!(Profile::SPEC.deviating("nonsense"), None);
    }
}
