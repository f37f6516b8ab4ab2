//! The code flow of OAuth 2.1, and what is not OAuth 2.1 any more.

use plumb_model::pack::GrantDeviation;
use plumb_runner::authorization_server::{Client, Kind, Landed, Method, Visit, issued};
use plumb_runner::{Finding, Judgement, Observed, Trouble, check};
use serde_json::Value;

use super::grants;
use super::tokens::{refresh, refresh_token, refused};

check! {
    /// **Observed:** the code flow with PKCE goes through. Beside it, each time one rule is broken: a code without its
    /// verifier, with another one, with the challenge in its place, used twice, used by another client; a public client
    /// without a challenge; a confidential one with a wrong secret; a refresh token used by another client; a client of the
    /// code flow that asks for a token in the fragment, or by a user's password. None of it gives a token. `state` comes
    /// back as it was sent, token responses forbid caching, and a client that authenticates by HTTP Basic need not be named
    /// in the form as well.
    ///
    /// **Why:** MCP builds on OAuth 2.1 because each of these was an attack on OAuth 2.0.
    ///
    /// **Fix:** see the case: OAuth 2.1 draft 13, sections 4.1 (code), 3.2 (token endpoint), 4.3 (refresh), 10 (what is gone).
    pub(crate) OAUTH21 = "auth.as.oauth21";
    visit: oauth21;
}

async fn oauth21(at: &Visit) -> Judgement {
    let client = at.any_client().await?;
    // Without a flow that goes through, a refusal proves nothing.
    at.tokens(&client, &[]).await?;
    at.case("state", "`state` comes back as it was sent", state(at, &client).await);
    at.case("no-store", "the token response forbids caching", no_store(at, &client).await);
    for (slug, deviation, vector) in grants(at) {
        let judgement = match deviation {
            None => at.tokens(&client, &[]).await.map(|_| Finding::Held),
            Some(GrantDeviation::NoChallenge) => no_challenge(at).await,
            Some(deviation) => verifier(at, &client, deviation).await,
        };
        at.case(&slug, vector.title, judgement);
    }
    at.case("code-twice", "a code that comes again is refused", twice(at, &client).await);
    at.case(
        "code-of-another",
        "a code of another client is refused",
        of_another(at, &client).await,
    );
    at.case(
        "basic-alone",
        "who authenticates by HTTP Basic need not be named in the form",
        basic_alone(at).await,
    );
    at.case(
        "wrong-secret",
        "a confidential client with a wrong secret is refused",
        wrong_secret(at).await,
    );
    at.case(
        "refresh-of-another",
        "a refresh token of another client is refused",
        refresh_of_another(at, &client).await,
    );
    at.case("implicit", "no token comes in the fragment", implicit(at, &client).await);
    at.case("password", "no token comes for a user's password", password(at, &client).await);
    at.conclude()
}

async fn state(at: &Visit, client: &Client) -> Judgement {
    let grant = at.grant(client).await?;
    let told = grant.landing.back().and_then(|p| p.get("state"));
    Ok(Finding::expect(
        told == Some(&grant.state),
        format!("an authorization request with `state={}`: the redirect has it", grant.state),
        || grant.landing.describe(),
    ))
}

async fn no_store(at: &Visit, client: &Client) -> Judgement {
    let (_, seen) = at.tokens(client, &[]).await?;
    let told = seen.exchange.answer.header("cache-control").unwrap_or("none").to_owned();
    Ok(Finding::expect(
        told.to_ascii_lowercase().contains("no-store"),
        "a token response has `Cache-Control: no-store`",
        || format!("`Cache-Control`: {told}"),
    ))
}

async fn verifier(at: &Visit, client: &Client, wrong: GrantDeviation) -> Judgement {
    let (parameters, _) = at.request(client);
    let (_, other) = at.request(client);
    let challenge =
        parameters.iter().find(|(name, _)| name == "code_challenge").map_or("", |(_, value)| value);
    if wrong == GrantDeviation::PlainVerifier {
        at.hide(challenge);
    }
    let landing = at.visit(&parameters, &client.redirect_uri).await?;
    let Some(code) = landing.code() else { return Err(Trouble::Control(landing.describe())) };
    let (sent, verifier) = match wrong {
        GrantDeviation::OtherVerifier => {
            ("a code with another `code_verifier`", Some(other.as_str()))
        }
        GrantDeviation::PlainVerifier => {
            ("a code with its S256 challenge as `code_verifier`", Some(challenge))
        }
        _ => ("a code without `code_verifier`", None),
    };
    Ok(refused(&at.redeem(client, code, verifier).await?, sent))
}

async fn twice(at: &Visit, client: &Client) -> Judgement {
    let grant = at.grant(client).await?;
    let first = at.redeem(client, &grant.code, Some(&grant.verifier)).await?;
    if issued(&first).is_none() {
        return Err(Trouble::Control(first.describe()));
    }
    Ok(refused(
        &at.redeem(client, &grant.code, Some(&grant.verifier)).await?,
        "a code that was redeemed before",
    ))
}

async fn of_another(at: &Visit, client: &Client) -> Judgement {
    let thief = at.client(Kind::OtherPublic).await?;
    let grant = at.grant(client).await?;
    let thief = Client { redirect_uri: client.redirect_uri.clone(), ..thief };
    Ok(refused(
        &at.redeem(&thief, &grant.code, Some(&grant.verifier)).await?,
        "a code that another client was given",
    ))
}

async fn no_challenge(at: &Visit) -> Judgement {
    let client = at.client(Kind::Public).await?;
    let right = at.grant(&client).await?;
    let (landing, _, _) =
        at.ask(&client, &[("code_challenge", None), ("code_challenge_method", None)]).await?;
    let Some(code) = landing.code() else {
        let turned_down = landing.is_turned_down(&right.landing);
        return Ok(Finding::expect(turned_down, "no `code_challenge`: refused", || {
            landing.describe()
        }));
    };
    Ok(refused(
        &at.redeem(&client, code, None).await?,
        "a code of a request without `code_challenge`",
    ))
}

/// OAuth 2.1 draft 13 section 4.1.3 wants `client_id` of those alone who do not authenticate.
async fn basic_alone(at: &Visit) -> Judgement {
    let client = at.client(Kind::Confidential).await?;
    if client.method != Some(Method::Basic) {
        return Ok(Finding::unseen(
            "no client was registered with `client_secret_basic`",
            "list it in the metadata, if it is offered",
        ));
    }
    let alone = redeemed(at, &client, client.secret.as_deref(), &[]).await?;
    if issued(&alone).is_some() {
        return Ok(Finding::Held);
    }
    let name = [("client_id", client.id.as_str())];
    let named = redeemed(at, &client, client.secret.as_deref(), &name).await?;
    // Only where that name is all that is missing, it was demanded.
    if alone.is_trouble() || issued(&named).is_none() {
        return Err(Trouble::Control(alone.describe()));
    }
    Ok(Finding::violated(
        "a code, redeemed by a client that was registered with `client_secret_basic` and authenticates so: a token",
        format!(
            "{}; with `client_id` in the form beside that, a token was issued",
            alone.describe()
        ),
    ))
}

/// A fresh code, redeemed with this secret and with more in the form.
async fn redeemed(
    at: &Visit,
    client: &Client,
    secret: Option<&str>,
    more: &[(&str, &str)],
) -> Result<Observed, Trouble> {
    let grant = at.grant(client).await?;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &grant.code),
        ("code_verifier", &grant.verifier),
        ("redirect_uri", &client.redirect_uri),
    ];
    form.extend_from_slice(more);
    at.token(client, secret, &form).await
}

async fn wrong_secret(at: &Visit) -> Judgement {
    let client = at.client(Kind::Confidential).await?;
    at.tokens(&client, &[]).await?;
    let seen = redeemed(at, &client, Some("not-the-secret-of-this-client"), &[]).await?;
    Ok(refused(&seen, "a wrong client secret"))
}

async fn refresh_of_another(at: &Visit, client: &Client) -> Judgement {
    let thief = at.client(Kind::OtherPublic).await?;
    let token = refresh_token(at, client).await?;
    Ok(refused(
        &refresh(at, &thief, &token).await?,
        "a refresh token that another client was given",
    ))
}

async fn implicit(at: &Visit, client: &Client) -> Judgement {
    if !client.ours {
        return Ok(Finding::unseen(
            "what the given client has registered is not known",
            "offer dynamic registration",
        ));
    }
    let changes = [
        ("response_type", Some("token")),
        ("code_challenge", None),
        ("code_challenge_method", None),
        ("nonce", Some("plumb")),
    ];
    let (landing, _, _) = at.ask(client, &changes).await?;
    let given = landing.back().is_some_and(|p| p.contains_key("access_token"));
    let page = matches!(&landing.at, Landed::Page(page) if page.asks_consent());
    Ok(Finding::expect(
        !given && !page,
        "`response_type=token` of a client that registered `code` alone: refused",
        || landing.describe(),
    ))
}

async fn password(at: &Visit, client: &Client) -> Judgement {
    let form = [("grant_type", "password"), ("username", "plumb"), ("password", "not-a-password")];
    let seen = at.token(client, client.secret.as_deref(), &form).await?;
    let told =
        issued(&seen).and_then(|t| t.get("access_token").and_then(Value::as_str).map(str::len));
    Ok(Finding::expect(
        told.is_none(),
        "`grant_type=password` with a made-up user: no token",
        || "a token was issued".into(),
    ))
}
