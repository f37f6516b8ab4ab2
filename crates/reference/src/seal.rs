//! Values that pass through the client and come back: cursors and `requestState`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::Value;

/// Signs what a client is not meant to change.
pub(crate) struct Seal {
    key: hmac::Key,
}

impl Seal {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// An opaque token for the value: payload and signature, in Base64.
    pub(crate) fn seal(&self, value: &Value) -> String {
        let payload = value.to_string();
        let tag = hmac::sign(&self.key, payload.as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The value, if the token is one of ours and untouched.
    pub(crate) fn open(&self, token: &str) -> Option<Value> {
        let (payload, tag) = token.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, &payload, &tag).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// The value, if the signature begins as it should.
    pub(crate) fn open_by_start(&self, token: &str) -> Option<Value> {
        let (payload, tag) = token.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let whole = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &payload));
        (tag.get(..8)? == whole.get(..8)?).then(|| serde_json::from_slice(&payload).ok())?
    }

    /// The value, whoever wrote it.
    pub(crate) fn open_unverified(token: &str) -> Option<Value> {
        let (payload, _) = token.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

/// A short name for a value, the same for equal values.
pub(crate) fn digest(value: &Value) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, value.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}

/// A name that nobody guesses.
pub(crate) fn random_name() -> String {
    let mut bytes = [0_u8; 16];
    // The system's generator fails only where there is none; a name that collides is then refused by its owner.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
