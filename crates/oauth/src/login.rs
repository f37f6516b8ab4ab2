//! Signing in at a protected server, as a client does: discovery from its challenge, registration, a person in a browser with
//! PKCE and a redirect to the loopback, tokens, and others for the refresh token. Everything is sent honestly; judges nothing.
//!
//! Sources: MCP basic/authorization, RFC 9728 (protected resources), RFC 8414 (metadata), RFC 7591 (registration), RFC 8252
//! (redirects to the loopback), RFC 9207 (`iss`), RFC 8707 (`resource`).

mod client;
mod discovery;
mod http;
mod loopback;
mod reach;
mod registration;

use std::collections::BTreeSet;
use std::time::Duration;

use oauth2::basic::BasicTokenResponse;
use oauth2::{
    AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl, RefreshToken, Scope,
    TokenResponse as _,
};
use plumb_model::Secrets;
use serde::{Deserialize, Serialize};

use crate::Token;

use client::{broken, client, shown};
use discovery::Found;
use http::Agent;
use loopback::Loopback;
use registration::Registered;

/// The scope by which refresh tokens are asked for.
const OFFLINE: &str = "offline_access";

/// More scopes than anybody has: checks look at each, and an access token of fewer.
const MOST_SCOPES: usize = 512;

/// For so many scopes a token of that scope alone is asked for.
const NARROWER: usize = 4;

/// How to sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The protected server: its MCP endpoint.
    pub url: String,
    /// The scopes to ask for; those that the server names if there are none.
    pub scopes: Vec<String>,
    /// The client to come as; one is registered if there is none.
    pub client_id: Option<String>,
    /// Its secret, if it has one.
    pub client_secret: Option<String>,
    /// Another resource of the same authorization server, for which a token is wanted, too.
    pub other_resource: Option<String>,
    /// The port of the redirect on 127.0.0.1; 0 for any.
    pub port: u16,
    /// Certificates to trust beside the public ones, PEM.
    pub authorities: Vec<Vec<u8>>,
    /// How long the person may take.
    pub patience: Duration,
    /// As whom to sign in, where it matters: told to the authorization server as a hint, and nobody who is signed in there already is
    /// taken for that person (OpenID Connect Core, section 3.1.2.1).
    pub hint: Option<String>,
}

/// Why nobody could sign in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoginError(String);

impl LoginError {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    fn at(what: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }

    /// Unless these are scopes in a number that is not too large.
    fn unless_few(scopes: usize) -> Result<(), Self> {
        if scopes <= MOST_SCOPES {
            return Ok(());
        }
        Err(Self(format!(
            "{scopes} scopes are more than the {MOST_SCOPES} that Plumb takes: name fewer by --auth-scope"
        )))
    }
}

/// A person who has signed in: what the authorization server gave, and what is needed to ask it for more. `Debug` shows no token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// The protected server.
    pub resource: String,
    /// The authorization server.
    pub issuer: String,
    token_endpoint: String,
    client_id: String,
    client_secret: Option<String>,
    #[serde(default)]
    secret_in_form: bool,
    /// The access token.
    pub access_token: String,
    refresh_token: Option<String>,
    /// The scopes of the token, as far as anybody said.
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("resource", &self.resource).finish_non_exhaustive()
    }
}

impl SignIn {
    /// Signs in: `show` is given the address that a browser has to open.
    ///
    /// # Errors
    ///
    /// The server asks for no token or does not say whose, the authorization server is not to be trusted or refuses, or
    /// nobody came back in time.
    pub async fn sign_in(
        &self,
        secrets: &Secrets,
        show: impl FnOnce(&str),
    ) -> Result<SignedIn, LoginError> {
        let agent = Agent::new(&self.url, &self.authorities).await?;
        let found = Found::at(&self.url, &agent).await?;
        let loopback = Loopback::bind(self.port).await?;
        let scopes =
            if self.scopes.is_empty() { found.scopes.clone() } else { self.scopes.clone() };
        LoginError::unless_few(scopes.len())?;
        let Registered { id, secret, secret_in_form } =
            self.registered(&found, loopback.uri(), &scopes, &agent).await?;
        if let Some(secret) = &secret {
            secrets.add_named("client_secret", secret.as_bytes());
        }
        let client = client(&id, secret.as_deref(), shown(secret_in_form), &found.token_endpoint)?
            .set_auth_uri(AuthUrl::new(found.authorization_endpoint.clone()).map_err(broken)?)
            .set_redirect_uri(RedirectUrl::new(loopback.uri().to_owned()).map_err(broken)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        secrets.add_named("code_verifier", verifier.secret().as_bytes());
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if found.offers_offline_access {
            request = request.add_scope(Scope::new(OFFLINE.to_owned()));
        }
        for (name, value) in self.asked_beside(&found) {
            request = request.add_extra_param(name, value);
        }
        let (address, state) = request.url();
        agent.sends_to(&address).await?;
        show(address.as_str());
        let back = tokio::time::timeout(self.patience, loopback.back(state.secret()));
        let late = |_| LoginError::new("nobody came back from the authorization server in time");
        let back = back.await.map_err(late)??;
        let code = found.checked(back)?;
        secrets.add_named("code", code.as_bytes());
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(verifier)
            .add_extra_param("resource", found.resource.clone())
            .request_async(&|request| agent.send(request))
            .await
            .map_err(|error| LoginError::at("the code was not redeemed", http::told(&error)))?;
        http::usable(&tokens)?;
        let signed_in = SignedIn {
            resource: found.resource,
            issuer: found.issuer,
            token_endpoint: found.token_endpoint,
            client_id: id,
            client_secret: secret,
            secret_in_form,
            access_token: String::new(),
            refresh_token: None,
            scopes,
        };
        Ok(signed_in.with(&tokens, secrets))
    }

    /// The client that is named, or one that is registered.
    async fn registered(
        &self,
        found: &Found,
        redirect_uri: &str,
        scopes: &[String],
        agent: &Agent,
    ) -> Result<Registered, LoginError> {
        let Some(id) = self.client_id.clone() else {
            return registration::register(found, redirect_uri, scopes, agent).await;
        };
        let secret = self.client_secret.clone();
        Ok(Registered { id, secret, secret_in_form: found.secret_in_form })
    }

    /// What is asked for beside scopes.
    fn asked_beside(&self, found: &Found) -> Vec<(&'static str, String)> {
        // RFC 8707, section 2: what a refresh token is good for is granted here.
        let resources = [&found.resource].into_iter().chain(&self.other_resource);
        let mut asked: Vec<_> = resources.map(|resource| ("resource", resource.clone())).collect();
        asked.extend(self.hint.iter().map(|hint| ("login_hint", hint.clone())));
        // OpenID Connect Core, section 11: a refresh token is granted only if the person is asked.
        let how = [(self.hint.is_some(), "login"), (found.offers_offline_access, "consent")];
        let how: Vec<&str> =
            how.into_iter().filter_map(|(asks, how)| asks.then_some(how)).collect();
        if !how.is_empty() {
            asked.push(("prompt", how.join(" ")));
        }
        asked
    }

    /// A token for who signed in before.
    ///
    /// # Errors
    ///
    /// It was for another server, nobody gave a refresh token, or it is not taken any more.
    pub async fn refreshed(
        &self,
        before: &SignedIn,
        secrets: &Secrets,
    ) -> Result<SignedIn, LoginError> {
        if !discovery::is_for(&before.resource, &self.url) {
            let why = format!("those are tokens for {}", before.resource);
            return Err(LoginError::at(&self.url, why));
        }
        let agent = Agent::new(&self.url, &self.authorities).await?;
        let tokens = before.ask(&before.resource, None, &agent, secrets).await?;
        Ok(before.clone().with(&tokens, secrets))
    }

    /// A token of the same person for the other resource, if the authorization server mints one. The refresh token that it may
    /// give beside it takes the place of the one that was used up.
    ///
    /// # Errors
    ///
    /// It does not, or gave no refresh token.
    pub async fn for_another(
        &self,
        signed_in: &mut SignedIn,
        secrets: &Secrets,
    ) -> Result<Token, LoginError> {
        let other = self.other_resource.as_deref();
        let other = other.ok_or_else(|| LoginError::new("no other resource is named"))?;
        let agent = Agent::new(&self.url, &self.authorities).await?;
        let tokens = signed_in.ask(other, None, &agent, secrets).await?;
        if let Some(refresh) = tokens.refresh_token() {
            signed_in.refresh_token = Some(refresh.secret().clone());
        }
        Ok(Token::of(tokens.access_token().secret().clone()))
    }

    /// Tokens of the same person for one scope each, as far as the authorization server grants fewer scopes to a refresh token (RFC
    /// 6749, section 6). A refresh token that is not what it was afterwards is dropped.
    ///
    /// # Errors
    ///
    /// The authorization server is not to be reached.
    pub async fn narrower(
        &self,
        signed_in: &mut SignedIn,
        secrets: &Secrets,
    ) -> Result<Vec<SignedIn>, LoginError> {
        if signed_in.scopes.len() < 2 || signed_in.refresh_token.is_none() {
            return Ok(Vec::new());
        }
        let agent = Agent::new(&self.url, &self.authorities).await?;
        let mut narrower = Vec::new();
        let before = signed_in.refresh_token.clone();
        for scope in signed_in.scopes.clone().into_iter().take(NARROWER) {
            let asked = signed_in.ask(&signed_in.resource, Some(&scope), &agent, secrets).await;
            let Ok(tokens) = asked else { break };
            if let Some(refresh) = tokens.refresh_token() {
                signed_in.refresh_token = Some(refresh.secret().clone());
            }
            let fewer = signed_in.clone().with(&tokens, secrets);
            if Token::of(fewer.access_token.clone())
                .grants(std::slice::from_ref(&scope), &fewer.scopes)
            {
                narrower.push(SignedIn { scopes: vec![scope], refresh_token: None, ..fewer });
            }
        }
        if signed_in.refresh_token != before {
            let whole = signed_in.ask(&signed_in.resource, None, &agent, secrets).await.ok();
            let again = whole.map(|tokens| signed_in.clone().with(&tokens, secrets));
            let same = again.filter(|again| same_scopes(&again.scopes, &signed_in.scopes));
            signed_in.refresh_token = same.and_then(|again| again.refresh_token);
        }
        Ok(narrower)
    }
}

/// Whether two lists name the same scopes, in whatever order.
pub(crate) fn same_scopes(one: &[String], other: &[String]) -> bool {
    let sorted = |scopes: &[String]| scopes.iter().cloned().collect::<BTreeSet<_>>();
    sorted(one) == sorted(other)
}

impl SignedIn {
    /// Whether these are the scopes of its token, in whatever order.
    pub fn has_scopes(&self, scopes: &[String]) -> bool {
        same_scopes(&self.scopes, scopes)
    }

    async fn ask(
        &self,
        resource: &str,
        scope: Option<&str>,
        agent: &Agent,
        secrets: &Secrets,
    ) -> Result<BasicTokenResponse, LoginError> {
        self.hide(secrets);
        let refresh = self.refresh_token.clone();
        let refresh = refresh.ok_or_else(|| LoginError::new("there is no refresh token"))?;
        let (secret, how) = (self.client_secret.as_deref(), shown(self.secret_in_form));
        let client = client(&self.client_id, secret, how, &self.token_endpoint)?;
        let refresh = RefreshToken::new(refresh);
        let mut request =
            client.exchange_refresh_token(&refresh).add_extra_param("resource", resource);
        if let Some(scope) = scope {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        let tokens =
            request.request_async(&|request| agent.send(request)).await.map_err(|error| {
                LoginError::at("the refresh token is not taken", http::told(&error))
            })?;
        http::usable(&tokens)?;
        secrets.add_named("access_token", tokens.access_token().secret().as_bytes());
        if let Some(refresh) = tokens.refresh_token() {
            secrets.add_named("refresh_token", refresh.secret().as_bytes());
        }
        Ok(tokens)
    }

    /// The same with what was given anew.
    fn with(mut self, tokens: &BasicTokenResponse, secrets: &Secrets) -> Self {
        self.access_token.clone_from(tokens.access_token().secret());
        if let Some(refresh) = tokens.refresh_token() {
            self.refresh_token = Some(refresh.secret().clone());
        }
        if let Some(scopes) = tokens.scopes() {
            let named = scopes.iter().map(|scope| scope.to_string());
            self.scopes = named.filter(|scope| scope != OFFLINE).collect();
        }
        self.hide(secrets);
        self
    }

    /// Keeps what nobody may read out of all that is written.
    pub fn hide(&self, secrets: &Secrets) {
        let named = [
            ("access_token", Some(&self.access_token)),
            ("refresh_token", self.refresh_token.as_ref()),
            ("client_secret", self.client_secret.as_ref()),
        ];
        for (name, secret) in named {
            if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
                secrets.add_named(name, secret.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn tokens_of_one_server_are_not_renewed_for_another() {
        let kept = json!({
            "resource": "https://one.example/mcp", "issuer": "https://issuer.example",
            "token_endpoint": "https://issuer.example/token", "client_id": "c", "client_secret": null,
            "access_token": "a", "refresh_token": "r", "scopes": [],
        });
        let kept: SignedIn = serde_json::from_value(kept).expect("what is kept");
        let sign_in = SignIn {
            url: "https://other.example/mcp".into(),
            scopes: Vec::new(),
            client_id: None,
            client_secret: None,
            other_resource: None,
            port: 0,
            authorities: Vec::new(),
            patience: Duration::ZERO,
            hint: None,
        };
        let error = sign_in.refreshed(&kept, &Secrets::default()).await.expect_err("another");
        assert!(error.to_string().contains("tokens for https://one.example/mcp"), "{error}");
    }
}
