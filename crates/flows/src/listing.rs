//! What the four lists have in common: walking their pages, over this connection or another, and comparing.

pub mod changes;
mod first_use;
pub mod forged;
pub mod harmless;
mod rest;
pub mod stability;

use std::collections::BTreeSet;

use plumb_runner::{Bench, Finding, Instance, Judgement, Observed, Probe, Trouble, brief, clip};
use plumb_wire::{Capability, method};
use serde_json::{Value, json};

/// One of the four lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// The capability behind it.
    pub capability: Capability,
    /// The method that lists.
    pub method: &'static str,
    /// The member of the result that holds the items.
    pub key: &'static str,
    /// The member of an item that identifies it.
    pub name: &'static str,
}

/// `tools/list`.
pub const TOOLS: List =
    List { capability: Capability::Tools, method: method::TOOLS_LIST, key: "tools", name: "name" };
/// `resources/list`.
pub const RESOURCES: List = List {
    capability: Capability::Resources,
    method: method::RESOURCES_LIST,
    key: "resources",
    name: "uri",
};
/// `resources/templates/list`.
pub const TEMPLATES: List = List {
    capability: Capability::Resources,
    method: method::TEMPLATES_LIST,
    key: "resourceTemplates",
    name: "uriTemplate",
};
/// `prompts/list`.
pub const PROMPTS: List = List {
    capability: Capability::Prompts,
    method: method::PROMPTS_LIST,
    key: "prompts",
    name: "name",
};

/// All four.
pub const ALL: [List; 4] = [TOOLS, RESOURCES, TEMPLATES, PROMPTS];

/// What a page of any of them lists, with the member that identifies an item.
pub fn items(page: &Value) -> Option<(&Vec<Value>, &'static str)> {
    ALL.iter().find_map(|list| Some((page.get(list.key)?.as_array()?, list.name)))
}

/// Over which connection a list is read.
pub enum Connection<'a> {
    /// That of the run.
    Shared,
    /// Over HTTP a new one for each page.
    Fresh,
    /// Over HTTP one of its own, kept alive under a name; over standard streams that of the run.
    Named(String),
    /// Another process.
    Own(&'a Instance<'a>),
    /// Another replica.
    Elsewhere,
}

impl Connection<'_> {
    /// Sends over this connection.
    pub async fn send(&self, bench: &Bench, probe: Probe) -> Result<Observed, Trouble> {
        match self {
            Self::Shared => bench.send(probe).await,
            Self::Fresh => bench.send(probe.fresh()).await,
            Self::Named(name) => bench.send(probe.on(name)).await,
            Self::Own(instance) => instance.send(probe).await,
            Self::Elsewhere => bench.elsewhere(probe).await,
        }
    }
}

/// A list as it was read.
#[derive(Debug, Default)]
pub struct Walk {
    /// The items of every page.
    pub pages: Vec<Vec<Value>>,
    /// The cursors, in order: the first leads to the second page.
    pub cursors: Vec<String>,
    /// Whether the last page was reached.
    pub complete: bool,
    /// Whether a cursor came that had come before.
    pub circles: bool,
}

impl Walk {
    /// The items of all pages.
    pub fn items(&self) -> impl Iterator<Item = &Value> {
        self.pages.iter().flatten()
    }

    /// The items in an order that does not depend on the server's.
    pub fn set(&self) -> BTreeSet<String> {
        self.items().map(canonical).collect()
    }

    /// What identifies the items, in the order in which they came.
    pub fn names(&self, list: List) -> Vec<String> {
        self.items().map(|item| name(list, item)).collect()
    }

    /// What identifies the items, page by page: two readings of a list at rest agree on it.
    pub fn outline(&self, list: List) -> Vec<Vec<String>> {
        let page = |items: &Vec<Value>| items.iter().map(|item| name(list, item)).collect();
        self.pages.iter().map(page).collect()
    }
}

/// What identifies an item.
pub fn name(list: List, item: &Value) -> String {
    item.get(list.name).and_then(Value::as_str).map_or_else(|| brief(item), str::to_owned)
}

/// A walk begins anew so often: a list that changed may have made the cursor invalid.
const ANEW: usize = 2;

/// Pages beyond these are not compared: a list of some dozen items may come one by one.
pub(super) const PAGES: usize = 40;

/// Pages that take more memory than this together are the end of a walk, bytes.
const WEIGHT: usize = 4 << 20;

/// Reads a list, at most so many pages of it. A page that is refused again and again is trouble: other checks judge
/// refusals.
pub async fn walk(
    bench: &Bench,
    way: &Connection<'_>,
    list: List,
    pages: usize,
) -> Result<Walk, Trouble> {
    for _ in 0..ANEW {
        match walk_once(bench, way, list, pages).await {
            Err(Trouble::Control(_)) => {}
            other => return other,
        }
    }
    walk_once(bench, way, list, pages).await
}

async fn walk_once(
    bench: &Bench,
    way: &Connection<'_>,
    list: List,
    pages: usize,
) -> Result<Walk, Trouble> {
    let mut walk = Walk::default();
    let mut params = json!({});
    let mut weight = 0;
    while walk.pages.len() < pages && weight < WEIGHT {
        let page = way.send(bench, Probe::request(list.method, params)).await?;
        let Some(result) = page.result() else { return Err(Trouble::Control(page.describe())) };
        let items = result.get(list.key).and_then(Value::as_array).cloned().unwrap_or_default();
        weight += page.weight();
        walk.pages.push(items);
        let Some(cursor) = result.get("nextCursor").and_then(Value::as_str) else {
            walk.complete = true;
            break;
        };
        if walk.cursors.iter().any(|c| c == cursor) {
            walk.circles = true;
            break;
        }
        walk.cursors.push(cursor.to_owned());
        params = json!({"cursor": cursor});
    }
    Ok(walk)
}

/// Whether a server that serves a list declares the capability behind it.
///
/// An empty list without the capability is no support: some frameworks answer every list.
pub async fn declared(bench: &Bench, lists: &[List]) -> Judgement {
    let Some(list) = lists.first() else { return Ok(Finding::Held) };
    if let Some(finding) = without_discovery(bench) {
        return Ok(finding);
    }
    if bench.survey().declares(list.capability) {
        if let Some(discover) = &bench.survey().discover {
            bench.note(discover);
        }
        return Ok(Finding::Held);
    }
    for list in lists {
        let answer = bench.send(Probe::request(list.method, json!({}))).await?;
        let items = answer.complete().and_then(|r| r.get(list.key)).and_then(Value::as_array);
        if let Some(items) = items.filter(|items| !items.is_empty()) {
            return Ok(Finding::violated(
                format!(
                    "`{}` among the capabilities, since {} is served",
                    list.capability, list.method
                ),
                format!("not declared; {} gives {} items", list.method, items.len()),
            ));
        }
    }
    Ok(Finding::Held)
}

/// The finding for a target whose declarations cannot be read, if it is one.
pub fn without_discovery(bench: &Bench) -> Option<Finding> {
    let answered = bench.survey().discover.as_ref().is_some_and(|d| d.complete().is_some());
    (!answered).then(|| {
        Finding::unseen(
            "server/discover gives no result, so nothing is declared",
            "answer server/discover",
        )
    })
}

/// Whether a declared list is answered, in every plain form of the request.
pub async fn responds(bench: &Bench, list: List) -> Judgement {
    let plain = || Probe::request(list.method, json!({}));
    let forms = [
        ("plain", "a request without a cursor", plain()),
        (
            "string-id",
            "a request whose id is a string",
            plain().id(format!("list-{}", bench.fresh_id())),
        ),
        ("another-connection", "a request on a connection of its own", plain().fresh()),
        (
            "unknown-meta",
            "a request with an unknown key in `_meta`",
            plain().meta("com.example/plumb", true),
        ),
        ("capable", "a request with every client capability", plumb_runner::capable(plain())),
    ];
    for (slug, title, probe) in forms {
        let judgement = bench.send(probe).await.map(|answer| {
            let listed =
                answer.complete().and_then(|r| r.get(list.key)).is_some_and(Value::is_array);
            Finding::expect(
                listed,
                format!("a result of {} with `{}`", list.method, list.key),
                || answer.describe(),
            )
        });
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}

/// What two sets of items differ in.
pub fn difference(one: &BTreeSet<String>, other: &BTreeSet<String>) -> String {
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).next().map_or_else(|| "nothing".to_owned(), |item| clip(item, 120))
    };
    format!(
        "{} items and {} items; only in the first {}; only in the second {}",
        one.len(),
        other.len(),
        only(one, other),
        only(other, one)
    )
}

/// JSON with its members sorted, so that equal items are equal texts.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|a, b| a.0.cmp(b.0));
            let members = members
                .into_iter()
                .map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical(v)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Whether a fixture made to fail does so as an internal error. On servers without the fixture its name is just
/// unknown, and the answer differs from that to other unknown names in nothing but the name. A stranger's server may
/// word each refusal in its own way (it guesses what was meant), so only one that lists fixtures is judged by that.
pub fn failing(
    bench: &Bench,
    answer: &Observed,
    name: &str,
    unknown: &[Observed; 2],
    unknown_names: [&str; 2],
    what: &str,
) -> Finding {
    let told = |seen: &Observed, name: &str| {
        let error = seen.error()?;
        let message =
            error.get("message").and_then(Value::as_str).unwrap_or_default().replace(name, "…");
        Some((error.get("code").cloned(), message))
    };
    let [one, other] = [told(&unknown[0], unknown_names[0]), told(&unknown[1], unknown_names[1])];
    let failed = told(answer, name);
    // Messages that differ by themselves tell nothing.
    let is_fixture = failed.is_some() && one.is_some() && one == other && failed != one;
    if !(is_fixture && lists_fixtures(bench)) {
        return Finding::unseen(
            "nothing of the target's is known to fail inside",
            format!("offer {what}"),
        );
    }
    let internal = answer.code() == Some(plumb_wire::codes::INTERNAL_ERROR);
    Finding::expect(internal, "error -32603", || answer.describe())
}

/// Whether the target lists anything by the names of the official fixture.
fn lists_fixtures(bench: &Bench) -> bool {
    let survey = bench.survey();
    let of = |listing: &plumb_runner::survey::Listing, member: &str, prefix: &str| {
        let named = |item: &plumb_runner::survey::Item| {
            item.value.get(member).and_then(Value::as_str).is_some_and(|n| n.starts_with(prefix))
        };
        listing.items.iter().any(named)
    };
    of(&survey.tools, "name", "test_")
        || of(&survey.prompts, "name", "test_")
        || of(&survey.resources, "uri", "test://")
}
