//! MCP Apps (ext-apps): a tool with a user interface, for clients that can show one.

use serde_json::{Map, Value, json};

use crate::content::{PNG, text};
use crate::rules::Rules;

/// The tool.
pub(crate) const TOOL: &str = "dashboard";

/// Its interface.
pub(crate) const INTERFACE: &str = "ui://plumb/dashboard";

const EXTENSION: &str = "io.modelcontextprotocol/ui";
const MEDIA_TYPE: &str = "text/html;profile=mcp-app";
const FLAT_KEY: &str = "ui/resourceUri";

/// An interface that is one in all but its URI.
const ODD: &str = "test://plumb/dashboard";

/// Whether a client can show interfaces.
pub(crate) fn are_shown(capabilities: &Map<String, Value>) -> bool {
    let settings = capabilities.get("extensions").and_then(|extensions| extensions.get(EXTENSION));
    let types = settings.and_then(|settings| settings["mimeTypes"].as_array());
    types.is_some_and(|types| types.iter().any(|known| known == MEDIA_TYPE))
}

/// Links the tool to its interface, for clients that can show it.
pub(crate) fn link(rules: &Rules, capabilities: &Map<String, Value>, tools: &mut [Value]) {
    if !are_shown(capabilities) && rules.ui_only_if_declared {
        return;
    }
    let uri = match () {
        () if !rules.ui_resource_exists => "ui://plumb/gone",
        () if !rules.ui_uri_scheme => ODD,
        () => INTERFACE,
    };
    let visibility = if rules.ui_tool_meta { json!(["model", "app"]) } else { json!("model") };
    let meta = if rules.ui_key_nested {
        json!({ "ui": { "resourceUri": uri, "visibility": visibility } })
    } else {
        json!({ FLAT_KEY: uri })
    };
    for tool in tools.iter_mut().filter(|tool| tool["name"] == TOOL) {
        tool["_meta"] = meta.clone();
    }
}

/// The interface as it is listed.
pub(crate) fn resource(rules: &Rules) -> Value {
    json!({
        "uri": INTERFACE,
        "name": "dashboard",
        "mimeType": if rules.ui_resource_listed_type { MEDIA_TYPE } else { "text/html" },
        "_meta": { "ui": wishes(rules) },
    })
}

/// What the interface asks of a host.
fn wishes(rules: &Rules) -> Value {
    let domains = json!(["https://api.example.com", "https://*.example.com"]);
    let domains = if rules.ui_resource_meta { domains } else { json!("https://api.example.com") };
    json!({ "csp": { "connectDomains": domains }, "permissions": { "clipboardWrite": {} }, "prefersBorder": true })
}

/// The interface as it is read.
pub(crate) fn contents(rules: &Rules, uri: &str) -> Option<Value> {
    if uri != INTERFACE && (uri != ODD || rules.ui_uri_scheme) {
        return None;
    }
    let document = if rules.ui_content_is_html {
        "<!doctype html>\n<html><head><title>Numbers</title></head><body><p>1, 2, 3</p></body></html>"
    } else {
        "<p>1, 2, 3</p>"
    };
    let mut contents = json!({
        "uri": if rules.ui_content_uri { uri } else { ODD },
        "mimeType": if rules.ui_content_type { MEDIA_TYPE } else { "text/html" },
        "_meta": { "ui": wishes(rules) },
    });
    if rules.ui_content_given {
        contents["text"] = json!(document);
    }
    Some(contents)
}

/// What the tool answers.
pub(crate) fn run(rules: &Rules, capabilities: &Map<String, Value>) -> Value {
    let shown = are_shown(capabilities);
    let content = match () {
        () if shown && !rules.ui_tools_have_content => json!([]),
        () if !shown && !rules.ui_tools_have_text => {
            json!([{ "type": "image", "data": PNG, "mimeType": "image/png" }])
        }
        () => json!([text("The numbers are 1, 2 and 3.")]),
    };
    json!({ "content": content })
}
