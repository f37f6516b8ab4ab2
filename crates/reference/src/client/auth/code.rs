//! The grant of a user: the authorization request, its response, and the code for a token.

use oauth2::basic::BasicClient;
use oauth2::url::Url;
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};

use super::discovery::Found;
use super::token::Tokens;
use crate::client::Client;
use crate::client::post::Address;
use crate::client::rules::ClientRules;

/// What was sent with an authorization request, and what its response has to fit.
struct Pending {
    url: Url,
    state: String,
    verifier: String,
}

impl Client {
    pub(super) async fn by_user(
        &mut self,
        found: &Found,
        scopes: &[String],
    ) -> Result<Tokens, String> {
        let known = self.known(found).await?;
        let pending = self.pending(found, &known.id, scopes)?;
        let code = self.code(found, &pending).await?;
        let (rules, redirect) = (self.rules, self.redirect());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            (
                "redirect_uri",
                if rules.redeems_with_its_redirect { redirect } else { "http://localhost:3000/" },
            ),
            ("code_verifier", &pending.verifier),
        ];
        if rules.sends_resource_with_code {
            form.push(("resource", &found.resource));
        }
        if !rules.redeems_once {
            self.token(found, &known, &form).await?;
        }
        self.token(found, &known, &form).await
    }

    fn pending(&self, found: &Found, id: &str, scopes: &[String]) -> Result<Pending, String> {
        let rules = &self.rules;
        let endpoint = found.says("authorization_endpoint").unwrap_or_default().to_owned();
        let bare = endpoint.split('?').next().unwrap_or_default().to_owned();
        let endpoint = if rules.keeps_queries_of_endpoints { endpoint } else { bare };
        let broken = |error: oauth2::url::ParseError| error.to_string();
        let client = BasicClient::new(ClientId::new(id.to_owned()))
            .set_auth_uri(AuthUrl::new(endpoint).map_err(broken)?)
            .set_redirect_uri(RedirectUrl::new(self.redirect().to_owned()).map_err(broken)?);
        let (challenge, verifier) = if self.choices.long_verifier {
            PkceCodeChallenge::new_random_sha256_len(96)
        } else {
            pkce(rules)
        };
        let state = || {
            let fixed = CsrfToken::new("plumb-state".to_owned());
            match rules {
                ClientRules { renews_its_state: false, .. } => fixed,
                ClientRules { keeps_its_verifier: false, .. } => {
                    CsrfToken::new(verifier.secret().clone())
                }
                _ => CsrfToken::new_random(),
            }
        };
        let mut request = client.authorize_url(state);
        if !rules.asks_for_a_code {
            request = request.use_implicit_flow();
        }
        for scope in scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if rules.sends_resource {
            request = request.add_extra_param("resource", found.resource.clone());
        }
        if rules.sends_a_challenge && rules.hashes_its_verifier {
            request = if rules.pads_no_challenge {
                request.set_pkce_challenge(challenge)
            } else {
                let padded = format!("{}=", challenge.as_str());
                let request = request.add_extra_param("code_challenge", padded);
                request.add_extra_param("code_challenge_method", "S256")
            };
        } else if rules.sends_a_challenge {
            request = request.add_extra_param("code_challenge", verifier.secret().clone());
            request = request.add_extra_param("code_challenge_method", "plain");
        }
        let (mut url, state) = request.url();
        if !rules.sends_its_state {
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| name != "state")
                .map(|(n, v)| (n.into(), v.into()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
        let verifier = if rules.sends_the_verifier_of_the_challenge {
            verifier.into_secret()
        } else {
            PkceCodeChallenge::new_random_sha256().1.into_secret()
        };
        Ok(Pending { url, state: state.into_secret(), verifier })
    }

    /// What a browser would bring back.
    async fn code(&self, found: &Found, pending: &Pending) -> Result<String, String> {
        let reply = Address::parse(pending.url.as_str())?.fetch("GET", &[], &[]).await?;
        let location = reply.location.ok_or(format!("no redirect, but status {}", reply.status))?;
        let location = Url::parse(&location).map_err(|error| error.to_string())?;
        let says = |name: &str| {
            location.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
        };
        let error = says("error")
            .map(|error| format!("{error}: {}", says("error_description").unwrap_or_default()));
        if let Err(mismatch) = self.check_iss(found, says("iss").as_deref()) {
            let shown = error.filter(|_| !self.rules.hides_foreign_errors);
            return Err(shown.unwrap_or(mismatch));
        }
        self.check_state(pending, says("state").as_deref())?;
        match error {
            Some(error) => Err(error),
            None => says("code").ok_or_else(|| "neither code nor error".into()),
        }
    }

    /// basic/authorization#authorization-response-validation.
    fn check_iss(&self, found: &Found, iss: Option<&str>) -> Result<(), String> {
        let rules = &self.rules;
        let announced = found.metadata["authorization_response_iss_parameter_supported"] == true;
        let Some(iss) = iss else {
            let missed = (announced && rules.needs_an_announced_iss)
                || (!announced && !rules.does_without_an_unannounced_iss);
            return if missed { Err("the response names no issuer".into()) } else { Ok(()) };
        };
        if !announced && !rules.takes_an_unannounced_iss {
            return Err("the response names an issuer unasked".into());
        }
        let compared =
            if announced { rules.compares_iss } else { rules.compares_an_unannounced_iss };
        if !compared || self.is_issuer(iss, &found.issuer) {
            return Ok(());
        }
        Err("the response is another issuer's".into())
    }

    fn is_issuer(&self, iss: &str, issuer: &str) -> bool {
        let rules = &self.rules;
        let host = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        iss == issuer
            || (!rules.minds_slashes && iss.trim_end_matches('/') == issuer)
            || (!rules.minds_case && iss.eq_ignore_ascii_case(issuer))
            || (!rules.minds_escapes && unescaped(iss) == issuer)
            || (!rules.records_the_issuer && host(iss) == host(issuer))
    }

    fn check_state(&self, pending: &Pending, state: Option<&str>) -> Result<(), String> {
        let rules = &self.rules;
        match state {
            Some(state) if state != pending.state && rules.compares_its_state => {
                Err("the response fits no request".into())
            }
            None if rules.needs_its_state && rules.sends_its_state => {
                Err("the response has no state".into())
            }
            _ => Ok(()),
        }
    }
}

/// A URI without escapes, but for what a form reads otherwise.
fn unescaped(uri: &str) -> String {
    let whole = uri.replace('+', "%2B");
    let mut pairs = oauth2::url::form_urlencoded::parse(whole.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// A challenge and its verifier (RFC 7636).
fn pkce(rules: &ClientRules) -> (PkceCodeChallenge, PkceCodeVerifier) {
    if rules.renews_its_verifier {
        return PkceCodeChallenge::new_random_sha256();
    }
    let verifier = PkceCodeVerifier::new("plumb".repeat(10));
    (PkceCodeChallenge::from_code_verifier_sha256(&verifier), verifier)
}
