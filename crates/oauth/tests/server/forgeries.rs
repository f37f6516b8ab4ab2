//! Each forgery is accepted by the mistake that it is named after: it is wrong in nothing else.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use plumb_oauth::mint::{Access, KeyRing, Token};
use plumb_oauth::{Profile, Running, TokenDeviation};
use serde_json::Value;

use crate::agent::{RESOURCE, Scene};

/// A verifier that has chosen this key, and is careful about everything else.
fn accepts(server: &Running, token: &Token, algorithm: Algorithm, key: &DecodingKey) -> bool {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[RESOURCE]);
    validation.set_issuer(&[server.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    decode::<Value>(token.as_str(), key, &validation).is_ok()
}

fn first_key(keys: &KeyRing) -> DecodingKey {
    let jwk: Jwk = serde_json::from_value(keys.jwks()["keys"][0].clone()).expect("a JWK");
    DecodingKey::from_jwk(&jwk).expect("a key")
}

#[tokio::test]
async fn a_verifier_fooled_about_the_key_accepts() {
    let scene = Scene::of(Profile::SPEC).await;
    let (server, mint) = (&scene.server, scene.server.main().mint());
    let broken = |d| server.broken(&Access::to(RESOURCE), d).expect("mints");
    let header = |token: &Token| jsonwebtoken::decode_header(token.as_str()).expect("a header");
    let ours = mint.keys.current().expect("a key");

    let shared = |secret: &[u8]| DecodingKey::from_secret(secret);
    for (deviation, key) in [
        (TokenDeviation::HmacPublicPem, shared(ours.public_pem().as_bytes())),
        (TokenDeviation::HmacPublicDer, shared(&ours.public_der())),
        (TokenDeviation::KidPath, shared(b"")),
    ] {
        assert!(
            accepts(server, &broken(deviation), Algorithm::HS256, &key),
            "{}",
            deviation.slug()
        );
    }

    let strange = first_key(&mint.stranger);
    for deviation in [TokenDeviation::SignatureForeign, TokenDeviation::KidUnknown] {
        let token = broken(deviation);
        assert!(accepts(server, &token, Algorithm::RS256, &strange), "{}", deviation.slug());
    }

    let token = broken(TokenDeviation::KeyEmbedded);
    let embedded = DecodingKey::from_jwk(&header(&token).jwk.expect("a JWK")).expect("a key");
    assert!(accepts(server, &token, Algorithm::RS256, &embedded));

    let token = broken(TokenDeviation::KeyUrl);
    let jku = header(&token).jku.expect("a URL");
    let keys: JwkSet = serde_json::from_value(scene.agent.get(&jku).await.json()).expect("a set");
    let named = keys.find(&header(&token).kid.expect("a kid")).expect("the stranger's key");
    let key = DecodingKey::from_jwk(named).expect("a key");
    assert!(accepts(server, &token, Algorithm::RS256, &key));

    let token = broken(TokenDeviation::CertificateUrl);
    let x5u = header(&token).x5u.expect("a URL");
    let pem = scene.agent.get(&x5u).await.body;
    let der = certificate(&pem);
    let public = mint.stranger.current().expect("a key").public_der();
    assert!(der.windows(public.len()).any(|w| w == public), "the certificate is on another key");
    assert!(accepts(server, &token, Algorithm::RS256, &strange));
}

#[tokio::test]
async fn the_strangers_token_is_good_at_the_strangers() {
    let scene = Scene::of(Profile::SPEC).await;
    let token = scene.server.broken(&Access::to(RESOURCE), TokenDeviation::IssuerForeign);
    let token = token.expect("mints");
    let stranger = scene.server.stranger();
    let claims = stranger.mint().keys.open(token.as_str()).expect("the stranger has signed");
    assert_eq!(claims["iss"], stranger.issuer());
    let metadata = scene.agent.get(&stranger.metadata_url()).await.json();
    assert_eq!(metadata["issuer"], stranger.issuer());
}

fn certificate(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM").to_vec()
}
