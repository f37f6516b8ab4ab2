//! ext:server-card#cors-requirements, #caching and #transport-security: how a card is served.

use plumb_runner::survey::Card;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use plumb_wire::card;
use url::{Host, Url};

use super::{each_hosted, hosted, title, unhosted};

/// A site that the server has never heard of.
const STRANGER: &str = "https://plumb.invalid";

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";
const EXPOSE_HEADERS: &str = "Access-Control-Expose-Headers";

/// A request for a card.
fn get() -> Probe {
    Probe::bodiless("GET").header("Accept", card::MEDIA_TYPE)
}

/// A card as a page of another site gets it.
async fn by_stranger(bench: &Bench, card: &Card) -> Result<Observed, Trouble> {
    bench.fetch_by(&card.document.url, get().header("Origin", STRANGER)).await
}

/// Whether a server on loopback turns strangers away altogether, as it must where pages of the web could reach it.
fn is_guarded(bench: &Bench, seen: &Observed) -> bool {
    bench.survey().local && seen.status() == Some(403)
}

fn guarded() -> Finding {
    Finding::unseen(
        "on loopback the server turns requests with a foreign Origin away",
        "judge the server as it is deployed",
    )
}

/// Whether all origins may read an answer, or the stranger may.
fn is_open(seen: &Observed) -> bool {
    seen.header(ALLOW_ORIGIN).any(|origin| origin == "*" || origin == STRANGER)
}

/// Whether a list of names in header fields has one, or all.
fn has(seen: &Observed, field: &str, name: &str) -> bool {
    let names = seen.header(field).flat_map(|value| value.split(','));
    names.map(str::trim).any(|listed| listed == "*" || listed.eq_ignore_ascii_case(name))
}

fn shown(seen: &Observed, field: &str) -> String {
    let values = seen.header(field).collect::<Vec<_>>().join(", ");
    let status = seen.status().map_or_else(|| "no status".to_owned(), |s| format!("HTTP {s}"));
    if values.is_empty() {
        format!("{status} without {field}")
    } else {
        format!("{status}, {field}: {values}")
    }
}

check! {
    /// **Observed:** each card with a URL of its own, fetched with a foreign `Origin`, comes with `Access-Control-Allow-Origin`,
    /// either `*` or that origin. **Position:** a server on loopback that turns foreign origins away with 403 is judged by what it
    /// sends without one.
    ///
    /// **Why:** without it no client in a browser can read the card; nothing in it is secret.
    ///
    /// **Fix:** send `Access-Control-Allow-Origin: *` with the card, and let its path be without the check of origins.
    pub(super) CORS = "card.cors";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: cors
}

async fn cors(bench: &Bench) -> Judgement {
    let cards: Vec<&Card> = hosted(bench).collect();
    for card in &cards {
        let judgement = by_stranger(bench, card).await.map(|seen| {
            let plain = &card.document.seen;
            let seen = if is_guarded(bench, &seen) { plain } else { &seen };
            let open = seen.status() == Some(200) && is_open(seen);
            Finding::expect(open, format!("{ALLOW_ORIGIN}: *"), || shown(seen, ALLOW_ORIGIN))
        });
        bench.note(&card.document.seen);
        bench.case(&card.slug, title(card), judgement);
    }
    if cards.is_empty() { Ok(unhosted()) } else { bench.conclude() }
}

check! {
    /// **Observed:** a card that comes with an `ETag`, fetched with a foreign `Origin`, comes with
    /// `Access-Control-Expose-Headers` that has `ETag`.
    ///
    /// **Why:** a browser hides the tag from the page otherwise, and the card is fetched whole each time.
    ///
    /// **Fix:** add `Access-Control-Expose-Headers: ETag`.
    pub(super) EXPOSE = "card.cors.expose";
    fact: "card.cors";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: expose
}

async fn expose(bench: &Bench) -> Judgement {
    let tagged: Vec<&Card> = tagged(bench).collect();
    for card in &tagged {
        let judgement = by_stranger(bench, card).await.map(|seen| {
            if is_guarded(bench, &seen) {
                return guarded();
            }
            let fits = has(&seen, EXPOSE_HEADERS, "ETag");
            Finding::expect(fits, format!("{EXPOSE_HEADERS}: ETag"), || {
                shown(&seen, EXPOSE_HEADERS)
            })
        });
        bench.case(&card.slug, title(card), judgement);
    }
    if tagged.is_empty() { Ok(untagged()) } else { bench.conclude() }
}

check! {
    /// **Observed:** for a card that comes with an `ETag`, a preflight (`OPTIONS` with a foreign `Origin`,
    /// `Access-Control-Request-Method: GET` and `Access-Control-Request-Headers: if-none-match`) is granted: 2xx,
    /// `Access-Control-Allow-Origin` and `Access-Control-Allow-Headers` with `If-None-Match`.
    ///
    /// **Why:** a browser asks so before a page may revalidate a card.
    ///
    /// **Fix:** answer `OPTIONS` with `Access-Control-Allow-Headers: Content-Type, If-None-Match`.
    pub(super) PREFLIGHT = "card.cors.preflight";
    fact: "card.cors";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: preflight
}

async fn preflight(bench: &Bench) -> Judgement {
    let tagged: Vec<&Card> = tagged(bench).collect();
    for card in &tagged {
        let probe = Probe::bodiless("OPTIONS")
            .header("Origin", STRANGER)
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "if-none-match");
        let judgement = bench.fetch_by(&card.document.url, probe).await.map(|seen| {
            if is_guarded(bench, &seen) {
                return guarded();
            }
            let granted = seen.status().is_some_and(|status| (200..300).contains(&status));
            let fits = granted && is_open(&seen) && has(&seen, ALLOW_HEADERS, "If-None-Match");
            let expected = format!("2xx with {ALLOW_HEADERS}: If-None-Match");
            Finding::expect(fits, expected, || shown(&seen, ALLOW_HEADERS))
        });
        bench.case(&card.slug, title(card), judgement);
    }
    if tagged.is_empty() { Ok(untagged()) } else { bench.conclude() }
}

check! {
    /// **Observed:** each card with a URL of its own comes with `Cache-Control`.
    ///
    /// **Why:** without it, every look at the server fetches the card again.
    ///
    /// **Fix:** send `Cache-Control: public, max-age=3600`.
    pub(super) CACHE_CONTROL = "card.cache-control";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: cache_control
}

async fn cache_control(bench: &Bench) -> Judgement {
    each_hosted(bench, |card| sent_with(&card.document.seen, "Cache-Control"))
}

check! {
    /// **Observed:** each card with a URL of its own comes with an `ETag`, of whatever form.
    ///
    /// **Why:** with it, a client learns that nothing has changed without fetching the card.
    ///
    /// **Fix:** send one: a digest of the card will do.
    pub(super) ETAG = "card.etag";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: etag
}

async fn etag(bench: &Bench) -> Judgement {
    each_hosted(bench, |card| sent_with(&card.document.seen, "ETag"))
}

fn sent_with(seen: &Observed, field: &str) -> Finding {
    let there = seen.header(field).any(|value| !value.is_empty());
    Finding::expect(there, format!("the field {field}"), || shown(seen, field))
}

check! {
    /// **Observed:** a card is asked for again with its `ETag`, as it came, in `If-None-Match`: the answer is 304, unless the card
    /// has changed meanwhile. Strong and weak tags are the same here.
    ///
    /// **Why:** a tag that is not honoured saves nobody anything.
    ///
    /// **Fix:** compare the field with the tag, weakly (RFC 9110, section 13.1.2), and answer 304 without a body.
    pub(super) NOT_MODIFIED = "card.not-modified";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: not_modified
}

async fn not_modified(bench: &Bench) -> Judgement {
    let tagged: Vec<&Card> = tagged(bench).collect();
    for card in &tagged {
        let judgement = revalidated(bench, card).await;
        bench.case(&card.slug, title(card), judgement);
    }
    if tagged.is_empty() { Ok(untagged()) } else { bench.conclude() }
}

/// Asks for a card, and again with the tag that it came with.
async fn revalidated(bench: &Bench, card: &Card) -> Judgement {
    let url = &card.document.url;
    let first = bench.fetch_by(url, get()).await?;
    let Some(tag) = first.header("ETag").next().map(str::to_owned) else { return Ok(untagged()) };
    let again = bench.fetch_by(url, get().header("If-None-Match", &tag)).await?;
    let changed = again.status() == Some(200) && again.body_text() != first.body_text();
    if changed {
        return Ok(Finding::unseen("the card changed between two requests", "serve one card"));
    }
    Ok(Finding::expect(
        again.status() == Some(304),
        format!("HTTP 304 for `If-None-Match: {tag}`"),
        || again.describe(),
    ))
}

fn tagged(bench: &Bench) -> impl Iterator<Item = &Card> {
    hosted(bench).filter(|card| card.document.seen.header("ETag").next().is_some())
}

fn untagged() -> Finding {
    Finding::unseen("the card comes without an ETag", "send an `ETag` with the card")
}

check! {
    /// **Observed:** the URLs of the cards, and of the entries of this server in the catalogue, are HTTPS. **Position:** plain http
    /// on loopback stands for a development server.
    ///
    /// **Why:** a card that came over plain HTTP may be anybody's, and leads clients anywhere.
    ///
    /// **Fix:** serve the card over TLS, and name that URL.
    pub(super) HTTPS = "card.https";
    since: "2025-03-26";
    applies: [Http, Description];
    scenario: https
}

async fn https(bench: &Bench) -> Judgement {
    let cards = &bench.survey().cards;
    for card in hosted(bench) {
        bench.note(&card.document.seen);
        bench.case(&card.slug, title(card), Ok(by_tls(&card.document.url)));
    }
    for (n, url) in cards.entries().filter_map(|entry| entry["url"].as_str()).enumerate() {
        cards.catalogue.iter().for_each(|catalogue| bench.note(&catalogue.seen));
        let slug = format!("catalogue-{}", n + 1);
        bench.case(&slug, format!("the entry that leads to {url}"), Ok(by_tls(url)));
    }
    if hosted(bench).next().is_none() && cards.entries().next().is_none() {
        return Ok(unhosted());
    }
    bench.conclude()
}

fn by_tls(url: &str) -> Finding {
    let parsed = Url::parse(url).ok();
    let fits = parsed.as_ref().is_some_and(|url| url.scheme() == "https" || is_loopback(url));
    Finding::expect(fits, "a URL of https", || url.to_owned())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
