//! Dynamic client registration.

use plumb_oauth::Profile;
use serde_json::{Value, json};

use crate::agent::{CHALLENGE, Scene};

#[tokio::test]
async fn a_native_client_registers_and_uses_its_identifier() {
    let scene = Scene::of(Profile::SPEC).await;
    let asked = json!({
        "client_name": "test", "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "extra": "kept",
    });
    let answer = scene.agent.json(&scene.endpoint("register"), &asked).await;
    assert_eq!(answer.status, 201);
    let registered = answer.json();
    for (name, value) in asked.as_object().expect("an object") {
        assert_eq!(registered[name], *value, "{name}");
    }
    assert_eq!(registered["client_secret"], Value::Null);
    let id = answer.text("client_id");
    let there = [
        ("client_id", Some(id.as_str())),
        ("redirect_uri", Some("http://localhost:3000/callback")),
        ("code_challenge", Some(CHALLENGE)),
    ];
    assert!(scene.authorize(&there).await.sent("code").is_some());
}

#[tokio::test]
async fn a_web_client_gets_a_secret_that_is_collected() {
    let scene = Scene::of(Profile::SPEC).await;
    let asked = json!({"redirect_uris": ["https://app.example/callback"]});
    let answer = scene.agent.json(&scene.endpoint("register"), &asked).await;
    assert_eq!(answer.json()["application_type"], "web");
    assert_eq!(answer.json()["client_secret_expires_at"], 0);
    let secret = answer.text("client_secret");
    assert!(scene.server.secrets().all().iter().any(|s| **s == *secret));
}

#[tokio::test]
async fn bad_registrations_are_refused_by_name() {
    let scene = Scene::of(Profile::SPEC).await;
    for (asked, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({"redirect_uris": "https://app.example/"}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["http://app.example/"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://app.example/#x"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["callback"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["http://localhost/callback"]}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": ["http://127.0.0.1/"], "application_type": "web"}),
            "invalid_redirect_uri",
        ),
        (
            json!({"redirect_uris": ["http://127.0.0.1/"], "application_type": "other"}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": ["https://app.example/"], "grant_types": ["password"]}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "tls"}),
            "invalid_client_metadata",
        ),
        (json!([]), "invalid_client_metadata"),
    ] {
        let answer = scene.agent.json(&scene.endpoint("register"), &asked).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, error), "{asked}");
    }
}
