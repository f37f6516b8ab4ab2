//! The keys by which an issuer signs (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// A key of the issuer.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: &'static str,
    public: Public,
}

enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Point(Vec<u8>),
}

/// The keys of a JWKS; `None` if there is none.
pub(super) fn keys(body: &[u8]) -> Option<Vec<Key>> {
    let set: Value = serde_json::from_slice(body).ok()?;
    let keys: Vec<Key> = set["keys"].as_array()?.iter().filter_map(key).collect();
    (!keys.is_empty()).then_some(keys)
}

fn key(jwk: &Value) -> Option<Key> {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok();
    let (algorithm, public) = match jwk["kty"].as_str()? {
        "RSA" => ("RS256", Public::Rsa { n: part("n")?, e: part("e")? }),
        "EC" if jwk["crv"] == "P-256" => {
            ("ES256", Public::Point([vec![4], part("x")?, part("y")?].concat()))
        }
        "OKP" if jwk["crv"] == "Ed25519" => ("EdDSA", Public::Point(part("x")?)),
        _ => return None,
    };
    Some(Key { id: jwk["kid"].as_str()?.to_owned(), algorithm, public })
}

impl Key {
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.public, self.algorithm) {
            (Public::Rsa { n, e }, _) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Public::Point(point), "ES256") => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
            }
            (Public::Point(point), _) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}
