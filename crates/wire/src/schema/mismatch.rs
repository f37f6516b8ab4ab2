//! From a validator's errors to fragments that people read.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

/// How many mismatches of one value are told at most.
pub const MAX_MISMATCHES: usize = 8;

/// How many characters of a sent value are shown.
const SHOWN_CHARS: usize = 80;

/// How many members of an object are shown.
const SHOWN_MEMBERS: usize = 6;

/// A value with more nodes than this is searched for one mismatch only: the validator finds all or the first, and
/// all of a hostile array are too many.
const NODES_FOR_ALL: usize = 50_000;

/// One place where a value differs from its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer (RFC 6901) to the place; empty for the value itself. For an absent member, its parent.
    pub at: String,
    /// What the shape demands there, as a fragment: `a string`, `member "name"`.
    pub expected: String,
    /// What stands there, shortened.
    pub actual: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = if self.at.is_empty() { "/" } else { &self.at };
        write!(f, "{at}: expected {}, got {}", self.expected, self.actual)
    }
}

impl Mismatch {
    pub(super) fn unknown_definition(base: &str, def: &str) -> Self {
        Self {
            at: base.to_owned(),
            expected: format!("a definition named {def:?}"),
            actual: "no such definition in the schema".to_owned(),
        }
    }

    pub(super) fn wrong_code(code: i64, actual: &Value) -> Self {
        Self { at: "/error/code".to_owned(), expected: code.to_string(), actual: shown(actual) }
    }

    fn of(base: &str, error: &ValidationError<'_>) -> Self {
        let instance = error.instance();
        Self {
            at: format!("{base}{}", error.instance_path()),
            expected: expected(error),
            actual: match error.kind() {
                ValidationErrorKind::Required { .. } => members(instance),
                ValidationErrorKind::MaxItems { .. } => {
                    format!("{} items", instance.as_array().map_or(0, Vec::len))
                }
                _ => shown(instance),
            },
        }
    }
}

/// The first mismatches of `value`, which stands at `base` in its message.
pub(super) fn collect(validator: &Validator, base: &str, value: &Value) -> Vec<Mismatch> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    let mut found: Vec<Mismatch> = Vec::new();
    if !within_nodes(value, &mut { NODES_FOR_ALL }) {
        found.extend(validator.validate(value).err().map(|e| Mismatch::of(base, &e)));
        return found;
    }
    for error in validator.iter_errors(value) {
        let mismatch = Mismatch::of(base, &error);
        // Definitions that build on one another repeat what they share.
        if !found.contains(&mismatch) {
            found.push(mismatch);
        }
        if found.len() == MAX_MISMATCHES {
            break;
        }
    }
    found
}

/// Whether the value has no more nodes than `left`, which it uses up.
fn within_nodes(value: &Value, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else {
        return false;
    };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| within_nodes(item, left)),
        Value::Object(members) => members.values().all(|member| within_nodes(member, left)),
        _ => true,
    }
}

fn expected(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => format!("member {property}"),
        ValidationErrorKind::Type { kind } => type_words(kind),
        ValidationErrorKind::Constant { expected_value } => expected_value.to_string(),
        ValidationErrorKind::Enum { options } => one_of(options),
        ValidationErrorKind::Minimum { limit } => format!("a number of at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("a number of at most {limit}"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        _ => error.masked_with("the value").to_string(),
    }
}

fn type_words(kind: &TypeKind) -> String {
    let words: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![article(one.as_str())],
        TypeKind::Multiple(set) => set.iter().map(|one| article(one.as_str())).collect(),
    };
    words.join(" or ")
}

fn article(name: &str) -> &'static str {
    match name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "an array",
        "object" => "an object",
        _ => "null",
    }
}

fn one_of(options: &Value) -> String {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let words: Vec<String> = options.iter().map(Value::to_string).collect();
    format!("one of {}", words.join(", "))
}

/// A value in few characters; never all of a large one.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", shortened(text)),
        Value::Array(items) => match items.len() {
            0 => "an empty array".to_owned(),
            1 => "an array of 1 item".to_owned(),
            many => format!("an array of {many} items"),
        },
        Value::Object(_) => members(value),
        scalar => scalar.to_string(),
    }
}

/// An object by the names of its members.
fn members(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return shown(value);
    };
    if members.is_empty() {
        return "an empty object".to_owned();
    }
    let mut text = "an object with ".to_owned();
    for (index, name) in members.keys().take(SHOWN_MEMBERS).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{:?}", shortened(name));
    }
    if members.len() > SHOWN_MEMBERS {
        let _ = write!(text, " and {} more", members.len() - SHOWN_MEMBERS);
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
