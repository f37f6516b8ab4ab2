//! ext:apps#ui-resource-format: interfaces as they are listed, and what they ask of a host.

use plumb_runner::{Bench, Finding, Judgement, brief, check};
use plumb_wire::apps;
use serde_json::Value;

use super::slug;

/// The members of `csp`: lists of origins.
const DOMAINS: [&str; 4] = ["connectDomains", "resourceDomains", "frameDomains", "baseUriDomains"];

check! {
    /// **Observed:** the `mimeType` of each listed interface is `text/html;profile=mcp-app`. **Position:** it is compared as a media
    /// type.
    ///
    /// **Why:** hosts pick the resources that they can show by it, before they read them.
    ///
    /// **Fix:** set `mimeType` where the resource is registered, too.
    pub(super) MIME_LISTING = "apps.mime-listing";
    since: "2025-03-26";
    applies: [Apps];
    scenario: mime_listing
}

async fn mime_listing(bench: &Bench) -> Judgement {
    let listed = &bench.survey().apps.resources;
    for item in listed {
        bench.note_seq(item.seq);
        let uri = item.value["uri"].as_str().unwrap_or_default();
        let typed = item.value["mimeType"].as_str().is_some_and(apps::is_media_type);
        let finding = Finding::expect(typed, format!("`mimeType` is {}", apps::MEDIA_TYPE), || {
            item.value.get("mimeType").map_or_else(|| "no `mimeType`".to_owned(), brief)
        });
        bench.case(&slug(uri), format!("{uri} as it is listed"), Ok(finding));
    }
    if listed.is_empty() {
        return Ok(Finding::unseen("no interface is listed", "list it beside other resources"));
    }
    bench.conclude()
}

check! {
    /// **Observed:** `_meta.ui` of each interface, where it is listed and where it is read, is of the form of the text: the members of
    /// `csp` are lists of origins, `permissions` has an object for each permission, `domain` is a string and `prefersBorder` a
    /// boolean. An origin has no white space, quote, semicolon or comma; members that the text does not know are let pass.
    ///
    /// **Why:** the host writes a policy of these: what it cannot read it leaves out, and the interface does not work; a semicolon
    /// in an origin adds a directive of its own.
    ///
    /// **Fix:** write one origin for each member of a list, such as `https://api.example.com` or `https://*.example.com`.
    pub(super) RESOURCE_META = "apps.resource-meta";
    since: "2025-03-26";
    applies: [Apps];
    scenario: resource_meta
}

async fn resource_meta(bench: &Bench) -> Judgement {
    let seen = &bench.survey().apps;
    let mut any = false;
    for item in &seen.resources {
        let Some(ui) = item.value.get("_meta").and_then(|meta| meta.get("ui")) else { continue };
        any = true;
        bench.note_seq(item.seq);
        let uri = item.value["uri"].as_str().unwrap_or_default();
        let slug = format!("listed-{}", slug(uri));
        bench.case(&slug, format!("{uri} as it is listed"), Ok(of_its_form(ui)));
    }
    for (uri, read) in &seen.reads {
        let contents = read.complete().and_then(|result| result["contents"].as_array());
        let said =
            contents.into_iter().flatten().find_map(|content| content.get("_meta")?.get("ui"));
        let Some(ui) = said else { continue };
        any = true;
        bench.note(read);
        bench.case(
            &format!("read-{}", slug(uri)),
            format!("{uri} as it is read"),
            Ok(of_its_form(ui)),
        );
    }
    if !any {
        return Ok(Finding::unseen("no interface has `_meta.ui`", "say what it needs of a host"));
    }
    bench.conclude()
}

fn of_its_form(ui: &Value) -> Finding {
    let wrong = flaw(ui);
    Finding::expect(wrong.is_none(), "`_meta.ui` in the form of the text", || {
        wrong.unwrap_or_default()
    })
}

/// The first member that is of another form.
fn flaw(ui: &Value) -> Option<String> {
    if !ui.is_object() {
        return Some(format!("`_meta.ui` is {}", brief(ui)));
    }
    let there = |value: &'_ Value| !value.is_null();
    let told = |member: &str, value: &Value| Some(format!("`{member}` is {}", brief(value)));
    let csp = &ui["csp"];
    if there(csp) && !csp.is_object() {
        return told("csp", csp);
    }
    for member in DOMAINS {
        let list = &csp[member];
        let origins = || list.as_array().is_some_and(|list| list.iter().all(is_origin));
        if there(list) && !origins() {
            return told(&format!("csp.{member}"), list);
        }
    }
    let permissions = &ui["permissions"];
    let granted = || permissions.as_object().is_some_and(|all| all.values().all(Value::is_object));
    if there(permissions) && !granted() {
        return told("permissions", permissions);
    }
    if there(&ui["domain"]) && !ui["domain"].is_string() {
        return told("domain", &ui["domain"]);
    }
    let border = &ui["prefersBorder"];
    if there(border) && !border.is_boolean() { told("prefersBorder", border) } else { None }
}

/// Whether a value can stand in a policy as one source.
fn is_origin(value: &Value) -> bool {
    let breaks = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '"');
    value.as_str().is_some_and(|origin| !origin.is_empty() && !origin.contains(breaks))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::flaw;

    #[test]
    fn what_a_host_can_read_has_no_flaw() {
        for fine in [
            json!({}),
            json!({"csp": {"connectDomains": ["https://api.example.com", "wss://live.example.com"], "resourceDomains": []}}),
            json!({"csp": {"resourceDomains": ["https://*.example.com", "data:", "blob:"]}}),
            json!({"permissions": {"camera": {}, "clipboardWrite": {}}, "domain": "a.example", "prefersBorder": false}),
            json!({"tomorrow": 1}),
        ] {
            assert_eq!(flaw(&fine), None, "{fine}");
        }
    }

    #[test]
    fn each_member_of_another_form_is_told() {
        for (told, ui) in [
            ("`_meta.ui` is", json!("none")),
            (
                "`csp.connectDomains` is",
                json!({"csp": {"connectDomains": "https://api.example.com"}}),
            ),
            (
                "`csp.frameDomains` is",
                json!({"csp": {"frameDomains": ["https://a.example; script-src *"]}}),
            ),
            ("`permissions` is", json!({"permissions": ["camera"]})),
            ("`permissions` is", json!({"permissions": {"camera": true}})),
            ("`prefersBorder` is", json!({"prefersBorder": "yes"})),
        ] {
            assert!(flaw(&ui).is_some_and(|flaw| flaw.starts_with(told)), "{ui}");
        }
    }
}
