//! Schemas whose instances are hard to make, or hard to judge.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What makes a schema hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Riddle {
    /// A thousand properties are required, and each of them has the same thousand in it.
    Thousandfold,
    /// A thousand items at least, each of a thousand at least, six levels deep.
    Items,
    /// A hundred thousand properties.
    Properties,
    /// One value of a million.
    Enumeration,
    /// Sixty levels, each with two ways to the next, and each with a word about what none of them has evaluated.
    Unevaluated,
    /// Sixty levels, each with two ways to the next: four kilobytes.
    Doubling,
}

/// The name of the tool that has it.
pub(crate) const NAME: &str = "riddle";

/// So many levels have schemas that double at each.
const LEVELS: usize = 60;

impl Riddle {
    /// The tool whose arguments it is.
    pub(super) fn tool(self) -> Value {
        json!({
            "name": NAME, "description": "Is hard to call", "annotations": { "readOnlyHint": true },
            "inputSchema": self.schema(),
        })
    }

    fn schema(self) -> Value {
        match self {
            Self::Thousandfold => thousandfold(),
            Self::Items => {
                let nested =
                    |items, _| json!({ "type": "array", "minItems": 1_000, "items": items });
                only((0..6).fold(json!({ "type": "integer" }), nested))
            }
            Self::Properties => {
                let properties: Map<_, _> = (0..100_000).map(|n| (name(n), text())).collect();
                json!({ "type": "object", "properties": properties })
            }
            Self::Enumeration => only(json!({ "enum": (0..1_000_000).collect::<Vec<u32>>() })),
            Self::Unevaluated => levels(json!({ "type": "object" }), |level, next| {
                json!({
                    "properties": { name(level): text() }, "required": [name(level)],
                    "anyOf": [next, next], "unevaluatedProperties": text(),
                })
            }),
            Self::Doubling => levels(text(), |_, next| json!({ "anyOf": [next, next] })),
        }
    }
}

fn thousandfold() -> Value {
    let names: Vec<String> = (0..1_000).map(name).collect();
    let all = |name: &String| (name.clone(), json!({ "$ref": "#/$defs/all" }));
    let properties: Map<_, _> = names.iter().map(all).collect();
    let all = json!({ "type": "object", "properties": properties, "required": names });
    json!({ "type": "object", "$defs": { "all": all }, "properties": properties, "required": names })
}

/// Levels of which each says by the next what it is.
fn levels(last: Value, level: impl Fn(usize, Value) -> Value) -> Value {
    let reference = |n: usize| json!({ "$ref": format!("#/$defs/a{n}") });
    let defined = |n| (format!("a{n}"), level(n, reference(n + 1)));
    let mut definitions: Map<_, _> = (0..LEVELS).map(defined).collect();
    definitions.insert(format!("a{LEVELS}"), last);
    let mut schema = only(reference(0));
    schema["$defs"] = definitions.into();
    schema
}

/// An object of one property, which is required.
fn only(property: Value) -> Value {
    json!({ "type": "object", "properties": { "x": property }, "required": ["x"] })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn name(n: usize) -> String {
    format!("p{n}")
}
