//! The four lists of a server as one session sees them.

use std::collections::{BTreeMap, BTreeSet};

use plumb_wire::method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::session::{Session, Speaks};
use crate::Observed;

/// Pages of a list that are read, at most.
const PAGES: usize = 20;

/// A list: the feature that declares it, its method, and the member that holds it.
pub(super) struct Kind {
    pub(super) feature: &'static str,
    pub(super) method: &'static str,
    pub(super) member: &'static str,
    /// What names an item.
    pub(super) name: &'static str,
}

pub(super) const KINDS: [Kind; 4] = [
    Kind { feature: "tools", method: method::TOOLS_LIST, member: "tools", name: "name" },
    Kind { feature: "resources", method: method::RESOURCES_LIST, member: "resources", name: "uri" },
    Kind {
        feature: "resources",
        method: method::TEMPLATES_LIST,
        member: "resourceTemplates",
        name: "uriTemplate",
    },
    Kind { feature: "prompts", method: method::PROMPTS_LIST, member: "prompts", name: "name" },
];

/// The lists as they were read.
#[derive(Clone, Default)]
pub(super) struct Lists {
    /// The items by method, in order.
    items: BTreeMap<&'static str, Vec<Value>>,
    /// The pages, in order.
    pub(super) pages: Vec<Observed>,
    /// A position within a list, if any has more than one page.
    pub(super) cursor: Option<(&'static str, String)>,
}

impl Lists {
    /// Reads what the server declares.
    pub(super) async fn read(session: &Session, by: &str) -> Self {
        let mut lists = Self::default();
        for kind in &KINDS {
            // Who opened with no handshake does not know what is declared.
            let declared = session.capabilities().get(kind.feature).is_some();
            if declared || session.speaks == Speaks::Newest {
                lists.read_one(session, by, kind).await;
            }
        }
        lists
    }

    async fn read_one(&mut self, session: &Session, by: &str, kind: &Kind) {
        let mut known = BTreeSet::new();
        let mut params = json!({});
        for _ in 0..PAGES {
            let Some(page) = session.ask(Ask::request(by, kind.method, params)).await else {
                return;
            };
            let Some(result) = page.result() else { return };
            let items = result.get(kind.member).and_then(Value::as_array).cloned();
            let next = result.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
            self.items.entry(kind.method).or_default().extend(items.unwrap_or_default());
            self.pages.push(page);
            let Some(cursor) = next.filter(|cursor| known.insert(cursor.clone())) else { return };
            self.cursor.get_or_insert((kind.method, cursor.clone()));
            params = json!({"cursor": cursor});
        }
    }

    /// The items of a list.
    pub(super) fn of(&self, method: &str) -> &[Value] {
        self.items.get(method).map_or(&[], Vec::as_slice)
    }

    /// The exchanges that they were read by, for this list.
    pub(super) fn seqs(&self, method: &str) -> Vec<u64> {
        let pages = self.pages.iter().filter(|page| page.method() == Some(method));
        pages.map(Observed::seq).collect()
    }

    /// How the other ones differ, a line for each list that does, with the exchanges that show it.
    pub(super) fn differences(&self, other: &Self) -> Vec<(String, Vec<u64>)> {
        KINDS.iter().filter_map(|kind| self.difference(other, kind)).collect()
    }

    fn difference(&self, other: &Self, kind: &Kind) -> Option<(String, Vec<u64>)> {
        let (Some(one), Some(two)) = (self.items.get(kind.method), other.items.get(kind.method))
        else {
            return None;
        };
        let by_name = |items: &[Value]| -> BTreeMap<String, Value> {
            items.iter().map(|item| (name(item, kind), item.clone())).collect()
        };
        let (one, two) = (by_name(one), by_name(two));
        let only = |a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>| {
            let names = a.keys().filter(|name| !b.contains_key(*name));
            names.map(|name| format!("`{name}`")).collect::<Vec<_>>()
        };
        let changed = one.iter().filter(|(name, item)| two.get(*name).is_some_and(|i| i != *item));
        let parts = [
            ("only the one has", only(&one, &two)),
            ("only the other has", only(&two, &one)),
            ("described otherwise:", changed.map(|(name, _)| format!("`{name}`")).collect()),
        ];
        let told = parts.iter().filter(|(_, names)| !names.is_empty());
        let told: Vec<String> =
            told.map(|(what, names)| format!("{what} {}", some(names))).collect();
        let seqs = [self.seqs(kind.method), other.seqs(kind.method)].concat();
        (!told.is_empty()).then(|| (format!("`{}`: {}", kind.method, told.join("; ")), seqs))
    }

    /// Lists that came in another order, with the same items.
    pub(super) fn reordered(&self, other: &Self) -> Vec<(String, Vec<u64>)> {
        let differs = |kind: &&Kind| {
            let names = |lists: &Self| {
                lists.of(kind.method).iter().map(|i| name(i, kind)).collect::<Vec<_>>()
            };
            let (one, two) = (names(self), names(other));
            let sorted = |mut names: Vec<String>| {
                names.sort();
                names
            };
            one != two && sorted(one) == sorted(two)
        };
        let told = |kind: &Kind| {
            let seqs = [self.seqs(kind.method), other.seqs(kind.method)].concat();
            (format!("`{}`: the same items, in another order", kind.method), seqs)
        };
        KINDS.iter().filter(differs).map(told).collect()
    }
}

fn name(item: &Value, kind: &Kind) -> String {
    item[kind.name].as_str().unwrap_or_default().to_owned()
}

/// A few names, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(items: Value) -> Lists {
        let items = items.as_array().cloned().unwrap_or_default();
        Lists { items: [(method::TOOLS_LIST, items)].into(), ..Lists::default() }
    }

    #[test]
    fn lists_differ_by_names_and_by_what_they_say() {
        let one = tools(json!([{"name": "a"}, {"name": "b", "title": "B"}]));
        let two = tools(json!([{"name": "b"}, {"name": "c"}]));
        let (told, _) = one.differences(&two).remove(0);
        assert_eq!(
            told,
            "`tools/list`: only the one has `a`; only the other has `c`; described otherwise: `b`"
        );
        assert!(one.differences(&one).is_empty());
        // A list that was not read differs from none.
        assert!(one.differences(&Lists::default()).is_empty());
    }

    #[test]
    fn an_order_is_told_only_where_the_items_are_the_same() {
        let (one, two) =
            (json!([{"name": "a"}, {"name": "b"}]), json!([{"name": "b"}, {"name": "a"}]));
        assert_eq!(tools(one.clone()).reordered(&tools(two)).len(), 1);
        assert!(tools(one.clone()).reordered(&tools(one.clone())).is_empty());
        assert!(tools(one).reordered(&tools(json!([{"name": "b"}]))).is_empty());
    }
}
