//! The code flow with PKCE, step by step, so that a check can depart from it at any step.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_wire::http::HttpRequest;
use ring::digest;
use serde_json::Value;

use super::{Client, Landing, Method, Visit, json};
use crate::{Observed, Trouble};

/// How a user can let the flow go through by itself.
pub const CONSENT: &str = "judge a set-up that redirects without asking: give the session of a signed-in user who has \
                           consented by `-H 'Cookie: …'`, or let a policy for tests consent";

/// Parameters of a request that are changed, added or (by `None`) left out.
pub type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

/// A code that was granted, and what belongs to it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The code.
    pub code: String,
    /// The verifier of its challenge.
    pub verifier: String,
    /// The state that was sent.
    pub state: String,
    /// Where the request led.
    pub landing: Landing,
}

impl Visit {
    /// The correct authorization request of a client: its parameters, and the verifier of its challenge.
    pub fn request(&self, client: &Client) -> (Vec<(String, String)>, String) {
        let verifier = self.server().draw("verifier");
        self.server().hide(&verifier);
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", client.id.clone()),
            ("redirect_uri", client.redirect_uri.clone()),
            ("state", self.server().draw("state")),
            ("code_challenge", challenge(&verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ];
        parameters.extend(self.scope().map(|scope| ("scope", scope)));
        parameters
            .extend(self.server().issuer.resource.clone().map(|resource| ("resource", resource)));
        (parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), verifier)
    }

    /// The scopes to ask for: those of the user, or a modest choice from the metadata.
    fn scope(&self) -> Option<String> {
        let given = &self.server().issuer.scopes;
        if !given.is_empty() {
            return Some(given.join(" "));
        }
        if self.server().lists("scopes_supported", "openid") {
            return Some("openid".into());
        }
        let listed = self.server().told("scopes_supported").and_then(Value::as_array)?;
        listed.iter().filter_map(Value::as_str).find(|s| *s != "offline_access").map(str::to_owned)
    }

    /// Sends an authorization request as it is, or with some parameters changed, added or (by `None`) left out.
    pub async fn ask(
        &self,
        client: &Client,
        changes: Changes<'_>,
    ) -> Result<(Landing, String, String), Trouble> {
        let (mut parameters, verifier) = self.request(client);
        for (name, value) in changes {
            parameters.retain(|(n, _)| n != name);
            parameters.extend(value.map(|v| ((*name).to_owned(), v.to_owned())));
        }
        let find = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let back = find("redirect_uri").unwrap_or_else(|| client.redirect_uri.clone());
        let state = find("state").unwrap_or_default();
        Ok((self.visit(&parameters, &back).await?, verifier, state))
    }

    /// A code, by the correct request.
    pub async fn grant(&self, client: &Client) -> Result<Grant, Trouble> {
        self.grant_with(client, &[]).await
    }

    /// A code, by a correct request with more parameters.
    pub async fn grant_with(&self, client: &Client, more: Changes<'_>) -> Result<Grant, Trouble> {
        let (landing, verifier, state) = self.ask(client, more).await?;
        match landing.code() {
            Some(code) => Ok(Grant { code: code.to_owned(), verifier, state, landing }),
            None if landing.is_refused() => Err(landing.trouble()),
            None => Err(Trouble::unseen(
                format!(
                    "the authorization endpoint waits for a person: the request led to {}",
                    landing.describe()
                ),
                CONSENT,
            )),
        }
    }

    /// Redeems a code, with the verifier or without.
    pub async fn redeem(
        &self,
        client: &Client,
        code: &str,
        verifier: Option<&str>,
    ) -> Result<Observed, Trouble> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &client.redirect_uri),
        ];
        form.extend(verifier.map(|v| ("code_verifier", v)));
        self.token(client, client.secret.as_deref(), &form).await
    }

    /// Asks the token endpoint for something, as this client with this secret.
    pub async fn token(
        &self,
        client: &Client,
        secret: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Observed, Trouble> {
        let request = self.token_request(client, secret, form);
        self.send(self.server().endpoint("token_endpoint")?, request).await
    }

    /// How the server lets clients show their secrets, by its metadata: by HTTP Basic where they do not say (RFC 8414 section 2).
    pub(super) fn secret_method(&self) -> Method {
        let methods = "token_endpoint_auth_methods_supported";
        let lists = |method: Method| self.server().lists(methods, method.name());
        let silent = self.server().told(methods).is_none();
        if silent || lists(Method::Basic) || !lists(Method::Form) {
            Method::Basic
        } else {
            Method::Form
        }
    }

    fn token_request(
        &self,
        client: &Client,
        secret: Option<&str>,
        form: &[(&str, &str)],
    ) -> HttpRequest {
        let method = client.method.unwrap_or_else(|| self.secret_method());
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        body.extend_pairs(
            self.server().issuer.resource.iter().map(|resource| ("resource", resource)),
        );
        let mut request = HttpRequest::new("POST", "")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json");
        match secret {
            Some(secret) if method == Method::Basic => {
                let credentials = client.basic(secret);
                self.server().hide(&credentials);
                request = request.header("Authorization", format!("Basic {credentials}"));
            }
            _ => {
                body.append_pair("client_id", &client.id);
                body.extend_pairs(secret.map(|secret| ("client_secret", secret)));
            }
        }
        request.body = body.finish().into();
        request
    }

    /// The tokens that the correct flow gives: the JSON of the token response.
    pub async fn tokens(
        &self,
        client: &Client,
        more: Changes<'_>,
    ) -> Result<(Value, Observed), Trouble> {
        let grant = self.grant_with(client, more).await?;
        let seen = self.redeem(client, &grant.code, Some(&grant.verifier)).await?;
        match issued(&seen) {
            Some(tokens) => Ok((tokens, seen)),
            None => Err(Trouble::Control(seen.describe())),
        }
    }
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// The token response, if a token was issued.
pub fn issued(seen: &Observed) -> Option<Value> {
    let answer = json(seen)?;
    let token = answer.get("access_token").and_then(Value::as_str).is_some();
    (token && seen.status().is_some_and(|s| s < 300)).then_some(answer)
}

#[cfg(test)]
mod tests {
    /// RFC 7636 appendix B.
    #[test]
    fn a_challenge_is_the_hash_of_its_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(super::challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
