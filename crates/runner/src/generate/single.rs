//! Arguments that are wrong in one value, however deep it lies, by one keyword about that value: a server that looks at the
//! outermost values, at the first item of a list, or at types alone accepts them.

use serde_json::{Map, Value, json};

use super::Violating;
use super::composed::{escaped, without};
use crate::sample::{self, Validator};

/// So deep are values looked for.
const DEPTH: usize = 5;

/// So many properties of an object are looked at.
const PROPERTIES: usize = 16;

/// So many arguments are made.
const MOST: usize = 64;

/// Lists and strings are made no longer than this.
const LONGEST: u64 = 1_000;

/// The accepted arguments, each time with one value that one keyword of its schema refuses.
pub(super) fn broken(
    schema: &Value,
    accepted: &Map<String, Value>,
    lenient: &Validator,
) -> Vec<Violating> {
    let mut walk = Walk { root: schema, lenient, found: Vec::new() };
    let whole = Value::Object(accepted.clone());
    walk.visit(&Place { schema, at: String::new(), depth: 0, good: whole, put: &|value| value });
    walk.found
}

/// A value within the arguments.
struct Place<'a, 'p> {
    schema: &'a Value,
    /// Where its schema stands: a JSON pointer.
    at: String,
    depth: usize,
    /// A value that fits.
    good: Value,
    /// The arguments with another value in its place.
    put: &'p dyn Fn(Value) -> Value,
}

struct Walk<'a> {
    root: &'a Value,
    lenient: &'a Validator,
    found: Vec<Violating>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, place: &Place<'a, '_>) {
        let (schema, at) = resolved(place.schema, self.root, &place.at);
        let Some(map) = schema.as_object() else { return };
        // Where the value that is left alone does not fit, nothing is shown by another one.
        if place.depth > DEPTH || !self.lenient.is_valid(&(place.put)(place.good.clone())) {
            return;
        }
        for keyword in map.keys() {
            if self.found.len() >= MOST {
                return;
            }
            // The arguments themselves are a rule of their own.
            let wrong =
                if place.depth == 0 { Vec::new() } else { wrong(keyword, map, &place.good) };
            let refused = |value: &Value| !self.lenient.is_valid(value);
            let refused: Vec<Value> = wrong.into_iter().map(place.put).filter(refused).collect();
            for arguments in self.chosen(refused, &at, keyword) {
                let clipped = crate::observe::clip(&arguments.to_string(), 120);
                let at = format!("{at}/{}", escaped(keyword));
                let what = format!("the arguments {clipped} break `#{at}`");
                let violating = Violating { what, arguments, property: None, keyword: Some(at) };
                self.found.push(violating);
            }
        }
        self.members(place, map, &at);
        self.items(place, map, &at);
    }

    /// Those that fit but for the keyword, or else the first: a wrong type and `null` are two mistakes.
    fn chosen(&self, refused: Vec<Value>, at: &str, keyword: &str) -> Vec<Value> {
        let few = if keyword == "type" { 2 } else { 1 };
        let room = few.min(MOST.saturating_sub(self.found.len()));
        let without = || sample::compiled(&without(self.root, at, keyword)?, false);
        let alone = without().filter(|_| refused.len() > few).and_then(|without| {
            refused.iter().find(|arguments| without.is_valid(arguments)).cloned()
        });
        match alone {
            Some(alone) => vec![alone],
            None => refused.into_iter().take(room).collect(),
        }
    }

    fn members(&mut self, place: &Place<'a, '_>, schema: &'a Map<String, Value>, at: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(good) = place.good.as_object() else { return };
        for (name, inner) in properties.into_iter().flatten().take(PROPERTIES) {
            let put = |value: Value| {
                let mut members = good.clone();
                members.insert(name.clone(), value);
                (place.put)(Value::Object(members))
            };
            let fitting =
                good.get(name).cloned().unwrap_or_else(|| sample::value(inner, self.root));
            self.visit(&Place {
                schema: inner,
                at: format!("{at}/properties/{}", escaped(name)),
                depth: place.depth + 1,
                good: fitting,
                put: &put,
            });
        }
    }

    /// What holds for all items is tried behind a first one that fits.
    fn items(&mut self, place: &Place<'a, '_>, schema: &'a Map<String, Value>, at: &str) {
        let (Some(inner), Some(good)) = (schema.get("items"), place.good.as_array()) else {
            return;
        };
        let first = good.first().cloned().unwrap_or_else(|| sample::value(inner, self.root));
        let behind = |value: Value| (place.put)(json!([first, value]));
        let alone = |value: Value| (place.put)(json!([value]));
        let mut seconds = others(&first);
        seconds.push(fuller(&first, inner, self.root));
        seconds.push(first.clone());
        let fits = |put: &dyn Fn(Value) -> Value, value: &Value| {
            self.lenient.is_valid(&put(value.clone()))
        };
        let second = seconds.into_iter().find(|value| fits(&behind, value));
        let (put, fitting): (&dyn Fn(Value) -> Value, Value) = match second {
            Some(second) => (&behind, second),
            None => (&alone, first.clone()),
        };
        self.visit(&Place {
            schema: inner,
            at: format!("{at}/items"),
            depth: place.depth + 1,
            good: fitting,
            put,
        });
    }
}

/// The schema that a reference within the whole names, and where it stands.
fn resolved<'a>(schema: &'a Value, root: &'a Value, at: &str) -> (&'a Value, String) {
    let named = schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#'));
    let found = named.and_then(|named| Some((root.pointer(named)?, named.to_owned())));
    found.unwrap_or_else(|| (schema, at.to_owned()))
}

/// An object with a member more, if its schema has one.
fn fuller(value: &Value, schema: &Value, root: &Value) -> Value {
    let properties = resolved(schema, root, "").0.get("properties").and_then(Value::as_object);
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut()
        && let Some((name, inner)) =
            properties.into_iter().flatten().find(|(name, _)| !members.contains_key(*name))
    {
        members.insert(name.clone(), sample::value(inner, root));
    }
    value
}

/// Other values of the same kind, for lists whose items are to differ: of an object one for each member that differs.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![json!(format!("{text}2"))],
        Value::Number(number) => {
            vec![number.as_i64().map_or(json!(0.25), |n| json!(n.saturating_add(1)))]
        }
        Value::Object(members) => {
            let differing = |(name, value): (&String, &Value)| {
                let mut members = members.clone();
                members.insert(name.clone(), others(value).into_iter().next()?);
                Some(Value::Object(members))
            };
            members.iter().filter_map(differing).collect()
        }
        _ => Vec::new(),
    }
}

/// Values that the keyword refuses, the likeliest to be overlooked first; whoever tries them asks the validator.
fn wrong(keyword: &str, schema: &Map<String, Value>, good: &Value) -> Vec<Value> {
    let said = &schema[keyword];
    match (keyword, good) {
        ("minItems", Value::Array(items)) => fewer(items, said),
        ("maxItems", Value::Array(items)) => more(items, said),
        ("minimum", Value::Number(_)) => beyond(said, -1),
        ("maximum", Value::Number(_)) => beyond(said, 1),
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(_)) => vec![said.clone()],
        ("multipleOf", Value::Number(_)) => between(said, good),
        ("minLength", Value::String(text)) => shorter(text, said),
        ("maxLength", Value::String(text)) => longer(text, said),
        ("pattern" | "const", Value::String(text)) => misspelt(text),
        ("enum", _) => {
            let members = said.as_array().into_iter().flatten().filter_map(Value::as_str);
            members.flat_map(misspelt).collect()
        }
        ("required", Value::Object(members)) => {
            let names = said.as_array().into_iter().flatten().filter_map(Value::as_str);
            let without = |name: &str| {
                let mut members = members.clone();
                members.shift_remove(name)?;
                Some(Value::Object(members))
            };
            names.filter_map(without).collect()
        }
        ("type", Value::Object(_)) => vec![json!([]), Value::Null],
        ("type", Value::Array(_)) => vec![json!({}), Value::Null],
        ("type", Value::String(_)) => vec![json!({"plumb": true}), Value::Null],
        ("type", _) => vec![json!("plumb"), Value::Null],
        _ => Vec::new(),
    }
}

fn fewer(items: &[Value], least: &Value) -> Vec<Value> {
    let kept = least.as_u64().and_then(|n| n.checked_sub(1)).and_then(|n| usize::try_from(n).ok());
    kept.map(|kept| items.iter().take(kept).cloned().collect()).into_iter().collect()
}

fn more(items: &[Value], most: &Value) -> Vec<Value> {
    let (Some(most), Some(first)) = (most.as_u64().filter(|n| *n < LONGEST), items.first()) else {
        return Vec::new();
    };
    // Each differs from the one before it in the same way.
    let ways = others(first).len();
    let differing = (0..ways).map(|way| {
        let next = |last: &Value| others(last).into_iter().nth(way);
        let items = std::iter::successors(Some(first.clone()), next);
        items.zip(0..=most).map(|(item, _)| item).collect()
    });
    let same = (0..=most).map(|_| first.clone()).collect();
    differing.chain([Value::Array(same)]).collect()
}

fn beyond(bound: &Value, sign: i64) -> Vec<Value> {
    let whole = bound.as_i64().and_then(|n| n.checked_add(sign)).map(Value::from);
    #[expect(clippy::cast_precision_loss, reason = "one or minus one")]
    let broken = bound.as_f64().map(|n| json!(n + 0.5 * sign as f64));
    whole.into_iter().chain(broken).collect()
}

/// Half a step beside a multiple.
fn between(step: &Value, good: &Value) -> Vec<Value> {
    let (Some(step), Some(good)) = (step.as_f64(), good.as_f64()) else { return Vec::new() };
    let whole = good.fract() == 0.0 && step.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "small whole numbers, by the sample")]
    let next = whole.then(|| json!(good as i64 + 1));
    next.into_iter().chain([json!(good + step / 2.0)]).collect()
}

fn shorter(text: &str, least: &Value) -> Vec<Value> {
    let kept = least.as_u64().and_then(|n| n.checked_sub(1)).and_then(|n| usize::try_from(n).ok());
    kept.map(|kept| Value::from(text.chars().take(kept).collect::<String>())).into_iter().collect()
}

fn longer(text: &str, most: &Value) -> Vec<Value> {
    let Some(most) = most.as_u64().filter(|n| *n < LONGEST) else { return Vec::new() };
    let one = text.chars().last().unwrap_or('p');
    let mut long = text.to_owned();
    while u64::try_from(long.chars().count()).unwrap_or(u64::MAX) <= most {
        long.push(one);
    }
    vec![Value::from(long)]
}

/// The same letters in the other case, and more behind and before them.
fn misspelt(text: &str) -> Vec<Value> {
    let upper = text.to_uppercase();
    let swapped = if upper == text { text.to_lowercase() } else { upper };
    let spelt = [swapped, format!("{text}!plumb"), format!("plumb!{text}")];
    spelt.into_iter().filter(|other| other != text).map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_keyword_about_a_value_is_broken_wherever_the_value_lies() {
        let schema = json!({
            "type": "object",
            "properties": {
                "items": {
                    "type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true,
                    "items": {"$ref": "#/$defs/item"}
                },
                "speed": {"enum": ["slow", "fast"]},
                "weight": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}
            },
            "required": ["items"],
            "$defs": {"item": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"},
                    "n": {"type": "integer", "minimum": 1, "maximum": 50},
                    "name": {"type": "string", "minLength": 2, "maxLength": 8}
                },
                "required": ["sku"]
            }}
        });
        let accepted = sample::arguments(&schema).expect("arguments");
        let lenient = sample::compiled(&schema, false).expect("compiles");
        let broken = broken(&schema, &accepted, &lenient);
        let at = |keyword: &str| {
            let found = broken.iter().find(|v| v.keyword.as_deref() == Some(keyword));
            found.unwrap_or_else(|| panic!("{keyword}: {broken:#?}")).arguments.clone()
        };
        assert_eq!(at("/properties/items/minItems")["items"], json!([]));
        assert_eq!(at("/properties/items/maxItems")["items"].as_array().map(Vec::len), Some(4));
        assert_eq!(at("/properties/speed/enum")["speed"], "SLOW");
        assert_eq!(at("/properties/weight/exclusiveMinimum")["weight"], 0);
        let item = "/$defs/item/properties";
        for keyword in
            ["sku/pattern", "n/minimum", "n/maximum", "n/type", "name/minLength", "name/maxLength"]
        {
            let items = at(&format!("{item}/{keyword}"))["items"].clone();
            assert!(items[1].is_object(), "{keyword}: the second item is the wrong one, {items}");
        }
        assert_eq!(at("/$defs/item/required")["items"][1].get("sku"), None);
        assert!(broken.iter().all(|v| !lenient.is_valid(&v.arguments)));
    }
}
