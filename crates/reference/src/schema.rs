//! JSON Schema: arguments and answers are validated in the dialect that their schema declares, 2020-12 by default.
//!
//! Nothing is fetched: a reference to another place makes the schema unusable, and what it should judge is refused.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError};
use serde_json::Value;

use crate::rules::Rules;

/// Why the instance is not valid, or `None` if it is.
pub(crate) fn violation(schema: &Value, instance: &Value, rules: &Rules) -> Option<String> {
    let (schema, draft) = dialect(schema, rules);
    let mut options = jsonschema::options();
    if let Some(draft) = draft {
        options = options.with_draft(draft);
    }
    let validator = match options.build(&schema) {
        Ok(validator) => validator,
        Err(_) if !rules.validates_in_declared_dialect => return None,
        Err(error) => return Some(format!("the schema cannot be used: {error}")),
    };
    validator
        .iter_errors(instance)
        .filter(|error| match error.kind() {
            ValidationErrorKind::AdditionalProperties { .. } => {
                let nested = !error.instance_path().to_string().is_empty();
                rules.additional_properties_refused && (!nested || rules.nested_objects_closed)
            }
            ValidationErrorKind::Type { .. } => rules.argument_types_checked,
            ValidationErrorKind::Enum { options } if !rules.choices_keep_their_case => {
                !is_spelt_otherwise(error.instance(), options)
            }
            _ => true,
        })
        .find(|error| rules.further_items_validated || !is_behind_the_first(error))
        .map(|error| format!("{error} (at {:?})", error.instance_path().to_string()))
}

/// Whether a value is one of the choices but for the case of its letters.
fn is_spelt_otherwise(value: &Value, choices: &Value) -> bool {
    let lower = |value: &Value| value.as_str().map(str::to_lowercase);
    let choices = choices.as_array().into_iter().flatten();
    lower(value).is_some_and(|value| choices.filter_map(lower).any(|choice| choice == value))
}

/// Whether what is wrong is an item of a list, and not its first.
fn is_behind_the_first(error: &ValidationError<'_>) -> bool {
    let path = error.instance_path().to_string();
    path.split('/').any(|step| step.parse::<usize>().is_ok_and(|at| at > 0))
}

/// The schema and the dialect to read it in; `None` leaves that to `$schema` and its default.
fn dialect(schema: &Value, rules: &Rules) -> (Value, Option<Draft>) {
    let declared = schema.get("$schema").and_then(Value::as_str);
    let mut schema = schema.clone();
    if !rules.schema_2020_12_keywords
        && declared.is_none_or(|declared| declared.contains("2020-12"))
    {
        for keyword in ["prefixItems", "dependentRequired", "unevaluatedProperties"] {
            remove(&mut schema, keyword);
        }
    }
    let forgotten: &[&str] = match () {
        () if !rules.compositions_validated => &["allOf", "anyOf", "oneOf", "not"],
        () if !rules.conditions_validated => &["if", "dependentSchemas"],
        () => &[],
    };
    for keyword in forgotten {
        remove(&mut schema, keyword);
    }
    if !rules.schema_default_dialect && declared.is_none() {
        return (schema, Some(Draft::Draft7));
    }
    if !rules.validates_in_declared_dialect
        && declared.is_some_and(|declared| declared.contains("draft-07"))
    {
        remove(&mut schema, "$schema");
        return (schema, Some(Draft::Draft202012));
    }
    (schema, None)
}

/// Removes a keyword wherever it stands.
fn remove(schema: &mut Value, keyword: &str) {
    match schema {
        Value::Object(members) => {
            members.shift_remove(keyword);
            members.values_mut().for_each(|member| remove(member, keyword));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, keyword)),
        _ => {}
    }
}
