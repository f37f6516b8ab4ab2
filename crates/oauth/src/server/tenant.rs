//! One tenant: an issuer with its clients and grants.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::bounded::Bounded;
use super::cimd::Cached;
use super::consent::Pending;
use super::grant::{Code, Refresh};
use super::shared::Shared;
use super::{Client, Profile, TokenForm};
use crate::mint::{Access, Token, TokenDeviation};
use crate::{Mint, MintError};

/// How many clients and grants of a kind a tenant remembers; each may be as long as a request.
const REMEMBERED: usize = 1024;
/// How many references and revocations a tenant remembers; they are short.
const TOKENS: usize = 16_384;
/// How many metadata documents a tenant caches.
const DOCUMENTS: usize = 256;

/// An issuer of the server. Tenants share keys, clock and secrets, and nothing else: client identifiers and
/// grants are their own (RFC 6749 section 2.2).
#[derive(Debug)]
pub struct Tenant {
    pub(super) shared: Arc<Shared>,
    pub(super) path: String,
    pub(super) mint: Mint,
    store: Mutex<Store>,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) preregistered: Vec<Client>,
    pub(super) registered: Bounded<Client>,
    pub(super) documents: Bounded<Cached>,
    pub(super) pending: Bounded<Pending>,
    pub(super) codes: Bounded<Code>,
    pub(super) refresh: Bounded<Refresh>,
    pub(super) references: Bounded<Map<String, Value>>,
    pub(super) revoked: Bounded<()>,
}

impl Tenant {
    pub(super) fn new(
        shared: Arc<Shared>,
        path: String,
        mint: Mint,
        preregistered: Vec<Client>,
    ) -> Self {
        for client in &preregistered {
            client.note(&mint.secrets);
        }
        let store = Mutex::new(Store {
            preregistered,
            registered: Bounded::of(REMEMBERED),
            documents: Bounded::of(DOCUMENTS),
            pending: Bounded::of(REMEMBERED),
            codes: Bounded::of(REMEMBERED),
            refresh: Bounded::of(REMEMBERED),
            references: Bounded::of(TOKENS),
            revoked: Bounded::of(TOKENS),
        });
        Self { shared, path, mint, store }
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.mint.realm.issuer
    }

    /// The URL of an endpoint: `authorize`, `token`, `jwks`, `register`, `introspect`, `revoke`.
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}{}/{name}", self.shared.base, self.path)
    }

    /// Where the JWKS stands.
    pub fn jwks_uri(&self) -> String {
        self.endpoint("jwks")
    }

    /// Where the RFC 8414 document stands (section 3.1: the path is inserted after the suffix).
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/oauth-authorization-server{}", self.shared.base, self.path)
    }

    /// The mint of this issuer.
    pub fn mint(&self) -> &Mint {
        &self.mint
    }

    /// A client known from the start, by its identifier.
    pub fn preregistered(&self, id: &str) -> Option<Client> {
        self.store().preregistered.iter().find(|c| c.id == id).cloned()
    }

    /// Makes a client known, as if an administrator had registered it.
    pub fn register(&self, client: Client) {
        client.note(&self.mint.secrets);
        self.store().preregistered.push(client);
    }

    /// A valid token in the form that this server issues, known to its introspection.
    pub fn token(&self, access: &Access) -> Result<Token, MintError> {
        match self.profile().token_form {
            TokenForm::Jwt => self.mint.valid(access),
            TokenForm::Opaque => Ok(self.reference(self.mint.claims(access, None)?)),
        }
    }

    /// A token that departs from the valid one. In the opaque form, deviations of the claims are what
    /// introspection tells, and all others are strings that it does not know.
    pub fn broken(&self, access: &Access, deviation: TokenDeviation) -> Result<Token, MintError> {
        if self.profile().token_form == TokenForm::Jwt {
            return self.mint.broken(access, deviation);
        }
        let (valid, bent) =
            (self.mint.claims(access, None)?, self.mint.claims(access, Some(deviation))?);
        let differs = |name: &str| valid.get(name) != bent.get(name);
        if ["iss", "aud", "exp", "nbf", "iat", "scope"].into_iter().any(differs) {
            return Ok(self.reference(bent));
        }
        Ok(self.mint.opaque())
    }

    /// An opaque token that introspection explains by these claims.
    pub fn reference(&self, claims: Map<String, Value>) -> Token {
        let token = self.mint.opaque();
        self.store().references.insert(token.as_str().to_owned(), claims);
        token
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.shared.profile
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A secret value, drawn and noted.
    pub(super) fn secret(&self, label: &'static str) -> String {
        let secret = self.mint.draw.secret(label);
        self.mint.secrets.add(secret.as_str());
        secret
    }
}
