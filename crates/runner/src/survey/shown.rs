//! Reading what is listed: resources and prompts are made to be read, so every check may look at them.

use futures_util::StreamExt as _;
use plumb_wire::method;
use serde_json::{Value, json};

use super::callable::every_capability;
use crate::channel::Channel;
use crate::props::required_arguments;
use crate::{Observed, Probe, Survey};

/// At most so many resources and so many prompts are read: the first and the last of each list.
const READS: usize = 48;

/// What the resources and what the prompts showed, in the order of their lists.
pub(super) async fn read_each(
    survey: &Survey,
    channel: &Channel,
) -> (Vec<Observed>, Vec<Observed>) {
    let uri = |item: &Value| Some(json!({"uri": item["uri"].as_str()?}));
    let reads = ends(&survey.resources.items).filter_map(|item| uri(&item.value));
    let reads = reads.map(|params| Probe::request(method::RESOURCES_READ, params)).collect();
    let prompt = |item: &Value| {
        Some(json!({"name": item["name"].as_str()?, "arguments": required_arguments(item)}))
    };
    let gets = ends(&survey.prompts.items).filter_map(|item| prompt(&item.value));
    let gets = gets.map(|params| Probe::request(method::PROMPTS_GET, params)).collect();
    tokio::join!(all(channel, reads), all(channel, gets))
}

async fn all(channel: &Channel, probes: Vec<Probe>) -> Vec<Observed> {
    let sent = probes.into_iter().map(|probe| async move {
        channel.survey(&probe.capabilities(every_capability())).await.ok()
    });
    let shown: Vec<Option<Observed>> = futures_util::stream::iter(sent).buffered(4).collect().await;
    shown.into_iter().flatten().collect()
}

/// The first and the last items, so that a fault on a late page shows.
fn ends<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let late = items.len().saturating_sub(READS / 2).max(READS / 2);
    items.iter().take(READS / 2).chain(items.iter().skip(late))
}
