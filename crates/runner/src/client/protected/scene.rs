//! The scenes: what the two servers do, under names of the official suite.

use serde_json::{Value, json};

use super::credentials;

/// Declares the scenes, each with its label and whether a right client fails in it.
macro_rules! scenes {
    ($($(#[doc = $doc:literal])+ $scene:ident = $label:literal $($fails:ident)?,)+) => {
        /// What a protected server and its authorization server do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Scene {
            $($(#[doc = $doc])+ $scene,)+
        }

        impl Scene {
            /// All of them, in the order in which they are begun.
            pub const ALL: &[Self] = &[$(Self::$scene,)+];

            /// Its own name: the official one, and after `#` what it departs in.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$scene => $label,)+
                }
            }

            /// Whether a right client cannot do what it is told, and so may fail.
            pub(in crate::client) fn may_fail(self) -> bool {
                match self {
                    $(Self::$scene => scenes!(@ $($fails)?),)+
                }
            }
        }
    };
    (@ fails) => { true };
    (@) => { false };
}

scenes! {
    /// Clients register by themselves, and there is no other way.
    Default = "auth/metadata-default",
    /// The challenge names no metadata, which stands where the path of the server leads, and other metadata at the root; the
    /// authorization server has nothing but OpenID Connect discovery.
    WellKnown = "auth/metadata-var1",
    /// The metadata stands at the root alone; the issuer has a path.
    RootWellKnown = "auth/metadata-var2",
    /// The challenge names metadata at a place of its own; the issuer has a path, and OpenID Connect discovery appended.
    Appended = "auth/metadata-var3",
    /// The same, but the path is inserted.
    Inserted = "auth/metadata-var3#inserted",
    /// The challenge is one of several, oddly written, and the authorization endpoint has a query.
    OddChallenge = "auth/metadata-default#challenge",
    /// Client metadata documents are announced, beside registration.
    Document = "auth/basic-cimd",
    /// The challenge asks for a scope that no metadata lists.
    ScopeChallenged = "auth/scope-from-www-authenticate",
    /// The challenge asks for none, and the metadata lists some.
    ScopeSupported = "auth/scope-from-scopes-supported",
    /// Nothing names a scope.
    ScopeUndefined = "auth/scope-omitted-when-undefined",
    /// A call needs another scope than a list, and says that one alone.
    StepUp = "auth/scope-step-up",
    /// No token is enough, whatever its scopes.
    RetryLimit = "auth/scope-retry-limit" fails,
    /// The metadata by RFC 8414 announces no PKCE, and there is no other.
    NoPkce = "auth/metadata-default#no-pkce" fails,
    /// The metadata by OpenID Connect announces no PKCE, and there is no other.
    NoPkceOpenId = "auth/metadata-var1#no-pkce" fails,
    /// The metadata announces PKCE with `plain` alone.
    PlainPkce = "auth/metadata-default#plain-pkce" fails,
    /// No metadata of the authorization server stands at any place.
    NoMetadata = "auth/metadata-default#no-metadata" fails,
    /// The token endpoint is plain HTTP at an address that is not of the loopback.
    PlainEndpoint = "auth/metadata-default#plain-http" fails,
    /// Registration, authorization and tokens are at places of their own, and nothing is at the usual ones.
    Endpoints = "auth/metadata-default#endpoints",
    /// Tokens are of a type that nobody has defined.
    TokenType = "auth/metadata-default#token-type" fails,
    /// `iss` is neither announced nor sent.
    IssNone = "auth/iss-not-advertised",
    /// `iss` is sent, rightly, though not announced.
    IssUnlisted = "auth/iss-supported#unlisted",
    /// `iss` is announced and not sent.
    IssMissing = "auth/iss-supported-missing" fails,
    /// `iss` names somebody else.
    IssWrong = "auth/iss-wrong-issuer" fails,
    /// `iss` names another issuer of the same host: what an answer is like that was mixed up.
    IssTenant = "auth/iss-wrong-issuer#tenant" fails,
    /// An error comes whose `iss` names somebody else.
    IssError = "auth/iss-wrong-issuer#error" fails,
    /// `iss` is not announced and names somebody else.
    IssUnexpected = "auth/iss-unexpected" fails,
    /// `iss` differs by a slash at its end.
    IssSlash = "auth/iss-normalized" fails,
    /// `iss` differs by the case of its scheme.
    IssCase = "auth/iss-normalized#case" fails,
    /// `iss` differs by an escape.
    IssEscaped = "auth/iss-normalized#escaped" fails,
    /// The metadata is somebody else's.
    IssuerWrong = "auth/metadata-issuer-mismatch" fails,
    /// The metadata by OpenID Connect is somebody else's, and there is no other.
    IssuerWrongOpenId = "auth/metadata-issuer-mismatch#openid" fails,
    /// The metadata names an issuer with a path and one slash more.
    IssuerSlash = "auth/metadata-issuer-mismatch#slash" fails,
    /// The metadata speaks of a resource of another host.
    ResourceForeign = "auth/resource-mismatch" fails,
    /// The metadata speaks of another resource of the same host.
    ResourceSibling = "auth/resource-mismatch#sibling" fails,
    /// The client is known before; documents and registration are offered all the same.
    PreRegistered = "auth/pre-registration",
    /// The same, but identifier and secret have characters that HTTP Basic has them encoded for.
    PreRegisteredOddly = "auth/pre-registration#encoded",
    /// `state` comes back changed.
    StateWrong = "auth/metadata-default#state" fails,
    /// `state` does not come back.
    StateMissing = "auth/metadata-default#no-state" fails,
    /// After the first list the server trusts another authorization server alone; clients register by themselves.
    Migration = "auth/authorization-server-migration",
    /// The same, but the client is known before, at the first one.
    MigrationKnown = "auth/authorization-server-migration#known" fails,
    /// The token is no longer good after the first list, and there is a refresh token.
    Expired = "auth/metadata-default#expired",
    /// The same, without a refresh token.
    NoRefresh = "auth/metadata-default#no-refresh",
    /// The same, but after the first call the next token is no longer good either; each refresh gives another refresh token.
    Rotated = "auth/metadata-default#rotated",
    /// Tokens are good for a second; each refresh gives another refresh token.
    Expiring = "auth/metadata-default#expiring",
    /// Registration is refused for its redirect URIs.
    RegistrationRefused = "auth/metadata-default#registration" fails,
    /// The client acts on its own behalf, by a secret.
    CredentialsBasic = "auth/client-credentials-basic",
    /// The client acts on its own behalf, by a signature.
    CredentialsJwt = "auth/client-credentials-jwt",
    /// The client brings a grant of its organisation.
    Enterprise = "auth/enterprise-managed-authorization",
    /// Tokens are bound to a key of the client where it proves that it has one; bearer tokens are given, too.
    Dpop = "auth/dpop",
    /// The same, but both servers want a nonce in each proof, and give another one later.
    DpopNonce = "auth/dpop-nonce",
}

impl Scene {
    /// Those in which nothing keeps a client from signing in by a user.
    pub const OPEN: [Self; 5] =
        [Self::Default, Self::Document, Self::WellKnown, Self::Expired, Self::ScopeChallenged];

    /// Whether the server trusts another authorization server alone after the first list.
    pub fn migrates(self) -> bool {
        matches!(self, Self::Migration | Self::MigrationKnown)
    }

    /// Whether its authorization server lists `offline_access`.
    pub fn lists_offline_access(self) -> bool {
        self == Self::Expired
    }

    /// What else the client is told.
    pub(in crate::client) fn context(self) -> Value {
        let name = self.label().split('#').next();
        match self {
            Self::PreRegistered | Self::MigrationKnown | Self::CredentialsBasic => json!({
                "name": name,
                "client_id": credentials::CLIENT_ID,
                "client_secret": credentials::CLIENT_SECRET,
            }),
            Self::PreRegisteredOddly => json!({
                "name": name,
                "client_id": credentials::ODD_CLIENT,
                "client_secret": credentials::ODD_SECRET,
            }),
            Self::CredentialsJwt => json!({
                "name": name,
                "client_id": credentials::SIGNED_CLIENT,
                "private_key_pem": credentials::private_key_pem(),
                "signing_algorithm": "ES256",
            }),
            _ => json!({ "name": name }),
        }
    }
}
