//! JWS compact serialization (RFC 7515 section 7.1) over arbitrary bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::{MintError, SigningKey};

/// What makes the signature.
#[derive(Clone, Copy, Debug)]
pub enum Signer<'a> {
    /// A private key (RFC 7518 sections 3.3 and 3.4, RFC 8037 section 3.1).
    Key(&'a SigningKey),
    /// HMAC with SHA-256 over a shared secret (RFC 7518 section 3.2).
    Hmac(&'a [u8]),
    /// Nothing: the signature is empty (RFC 7518 section 3.6).
    Nobody,
}

impl Signer<'_> {
    pub(super) fn sign(self, message: &[u8]) -> Result<Vec<u8>, MintError> {
        match self {
            Self::Key(key) => key.sign(message),
            Self::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
            Self::Nobody => Ok(Vec::new()),
        }
    }
}

/// `header.payload.signature`, each part in base64url without padding.
pub(super) fn compact(
    header: &[u8],
    payload: &[u8],
    signer: Signer<'_>,
) -> Result<String, MintError> {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = signer.sign(input.as_bytes())?;
    Ok(format!("{input}.{}", encode(&signature)))
}

/// Base64url without padding (RFC 7515 section 2).
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url without padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
