//! Arguments that break one keyword of a schema and no other, for keywords that say how parts go together: a server that
//! checks types and leaves out such a keyword accepts them.
//!
//! A pool of arguments is made around accepted ones; those which fit once a keyword is gone, and do not while it stands,
//! break that keyword alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Candidate, Violating, junk};
use crate::sample::pattern;
use crate::sample::{self, Validator};

/// The keywords that are broken one at a time.
const KEYWORDS: [&str; 19] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "contains",
    "uniqueItems",
    "prefixItems",
    "unevaluatedProperties",
    "unevaluatedItems",
    "$ref",
];

/// So many places are looked at.
const PLACES: usize = 24;

/// So many arguments are in the pool.
const POOL: usize = 512;

/// So many names of properties are put in pairs.
const PAIRED: usize = 8;

/// For each place of such a keyword, the first arguments of the pool that break it alone.
pub(super) fn broken(
    schema: &Value,
    accepted: &Map<String, Value>,
    lenient: &Validator,
    drawn: &[Candidate],
) -> Vec<Violating> {
    let places = places(schema);
    if places.is_empty() {
        return Vec::new();
    }
    let mut pool = Pool::new(schema, accepted);
    pool.fill(&places);
    pool.made.extend(drawn.iter().map(|c| c.arguments.clone()));
    pool.made.retain(|arguments| !lenient.is_valid(arguments));
    let alone = |(pointer, keyword): &(String, &str)| {
        let without = sample::compiled(&without(schema, pointer, keyword)?, true)?;
        let arguments = pool.made.iter().find(|arguments| without.is_valid(arguments))?;
        let clipped = crate::observe::clip(&arguments.to_string(), 120);
        Some(Violating {
            arguments: arguments.clone(),
            property: None,
            keyword: Some(format!("{pointer}/{keyword}")),
            what: format!("the arguments {clipped} break `{keyword}` at `#{pointer}` alone"),
        })
    };
    let mut found: Vec<Violating> = Vec::new();
    for violating in places.iter().filter_map(alone) {
        if found.iter().all(|f| f.arguments != violating.arguments) {
            found.push(violating);
        }
    }
    found
}

/// Where such keywords stand: the pointer of the schema and the keyword.
fn places(schema: &Value) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    walk(schema, "", 0, &mut found);
    found.truncate(PLACES);
    found
}

fn walk(schema: &Value, at: &str, depth: usize, found: &mut Vec<(String, &'static str)>) {
    if depth > 8 || found.len() >= PLACES {
        return;
    }
    match schema {
        Value::Object(map) => {
            // A schema that knows all its properties is a rule of its own.
            let counts = |keyword: &&str| {
                map.get(*keyword).is_some_and(|value| {
                    !(keyword.ends_with("Properties") && *value == Value::Bool(false))
                })
            };
            found.extend(KEYWORDS.into_iter().filter(counts).map(|k| (at.to_owned(), k)));
            for (key, inner) in map {
                // Values that are no schemas.
                if !["const", "enum", "default", "examples", "required"].contains(&key.as_str()) {
                    walk(inner, &format!("{at}/{}", escaped(key)), depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            for (n, inner) in items.iter().enumerate() {
                walk(inner, &format!("{at}/{n}"), depth + 1, found);
            }
        }
        _ => {}
    }
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(super) fn without(schema: &Value, pointer: &str, keyword: &str) -> Option<Value> {
    let mut schema = schema.clone();
    let map = schema.pointer_mut(pointer)?.as_object_mut()?;
    map.remove(keyword)?;
    if keyword == "contains" {
        map.remove("minContains");
        map.remove("maxContains");
    }
    Some(schema)
}

struct Pool<'a> {
    schema: &'a Value,
    accepted: &'a Map<String, Value>,
    made: Vec<Value>,
}

impl<'a> Pool<'a> {
    fn new(schema: &'a Value, accepted: &'a Map<String, Value>) -> Self {
        Self { schema, accepted, made: Vec::new() }
    }

    fn fill(&mut self, places: &[(String, &'static str)]) {
        for (pointer, keyword) in places {
            self.of_place(pointer, keyword);
        }
        let mut known = BTreeSet::new();
        names(self.schema, 0, &mut known);
        let known: Vec<String> = known.into_iter().collect();
        for name in &known {
            self.without(name);
            for value in self.values(name) {
                self.with([(name.clone(), value)]);
            }
        }
        for (n, first) in known.iter().take(PAIRED).enumerate() {
            for second in known.iter().take(PAIRED).skip(n + 1) {
                let one = |name: &String| self.values(name).into_iter().next().unwrap_or_default();
                self.with([(first.clone(), one(first)), (second.clone(), one(second))]);
            }
        }
        self.add(Value::Object(Map::new()));
        for value in junk() {
            self.with([("plumb_unknown".to_owned(), value)]);
        }
    }

    /// What the keyword itself speaks of: the values of its subschemas, put together and left out.
    fn of_place(&mut self, pointer: &str, keyword: &str) {
        let Some(at) = self.schema.pointer(pointer).and_then(|s| s.get(keyword)) else { return };
        let parts: Vec<&Value> = match at {
            Value::Array(parts) => parts.iter().collect(),
            part => vec![part],
        };
        let samples: Vec<Value> =
            parts.iter().map(|part| sample::value(part, self.schema)).collect();
        let mut all = Map::new();
        for sample in samples.iter().filter_map(Value::as_object) {
            self.with(sample.clone());
            all.extend(sample.clone());
        }
        self.with(all.clone());
        for name in all.keys() {
            let mut less = all.clone();
            less.remove(name);
            self.with(less);
        }
        for part in parts.iter().filter_map(|part| part.get("properties")?.as_object()) {
            let fit = |(name, inner): (&String, &Value)| {
                (name.clone(), sample::value(inner, self.schema))
            };
            let fit: Map<String, Value> = part.iter().map(fit).collect();
            self.with(fit);
        }
        if keyword == "patternProperties" {
            for name in at.as_object().into_iter().flatten().map(|(pattern, _)| pattern) {
                let name = pattern::matching(name).unwrap_or_else(|| name.clone());
                for value in junk() {
                    self.with([(name.clone(), value)]);
                }
            }
        }
        if keyword == "propertyNames" {
            for name in ["", " ", "Plumb Name!", "plumb_unknown", "0", &"p".repeat(300)] {
                self.with([(name.to_owned(), json!("plumb"))]);
            }
        }
        // The property that the schema is about, with what the keyword speaks of in its place.
        if let Some(name) = property(pointer) {
            for sample in samples {
                self.with([(name.clone(), sample)]);
            }
        }
    }

    /// Values for a property: those its schemas ask for, of every type, and lists of them.
    fn values(&self, name: &str) -> Vec<Value> {
        let mut schemas = Vec::new();
        of_name(self.schema, name, 0, &mut schemas);
        let mut values = Vec::new();
        for schema in schemas.into_iter().take(4) {
            let sample = sample::value(schema, self.schema);
            let item = schema.get("items").map(|items| sample::value(items, self.schema));
            if let Some(item) = item {
                values.push(json!([]));
                values.push(json!([item]));
                values.push(json!([item, item]));
                values.push(json!([item, item, item, item]));
            }
            if let Value::Object(map) = &sample {
                let mut more = map.clone();
                more.insert("plumb_unknown".into(), json!("plumb"));
                values.push(Value::Object(more));
                for key in map.keys() {
                    let mut less = map.clone();
                    less.remove(key);
                    values.push(Value::Object(less));
                }
            }
            let members = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            values.extend(members.take(6).cloned());
            values.insert(0, sample);
        }
        values.extend(junk());
        values
    }

    fn with(&mut self, members: impl IntoIterator<Item = (String, Value)>) {
        let mut arguments = self.accepted.clone();
        arguments.extend(members);
        self.add(Value::Object(arguments));
    }

    fn without(&mut self, name: &str) {
        let mut arguments = self.accepted.clone();
        if arguments.shift_remove(name).is_some() {
            self.add(Value::Object(arguments));
        }
    }

    fn add(&mut self, arguments: Value) {
        if self.made.len() < POOL && !self.made.contains(&arguments) {
            self.made.push(arguments);
        }
    }
}

/// The property of the arguments that a place of the schema is about, if it is about one.
fn property(pointer: &str) -> Option<String> {
    let (_, rest) = pointer.split_once("/properties/")?;
    let name = rest.split('/').next()?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// The names of the properties that the schema speaks of for the arguments themselves, in whatever branch.
fn names(schema: &Value, depth: usize, found: &mut BTreeSet<String>) {
    each_branch(schema, depth, &mut |map| {
        for key in ["properties", "dependentRequired", "dependentSchemas"] {
            found.extend(
                map.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned(),
            );
        }
        let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
        found.extend(required.filter_map(Value::as_str).map(str::to_owned));
    });
}

/// The schemas of a property of the arguments, in whatever branch.
fn of_name<'a>(schema: &'a Value, name: &str, depth: usize, found: &mut Vec<&'a Value>) {
    each_branch(schema, depth, &mut |map| {
        found.extend(map.get("properties").and_then(|p| p.get(name)));
    });
}

/// The schema and the branches of it that judge the same value.
fn each_branch<'a>(schema: &'a Value, depth: usize, see: &mut dyn FnMut(&'a Map<String, Value>)) {
    let Some(map) = schema.as_object().filter(|_| depth < 6) else { return };
    see(map);
    for key in ["allOf", "anyOf", "oneOf"] {
        let ways = map.get(key).and_then(Value::as_array).into_iter().flatten();
        ways.for_each(|way| each_branch(way, depth + 1, see));
    }
    for key in ["not", "if", "then", "else"] {
        if let Some(way) = map.get(key) {
            each_branch(way, depth + 1, see);
        }
    }
    for way in
        map.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values)
    {
        each_branch(way, depth + 1, see);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks(schema: &Value) -> Vec<(String, Value)> {
        let accepted = sample::arguments(schema).expect("arguments");
        let lenient = sample::compiled(schema, false).expect("compiles");
        let broken = broken(schema, &accepted, &lenient, &[]);
        broken.into_iter().map(|v| (v.keyword.unwrap_or_default(), v.arguments)).collect()
    }

    #[test]
    fn each_keyword_is_broken_alone() {
        let text = json!({"type": "string"});
        for (keyword, more) in [
            ("/not", json!({"not": {"required": ["a", "b"]}})),
            ("/anyOf", json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})),
            ("/oneOf", json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]})),
            (
                "/allOf",
                json!({"allOf": [{"required": ["a"]}, {"properties": {"a": {"minLength": 2}}}]}),
            ),
            ("/if", json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}})),
            ("/dependentRequired", json!({"dependentRequired": {"a": ["b"]}})),
            ("/dependentSchemas", json!({"dependentSchemas": {"a": {"required": ["b"]}}})),
            (
                "/patternProperties",
                json!({"patternProperties": {"^x_[a-z]{3}$": {"type": "integer"}}}),
            ),
            ("/additionalProperties", json!({"additionalProperties": {"type": "integer"}})),
            ("/propertyNames", json!({"propertyNames": {"maxLength": 100}})),
            ("/maxProperties", json!({"maxProperties": 1})),
        ] {
            let mut schema = json!({"type": "object", "properties": {"a": text, "b": text}});
            let members = more.as_object().cloned().unwrap_or_default();
            schema.as_object_mut().expect("an object").extend(members);
            let broken = breaks(&schema);
            assert!(broken.iter().any(|(at, _)| at == keyword), "{keyword}: {broken:?}");
        }
    }

    #[test]
    fn keywords_of_a_list_are_broken_alone() {
        for (keyword, more) in [
            ("/properties/l/contains", json!({"contains": {"const": 7}, "minItems": 1})),
            ("/properties/l/uniqueItems", json!({"uniqueItems": true})),
            ("/properties/l/prefixItems", json!({"prefixItems": [{"type": "integer"}]})),
        ] {
            let mut list = json!({"type": "array", "items": {"type": ["integer", "string"]}});
            list.as_object_mut()
                .expect("an object")
                .extend(more.as_object().cloned().unwrap_or_default());
            let broken =
                breaks(&json!({"type": "object", "properties": {"l": list}, "required": ["l"]}));
            assert!(broken.iter().any(|(at, _)| at == keyword), "{keyword}: {broken:?}");
        }
    }
}
