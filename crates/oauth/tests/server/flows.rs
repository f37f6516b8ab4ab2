//! Honest flows, driven by the `oauth2` crate.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _, TokenUrl,
};
use plumb_oauth::{Bind, Profile};
use serde_json::Value;

use crate::agent::{Agent, REDIRECT, RESOURCE, Scene};

async fn send(agent: &Agent, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = agent.0.execute(request.try_into()?).await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

#[tokio::test]
async fn an_honest_client_gets_tokens_and_refreshes_them_at_every_tenant() {
    let scene = Scene::of(Profile::SPEC).await;
    let http = |request| send(&scene.agent, request);
    for tenant in scene.server.tenants() {
        let metadata: Value = scene.agent.get(&tenant.metadata_url()).await.json();
        let url = |name: &str| metadata[name].as_str().expect("a URL").to_owned();
        let client = BasicClient::new(ClientId::new("plumb-public".to_owned()))
            .set_auth_uri(AuthUrl::new(url("authorization_endpoint")).expect("a URL"))
            .set_token_uri(TokenUrl::new(url("token_endpoint")).expect("a URL"))
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).expect("a URL"));
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (to, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("mcp:read".to_owned()))
            .set_pkce_challenge(challenge)
            .add_extra_param("resource", RESOURCE)
            .url();
        let answer = scene.agent.get(to.as_str()).await;
        assert_eq!(answer.sent("state").as_ref(), Some(state.secret()));
        assert_eq!(answer.sent("iss").as_deref(), Some(tenant.issuer()));
        let code = AuthorizationCode::new(answer.sent("code").expect("a code"));
        let tokens = client
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .add_extra_param("resource", RESOURCE)
            .request_async(&http)
            .await
            .expect("tokens");
        assert_eq!(tokens.expires_in().map(|d| d.as_secs()), Some(300));
        let claims = tenant.mint().keys.open(tokens.access_token().secret()).expect("signed");
        assert_eq!(claims["aud"], RESOURCE);
        assert_eq!(claims["iss"], tenant.issuer());
        assert_eq!(claims["scope"], "mcp:read");
        assert_eq!(claims["sub"], "alice");
        let refresh = tokens.refresh_token().expect("a refresh token");
        let again =
            client.exchange_refresh_token(refresh).request_async(&http).await.expect("tokens");
        assert_ne!(again.refresh_token().map(oauth2::RefreshToken::secret), Some(refresh.secret()));
    }
}

#[tokio::test]
async fn a_confidential_client_acts_for_itself() {
    let scene = Scene::of(Profile::SPEC).await;
    let http = |request| send(&scene.agent, request);
    let known = scene.server.confidential_client().expect("known");
    let client = BasicClient::new(ClientId::new(known.id.clone()))
        .set_client_secret(ClientSecret::new(known.secret.expect("a secret")))
        .set_token_uri(TokenUrl::new(scene.endpoint("token")).expect("a URL"));
    let tokens = client
        .exchange_client_credentials()
        .add_extra_param("resource", RESOURCE)
        .request_async(&http)
        .await
        .expect("tokens");
    assert!(tokens.refresh_token().is_none());
    let claims =
        scene.server.main().mint().keys.open(tokens.access_token().secret()).expect("signed");
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&known.id.clone().into(), &known.id.into())
    );
    assert_eq!(claims["scope"], "mcp:read mcp:write");
}

#[tokio::test]
async fn every_secret_of_a_flow_is_collected_and_the_log_shows_none_in_debug_output() {
    let scene = Scene::of(Profile::SPEC).await;
    let code = scene.code().await;
    let tokens = scene.redeem(&code, &[]).await;
    let secrets = scene.server.secrets().all();
    let verifier = crate::agent::VERIFIER.to_owned();
    let client_secret = scene.server.confidential_client().expect("known").secret.expect("one");
    for secret in
        [client_secret, code, verifier, tokens.text("access_token"), tokens.text("refresh_token")]
    {
        assert!(secrets.iter().any(|s| **s == *secret));
        assert!(!format!("{:?}", scene.server).contains(&secret));
        assert!(!format!("{:?}", scene.server.requests()).contains(&secret));
    }
    let requests = scene.server.requests();
    assert_eq!(requests[0].parameter("resource").as_deref(), Some(RESOURCE));
    assert_eq!(requests[1].parameter("grant_type").as_deref(), Some("authorization_code"));
    assert_eq!((requests[1].number, requests[1].status), (1, 200));
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server =
        plumb_oauth::AuthorizationServer::start(Profile::SPEC, Bind::http()).await.expect("starts");
    let (agent, jwks) = (Agent::trusting(&[]), server.jwks_uri());
    assert_eq!(agent.get(&jwks).await.status, 200);
    server.stop().await;
    assert!(agent.try_get(&jwks).await.is_err());
}

#[tokio::test]
async fn openid_scope_gives_an_id_token_for_the_client() {
    let scene = Scene::of(Profile::SPEC).await;
    let asked = [("scope", Some("openid mcp:read")), ("nonce", Some("the-nonce"))];
    let code = scene.authorize(&asked).await.sent("code").expect("a code");
    let tokens = scene.redeem(&code, &[]).await;
    let claims = scene.server.main().mint().keys.open(&tokens.text("id_token")).expect("signed");
    assert_eq!(
        (claims["aud"].as_str(), claims["nonce"].as_str()),
        (Some("plumb-public"), Some("the-nonce"))
    );
}
