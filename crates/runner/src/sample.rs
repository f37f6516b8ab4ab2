//! Small valid values for a JSON Schema, and small invalid ones.

use serde_json::{Map, Value, json};

/// How deep a schema is followed.
const DEPTH: usize = 12;

/// The smallest arguments that an input schema accepts, as far as its plain keywords tell: the required
/// properties only. `None` if what was built is not valid after all.
pub fn arguments(schema: &Value) -> Option<Map<String, Value>> {
    let Value::Object(map) = value(schema, schema, 0) else { return None };
    let valid = validator(schema).is_none_or(|v| v.is_valid(&Value::Object(map.clone())));
    valid.then_some(map)
}

/// A compiled validator for a schema of the target's: offline, with bounded patterns. `None` for a schema
/// that we cannot compile, which proves nothing about the target.
pub fn validator(schema: &Value) -> Option<jsonschema::Validator> {
    jsonschema::options()
        .offline()
        .with_pattern_options(
            jsonschema::PatternOptions::fancy_regex().backtrack_limit(10_000).size_limit(1 << 20),
        )
        .build(schema)
        .ok()
}

fn value(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEPTH {
        return Value::Null;
    }
    let Some(map) = schema.as_object() else { return json!("x") };
    if let Some(target) = map.get("$ref").and_then(Value::as_str) {
        let local = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return local.map_or(Value::Null, |s| value(s, root, depth + 1));
    }
    for key in ["const", "default"] {
        if let Some(given) = map.get(key) {
            return given.clone();
        }
    }
    for key in ["examples", "enum"] {
        if let Some(first) = map.get(key).and_then(|v| v.get(0)) {
            return first.clone();
        }
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(first) = map.get(key).and_then(|v| v.get(0)) {
            let mut merged = map.clone();
            merged.remove(key);
            if let Some(first) = first.as_object() {
                merged.extend(first.clone());
                return value(&Value::Object(merged), root, depth + 1);
            }
        }
    }
    if let Some(all) = map.get("allOf").and_then(Value::as_array) {
        let mut merged = map.clone();
        merged.remove("allOf");
        all.iter().filter_map(Value::as_object).for_each(|part| merge(&mut merged, part));
        return value(&Value::Object(merged), root, depth + 1);
    }
    let kind = match map.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("null")
        }
        _ if map.contains_key("properties") || map.contains_key("required") => "object",
        _ if map.contains_key("items") || map.contains_key("prefixItems") => "array",
        _ if map.contains_key("minimum") || map.contains_key("maximum") => "integer",
        _ => "string",
    };
    match kind {
        "object" => object(map, root, depth),
        "array" => array(map, root, depth),
        "integer" | "number" => number(map),
        "boolean" => json!(false),
        "null" => Value::Null,
        _ => string(map),
    }
}

fn merge(into: &mut Map<String, Value>, part: &Map<String, Value>) {
    for (key, new) in part {
        match (into.get_mut(key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) if key == "required" => {
                old.extend(new.iter().cloned());
            }
            _ => {
                into.insert(key.clone(), new.clone());
            }
        }
    }
}

fn object(map: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    let mut built = Map::new();
    let empty = Map::new();
    let properties = map.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let schema = properties.get(name).cloned().unwrap_or_else(|| json!({"type": "string"}));
        built.insert(name.to_owned(), value(&schema, root, depth + 1));
    }
    Value::Object(built)
}

fn array(map: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    // Before 2020-12 a tuple stood under `items`.
    let tuple = ["prefixItems", "items"].into_iter().find_map(|key| map.get(key)?.as_array());
    let mut built: Vec<Value> = tuple
        .map(|items| items.iter().map(|s| value(s, root, depth + 1)).collect())
        .unwrap_or_default();
    let least = map.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(16);
    let item = map
        .get("items")
        .filter(|i| !i.is_array())
        .cloned()
        .unwrap_or_else(|| json!({"type": "string"}));
    while (built.len() as u64) < least {
        built.push(value(&item, root, depth + 1));
    }
    Value::Array(built)
}

fn number(map: &Map<String, Value>) -> Value {
    let limit = |key: &str| map.get(key).and_then(Value::as_f64);
    let low = limit("minimum").or_else(|| limit("exclusiveMinimum").map(|v| v.floor() + 1.0));
    let high = limit("maximum").or_else(|| limit("exclusiveMaximum").map(|v| v.ceil() - 1.0));
    // A small number where one is allowed: bounds are often those of the number's type.
    let mut chosen = 1.0_f64;
    if let Some(low) = low {
        chosen = chosen.max(low.ceil());
    }
    if let Some(high) = high {
        chosen = chosen.min(high.floor());
    }
    if let Some(step) = limit("multipleOf").filter(|s| *s > 0.0) {
        chosen = (chosen / step).ceil() * step;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared with the original right here")]
    let whole = chosen as i64;
    #[expect(clippy::cast_precision_loss, reason = "a lost bit only picks the fractional form")]
    if (whole as f64 - chosen).abs() < f64::EPSILON { json!(whole) } else { json!(chosen) }
}

fn string(map: &Map<String, Value>) -> Value {
    let known = match map.get("format").and_then(Value::as_str) {
        Some("date") => "2026-07-28",
        Some("date-time") => "2026-07-28T00:00:00Z",
        Some("time") => "12:00:00Z",
        Some("email") => "someone@example.com",
        Some("uri" | "iri" | "url") => "https://example.com/",
        Some("uuid") => "123e4567-e89b-12d3-a456-426614174000",
        Some("ipv4") => "127.0.0.1",
        Some("hostname") => "example.com",
        _ => "plumb",
    };
    let bound =
        |key: &str| map.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let mut text = known.to_owned();
    while text.chars().count() < bound("minLength").unwrap_or(0).min(4096) {
        text.push('x');
    }
    if let Some(most) = bound("maxLength") {
        text = text.chars().take(most).collect();
    }
    json!(text)
}

#[cfg(test)]
mod tests {
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
    fn what_plain_keywords_cannot_tell_is_not_guessed() {
        let schema = json!({"type": "object", "properties": {"p": {"type": "string", "pattern": "^[0-9]{4}$"}}, "required": ["p"]});
        assert!(arguments(&schema).is_none());
    }
}
