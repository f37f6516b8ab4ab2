//! ext:server-card#alternatives-considered: where a card is not.

use plumb_runner::{Bench, Finding, Judgement, check};
use plumb_wire::card;
use url::Url;

check! {
    /// **Observed:** no description of the server at `/.well-known/mcp-server.json`, `/.well-known/mcp/server-card.json`,
    /// `/.well-known/mcp/server-card` or `/.well-known/mcp.json` alone: where there is one, there is a card at
    /// `ENDPOINT/server-card`, or one that the catalogue leads to.
    ///
    /// **Why:** these places are of proposals that the catalogue superseded: clients look at `/.well-known/ai-catalog.json` and
    /// follow it.
    ///
    /// **Fix:** serve a card at `ENDPOINT/server-card` and a catalogue with its URL; keep the old place while old clients ask.
    pub(super) WELL_KNOWN = "card.place.well-known";
    since: "2025-03-26";
    applies: [Http, Description];
    scenario: well_known
}

async fn well_known(bench: &Bench) -> Judgement {
    let cards = &bench.survey().cards;
    let there = || cards.cards.iter().map(|card| &card.document).chain(&cards.catalogue);
    there().for_each(|document| bench.note(&document.seen));
    for old in &cards.superseded {
        bench.note(&old.seen);
        let expected = format!("a card at {}, or in {}", cards.place, card::CATALOGUE);
        let finding = Finding::expect(!cards.cards.is_empty(), expected, || {
            format!("a description at {}, which is superseded, and no card", old.url)
        });
        let slug = Url::parse(&old.url).map(|url| url.path().to_owned()).unwrap_or_default();
        let slug = slug.trim_matches('/').replace(['/', '.'], "-");
        bench.case(slug.trim_matches('-'), format!("the description at {}", old.url), Ok(finding));
    }
    if cards.superseded.is_empty() {
        bench.case("none", "places that were superseded hold nothing", Ok(Finding::Held));
    }
    bench.conclude()
}

check! {
    /// **Observed:** the entry of this server in the catalogue does not lead to the endpoint itself.
    ///
    /// **Why:** GET on the endpoint opens a stream in the revisions that have one: a client that asks for a card there waits.
    ///
    /// **Fix:** serve the card at `ENDPOINT/server-card`.
    pub(super) ENDPOINT = "card.place.endpoint";
    since: "2025-03-26";
    applies: [Http, Catalogue];
    scenario: endpoint
}

async fn endpoint(bench: &Bench) -> Judgement {
    let cards = &bench.survey().cards;
    let plain =
        |url: &str| Url::parse(url).map(|u| u.as_str().trim_end_matches('/').to_owned()).ok();
    let own = bench.url().and_then(plain);
    let urls = cards.entries().filter_map(|entry| entry["url"].as_str());
    for (n, url) in urls.enumerate() {
        cards.catalogue.iter().for_each(|catalogue| bench.note(&catalogue.seen));
        let elsewhere = own.is_none() || plain(url) != own;
        let finding =
            Finding::expect(elsewhere, "a URL other than the endpoint", || url.to_owned());
        bench.case(
            &format!("entry-{}", n + 1),
            format!("the entry that leads to {url}"),
            Ok(finding),
        );
    }
    bench.conclude()
}
