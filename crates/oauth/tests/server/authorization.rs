//! What the authorization endpoint refuses, and where it says so.

use plumb_oauth::{AuthorizationServer, Profile};

use crate::agent::{CHALLENGE, Scene};

#[tokio::test]
async fn bad_requests_are_told_to_the_client_with_state_and_iss() {
    let scene = Scene::of(Profile::SPEC).await;
    for (changes, error) in [
        (vec![("code_challenge", None), ("code_challenge_method", None)], "invalid_request"),
        (vec![("code_challenge_method", Some("plain"))], "invalid_request"),
        (vec![("code_challenge_method", None)], "invalid_request"),
        (vec![("code_challenge_method", Some("s256"))], "invalid_request"),
        (vec![("code_challenge", Some("too-short"))], "invalid_request"),
        (vec![("response_type", None)], "invalid_request"),
        (vec![("response_type", Some("token"))], "unsupported_response_type"),
        (vec![("scope", Some("mcp:read mcp:admin"))], "invalid_scope"),
        (vec![("resource", Some("no-uri"))], "invalid_target"),
        (vec![("resource", Some("https://resource.example/mcp#x"))], "invalid_target"),
    ] {
        let answer = scene.authorize(&changes).await;
        assert_eq!(answer.status, 302, "{changes:?}");
        assert_eq!(answer.error(), error, "{changes:?}");
        assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
        assert_eq!(answer.sent("iss").as_deref(), Some(scene.server.issuer()));
        assert_eq!(answer.sent("code"), None);
    }
}

#[tokio::test]
async fn nothing_is_redirected_before_client_and_redirect_uri_are_trusted() {
    let scene = Scene::of(Profile::SPEC).await;
    for changes in [
        vec![("client_id", Some("nobody"))],
        vec![("client_id", None)],
        vec![("redirect_uri", None)],
        vec![("redirect_uri", Some("https://evil.example/callback"))],
        vec![("redirect_uri", Some("http://127.0.0.1:49152/callback/more"))],
        vec![("redirect_uri", Some("http://127.0.0.1:49152/callback?x=1"))],
        vec![("client_id", Some("plumb-resource-server"))],
    ] {
        let answer = scene.authorize(&changes).await;
        assert_eq!((answer.status, answer.location()), (400, None), "{changes:?}");
    }
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused() {
    let scene = Scene::of(Profile::SPEC).await;
    let twice = format!(
        "{}?response_type=code&client_id=plumb-public&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&scope=mcp:read&scope=mcp:write",
        scene.endpoint("authorize"),
    );
    assert_eq!(scene.agent.get(&twice).await.error(), "invalid_request");
    let client = twice.replace("&scope=mcp:read", "&client_id=plumb-public");
    assert_eq!(scene.agent.get(&client).await.location(), None);
}

#[tokio::test]
async fn a_resource_that_is_not_the_servers_is_no_target() {
    let known = ["https://resource.example/mcp"];
    let server = AuthorizationServer::of(Profile::SPEC).resources(known);
    let scene = Scene::with(server).await;
    assert_eq!(scene.authorize(&[]).await.error(), "invalid_target");
    assert!(scene.authorize(&[("resource", Some(known[0]))]).await.sent("code").is_some());
}
