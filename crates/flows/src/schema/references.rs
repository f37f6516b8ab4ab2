//! References within a schema, followed on paper: nothing is fetched, and nothing is compiled.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Where a reference leads that does not lead to a place in its own document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// Nowhere: the document has no such place, and no other document is named.
    Nowhere(String),
    /// To another document, which nobody may fetch unasked.
    Elsewhere(String),
}

/// Keywords whose value is one schema.
const ONE: [&str; 14] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "extends",
    "disallow",
];

/// Keywords whose value is a list of schemas.
const LIST: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];

/// Keywords whose value is a map of schemas.
const MAP: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// The first reference of a schema that leads nowhere; if there is none, the first that leads to another document.
pub(super) fn astray(schema: &Value) -> Option<Astray> {
    let mut schemas = Vec::new();
    collect(schema, &mut schemas);
    let ids: Vec<&str> = schemas.iter().flat_map(|s| strings(s, &["$id", "id"])).collect();
    let anchors: Vec<&str> = schemas
        .iter()
        .flat_map(|s| strings(s, &["$anchor", "$dynamicAnchor"]))
        .chain(ids.iter().filter_map(|id| id.strip_prefix('#')))
        .collect();
    // A part with an id of its own is a document within: pointers may start there.
    let documents: Vec<&Value> = std::iter::once(schema)
        .chain(schemas.iter().copied().filter(|s| strings(s, &["$id", "id"]).next().is_some()))
        .collect();
    let mut elsewhere = None;
    for reference in schemas.iter().flat_map(|s| strings(s, &["$ref", "$dynamicRef"])) {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let named = |id: &&str| {
            let id = id.trim_end_matches('#');
            !document.is_empty()
                && (id == document
                    || id.ends_with(&format!("/{document}"))
                    || document.ends_with(&format!("/{id}")))
        };
        if document.contains("json-schema.org/") {
            continue;
        }
        if !document.is_empty() && !ids.iter().any(named) {
            let is_address = document.contains(':') || ids.iter().any(|id| id.contains(':'));
            if !is_address {
                return Some(Astray::Nowhere(reference.to_owned()));
            }
            elsewhere.get_or_insert_with(|| reference.to_owned());
            continue;
        }
        let found = match fragment {
            "" => true,
            pointer if pointer.starts_with('/') => {
                // A fragment is part of a URI, so what a pointer cannot write plainly is escaped.
                let pointer = percent_decode_str(pointer).decode_utf8_lossy();
                documents.iter().any(|document| document.pointer(&pointer).is_some())
            }
            anchor => anchors.contains(&anchor),
        };
        if !found {
            return Some(Astray::Nowhere(reference.to_owned()));
        }
    }
    elsewhere.map(Astray::Elsewhere)
}

fn strings<'a>(schema: &'a Value, keywords: &'static [&str]) -> impl Iterator<Item = &'a str> {
    keywords.iter().filter_map(|keyword| schema.get(*keyword)?.as_str())
}

/// Every schema within a schema, itself first. What is an example or a constant is none.
fn collect<'a>(schema: &'a Value, into: &mut Vec<&'a Value>) {
    let Some(map) = schema.as_object() else { return };
    into.push(schema);
    for (keyword, value) in map {
        let keyword = keyword.as_str();
        if ONE.contains(&keyword) {
            collect(value, into);
        }
        if LIST.contains(&keyword) {
            value.as_array().into_iter().flatten().for_each(|s| collect(s, into));
        }
        if MAP.contains(&keyword) {
            value.as_object().into_iter().flatten().for_each(|(_, s)| collect(s, into));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_that_arrive_are_left_alone() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}),
            json!({"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {}}}),
            json!({"properties": {"x": {"$ref": "#/properties/y"}, "y": {}}}),
            json!({"$ref": "#here", "$defs": {"a": {"$anchor": "here"}}}),
            json!({"$dynamicRef": "#node", "$dynamicAnchor": "node"}),
            json!({"$ref": "#old", "definitions": {"a": {"$id": "#old"}}}),
            json!({"$ref": "https://example.com/a", "$defs": {"a": {"$id": "https://example.com/a"}}}),
            json!({"$id": "https://example.com/root", "$ref": "a", "$defs": {"a": {"$id": "a"}}}),
            json!({"$defs": {"a": {"$id": "https://example.com/a", "$defs": {"b": {}},
                "$ref": "#/$defs/b"}}}),
            json!({"properties": {"schema": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}}),
            json!({"const": {"$ref": "#/nowhere"}, "examples": [{"$ref": "#/nowhere"}]}),
            json!({"properties": {"$ref": {"type": "string"}}}),
        ] {
            assert_eq!(astray(&schema), None, "{schema}");
        }
    }

    #[test]
    fn references_that_lead_nowhere_are_found_before_those_elsewhere() {
        for schema in [
            json!({"properties": {"a": {"$ref": "#/$defs/a"}}}),
            json!({"$ref": "#/definitions/a", "$defs": {"a": {}}}),
            json!({"$ref": "#here"}),
            json!({"$ref": "other.json"}),
            json!({"anyOf": [{"$ref": "https://example.com/a"}, {"$ref": "#/no"}]}),
            json!({"items": [{"$ref": "#/no"}]}),
        ] {
            assert!(matches!(astray(&schema), Some(Astray::Nowhere(_))), "{schema}");
        }
        for schema in [
            json!({"$ref": "https://example.com/a"}),
            json!({"properties": {"a": {"$ref": "http://127.0.0.1:9/x#/y"}}}),
            json!({"$ref": "urn:example:a"}),
        ] {
            assert!(matches!(astray(&schema), Some(Astray::Elsewhere(_))), "{schema}");
        }
    }
}
