//! Deviations of header, key, signature and form: what an attacker makes of a token.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::jws::{Signer, decode, encode};
use super::{Access, Mint, MintError, TokenDeviation};

/// The length of an oversized token at least, in bytes.
const OVERSIZED: usize = 64 * 1024;

/// Signs the draft, or does whatever the deviation asks for instead.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each deviation")]
pub(super) fn spoil(
    mint: &Mint,
    access: &Access,
    mut draft: Draft,
    deviation: TokenDeviation,
) -> Result<String, MintError> {
    use TokenDeviation as D;
    let algorithm = draft.key.algorithm();
    let stranger = mint.stranger.current_for(algorithm)?;
    match deviation {
        D::IssuerForeign | D::KidUnknown => {
            draft.parameter("kid", stranger.kid());
            draft.sign_by(Signer::Key(&stranger))
        }
        D::AlgorithmNone | D::AlgorithmNoneCased => {
            let none = if deviation == D::AlgorithmNone { "none" } else { "nOnE" };
            draft.parameter("alg", none);
            draft.sign_by(Signer::Nobody)
        }
        D::HmacPublicPem => {
            draft.parameter("alg", "HS256");
            draft.sign_by(Signer::Hmac(draft.key.public_pem().as_bytes()))
        }
        D::HmacPublicDer => {
            draft.parameter("alg", "HS256");
            draft.sign_by(Signer::Hmac(&draft.key.public_der()))
        }
        D::KidMissing => {
            draft.header.shift_remove("kid");
            draft.sign()
        }
        D::KidPath => {
            draft.parameter("alg", "HS256");
            draft.parameter("kid", "../../../../../../dev/null");
            draft.sign_by(Signer::Hmac(b""))
        }
        D::KeyUrl => {
            draft.parameter("kid", stranger.kid());
            draft.parameter("jku", mint.realm.stranger_jwks.as_str());
            draft.sign_by(Signer::Key(&stranger))
        }
        D::CertificateUrl => {
            draft.parameter("kid", stranger.kid());
            draft.parameter("x5u", mint.realm.stranger_certificate.as_str());
            draft.sign_by(Signer::Key(&stranger))
        }
        D::KeyEmbedded => {
            draft.parameter("kid", stranger.kid());
            draft.parameter("jwk", stranger.jwk());
            draft.sign_by(Signer::Key(&stranger))
        }
        D::SignatureForeign => draft.sign_by(Signer::Key(&stranger)),
        D::SignatureBad => signed_badly(&draft.sign()?),
        D::SignatureStripped => with_signature(&draft.sign()?, |_| Vec::new()),
        D::SignatureAbsent => Ok(signed_part(&draft.sign()?).to_owned()),
        D::SignatureSwapped => {
            let other = Draft::valid(mint, access)?.sign()?;
            mint.secrets.add(other.as_str());
            let signature = other.rsplit('.').next().unwrap_or_default();
            Ok(format!("{}.{signature}", signed_part(&draft.sign()?)))
        }
        D::TypeWrong => {
            draft.parameter("typ", "logout+jwt");
            draft.sign()
        }
        D::IdToken => {
            draft.parameter("typ", "JWT");
            for name in ["client_id", "scope", "nbf", "jti"] {
                draft.without(name);
            }
            draft.claim("nonce", mint.draw.name("nonce"));
            draft.sign()
        }
        D::CriticalUnknown => {
            draft.parameter("crit", json!(["https://stranger.invalid/understand-me"]));
            draft.parameter("https://stranger.invalid/understand-me", true);
            draft.sign()
        }
        D::PayloadNotJson => {
            let mut payload = draft.payload();
            payload.pop();
            draft.sign_payload(&payload, Signer::Key(&draft.key))
        }
        D::EncryptedGarbage => Ok(encrypted_garbage(mint)),
        D::Truncated => {
            let mut text = draft.sign()?;
            text.truncate(text.len() * 3 / 4);
            Ok(text)
        }
        D::Oversized => {
            draft.claim("padding", "p".repeat(OVERSIZED));
            draft.sign()
        }
        D::Opaque => Ok(mint.draw.secret("opaque token")),
        _ => draft.sign(),
    }
}

fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed)
}

/// A token with one bit of its signature flipped.
pub(super) fn signed_badly(token: &str) -> Result<String, MintError> {
    with_signature(token, |mut signature| {
        if let Some(byte) = signature.first_mut() {
            *byte ^= 1;
        }
        signature
    })
}

fn with_signature(
    token: &str,
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> Result<String, MintError> {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let bytes = decode(signature).ok_or_else(|| MintError::Crypto {
        what: "signature",
        cause: "our own is no base64url".to_owned(),
    })?;
    Ok(format!("{signed}.{}", encode(change(bytes))))
}

/// A JWE in compact form (RFC 7516 section 7.1) to nobody.
fn encrypted_garbage(mint: &Mint) -> String {
    let mut header = Map::new();
    for (name, value) in [("alg", "RSA-OAEP-256"), ("enc", "A256GCM"), ("typ", "at+jwt")] {
        header.insert(name.to_owned(), json!(value));
    }
    let mut text = encode(Value::Object(header).to_string());
    for length in [32, 12, 32, 16] {
        text.push('.');
        text.push_str(&encode(&mint.draw.bytes("noise")[..length]));
    }
    text
}
