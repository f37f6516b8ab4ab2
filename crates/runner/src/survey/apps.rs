//! MCP Apps: the tools and resources with a user interface, as a client sees them that can show one.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use plumb_wire::{Capability, apps, method};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::listing::Item;
use super::lists;
use crate::channel::Channel;
use crate::{Observed, Probe, Survey};

/// At most so many pages of tools are read once more.
const PAGES: usize = 8;

/// At most so many interfaces are read.
const READS: usize = 16;

/// So many are read at once.
const AT_ONCE: usize = 4;

/// What has a user interface.
#[derive(Clone, Debug, Default)]
pub struct Apps {
    /// The tools that say something of an interface, as they are listed to a client that can show one.
    pub tools: Vec<Item>,
    /// The listed resources that are interfaces: those that tools name, and those of the media type.
    pub resources: Vec<Item>,
    /// What reading each interface showed, by its URI.
    pub reads: Vec<(String, Observed)>,
}

impl Apps {
    /// Whether there is anything of it.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.resources.is_empty()
    }

    /// The tools that name an interface, each with its URI.
    pub fn linked(&self) -> impl Iterator<Item = (&Item, &Value)> {
        self.tools.iter().filter_map(|tool| Some((tool, apps::interface(&tool.value)?)))
    }
}

/// Looks for tools and resources with an interface. Every exchange is recorded under the name `survey`. In revisions with a
/// handshake the session has declared that interfaces are shown.
pub(super) async fn look(survey: &Survey, channel: &Channel, until: Instant) -> Apps {
    let mut found = Apps::default();
    let says = |item: &Item| {
        apps::of_tool(&item.value).is_some() || apps::interface(&item.value).is_some()
    };
    found.tools = if channel.edition().has_handshake() || !survey.declares(Capability::Tools) {
        survey.tools.items.iter().filter(|item| says(item)).cloned().collect()
    } else {
        let shows = |probe: Probe| probe.capabilities(apps::declared(json!({})));
        let tools = lists::first_pages(channel, method::TOOLS_LIST, "tools", (PAGES, until), shows);
        tools.await.items.into_iter().filter(says).collect()
    };
    let named: BTreeSet<String> =
        found.linked().filter_map(|(_, uri)| uri.as_str()).map(str::to_owned).collect();
    let is_interface = |item: &&Item| {
        let uri = item.value["uri"].as_str().unwrap_or_default();
        let typed = item.value["mimeType"].as_str().is_some_and(apps::is_media_type);
        named.contains(uri) || typed
    };
    found.resources = survey.resources.items.iter().filter(is_interface).cloned().collect();
    let listed = found.resources.iter().filter_map(|item| item.value["uri"].as_str());
    let all: BTreeSet<&str> = named.iter().map(String::as_str).chain(listed).collect();
    let reads = all.into_iter().take(READS).map(|uri| async move {
        let probe = Probe::request(method::RESOURCES_READ, json!({"uri": uri}));
        let probe = probe.capabilities(apps::declared(json!({})));
        Some((uri.to_owned(), channel.survey(&probe).await.ok()?))
    });
    let reads = futures_util::stream::iter(reads).buffered(AT_ONCE);
    found.reads = reads.filter_map(|read| async move { read }).collect().await;
    found
}
