//! A resource server that discovers the issuer and verifies with an independent library.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use plumb_oauth::mint::{Access, Algorithm, Standing};
use plumb_oauth::{Profile, TokenDeviation};
use serde_json::Value;

use crate::agent::{RESOURCE, Scene};

async fn accepts(scene: &Scene, token: &str) -> bool {
    let metadata = scene.agent.get(&scene.server.main().metadata_url()).await.json();
    let jwks = scene.agent.get(metadata["jwks_uri"].as_str().expect("a URL")).await.body;
    let keys: JwkSet = serde_json::from_str(&jwks).expect("a JWK set");
    let Ok(header) = decode_header(token) else { return false };
    let Some(jwk) = header.kid.as_deref().and_then(|kid| keys.find(kid)) else { return false };
    let algorithm = jwk.common.key_algorithm.expect("an algorithm");
    let mut validation = Validation::new(algorithm.to_string().parse().expect("known"));
    validation.set_audience(&[RESOURCE]);
    validation.set_issuer(&[metadata["issuer"].as_str().expect("an issuer")]);
    // The library's default lets a token without `aud` pass: it checks the claim only where it is.
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_jwk(jwk).expect("a key");
    decode::<Value>(token, &key, &validation).is_ok()
}

#[tokio::test]
async fn tokens_of_a_flow_verify_under_each_algorithm() {
    for algorithm in Algorithm::ALL {
        let only: &'static [Algorithm] = match algorithm {
            Algorithm::Rs256 => &[Algorithm::Rs256],
            Algorithm::Es256 => &[Algorithm::Es256],
            Algorithm::EdDsa => &[Algorithm::EdDsa],
        };
        let scene = Scene::of(Profile { algorithms: only, ..Profile::SPEC }).await;
        let tokens = scene.redeem(&scene.code().await, &[]).await;
        assert!(accepts(&scene, &tokens.text("access_token")).await, "{algorithm:?}");
        let access = Access::to(RESOURCE).scopes(["mcp:read"]);
        for &deviation in TokenDeviation::ALL {
            let token = scene.server.broken(&access, deviation).expect("mints");
            let accepted = accepts(&scene, token.as_str()).await;
            let unseen = deviation == TokenDeviation::CriticalUnknown;
            match deviation.standing() {
                Standing::Invalid => assert!(!accepted || unseen, "{}", deviation.slug()),
                Standing::Valid => assert!(accepted, "{}", deviation.slug()),
                Standing::Insufficient | Standing::Open => {}
            }
        }
    }
}

#[tokio::test]
async fn a_server_of_broken_tokens_breaks_them_all() {
    let broken_tokens = Some(TokenDeviation::AudienceSibling);
    let scene = Scene::of(Profile { broken_tokens, ..Profile::SPEC }).await;
    let tokens = scene.redeem(&scene.code().await, &[]).await;
    assert!(!accepts(&scene, &tokens.text("access_token")).await);
}
