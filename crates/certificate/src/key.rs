//! Keys of certificates: Ed25519 (RFC 8032), in PEM files as OpenSSL writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::Digest;

/// What stands before the 32 bytes of a public key: SubjectPublicKeyInfo with the algorithm Ed25519 (RFC 8410).
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a key could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no PEM of that kind.
    #[error("it has no block `{0}` of PEM")]
    NoPem(&'static str),
    /// The block is no Ed25519 key.
    #[error("it is no Ed25519 key: `openssl genpkey -algorithm ed25519` makes one")]
    NotEd25519,
}

/// A private key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Reads a private key (PKCS #8).
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = block(text, "PRIVATE KEY")?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        pair.map(Self).map_err(|_| KeyError::NotEd25519)
    }

    /// The public key that belongs to it.
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.public_key().as_ref().to_vec())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier(Vec<u8>);

impl Verifier {
    /// Reads a public key (SubjectPublicKeyInfo), or takes the one of a private key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("PRIVATE KEY") {
            return Ok(Signer::from_pem(text)?.verifier());
        }
        Self::from_der(&block(text, "PUBLIC KEY")?)
    }

    /// Its name: the digest of its SubjectPublicKeyInfo.
    pub fn id(&self) -> String {
        Digest::of(&self.der()).to_string()
    }

    pub(crate) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = der.strip_prefix(&PUBLIC[..]).filter(|key| key.len() == 32);
        key.map(|key| Self(key.to_vec())).ok_or(KeyError::NotEd25519)
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        [&PUBLIC[..], &self.0].concat()
    }

    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, signature).is_ok()
    }
}

fn block(text: &str, kind: &'static str) -> Result<Vec<u8>, KeyError> {
    let none = KeyError::NoPem(kind);
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let inner = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let inner: String = inner.ok_or(none)?.0.split_whitespace().collect();
    STANDARD.decode(inner).map_err(|_| none)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A private key as `openssl genpkey -algorithm ed25519` writes it: PKCS #8 of version 1, without the public half.
    pub(crate) fn private(seed: u8) -> String {
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        pem("PRIVATE KEY", &[&head[..], &[seed; 32]].concat())
    }

    pub(crate) fn public(key: &Verifier) -> String {
        pem("PUBLIC KEY", &key.der())
    }

    fn pem(kind: &str, der: &[u8]) -> String {
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn a_key_of_openssl_signs_and_its_other_half_verifies() {
        let signer = Signer::from_pem(&private(7)).expect("a key");
        let verifier = Verifier::from_pem(&public(&signer.verifier())).expect("a key");
        assert_eq!(signer.verifier(), verifier);
        assert_eq!(Verifier::from_pem(&private(7)), Ok(verifier.clone()));
        let signature = signer.sign(b"words");
        assert!(verifier.verifies(b"words", &signature));
        assert!(!verifier.verifies(b"Words", &signature));
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        assert_eq!(Signer::from_pem("hello").err(), Some(KeyError::NoPem("PRIVATE KEY")));
        let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(Signer::from_pem(empty).err(), Some(KeyError::NotEd25519));
    }
}
