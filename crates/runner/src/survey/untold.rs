//! Tools that change a list, and tell nobody: the list itself is looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use plumb_wire::method;
use tokio::time::Instant;

use super::callable::{Callable, call};
use super::changes::{Heard, of, order, reads_only, wants};
use super::listing::Listing;
use super::lists;
use crate::channel::Channel;
use crate::{Found, Prop, Survey};

/// At most so many tools are called to find out which one it was.
const CALLS: usize = 24;

/// A tool that takes longer is not called to find that out.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A list whose changes can be told, and what names its items.
pub(super) struct Kind {
    prop: Prop,
    method: &'static str,
    key: &'static str,
    name: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind { prop: Prop::ChangeTools, method: method::TOOLS_LIST, key: "tools", name: "name" },
    Kind { prop: Prop::ChangePrompts, method: method::PROMPTS_LIST, key: "prompts", name: "name" },
    Kind {
        prop: Prop::ChangeResources,
        method: method::RESOURCES_LIST,
        key: "resources",
        name: "uri",
    },
];

/// The lists whose changes are declared to be told, and of which nothing was heard although they are not what they were.
pub(super) async fn moved(
    survey: &Survey,
    channel: &Channel,
    (heard, until): (&[Heard], Instant),
) -> Vec<&'static Kind> {
    let mut moved = Vec::new();
    for kind in &KINDS {
        if !wants(survey, kind.prop) || heard.iter().any(|heard| heard.prop == kind.prop) {
            continue;
        }
        let before = kind.names(kind.known(survey));
        let now = kind.look(channel, until).await;
        if before.is_some() && now.is_some() && before != now {
            moved.push(kind);
        }
    }
    moved
}

/// Which tools change these lists. A tool counts that changes one each time that it is called, while the list stays as it is
/// between two looks.
pub(super) async fn attribute(
    moved: &[&Kind],
    callables: &[Callable],
    channel: &Channel,
    until: Instant,
) -> BTreeMap<Prop, Found> {
    let mut found = BTreeMap::new();
    for kind in moved {
        let writes = |c: &&Callable| !reads_only(c) && c.took.is_none_or(|took| took < AT_ONCE);
        for callable in order(callables).filter(writes).take(CALLS) {
            if kind.is_changed_by(callable, channel, until).await {
                found.insert(kind.prop, of(callable, None));
                break;
            }
        }
    }
    found
}

impl Kind {
    /// Whether each of two calls changes the list, and idling does not.
    async fn is_changed_by(&self, callable: &Callable, channel: &Channel, until: Instant) -> bool {
        let mut before = self.look(channel, until).await;
        if before.is_none() || self.look(channel, until).await != before {
            return false;
        }
        for _ in 0..2 {
            if channel.survey(&call(callable)).await.is_err() {
                return false;
            }
            let now = self.look(channel, until).await;
            if now.is_none() || now == before {
                return false;
            }
            before = now;
        }
        true
    }

    async fn look(&self, channel: &Channel, until: Instant) -> Option<Vec<String>> {
        self.names(&lists::pages(channel, self.method, self.key, until).await)
    }

    fn known<'a>(&self, survey: &'a Survey) -> &'a Listing {
        match self.prop {
            Prop::ChangeTools => &survey.tools,
            Prop::ChangePrompts => &survey.prompts,
            _ => &survey.resources,
        }
    }

    /// What names the items, in an order of our own; `None` of a list that was not read whole.
    fn names(&self, listing: &Listing) -> Option<Vec<String>> {
        let names = listing.items.iter().filter_map(|item| item.value[self.name].as_str());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort_unstable();
        listing.complete.then_some(names)
    }
}
