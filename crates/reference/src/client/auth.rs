//! Signing in: what the client does when a server wants an access token (basic/authorization).

mod challenge;
mod code;
mod discovery;
mod grants;
mod possession;
mod registration;
mod token;

use std::collections::BTreeMap;
use std::env;

use serde_json::Value;

use self::challenge::Challenge;
use self::discovery::Found;
use self::possession::{Possession, Purpose};
use self::registration::Known;
use self::token::Tokens;
use super::Client;
use super::post::{Address, Answer};
use super::request::Headers;

/// So often a request is sent again with another token.
const ATTEMPTS: usize = 3;
/// So often one that never gives up does.
const STUBBORN: usize = usize::MAX;

/// What the client has signed in with.
#[derive(Debug)]
pub(super) struct Session {
    /// The URL of the server.
    server: String,
    /// What the scenario gave.
    context: Value,
    tokens: Option<Tokens>,
    /// As whom each authorization server knows the client, by issuer.
    known: BTreeMap<String, Known>,
    /// All scopes that were asked for.
    requested: Vec<String>,
    /// The authorization server that was found first.
    first: Option<Found>,
    /// What it proves that it has.
    possession: Possession,
}

impl Session {
    pub(super) fn new(server: &str) -> Self {
        let context = env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        Self {
            server: server.to_owned(),
            context: serde_json::from_str(&context).unwrap_or_default(),
            tokens: None,
            known: BTreeMap::new(),
            requested: Vec::new(),
            first: None,
            possession: Possession::default(),
        }
    }

    /// A text of the context.
    fn given(&self, name: &str) -> Option<&str> {
        self.context[name].as_str()
    }

    /// What is asked for: a grant of the client's own, or one of a user.
    fn scenario(&self) -> &str {
        self.given("name").unwrap_or_default()
    }
}

impl Client {
    /// Sends a message, with a token once there is one, and signs in as often as it makes sense where it is refused.
    pub(super) async fn send_signed_in(
        &mut self,
        method: &str,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Answer, String> {
        let attempts = if self.rules.gives_up { ATTEMPTS } else { STUBBORN };
        for _ in 0..attempts {
            let (address, headers) = self.with_token(headers, body)?;
            let answer = address.send(method, &headers, body, &self.rules).await?;
            let challenge = Challenge::read(&answer.challenges, &self.rules);
            let (told, url) = ((answer.status, answer.nonce.as_deref()), &self.session.server);
            let wanted = self.session.possession.learns(url, told, &self.rules, true);
            if wanted && challenge.is_for_nonce() && self.rules.retries_with_a_nonce {
                continue;
            }
            match answer.status {
                401 => self.sign_in(&challenge, true).await?,
                403 if challenge.is_for_scope() && self.rules.steps_up => {
                    self.sign_in(&challenge, false).await?;
                }
                _ => return Ok(answer),
            }
        }
        Err(format!("{}: refused {attempts} times", self.session.server))
    }

    /// Where a message goes, and its headers, with the token.
    fn with_token(&self, headers: &Headers, body: &[u8]) -> Result<(Address, Headers), String> {
        let mut headers = headers.clone();
        let address = Address::parse(&self.session.server)?.wired(self.choices);
        let rules = &self.rules;
        let calls = body.windows(12).any(|w| w == b"\"tools/call\"");
        let tokens = self.session.tokens.as_ref().filter(|_| rules.brings_its_token);
        let Some(tokens) = tokens else { return Ok((address, headers)) };
        let access = &tokens.access;
        if calls && !rules.sends_token_every_time {
            return Ok((address, headers));
        }
        if !rules.keeps_token_out_of_queries {
            return Ok((address.extended(&format!("?access_token={access}")), headers));
        }
        let bearer = if self.choices.lower_case_scheme { "bearer" } else { "Bearer" };
        if let Some(refresh) = tokens.refresh.as_ref().filter(|_| !rules.keeps_refresh_tokens_back)
        {
            headers.push(("X-Refresh-Token".to_owned(), refresh.clone().into_bytes()));
        }
        let scheme = if rules.sends_token_as_bearer { bearer } else { "Token" };
        let purpose = Purpose { url: &self.session.server, token: Some(access) };
        if tokens.bound && (rules.proves_every_request || !calls) {
            headers.push(("DPoP".to_owned(), self.session.possession.proof(purpose, rules)?));
        }
        let by_proof = if self.choices.lower_case_scheme { "dpop" } else { "DPoP" };
        let bound = tokens.bound && rules.presents_bound_tokens_by_dpop;
        let scheme = if bound { by_proof } else { scheme };
        headers.push(("Authorization".to_owned(), format!("{scheme} {access}").into_bytes()));
        Ok((address, headers))
    }

    /// Gets another token. One that is no longer good may be refreshed; one that is not enough may not.
    async fn sign_in(&mut self, challenge: &Challenge, lapsed: bool) -> Result<(), String> {
        let mut found = self.discover(challenge).await?;
        let first = self.session.first.get_or_insert_with(|| found.clone());
        if !self.rules.follows_the_trusted_issuer {
            found = first.clone();
        }
        let refreshes = lapsed && !self.choices.never_refreshes;
        if refreshes && self.rules.follows_the_trusted_issuer && self.refreshed(&found).await? {
            return Ok(());
        }
        let scopes = self.scopes(challenge, &found);
        let tokens = match self.session.scenario() {
            "auth/client-credentials-basic" | "auth/client-credentials-jwt" => {
                self.by_credentials(&found, &scopes).await?
            }
            "auth/enterprise-managed-authorization" => {
                self.by_organisation(&found, &scopes).await?
            }
            _ => self.by_user(&found, &scopes).await?,
        };
        if self.rules.keeps_private_apart {
            self.cache.forget_all();
        }
        if self.rules.drops_foreign_tokens || self.session.tokens.is_none() {
            self.session.tokens = Some(tokens);
        }
        Ok(())
    }

    /// Refreshes the token, if that is possible.
    async fn refreshed(&mut self, found: &Found) -> Result<bool, String> {
        let Some(tokens) = &self.session.tokens else { return Ok(false) };
        if tokens.issuer != found.issuer {
            return Ok(false);
        }
        let Some(refresh) = tokens.refresh.clone() else { return Ok(false) };
        let Some(known) = self.session.known.get(&found.issuer).cloned() else { return Ok(false) };
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        if !self.rules.refreshes_what_was_granted {
            form.push(("scope", "plumb:everything"));
        }
        if self.rules.sends_resource_with_refresh {
            form.push(("resource", &found.resource));
        }
        match self.token(found, &known, &form).await {
            Ok(mut tokens) => {
                // It stays good where no other comes.
                tokens.refresh = tokens.refresh.filter(|_| self.rules.replaces_refresh_tokens);
                tokens.refresh = tokens.refresh.or(Some(refresh));
                self.session.tokens = Some(tokens);
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }

    /// What to ask for: basic/authorization#scope-selection-strategy.
    fn scopes(&mut self, challenge: &Challenge, found: &Found) -> Vec<String> {
        let rules = &self.rules;
        let supported = found.scopes.clone().unwrap_or_default();
        let mut scopes = match &challenge.scopes {
            Some(scopes) if rules.takes_challenged_scopes => scopes.clone(),
            Some(_) => supported.clone(),
            None if rules.takes_supported_scopes => supported.clone(),
            None => supported.iter().take(1).cloned().collect(),
        };
        if !rules.asks_for_unlisted_scopes {
            scopes.retain(|scope| supported.contains(scope));
            scopes.extend(supported.first().filter(|_| scopes.is_empty()).cloned());
        }
        if !rules.asks_for_what_is_needed_only {
            scopes.extend(supported.last().cloned());
        }
        if scopes.is_empty() && !rules.omits_unknown_scopes {
            scopes.push("mcp:all".to_owned());
        }
        let listed = found.metadata["scopes_supported"].as_array();
        let listed = listed.is_some_and(|all| all.iter().any(|scope| scope == "offline_access"));
        if !rules.asks_for_offline_access_where_listed
            || self.choices.asks_for_offline_access && listed
        {
            scopes.push("offline_access".to_owned());
        }
        if rules.keeps_earlier_scopes {
            scopes.splice(0..0, self.session.requested.iter().cloned());
        }
        let mut seen = std::collections::BTreeSet::new();
        scopes.retain(|scope| seen.insert(scope.clone()));
        self.session.requested.clone_from(&scopes);
        scopes
    }
}
