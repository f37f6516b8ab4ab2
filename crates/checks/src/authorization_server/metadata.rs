//! What the server publishes about itself.

use plumb_model::End;
use plumb_runner::authorization_server::{
    AuthorizationServer, Place, Visit, is_but_for_a_slash, is_loopback,
};
use plumb_runner::{Finding, Judgement, Trouble, brief, check};
use plumb_wire::jsonrpc::Message;
use serde_json::{Map, Value};

check! {
    /// **Observed:** the places of RFC 8414 and `OpenID` Connect Discovery are fetched. At least one holds a document with
    /// `issuer`, `authorization_endpoint`, `token_endpoint` and `response_types_supported`, and no document names another
    /// issuer than the one that was asked, character by character.
    ///
    /// **Why:** clients learn the endpoints here, and a document of another issuer is how one server poses as another.
    ///
    /// **Fix:** serve the document at `/.well-known/oauth-authorization-server`, with the issuer's path behind it, and put
    /// the issuer into it exactly as resource servers name it.
    pub(crate) METADATA = "auth.as.metadata";
    visit: metadata;
}

check! {
    /// **Observed:** every `OpenID` Connect discovery document lists `S256` in `code_challenge_methods_supported`.
    ///
    /// **Why:** clients must refuse to proceed with a server that does not list it, since that is all they have to know of
    /// PKCE support.
    ///
    /// **Fix:** add `"code_challenge_methods_supported": ["S256"]` to the document.
    pub(crate) OIDC_PKCE_FIELD = "auth.as.oidc-pkce-field";
    visit: oidc_pkce_field;
}

check! {
    /// **Observed:** the issuer and every endpoint in its metadata are HTTPS URLs. A server whose issuer is plain HTTP on
    /// loopback is taken for a test set-up: its endpoints on loopback are not judged.
    ///
    /// **Why:** codes and tokens cross these connections.
    ///
    /// **Fix:** serve all endpoints over TLS and publish them so; behind a proxy, tell the server its public address.
    pub(crate) HTTPS = "auth.as.https";
    visit: https;
}

async fn metadata(at: &Visit) -> Judgement {
    at.note_metadata();
    let server = at.server();
    let issuer = server.issuer();
    let mut whole = false;
    for (place, document) in server.metadata() {
        let told = document.get("issuer");
        if told.and_then(Value::as_str).is_some_and(|told| is_but_for_a_slash(told, issuer)) {
            return Ok(Finding::unseen(
                format!(
                    "the issuer that was given and the one at {} differ by a slash alone",
                    place.url
                ),
                format!(
                    "give the issuer exactly as it is: {}",
                    told.map(brief).unwrap_or_default()
                ),
            ));
        }
        if told.and_then(Value::as_str) != Some(issuer) {
            let told = told.map_or_else(|| "no `issuer`".into(), brief);
            return Ok(Finding::violated(
                format!("GET {}: `issuer` is `{issuer}`", place.url),
                told,
            ));
        }
        whole |= missing(document).is_empty();
    }
    if !whole {
        server.places().iter().try_for_each(unless_unread)?;
    }
    Ok(Finding::expect(
        whole,
        "RFC 8414 or OpenID Connect metadata at one of its well-known places",
        || {
            let places: Vec<String> = server.places().iter().map(describe).collect();
            places.join("; ")
        },
    ))
}

/// What is beyond a bound of ours, or comes too slowly for it, says nothing of the server.
fn unless_unread(place: &Place) -> Result<(), Trouble> {
    let seen = place.seen.as_ref().filter(|_| place.document.is_none());
    let Some(seen) = seen.filter(|seen| matches!(seen.status(), Some(200) | None)) else {
        return Ok(());
    };
    let unread = seen.is_cut()
        || seen.exchange.answer.end == End::TimedOut
        || seen.messages.iter().any(Message::is_too_large);
    if unread {
        return Err(Trouble::Setup(format!(
            "what stands there was not read to its end: {}",
            describe(place)
        )));
    }
    Ok(())
}

fn missing(document: &Map<String, Value>) -> Vec<&'static str> {
    let text = |name: &str| document.get(name).is_some_and(Value::is_string);
    let list = |name: &str| document.get(name).is_some_and(Value::is_array);
    let mut missing: Vec<&str> = ["issuer", "authorization_endpoint", "token_endpoint"]
        .into_iter()
        .filter(|name| !text(name))
        .collect();
    missing.extend(["response_types_supported"].into_iter().filter(|name| !list(name)));
    missing
}

fn describe(place: &Place) -> String {
    let what = match (&place.document, &place.seen) {
        (Some(document), _) => format!("a document without {}", missing(document).join(", ")),
        (None, Some(seen)) => seen.describe(),
        (None, None) => "no answer".into(),
    };
    format!("{}: {what}", place.url)
}

async fn oidc_pkce_field(at: &Visit) -> Judgement {
    at.note_metadata();
    let mut documents = at.server().metadata().filter(|(place, _)| place.openid).peekable();
    if documents.peek().is_none() {
        return Ok(Finding::unseen(
            "no OpenID Connect discovery document is served, and only those who serve one are bound",
            "nothing, if none is meant to be served",
        ));
    }
    for (place, document) in documents {
        let told = document.get("code_challenge_methods_supported");
        if !told.and_then(Value::as_array).is_some_and(|all| all.iter().any(|m| m == "S256")) {
            return Ok(Finding::violated(
                format!("GET {}: `code_challenge_methods_supported` lists `S256`", place.url),
                told.map_or_else(|| "no such member".into(), brief),
            ));
        }
    }
    Ok(Finding::Held)
}

async fn https(at: &Visit) -> Judgement {
    at.note_metadata();
    let server = at.server();
    let set_up = is_set_up(server);
    let mut relaxed = set_up;
    for (name, url) in endpoints(server) {
        if url.starts_with("https://") {
            continue;
        }
        if !(set_up && is_loopback(&url)) {
            return Ok(Finding::violated(format!("`{name}` is an HTTPS URL"), url));
        }
        relaxed = true;
    }
    if relaxed {
        return Ok(Finding::unseen(
            "the server speaks plain HTTP on loopback, as a test set-up may",
            "judge it over TLS: give its HTTPS issuer, and --ca for an authority of your own",
        ));
    }
    Ok(Finding::Held)
}

/// Whether the issuer is plain HTTP on loopback.
fn is_set_up(server: &AuthorizationServer) -> bool {
    server.issuer().starts_with("http://") && is_loopback(server.issuer())
}

fn endpoints(server: &AuthorizationServer) -> Vec<(String, String)> {
    let mut all = vec![("the issuer".to_owned(), server.issuer().to_owned())];
    for (_, document) in server.metadata() {
        let endpoints =
            document.iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
        all.extend(
            endpoints.filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned()))),
        );
    }
    all
}
