//! How much work a schema is, before any is done: schemas of a target are hostile input.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// More places than this are not worth it.
const PLACES: u64 = 100_000;

/// Schemas nested or linked deeper than this could use up the stack.
const DEEP: usize = 160;

/// What validating by a schema takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Bounded by the schema.
    Bounded,
    /// Bounded by the value alone: the schema refers to itself.
    Recursive,
    /// More than anybody should do.
    TooMuch,
}

/// What validating by the schema takes, by the places that a validator comes by when it follows every reference.
pub(crate) fn work(schema: &Value) -> Work {
    let mut anchors = HashMap::new();
    if !collect(schema, 0, &mut anchors) {
        return Work::TooMuch;
    }
    let mut scale =
        Scale { root: schema, anchors, known: HashMap::new(), open: HashSet::new(), back: 0 };
    let Some(places) = scale.weigh(schema, 0) else { return Work::TooMuch };
    // Each way back may be taken again on every level of the value.
    let taken = scale.back.saturating_pow(3).max(1);
    match places.saturating_mul(taken) {
        all if all > PLACES => Work::TooMuch,
        _ if scale.back > 0 => Work::Recursive,
        _ => Work::Bounded,
    }
}

/// The patterns of a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patterns {
    pub(crate) count: usize,
    /// Of all of them.
    pub(crate) bytes: usize,
}

/// How many patterns a schema has, and how long they are together; it is nested in bounds.
pub(crate) fn patterns(schema: &Value) -> Patterns {
    let mut found = Patterns::default();
    let mut one = |pattern: &str| {
        found.count += 1;
        found.bytes = found.bytes.saturating_add(pattern.len());
    };
    let mut open = vec![schema];
    while let Some(at) = open.pop() {
        match at {
            Value::Object(map) => {
                if let Some(pattern) = map.get("pattern").and_then(Value::as_str) {
                    one(pattern);
                }
                let named = map.get("patternProperties").and_then(Value::as_object);
                named.into_iter().flatten().for_each(|(pattern, _)| one(pattern));
                open.extend(map.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// Remembers what is named by an anchor or an id; false if the schema is nested too deep.
fn collect<'a>(schema: &'a Value, depth: usize, into: &mut HashMap<&'a str, &'a Value>) -> bool {
    if depth > DEEP {
        return false;
    }
    match schema {
        Value::Object(map) => {
            let names = ["$anchor", "$dynamicAnchor", "$id", "id"].iter();
            for name in names.filter_map(|key| map.get(*key)?.as_str()) {
                into.insert(name.trim_start_matches('#'), schema);
            }
            map.values().all(|inner| collect(inner, depth + 1, into))
        }
        Value::Array(items) => items.iter().all(|inner| collect(inner, depth + 1, into)),
        _ => true,
    }
}

struct Scale<'a> {
    root: &'a Value,
    anchors: HashMap<&'a str, &'a Value>,
    known: HashMap<*const Value, u64>,
    open: HashSet<*const Value>,
    /// How many references lead back to where they stand.
    back: u64,
}

impl<'a> Scale<'a> {
    fn weigh(&mut self, schema: &'a Value, depth: usize) -> Option<u64> {
        if depth > DEEP {
            return None;
        }
        let inner: Box<dyn Iterator<Item = &'a Value>> = match schema {
            Value::Object(map) => Box::new(map.values()),
            Value::Array(items) => Box::new(items.iter()),
            _ => return Some(1),
        };
        let place = std::ptr::from_ref(schema);
        if let Some(known) = self.known.get(&place) {
            return Some(*known);
        }
        if !self.open.insert(place) {
            self.back += 1;
            return Some(1);
        }
        let mut sum = 1_u64;
        for part in inner {
            sum = sum.saturating_add(self.weigh(part, depth + 1)?);
        }
        if let Some(target) = self.target(schema) {
            sum = sum.saturating_add(self.weigh(target, depth + 1)?);
        }
        self.open.remove(&place);
        self.known.insert(place, sum);
        (sum <= PLACES).then_some(sum)
    }

    fn target(&self, schema: &Value) -> Option<&'a Value> {
        let reference = ["$ref", "$dynamicRef", "$recursiveRef"]
            .iter()
            .find_map(|key| schema.get(*key)?.as_str())?;
        if reference == "#" {
            return Some(self.root);
        }
        let local = reference.strip_prefix('#').unwrap_or(reference);
        if local.starts_with('/') {
            self.root.pointer(local)
        } else {
            self.anchors.get(local).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A chain of schemas, each of which names the next one twice.
    fn doubling(keyword: &str, links: usize) -> Value {
        let mut defs = serde_json::Map::new();
        for n in 0..links {
            let next = json!({"$ref": format!("#/$defs/a{}", n + 1)});
            defs.insert(format!("a{n}"), json!({keyword: [next, next]}));
        }
        defs.insert(format!("a{links}"), json!({"type": "object", "required": ["never"]}));
        json!({"type": "object", "anyOf": [{"$ref": "#/$defs/a0"}], "$defs": defs})
    }

    #[test]
    fn what_doubles_at_every_step_is_too_much() {
        for keyword in ["anyOf", "allOf", "oneOf"] {
            assert_eq!(work(&doubling(keyword, 60)), Work::TooMuch);
            assert_eq!(work(&doubling(keyword, 5)), Work::Bounded);
        }
        assert_eq!(
            work(&json!({"$ref": "#/$defs/a", "$defs": {"a": {"$anchor": "a"}}})),
            Work::Bounded
        );
    }

    #[test]
    fn a_tree_refers_to_itself_and_is_fine() {
        let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        assert_eq!(work(&tree), Work::Recursive);
        let branches: Vec<Value> = vec![json!({"properties": {"x": {"$ref": "#"}}}); 60];
        assert_eq!(work(&json!({"anyOf": branches})), Work::TooMuch);
    }

    #[test]
    fn what_is_nested_without_end_is_too_much() {
        let mut deep = json!({});
        for _ in 0..400 {
            deep = json!({"not": deep});
        }
        assert_eq!(work(&deep), Work::TooMuch);
    }
}
