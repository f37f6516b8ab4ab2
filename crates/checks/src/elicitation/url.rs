//! client/elicitation#url-mode-elicitation-requests and #safe-url-handling.

use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, brief, check};
use serde_json::json;
use url::{Host, Url};

use super::urls;
use crate::logging::contact_argument;
use crate::mrtr::concluded;
use crate::mrtr::flow::{Kind, Round, askers_for};

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
    /// **Observed:** what asks in URL mode is called by a client with a made-up name, and where it takes contact data
    /// (an argument named email, mail, phone or contact) with made-up ones: the URL holds neither, nor user name and
    /// password.
    ///
    /// **Why:** URLs end up in histories, logs and referrer headers.
    ///
    /// **Fix:** put a random handle into the URL, and keep the data on the server.
    pub(crate) NO_SENSITIVE = "elicit.url.no-sensitive";
    scenario: no_sensitive
}

async fn no_sensitive(bench: &Bench) -> Judgement {
    for asker in askers_for(bench, Kind::Url).await {
        let id = bench.fresh_id();
        let mut markers = vec![format!("plumb-client-{id}")];
        let mut called = asker.clone();
        if let Some(argument) = contact_argument(asker.schema()) {
            let contact = format!("plumb.user.{id}@example.com");
            called = asker.with_argument(&argument, contact.clone());
            markers.push(contact);
        }
        let client = json!({"name": markers[0], "version": "1"});
        let seen = bench.send(called.probe().meta(plumb_wire::meta::CLIENT_INFO, client)).await?;
        let Some(round) = Round::of(&seen) else { continue };
        let sent: Vec<&str> =
            round.inputs.iter().filter_map(|i| i.params["url"].as_str()).collect();
        let told = sent.iter().find(|url| tells(url, &markers));
        let finding =
            Finding::expect(told.is_none(), "a URL that says nothing about the user", || {
                told.map_or_else(String::new, ToString::to_string)
            });
        bench.case(&asker.slug, format!("{:?} called with {markers:?}", asker.name), Ok(finding));
    }
    concluded(bench)
}

fn tells(text: &str, markers: &[String]) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let mut parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    parts.push(text.replace("%40", "@"));
    let marked = parts.iter().any(|p| markers.iter().any(|m| p.contains(m.as_str())));
    marked || !url.username().is_empty() || url.password().is_some()
}
