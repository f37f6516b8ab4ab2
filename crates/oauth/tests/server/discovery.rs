//! Metadata at every well-known place.

use plumb_oauth::mint::Rotation;
use plumb_oauth::{AuthorizationServer, Profile};
use serde_json::{Value, json};

use crate::agent::Scene;

#[tokio::test]
async fn every_issuer_is_found_at_every_place_that_clients_try() {
    let server = AuthorizationServer::of(Profile::SPEC).tenants(["", "/one", "/realms/two"]);
    let scene = Scene::with(server).await;
    let base = scene.server.issuer().to_owned();
    for path in ["", "/one", "/realms/two", "/stranger"] {
        let mut places = vec![
            format!("{base}/.well-known/oauth-authorization-server{path}"),
            format!("{base}/.well-known/openid-configuration{path}"),
        ];
        if !path.is_empty() {
            places.push(format!("{base}{path}/.well-known/openid-configuration"));
        }
        for place in places {
            let answer = scene.agent.get(&place).await;
            assert_eq!(answer.status, 200, "{place}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let document = answer.json();
            assert_eq!(document["issuer"], format!("{base}{path}"));
            assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
            assert_eq!(document["authorization_response_iss_parameter_supported"], true);
            assert_eq!(document["client_id_metadata_document_supported"], true);
            let jwks = scene.agent.get(document["jwks_uri"].as_str().expect("a URL")).await.json();
            assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(3));
        }
    }
    let absent = format!("{base}/.well-known/oauth-authorization-server/three");
    assert_eq!(scene.agent.get(&absent).await.status, 404);
}

#[tokio::test]
async fn tenants_share_keys_and_the_stranger_has_others() {
    let scene = Scene::of(Profile::SPEC).await;
    let mut sets: Vec<Value> = Vec::new();
    for tenant in scene.server.tenants().chain([scene.server.stranger()]) {
        sets.push(scene.agent.get(&tenant.jwks_uri()).await.json());
    }
    assert_eq!((sets[0] == sets[1], sets[1] == sets[2], sets[2] == sets[3]), (true, true, false));
    let pem = scene.agent.get(&scene.server.stranger().endpoint("x5u.pem")).await;
    assert!(pem.body.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn a_rotation_shows_in_the_jwks_at_once() {
    let scene = Scene::of(Profile::SPEC).await;
    let count = async || {
        let jwks = scene.agent.get(&scene.server.jwks_uri()).await.json();
        jwks["keys"].as_array().map(Vec::len)
    };
    scene.server.rotate_keys(Rotation::Overlap).expect("rotates");
    assert_eq!(count().await, Some(6));
    scene.server.rotate_keys(Rotation::Replace).expect("rotates");
    assert_eq!(count().await, Some(3));
}

#[tokio::test]
async fn a_tenant_that_is_no_path_does_not_start() {
    let nobody = AuthorizationServer::of(Profile::SPEC).tenants(Vec::<String>::new());
    assert!(nobody.serve(plumb_oauth::Bind::http()).await.is_err());
    for path in ["one", "/", "/a//b", "/{a}", "/stranger"] {
        let server = AuthorizationServer::of(Profile::SPEC).tenants([path]);
        assert!(server.serve(plumb_oauth::Bind::http()).await.is_err(), "{path}");
    }
}
