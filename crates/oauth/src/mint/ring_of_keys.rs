//! The keys of an issuer: the current ones, the earlier ones, and their JWKS.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::jws::decode;
use super::{Algorithm, MintError, SigningKey};
use crate::draw::Draw;

/// How many generations of keys a JWKS lists at most.
const GENERATIONS: usize = 4;

const FIRST: &[u8] = include_bytes!("../../keys/TEST-ONLY-rsa-2048-first.pkcs8.der");
const SECOND: &[u8] = include_bytes!("../../keys/TEST-ONLY-rsa-2048-second.pkcs8.der");
const STRANGER: &[u8] = include_bytes!("../../keys/TEST-ONLY-rsa-2048-stranger.pkcs8.der");

/// Whose keys they are: it decides which fixed RSA key is among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The authorization server that targets are told to trust.
    Server,
    /// Somebody else.
    Stranger,
}

/// What becomes of the old keys when new ones come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// They stay published, so that tokens in use still verify.
    Overlap,
    /// They disappear, as after a theft.
    Replace,
}

/// Signing keys, one generation after another; clones share them.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    owner: Owner,
    algorithms: Vec<Algorithm>,
    draw: Draw,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    made: usize,
    /// The current generation first, none empty.
    published: Vec<Vec<Arc<SigningKey>>>,
}

impl KeyRing {
    /// One key for each algorithm; the first signs unless another is asked for.
    pub fn generate(
        owner: Owner,
        algorithms: &[Algorithm],
        draw: &Draw,
    ) -> Result<Self, MintError> {
        let ring = Self(Arc::new(Inner {
            owner,
            algorithms: algorithms.to_vec(),
            draw: draw.clone(),
            generations: Mutex::default(),
        }));
        ring.rotate(Rotation::Replace)?;
        Ok(ring)
    }

    /// Makes new keys and signs with them from now on.
    pub fn rotate(&self, rotation: Rotation) -> Result<(), MintError> {
        let mut generations = self.lock();
        let rsa = match self.0.owner {
            Owner::Stranger => STRANGER,
            Owner::Server if generations.made.is_multiple_of(2) => FIRST,
            Owner::Server => SECOND,
        };
        let keys: Result<Vec<_>, _> = self
            .0
            .algorithms
            .iter()
            .map(|&algorithm| {
                let kid = format!("{}-{}", algorithm.name(), self.0.draw.name("kid"));
                SigningKey::make(algorithm, kid, rsa).map(Arc::new)
            })
            .collect();
        let keys = keys?;
        generations.made += 1;
        if rotation == Rotation::Replace {
            generations.published.clear();
        }
        generations.published.insert(0, keys);
        generations.published.truncate(GENERATIONS);
        Ok(())
    }

    /// The key that signs now.
    pub fn current(&self) -> Result<Arc<SigningKey>, MintError> {
        self.lock().published.first().and_then(|keys| keys.first()).cloned().ok_or_else(missing)
    }

    /// The current key of an algorithm.
    pub fn current_for(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, MintError> {
        let generations = self.lock();
        let keys = generations.published.first().ok_or_else(missing)?;
        keys.iter().find(|k| k.algorithm() == algorithm).cloned().ok_or_else(missing)
    }

    /// The JWK Set (RFC 7517 section 5), the current keys first.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> =
            self.lock().published.iter().flatten().map(|key| key.jwk()).collect();
        json!({ "keys": keys })
    }

    /// The claims of a token that one of the published keys has signed; its times are not looked at.
    pub fn open(&self, token: &str) -> Option<Map<String, Value>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
        let (kid, alg) = (header["kid"].as_str()?, header["alg"].as_str()?);
        let key = self
            .lock()
            .published
            .iter()
            .flatten()
            .find(|k| k.kid() == kid && k.algorithm().name() == alg)
            .cloned()?;
        if header.get("crit").is_some() || !key.verifies(signed.as_bytes(), &decode(signature)?) {
            return None;
        }
        serde_json::from_slice(&decode(payload)?).ok()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing() -> MintError {
    MintError::Crypto { what: "key", cause: "the ring has none for this algorithm".to_owned() }
}
