//! The headers that mirror the body, and their validation (streamable-http#request-metadata, #server-validation).

mod sentinel;

use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::features::tools::catalogue::definition;
use crate::message::RpcError;
use crate::rules::Rules;
use crate::server::Server;

use self::sentinel::decode;

/// The headers that every request needs.
pub(crate) fn present(rules: &Rules, headers: &HeaderMap, method: &str) -> Result<(), RpcError> {
    if rules.version_header_required && !headers.contains_key("mcp-protocol-version") {
        let error = mismatch(rules, "MCP-Protocol-Version is missing");
        let code =
            if rules.missing_version_header_code { error.code } else { RpcError::INVALID_REQUEST };
        return Err(RpcError { code, ..error });
    }
    if rules.method_header_required && !headers.contains_key("mcp-method") {
        return Err(mismatch(rules, &format!("Mcp-Method is missing for {method}")));
    }
    Ok(())
}

/// The version of the header is the version of the body.
pub(crate) fn version(rules: &Rules, headers: &HeaderMap, body: &str) -> Result<(), RpcError> {
    let Some(header) = one(rules, headers, "mcp-protocol-version")? else { return Ok(()) };
    let excused = !rules.earlier_version_header_matched && header.starts_with("2025-");
    if header != body && rules.version_header_matched && !excused {
        return Err(mismatch(
            rules,
            &format!("MCP-Protocol-Version is {header:?}, the body says {body:?}"),
        ));
    }
    Ok(())
}

/// The method of the header is the method of the body.
pub(crate) fn method(rules: &Rules, headers: &HeaderMap, body: &str) -> Result<(), RpcError> {
    let Some(header) = one(rules, headers, "mcp-method")? else { return Ok(()) };
    let equal = header == body
        || (!rules.header_values_case_sensitive && header.eq_ignore_ascii_case(body))
        || (!rules.method_header_not_decoded
            && decode(&header, rules, true).as_deref() == Some(body));
    if !equal && rules.method_header_matched {
        return Err(mismatch(rules, &format!("Mcp-Method is {header:?}, the body says {body:?}")));
    }
    Ok(())
}

/// The name or URI of the header is that of the body, for the methods that have one.
pub(crate) fn name(
    rules: &Rules,
    headers: &HeaderMap,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), RpcError> {
    let (source, required, matched) = match method {
        "tools/call" => {
            ("name", rules.tool_name_required, rules.tool_name_matched && rules.headers_not_trusted)
        }
        "prompts/get" => ("name", rules.prompt_name_required, rules.prompt_name_matched),
        "resources/read" => ("uri", rules.resource_name_required, rules.resource_name_matched),
        "tasks/get" => ("taskId", rules.task_name_required, true),
        "tasks/update" => ("taskId", true, rules.task_name_matched),
        "tasks/cancel" => ("taskId", true, true),
        _ => return Ok(()),
    };
    // What is no string is no name to compare with: the method says so itself.
    let Some(body) = params.get(source).and_then(Value::as_str) else { return Ok(()) };
    let Some(header) = one(rules, headers, "mcp-name")? else {
        return if required { Err(mismatch(rules, "Mcp-Name is missing")) } else { Ok(()) };
    };
    let read = rules.name_decoded && (rules.task_name_accepted || method != "tasks/cancel");
    let decoded = match decode(&header, rules, read) {
        Some(decoded) => decoded,
        None if rules.malformed_name_refused => {
            return Err(mismatch(rules, "Mcp-Name is not valid Base64"));
        }
        None => return Ok(()),
    };
    let excused = !rules.header_characters_checked && printable(&header, body)
        || !rules.names_not_percent_decoded && percent_decode_str(&decoded).eq(body.bytes());
    if decoded != body && matched && !excused {
        return Err(mismatch(rules, &format!("Mcp-Name is {decoded:?}, the body says {body:?}")));
    }
    Ok(())
}

/// The annotated arguments of a tool are mirrored as its definition says.
pub(crate) fn params(
    server: &Server,
    headers: &HeaderMap,
    params: &Map<String, Value>,
) -> Result<(), RpcError> {
    let rules = &server.rules;
    let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
    let Some(tool) = definition(server, name) else { return Ok(()) };
    let fail = |what: String| {
        let status = if rules.param_failure_status_400 { 400 } else { 200 };
        let error = mismatch(rules, &what);
        Err(RpcError { status: status.min(error.status), ..error })
    };
    for annotation in annotations(&tool["inputSchema"]) {
        let header = format!("mcp-param-{}", annotation.name.to_ascii_lowercase());
        let body = annotation
            .path
            .iter()
            .try_fold(params.get("arguments").unwrap_or(&Value::Null), |at, key| at.get(key));
        let expected = match body {
            None => !rules.no_header_for_absent,
            Some(Value::Null) => !rules.no_header_for_null,
            Some(Value::Number(number))
                if !rules.large_integers_need_their_header && is_large(number) =>
            {
                false
            }
            Some(Value::String(text)) if text.is_empty() => {
                rules.param_header_required && rules.empty_strings_need_their_header
            }
            Some(_) => rules.param_header_required,
        };
        let header = match one(rules, headers, &header) {
            Ok(header) => header,
            Err(_) if !rules.param_characters_checked => continue,
            Err(error) => return fail(error.message),
        };
        let Some(header) = header else {
            if expected {
                return fail(format!("Mcp-Param-{} is missing", annotation.name));
            }
            continue;
        };
        if body.is_none() && !rules.param_header_has_its_value {
            continue;
        }
        let Some(decoded) = decode(&header, rules, rules.param_decoded) else {
            if rules.param_characters_checked {
                return fail(format!("Mcp-Param-{} is not valid Base64", annotation.name));
            }
            continue;
        };
        let fraction = body.is_some_and(Value::is_f64) && !rules.whole_fractions_matched;
        let equal = fraction || body.is_some_and(|body| agree(rules, &decoded, body));
        if !equal && rules.param_matched {
            return fail(format!(
                "Mcp-Param-{} is {decoded:?}, which the body does not say",
                annotation.name
            ));
        }
    }
    Ok(())
}

/// Whether a number lies beyond what JavaScript holds exactly.
fn is_large(number: &serde_json::Number) -> bool {
    number.as_f64().is_some_and(|number| number.abs() > 9_007_199_254_740_991.0)
}

/// Whether the header is there with this value.
pub(crate) fn is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|header| header == value)
}

/// A property of an `inputSchema` that is mirrored, with the way to it.
struct Annotation {
    name: String,
    path: Vec<String>,
}

/// The annotations that are reachable through `properties` alone.
fn annotations(schema: &Value) -> Vec<Annotation> {
    let mut found = Vec::new();
    let mut pending = vec![(Vec::new(), schema)];
    while let Some((path, schema)) = pending.pop() {
        for (key, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let mut path: Vec<String> = path.clone();
            path.push(key.clone());
            if let Some(name) = property.get("x-mcp-header").and_then(Value::as_str) {
                found.push(Annotation { name: name.to_owned(), path: path.clone() });
            }
            pending.push((path, property));
        }
    }
    found
}

/// Whether a decoded header says what the body says.
fn agree(rules: &Rules, header: &str, body: &Value) -> bool {
    match body {
        Value::String(body) => header == body,
        Value::Number(body) if rules.integers_compared_as_numbers => {
            let plain =
                header.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'.');
            plain && header.parse::<f64>().is_ok_and(|header| body.as_f64() == Some(header))
        }
        Value::Bool(body) if !rules.booleans_in_lower_case => {
            header.eq_ignore_ascii_case(&body.to_string())
        }
        body => header == format!("{body}"),
    }
}

/// The one value of a header, in the characters that RFC 9110 gives it.
fn one(rules: &Rules, headers: &HeaderMap, name: &str) -> Result<Option<String>, RpcError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.any(|other| other != value) {
        return Err(mismatch(rules, &format!("{name} is there twice with different values")));
    }
    match text(value) {
        Some(text) => Ok(Some(text)),
        None if !rules.header_characters_checked && !name.starts_with("mcp-param-") => Ok(Some(
            value
                .as_bytes()
                .iter()
                .filter(|byte| byte.is_ascii())
                .map(|byte| char::from(*byte))
                .collect(),
        )),
        None => Err(mismatch(rules, &format!("{name} contains invalid characters"))),
    }
}

fn text(value: &HeaderValue) -> Option<String> {
    let plain = value.as_bytes().iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    plain.then(|| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether the header is what is left of the body once its other characters are gone.
fn printable(header: &str, body: &str) -> bool {
    !body.is_ascii() && body.chars().filter(char::is_ascii).eq(header.chars())
}

fn mismatch(rules: &Rules, what: &str) -> RpcError {
    let code = if rules.header_failure_code {
        RpcError::HEADER_MISMATCH
    } else {
        RpcError::INVALID_PARAMS
    };
    let status = if rules.header_failure_status_400 { 400 } else { 200 };
    RpcError::new(code, what).status(status)
}
