//! A list between its pages.

use plumb_model::pack::Base;
use plumb_runner::{Finding, Judgement, Observed, Probe, Trouble};
use serde_json::Value;

use super::interrupter::{Interrupter, Trail};
use crate::listing;

/// The second page of a list.
pub(super) struct Page {
    next: Probe,
    /// What is on it.
    items: Vec<Value>,
}

/// Reads the first page, and the second where the first came from.
pub(super) async fn begin(
    interrupter: &Interrupter<'_>,
    trail: &Trail,
    base: Base,
) -> Result<Page, Trouble> {
    let no_list = || Trouble::Setup(format!("the target offers no {}", base.name()));
    let probe = interrupter.bench().base(base).ok_or_else(no_list)?;
    let first = interrupter.control(trail, probe.clone()).await?;
    let cursor = first.result().and_then(|r| r.get("nextCursor")).and_then(Value::as_str);
    let Some(cursor) = cursor else {
        return Err(Trouble::Absent {
            why: format!("{} has one page", base.name()),
            how_to_enable: "let the list have more than one page".into(),
        });
    };
    let next = probe.param("cursor", cursor);
    let second = interrupter.control(trail, next.clone()).await?;
    Ok(Page { next, items: items(&second) })
}

impl Page {
    pub(super) async fn go_on(&self, interrupter: &Interrupter<'_>, trail: &Trail) -> Judgement {
        let seen = interrupter.send(trail, self.next.clone()).await?;
        let same = seen.is_accepted() && items(&seen) == self.items;
        // A list may change by itself: then the page is another one for everybody.
        if !same && seen.is_accepted() {
            let now = interrupter.bench().control(self.next.clone()).await?;
            if items(&now) != self.items {
                return Err(Trouble::Setup("the list changed by itself in the meantime".into()));
            }
        }
        Ok(Finding::expect(same, "the second page, as it was before", || seen.describe()))
    }
}

/// The names of what a page lists, in order.
fn items(seen: &Observed) -> Vec<Value> {
    let Some((items, name)) = seen.result().and_then(listing::items) else { return Vec::new() };
    items.iter().map(|item| item[name].clone()).collect()
}
