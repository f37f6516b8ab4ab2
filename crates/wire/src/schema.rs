//! The shapes of the protocol: every message that a server may send in revision 2026-07-28, and what a client
//! may send with its requests, as one JSON Schema
//! of our own (`schema/2026-07-28.json`), and what a given value has different from them.
//!
//! A shape is types, required members, enumerations and ranges. What goes beyond (an id that echoes, a key that is
//! unique, Base64 that decodes) is a requirement of its own and stands in a check. Nothing here judges: it tells
//! mismatches. Objects are open, so unknown members never mismatch. Unions are resolved by their discriminator, so
//! that a mismatch names a member and never "none of the alternatives".
//!
//! Three ways in:
//!
//! - [`Shape`] for whole messages,
//! - the functions of [`part`] for what stands inside them,
//! - [`mismatches`] for any definition of the schema by its name.
//!
//! A Server Card is no message; [`card_mismatches`] has a schema of its own.

mod card;
mod method;
mod mismatch;
pub mod part;
mod shape;
mod validator;

use serde_json::Value;

pub use card::card_mismatches;
pub use method::{
    ERROR_CODES_WITH_DATA, INPUT_REQUIRED_METHODS, NOTIFICATIONS, PARAM_METHODS, RESULT_METHODS,
    error_def, is_known_method, is_known_notification, notification_def, params_def, result_def,
    result_def_for,
};
pub use mismatch::{MAX_MISMATCHES, Mismatch};
pub use shape::Shape;

/// The schema as it is embedded: JSON Schema 2020-12, all definitions under `$defs`.
pub const DOCUMENT: &str = include_str!("schema/2026-07-28.json");

/// What `value` has different from the definition `def`, at most [`MAX_MISMATCHES`], in the order of the schema.
///
/// Empty when it fits. A `def` that the schema does not hold is the caller's error, and reads as one mismatch
/// that says so: it can never pass for a fit.
pub fn mismatches(def: &str, value: &Value) -> Vec<Mismatch> {
    mismatches_at("", def, value)
}

/// Whether `value` fits the definition `def`; cheaper than [`mismatches`].
pub fn fits(def: &str, value: &Value) -> bool {
    validator::of(def).is_some_and(|validator| validator.is_valid(value))
}

/// The names of all definitions, sorted.
pub fn definitions() -> Vec<&'static str> {
    validator::names()
}

/// [`mismatches`] of a value that stands at `base` inside a message.
fn mismatches_at(base: &str, def: &str, value: &Value) -> Vec<Mismatch> {
    match validator::of(def) {
        Some(validator) => mismatch::collect(validator, base, value),
        None => vec![Mismatch::unknown_definition(base, def)],
    }
}
