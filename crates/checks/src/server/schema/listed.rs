//! schema: what stands in lists.

use plumb_flows::parts;
use plumb_runner::{Notes, Observed, check};
use plumb_wire::method;
use plumb_wire::schema::{Mismatch, part};
use serde_json::Value;

use super::{fit, outside};

check! {
    /// **Observed:** every icon of tools, prompts, resources, templates, links and the server itself has a `src`; `sizes` is
    /// an array of strings, `theme` is `light` or `dark`.
    ///
    /// **Why:** clients choose an icon by size and theme; one misshapen icon can cost the whole list.
    ///
    /// **Fix:** write `"icons": [{"src": "https://…", "sizes": ["48x48"]}]`.
    pub(crate) ICON = "schema.icon.shape";
    since: "2025-11-25";
    passive: icon
}

fn icon(seen: &Observed, notes: &mut Notes<'_>) {
    for icon in parts::icons(seen) {
        fit(notes, "an icon", &part::icon(icon));
    }
}

check! {
    /// **Observed:** every listed tool has a `name` and an `inputSchema` of type `object`; its other members have their types. In
    /// 2025-11-25, `execution.taskSupport` is `required`, `optional` or `forbidden`.
    ///
    /// **Why:** typed clients reject the whole list for one misshapen tool.
    ///
    /// **Fix:** generate the list from types of the schema.
    pub(crate) TOOL = "schema.tool.shape";
    since: "2025-03-26";
    applies: [Declares(Tools)];
    passive: tool
}

fn tool(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, (method::TOOLS_LIST, "tools"), part::tool);
    let has_tasks = notes.edition.ledger.requirement("core-tasks.required").is_some();
    for tool in parts::items(seen, method::TOOLS_LIST, "tools").filter(|_| has_tasks) {
        let Some(support) = tool.pointer("/execution/taskSupport") else { continue };
        let known = ["required", "optional", "forbidden"].iter().any(|name| support == name);
        notes.expect(known, "`required`, `optional` or `forbidden`", || {
            format!("`execution.taskSupport` is {support}")
        });
    }
}

check! {
    /// **Observed:** every listed resource has a `uri` and a `name`; `size` is an integer, its other members have their types.
    ///
    /// **Why:** typed clients reject the whole list for one misshapen resource.
    ///
    /// **Fix:** generate the list from types of the schema.
    pub(crate) RESOURCE = "schema.resource.shape";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    passive: resource
}

fn resource(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, (method::RESOURCES_LIST, "resources"), part::resource);
}

check! {
    /// **Observed:** every listed template has a `uriTemplate` and a `name`; its other members have their types.
    ///
    /// **Why:** typed clients reject the whole list for one misshapen template.
    ///
    /// **Fix:** generate the list from types of the schema.
    pub(crate) RESOURCE_TEMPLATE = "schema.resource-template.shape";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    passive: resource_template
}

fn resource_template(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, (method::TEMPLATES_LIST, "resourceTemplates"), part::resource_template);
}

check! {
    /// **Observed:** every listed prompt has a `name`, and so has each of its `arguments`; other members have their types.
    ///
    /// **Why:** typed clients reject the whole list for one misshapen prompt.
    ///
    /// **Fix:** generate the list from types of the schema.
    pub(crate) PROMPT = "schema.prompt.shape";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    passive: prompt
}

fn prompt(seen: &Observed, notes: &mut Notes<'_>) {
    each(seen, notes, (method::PROMPTS_LIST, "prompts"), part::prompt);
}

/// Judges each item of a list; icons and annotations have checks of their own, save the hints of tools.
fn each(
    seen: &Observed,
    notes: &mut Notes<'_>,
    list: (&str, &str),
    shape: fn(&Value) -> Vec<Mismatch>,
) {
    let (method, member) = list;
    let elsewhere: &[&str] = if member == "tools" { &["icons"] } else { &["icons", "annotations"] };
    let Some(result) = seen.complete().filter(|_| seen.method() == Some(method)) else { return };
    if !result.get(member).is_some_and(Value::is_array) {
        notes.breaks(
            format!("a result of {method} with an array `{member}`"),
            plumb_runner::brief(result),
        );
    }
    for item in parts::items(seen, method, member) {
        fit(notes, &format!("an item of `{member}`"), &outside(shape(item), elsewhere));
    }
}
