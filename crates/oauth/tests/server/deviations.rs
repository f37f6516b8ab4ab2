//! Each field of the profile shows in exactly what it is named after.

use plumb_oauth::server::{Client, Decision, Named, PkceListed, RedirectMatch, StateEcho};
use plumb_oauth::{AuthorizationServer, Profile};
use serde_json::{Value, json};

use crate::agent::{CHALLENGE, Scene};

const SPEC: Profile = Profile::SPEC;

async fn metadata(profile: Profile) -> (Value, Value) {
    let scene = Scene::of(profile).await;
    let get = async |suffix: &str| {
        let answer =
            scene.agent.get(&format!("{}/.well-known/{suffix}", scene.server.issuer())).await;
        if answer.status == 200 { answer.json() } else { json!(answer.status) }
    };
    (get("oauth-authorization-server").await, get("openid-configuration").await)
}

#[tokio::test]
async fn metadata_departs_where_the_profile_says() {
    let (oauth, openid) = metadata(Profile { oauth_metadata: false, ..SPEC }).await;
    assert_eq!((oauth, openid.is_object()), (json!(404), true));
    let (oauth, openid) = metadata(Profile { oidc_metadata: false, ..SPEC }).await;
    assert_eq!((oauth.is_object(), openid), (true, json!(404)));
    let (oauth, openid) = metadata(Profile {
        oidc_pkce: PkceListed::Absent,
        oauth_pkce: PkceListed::PlainToo,
        ..SPEC
    })
    .await;
    assert_eq!(oauth["code_challenge_methods_supported"], json!(["plain", "S256"]));
    assert_eq!(openid.get("code_challenge_methods_supported"), None);
    let (oauth, _) = metadata(Profile { metadata_issuer: Named::Stranger, ..SPEC }).await;
    assert!(oauth["issuer"].as_str().is_some_and(|i| i.ends_with("/stranger")));
    let (oauth, _) = metadata(Profile { iss_listed: false, cimd_listed: false, ..SPEC }).await;
    assert_eq!(oauth.get("authorization_response_iss_parameter_supported"), None);
    assert_eq!(oauth.get("client_id_metadata_document_supported"), None);
    let (oauth, _) = metadata(Profile { registration: false, revocation: false, ..SPEC }).await;
    assert_eq!(
        (oauth.get("registration_endpoint"), oauth.get("revocation_endpoint")),
        (None, None)
    );
}

#[tokio::test]
async fn iss_names_whom_the_profile_says() {
    for (named, ending) in [
        (Named::Nobody, None),
        (Named::OwnWithSlash, Some("/")),
        (Named::Stranger, Some("/stranger")),
        (Named::OtherTenant, Some("/one")),
    ] {
        let scene = Scene::of(Profile { iss_in_success: named, ..SPEC }).await;
        scene.server.decide([Decision::Approve, Decision::Deny]);
        let expected = ending.map(|e| format!("{}{e}", scene.server.issuer()));
        assert_eq!(scene.authorize(&[]).await.sent("iss"), expected);
        assert_eq!(scene.authorize(&[]).await.sent("iss").as_deref(), Some(scene.server.issuer()));
    }
}

#[tokio::test]
async fn what_spec_refuses_is_granted_where_the_profile_says() {
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let plain = [("code_challenge_method", Some("plain"))];
    for (profile, changes) in [
        (Profile { pkce_required: false, ..SPEC }, bare.to_vec()),
        (Profile { plain_refused: false, ..SPEC }, plain.to_vec()),
        (Profile { unknown_scopes_refused: false, ..SPEC }, vec![("scope", Some("mcp:admin"))]),
        (
            Profile { redirect_match: RedirectMatch::Prefix, ..SPEC },
            vec![("redirect_uri", Some("http://127.0.0.1/callback.evil"))],
        ),
        (
            Profile { redirect_match: RedirectMatch::Anything, ..SPEC },
            vec![("redirect_uri", Some("https://evil.example/"))],
        ),
    ] {
        let correct = Scene::of(SPEC).await.authorize(&changes).await;
        assert_eq!(correct.sent("code"), None, "{changes:?}");
        let deviating = Scene::of(profile).await.authorize(&changes).await;
        assert!(deviating.sent("code").is_some(), "{changes:?}");
    }
    let scene = Scene::of(Profile { untrusted_redirects_refused: false, ..SPEC }).await;
    let evil = [("redirect_uri", Some("https://evil.example/"))];
    assert_eq!(
        scene.authorize(&evil).await.location().expect("a redirect").host_str(),
        Some("evil.example")
    );
    let scene = Scene::of(Profile { implicit_refused: false, ..SPEC }).await;
    let answer = scene.authorize(&[("response_type", Some("token"))]).await;
    let fragment = answer.location().expect("a redirect").fragment().map(str::to_owned);
    assert!(fragment.is_some_and(|f| f.contains("access_token=")));
    let scene = Scene::of(Profile { state: StateEcho::Altered, ..SPEC }).await;
    assert_ne!(scene.authorize(&[]).await.sent("state").as_deref(), Some("the-state"));
}

#[tokio::test]
async fn a_careless_token_endpoint_takes_what_spec_refuses() {
    let wrong = "x".repeat(43);
    let one_change = |name, value| vec![(name, value)];
    for (profile, changes) in [
        (
            Profile { verifier_checked: false, ..SPEC },
            one_change("code_verifier", Some(wrong.as_str())),
        ),
        (Profile { verifier_required: false, ..SPEC }, one_change("code_verifier", None)),
        (
            Profile { code_bound_to_redirect: false, ..SPEC },
            one_change("redirect_uri", Some("http://127.0.0.1:1/callback")),
        ),
        (
            Profile { resource_bounded: false, ..SPEC },
            one_change("resource", Some("https://other.example/mcp")),
        ),
        (
            Profile { client_secret_checked: false, code_bound_to_client: false, ..SPEC },
            one_change("client_id", Some("plumb-confidential")),
        ),
    ] {
        let scene = Scene::of(SPEC).await;
        assert_ne!(scene.redeem(&scene.code().await, &changes).await.status, 200, "{changes:?}");
        let scene = Scene::of(profile).await;
        assert_eq!(scene.redeem(&scene.code().await, &changes).await.status, 200, "{changes:?}");
    }
    let scene =
        Scene::of(Profile { pkce_required: false, unasked_verifier_refused: false, ..SPEC }).await;
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let code = scene.authorize(&bare).await.sent("code").expect("a code");
    assert_eq!(scene.redeem(&code, &[]).await.status, 200);
    let scene = Scene::of(Profile { plain_refused: false, ..SPEC }).await;
    let plain = [("code_challenge_method", Some("plain"))];
    let code = scene.authorize(&plain).await.sent("code").expect("a code");
    assert_eq!(scene.redeem(&code, &[("code_verifier", Some(CHALLENGE))]).await.status, 200);
}

#[tokio::test]
async fn codes_and_refresh_tokens_live_longer_where_the_profile_says() {
    let scene = Scene::of(Profile { code_once: false, ..SPEC }).await;
    let code = scene.code().await;
    for _ in 0..2 {
        assert_eq!(scene.redeem(&code, &[]).await.status, 200);
    }
    let scene = Scene::of(Profile { refresh_rotation: false, ..SPEC }).await;
    let token = scene.redeem(&scene.code().await, &[]).await.text("refresh_token");
    for _ in 0..2 {
        let answer = scene.refresh(&token, &[]).await;
        assert_eq!((answer.status, answer.json().get("refresh_token")), (200, None));
    }
    let scene = Scene::of(Profile { refresh_replay_revokes: false, ..SPEC }).await;
    let first = scene.redeem(&scene.code().await, &[]).await.text("refresh_token");
    let second = scene.refresh(&first, &[]).await.text("refresh_token");
    assert_eq!(scene.refresh(&first, &[]).await.status, 400);
    assert_eq!(scene.refresh(&second, &[]).await.status, 200);
    let scene = Scene::of(Profile { refresh_scope_bounded: false, ..SPEC }).await;
    let token = scene.redeem(&scene.code().await, &[]).await.text("refresh_token");
    let wider = scene.refresh(&token, &[("scope", Some("mcp:read mcp:write"))]).await;
    assert_eq!(wider.text("scope"), "mcp:read mcp:write");
}

#[tokio::test]
async fn token_responses_say_less_where_the_profile_says() {
    let profile = Profile {
        expires_in_told: false,
        no_store: false,
        refresh_tokens: false,
        resource_honoured: false,
        ..SPEC
    };
    let scene = Scene::of(profile).await;
    let answer = scene.redeem(&scene.code().await, &[]).await;
    assert_eq!(answer.header("cache-control"), None);
    assert_eq!((answer.json().get("expires_in"), answer.json().get("refresh_token")), (None, None));
    let claims = scene.introspect(&answer.text("access_token")).await;
    assert_eq!(claims["aud"], scene.server.issuer());
    let scene = Scene::of(Profile { revocation_works: false, ..SPEC }).await;
    let access = scene.redeem(&scene.code().await, &[]).await.text("access_token");
    let form = [("token", access.as_str()), ("client_id", "plumb-public")];
    assert_eq!(scene.agent.form(&scene.endpoint("revoke"), &form, None).await.status, 200);
    assert_eq!(scene.introspect(&access).await["active"], true);
}

#[tokio::test]
async fn what_is_bound_or_revoked_is_not_where_the_profile_says() {
    let scene = Scene::of(Profile { code_replay_revokes: false, ..SPEC }).await;
    let code = scene.code().await;
    let access = scene.redeem(&code, &[]).await.text("access_token");
    assert_eq!(scene.redeem(&code, &[]).await.status, 400);
    assert_eq!(scene.introspect(&access).await["active"], true);
    let other = Client::public("other", ["http://127.0.0.1/callback"]);
    for (refresh_bound_to_client, status) in [(true, 400), (false, 200)] {
        let server = AuthorizationServer::of(Profile { refresh_bound_to_client, ..SPEC });
        let scene = Scene::with(server.client(other.clone())).await;
        let token = scene.redeem(&scene.code().await, &[]).await.text("refresh_token");
        let answer = scene.refresh(&token, &[("client_id", Some("other"))]).await;
        assert_eq!(answer.status, status);
    }
    let scene = Scene::of(Profile { password_grant_refused: false, ..SPEC }).await;
    let form = [("grant_type", "password"), ("client_id", "plumb-public"), ("username", "bob")];
    let tokens = scene.agent.form(&scene.endpoint("token"), &form, None).await;
    assert_eq!(scene.introspect(&tokens.text("access_token")).await["sub"], "bob");
    let scene = Scene::of(Profile { introspection_authenticated: false, ..SPEC }).await;
    let form = [("token", "unknown")];
    let answer = scene.agent.form(&scene.endpoint("introspect"), &form, None).await;
    assert_eq!(answer.json(), json!({"active": false}));
}

#[tokio::test]
async fn endpoints_and_words_are_absent_where_the_profile_says() {
    let without = Profile { jwks: false, registration: false, introspection: false, ..SPEC };
    let scene = Scene::of(Profile { revocation: false, ..without }).await;
    assert_eq!(scene.agent.get(&scene.server.jwks_uri()).await.status, 404);
    for name in ["register", "introspect", "revoke"] {
        assert_eq!(scene.agent.json(&scene.endpoint(name), &json!({})).await.status, 404, "{name}");
    }
    let quiet = Profile { consent_names_host: false, consent_warns_of_loopback: false, ..SPEC };
    let scene = Scene::with(AuthorizationServer::of(quiet).decision(Decision::Ask)).await;
    let page = scene.authorize(&[]).await.body;
    assert!(!page.contains("<b>127.0.0.1</b>") && !page.contains("Warning"), "{page}");
    let (oauth, _) = metadata(Profile { offline_access_listed: false, ..SPEC }).await;
    assert_eq!(oauth["scopes_supported"], json!(["mcp:read", "mcp:write", "openid"]));
    let scene = Scene::of(Profile { iss_in_error: Named::Nobody, ..SPEC }).await;
    assert_eq!(scene.authorize(&[("response_type", None)]).await.sent("iss"), None);
    let times = Profile { code_lifetime: 0, access_token_lifetime: 86_400, ..SPEC };
    let scene = Scene::of(times).await;
    assert_eq!(scene.redeem(&scene.code().await, &[]).await.error(), "invalid_grant");
}

#[tokio::test]
async fn registration_is_laxer_where_the_profile_says() {
    for (profile, uri) in [
        (Profile { application_type_enforced: false, ..SPEC }, "http://localhost/callback"),
        (Profile { redirect_uris_secure: false, ..SPEC }, "http://app.example/callback"),
    ] {
        let scene = Scene::of(profile).await;
        let asked = json!({"redirect_uris": [uri]});
        assert_eq!(
            scene.agent.json(&scene.endpoint("register"), &asked).await.status,
            201,
            "{uri}"
        );
    }
}
