//! Small valid values for a JSON Schema. Schemas of a target are hostile input: what is done with one is bounded in
//! places looked at, and in time where places do not tell.

mod maker;
pub(crate) mod pattern;
mod tame;
mod validator;

use std::time::Duration;

use serde_json::{Map, Value};

use maker::Maker;
pub(crate) use maker::is_free;
pub(crate) use tame::{Work, work};
pub(crate) use validator::compiled;
pub use validator::{Validator, bounded_patterns, by_dialect, validator};

/// So many places of a schema are looked at to make one value.
const PLACES: usize = 4_000;

/// So many nodes are copied, at most, to make one value.
const COPIED: usize = 2_000_000;

/// Arguments with more nodes than this are not worth sending a thousand times.
const MADE: usize = 1_000;

/// So many ways through a schema are tried.
const CHOICES: usize = 3;

/// A thread that follows a schema has so much stack, bytes.
const STACK: usize = 16 << 20;

/// The smallest arguments that an input schema accepts, as far as its keywords tell: the required properties only.
/// `None` if what was built is not valid after all.
pub fn arguments(schema: &Value) -> Option<Map<String, Value>> {
    let validator = validator(schema);
    // A large schema is copied as it is merged.
    let left = (COPIED / nodes(schema)).clamp(64, PLACES);
    (0..CHOICES).find_map(|choice| {
        let mut maker = Maker { root: schema, left, choice };
        let Value::Object(map) = maker.value(schema, 0) else { return None };
        if map.values().map(nodes).sum::<usize>() > MADE {
            return None;
        }
        let valid = validator.as_ref().is_none_or(|v| v.is_valid(&Value::Object(map.clone())));
        valid.then_some(map)
    })
}

/// A small value for a schema that stands within `root`.
pub(crate) fn value(schema: &Value, root: &Value) -> Value {
    Maker { root, left: PLACES, choice: 0 }.value(schema, 0)
}

/// Runs work on hostile input on a thread of its own, which is left behind at the deadline.
pub async fn aside<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("schema".into()).stack_size(STACK);
    // A receiver that is gone has stopped waiting.
    thread.spawn(move || done.send(work()).ok()).ok()?;
    tokio::time::timeout(limit, result).await.ok()?.ok()
}

/// How many nodes a document has.
pub(crate) fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn required_properties_get_valid_values() {
        let schema = json!({
            "type": "object",
            "properties": {
                "n": {"type": "integer", "minimum": 5, "maximum": 9},
                "s": {"$ref": "#/$defs/name"},
                "kind": {"enum": ["a", "b"]},
                "list": {"type": "array", "minItems": 2, "items": {"type": "number"}},
                "optional": {"type": "string"}
            },
            "required": ["n", "s", "kind", "list"],
            "$defs": {"name": {"type": "string", "minLength": 8}}
        });
        let built = arguments(&schema).expect("valid arguments");
        assert_eq!(built["n"], 5);
        assert!(!built.contains_key("optional"));
    }

    #[test]
    fn what_keywords_cannot_tell_is_not_guessed() {
        let schema = json!({
            "type": "object",
            "properties": {"p": {"type": "string", "pattern": "^(?!plumb)(?=x).*y$"}},
            "required": ["p"],
        });
        assert!(arguments(&schema).is_none());
    }

    #[test]
    fn arguments_that_would_be_huge_are_not_made() {
        let names: Vec<String> = (0..1_000).map(|n| format!("p{n}")).collect();
        let property = |name: &String| (name.clone(), json!({"$ref": "#/$defs/all"}));
        let properties: Map<String, Value> = names.iter().map(property).collect();
        let all = json!({"type": "object", "properties": properties, "required": names});
        let schema =
            json!({"type": "object", "allOf": [{"$ref": "#/$defs/all"}], "$defs": {"all": all}});
        assert!(arguments(&schema).is_none());
    }

    #[test]
    fn compositions_patterns_and_dependencies_get_valid_values() {
        for schema in [
            json!({"type": "object", "required": ["p"], "properties": {"p": {"type": "string", "pattern": "^[0-9]{4}$"}}}),
            json!({"type": "object", "anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"required": ["x"], "properties": {"x": {"type": "integer"}}}}}),
            json!({"type": "object", "properties": {"k": {"const": 1}}, "required": ["k"], "oneOf": [{"properties": {"k": {"const": 2}}}, {"required": ["z"]}]}),
            json!({"type": "object", "required": ["k"], "properties": {"k": {"enum": ["a"]}}, "if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["l"]}}),
            json!({"type": "object", "required": ["card"], "dependentRequired": {"card": ["billing"], "billing": ["town"]}}),
            json!({"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 2, "additionalProperties": false}),
            json!({"type": "object", "required": ["l"], "properties": {"l": {"type": "array", "minItems": 3, "uniqueItems": true, "contains": {"const": 7}}}}),
        ] {
            assert!(arguments(&schema).is_some(), "{schema}");
        }
    }

    #[test]
    fn formats_of_numbers_and_strings_are_usable() {
        for (kind, formats) in [
            ("integer", vec!["int32", "int64", "uint8", "uint32", "uint64"]),
            ("number", vec!["float", "double"]),
            (
                "string",
                vec![
                    "date",
                    "date-time",
                    "time",
                    "duration",
                    "email",
                    "uri",
                    "uuid",
                    "ipv4",
                    "ipv6",
                    "hostname",
                    "uri-reference",
                    "uri-template",
                    "json-pointer",
                    "password",
                    "byte",
                ],
            ),
        ] {
            for format in formats {
                let schema = json!({"type": "object", "properties": {"v": {"type": kind, "format": format}}, "required": ["v"]});
                assert!(arguments(&schema).is_some(), "{kind} {format}");
            }
        }
    }

    #[test]
    fn a_schema_that_doubles_at_every_step_ends_soon() {
        let mut defs = Map::new();
        for n in 0..60 {
            let next = json!({"$ref": format!("#/$defs/a{}", n + 1)});
            let more = json!({"properties": {"x": next, "y": next}, "required": ["x", "y"]});
            defs.insert(format!("a{n}"), json!({"anyOf": [next, next], "allOf": [more]}));
        }
        defs.insert("a60".into(), json!({"type": "object", "required": ["never"]}));
        let schema = json!({"type": "object", "anyOf": [{"$ref": "#/$defs/a0"}], "$defs": defs});
        let begun = std::time::Instant::now();
        assert!(validator(&schema).is_none());
        arguments(&schema);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_left_behind() {
        let ways = vec![json!({"properties": {"x": {"$ref": "#"}}, "required": ["y"]}); 6];
        let schema = json!({"required": ["x"], "anyOf": ways});
        let validator = validator(&schema).expect("compiles");
        let mut value = json!({});
        for _ in 0..24 {
            value = json!({"x": value, "y": 1});
        }
        let begun = std::time::Instant::now();
        validator.is_valid(&value);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
