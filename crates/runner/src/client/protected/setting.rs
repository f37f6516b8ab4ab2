//! What differs from scene to scene, as data.

use plumb_oauth::Profile;
use plumb_oauth::mint::Algorithm;
use plumb_oauth::server::{Decision, Named, StateEcho};

use super::scene::Scene;
use super::{MARKER, scopes};
use crate::client::answered::departures;

/// What the two servers do.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// How the authorization server departs from the specifications.
    pub(super) profile: Profile,
    /// The paths of its issuers; the first one is the server's, the second the one that it moves to.
    pub(super) issuers: [&'static str; 2],
    /// Where its metadata stands.
    pub(super) discovery: Discovery,
    /// Where the metadata of the resource stands, and whether a challenge names the place.
    pub(super) document: Document,
    /// What it says is the resource.
    pub(super) resource: Resource,
    /// The scope of a challenge.
    pub(super) challenged: Option<&'static str>,
    /// The scopes that the metadata of the resource lists.
    pub(super) supported: Option<&'static [&'static str]>,
    /// What the user decides.
    pub(super) decision: Decision,
}

/// Which documents of an authorization server exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discovery {
    /// All.
    All,
    /// The one of RFC 8414.
    OAuth,
    /// The one of OpenID Connect, the path inserted, or without a path.
    OpenIdInserted,
    /// The one of OpenID Connect, appended to the path.
    OpenIdAppended,
}

/// How the metadata of a resource is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// A challenge names it; it stands at the well-known place with the server's path.
    Named,
    /// The same, but the challenge is oddly written.
    NamedOddly,
    /// A challenge names a place of its own, and nothing stands elsewhere.
    Elsewhere,
    /// No challenge names the well-known place with the server's path.
    WellKnown,
    /// No challenge names the well-known place at the root.
    Root,
}

/// What a document says is the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Own,
    Origin,
    Foreign,
    Sibling,
}

/// Right in all that is told, and lenient with clients: what they do wrong is judged, not refused, as far as a flow can go on.
const LENIENT: Profile = Profile {
    redirect_match: plumb_oauth::server::RedirectMatch::Anything,
    pkce_required: false,
    plain_refused: false,
    verifier_required: false,
    verifier_checked: false,
    unasked_verifier_refused: false,
    unknown_scopes_refused: false,
    code_bound_to_redirect: false,
    client_secret_checked: false,
    application_type_enforced: false,
    redirect_uris_secure: false,
    refresh_scope_bounded: false,
    resource_bounded: false,
    cimd_redirect_checked: false,
    offline_access_listed: false,
    algorithms: &[Algorithm::Es256],
    ..Profile::SPEC
};

/// The setting of a scene.
pub(super) fn of(scene: Scene) -> Setting {
    let mut it = usual();
    it.profile.offline_access_listed = scene.lists_offline_access();
    match scene {
        Scene::Default | Scene::Endpoints | Scene::RegistrationRefused => undocumented(&mut it),
        Scene::WellKnown => {
            it.document = Document::WellKnown;
            it.discovery = Discovery::OpenIdInserted;
        }
        Scene::RootWellKnown => {
            it.document = Document::Root;
            it.resource = Resource::Origin;
            it.issuers = TENANTS;
            it.discovery = Discovery::OAuth;
        }
        Scene::Appended | Scene::Inserted => {
            it.document = Document::Elsewhere;
            it.issuers = TENANTS;
            let inserted = scene == Scene::Inserted;
            it.discovery =
                if inserted { Discovery::OpenIdInserted } else { Discovery::OpenIdAppended };
        }
        Scene::OddChallenge => it.document = Document::NamedOddly,
        Scene::ScopeChallenged => it.challenged = Some(scopes::UNLISTED),
        Scene::ScopeSupported => it.challenged = None,
        Scene::ScopeUndefined => (it.challenged, it.supported) = (None, None),
        Scene::ResourceForeign => it.resource = Resource::Foreign,
        Scene::ResourceSibling => it.resource = Resource::Sibling,
        Scene::Expiring => it.profile.access_token_lifetime = 1,
        Scene::Migration | Scene::MigrationKnown => {
            undocumented(&mut it);
            it.issuers = TENANTS;
        }
        Scene::Document
        | Scene::StepUp
        | Scene::RetryLimit
        | Scene::PreRegistered
        | Scene::PreRegisteredOddly
        | Scene::Expired
        | Scene::Rotated
        | Scene::PlainEndpoint
        | Scene::TokenType
        | Scene::CredentialsBasic
        | Scene::Enterprise
        | Scene::Dpop
        | Scene::DpopNonce => {}
        _ => departing(scene, &mut it),
    }
    for name in departures(scene.label()) {
        it.profile = it.profile.deviating(name).unwrap_or(it.profile);
    }
    it
}

/// Issuers with paths.
const TENANTS: [&str; 2] = ["/tenant1", "/tenant2"];

fn usual() -> Setting {
    Setting {
        profile: LENIENT,
        issuers: ["", "/tenant2"],
        discovery: Discovery::All,
        document: Document::Named,
        resource: Resource::Own,
        challenged: Some(scopes::READ),
        supported: Some(&[scopes::READ, scopes::WRITE]),
        decision: Decision::Approve,
    }
}

/// No client metadata documents.
fn undocumented(it: &mut Setting) {
    (it.profile.cimd, it.profile.cimd_listed) = (false, false);
}

/// Scenes in which the authorization server does what it must not, or need not, beyond what vectors say of it.
fn departing(scene: Scene, it: &mut Setting) {
    let profile = &mut it.profile;
    match scene {
        Scene::NoPkce => it.discovery = Discovery::OAuth,
        Scene::NoPkceOpenId => it.discovery = Discovery::OpenIdInserted,
        Scene::IssTenant | Scene::IssEscaped => it.issuers = TENANTS,
        Scene::IssError => {
            it.decision = Decision::FailSaying("access_denied".into(), MARKER.into());
        }
        Scene::IssuerWrong => profile.metadata_issuer = Named::Stranger,
        Scene::IssuerWrongOpenId => {
            profile.metadata_issuer = Named::Stranger;
            it.discovery = Discovery::OpenIdInserted;
        }
        Scene::IssuerSlash => {
            profile.metadata_issuer = Named::OwnWithSlash;
            it.issuers = TENANTS;
        }
        Scene::StateWrong => profile.state = StateEcho::Altered,
        Scene::StateMissing => profile.state = StateEcho::Dropped,
        Scene::NoRefresh => profile.refresh_tokens = false,
        Scene::CredentialsJwt => profile.assertions_taken = true,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use plumb_model::pack::Outcome;

    use super::*;
    use crate::client::answered::authorities;

    #[test]
    fn every_vector_of_an_authorization_server_is_a_scene_that_ends_as_it_says() {
        for (answered, outcome) in authorities() {
            let scene = Scene::ALL.iter().find(|scene| scene.label() == answered.scenario);
            let scene = scene.unwrap_or_else(|| panic!("{} is no scene", answered.scenario));
            assert_eq!(scene.may_fail(), outcome != Outcome::Accepted, "{}", answered.scenario);
            for name in &answered.authority {
                assert!(Profile::SPEC.deviating(name).is_some(), "{name} is no deviation");
                let kept = of(*scene).profile.deviating(name);
                assert_eq!(kept, Some(of(*scene).profile), "{name} of {}", answered.scenario);
            }
        }
    }
}
