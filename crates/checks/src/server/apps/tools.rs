//! ext:apps#resource-discovery and #server-behavior: how tools are linked to their interfaces, and to whom they are shown.

use plumb_runner::survey::{Apps, Item};
use plumb_runner::{Bench, Declared, Finding, Judgement, Observed, Probe, Trouble, brief, check};
use plumb_wire::{apps, method};
use serde_json::{Value, json};

use super::slug;

/// At most so many pages of tools are read.
const PAGES: usize = 8;

/// Judges items of the survey, each with the exchange that listed it.
fn each<'a>(
    bench: &Bench,
    items: impl Iterator<Item = (&'a Item, String)>,
    judge: impl Fn(&Value) -> Finding,
) -> Judgement {
    let mut taken = std::collections::BTreeSet::new();
    for (item, title) in items {
        let slug = slug(&title);
        bench.note_seq(item.seq);
        if taken.insert(slug.clone()) {
            bench.case(&slug, title, Ok(judge(&item.value)));
        }
    }
    bench.conclude()
}

fn named(item: &Item) -> (&Item, String) {
    (item, format!("tool {}", item.value["name"].as_str().unwrap_or_default()))
}

fn no_link() -> Finding {
    Finding::unseen("no tool names an interface", "set `_meta.ui.resourceUri` of a tool")
}

check! {
    /// **Observed:** the URI of each interface that a tool names, and of each listed resource of the media type
    /// `text/html;profile=mcp-app`, begins with `ui://`.
    ///
    /// **Why:** hosts tell interfaces from other resources by the scheme, and show nothing else in a frame.
    ///
    /// **Fix:** name the resource by a URI of the scheme `ui`, where it is registered and in `_meta.ui.resourceUri`.
    pub(super) URI_SCHEME = "apps.uri-scheme";
    since: "2025-03-26";
    applies: [Apps];
    scenario: uri_scheme
}

async fn uri_scheme(bench: &Bench) -> Judgement {
    let seen: &Apps = &bench.survey().apps;
    let tools = seen.linked().map(|(item, _)| named(item));
    let resources = seen.resources.iter().map(|item| (item, brief(&item.value["uri"])));
    each(bench, tools.chain(resources), |item| {
        let uri = apps::interface(item).unwrap_or(&item["uri"]);
        let fits = uri.as_str().is_some_and(|uri| uri.starts_with(apps::SCHEME));
        Finding::expect(fits, "a URI that begins with ui://", || brief(uri))
    })
}

check! {
    /// **Observed:** `_meta.ui` of each tool that has it is an object, its `resourceUri` a string, and its `visibility` a list of
    /// `model` and `app`.
    ///
    /// **Why:** a host that reads another type shows no interface, or shows a tool to the model that is for the interface alone.
    ///
    /// **Fix:** correct the type; `visibility` is a list even of one.
    pub(super) TOOL_META = "apps.tool-meta";
    since: "2025-03-26";
    applies: [Apps];
    scenario: tool_meta
}

async fn tool_meta(bench: &Bench) -> Judgement {
    let tools = &bench.survey().apps.tools;
    let said = tools.iter().filter(|item| apps::of_tool(&item.value).is_some());
    let any = said.clone().next().is_some();
    if !any {
        return Ok(Finding::unseen("no tool has `_meta.ui`", "link a tool to its interface"));
    }
    each(bench, said.map(named), |tool| {
        let ui = apps::of_tool(tool).unwrap_or(&Value::Null);
        let uri = ui.get("resourceUri").is_none_or(Value::is_string);
        let visibility = ui.get("visibility").is_none_or(|visibility| {
            let known = |who: &Value| who == "model" || who == "app";
            visibility.as_array().is_some_and(|all| all.iter().all(known))
        });
        let expected =
            "an object: `resourceUri` a string, `visibility` a list of \"model\" and \"app\"";
        Finding::expect(ui.is_object() && uri && visibility, expected, || brief(ui))
    })
}

check! {
    /// **Observed:** no tool names its interface by the flat key `ui/resourceUri` alone; beside `ui.resourceUri`, both name the same.
    ///
    /// **Why:** the flat key is deprecated, and the text announces its removal: hosts of tomorrow do not see it.
    ///
    /// **Fix:** set `_meta.ui.resourceUri`; keep the flat key beside it while old hosts ask for it.
    pub(super) FLAT_KEY = "apps.flat-key";
    since: "2025-03-26";
    applies: [Apps];
    scenario: flat_key
}

async fn flat_key(bench: &Bench) -> Judgement {
    let linked: Vec<_> = bench.survey().apps.linked().map(|(item, _)| named(item)).collect();
    if linked.is_empty() {
        return Ok(no_link());
    }
    each(bench, linked.into_iter(), |tool| {
        let current = apps::of_tool(tool).and_then(|ui| ui.get("resourceUri"));
        let flat = tool["_meta"].get(apps::FLAT_KEY);
        let fits = flat.is_none() || flat == current;
        Finding::expect(fits, "`ui.resourceUri`, and beside it at most the same", || {
            format!("`{}`: {}, `ui.resourceUri`: {}", apps::FLAT_KEY, shown(flat), shown(current))
        })
    })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), brief)
}

check! {
    /// **Observed:** the tools as they are listed to a client that does not declare `io.modelcontextprotocol/ui`: none of those that
    /// are linked to an interface for a client that declares it is so here.
    ///
    /// **Why:** a client that shows no interfaces gets a tool that was written for one.
    ///
    /// **Fix:** look into the capabilities of the request (of the session, in revisions that have them) before `_meta.ui` is added.
    pub(super) CHECK_CAPABILITY = "apps.check-capability";
    since: "2025-03-26";
    applies: [Apps];
    scenario: check_capability
}

async fn check_capability(bench: &Bench) -> Judgement {
    let linked: Vec<_> = bench.survey().apps.linked().map(|(item, _)| item).collect();
    if linked.is_empty() {
        return Ok(no_link());
    }
    let plain = plain_pages(bench).await?;
    bench.forget();
    for item in linked {
        let name = item.value["name"].as_str().unwrap_or_default();
        let named = |page: &&Observed| listed(page).any(|tool| tool["name"] == name);
        let page = plain.iter().find(named);
        if let Some(page) = page {
            bench.note(page);
        }
        bench.note_seq(item.seq);
        let tool = page.and_then(|page| listed(page).find(|tool| tool["name"] == name));
        let shown = tool.filter(|tool| apps::interface(tool).is_some());
        let finding =
            Finding::expect(shown.is_none(), "no interface for a client without them", || {
                shown.map(|tool| brief(&tool["_meta"])).unwrap_or_default()
            });
        let title = format!("{name:?}, listed to a client without interfaces");
        bench.case(&slug(name), title, Ok(finding));
    }
    bench.conclude()
}

/// The list of tools as a client gets it that shows no interfaces, page by page.
async fn plain_pages(bench: &Bench) -> Result<Vec<Observed>, Trouble> {
    let session = if bench.edition().has_handshake() {
        Some(bench.session(Declared::Nothing).await?)
    } else {
        None
    };
    let mut pages = Vec::new();
    let mut params = json!({});
    for _ in 0..PAGES {
        let probe = Probe::request(method::TOOLS_LIST, params).capabilities(json!({}));
        let page = match &session {
            Some(session) => session.control(probe).await?,
            None => bench.control(probe).await?,
        };
        let cursor = page.result().and_then(|result| result["nextCursor"].as_str());
        let cursor = cursor.map(str::to_owned);
        pages.push(page);
        let Some(cursor) = cursor else { break };
        params = json!({"cursor": cursor});
    }
    if let Some(session) = session {
        session.end().await;
    }
    Ok(pages)
}

fn listed(page: &Observed) -> impl Iterator<Item = &Value> {
    let tools = page.result().and_then(|result| result["tools"].as_array());
    tools.into_iter().flatten()
}
