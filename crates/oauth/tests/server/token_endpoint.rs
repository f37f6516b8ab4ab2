//! What the token endpoint refuses: codes, verifiers, refresh tokens, clients.

use std::time::Duration;

use plumb_oauth::Profile;

use crate::agent::{CHALLENGE, RESOURCE, Scene};

#[tokio::test]
async fn a_code_demands_its_verifier_and_its_client() {
    let scene = Scene::of(Profile::SPEC).await;
    let wrong = "x".repeat(43);
    for (changes, error) in [
        (vec![("code_verifier", None)], "invalid_grant"),
        (vec![("code_verifier", Some(wrong.as_str()))], "invalid_grant"),
        (vec![("code_verifier", Some(CHALLENGE))], "invalid_grant"),
        (vec![("redirect_uri", Some("http://127.0.0.1:1/callback"))], "invalid_grant"),
        (vec![("client_id", Some("plumb-confidential"))], "invalid_client"),
        (vec![("client_id", None)], "invalid_client"),
        (vec![("code", Some("no-such-code"))], "invalid_grant"),
        (vec![("code", None)], "invalid_request"),
        (vec![("grant_type", None)], "invalid_request"),
        (vec![("grant_type", Some("password"))], "unsupported_grant_type"),
        (vec![("grant_type", Some("client_credentials"))], "unauthorized_client"),
        (vec![("resource", Some("https://other.example/mcp"))], "invalid_target"),
    ] {
        let code = scene.code().await;
        let answer = scene.redeem(&code, &changes).await;
        let status = if error == "invalid_client" { 401 } else { 400 };
        assert_eq!((answer.status, answer.error().as_str()), (status, error), "{changes:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    let code = scene.code().await;
    assert_eq!(scene.redeem(&code, &[("redirect_uri", None)]).await.status, 200);
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_no_way_around_pkce() {
    let scene = Scene::of(Profile { pkce_required: false, ..Profile::SPEC }).await;
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let code = scene.authorize(&bare).await.sent("code").expect("a code");
    assert_eq!(scene.redeem(&code, &[]).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_works_once_and_its_replay_revokes_what_it_gave() {
    let scene = Scene::of(Profile::SPEC).await;
    let code = scene.code().await;
    let tokens = scene.redeem(&code, &[]).await;
    let access = tokens.text("access_token");
    assert_eq!(scene.introspect(&access).await["active"], true);
    assert_eq!(scene.redeem(&code, &[]).await.error(), "invalid_grant");
    assert_eq!(scene.introspect(&access).await["active"], false);
    let refreshed = scene.refresh(&tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_and_a_token_expire() {
    let scene = Scene::of(Profile::SPEC).await;
    let code = scene.code().await;
    scene.server.clock().advance(Duration::from_secs(61));
    assert_eq!(scene.redeem(&code, &[]).await.error(), "invalid_grant");
    let access = scene.redeem(&scene.code().await, &[]).await.text("access_token");
    scene.server.clock().advance(Duration::from_secs(301));
    assert_eq!(scene.introspect(&access).await["active"], false);
}

#[tokio::test]
async fn a_refresh_token_rotates_and_its_reuse_ends_the_family() {
    let scene = Scene::of(Profile::SPEC).await;
    let first = scene.redeem(&scene.code().await, &[]).await.text("refresh_token");
    let second = scene.refresh(&first, &[]).await;
    assert_eq!(second.status, 200);
    assert_eq!(second.header("cache-control"), Some("no-store"));
    let second = second.text("refresh_token");
    assert_ne!(first, second);
    assert_eq!(scene.refresh(&first, &[]).await.error(), "invalid_grant");
    assert_eq!(scene.refresh(&second, &[]).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_narrows_but_never_widens() {
    let scene = Scene::of(Profile::SPEC).await;
    let both = [("scope", Some("mcp:read mcp:write"))];
    let code = scene.authorize(&both).await.sent("code").expect("a code");
    let token = scene.redeem(&code, &[]).await.text("refresh_token");
    let wider = [("scope", Some("mcp:read mcp:write offline_access"))];
    assert_eq!(scene.refresh(&token, &wider).await.error(), "invalid_scope");
    let other = [("resource", Some("https://other.example/mcp"))];
    assert_eq!(scene.refresh(&token, &other).await.error(), "invalid_target");
    let narrowed = scene.refresh(&token, &[("scope", Some("mcp:read"))]).await;
    assert_eq!(narrowed.text("scope"), "mcp:read");
    let whole = scene.refresh(&narrowed.text("refresh_token"), &[]).await;
    assert_eq!(whole.text("scope"), "mcp:read mcp:write");
    let claims = scene.introspect(&whole.text("access_token")).await;
    assert_eq!(claims["aud"], RESOURCE);
}

#[tokio::test]
async fn a_confidential_client_proves_who_it_is_by_either_way_and_never_by_both() {
    let scene = Scene::of(Profile::SPEC).await;
    let client = scene.server.confidential_client().expect("known");
    let secret = client.secret.clone().expect("a secret");
    let token = scene.endpoint("token");
    let grant = ("grant_type", "client_credentials");
    let post = [grant, ("client_id", client.id.as_str()), ("client_secret", secret.as_str())];
    assert_eq!(scene.agent.form(&token, &post, None).await.status, 200);
    assert_eq!(scene.agent.form(&token, &[grant], Some(&client)).await.status, 200);
    assert_eq!(scene.agent.form(&token, &post, Some(&client)).await.error(), "invalid_request");
    let wrong = [grant, post[1], ("client_secret", "wrong")];
    assert_eq!(scene.agent.form(&token, &wrong, None).await.status, 401);
    assert_eq!(scene.agent.form(&token, &post[..2], None).await.status, 401);
}

#[tokio::test]
async fn a_body_that_is_no_form_or_names_a_parameter_twice_is_refused() {
    let scene = Scene::of(Profile::SPEC).await;
    let token = scene.endpoint("token");
    let json = scene.agent.json(&token, &serde_json::json!({"grant_type": "refresh_token"})).await;
    assert_eq!(json.error(), "invalid_request");
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    assert_eq!(scene.agent.form(&token, &twice, None).await.error(), "invalid_request");
    let long = "x".repeat(100_000);
    assert_eq!(scene.agent.form(&token, &[("code", &long)], None).await.status, 413);
    assert_eq!(scene.agent.get(&token).await.status, 405);
}

#[tokio::test]
async fn clients_and_codes_of_one_tenant_mean_nothing_at_another() {
    let scene = Scene::of(Profile::SPEC).await;
    let code = scene.code().await;
    let other = scene.server.tenant("/one").expect("a tenant").endpoint("token");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "plumb-public"),
        ("code", code.as_str()),
        ("code_verifier", crate::agent::VERIFIER),
    ];
    assert_eq!(scene.agent.form(&other, &form, None).await.error(), "invalid_grant");
    assert_eq!(scene.redeem(&code, &[]).await.status, 200);
}
