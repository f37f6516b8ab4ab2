//! How long tokens live, and how they are renewed.

use plumb_runner::authorization_server::{Client, Kind, Visit, issued};
use plumb_runner::{Finding, Judgement, Observed, Trouble, check};
use serde_json::Value;

/// The longest life of an access token that is still called short, in seconds: a day.
const SHORT: u64 = 24 * 60 * 60;

check! {
    /// **Observed:** the correct code flow ends with an access token whose `expires_in` is at most a day. The text names no
    /// number; a day is our reading, far above what is common.
    ///
    /// **Why:** whoever steals a token can use it until it expires.
    ///
    /// **Fix:** issue access tokens for minutes or an hour, and refresh tokens for what lasts longer.
    pub(crate) SHORT_LIVED = "auth.as.short-lived";
    visit: short_lived;
}

check! {
    /// **Observed:** a public client redeems its refresh token, and the new one again. Each answer brings another refresh
    /// token, and the first one, used again, is refused.
    ///
    /// **Why:** a public client cannot prove who it is, so a stolen refresh token works for anybody until it is replaced;
    /// the second use of a replaced one is how the theft is noticed.
    ///
    /// **Fix:** replace the refresh token of a public client at each use and refuse the old one (OAuth 2.1 section 4.3.1).
    pub(crate) ROTATE_REFRESH = "auth.as.rotate-refresh";
    visit: rotate_refresh;
}

async fn short_lived(at: &Visit) -> Judgement {
    let (tokens, _) = at.tokens(&at.any_client().await?, &[]).await?;
    let Some(lifetime) = tokens.get("expires_in").and_then(Value::as_u64) else {
        return Ok(Finding::unseen(
            "the token response does not tell `expires_in`",
            "tell it (RFC 6749 section 5.1)",
        ));
    };
    Ok(Finding::expect(
        lifetime <= SHORT,
        format!("an access token lives at most {SHORT} s"),
        || format!("`expires_in` is {lifetime}"),
    ))
}

async fn rotate_refresh(at: &Visit) -> Judgement {
    let client = at.client(Kind::Public).await?;
    let first = refresh_token(at, &client).await?;
    let mut current = first.clone();
    for round in ["the first", "the second"] {
        let seen = refresh(at, &client, &current).await?;
        let Some(tokens) = issued(&seen) else { return Err(Trouble::Control(seen.describe())) };
        match tokens.get("refresh_token").and_then(Value::as_str) {
            Some(new) if new != current => new.clone_into(&mut current),
            came => {
                let came =
                    if came.is_some() { "the same refresh token" } else { "no refresh token" };
                return Ok(Finding::violated(
                    format!("{round} refresh of a public client brings a new refresh token"),
                    came,
                ));
            }
        }
    }
    let seen = refresh(at, &client, &first).await?;
    Ok(refused(&seen, "a refresh token that was replaced, used again"))
}

/// A refresh token, asked for as `OpenID` Connect wants it where the metadata speaks of `offline_access`.
pub(super) async fn refresh_token(at: &Visit, client: &Client) -> Result<String, Trouble> {
    let (parameters, _) = at.request(client);
    let scope = parameters.iter().find(|(name, _)| name == "scope").map(|(_, scope)| scope.clone());
    let offline = at.server().lists("scopes_supported", "offline_access");
    let wider = format!("{} offline_access", scope.unwrap_or_default());
    let more = [("scope", Some(wider.trim_start())), ("prompt", Some("consent"))];
    let (tokens, _) = at.tokens(client, if offline { &more } else { &[] }).await?;
    tokens.get("refresh_token").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        Trouble::unseen(
            "the client is given no refresh token",
            "issue refresh tokens to clients that register the grant `refresh_token`, or give a client that has it",
        )
    })
}

pub(super) async fn refresh(at: &Visit, client: &Client, token: &str) -> Result<Observed, Trouble> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    at.token(client, client.secret.as_deref(), &form).await
}

/// Held if the token endpoint refused, which is a 4xx without a token.
pub(super) fn refused(seen: &Observed, sent: &str) -> Finding {
    if seen.is_trouble() {
        return Finding::unseen(
            format!("the token endpoint limits its callers: {}", seen.describe()),
            "let this client ask more often",
        );
    }
    let refused = seen.status().is_some_and(|s| (400..500).contains(&s)) && issued(seen).is_none();
    Finding::expect(refused, format!("{sent}: refused with a 4xx"), || {
        if issued(seen).is_some() { "a token was issued".into() } else { seen.describe() }
    })
}
