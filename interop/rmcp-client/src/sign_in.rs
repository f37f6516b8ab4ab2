//! Signing in by a browser that follows one redirect, or as the application itself.

use std::error::Error;

use rmcp::ServiceError;
use rmcp::transport::AuthClient;
use rmcp::transport::auth::{
    AuthorizationCallback, AuthorizationRequest, ClientCredentialsConfig, OAuthState, WWWAuthenticateParams,
};
use rmcp::transport::streamable_http_client::{AuthRequiredError, InsufficientScopeError};

use crate::Failed;
use crate::steps::context;

const REDIRECT: &str = "http://localhost:3000/callback";
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

/// A server refused for want of a token.
#[derive(Debug)]
pub struct Challenge(pub String);

impl std::fmt::Display for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "challenged: {}", self.0)
    }
}

impl Error for Challenge {}

/// The challenge that an error comes of, if it does.
pub fn challenge_of(error: &(dyn Error + 'static)) -> Option<String> {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(Challenge(text)) = error.downcast_ref() {
            return Some(text.clone());
        }
        if let Some(required) = error.downcast_ref::<AuthRequiredError>() {
            return Some(required.www_authenticate_header.clone());
        }
        if let Some(scope) = error.downcast_ref::<InsufficientScopeError>() {
            return Some(scope.www_authenticate_header.clone());
        }
        // What failed on the way to the server is no source of this one.
        source = match error.downcast_ref::<ServiceError>() {
            Some(ServiceError::TransportSend(sent)) => Some(sent.error.as_ref()),
            _ => error.source(),
        };
    }
    None
}

/// Who has the tokens.
#[derive(Clone)]
pub struct Manager {
    url: String,
    /// A client that shows them.
    pub client: AuthClient<reqwest::Client>,
}

impl Manager {
    pub async fn sign_in(url: &str, challenge: &str) -> Result<Self, Failed> {
        let mut state = OAuthState::new(url, None).await?;
        match credentials() {
            Some(config) => state.authenticate_client_credentials(config).await?,
            None => {
                state.start_authorization(request(challenge)).await?;
                let back = visited(&state.get_authorization_url().await?).await?;
                state.handle_callback_url(&back).await?;
            }
        }
        let manager = state.into_authorization_manager().ok_or("nobody is signed in")?;
        Ok(Self { url: url.to_owned(), client: AuthClient::new(reqwest::Client::default(), manager) })
    }

    /// Asks the user for the scope of a challenge as well.
    pub async fn step_up(&self, challenge: &str) -> Result<(), Failed> {
        let asked = WWWAuthenticateParams::parse(challenge, &self.url.parse()?);
        let manager = self.client.auth_manager.lock().await;
        let url = manager.request_scope_upgrade(&asked.scope.unwrap_or_default()).await?;
        let back = AuthorizationCallback::from_redirect_url(&visited(&url).await?)?;
        let issuer = back.issuer.as_deref();
        manager.exchange_code_for_token_with_issuer(&back.code, &back.csrf_token, issuer).await?;
        Ok(())
    }
}

/// Who the application is by itself, if the context says so.
fn credentials() -> Option<ClientCredentialsConfig> {
    let context = context();
    let text = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
    (context["name"] == "auth/client-credentials-basic").then(|| ClientCredentialsConfig::ClientSecret {
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        scopes: Vec::new(),
        resource: std::env::args().nth(1),
    })
}

fn request(challenge: &str) -> AuthorizationRequest {
    let request = AuthorizationRequest::new(REDIRECT)
        .with_client_name("rmcp-client")
        .with_client_metadata_url(DOCUMENT)
        .with_application_type("native")
        .with_initial_scope_selection()
        .with_challenge(challenge);
    match (context()["client_id"].as_str(), context()["client_secret"].as_str()) {
        (Some(id), Some(secret)) => request.with_preregistered_client(id).with_client_secret(secret),
        _ => request,
    }
}

/// Where a browser is sent from this page.
async fn visited(url: &str) -> Result<String, Failed> {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = browser.get(url).send().await?;
    let location = answer.headers().get("location").ok_or("the browser is sent nowhere")?;
    Ok(location.to_str()?.to_owned())
}
