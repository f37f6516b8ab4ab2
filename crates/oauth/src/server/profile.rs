//! How the server departs from the specifications: one named field for each way.

use crate::mint::{Algorithm, TokenDeviation};

/// The server's behaviour. [`Profile::SPEC`] is correct in every field; write a deviation as
/// `Profile { code_once: false, ..Profile::SPEC }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The RFC 8414 document is served.
    pub oauth_metadata: bool,
    /// The OpenID Connect discovery document is served, by insertion and by appending.
    pub oidc_metadata: bool,
    /// What `issuer` says in both documents (RFC 8414 section 3.3).
    pub metadata_issuer: Named,
    /// `code_challenge_methods_supported` in the RFC 8414 document.
    pub oauth_pkce: PkceListed,
    /// `code_challenge_methods_supported` in the OpenID Connect document.
    pub oidc_pkce: PkceListed,
    /// `authorization_response_iss_parameter_supported` is true (RFC 9207 section 2.3), else absent.
    pub iss_listed: bool,
    /// How metadata lists the ways in which clients may authenticate (RFC 8414 section 2).
    pub methods_listed: MethodsListed,
    /// The algorithms of assertions are listed, where those are taken (RFC 8414 section 2).
    pub algorithms_listed: bool,
    /// `offline_access` is among `scopes_supported`.
    pub offline_access_listed: bool,
    /// The JWKS is served.
    pub jwks: bool,
    /// Endpoints are told with the scheme that they have, else as plain HTTP.
    pub schemes_told: bool,

    /// How redirect URIs are compared (OAuth 2.1 draft 13 section 2.3.1).
    pub redirect_match: RedirectMatch,
    /// An unknown client or an unregistered redirect URI ends on a page of our own, not in a redirect.
    pub untrusted_redirects_refused: bool,
    /// `code_challenge` is demanded of every client (OAuth 2.1 draft 13 section 7.5.2).
    pub pkce_required: bool,
    /// `code_challenge_method=plain`, stated or by omission, is refused.
    pub plain_refused: bool,
    /// Only `response_type=code` exists; the implicit grant is refused.
    pub implicit_refused: bool,
    /// A scope that is not supported gives `invalid_scope`, else it is granted.
    pub unknown_scopes_refused: bool,
    /// `iss` in the response that carries a code (RFC 9207 section 2).
    pub iss_in_success: Named,
    /// `iss` in the response that carries an error (RFC 9207 section 2).
    pub iss_in_error: Named,
    /// What comes back as `state` (RFC 6749 section 4.1.2).
    pub state: StateEcho,
    /// The consent page names the host of the redirect URI.
    pub consent_names_host: bool,
    /// The consent page warns of clients that live on loopback alone.
    pub consent_warns_of_loopback: bool,

    /// How long a code lives, in seconds; RFC 6749 section 4.1.2 recommends at most 600.
    pub code_lifetime: u32,
    /// A code works once (RFC 6749 section 4.1.2).
    pub code_once: bool,
    /// A code that comes again revokes what was issued for it (RFC 6749 section 4.1.2).
    pub code_replay_revokes: bool,
    /// A code works only for the client that it was issued to.
    pub code_bound_to_client: bool,
    /// A `redirect_uri` at the token endpoint equals the one of the authorization request.
    pub code_bound_to_redirect: bool,
    /// A grant with a challenge demands its verifier (RFC 7636 section 4.6).
    pub verifier_required: bool,
    /// The verifier is compared with the challenge.
    pub verifier_checked: bool,
    /// A verifier for a grant without a challenge is refused: no downgrade (RFC 9700 section 4.8.2).
    pub unasked_verifier_refused: bool,
    /// Who authenticates by HTTP Basic need not be named in the form as well (OAuth 2.1 draft 13 section 4.1.3).
    pub basic_alone_suffices: bool,
    /// Client secrets are compared (RFC 6749 section 2.3.1).
    pub client_secret_checked: bool,
    /// Clients may authenticate by an assertion (RFC 7523 section 2.2), which is taken as it is: whoever reads the record
    /// judges it.
    pub assertions_taken: bool,
    /// The password grant is refused (OAuth 2.1 draft 13 section 10).
    pub password_grant_refused: bool,
    /// How long an access token lives, in seconds.
    pub access_token_lifetime: u32,
    /// `expires_in` is in the token response.
    pub expires_in_told: bool,
    /// Token responses forbid caching (RFC 6749 section 5.1).
    pub no_store: bool,

    /// Refresh tokens are issued to clients that have registered the grant.
    pub refresh_tokens: bool,
    /// Each use of a refresh token gives a new one (OAuth 2.1 draft 13 section 4.3.1).
    pub refresh_rotation: bool,
    /// A used refresh token that comes again revokes its family (RFC 9700 section 4.14.2).
    pub refresh_replay_revokes: bool,
    /// A refresh token works only for the client that it was issued to.
    pub refresh_bound_to_client: bool,
    /// A refresh cannot widen the scope (RFC 6749 section 6).
    pub refresh_scope_bounded: bool,

    /// `aud` follows the `resource` parameter (RFC 8707 section 2), else it is the issuer.
    pub resource_honoured: bool,
    /// A token request cannot name a resource outside the grant (RFC 8707 section 2.2).
    pub resource_bounded: bool,

    /// The form of access tokens.
    pub token_form: TokenForm,
    /// Every access token issued departs in this way.
    pub broken_tokens: Option<TokenDeviation>,
    /// The algorithms in the JWKS; the first signs.
    pub algorithms: &'static [Algorithm],

    /// Dynamic client registration is offered (RFC 7591).
    pub registration: bool,
    /// `application_type` constrains redirect URIs (OpenID Connect Registration section 2).
    pub application_type_enforced: bool,
    /// Redirect URIs are HTTPS or loopback (OAuth 2.1 draft 13 section 1.5).
    pub redirect_uris_secure: bool,

    /// Client ID Metadata Documents are understood.
    pub cimd: bool,
    /// `client_id_metadata_document_supported` is true, else absent.
    pub cimd_listed: bool,
    /// The document's `client_id` must be its URL (CIMD draft 00 section 4.1).
    pub cimd_id_checked: bool,
    /// The document must be JSON and have its required members.
    pub cimd_structure_checked: bool,
    /// The request's redirect URI must be in the document.
    pub cimd_redirect_checked: bool,
    /// Documents are cached as their `Cache-Control` says.
    pub cimd_cached: bool,
    /// Documents are kept so long at least, in seconds, whatever their `Cache-Control` says (CIMD draft 00 section 4.4).
    pub cimd_kept_at_least: u32,
    /// What becomes of a secret in a document (CIMD draft 00 section 4.1).
    pub cimd_secrets: Published,
    /// A document with a way of authentication that is not supported is refused, else its client is taken for a public one
    /// (CIMD draft 00 section 6.2).
    pub cimd_methods_checked: bool,
    /// Redirects of a document's URL are not followed (CIMD draft 01 section 4).
    pub cimd_redirects_refused: bool,
    /// Documents are fetched over HTTPS only (CIMD draft 00 section 3).
    pub cimd_https_required: bool,
    /// Documents are not fetched from loopback, private and other special addresses (CIMD draft 00
    /// section 6). Tests on one machine relax this.
    pub cimd_private_refused: bool,

    /// Introspection is offered (RFC 7662).
    pub introspection: bool,
    /// Introspection demands a client's credentials (RFC 7662 section 2.1).
    pub introspection_authenticated: bool,
    /// Revocation is offered (RFC 7009).
    pub revocation: bool,
    /// A revoked token stops being active.
    pub revocation_works: bool,

    /// Every request is served, however many come; else every third is turned away for a moment (RFC 6585 section 4).
    pub callers_unlimited: bool,
    /// A request that cannot be granted is told to the client by a redirect (RFC 6749 section 4.1.2.1), or to the person.
    pub refusals_shown: Shown,

    /// The certificate shown over TLS.
    pub certificate: Certificate,
}

impl Profile {
    /// The server as the specifications want it.
    pub const SPEC: Self = Self {
        oauth_metadata: true,
        oidc_metadata: true,
        metadata_issuer: Named::Own,
        oauth_pkce: PkceListed::S256,
        oidc_pkce: PkceListed::S256,
        iss_listed: true,
        methods_listed: MethodsListed::All,
        algorithms_listed: true,
        offline_access_listed: true,
        jwks: true,
        schemes_told: true,
        redirect_match: RedirectMatch::Exact,
        untrusted_redirects_refused: true,
        pkce_required: true,
        plain_refused: true,
        implicit_refused: true,
        unknown_scopes_refused: true,
        iss_in_success: Named::Own,
        iss_in_error: Named::Own,
        state: StateEcho::Echoed,
        consent_names_host: true,
        consent_warns_of_loopback: true,
        code_lifetime: 60,
        code_once: true,
        code_replay_revokes: true,
        code_bound_to_client: true,
        code_bound_to_redirect: true,
        verifier_required: true,
        verifier_checked: true,
        unasked_verifier_refused: true,
        basic_alone_suffices: true,
        client_secret_checked: true,
        assertions_taken: false,
        password_grant_refused: true,
        access_token_lifetime: 300,
        expires_in_told: true,
        no_store: true,
        refresh_tokens: true,
        refresh_rotation: true,
        refresh_replay_revokes: true,
        refresh_bound_to_client: true,
        refresh_scope_bounded: true,
        resource_honoured: true,
        resource_bounded: true,
        token_form: TokenForm::Jwt,
        broken_tokens: None,
        algorithms: &Algorithm::ALL,
        registration: true,
        application_type_enforced: true,
        redirect_uris_secure: true,
        cimd: true,
        cimd_listed: true,
        cimd_id_checked: true,
        cimd_structure_checked: true,
        cimd_redirect_checked: true,
        cimd_cached: true,
        cimd_kept_at_least: 0,
        cimd_secrets: Published::Refused,
        cimd_methods_checked: true,
        cimd_redirects_refused: true,
        cimd_https_required: true,
        cimd_private_refused: true,
        introspection: true,
        introspection_authenticated: true,
        revocation: true,
        revocation_works: true,
        callers_unlimited: true,
        refusals_shown: Shown::ToClients,
        certificate: Certificate::Good,
    };
}

/// Which issuer is named where the server's own belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The server's own.
    Own,
    /// None.
    Nobody,
    /// The stranger.
    Stranger,
    /// The server's own with a slash at its end.
    OwnWithSlash,
    /// The server's own with its scheme in upper case.
    OwnUpperCase,
    /// The server's own with the last character escaped.
    OwnEscaped,
    /// Another tenant of the server.
    OtherTenant,
}

/// What becomes of a secret that a document publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The document is refused.
    Refused,
    /// Nobody looks at it.
    Ignored,
    /// It lets its client in.
    Taken,
}

/// To whom a refused authorization request is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// To the client, by a redirect with `error`.
    ToClients,
    /// To the person alone, on a page, which has the status 200 of pages.
    OnPages,
}

/// The ways of authenticating clients that metadata lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodsListed {
    /// All that there are.
    All,
    /// None that has a credential in a header field or an assertion; nor is any other taken.
    FormOnly,
    /// The member is absent.
    Absent,
}

/// The code challenge methods that metadata lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkceListed {
    /// `S256`.
    S256,
    /// `plain` and `S256`.
    PlainToo,
    /// `plain` alone.
    PlainOnly,
    /// The member is absent.
    Absent,
}

/// How the redirect URI of a request is compared with the registered ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectMatch {
    /// Character by character, but for the port of loopback URIs (OAuth 2.1 draft 13 section 8.4.2).
    Exact,
    /// A registered one is a prefix.
    Prefix,
    /// The queries do not count.
    AnyQuery,
    /// Upper and lower case are the same.
    AnyCase,
    /// The ports of all URIs do not count.
    AnyPort,
    /// Nothing is compared.
    Anything,
}

/// What comes back as `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateEcho {
    /// What was sent.
    Echoed,
    /// Nothing.
    Dropped,
    /// Something else.
    Altered,
}

/// The form of access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// Signed JWTs (RFC 9068).
    Jwt,
    /// References, whose meaning is asked for by introspection (RFC 7662).
    Opaque,
}

/// The certificate shown over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// One that the run's authority has issued for this host.
    Good,
    /// One for another host.
    OtherHost,
    /// One that has expired.
    Expired,
}
