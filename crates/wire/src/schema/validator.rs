//! One compiled validator per definition, built once and on first use.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::DOCUMENT;

/// The validator of one definition; `None` if the schema does not hold it.
pub(super) fn of(def: &str) -> Option<&'static Validator> {
    let cell = CELLS.get(def)?;
    Some(cell.get_or_init(|| compile(def)))
}

/// The names of all definitions, sorted.
pub(super) fn names() -> Vec<&'static str> {
    CELLS.keys().map(String::as_str).collect()
}

static PARSED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(DOCUMENT).expect("the embedded schema is JSON; a test parses it")
});

static CELLS: LazyLock<BTreeMap<String, OnceLock<Validator>>> = LazyLock::new(|| {
    let defs = PARSED["$defs"].as_object().into_iter().flatten();
    defs.map(|(name, _)| (name.clone(), OnceLock::new())).collect()
});

/// Formats are annotations here: whether a string is a URI is a requirement of its own.
fn compile(def: &str) -> Validator {
    let root = json!({
        "$schema": PARSED["$schema"],
        "$ref": format!("#/$defs/{def}"),
        "$defs": PARSED["$defs"],
    });
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(false)
        .offline()
        .build(&root)
        .expect("every embedded definition compiles; a test builds them all")
}
