//! MCP Apps (SEP-1865), an extension: how a server's tools and resources are told to have a user interface.

use serde_json::{Value, json};

/// The identifier of the extension, in `capabilities.extensions`.
pub const EXTENSION: &str = "io.modelcontextprotocol/ui";

/// The media type of an interface, the only one that the text knows (ext:apps#content-requirements).
pub const MEDIA_TYPE: &str = "text/html;profile=mcp-app";

/// How the URI of an interface begins.
pub const SCHEME: &str = "ui://";

/// The member of a tool's `_meta` that named its interface before `ui.resourceUri` did; deprecated.
pub const FLAT_KEY: &str = "ui/resourceUri";

/// These capabilities of a client, and that it shows interfaces.
#[must_use]
pub fn declared(mut capabilities: Value) -> Value {
    if !capabilities["extensions"].is_object() {
        capabilities["extensions"] = json!({});
    }
    capabilities["extensions"][EXTENSION] = json!({"mimeTypes": [MEDIA_TYPE]});
    capabilities
}

/// What a tool says of its interface: `_meta.ui`.
pub fn of_tool(tool: &Value) -> Option<&Value> {
    tool.get("_meta")?.get("ui")
}

/// The URI of a tool's interface, under the current key or the one before.
pub fn interface(tool: &Value) -> Option<&Value> {
    let current = of_tool(tool).and_then(|ui| ui.get("resourceUri"));
    current.or_else(|| tool.get("_meta")?.get(FLAT_KEY))
}

/// Whether a media type is that of an interface, however it is written: upper case, space around the semicolon and quotes are
/// the same (RFC 9110, section 8.3.1).
pub fn is_media_type(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '"')).collect();
    plain.eq_ignore_ascii_case(MEDIA_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_named_by_either_key_and_the_current_one_prevails() {
        let tool = |meta: Value| json!({"name": "t", "_meta": meta});
        assert_eq!(
            interface(&tool(json!({"ui": {"resourceUri": "ui://a"}, FLAT_KEY: "ui://b"}))),
            Some(&json!("ui://a"))
        );
        assert_eq!(interface(&tool(json!({FLAT_KEY: "ui://b"}))), Some(&json!("ui://b")));
        assert_eq!(interface(&tool(json!({"ui": {"visibility": ["app"]}}))), None);
        assert_eq!(interface(&json!({"name": "t"})), None);
    }

    #[test]
    fn a_media_type_is_compared_as_one() {
        for same in [MEDIA_TYPE, "Text/HTML; profile=mcp-app", "text/html;profile=\"mcp-app\""] {
            assert!(is_media_type(same), "{same}");
        }
        for other in [
            "text/html",
            "text/html+skybridge",
            "text/html;profile=mcp-app;charset=utf-8",
            "text/html;profile=other",
        ] {
            assert!(!is_media_type(other), "{other}");
        }
    }

    #[test]
    fn a_client_that_shows_interfaces_keeps_its_other_capabilities() {
        let all = declared(json!({"roots": {}, "extensions": {"com.example/x": {}}}));
        assert!(all["roots"].is_object() && all["extensions"]["com.example/x"].is_object());
        assert_eq!(all["extensions"][EXTENSION]["mimeTypes"][0], MEDIA_TYPE);
    }
}
