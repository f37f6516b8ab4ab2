//! Making a value that a schema accepts, as far as its keywords tell.

use serde_json::{Map, Value, json};

use super::pattern;

/// How deep a schema is followed.
const DEPTH: usize = 12;

/// Makes values; past its places it makes nothing but `null`.
pub(super) struct Maker<'a> {
    pub(super) root: &'a Value,
    pub(super) left: usize,
    /// Which way is taken where there are several.
    pub(super) choice: usize,
}

impl Maker<'_> {
    pub(super) fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > DEPTH || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let Some(map) = schema.as_object() else { return json!("x") };
        if let Some(whole) = self.whole(map) {
            return self.value(&Value::Object(whole), depth + 1);
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
        let kind = match map.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("null")
            }
            _ if ["properties", "required", "minProperties"]
                .iter()
                .any(|k| map.contains_key(*k)) =>
            {
                "object"
            }
            _ if ["items", "prefixItems", "contains"].iter().any(|k| map.contains_key(*k)) => {
                "array"
            }
            _ if map.contains_key("minimum") || map.contains_key("maximum") => "integer",
            _ => "string",
        };
        match kind {
            "object" => self.object(map, depth),
            "array" => self.array(map, depth),
            "integer" | "number" => number(map),
            "boolean" => json!(false),
            "null" => Value::Null,
            _ => string(map),
        }
    }

    /// The schema with one of its references or compositions merged into it; `None` if it has none.
    fn whole(&mut self, map: &Map<String, Value>) -> Option<Map<String, Value>> {
        let mut rest = map.clone();
        if let Some(target) = rest.remove("$ref") {
            let pointer = target.as_str()?.strip_prefix('#')?;
            let mut whole = self.root.pointer(pointer)?.as_object()?.clone();
            // What stands at the root for others to refer to is not merged again and again.
            whole.remove("$defs");
            merge(&mut whole, &rest);
            return Some(whole);
        }
        if let Some(Value::Array(all)) = rest.remove("allOf") {
            all.iter().filter_map(Value::as_object).for_each(|part| merge(&mut rest, part));
            return Some(rest);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(Value::Array(ways)) = rest.remove(key) {
                let way = ways.get(self.choice.min(ways.len().saturating_sub(1)));
                way.and_then(Value::as_object).into_iter().for_each(|way| merge(&mut rest, way));
                return Some(rest);
            }
        }
        // Whether a condition holds is for the validator to say: one way is tried after the other.
        rest.remove("if")?;
        let ways = [rest.remove("then"), rest.remove("else")];
        let way = self.choice.checked_sub(1).and_then(|at| ways.into_iter().nth(at)).flatten();
        way.as_ref().and_then(Value::as_object).into_iter().for_each(|way| merge(&mut rest, way));
        Some(rest)
    }

    fn object(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
        let mut built = Map::new();
        let empty = Map::new();
        let properties = map.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut wanted: Vec<&str> = strings(map.get("required")).collect();
        let least = map.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
        for name in properties.keys() {
            if (wanted.len() as u64) < least && !wanted.contains(&name.as_str()) {
                wanted.push(name);
            }
        }
        let dependent = map.get("dependentRequired").and_then(Value::as_object);
        let mut at = 0;
        while let Some(name) = wanted.get(at).copied() {
            at += 1;
            if self.left == 0 {
                break;
            }
            let schema = properties.get(name).cloned().unwrap_or_else(|| json!({"type": "string"}));
            built.insert(name.to_owned(), self.value(&schema, depth + 1));
            for more in strings(dependent.and_then(|d| d.get(name))) {
                if !wanted.contains(&more) {
                    wanted.push(more);
                }
            }
        }
        Value::Object(built)
    }

    fn array(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
        // Before 2020-12 a tuple stood under `items`.
        let tuple = ["prefixItems", "items"].into_iter().find_map(|key| map.get(key)?.as_array());
        let mut built: Vec<Value> = tuple
            .map(|items| items.iter().map(|s| self.value(s, depth + 1)).collect())
            .unwrap_or_default();
        if let Some(held) = map.get("contains") {
            let least = map.get("minContains").and_then(Value::as_u64).unwrap_or(1).min(16);
            for _ in 0..least {
                built.push(self.value(held, depth + 1));
            }
        }
        let least = map.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(16);
        let item = map
            .get("items")
            .filter(|i| !i.is_array())
            .cloned()
            .unwrap_or_else(|| json!({"type": "string"}));
        let mut members = item.get("enum").and_then(Value::as_array).into_iter().flatten();
        let unique = map.get("uniqueItems").is_some_and(|u| u == true);
        while (built.len() as u64) < least {
            let next = match members.next().filter(|_| unique) {
                Some(member) => member.clone(),
                None => self.value(&item, depth + 1),
            };
            built.push(if unique && built.contains(&next) {
                other(&next, built.len())
            } else {
                next
            });
        }
        Value::Array(built)
    }
}

/// A value like this one, and yet another.
fn other(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => json!(format!("{text}{number}")),
        Value::Number(n) => {
            let step = i64::try_from(number).unwrap_or(1);
            n.as_i64().map_or_else(|| json!(number), |n| json!(n.saturating_add(step)))
        }
        _ => value.clone(),
    }
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
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
    let patterned = map.get("pattern").and_then(Value::as_str).and_then(pattern::matching);
    let known = patterned.unwrap_or_else(|| of_format(map.get("format")).to_owned());
    let bound =
        |key: &str| map.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let mut text = known;
    while text.chars().count() < bound("minLength").unwrap_or(0).min(4096) {
        text.push('x');
    }
    if let Some(most) = bound("maxLength") {
        text = text.chars().take(most).collect();
    }
    json!(text)
}

/// A string of a format; those that we do not know, of which some say how to show a field, demand nothing.
fn of_format(format: Option<&Value>) -> &'static str {
    match format.and_then(Value::as_str) {
        Some("date") => "2026-01-31",
        Some("date-time" | "datetime") => "2026-07-28T00:00:00Z",
        Some("time") => "12:00:00Z",
        Some("duration") => "PT1S",
        Some("email" | "idn-email") => "someone@example.com",
        Some("uri" | "iri" | "url" | "uri-reference" | "iri-reference") => "https://example.com/",
        Some("uri-template") => "https://example.com/{name}",
        Some("uuid" | "guid") => "123e4567-e89b-12d3-a456-426614174000",
        Some("ipv4" | "ip") => "127.0.0.1",
        Some("ipv6") => "::1",
        Some("hostname" | "idn-hostname") => "example.com",
        Some("json-pointer") => "/plumb",
        Some("relative-json-pointer") => "0",
        Some("byte" | "base64") => "cGx1bWI=",
        _ => "plumb",
    }
}

/// Whether any value of the type has a form that the format names; where not, a string of ours may stand for it.
pub(crate) fn is_free(format: &Value) -> bool {
    let shown = ["password", "textarea", "text", "multiline", "markdown", "string", "html"];
    let sized = ["int8", "int16", "int32", "int64", "float", "double", "number", "integer"];
    format.as_str().is_some_and(|f| {
        shown.contains(&f) || sized.contains(&f) || sized.contains(&f.trim_start_matches('u'))
    })
}
