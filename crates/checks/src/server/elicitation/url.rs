//! client/elicitation#url-mode-elicitation-requests and #safe-url-handling.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use plumb_flows::rounds::concluded;
use plumb_flows::rounds::{InputKind, Round, asking_requests_for};
use plumb_model::Sent;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, brief, check};
use url::{Host, Url};

use super::urls;
use crate::server::logging::contact_argument;

check! {
    /// **Observed:** every elicitation in URL mode has a `message` and a `url`, both strings.
    ///
    /// **Why:** the user has to know why to go there before deciding, and where.
    ///
    /// **Fix:** give both.
    pub(crate) FIELDS = "elicit.url.fields";
    passive: fields
}

fn fields(seen: &Observed, notes: &mut Notes<'_>) {
    for params in urls(seen) {
        let fits = params["message"].is_string() && params["url"].is_string();
        notes.expect(fits, "`message` and `url`, as strings", || brief(params));
    }
}

check! {
    /// **Observed:** the `url` of every elicitation in URL mode is an absolute URL.
    ///
    /// **Why:** the client opens it, and a browser knows no base for it.
    ///
    /// **Fix:** give scheme and host.
    pub(crate) VALID = "elicit.url.valid";
    since: "2025-11-25";
    passive: valid
}

fn valid(seen: &Observed, notes: &mut Notes<'_>) {
    for text in urls(seen).filter_map(|p| p["url"].as_str()) {
        let parsed = Url::parse(text);
        notes.expect(parsed.is_ok(), "an absolute URL", || match &parsed {
            Err(why) => format!("{text:?}: {why}"),
            Ok(_) => text.to_owned(),
        });
    }
}

check! {
    /// **Observed:** the `url` of every elicitation in URL mode is one of https, unless it is on this machine.
    ///
    /// **Why:** what the user enters there is a secret; that is why it is asked for on a page.
    ///
    /// **Fix:** serve the page over TLS.
    pub(crate) HTTPS = "elicit.url.https";
    since: "2025-11-25";
    passive: https
}

fn https(seen: &Observed, notes: &mut Notes<'_>) {
    for url in urls(seen).filter_map(|p| Url::parse(p["url"].as_str()?).ok()) {
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        // Schemes of apps are no web addresses.
        let fits = url.scheme() != "http" || here;
        notes.expect(fits, "an https URL", || url.to_string());
    }
}

check! {
    /// **Observed:** what asks in URL mode and takes contact data (an argument named email, mail, phone or contact) is called
    /// with made-up ones: the URL does not hold them, plain or encoded. Nor does any such URL hold user name and password, the
    /// access token of the request, or a parameter that says that it is a credential or an address of the user's. **Position:** what the client says of itself (`clientInfo`) is no fact about the
    /// user.
    ///
    /// **Why:** URLs end up in histories, logs and referrer headers.
    ///
    /// **Fix:** put a random handle into the URL, and keep the data on the server.
    pub(crate) NO_SENSITIVE = "elicit.url.no-sensitive";
    since: "2025-11-25";
    scenario: no_sensitive
}

async fn no_sensitive(bench: &Bench) -> Judgement {
    for asking in asking_requests_for(bench, InputKind::Url).await {
        let id = bench.fresh_id();
        let mut markers = Vec::new();
        let mut called = asking.clone();
        if let Some(argument) = contact_argument(asking.schema()) {
            let contact = format!("plumb.user.{id}@example.com");
            called = asking.with_argument(&argument, contact.clone());
            markers.push(contact);
        }
        let seen = bench.send(called.probe()).await?;
        let Some(round) = Round::of(&seen) else { continue };
        let planted = !markers.is_empty();
        markers.extend(token(&seen));
        let sent: Vec<&str> =
            round.inputs.iter().filter_map(|i| i.params["url"].as_str()).collect();
        let told = sent.iter().find(|url| tells(url, &markers));
        let finding = match told {
            Some(url) => {
                Finding::violated("a URL that says nothing about the user", (*url).to_owned())
            }
            None if planted => Finding::Held,
            None => Finding::unseen(
                "what asks in URL mode was told nothing about the user",
                "offer a tool that asks in URL mode and takes an argument `email`",
            ),
        };
        bench.case(
            &asking.slug,
            format!("{:?} called by a user who is known", asking.name),
            Ok(finding),
        );
    }
    concluded(bench)
}

/// The access token of a request.
fn token(seen: &Observed) -> Option<String> {
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return None };
    let field = headers.iter().find(|h| h.name.eq_ignore_ascii_case("authorization"))?;
    field.value.split_once(' ').map(|(_, token)| token.to_owned())
}

/// Whether a URL holds one of the markers, as it is or in an encoding that anybody undoes.
fn tells(text: &str, markers: &[String]) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let mut parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    parts.push(text.replace("%40", "@"));
    let split = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '='));
    let encoded: Vec<String> =
        parts.iter().flat_map(|p| p.split(split)).filter_map(decoded).collect();
    parts.extend(encoded);
    let marked = parts.iter().any(|p| markers.iter().any(|m| p.contains(m.as_str())));
    marked || !url.username().is_empty() || url.password().is_some() || names_a_secret(&url)
}

/// Whether a parameter says of itself that it is a credential or the user's address, and has a value.
fn names_a_secret(url: &Url) -> bool {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    url.query_pairs().any(|(name, value)| match plain(&name).as_str() {
        "accesstoken" | "refreshtoken" | "idtoken" | "password" | "passwd" => !value.is_empty(),
        "email" | "useremail" => value.contains('@'),
        _ => false,
    })
}

/// What a part of a URL says in Base64 or hexadecimal digits.
fn decoded(part: &str) -> Option<String> {
    let bare = part.trim_end_matches('=');
    let base64 = || URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare)).ok();
    let hex = || {
        let digit = |at: usize| u8::from_str_radix(bare.get(at..at + 2)?, 16).ok();
        bare.len()
            .is_multiple_of(2)
            .then(|| (0..bare.len()).step_by(2).map(digit).collect::<Option<_>>())?
    };
    let bytes = hex().or_else(base64)?;
    String::from_utf8(bytes).ok().filter(|text| text.len() > 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_in_a_url_is_found_however_it_is_written() {
        let markers = ["plumb.user.1@example.com".to_owned()];
        let base64 = URL_SAFE_NO_PAD.encode(r#"{"mail":"plumb.user.1@example.com"}"#);
        let hex = markers[0].bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        for url in [
            "https://a.example/?to=plumb.user.1@example.com".to_owned(),
            "https://a.example/?to=plumb.user.1%40example.com".to_owned(),
            "https://a.example/connect/plumb.user.1@example.com".to_owned(),
            format!("https://a.example/?state={base64}"),
            format!("https://a.example/c/{base64}/x"),
            format!("https://a.example/?u={hex}"),
            "https://ada:secret@a.example/".to_owned(),
        ] {
            assert!(tells(&url, &markers), "{url}");
        }
        for url in [
            "https://a.example/?request=3f2b8c1e0d5c4c559d5e6f3c2d8e9b10",
            "https://a.example/connect?client=plumb",
            "https://a.example/",
        ] {
            assert!(!tells(url, &markers), "{url}");
        }
    }
}
