//! What the target publishes about itself beside the protocol: Server Cards, and the catalogue that leads to them.

use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_wire::card;
use plumb_wire::http::Endpoint;
use serde_json::Value;
use url::Url;

use crate::channel::Channel;
use crate::{Observed, Probe};

/// A place where nothing is: what a server answers there, it answers anywhere.
const NOWHERE: &str = "/plumb-no-such-document";

/// At most so many entries of a catalogue are followed.
const ENTRIES: usize = 8;

/// So long a document may take: whatever serves one serves it at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many documents are fetched at once.
const AT_ONCE: usize = 3;

/// What the target publishes about itself.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    /// The catalogue at its well-known place.
    pub catalogue: Option<Document>,
    /// The cards of this target.
    pub cards: Vec<Card>,
    /// Descriptions at places that the catalogue superseded.
    pub superseded: Vec<Document>,
    /// The URL that is reserved for its card; empty where nothing was looked for.
    pub place: String,
}

/// A JSON object at some URL.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it is.
    pub url: String,
    /// How it came.
    pub seen: Observed,
    /// What it says.
    pub value: Value,
}

/// A card of the target.
#[derive(Clone, Debug)]
pub struct Card {
    /// Which it is, in the addresses of cases.
    pub slug: String,
    /// The card. Of one that stands in a catalogue, how that came.
    pub document: Document,
    /// Whether it has a URL of its own.
    pub is_hosted: bool,
}

impl Cards {
    /// Whether there is anything of it.
    pub fn is_empty(&self) -> bool {
        self.catalogue.is_none() && self.cards.is_empty() && self.superseded.is_empty()
    }

    /// The entries of the catalogue that are of this target: others of its domain may have theirs beside them.
    pub fn entries(&self) -> impl Iterator<Item = &Value> {
        self.all_entries().filter(|entry| {
            let inline = self.cards.iter().filter(|card| !card.is_hosted);
            let url = entry["url"].as_str();
            let leads = |card: &Card| card.is_hosted && url == Some(card.document.url.as_str());
            url == Some(self.place.as_str())
                || self.cards.iter().any(leads)
                || inline.into_iter().any(|card| entry["data"] == card.document.value)
                || self.is_the_only_one(entry)
        })
    }

    /// Whether an entry is the one of a Server Card in its catalogue, and leads to the host of the target, or to the path of its
    /// card elsewhere: behind a proxy a server may name itself by another address.
    fn is_the_only_one(&self, entry: &Value) -> bool {
        let of_cards = self.all_entries().filter(|entry| entry["type"] == card::MEDIA_TYPE);
        let url = entry["url"].as_str().and_then(|url| Url::parse(url).ok());
        let Some((url, own)) = url.zip(Url::parse(&self.place).ok()) else { return false };
        let here = url.host() == own.host() || url.path() == own.path();
        here && entry["type"] == card::MEDIA_TYPE && of_cards.count() == 1
    }

    fn all_entries(&self) -> impl Iterator<Item = &Value> {
        let entries = self.catalogue.as_ref().and_then(|c| c.value["entries"].as_array());
        entries.into_iter().flatten()
    }
}

/// Looks for what the target publishes. Every exchange is recorded under the name `survey`.
pub(super) async fn look(channel: &Channel) -> Cards {
    let Some(endpoint) = channel.endpoint().cloned() else { return Cards::default() };
    let origin = endpoint.origin();
    let reserved = format!("{origin}{}", card::place(endpoint.target()));
    let catalogue = format!("{origin}{}", card::CATALOGUE);
    let mut wanted = vec![(reserved.clone(), card::MEDIA_TYPE)];
    wanted.push((catalogue.clone(), card::CATALOGUE_MEDIA_TYPE));
    wanted.extend(card::SUPERSEDED.map(|place| (format!("{origin}{place}"), "application/json")));
    let nowhere = [format!("{reserved}{NOWHERE}"), format!("{origin}/.well-known{NOWHERE}")];
    wanted.extend(nowhere.map(|place| (place, "application/json")));
    let mut found = fetched(channel, wanted).await;
    let nowhere = found.split_off(found.len().saturating_sub(2));
    // What comes from everywhere is no document of this place.
    let is_own = |document: &Document| {
        nowhere.iter().flatten().all(|other| other.seen.body_text() != document.seen.body_text())
    };
    let mut found = found.into_iter();
    let mut cards = Cards { place: reserved, ..Cards::default() };
    if let Some(at) = found.next().flatten().filter(|at| is_card(at) && is_own(at)) {
        cards.cards.push(Card { slug: "reserved".into(), document: at, is_hosted: true });
    }
    cards.catalogue = found.next().flatten().filter(|at| at.value["entries"].is_array());
    cards.superseded =
        found.flatten().filter(|at| is_description(&at.value) && is_own(at)).collect();
    follow(&mut cards, channel, &endpoint).await;
    cards
}

/// Follows the entries of the catalogue to the cards that are of this target.
async fn follow(cards: &mut Cards, channel: &Channel, endpoint: &Endpoint) {
    let Some(catalogue) = cards.catalogue.clone() else { return };
    let entries: Vec<Value> = cards.all_entries().take(ENTRIES).cloned().collect();
    let is_known = |url: &str| cards.cards.iter().any(|card| card.document.url == url);
    let urls = entries.iter().filter(|entry| entry["type"] == card::MEDIA_TYPE);
    let urls = urls.filter_map(|entry| entry["url"].as_str()).filter(|url| !is_known(url));
    let urls: Vec<_> = urls.map(|url| (url.to_owned(), card::MEDIA_TYPE)).collect();
    let hosted = fetched(channel, urls).await.into_iter().flatten();
    let hosted = hosted.filter(is_card).map(|document| (document, true));
    let inline = entries.iter().filter(|entry| entry["type"] == card::MEDIA_TYPE);
    let inline = inline.filter_map(|entry| entry.get("data")).filter(|data| data.is_object());
    let inline = inline.map(|data| (Document { value: data.clone(), ..catalogue.clone() }, false));
    let all: Vec<_> = hosted.chain(inline).collect();
    let ours = all.into_iter().filter(|(document, _)| names(&document.value, endpoint));
    for (n, (document, is_hosted)) in ours.enumerate() {
        let slug = format!("{}-{}", if is_hosted { "entry" } else { "inline" }, n + 1);
        cards.cards.push(Card { slug, document, is_hosted });
    }
}

/// The JSON objects that are served at these URLs with status 200; `None` for each that is not.
async fn fetched(channel: &Channel, wanted: Vec<(String, &'static str)>) -> Vec<Option<Document>> {
    let documents = wanted.into_iter().map(|(url, accept)| async move {
        let (elsewhere, target) = channel.towards(&url).ok()?;
        let probe = Probe::bodiless("GET").at_path(target).without_token().patience(PATIENCE);
        let probe = probe.outside().header("Accept", accept);
        let seen = elsewhere.as_ref().unwrap_or(channel).send("survey", &probe).await.ok()?;
        let value: Value = serde_json::from_str(&seen.body_text()).ok()?;
        let there = seen.status() == Some(200) && value.is_object();
        there.then_some(Document { url, seen, value })
    });
    futures_util::stream::iter(documents).buffered(AT_ONCE).collect().await
}

/// Whether a document is meant as a card: by its media type, its schema, or by members that a card has.
fn is_card(document: &Document) -> bool {
    let media_type = document.seen.exchange.answer.media_type();
    let says = |member: &str| document.value.get(member).is_some();
    media_type.as_deref() == Some(card::MEDIA_TYPE)
        || names_its_schema(&document.value)
        || says("name") && says("version") && (says("remotes") || says("description"))
}

fn names_its_schema(value: &Value) -> bool {
    value["$schema"].as_str().is_some_and(|schema| schema.contains("server-card"))
}

/// Whether a document describes a server of this protocol, in whatever form circulated.
pub(crate) fn is_description(value: &Value) -> bool {
    let members = ["$schema", "serverInfo", "mcp_version", "mcpVersion", "protocolVersion"];
    let lists = ["servers", "remotes", "endpoint", "endpoints", "transport", "capabilities"];
    let named = ["name", "version"].iter().all(|member| value.get(member).is_some());
    named || members.iter().chain(&lists).any(|member| value.get(member).is_some())
}

/// Whether a remote of a card is the endpoint.
fn names(value: &Value, endpoint: &Endpoint) -> bool {
    remotes_at(value, &endpoint.to_string()).next().is_some()
}

/// The remotes of a card whose URL is this one, but for upper case of the host and a slash at the end.
pub fn remotes_at<'a>(value: &'a Value, endpoint: &str) -> impl Iterator<Item = &'a Value> {
    let plain = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url.as_str().trim_end_matches('/').to_owned())
    };
    let own = plain(endpoint);
    let remotes = value["remotes"].as_array().into_iter().flatten();
    remotes.filter(move |remote| own.is_some() && remote["url"].as_str().and_then(plain) == own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_remote_is_the_endpoint_whatever_the_case_of_its_host_and_a_slash_at_its_end() {
        let card = json!({"remotes": [{"url": "https://Example.com/mcp/"}, {"url": "{base}/mcp"}]});
        assert_eq!(remotes_at(&card, "https://example.com/mcp?key=1").count(), 1);
        assert_eq!(remotes_at(&card, "https://example.com/other").count(), 0);
        assert_eq!(remotes_at(&json!({}), "https://example.com/mcp").count(), 0);
    }
}
