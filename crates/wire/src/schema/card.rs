//! The form of a Server Card, by a schema of our own (`server-card.json`).

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::mismatch::{self, Mismatch};

/// The schema as it is embedded: JSON Schema 2020-12.
const DOCUMENT: &str = include_str!("server-card.json");

/// What a Server Card has different from its schema (ext:server-card, `schema.json`); empty when it fits. Whether a string is
/// a URI is not looked at.
pub fn card_mismatches(card: &Value) -> Vec<Mismatch> {
    mismatch::collect(&VALIDATOR, "", card)
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value =
        serde_json::from_str(DOCUMENT).expect("the embedded schema is JSON; a test parses it");
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(false)
        .offline()
        .build(&schema)
        .expect("the embedded schema compiles; a test builds it")
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn smallest() -> Value {
        json!({
            "$schema": "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json",
            "name": "com.example/weather",
            "version": "1.0.0",
            "description": "Tells the weather."
        })
    }

    #[test]
    fn the_smallest_card_and_one_that_says_all_fit() {
        assert!(card_mismatches(&smallest()).is_empty());
        let mut whole = smallest();
        whole["remotes"] = json!([{
            "type": "streamable-http",
            "url": "https://{tenant}.example.com/mcp",
            "variables": {"tenant": {"isRequired": true, "default": "main"}},
            "headers": [{"name": "Authorization", "isSecret": true, "value": "Bearer {token}",
                "variables": {"token": {"isSecret": true}}}],
            "supportedProtocolVersions": ["2026-07-28"]
        }]);
        whole["repository"] = json!({"url": "https://example.com/weather", "source": "example"});
        whole["icons"] = json!([{"src": "https://example.com/i.png", "theme": "dark"}]);
        whole["a member of tomorrow"] = json!(1);
        assert!(card_mismatches(&whole).is_empty());
    }

    #[test]
    fn each_member_that_is_missing_or_of_another_form_is_told() {
        for member in ["$schema", "name", "version", "description"] {
            let mut card = smallest();
            card.as_object_mut().expect("an object").remove(member);
            assert_eq!(card_mismatches(&card).len(), 1, "{member}");
        }
        for (pointer, value) in [
            ("name", json!("no-slash")),
            (
                "$schema",
                json!("https://static.modelcontextprotocol.io/schemas/v1/server.schema.json"),
            ),
            ("description", json!("d".repeat(101))),
            ("title", json!("")),
            ("remotes", json!([{"type": "http", "url": "https://example.com/mcp"}])),
            ("remotes", json!([{"type": "sse", "url": "example.com/mcp"}])),
            ("remotes", json!([{"type": "sse", "url": "https://example.com", "headers": [{}]}])),
        ] {
            let mut card = smallest();
            card[pointer] = value;
            assert!(!card_mismatches(&card).is_empty(), "{card}");
        }
    }
}
