//! Server Cards (SEP-2127, experimental) and the catalogue that leads to them: judged where the target publishes them.

mod catalogue;
mod consistent;
mod form;
mod hosting;
mod places;
mod public;

use plumb_runner::survey::Card;
use plumb_runner::{Bench, Check, Finding, Judgement};

pub(crate) const CHECKS: &[&Check] = &[
    &catalogue::MEDIA_TYPE,
    &catalogue::IDENTIFIER,
    &catalogue::TYPE,
    &catalogue::URL_OR_DATA,
    &catalogue::RETRIEVABLE,
    &form::MEDIA_TYPE,
    &form::SCHEMA,
    &form::VERSION_RANGE,
    &form::NO_PRIMITIVES,
    &consistent::NAME,
    &consistent::VERSION,
    &consistent::PROTOCOL,
    &consistent::TRANSPORT,
    &consistent::TITLE,
    &places::WELL_KNOWN,
    &places::ENDPOINT,
    &public::CREDENTIALS,
    &public::TOPOLOGY,
    &hosting::CORS,
    &hosting::EXPOSE,
    &hosting::PREFLIGHT,
    &hosting::CACHE_CONTROL,
    &hosting::ETAG,
    &hosting::NOT_MODIFIED,
    &hosting::HTTPS,
];

/// Judges each card of the target, by what is known of it.
fn each_card(bench: &Bench, judge: impl Fn(&Card) -> Finding) -> Judgement {
    for card in &bench.survey().cards.cards {
        bench.note(&card.document.seen);
        bench.case(&card.slug, title(card), Ok(judge(card)));
    }
    bench.conclude()
}

/// Judges each card that has a URL of its own by how it was served.
fn each_hosted(bench: &Bench, judge: impl Fn(&Card) -> Finding) -> Judgement {
    let hosted: Vec<&Card> = hosted(bench).collect();
    for card in &hosted {
        bench.note(&card.document.seen);
        bench.case(&card.slug, title(card), Ok(judge(card)));
    }
    if hosted.is_empty() { Ok(unhosted()) } else { bench.conclude() }
}

fn hosted(bench: &Bench) -> impl Iterator<Item = &Card> {
    bench.survey().cards.cards.iter().filter(|card| card.is_hosted)
}

/// A card within the catalogue is served with that.
fn unhosted() -> Finding {
    Finding::unseen(
        "the card stands in the catalogue and has no URL of its own",
        "serve it at ENDPOINT/server-card",
    )
}

fn title(card: &Card) -> String {
    let place = if card.is_hosted { "the card at" } else { "the card within" };
    format!("{place} {}", card.document.url)
}
