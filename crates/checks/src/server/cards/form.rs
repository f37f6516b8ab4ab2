//! ext:server-card#mcp-server-cards: the media type and the form of a card.

use plumb_runner::{Bench, Finding, Judgement, brief, check};
use plumb_wire::{card, schema};

use super::{each_card, each_hosted};

check! {
    /// **Observed:** each card with a URL of its own comes with the media type `application/mcp-server-card+json`.
    ///
    /// **Why:** clients ask for that type, and tell a card from a page by it.
    ///
    /// **Fix:** set `Content-Type: application/mcp-server-card+json`.
    pub(super) MEDIA_TYPE = "card.media-type";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: media_type
}

async fn media_type(bench: &Bench) -> Judgement {
    each_hosted(bench, |card| {
        let came = card.document.seen.exchange.answer.media_type();
        let fits = came.as_deref() == Some(card::MEDIA_TYPE);
        let expected = format!("media type {}", card::MEDIA_TYPE);
        Finding::expect(fits, expected, || came.unwrap_or_else(|| "none".to_owned()))
    })
}

check! {
    /// **Observed:** each card fits the schema of Server Cards (`v1`): the URI of that schema, `name` with one slash, `version`,
    /// `description` of at most 100 characters; and remotes, icons and a repository as the schema has them, where there are any.
    /// Members that the schema does not know are let pass.
    ///
    /// **Why:** a client that reads cards by the schema drops one that does not fit, and with it the server.
    ///
    /// **Fix:** validate the card when it is built.
    pub(super) SCHEMA = "card.schema";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: fits
}

async fn fits(bench: &Bench) -> Judgement {
    each_card(bench, |card| {
        let mismatches = schema::card_mismatches(&card.document.value);
        let told: Vec<String> = mismatches.iter().take(3).map(ToString::to_string).collect();
        Finding::expect(told.is_empty(), "a card that fits the schema", || told.join("; "))
    })
}

check! {
    /// **Observed:** the `version` of each card is no range: it begins with no `^`, `~`, `<` or `>`, and has no part that is
    /// `x` or `*`.
    ///
    /// **Why:** a card is of one server, which is of one version.
    ///
    /// **Fix:** write the version that `serverInfo` tells.
    pub(super) VERSION_RANGE = "card.version-range";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: no_range
}

async fn no_range(bench: &Bench) -> Judgement {
    each_card(bench, |card| match card.document.value["version"].as_str() {
        Some(version) => {
            Finding::expect(!is_range(version), "one version", || format!("{version:?}"))
        }
        None => Finding::unseen("the card has no version", "give it one"),
    })
}

fn is_range(version: &str) -> bool {
    let version = version.trim();
    version.starts_with(['^', '~', '<', '>', '='])
        || version.contains("||")
        || version.split('.').any(|part| ["x", "X", "*"].contains(&part))
}

check! {
    /// **Observed:** no card has a member `tools`, `resources`, `resourceTemplates` or `prompts`.
    ///
    /// **Why:** what a server offers may differ from caller to caller and from day to day: it is listed at run time, and a list
    /// in a card is soon wrong.
    ///
    /// **Fix:** leave the lists out.
    pub(super) NO_PRIMITIVES = "card.no-primitives";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: no_primitives
}

async fn no_primitives(bench: &Bench) -> Judgement {
    each_card(bench, |card| {
        let lists = ["tools", "resources", "resourceTemplates", "prompts"];
        let listed = lists.iter().find_map(|list| Some((list, card.document.value.get(list)?)));
        Finding::expect(listed.is_none(), "no lists of what the server offers", || {
            listed.map(|(list, value)| format!("`{list}`: {}", brief(value))).unwrap_or_default()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_range;

    #[test]
    fn a_version_is_no_range_whatever_its_suffix() {
        for version in ["1.0.2", "2.1.0-alpha", "2026-07-28", "v3", "1.0.0+linux.x64", "latest"] {
            assert!(!is_range(version), "{version}");
        }
        for range in ["^1.2.3", "~1.2.3", ">=1.2.3", "1.x", "1.*", "1.0 || 2.0"] {
            assert!(is_range(range), "{range}");
        }
    }
}
