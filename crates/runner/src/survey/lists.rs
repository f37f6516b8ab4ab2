//! Reading the four lists, page by page.

use std::collections::BTreeSet;

use plumb_wire::{Capability, method};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::listing::{Item, Listing};
use crate::channel::Channel;
use crate::{Probe, Survey};

/// More pages than this are not read: a list without end is judged by the checks on pagination.
const PAGES: usize = 500;

/// Nor are pages that take more memory than this together, bytes.
const WEIGHT: usize = 8 << 20;

pub(super) async fn read(survey: &mut Survey, channel: &Channel, until: Instant) {
    let list = |feature: Capability, method: &'static str, key: &'static str| {
        let wanted = survey.declares(feature);
        async move { if wanted { pages(channel, method, key, until).await } else { Listing::default() } }
    };
    let (tools, resources, templates, prompts) = tokio::join!(
        list(Capability::Tools, method::TOOLS_LIST, "tools"),
        list(Capability::Resources, method::RESOURCES_LIST, "resources"),
        list(Capability::Resources, method::TEMPLATES_LIST, "resourceTemplates"),
        list(Capability::Prompts, method::PROMPTS_LIST, "prompts"),
    );
    survey.tools = tools;
    survey.resources = resources;
    survey.templates = templates;
    survey.prompts = prompts;
}

pub(super) async fn pages(channel: &Channel, method: &str, key: &str, until: Instant) -> Listing {
    first_pages(channel, method, key, (PAGES, until), |probe| probe).await
}

/// The first pages of a list, as many as are read and as long as there is time, each asked for by a probe that is dressed first.
pub(super) async fn first_pages(
    channel: &Channel,
    method: &str,
    key: &str,
    (most, until): (usize, Instant),
    dress: impl Fn(Probe) -> Probe,
) -> Listing {
    let mut listing = Listing::default();
    let mut seen = BTreeSet::new();
    let mut params = json!({});
    let mut weight = 0;
    while listing.pages.len() < most && weight < WEIGHT {
        let probe = dress(Probe::request(method, params));
        let Ok(Ok(page)) = timeout_at(until, channel.survey(&probe)).await else { break };
        let Some(result) = page.result() else {
            listing.pages.push(page);
            break;
        };
        let items = result.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let cursor = result.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        let seq = page.seq();
        weight += page.weight();
        listing.items.extend(items.into_iter().map(|value| Item { value, seq }));
        listing.pages.push(page);
        let Some(cursor) = cursor else {
            listing.complete = true;
            break;
        };
        if !seen.insert(cursor.clone()) {
            break;
        }
        params = json!({"cursor": cursor});
    }
    listing
}
