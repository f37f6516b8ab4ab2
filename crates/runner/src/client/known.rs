//! What is known of a client once it was heard.

use plumb_model::Edition;
use plumb_wire::{Transport, meta};

use super::received::Received;

/// A client, by its own account in what it sent.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its name and version, if it gave them.
    pub name: Option<String>,
    /// How it reached our server.
    pub transport: Transport,
    /// The revisions that it named, in the order in which it did.
    pub versions: Vec<String>,
    /// How many HTTP requests it sent in each scenario.
    pub requests: Vec<(&'static str, usize)>,
}

impl Client {
    /// Whether it speaks this revision, earlier ones, or both.
    pub(crate) fn era(&self, edition: &Edition) -> &'static str {
        let modern = self.versions.contains(&edition.revision);
        let legacy = self.versions.iter().any(|version| edition.is_earlier(version));
        match (modern, legacy) {
            (true, true) => "dual",
            (false, true) => "legacy",
            (_, false) => "modern",
        }
    }

    /// What it did, a line for each scenario.
    pub(crate) fn notes(&self) -> Vec<String> {
        let requests =
            |n: &usize| if *n == 1 { "1 request".into() } else { format!("{n} requests") };
        self.requests.iter().map(|(name, n)| format!("{name}: {}", requests(n))).collect()
    }

    /// Adds what a client said in one scenario.
    pub(super) fn learn(&mut self, scenario: &'static str, all: &[Received], named: Vec<String>) {
        self.requests.push((scenario, all.len()));
        for version in named {
            if !self.versions.contains(&version) {
                self.versions.push(version);
            }
        }
        let info = || all.iter().find_map(|received| received.meta(meta::CLIENT_INFO));
        if self.name.is_none() {
            self.name = info().and_then(|info| {
                let (name, version) = (info["name"].as_str()?, info["version"].as_str());
                Some(version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
            });
        }
    }
}
