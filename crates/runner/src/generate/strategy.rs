//! A strategy for each form that a canonical schema may have. What it draws need not fit: the validator has
//! the last word.

use jsonschema::JsonType;
use jsonschema::canonical::{
    ArrayView, CanonicalSchema, CanonicalView, IntegerView, NumberView, ObjectView, StringView,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use serde_json::{Map, Number, Value, json};

use crate::sample::pattern;

/// How deep a schema is followed.
const DEPTH: usize = 6;

/// Strings and lists are no longer than this, in characters and items.
const LONGEST: usize = 4_096;

/// A strategy for values of the schema; `None` for what has none.
pub(super) fn of(schema: &CanonicalSchema, depth: usize) -> Option<BoxedStrategy<Value>> {
    if depth > DEPTH {
        return None;
    }
    match schema.view() {
        CanonicalView::MultiType(types) => union(types.iter().map(|t| of_type(t, None)).collect()),
        CanonicalView::TypedGroup(group) => {
            of(&group.body, depth + 1).or_else(|| Some(of_type(group.ty, None)))
        }
        CanonicalView::String(view) => Some(string(&view)),
        CanonicalView::Integer(view) => Some(integer(&view)),
        CanonicalView::Number(view) => Some(number(&view)),
        CanonicalView::Array(view) => array(&view, depth),
        CanonicalView::Object(view) => object(&view, depth),
        CanonicalView::Const(value) => Some(Just(value).boxed()),
        CanonicalView::Enum(values) if values.is_empty() => None,
        CanonicalView::Enum(values) => Some(select(values).boxed()),
        CanonicalView::AllOf(parts) => parts.iter().find_map(|part| of(part, depth + 1)),
        CanonicalView::AnyOf(parts) | CanonicalView::OneOf(parts) => {
            union(parts.iter().filter_map(|part| of(part, depth + 1)).collect())
        }
        CanonicalView::Reference(uri) => of(&schema.definition(&uri)?, depth + 1),
        CanonicalView::True => Some(select(super::junk()).boxed()),
        CanonicalView::Not(_) | CanonicalView::False | CanonicalView::Raw(_) => None,
    }
}

/// The values at the bounds of a schema and one step beyond.
pub(super) fn bounds(schema: &CanonicalSchema) -> Vec<Value> {
    match schema.view() {
        CanonicalView::TypedGroup(group) => bounds(&group.body),
        CanonicalView::Reference(uri) => match schema.definition(&uri).map(|s| s.view()) {
            None | Some(CanonicalView::Reference(_)) => Vec::new(),
            Some(_) => schema.definition(&uri).map(|s| bounds(&s)).unwrap_or_default(),
        },
        CanonicalView::Integer(view) => {
            let edges = [(view.minimum, -1), (view.maximum, 1)];
            let steps = |(edge, out): (Option<Number>, i64)| {
                let edge = edge.and_then(|n| n.as_i64())?;
                Some([json!(edge.saturating_add(out)), json!(edge)])
            };
            edges.into_iter().filter_map(steps).flatten().collect()
        }
        CanonicalView::Number(view) => {
            let edges = [(view.minimum, -1.0), (view.maximum, 1.0)];
            let steps = |(edge, out): (Option<Number>, f64)| {
                let edge = edge.and_then(|n| n.as_f64())?;
                Some([json!(edge + out), json!(edge)])
            };
            edges.into_iter().filter_map(steps).flatten().collect()
        }
        CanonicalView::String(view) => {
            let text = |n: usize| json!("p".repeat(n));
            let least = small(view.min_length.as_ref()).filter(|n| *n > 0);
            let most = small(view.max_length.as_ref());
            let below = least.map(|n| [text(n - 1), text(n)]);
            let above = most.map(|n| [text(n + 1), text(n)]);
            below.into_iter().chain(above).flatten().collect()
        }
        CanonicalView::Enum(values) => {
            values.into_iter().take(2).chain([json!("plumb-no-member")]).collect()
        }
        CanonicalView::Const(value) => vec![json!("plumb-no-member"), value],
        _ => Vec::new(),
    }
}

fn union(parts: Vec<BoxedStrategy<Value>>) -> Option<BoxedStrategy<Value>> {
    (!parts.is_empty()).then(|| proptest::strategy::Union::new(parts).boxed())
}

fn of_type(kind: JsonType, longest: Option<usize>) -> BoxedStrategy<Value> {
    match kind {
        JsonType::Null => Just(Value::Null).boxed(),
        JsonType::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        JsonType::Integer => (-1_000_i64..1_000).prop_map(Value::from).boxed(),
        JsonType::Number => (-1_000.0_f64..1_000.0).prop_map(|n| json!(n)).boxed(),
        JsonType::String => text(0, longest.unwrap_or(16)).prop_map(Value::from).boxed(),
        JsonType::Array => Just(json!([])).boxed(),
        JsonType::Object => Just(json!({})).boxed(),
    }
}

fn text(least: usize, most: usize) -> BoxedStrategy<String> {
    let letters = prop_oneof![8 => proptest::char::range('a', 'z'), 1 => select(vec!['é', '世', ' ', '-', '"', '\\'])];
    proptest::collection::vec(letters, least..=most.max(least)).prop_map(String::from_iter).boxed()
}

fn string(view: &StringView) -> BoxedStrategy<Value> {
    let least = small(view.min_length.as_ref()).unwrap_or(0);
    let most = small(view.max_length.as_ref()).unwrap_or(least + 16);
    let pattern = view
        .patterns
        .first()
        .filter(|p| pattern::is_tame(p))
        .and_then(|p| string_regex(&pattern::ascii(p)).ok());
    match pattern {
        Some(pattern) => pattern.prop_map(Value::from).boxed(),
        None => text(least, most.min(LONGEST)).prop_map(Value::from).boxed(),
    }
}

fn integer(view: &IntegerView) -> BoxedStrategy<Value> {
    let least = view.minimum.as_ref().and_then(Number::as_i64);
    let most = view.maximum.as_ref().and_then(Number::as_i64);
    let (least, most) = match (least, most) {
        (Some(least), Some(most)) => (least, most.max(least)),
        (Some(least), None) => (least, least.saturating_add(1_000)),
        (None, Some(most)) => (most.saturating_sub(1_000), most),
        (None, None) => (-1_000, 1_000),
    };
    let step = view.multiple_of.first().and_then(Number::as_i64).filter(|s| *s > 1);
    (least..=most).prop_map(move |n| json!(step.map_or(n, |s| n - n.rem_euclid(s)))).boxed()
}

fn number(view: &NumberView) -> BoxedStrategy<Value> {
    let least = view.minimum.as_ref().and_then(Number::as_f64);
    let most = view.maximum.as_ref().and_then(Number::as_f64);
    let (least, most) = match (least, most) {
        (Some(least), Some(most)) => (least, most.max(least)),
        (Some(least), None) => (least, least + 1_000.0),
        (None, Some(most)) => (most - 1_000.0, most),
        (None, None) => (-1_000.0, 1_000.0),
    };
    (least..=most).prop_map(|n| json!(n)).boxed()
}

fn array(view: &ArrayView, depth: usize) -> Option<BoxedStrategy<Value>> {
    let least = small(view.min_items.as_ref()).unwrap_or(0).min(64);
    let most = small(view.max_items.as_ref()).unwrap_or(least + 3).min(least + 3).max(least);
    let item = view.items.as_ref().or_else(|| view.contains.first().map(|c| &c.schema));
    let first: Vec<BoxedStrategy<Value>> =
        view.prefix_items.iter().map(|s| of(s, depth + 1)).collect::<Option<_>>()?;
    let item = match item {
        Some(schema) => of(schema, depth + 1),
        None => Some(select(super::junk()).boxed()),
    };
    let rest = match item {
        Some(item) => proptest::collection::vec(item, least..=most).boxed(),
        None => Just(Vec::new()).boxed(),
    };
    Some(
        (first, rest)
            .prop_map(|(first, rest)| Value::Array(first.into_iter().chain(rest).collect()))
            .boxed(),
    )
}

fn object(view: &ObjectView, depth: usize) -> Option<BoxedStrategy<Value>> {
    let mut members: Vec<BoxedStrategy<Option<(String, Value)>>> = Vec::new();
    let free = || select(super::junk()).boxed();
    for name in &view.required {
        let schema = view.properties.get(name).or(view.additional_properties.as_ref());
        let (name, value) =
            (name.clone(), schema.map_or_else(|| Some(free()), |s| of(s, depth + 1))?);
        members.push(value.prop_map(move |v| Some((name.clone(), v))).boxed());
    }
    let optional = view.properties.iter().filter(|(name, _)| !view.required.contains(name));
    for (name, schema) in optional.take(32) {
        let (name, Some(value)) = (name.clone(), of(schema, depth + 1)) else { continue };
        let member = value.prop_map(move |v| (name.clone(), v));
        members.push(proptest::option::of(member).boxed());
    }
    Some(
        members
            .prop_map(|all| Value::Object(all.into_iter().flatten().collect::<Map<_, _>>()))
            .boxed(),
    )
}

fn small(number: Option<&Number>) -> Option<usize> {
    number.and_then(Number::as_u64).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= LONGEST)
}
