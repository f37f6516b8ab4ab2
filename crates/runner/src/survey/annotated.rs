//! Parameters that are mirrored into headers.

use std::time::Duration;

use plumb_model::pack::ParamType;
use plumb_wire::header;
use serde_json::{Map, Value};

use super::callable::Callable;
use crate::sample;

/// Looking through all tools may take so long.
const DEADLINE: Duration = Duration::from_secs(5);

/// Parameters are looked for no deeper than this.
const DEPTH: usize = 16;

/// A parameter that is mirrored into a header.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// Its type.
    pub of: ParamType,
    /// The tool.
    pub tool: Value,
    /// Arguments that the tool accepts.
    pub arguments: Map<String, Value>,
    /// The JSON pointer of the parameter within the arguments.
    pub pointer: String,
    /// The header field's name.
    pub header: String,
}

const TYPES: [(ParamType, &str); 3] = [
    (ParamType::String, "string"),
    (ParamType::Integer, "integer"),
    (ParamType::Boolean, "boolean"),
];

/// The annotated parameters of each tool that a value of ours may stand for.
pub(super) async fn find_each(callables: &[Callable]) -> Vec<Annotated> {
    let callables = callables.to_vec();
    sample::aside(DEADLINE, move || callables.iter().flat_map(of).collect::<Vec<_>>())
        .await
        .unwrap_or_default()
}

/// The annotated parameters of a tool that a value of ours may stand for.
fn of(callable: &Callable) -> Vec<Annotated> {
    let mut all = Vec::new();
    for (of, wanted) in TYPES {
        let mut found = Vec::new();
        find_annotated(&callable.tool["inputSchema"], wanted, "", 0, &mut found);
        all.extend(
            found.into_iter().filter_map(|(pointer, name)| usable(callable, of, pointer, name)),
        );
    }
    all
}

fn usable(callable: &Callable, of: ParamType, pointer: String, name: &str) -> Option<Annotated> {
    let schema = callable.tool.get("inputSchema")?;
    let mut arguments = callable.arguments.clone();
    let free = |schema: &Value| {
        ["enum", "const", "pattern"].iter().all(|k| schema.get(*k).is_none())
            && schema.get("format").is_none_or(sample::is_free)
    };
    let at = schema.pointer(&pointer.replace('/', "/properties/"))?;
    if !free(at) {
        return None;
    }
    // Nested parameters need their parents.
    let mut inner = &mut arguments;
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    for step in &steps[..steps.len().saturating_sub(1)] {
        let slot = inner.entry((*step).to_owned()).or_insert_with(|| Value::Object(Map::new()));
        inner = slot.as_object_mut()?;
    }
    let valid =
        sample::validator(schema).is_none_or(|v| v.is_valid(&Value::Object(arguments.clone())));
    valid.then(|| Annotated {
        of,
        tool: callable.tool.clone(),
        arguments,
        pointer,
        header: format!("{}{name}", header::PARAM_PREFIX),
    })
}

fn find_annotated<'a>(
    schema: &'a Value,
    wanted: &str,
    at: &str,
    depth: usize,
    found: &mut Vec<(String, &'a str)>,
) {
    if depth > DEPTH {
        return;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{name}");
        match property.get(header::ANNOTATION).and_then(Value::as_str) {
            Some(named) if property["type"] == wanted => found.push((pointer, named)),
            _ => find_annotated(property, wanted, &pointer, depth + 1, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_of_a_sized_number_is_usable_and_one_of_a_strict_format_is_not() {
        let tool = json!({"name": "t", "inputSchema": {"type": "object", "properties": {
            "n": {"type": "integer", "format": "int64", "x-mcp-header": "N"},
            "w": {"type": "string", "format": "password", "x-mcp-header": "W"},
            "d": {"type": "string", "format": "date-time", "x-mcp-header": "D"},
            "in": {"type": "object", "properties": {"b": {"type": "boolean", "x-mcp-header": "B"}}},
        }}});
        let callable = Callable { tool, arguments: Map::new(), shown: None, took: None };
        let mut found: Vec<String> = of(&callable).into_iter().map(|a| a.pointer).collect();
        found.sort();
        assert_eq!(found, ["/in/b", "/n", "/w"]);
    }
}
