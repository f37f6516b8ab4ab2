//! Private keys and their public forms.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};

use super::MintError;
use super::jws::encode;

/// The signature algorithms that the mint has keys for (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSA with PKCS #1 v1.5 and SHA-256: what every library reads.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// Its `alg` value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::EdDsa => &ED25519,
        }
    }

    /// The head of a SubjectPublicKeyInfo (RFC 5280 section 4.1) for keys of our sizes.
    fn public_key_info(self) -> &'static [u8] {
        match self {
            Self::Rs256 => &[
                0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
            ],
            Self::Es256 => &[
                0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
            ],
            Self::EdDsa => {
                &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
            }
        }
    }
}

/// A private key with its name.
pub struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    pair: Pair,
    pkcs8: Vec<u8>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    /// A new key; RSA keys, which ring cannot make, are the given fixed test key.
    pub(super) fn make(
        algorithm: Algorithm,
        kid: String,
        fixed_rsa: &[u8],
    ) -> Result<Self, MintError> {
        let random = SystemRandom::new();
        let unspecified = |e: ring::error::Unspecified| no_key(e.to_string());
        let rejected = |e: ring::error::KeyRejected| no_key(e.to_string());
        let pkcs8 = match algorithm {
            Algorithm::Rs256 => fixed_rsa.to_vec(),
            Algorithm::Es256 => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
                made.map_err(unspecified)?.as_ref().to_vec()
            }
            Algorithm::EdDsa => {
                Ed25519KeyPair::generate_pkcs8(&random).map_err(unspecified)?.as_ref().to_vec()
            }
        };
        let pair = match algorithm {
            Algorithm::Rs256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(&pkcs8).map_err(rejected)?))
            }
            Algorithm::Es256 => {
                let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
                Pair::Ec(EcdsaKeyPair::from_pkcs8(signing, &pkcs8, &random).map_err(rejected)?)
            }
            Algorithm::EdDsa => Pair::Ed(Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(rejected)?),
        };
        Ok(Self { kid, algorithm, pair, pkcs8 })
    }

    /// Its `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature over a message, in the form of RFC 7518 section 3.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, MintError> {
        let random = SystemRandom::new();
        let failed = |e: ring::error::Unspecified| MintError::Crypto {
            what: "signature",
            cause: e.to_string(),
        };
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// Whether the signature over the message is this key's.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(self.algorithm.verification(), self.public_bytes());
        key.verify(message, signature).is_ok()
    }

    /// Its public half as a JWK (RFC 7517 section 4).
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": encode(public.n), "e": encode(public.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..65])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm.name());
        jwk
    }

    /// Its public half as SubjectPublicKeyInfo in DER.
    pub fn public_der(&self) -> Vec<u8> {
        [self.algorithm.public_key_info(), self.public_bytes()].concat()
    }

    /// Its public half as PEM, with the newline that `openssl` ends it with.
    pub fn public_pem(&self) -> String {
        use base64::engine::{Engine as _, general_purpose::STANDARD};
        let text = STANDARD.encode(self.public_der());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for (at, letter) in text.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem + "\n-----END PUBLIC KEY-----\n"
    }

    /// The private half as PKCS #8 in DER, for a certificate on it.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    fn public_bytes(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(pair) => pair.public_key().as_ref(),
            Pair::Ed(pair) => pair.public_key().as_ref(),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm.name(), self.kid)
    }
}

fn no_key(cause: String) -> MintError {
    MintError::Crypto { what: "key", cause }
}
