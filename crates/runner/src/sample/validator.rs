//! Validating by a schema of the target's, in bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use jsonschema::{FancyRegex, PatternOptions};
use serde_json::Value;

use super::tame::{Patterns, patterns};
use super::{STACK, Work, work};

/// A validation by a schema that refers to itself may take so long.
const DEADLINE: Duration = Duration::from_millis(500);

/// A compiled validator for a schema of the target's: offline, with bounded patterns, bounded in work. `None` for a
/// schema that we cannot compile, or that is too much work, which proves nothing about the target.
pub fn validator(schema: &Value) -> Option<Validator> {
    compiled(schema, true)
}

/// As [`validator`]; formats may be left aside, since they need not be asserted.
pub(crate) fn compiled(schema: &Value, formats: bool) -> Option<Validator> {
    let options = jsonschema::options();
    // By default the dialect decides.
    build(schema, if formats { options } else { options.should_validate_formats(false) })
}

/// As [`validator`], in another dialect than the one that the schema declares.
pub fn by_dialect(schema: &Value, dialect: jsonschema::Draft) -> Option<Validator> {
    build(schema, jsonschema::options().with_draft(dialect))
}

fn build(schema: &Value, options: jsonschema::ValidationOptions<'_>) -> Option<Validator> {
    let work = work(schema);
    if work == Work::TooMuch {
        return None;
    }
    let patterns = bounded_patterns(schema)?;
    let inner = options.offline().with_pattern_options(patterns).build(schema).ok()?;
    let inner = Arc::new(inner);
    Some(Validator { inner, recursive: work == Work::Recursive, lost: AtomicBool::new(false) })
}

/// A validator whose work is bounded.
#[derive(Debug)]
pub struct Validator {
    inner: Arc<jsonschema::Validator>,
    recursive: bool,
    /// A validation took too long: nothing more is said.
    lost: AtomicBool,
}

impl Validator {
    /// Whether the value fits, or it cannot be told.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.validate(value).is_ok()
    }

    /// The first thing that does not fit.
    ///
    /// # Errors
    ///
    /// What does not fit, in words.
    pub fn validate(&self, value: &Value) -> Result<(), String> {
        if !self.recursive {
            return said(&self.inner, value);
        }
        if self.lost.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (validator, value) = (Arc::clone(&self.inner), value.clone());
        let (done, result) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("schema".into()).stack_size(STACK);
        // A receiver that is gone has stopped waiting.
        if thread.spawn(move || done.send(said(&validator, &value)).ok()).is_err() {
            return Ok(());
        }
        result.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            self.lost.store(true, Ordering::Relaxed);
            Ok(())
        })
    }
}

/// How patterns of this schema are compiled: all of them together take no more than some MiB, and a search few steps. `None`
/// for more of them than anybody should compile.
pub fn bounded_patterns(schema: &Value) -> Option<PatternOptions<FancyRegex>> {
    /// Of patterns, which are read into many times as much.
    const BYTES: usize = 64 << 10;
    /// Of what they are compiled to, together and each of many.
    const ALL: usize = 16 << 20;
    const EACH: std::ops::RangeInclusive<usize> = (16 << 10)..=(1 << 20);
    let Patterns { count, bytes } = patterns(schema);
    let each = (ALL / count.max(1)).clamp(*EACH.start(), *EACH.end());
    let options = PatternOptions::fancy_regex().backtrack_limit(10_000);
    (bytes <= BYTES).then(|| options.size_limit(each).dfa_size_limit(each))
}

fn said(validator: &jsonschema::Validator, value: &Value) -> Result<(), String> {
    validator.validate(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn more_patterns_than_anybody_compiles_are_left_alone() {
        let alternatives: Vec<String> = (0..20_000).map(|n| format!("k{n}x*|")).collect();
        let alternatives = alternatives.concat();
        for schema in [
            json!({"properties": {"a": {"pattern": &alternatives}}}),
            json!({"anyOf": [{"patternProperties": {alternatives: true}}]}),
        ] {
            assert!(validator(&schema).is_none() && bounded_patterns(&schema).is_none());
        }
        let few = json!({"pattern": "^[a-z]+$", "patternProperties": {"^x-": {"pattern": "y"}}});
        assert_eq!(patterns(&few).count, 3);
        assert!(validator(&few).is_some_and(|v| !v.is_valid(&json!("A"))));
    }
}
