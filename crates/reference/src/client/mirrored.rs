//! `x-mcp-header`: what of a call is mirrored into headers, and which tools are left out.

use serde_json::Value;

use super::request::encoded;
use super::rules::ClientRules;

/// What the schema of a tool has mirrored of these arguments: the end of the header's name, and its value.
pub(super) fn headers(
    rules: &ClientRules,
    schema: &Value,
    arguments: &Value,
) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if rules.mirrors_parameters {
        collect(rules, schema, arguments, arguments, &mut headers);
    }
    if !rules.mirrors_every_parameter {
        headers.truncate(1);
    }
    headers
}

fn collect(
    rules: &ClientRules,
    schema: &Value,
    given: &Value,
    all: &Value,
    headers: &mut Vec<(String, String)>,
) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let found = if rules.follows_paths { given.get(name) } else { all.get(name) };
        if let Some(header) = property["x-mcp-header"].as_str()
            && let Some(value) = value(rules, found)
        {
            headers.push((header.to_owned(), value));
        }
        collect(rules, property, given.get(name).unwrap_or(&Value::Null), all, headers);
    }
}

/// The value of a header; `None` for no header.
fn value(rules: &ClientRules, given: Option<&Value>) -> Option<String> {
    match given {
        None => (!rules.leaves_out_missing).then(String::new),
        Some(Value::Null) => (!rules.leaves_out_null).then(|| "null".to_owned()),
        Some(Value::Bool(false)) if !rules.mirrors_false => None,
        Some(Value::Bool(flag)) if rules.mirrors_lower_case => Some(flag.to_string()),
        Some(Value::Bool(flag)) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Some(Value::Number(n)) if rules.mirrors_whole_integers => Some(n.to_string()),
        Some(Value::Number(n)) => Some(format!("{n}.0")),
        Some(Value::String(text)) => self::text(rules, text),
        Some(_) => None,
    }
}

fn text(rules: &ClientRules, text: &str) -> Option<String> {
    let right = encoded(text);
    if text.is_empty() && !rules.mirrors_empty_text {
        return None;
    }
    if right == text {
        let quoted = !rules.mirrors_text_as_it_is && !text.is_empty();
        return Some(if quoted { format!("\"{text}\"") } else { right });
    }
    if text.starts_with("=?base64?") && !rules.escapes_markers {
        return Some(text.to_owned());
    }
    let lines = text.contains(['\r', '\n']);
    if lines && !rules.encodes_line_breaks {
        return Some(text.replace(['\r', '\n'], " "));
    }
    if !lines && !rules.encodes_in_base64 {
        return Some(url_escaped(text));
    }
    if !rules.writes_markers_in_lower_case {
        return Some(right.replace("base64", "BASE64"));
    }
    Some(right)
}

fn url_escaped(text: &str) -> String {
    text.bytes().flat_map(|b| ['%', hex(b >> 4), hex(b & 15)]).collect()
}

fn hex(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or_default().to_ascii_uppercase()
}

/// Whether a tool is kept: what its schema marks may all be mirrored.
pub(super) fn is_kept(rules: &ClientRules, tool: &Value) -> bool {
    let mut names = Vec::new();
    let flawed = flawed(rules, &tool["inputSchema"], true, &mut names);
    let distinct = |at: usize| names[..at].iter().all(|name| *name != names[at]);
    let unique = !rules.rejects_duplicate || (0..names.len()).all(distinct);
    !rules.leaves_out_invalid_tools || (!flawed && unique)
}

/// Whether an annotation in this part of a schema is invalid; collects all names in lower case.
fn flawed(rules: &ClientRules, schema: &Value, reachable: bool, names: &mut Vec<String>) -> bool {
    match schema {
        Value::Array(parts) => parts.iter().any(|part| flawed(rules, part, false, names)),
        Value::Object(members) => {
            let mut found = schema.get("x-mcp-header").is_some_and(|header| {
                let name = header.as_str().unwrap_or_default();
                names.push(name.to_ascii_lowercase());
                (!reachable && rules.rejects_unreachable)
                    || is_bad_name(rules, name)
                    || is_bad_type(rules, &schema["type"])
            });
            for (keyword, part) in members {
                if keyword == "properties" {
                    for property in part.as_object().into_iter().flat_map(|all| all.values()) {
                        found |= flawed(rules, property, reachable, names);
                    }
                } else if keyword == "$defs" {
                    for part in part.as_object().into_iter().flat_map(|all| all.values()) {
                        found |= flawed(rules, part, false, names);
                    }
                } else if keyword != "allOf" || rules.rejects_all_that_is_unreachable {
                    found |= flawed(rules, part, false, names);
                }
            }
            found
        }
        _ => false,
    }
}

fn is_bad_name(rules: &ClientRules, name: &str) -> bool {
    if name.is_empty() {
        return rules.rejects_empty_annotation;
    }
    if name.contains(char::is_control) {
        return rules.rejects_control;
    }
    let tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    rules.rejects_non_token && !name.bytes().all(tchar)
        || !rules.keeps_valid_tools && !name.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_bad_type(rules: &ClientRules, of: &Value) -> bool {
    match of.as_str() {
        Some("string" | "integer" | "boolean") => false,
        Some("number") => rules.rejects_number,
        _ => rules.rejects_non_primitive,
    }
}
