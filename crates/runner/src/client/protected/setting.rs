//! What differs from scene to scene, as data.

use plumb_oauth::Profile;
use plumb_oauth::mint::Algorithm;
use plumb_oauth::server::{Decision, Named, PkceListed, StateEcho};

use super::scene::Scene;
use super::{MARKER, scopes};

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
        Scene::Default | Scene::RegistrationRefused => undocumented(&mut it),
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
        Scene::Migration => {
            undocumented(&mut it);
            it.issuers = TENANTS;
        }
        Scene::Document
        | Scene::StepUp
        | Scene::RetryLimit
        | Scene::PreRegistered
        | Scene::Expired
        | Scene::CredentialsBasic
        | Scene::Enterprise => {}
        _ => departing(scene, &mut it),
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

/// Scenes in which the authorization server does what it must not, or need not.
fn departing(scene: Scene, it: &mut Setting) {
    let profile = &mut it.profile;
    match scene {
        Scene::NoPkce => {
            profile.oauth_pkce = PkceListed::Absent;
            it.discovery = Discovery::OAuth;
        }
        Scene::NoPkceOpenId => {
            profile.oidc_pkce = PkceListed::Absent;
            it.discovery = Discovery::OpenIdInserted;
        }
        Scene::IssNone => (profile.iss_listed, profile.iss_in_success) = (false, Named::Nobody),
        Scene::IssUnlisted => profile.iss_listed = false,
        Scene::IssMissing => profile.iss_in_success = Named::Nobody,
        Scene::IssWrong => profile.iss_in_success = Named::Stranger,
        Scene::IssTenant => {
            profile.iss_in_success = Named::OtherTenant;
            it.issuers = TENANTS;
        }
        Scene::IssError => {
            profile.iss_in_error = Named::Stranger;
            it.decision = Decision::FailSaying("access_denied".into(), MARKER.into());
        }
        Scene::IssUnexpected => {
            (profile.iss_listed, profile.iss_in_success) = (false, Named::Stranger);
        }
        Scene::IssSlash => profile.iss_in_success = Named::OwnWithSlash,
        Scene::IssCase => profile.iss_in_success = Named::OwnUpperCase,
        Scene::IssEscaped => {
            profile.iss_in_success = Named::OwnEscaped;
            it.issuers = TENANTS;
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
