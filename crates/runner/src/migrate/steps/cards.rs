//! What the server publishes about itself beside the protocol: places that were superseded, and cards that will be wrong.

use plumb_wire::card;
use plumb_wire::http::Client;
use serde_json::Value;

use super::super::ask::Ask;
use super::Visit;
use crate::Observed;
use crate::survey::cards::{is_description, remotes_at};

const OF_CARDS: [&str; 2] = ["migrate.card.superseded", "migrate.card.versions"];

/// A place where nothing is: what a server answers there, it answers anywhere.
const NOWHERE: &str = "/.well-known/plumb-no-such-document";

impl Visit<'_> {
    /// Each of them.
    pub(super) async fn cards(&self) {
        let Some(endpoint) = self.way.client().map(Client::endpoint) else {
            return self.ground.findings.unseen_all(&OF_CARDS, "it is of HTTP alone");
        };
        self.superseded().await;
        self.versions(&endpoint.to_string(), endpoint.target()).await;
    }

    async fn superseded(&self) {
        let findings = &self.ground.findings;
        let id = OF_CARDS[0];
        let nowhere = self.published(id, NOWHERE).await.map(|(_, value)| value);
        for place in card::SUPERSEDED {
            let there = self.published(id, place).await;
            let there =
                there.filter(|(_, value)| is_description(value) && nowhere.as_ref() != Some(value));
            if let Some((seen, _)) = there {
                return findings.found(id, format!("a description is at {place}"), &[seen.seq()]);
            }
        }
        findings.absent(id, "no place that was superseded holds a description", &[]);
    }

    async fn versions(&self, url: &str, target: &str) {
        let findings = &self.ground.findings;
        let id = OF_CARDS[1];
        let place = card::place(target);
        let Some((seen, card)) = self.published(id, &place).await else {
            return findings.absent(id, format!("there is no Server Card at {place}"), &[]);
        };
        let lists =
            remotes_at(&card, url).filter_map(|r| r["supportedProtocolVersions"].as_array());
        let versions: Vec<&str> = lists.flatten().filter_map(Value::as_str).collect();
        if versions.is_empty() {
            return findings.absent(
                id,
                "the Server Card names no versions for this URL",
                &[seen.seq()],
            );
        }
        let newest = self.ground.edition.revision.as_str();
        let told = format!("{place} names {}", versions.join(", "));
        findings.told(id, !versions.contains(&newest), told, &[seen.seq()]);
    }

    /// The JSON object at a path, without any credential.
    async fn published(&self, by: &'static str, path: &str) -> Option<(Observed, Value)> {
        let ask = Ask::verb(by, "GET").at(path).header("Accept", "application/json");
        let seen = self.main.send(&ask.without("Authorization").alone()).await?;
        let value: Value = serde_json::from_str(&seen.body_text()).ok()?;
        (seen.status() == Some(200) && value.is_object()).then_some((seen, value))
    }
}
