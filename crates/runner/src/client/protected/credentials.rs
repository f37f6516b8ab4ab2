//! Credentials of clients that are known before: a secret, and a key.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

/// The identifier of the client that has a secret.
pub const CLIENT_ID: &str = "plumb-known-client";
/// Its secret: made for this and worth nothing.
pub const CLIENT_SECRET: &str = "plumb-known-secret-7Qx2";
/// The identifier of a client with characters that are not those of a form (RFC 6749 appendix A.1 allows them).
pub const ODD_CLIENT: &str = "plumb known+client/1";
/// Its secret: made for this and worth nothing.
pub const ODD_SECRET: &str = "s+e/c:r%65t=& 7Qx2";
/// The identifier of the client that has a key.
pub const SIGNED_CLIENT: &str = "plumb-signing-client";

/// The key of that client, as PKCS #8 and its public half.
static KEY: LazyLock<Option<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
    Some((document.as_ref().to_vec(), pair.public_key().as_ref().to_vec()))
});

/// The private key, as PEM.
pub(super) fn private_key_pem() -> String {
    let document = KEY.as_ref().map(|(document, _)| STANDARD.encode(document)).unwrap_or_default();
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = document.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem + "-----END PRIVATE KEY-----\n"
}

/// Whether a JWT was signed by the key that the client was given.
pub fn verifies(token: &str) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let Some((_, public)) = KEY.as_ref() else { return false };
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
    key.verify(signed.as_bytes(), &signature).is_ok()
}
