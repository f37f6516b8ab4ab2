//! Proofs of possession as clients send them (RFC 9449 section 4).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_wire::Served;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};

use super::flow::sha256;
use crate::client::received::Received;

/// A proof: a JWT that is signed by the key in its own header.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Its JOSE header, an object.
    pub header: Value,
    /// Its claims, an object.
    pub claims: Value,
    /// What is signed.
    signed: String,
    signature: Vec<u8>,
}

impl Proof {
    /// Reads the three parts of a JWT in compact form; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| {
            let read = serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
            read.is_object().then_some(read)
        };
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// A claim that is a text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims[name].as_str()
    }

    /// The algorithm that its header names.
    pub fn algorithm(&self) -> Option<&str> {
        self.header["alg"].as_str()
    }

    /// What tells its key from others: the thumbprint of RFC 7638. `None` without a public key of a known type.
    pub fn thumbprint(&self) -> Option<String> {
        let key = &self.header["jwk"];
        let needed: &[&str] = match key["kty"].as_str()? {
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            "RSA" => &["e", "kty", "n"],
            _ => return None,
        };
        // Their names are in order, as the thumbprint has them.
        let mut members = serde_json::Map::new();
        for name in needed {
            members.insert((*name).to_owned(), json!(key[*name].as_str()?));
        }
        Some(URL_SAFE_NO_PAD.encode(sha256(Value::Object(members).to_string().as_bytes())))
    }

    /// Whether it was signed by the private half of the key that its header has. `None` where we know no way to tell: the
    /// algorithm is none of ES256, ES384, EdDSA with Ed25519, RS* and PS*, or an RSA key is shorter than 2048 bits.
    pub fn verifies(&self) -> Option<bool> {
        let key = &self.header["jwk"];
        let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
        let point = |length: usize| {
            let (x, y) = (part("x")?, part("y")?);
            (x.len() == length && y.len() == length).then(|| [vec![4], x, y].concat())
        };
        let plain = |algorithm: &'static dyn VerificationAlgorithm, key: Option<Vec<u8>>| {
            let verified = |key| {
                let key = UnparsedPublicKey::new(algorithm, key);
                key.verify(self.signed.as_bytes(), &self.signature).is_ok()
            };
            Some(key.is_some_and(verified))
        };
        match self.algorithm()? {
            "ES256" => plain(&ECDSA_P256_SHA256_FIXED, point(32)),
            "ES384" => plain(&ECDSA_P384_SHA384_FIXED, point(48)),
            "Ed25519" => plain(&ED25519, part("x")),
            "EdDSA" if key["crv"] == "Ed25519" => plain(&ED25519, part("x")),
            name => {
                let parameters = rsa(name)?;
                let (Some(n), Some(e)) = (part("n"), part("e")) else { return Some(false) };
                if n.len() < 256 {
                    return None;
                }
                let key = RsaPublicKeyComponents { n, e };
                Some(key.verify(parameters, self.signed.as_bytes(), &self.signature).is_ok())
            }
        }
    }
}

/// How an algorithm of RSA is verified (RFC 7518 sections 3.3 and 3.5).
fn rsa(name: &str) -> Option<&'static RsaParameters> {
    Some(match name {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

impl Received {
    /// The proof that it brings, if it brings one alone.
    pub fn proof(&self) -> Option<Proof> {
        let mut fields = self.headers(PROOF);
        let only = fields.next().filter(|_| fields.next().is_none())?;
        Proof::parse(only.trim())
    }

    /// The nonce that it was answered with (RFC 9449 section 8).
    pub fn nonce(&self) -> Option<&str> {
        self.exchange.answer.header(NONCE)
    }
}

/// What proofs tell of the private halves of keys: whoever signs so must not have that published, too.
pub(in crate::client) fn told(served: &[Served]) -> Vec<Arc<str>> {
    let fields = served.iter().filter_map(|served| served.asked.header(PROOF));
    let proofs = fields.filter_map(|field| Proof::parse(field.trim()));
    let told = |proof: Proof| {
        let texts = PRIVATE_MEMBERS.map(|name| proof.header["jwk"][name].as_str().map(Arc::from));
        texts.into_iter().flatten()
    };
    proofs.flat_map(told).collect()
}

/// Members of a JWK that only its owner may know (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
pub const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// The header field of a proof.
pub const PROOF: &str = "DPoP";
/// The header field of a nonce.
pub const NONCE: &str = "DPoP-Nonce";

#[cfg(test)]
mod tests {
    use super::*;

    /// The proof of RFC 9449 section 4.1, figure 1, and the thumbprint of its key by section 6.1.
    const EXAMPLE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

    #[test]
    fn the_example_of_the_rfc_verifies_and_has_its_thumbprint() {
        let proof = Proof::parse(EXAMPLE).expect("a proof");
        assert_eq!(proof.verifies(), Some(true));
        assert_eq!(
            proof.thumbprint().as_deref(),
            Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
        );
        assert_eq!(proof.claim("jti"), Some("-BwC3ESc6acc2lTc"));
        let other = Proof { claims: json!({}), signed: format!("{}x", proof.signed), ..proof };
        assert_eq!(other.verifies(), Some(false));
    }

    #[test]
    fn what_is_no_jwt_is_no_proof() {
        for text in ["", "a.b", "a.b.c", "e30.e30", "e30.W10.AA"] {
            assert!(Proof::parse(text).is_none(), "{text}");
        }
        let unsigned = Proof::parse("eyJhbGciOiJub25lIn0.e30.").expect("a JWT");
        assert_eq!((unsigned.verifies(), unsigned.thumbprint()), (None, None));
    }
}
