//! Broken relatives of an example, the same ones on every run.

use serde_json::{Value, json};

/// A changed example and the places that were changed.
#[derive(Clone)]
pub(crate) struct Mutant {
    pub(crate) value: Value,
    pub(crate) places: Vec<String>,
}

/// Values that replace any node: other types, nulls, empty containers, fractions, numbers out of range.
fn strangers() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(2.0),
        json!(1e300),
        json!(""),
        json!("nonsense"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"x": null}),
    ]
}

/// Members whose value chooses a branch, and what they are swapped to.
const DISCRIMINATORS: &[(&str, &[&str])] = &[
    (
        "type",
        &[
            "text",
            "image",
            "audio",
            "resource",
            "resource_link",
            "tool_use",
            "tool_result",
            "object",
            "string",
            "number",
            "integer",
            "boolean",
            "array",
            "null",
        ],
    ),
    (
        "method",
        &[
            "elicitation/create",
            "sampling/createMessage",
            "roots/list",
            "notifications/message",
            "notifications/cancelled",
        ],
    ),
    ("mode", &["form", "url", "auto", "none", "required"]),
    ("resultType", &["complete", "input_required", "task", "other"]),
    ("role", &["user", "assistant", "system"]),
    ("theme", &["light", "dark", "Light"]),
    ("cacheScope", &["public", "private", "shared"]),
    ("level", &["debug", "emergency", "warn"]),
    ("format", &["email", "uri", "date", "date-time", "uuid"]),
    ("includeContext", &["none", "thisServer", "allServers", "all"]),
    ("jsonrpc", &["1.0", "2.0"]),
];

/// Every single change of the example, except the members added from the vocabulary.
pub(crate) fn all_of(example: &Value) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for place in places(example) {
        let Some(node) = example.pointer(&place) else {
            continue;
        };
        for stranger in strangers() {
            mutants.extend(replaced(example, &place, stranger));
        }
        for value in swaps(&place) {
            mutants.extend(replaced(example, &place, json!(value)));
        }
        mutants.extend(removed(example, &place));
        if node.is_object() {
            mutants.extend(with_member(example, &place, "x-unknown", json!({"y": [null, 1.5]})));
        }
        if let Some(items) = node.as_array() {
            mutants.extend(replaced(example, &place, filled(items, 101)));
        }
    }
    mutants
}

/// One change drawn at random: any of [`all_of`], or a member of the vocabulary where it does not belong.
pub(crate) fn one_of(example: &Value, vocabulary: &[String], dice: &mut Dice) -> Option<Mutant> {
    let all = places(example);
    let place = dice.pick(&all)?.clone();
    let node = example.pointer(&place)?;
    if node.is_object() && dice.below(3) > 0 {
        let name = dice.pick(vocabulary)?.clone();
        let value = dice.pick(&strangers())?.clone();
        return with_member(example, &place, &name, value);
    }
    let swaps = swaps(&place);
    if !swaps.is_empty() && dice.below(2) == 0 {
        return replaced(example, &place, json!(dice.pick(swaps)?));
    }
    if dice.below(4) == 0 {
        return removed(example, &place);
    }
    replaced(example, &place, dice.pick(&strangers())?.clone())
}

/// A small generator (xorshift64*), so that every run compares the same values.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).unwrap_or_default() % end
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

fn swaps(place: &str) -> &'static [&'static str] {
    let name = place.rsplit('/').next().unwrap_or_default();
    let row = DISCRIMINATORS.iter().find(|row| row.0 == name);
    row.map_or(&[], |row| row.1)
}

fn replaced(example: &Value, place: &str, by: Value) -> Option<Mutant> {
    let mut value = example.clone();
    let node = value.pointer_mut(place)?;
    if *node == by {
        return None;
    }
    *node = by;
    Some(mutant(value, place.to_owned()))
}

fn removed(example: &Value, place: &str) -> Option<Mutant> {
    let (parent, name) = place.rsplit_once('/')?;
    let mut value = example.clone();
    match value.pointer_mut(parent)? {
        Value::Object(members) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"))?;
        }
        Value::Array(items) => {
            items.remove(name.parse().ok()?);
        }
        _ => return None,
    }
    Some(mutant(value, place.to_owned()))
}

fn with_member(example: &Value, place: &str, name: &str, by: Value) -> Option<Mutant> {
    let mut value = example.clone();
    let members = value.pointer_mut(place)?.as_object_mut()?;
    members.insert(name.to_owned(), by);
    Some(mutant(value, format!("{place}/{}", escaped(name))))
}

fn mutant(value: Value, place: String) -> Mutant {
    Mutant { value, places: vec![place] }
}

/// The first item (or a string) as often as asked.
fn filled(items: &[Value], count: usize) -> Value {
    let item = items.first().cloned().unwrap_or_else(|| json!("x"));
    Value::Array(vec![item; count])
}

/// The pointers of all nodes.
fn places(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut index = 0;
    while index < found.len() {
        let here = found[index].clone();
        match value.pointer(&here) {
            Some(Value::Object(members)) => {
                found.extend(members.keys().map(|name| format!("{here}/{}", escaped(name))));
            }
            Some(Value::Array(items)) => {
                found.extend((0..items.len()).map(|i| format!("{here}/{i}")));
            }
            _ => {}
        }
        index += 1;
    }
    found
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
