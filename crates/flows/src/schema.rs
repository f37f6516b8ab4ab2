//! Validating by schemas of the target's, which are hostile input: bounded in size, in time, and never fetched.

pub mod coercion;
mod references;

use std::time::Duration;

use jsonschema::error::ValidationErrorKind;
use jsonschema::meta::MetaValidator;
use plumb_runner::sample::{aside, bounded_patterns};
use serde_json::Value;

use references::{Astray, astray};

/// A validation that takes longer says nothing.
const DEADLINE: Duration = Duration::from_millis(500);

/// Schemas and values with more nodes than this are not looked at.
const NODES: usize = 50_000;

/// What a schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It accepts.
    Yes,
    /// It refuses, and why.
    No(String),
    /// It cannot be told, and why: a limit of ours is never the target's fault.
    Unknown(String),
}

/// Whether a value fits a schema, in the dialect that the schema declares.
pub async fn fits(schema: &Value, value: &Value) -> Fit {
    let (schema, value) = (schema.clone(), value.clone());
    if nodes(&schema) + nodes(&value) > NODES {
        return Fit::Unknown("the schema or the value is too large to validate".into());
    }
    aside(DEADLINE, move || instance(&schema, &value)).await.unwrap_or_else(too_slow)
}

/// Whether a schema is valid: by the meta-schema of the dialect that it declares, and in that its references lead
/// somewhere. This is the one judgement of the project on schemas that a target publishes.
pub fn well_formed(schema: &Value) -> Fit {
    if nodes(schema) > NODES || bounded_patterns(schema).is_none() {
        return Fit::Unknown("the schema is too large to validate".into());
    }
    match meta(schema) {
        Fit::Yes => {}
        other => return other,
    }
    match astray(schema) {
        None => Fit::Yes,
        Some(Astray::Nowhere(reference)) => {
            Fit::No(format!("{:?} refers to nothing in it", plumb_runner::clip(&reference, 120)))
        }
        Some(Astray::Elsewhere(reference)) => Fit::Unknown(format!(
            "the schema rests on {:?}, which no client may fetch unasked",
            plumb_runner::clip(&reference, 120)
        )),
    }
}

fn too_slow() -> Fit {
    Fit::Unknown("validating takes too long".into())
}

fn instance(schema: &Value, value: &Value) -> Fit {
    let Some(patterns) = bounded_patterns(schema) else {
        return Fit::Unknown("the schema has too many patterns to validate by".into());
    };
    let validator = jsonschema::options()
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(patterns)
        .build(schema);
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => return Fit::Unknown(format!("the schema does not compile here: {error}")),
    };
    let mut unknown = None;
    for error in validator.iter_errors(value) {
        match error.kind() {
            ValidationErrorKind::BacktrackLimitExceeded { .. }
            | ValidationErrorKind::RegexEngineFailure { .. } => {
                unknown = Some("a pattern takes too long".to_owned());
            }
            // These need not be asserted.
            ValidationErrorKind::Format { .. }
            | ValidationErrorKind::ContentEncoding { .. }
            | ValidationErrorKind::ContentMediaType { .. }
            | ValidationErrorKind::FromUtf8 { .. } => {}
            _ => return Fit::No(said(&error)),
        }
    }
    unknown.map_or(Fit::Yes, Fit::Unknown)
}

fn meta(schema: &Value) -> Fit {
    let dialect = match schema.get("$schema") {
        None => "https://json-schema.org/draft/2020-12/schema",
        Some(Value::String(dialect)) => dialect.as_str(),
        Some(other) => return Fit::No(format!("`$schema` is {other}")),
    };
    let Some(validator) = meta_schema(dialect) else {
        return Fit::Unknown(format!("the dialect {dialect:?} is not known here"));
    };
    if has_embedded_dialect(schema, true) {
        return Fit::Unknown("a part of the schema declares a dialect of its own".into());
    }
    // What a pattern or reference may look like is the business of its format, which need not be asserted.
    let wrong = validator
        .iter_errors(schema)
        .find(|e| !matches!(e.kind(), ValidationErrorKind::Format { .. }));
    wrong.map_or(Fit::Yes, |error| Fit::No(said(&error)))
}

fn meta_schema(dialect: &str) -> Option<MetaValidator<'static>> {
    let name =
        dialect.trim_end_matches('#').trim_start_matches("https://").trim_start_matches("http://");
    match name {
        "json-schema.org/draft-04/schema" => Some(jsonschema::draft4::meta::validator()),
        "json-schema.org/draft-06/schema" => Some(jsonschema::draft6::meta::validator()),
        "json-schema.org/draft-07/schema" => Some(jsonschema::draft7::meta::validator()),
        "json-schema.org/draft/2019-09/schema" => Some(jsonschema::draft201909::meta::validator()),
        "json-schema.org/draft/2020-12/schema" => Some(jsonschema::draft202012::meta::validator()),
        _ => None,
    }
}

fn has_embedded_dialect(value: &Value, root: bool) -> bool {
    match value {
        Value::Object(map) => {
            (!root && map.get("$schema").is_some_and(Value::is_string))
                || map.values().any(|v| has_embedded_dialect(v, false))
        }
        Value::Array(items) => items.iter().any(|v| has_embedded_dialect(v, false)),
        _ => false,
    }
}

fn said(error: &jsonschema::ValidationError<'_>) -> String {
    let at = error.instance_path().to_string();
    let at = if at.is_empty() { "the root".to_owned() } else { at };
    plumb_runner::clip(&format!("{error} (at {at})"), 240)
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn broken_schemas_are_told_from_those_we_cannot_read() {
        for (schema, broken) in [
            (json!({"type": "object"}), false),
            (json!({"type": "objekt"}), true),
            (json!({"properties": {"a": {"required": true}}}), true),
            (json!({"minimum": 1, "exclusiveMinimum": true}), true),
            (
                json!({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true}),
                false,
            ),
            (json!({"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "]?"}), false),
            (json!({"pattern": "("}), false),
            (json!({"$schema": "https://example.com/mine", "type": 7}), false),
            (json!({"$ref": "https://example.com/other"}), false),
            (json!({"properties": {"a": {"$ref": "#/$defs/none"}}}), true),
            (json!({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {}}}), false),
            (
                json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "items": [{}]}),
                true,
            ),
        ] {
            let said = well_formed(&schema);
            assert_eq!(matches!(said, Fit::No(_)), broken, "{schema}: {said:?}");
        }
    }

    #[tokio::test]
    async fn a_schema_that_takes_for_ever_is_left_behind() {
        let mut defs = serde_json::Map::new();
        for n in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            defs.insert(format!("d{n}"), json!({"allOf": [next, next]}));
        }
        defs.insert("d40".into(), json!({"type": "object"}));
        let schema = json!({"$ref": "#/$defs/d0", "$defs": defs});
        assert!(matches!(fits(&schema, &json!({})).await, Fit::Unknown(_)));
    }

    #[tokio::test]
    async fn formats_and_references_elsewhere_never_refuse() {
        let email =
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "format": "email"});
        assert_eq!(fits(&email, &json!("nobody")).await, Fit::Yes);
        assert!(matches!(
            fits(&json!({"$ref": "http://127.0.0.1:1/x"}), &json!(1)).await,
            Fit::Unknown(_)
        ));
        assert!(matches!(fits(&json!({"type": "string"}), &json!(1)).await, Fit::No(_)));
    }
}
