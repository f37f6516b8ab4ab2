//! The token mint: signed JWTs, valid or broken in one named way, and the ways to present them.
//!
//! A valid access token has the form of RFC 9068: `typ` is `at+jwt`, the claims are `iss`, `sub`, `aud`,
//! `client_id`, `scope`, `iat`, `nbf`, `exp` and `jti`.

mod access;
mod claims;
mod deviation;
mod draft;
mod forge;
mod jws;
mod key;
mod presentation;
mod ring_of_keys;
mod table;
mod token;

pub use access::Access;
pub use deviation::TokenDeviation;
pub use jws::Signer;
pub use key::{Algorithm, SigningKey};
pub use presentation::{Presentation, Presented};
pub use ring_of_keys::{KeyRing, Owner, Rotation};
pub use table::{Standing, UnknownSlug};
pub use token::Token;

use serde_json::{Map, Value};

use crate::{Clock, Collected, draw::Draw};
use draft::Draft;

/// Mints the tokens of one issuer.
#[derive(Clone, Debug)]
pub struct Mint {
    /// Who issues, and who else is around.
    pub realm: Realm,
    /// The issuer's keys; tenants of one server share them.
    pub keys: KeyRing,
    /// The keys of a stranger whom the target has no reason to trust.
    pub stranger: KeyRing,
    /// What time it is.
    pub clock: Clock,
    /// Where identifiers come from.
    pub draw: Draw,
    /// Where every token is noted.
    pub secrets: Collected,
}

/// The parties that tokens name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The issuer identifier (RFC 8414 section 2), character for character.
    pub issuer: String,
    /// Another tenant of the same server, under the same keys, if there is one.
    pub other_tenant: Option<String>,
    /// The stranger's issuer identifier.
    pub stranger: String,
    /// Where the stranger's JWKS stands: what a `jku` header points to.
    pub stranger_jwks: String,
    /// Where the stranger's certificate stands: what an `x5u` header points to.
    pub stranger_certificate: String,
}

impl Realm {
    /// A realm of names alone, for a mint without a server.
    pub fn of(issuer: impl Into<String>) -> Self {
        let stranger = "https://stranger.invalid";
        Self {
            issuer: issuer.into(),
            other_tenant: None,
            stranger: stranger.to_owned(),
            stranger_jwks: format!("{stranger}/jwks"),
            stranger_certificate: format!("{stranger}/x5u.pem"),
        }
    }
}

/// Why no token was minted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The cryptographic library gave no key or no signature.
    #[error("no {what}: {cause}")]
    Crypto {
        /// What was wanted.
        what: &'static str,
        /// What the library said.
        cause: String,
    },
    /// The deviation has nothing to break in this access.
    #[error("`{slug}` does not apply: {why}")]
    Inapplicable {
        /// The deviation.
        slug: &'static str,
        /// What is missing.
        why: &'static str,
    },
}

impl Mint {
    /// A mint with keys of its own, the system's clock and a fresh collection of secrets.
    pub fn new(realm: Realm, seed: u64) -> Result<Self, MintError> {
        let draw = Draw::seeded(seed);
        Ok(Self {
            realm,
            keys: KeyRing::generate(Owner::Server, &Algorithm::ALL, &draw)?,
            stranger: KeyRing::generate(Owner::Stranger, &Algorithm::ALL, &draw)?,
            clock: Clock::system(),
            draw,
            secrets: Collected::default(),
        })
    }

    /// A token that the resource must accept for what it grants.
    pub fn valid(&self, access: &Access) -> Result<Token, MintError> {
        let text = self.draft(access, None)?.sign()?;
        Ok(self.note(text))
    }

    /// A token that departs from the valid one in exactly one way.
    pub fn broken(&self, access: &Access, deviation: TokenDeviation) -> Result<Token, MintError> {
        let draft = self.draft(access, Some(deviation))?;
        let text = forge::spoil(self, access, draft, deviation)?;
        Ok(self.note(text))
    }

    /// The claims of a token, deviating or not, for those who issue references instead (RFC 7662).
    pub fn claims(
        &self,
        access: &Access,
        deviation: Option<TokenDeviation>,
    ) -> Result<Map<String, Value>, MintError> {
        Ok(self.draft(access, deviation)?.claims)
    }

    /// A token of arbitrary header, claims and signature.
    pub fn arbitrary(
        &self,
        header: &Value,
        claims: &Value,
        signer: Signer<'_>,
    ) -> Result<Token, MintError> {
        let text =
            jws::compact(header.to_string().as_bytes(), claims.to_string().as_bytes(), signer)?;
        Ok(self.note(text))
    }

    /// An opaque string that nobody issued, or that the caller is about to issue (256 bits).
    pub fn opaque(&self) -> Token {
        self.note(self.draw.secret("opaque token"))
    }

    fn draft(
        &self,
        access: &Access,
        deviation: Option<TokenDeviation>,
    ) -> Result<Draft, MintError> {
        let mut draft = Draft::valid(self, access)?;
        if let Some(deviation) = deviation {
            claims::bend(self, access, &mut draft, deviation)?;
        }
        Ok(draft)
    }

    fn note(&self, text: String) -> Token {
        self.secrets.add(text.as_str());
        Token::of(text)
    }
}
