//! Scalars that a server may read as the type that its schema names: `"5"` where an integer is wanted.

use plumb_runner::sample;
use serde_json::{Value, json};

/// Whether the schema would take the value if its scalars were read as the types that it names for them. **Position:** such
/// a value may be served.
pub fn is_readable(value: &Value, schema: &Value) -> bool {
    let read = read_as(value, schema);
    read != *value && sample::validator(schema).is_some_and(|schema| schema.is_valid(&read))
}

fn read_as(value: &Value, schema: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                (name.clone(), read_as(value, &schema["properties"][name]))
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| read_as(item, &schema["items"])).collect(),
        scalar => types(schema)
            .iter()
            .find_map(|of| scalar_as(scalar, of))
            .unwrap_or_else(|| scalar.clone()),
    }
}

/// The types that a schema names; none if the value has one of them already is told by [`scalar_as`].
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A scalar as another type, if it can be read so without loss.
fn scalar_as(value: &Value, of: &str) -> Option<Value> {
    match (of, value) {
        ("integer" | "number", Value::Bool(yes)) => Some(json!(i32::from(*yes))),
        ("integer", Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        ("number", Value::String(text)) => {
            text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from)
        }
        ("string", Value::Number(_) | Value::Bool(_)) => Some(json!(value.to_string())),
        ("boolean", Value::Number(n)) => match n.as_f64() {
            Some(0.0) => Some(json!(false)),
            Some(1.0) => Some(json!(true)),
            _ => None,
        },
        ("boolean", Value::String(text)) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "t" | "y" => Some(json!(true)),
            "false" | "no" | "off" | "0" | "f" | "n" => Some(json!(false)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_without_loss_is_told_from_what_does_not_fit() {
        let readable = |value: Value, schema: Value| is_readable(&value, &schema);
        assert!(readable(json!("5"), json!({"type": "integer"})));
        assert!(readable(json!(false), json!({"type": "integer"})));
        assert!(readable(json!(5), json!({"type": "string"})));
        assert!(readable(json!("no"), json!({"type": ["boolean", "null"]})));
        assert!(readable(
            json!({"n": ["7"]}),
            json!({"properties": {"n": {"items": {"type": "number"}}}})
        ));
        for (value, schema) in [
            (json!("plumb"), json!({"type": "integer"})),
            (json!("500"), json!({"type": "integer", "maximum": 100})),
            (json!(5.5), json!({"type": "integer"})),
            (json!([5]), json!({"type": "integer"})),
            (json!(7), json!({"type": "boolean"})),
            (json!(5), json!({"type": "string", "minLength": 3})),
            (json!("b"), json!({"enum": ["a"]})),
        ] {
            assert!(!readable(value.clone(), schema), "{value}");
        }
    }
}
