//! ext:server-card#ai-catalog: the catalogue at its well-known place, and the entries of this server in it.

use plumb_runner::{Bench, Finding, Judgement, Probe, brief, check};
use plumb_wire::card;
use serde_json::Value;
use url::Url;

check! {
    /// **Observed:** the catalogue at `/.well-known/ai-catalog.json` comes with the media type `application/ai-catalog+json`.
    ///
    /// **Why:** the type tells a catalogue from any other JSON that a host serves.
    ///
    /// **Fix:** set `Content-Type: application/ai-catalog+json`; servers of files need a rule for that one file.
    pub(super) MEDIA_TYPE = "card.catalog.media-type";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: media_type
}

async fn media_type(bench: &Bench) -> Judgement {
    if let Some(document) = &bench.survey().cards.catalogue {
        bench.note(&document.seen);
        let came = document.seen.exchange.answer.media_type();
        let expected = format!("media type {}", card::CATALOGUE_MEDIA_TYPE);
        let fits = came.as_deref() == Some(card::CATALOGUE_MEDIA_TYPE);
        let finding = Finding::expect(fits, expected, || came.unwrap_or_else(|| "none".to_owned()));
        bench.case("catalogue", format!("the catalogue at {}", document.url), Ok(finding));
    }
    bench.conclude()
}

/// Judges each entry of this server.
fn each_entry(bench: &Bench, judge: impl Fn(&Value) -> Finding) -> Judgement {
    let cards = &bench.survey().cards;
    for (n, entry) in cards.entries().enumerate() {
        cards.catalogue.iter().for_each(|catalogue| bench.note(&catalogue.seen));
        bench.case(
            &format!("entry-{}", n + 1),
            format!("the entry {}", brief(entry)),
            Ok(judge(entry)),
        );
    }
    bench.conclude()
}

check! {
    /// **Observed:** the entry of this server in the catalogue has an `identifier`, a string.
    ///
    /// **Why:** by it a client knows the server again when its card moves.
    ///
    /// **Fix:** add one; `urn:air:DOMAIN:mcp:NAME` is the form of the catalogue's own specification.
    pub(super) IDENTIFIER = "card.entry.identifier";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: identifier
}

async fn identifier(bench: &Bench) -> Judgement {
    each_entry(bench, |entry| {
        let identifier = entry["identifier"].as_str().is_some_and(|id| !id.is_empty());
        Finding::expect(identifier, "`identifier` is a string", || brief(entry))
    })
}

check! {
    /// **Observed:** the entry that leads to the card of this server has the type `application/mcp-server-card+json`, letter by
    /// letter.
    ///
    /// **Why:** clients pick the entries of this type; another one is passed over.
    ///
    /// **Fix:** write the type as it stands in the text.
    pub(super) TYPE = "card.entry.type";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: of_type
}

async fn of_type(bench: &Bench) -> Judgement {
    each_entry(bench, |entry| {
        let expected = format!("`type` is {}", card::MEDIA_TYPE);
        Finding::expect(entry["type"] == card::MEDIA_TYPE, expected, || brief(&entry["type"]))
    })
}

check! {
    /// **Observed:** the entry of this server has either `url`, a string, or `data`, an object, and not both.
    ///
    /// **Why:** with both, nobody knows which of two cards counts.
    ///
    /// **Fix:** leave one of them out.
    pub(super) URL_OR_DATA = "card.entry.url-or-data";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: url_or_data
}

async fn url_or_data(bench: &Bench) -> Judgement {
    each_entry(bench, |entry| {
        let one = match (entry.get("url"), entry.get("data")) {
            (Some(url), None) => url.is_string(),
            (None, Some(data)) => data.is_object(),
            _ => false,
        };
        Finding::expect(one, "`url` or `data`, one of them", || brief(entry))
    })
}

check! {
    /// **Observed:** the URL of this server's entry, if it is at the origin of the server, leads to a JSON object: HTTP 200
    /// without a token.
    ///
    /// **Why:** clients guess no places: a URL that leads nowhere hides the server.
    ///
    /// **Fix:** build the URL from the one under which clients reach the server, and serve the card there.
    pub(super) RETRIEVABLE = "card.entry.retrievable";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: retrievable
}

async fn retrievable(bench: &Bench) -> Judgement {
    let cards = &bench.survey().cards;
    let origin = |url: &str| Url::parse(url).map(|url| url.origin()).ok();
    let own = bench.url().and_then(origin);
    let mut any = false;
    for (n, entry) in cards.entries().enumerate() {
        let Some(url) = entry["url"].as_str().filter(|url| origin(url) == own) else { continue };
        any = true;
        let seen = bench.fetch_by(url, Probe::bodiless("GET").header("Accept", card::MEDIA_TYPE));
        let finding = seen.await.map(|seen| {
            let object =
                serde_json::from_str::<Value>(&seen.body_text()).is_ok_and(|v| v.is_object());
            let there = seen.status() == Some(200) && object;
            Finding::expect(there, format!("a card at {url}"), || seen.describe())
        });
        bench.case(&format!("entry-{}", n + 1), url, finding);
    }
    if any { bench.conclude() } else { Ok(elsewhere()) }
}

fn elsewhere() -> Finding {
    Finding::unseen(
        "no entry of this server leads to its origin",
        "serve the card at ENDPOINT/server-card, and name that URL",
    )
}
