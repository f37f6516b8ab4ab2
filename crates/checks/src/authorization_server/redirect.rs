//! Where the server sends browsers.

use plumb_runner::authorization_server::{Changes, Client, Kind, Landing, REGISTER, Visit, json};
use plumb_runner::{Finding, Judgement, Trouble, check};
use serde_json::{Value, json as object};

use super::grants;

/// A place that no client has registered.
const STRANGER: &str = "https://attacker.plumb.example/callback";

check! {
    /// **Observed:** a request that is correct but for its redirect URI: another path below, beside or in another case,
    /// another query, port, scheme or host. None of them is redirected to. An error page is fine; so is a redirect to
    /// the registered URI.
    ///
    /// **Why:** whoever controls any page that a loose comparison lets through collects codes.
    ///
    /// **Fix:** compare redirect URIs as strings; only the port of a loopback URI may differ (OAuth 2.1 section 2.3.1).
    pub(crate) EXACT = "auth.as.redirect-exact";
    visit: exact;
}

check! {
    /// **Observed:** requests that nobody should be redirected for: an unknown client, no client, and a known client with
    /// the URI of a stranger, alone and beside another fault. None leads to the stranger, not even with an error.
    ///
    /// **Why:** a server that sends browsers wherever a link says lends its good name to phishing.
    ///
    /// **Fix:** settle client and redirect URI first; until both are known, answer with a page (OAuth 2.1 section 7.12.2).
    pub(crate) UNTRUSTED = "auth.as.untrusted-redirect";
    visit: untrusted;
}

check! {
    /// **Observed:** the registration of a client whose redirect URI is plain HTTP on another machine, beside one that is
    /// HTTPS and accepted. It is refused, or the URI is left out, or a request with it is not redirected.
    ///
    /// **Why:** a code that crosses the net in the clear belongs to whoever listens.
    ///
    /// **Fix:** accept redirect URIs that are HTTPS or loopback; answer `invalid_redirect_uri` to others.
    pub(crate) HTTPS = "authsec.redirect-https";
    visit: https;
}

async fn exact(at: &Visit) -> Judgement {
    let client = at.any_client().await?;
    let control = control(at, &client).await?;
    for (slug, title, uri) in variants(&client.redirect_uri) {
        let asked = at.ask(&client, &[("redirect_uri", Some(&uri))]).await;
        at.case(slug, title, asked.map(|(landing, _, _)| not_followed(&control, &landing, &uri)));
    }
    at.conclude()
}

/// The URI with one thing changed each.
#[expect(clippy::too_many_lines, reason = "a list: one entry for each variant")]
fn variants(uri: &str) -> Vec<(&'static str, &'static str, String)> {
    let Ok(url) = url::Url::parse(uri) else { return Vec::new() };
    let with = |change: &dyn Fn(&mut url::Url)| {
        let mut url = url.clone();
        change(&mut url);
        url.to_string()
    };
    let path = url.path().to_owned();
    let mut variants = vec![
        (
            "below",
            "a path below the registered one is not redirected to",
            with(&|u| u.set_path(&format!("{}/plumb", path.trim_end_matches('/')))),
        ),
        (
            "beside",
            "a path that begins like the registered one is not redirected to",
            with(&|u| u.set_path(&format!("{path}.plumb"))),
        ),
        (
            "query",
            "another query is not redirected to",
            with(&|u| {
                u.query_pairs_mut().append_pair("plumb", "1");
            }),
        ),
        (
            "host",
            "a host that begins like the registered one is not redirected to",
            with(&|u| {
                let host = format!("{}.attacker.example", u.host_str().unwrap_or_default());
                // A host that is an address cannot be lengthened; the variant is then the same URI and left out.
                let _ = u.set_host(Some(&host));
            }),
        ),
    ];
    let upper = path.to_ascii_uppercase();
    if upper != path {
        variants.push((
            "case",
            "the path in upper case is not redirected to",
            with(&|u| u.set_path(&upper)),
        ));
    }
    let loopback = plumb_runner::authorization_server::is_loopback(uri);
    if !loopback {
        variants.push((
            "port",
            "another port is not redirected to",
            with(&|u| {
                let _ = u.set_port(Some(8443));
            }),
        ));
    }
    if url.scheme() == "https" {
        variants.push((
            "scheme",
            "plain HTTP in place of HTTPS is not redirected to",
            uri.replacen("https://", "http://", 1),
        ));
    }
    variants.retain(|(_, _, variant)| variant != uri);
    variants
}

/// The correct request, which must get somewhere.
async fn control(at: &Visit, client: &Client) -> Result<Landing, Trouble> {
    let (landing, _, _) = at.ask(client, &[]).await?;
    if landing.is_refused() { Err(landing.trouble()) } else { Ok(landing) }
}

/// Held if the request went no further than it may: beside a control that was redirected, anything but a redirect
/// there; beside one that waits for a person, only a refusal says something.
fn not_followed(control: &Landing, landing: &Landing, uri: &str) -> Finding {
    if landing.back().is_some() {
        return Finding::violated(
            format!("`redirect_uri={uri}` is not registered: no redirect to it"),
            landing.describe(),
        );
    }
    if control.back().is_some() || landing.is_refused() {
        return Finding::Held;
    }
    Finding::unseen(
        format!(
            "the server waits for a person, whether the redirect URI is right or wrong: {}",
            landing.describe()
        ),
        plumb_runner::authorization_server::CONSENT,
    )
}

async fn untrusted(at: &Visit) -> Judgement {
    let client = at.any_client().await?;
    let control = control(at, &client).await?;
    let there = ("redirect_uri", Some(STRANGER));
    let unknown = at.server().draw("client");
    let probes: [(&str, &str, Changes<'_>); 5] = [
        (
            "unknown-client",
            "an unknown client is not redirected for",
            &[("client_id", Some(&unknown)), there],
        ),
        (
            "no-client",
            "a request without a client is not redirected for",
            &[("client_id", None), there],
        ),
        ("stranger", "the URI of a stranger is not redirected to", &[there]),
        (
            "stranger-type",
            "nor beside an unknown response type",
            &[there, ("response_type", Some("plumb"))],
        ),
        (
            "stranger-scope",
            "nor beside an unknown scope",
            &[there, ("scope", Some("plumb-unknown"))],
        ),
    ];
    for (slug, title, changes) in probes {
        let asked = at.ask(&client, changes).await;
        at.case(
            slug,
            title,
            asked.map(|(landing, _, _)| not_followed(&control, &landing, STRANGER)),
        );
    }
    at.conclude()
}

async fn https(at: &Visit) -> Judgement {
    let client = at.client(Kind::Public).await?;
    if !client.ours {
        return Ok(Finding::unseen(
            "no client can be registered, only the given one used",
            REGISTER,
        ));
    }
    for (slug, wrong, vector) in grants(at) {
        let judgement = match wrong {
            // The client that the flow above used: it is registered.
            None => control(at, &client).await.map(|_| Finding::Held),
            Some(_) => plain_http(at, &client).await,
        };
        at.case(&slug, vector.title, judgement);
    }
    at.conclude()
}

/// Registers a client with the redirect URI in plain HTTP.
async fn plain_http(at: &Visit, client: &Client) -> Judgement {
    let uri = client.redirect_uri.replacen("https://", "http://", 1);
    let seen = at
        .register(&object!({
            "redirect_uris": [uri], "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "none", "application_type": "web",
        }))
        .await?;
    let answer = json(&seen).unwrap_or_default();
    let taken = answer["redirect_uris"]
        .as_array()
        .is_none_or(|uris| uris.iter().any(|u| u == uri.as_str()));
    let id = answer.get("client_id").and_then(Value::as_str);
    let (Some(id), true) = (id, taken && seen.status().is_some_and(|s| s < 300)) else {
        return Ok(Finding::Held);
    };
    let control = control(at, client).await?;
    let (landing, _, _) = at.ask(&Client::described(id, &uri), &[]).await?;
    if landing.back().is_none() && landing.is_turned_down(&control) {
        return Ok(Finding::Held);
    }
    Ok(Finding::violated(
        format!(
            "a client with the redirect URI `{uri}` is not registered, or not redirected to it"
        ),
        format!("it was registered, and a request with it led to {}", landing.describe()),
    ))
}
