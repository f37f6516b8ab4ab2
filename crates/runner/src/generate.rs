//! Arguments for a tool, valid and not: proptest over the canonical form of its `inputSchema`, and single keywords of it
//! broken one at a time.
//!
//! What is made is bounded in number, so that the same seed makes the same arguments. Schemas of a target are hostile
//! input all the same: callers run it [`aside`](crate::sample::aside), on a thread that they can leave behind.

mod composed;
mod single;
pub(crate) mod strategy;

use jsonschema::canonical::{self, CanonicalSchema, PreparedDocument};
use proptest::strategy::{BoxedStrategy, Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::sample::{self, Validator, Work};

/// So many values are drawn from one strategy.
const DRAWS: usize = 3;

/// So many properties are looked at.
const PROPERTIES: usize = 16;

/// Schemas with more nodes than this are left alone.
const NODES: usize = 4_000;

/// Arguments made for a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// Arguments that the schema accepts, formats included.
    pub valid: Vec<Value>,
    /// Arguments that the schema refuses, formats aside; each differs in one place from accepted ones, or breaks one
    /// keyword.
    pub violating: Vec<Violating>,
}

/// Arguments that a schema refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Violating {
    /// The arguments.
    pub arguments: Value,
    /// The property that differs from the accepted arguments; `None` if it was left out or there is no one place.
    pub property: Option<String>,
    /// The place of the one keyword that they break, if that is known: a JSON pointer into the schema.
    pub keyword: Option<String>,
    /// What differs, as a plain fact.
    pub what: String,
}

/// Makes arguments around accepted ones. The same seed makes the same arguments.
pub fn arguments(schema: &Value, accepted: &Map<String, Value>, seed: u64) -> Generated {
    let Some(mut maker) = Maker::new(schema, accepted, seed) else {
        return Generated::default();
    };
    let mut lanes: Vec<Vec<Candidate>> = vec![maker.incomplete()];
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in properties.keys().take(PROPERTIES) {
        lanes.push(maker.of_property(name));
    }
    let whole = maker.whole();
    lanes.push(whole.clone());
    let mut made = maker.sorted(lanes);
    // What only the validator of a whole schema notices comes first, with what is wrong in one value in turn: both are
    // forgotten.
    let composed = composed::broken(schema, accepted, &maker.lenient, &whole);
    let single = single::broken(schema, accepted, &maker.lenient);
    let mut first = in_turn(composed, single);
    made.violating.retain(|v| first.iter().all(|f| f.arguments != v.arguments));
    first.append(&mut made.violating);
    Generated { violating: first, ..made }
}

/// The first of each, then the second of each; arguments of the one that the other has, too, are left out.
fn in_turn(one: Vec<Violating>, other: Vec<Violating>) -> Vec<Violating> {
    let longest = one.len().max(other.len());
    let mut lanes = [one.into_iter(), other.into_iter()];
    let mut all: Vec<Violating> = Vec::new();
    for _ in 0..longest {
        for violating in lanes.iter_mut().filter_map(Iterator::next) {
            if all.iter().all(|v| v.arguments != violating.arguments) {
                all.push(violating);
            }
        }
    }
    all
}

/// Whether the schema surely refuses the arguments; formats are left aside, since they need not be asserted.
pub fn refuses(schema: &Value, arguments: &Value) -> bool {
    sample::compiled(schema, false).is_some_and(|v| !v.is_valid(arguments))
}

#[derive(Clone)]
struct Candidate {
    arguments: Value,
    property: Option<String>,
    what: String,
}

struct Maker<'a> {
    schema: &'a Value,
    accepted: &'a Map<String, Value>,
    strict: Validator,
    lenient: Validator,
    document: Option<PreparedDocument<'a>>,
    runner: TestRunner,
}

impl<'a> Maker<'a> {
    fn new(schema: &'a Value, accepted: &'a Map<String, Value>, seed: u64) -> Option<Self> {
        if sample::nodes(schema) > NODES || sample::work(schema) == Work::TooMuch {
            return None;
        }
        let mut bytes = [0_u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let config =
            Config { failure_persistence: None, max_local_rejects: 256, ..Config::default() };
        Some(Self {
            schema,
            accepted,
            strict: sample::compiled(schema, true)?,
            lenient: sample::compiled(schema, false)?,
            document: canonical::options()
                .offline()
                .should_validate_formats(false)
                .prepare(schema)
                .ok(),
            runner: TestRunner::new_with_rng(config, rng),
        })
    }

    /// The accepted arguments, each time without one that is required.
    fn incomplete(&self) -> Vec<Candidate> {
        let required = self.schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let without = |name: &str| {
            let mut arguments = self.accepted.clone();
            arguments.shift_remove(name)?;
            let what = format!("the required `{name}` is left out");
            Some(Candidate { arguments: Value::Object(arguments), property: None, what })
        };
        required.filter_map(Value::as_str).filter_map(without).collect()
    }

    /// The accepted arguments with other values of one property: at its bounds, of other types, drawn.
    fn of_property(&mut self, name: &str) -> Vec<Candidate> {
        let pointer = format!("/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        let mut values = Vec::new();
        let canonical = self.document.as_ref().and_then(|d| d.canonicalize_at(&pointer).ok());
        if let Some(canonical) = canonical {
            values.extend(strategy::bounds(&canonical));
            values.extend(junk().into_iter().take(3));
            values.extend(self.drawn(canonical.negate().ok().as_ref()));
            values.extend(self.drawn(Some(&canonical)));
        }
        values.extend(junk());
        let with = |value: Value| {
            let what = format!("`{name}` is {}", crate::observe::clip(&value.to_string(), 80));
            let mut arguments = self.accepted.clone();
            arguments.insert(name.to_owned(), value);
            Candidate { arguments: Value::Object(arguments), property: Some(name.to_owned()), what }
        };
        values.into_iter().map(with).collect()
    }

    /// Whole arguments drawn from the schema and from its opposite, for rules that no single property has.
    fn whole(&mut self) -> Vec<Candidate> {
        let Some(canonical) = self.document.as_ref().and_then(|d| d.canonicalize().ok()) else {
            return Vec::new();
        };
        let mut values = self.drawn(Some(&canonical));
        values.extend(self.drawn(canonical.negate().ok().as_ref()));
        let known = self.schema.get("properties").and_then(Value::as_object);
        let closed = self.schema.get("additionalProperties").is_some_and(|a| a == false);
        // Unknown properties are a rule of their own.
        values.retain_mut(|value| {
            let Some(map) = value.as_object_mut() else { return false };
            if closed {
                map.retain(|name, _| known.is_some_and(|k| k.contains_key(name)));
            }
            true
        });
        let what =
            |v: &Value| format!("the arguments are {}", crate::observe::clip(&v.to_string(), 80));
        values
            .into_iter()
            .map(|v| Candidate { what: what(&v), arguments: v, property: None })
            .collect()
    }

    fn drawn(&mut self, schema: Option<&CanonicalSchema>) -> Vec<Value> {
        let Some(strategy) = schema.and_then(|s| strategy::of(s, 0)) else { return Vec::new() };
        self.draw(&strategy)
    }

    fn draw(&mut self, strategy: &BoxedStrategy<Value>) -> Vec<Value> {
        let mut values = Vec::new();
        while values.len() < DRAWS {
            let Ok(tree) = strategy.new_tree(&mut self.runner) else { break };
            values.push(tree.current());
        }
        values
    }

    /// Sorts the candidates by what the validator says, the first of every lane before the second of any.
    fn sorted(&self, lanes: Vec<Vec<Candidate>>) -> Generated {
        let mut made = Generated::default();
        let longest = lanes.iter().map(Vec::len).max().unwrap_or(0);
        let mut lanes: Vec<_> = lanes.into_iter().map(Vec::into_iter).collect();
        for _ in 0..longest {
            for candidate in lanes.iter_mut().filter_map(Iterator::next) {
                let Candidate { arguments, property, what } = candidate;
                if self.strict.is_valid(&arguments) {
                    if !made.valid.contains(&arguments) {
                        made.valid.push(arguments);
                    }
                } else if !self.lenient.is_valid(&arguments)
                    && made.violating.iter().all(|v| v.arguments != arguments)
                {
                    made.violating.push(Violating { arguments, property, keyword: None, what });
                }
            }
        }
        made
    }
}

/// A value of every type, and what careless code takes for one of another type.
pub(crate) fn junk() -> Vec<Value> {
    vec![
        json!(7),
        json!("plumb"),
        json!({"plumb": true}),
        json!([]),
        json!(true),
        json!(null),
        json!(1.5),
        json!(-1),
        json!(""),
        json!("7"),
        json!(["plumb", 7]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "n": {"type": "integer", "minimum": 1, "maximum": 10},
                "code": {"type": "string", "pattern": "^[A-Z]{2}\\d{3}$"},
                "list": {"type": "array", "items": {"$ref": "#/$defs/kind"}, "maxItems": 2}
            },
            "required": ["n"],
            "$defs": {"kind": {"enum": ["a", "b"]}}
        })
    }

    fn made(seed: u64) -> Generated {
        let accepted = Map::from_iter([("n".to_owned(), json!(5))]);
        arguments(&schema(), &accepted, seed)
    }

    #[test]
    fn bounds_are_met_and_broken() {
        let made = made(1);
        let n = |v: &Value| v["n"].clone();
        assert!(made.valid.iter().map(n).any(|v| v == 10), "{:?}", made.valid);
        assert!(made.violating.iter().any(|v| v.arguments["n"] == 11), "{:?}", made.violating);
        assert!(made.violating.iter().any(|v| v.arguments == json!({})));
        assert!(made.valid.iter().any(|v| v["code"].is_string()), "{:?}", made.valid);
    }

    #[test]
    fn the_same_seed_makes_the_same_arguments() {
        assert_eq!(made(7), made(7));
    }
}
