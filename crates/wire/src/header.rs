//! Headers that mirror the body: basic/transports/streamable-http#request-metadata.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_model::Header;
use serde_json::Value;

use crate::{meta, method};

/// Mirrors the revision: basic/transports/streamable-http#protocol-version-header.
pub const PROTOCOL_VERSION: &str = "MCP-Protocol-Version";
/// Mirrors `method`: basic/transports/streamable-http#standard-request-headers.
pub const METHOD: &str = "Mcp-Method";
/// Mirrors `params.name` or `params.uri`: basic/transports/streamable-http#standard-request-headers.
pub const NAME: &str = "Mcp-Name";
/// Starts the name of a header that mirrors a tool's parameter.
pub const PARAM_PREFIX: &str = "Mcp-Param-";
/// The schema keyword that asks for a parameter to be mirrored.
pub const ANNOTATION: &str = "x-mcp-header";
/// Sessions of earlier revisions; to be ignored now.
pub const OLD_SESSION_ID: &str = "Mcp-Session-Id";
/// Resumption of earlier revisions; to be ignored now.
pub const OLD_LAST_EVENT_ID: &str = "Last-Event-ID";

/// Whether a header field mirrors what only requests of the newest revision say of themselves.
pub fn is_of_requests(name: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    let mirrors = name.get(..PARAM_PREFIX.len());
    let mirrors = mirrors.is_some_and(|n| n.eq_ignore_ascii_case(PARAM_PREFIX.as_bytes()));
    is(METHOD) || is(NAME) || mirrors
}

const OPEN: &str = "=?base64?";
const CLOSE: &str = "?=";

/// Why a header value cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Something else than visible ASCII, space and tab.
    #[error("holds {0:?}, which no header value may")]
    Character(char),
    /// The part between the markers is no Base64 (RFC 4648 section 4, with padding).
    #[error("no base64 between the markers: {0}")]
    Base64(String),
    /// The decoded bytes are no UTF-8.
    #[error("the decoded bytes are no utf-8")]
    Utf8,
}

/// The value as a header carries it: plain if safe, else `=?base64?…?=`.
///
/// Source: basic/transports/streamable-http#value-encoding.
pub fn encode(value: &str) -> String {
    let padded = value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']);
    let marked = value.starts_with(OPEN) && value.ends_with(CLOSE);
    if padded || marked || value.chars().any(|c| !is_allowed(c)) {
        return encode_always(value);
    }
    value.to_owned()
}

/// The value in the `=?base64?…?=` form, which any value may be written in.
///
/// Source: basic/transports/streamable-http#value-encoding.
pub fn encode_always(value: &str) -> String {
    format!("{OPEN}{}{CLOSE}", STANDARD.encode(value))
}

/// The value that a header carries.
///
/// Source: basic/transports/streamable-http#value-encoding.
pub fn decode(value: &str) -> Result<Cow<'_, str>, ValueError> {
    if let Some(bad) = value.chars().find(|c| !is_allowed(*c)) {
        return Err(ValueError::Character(bad));
    }
    let Some(encoded) = value.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE)) else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).map_err(|e| ValueError::Base64(e.to_string()))?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ValueError::Utf8)
}

/// Visible ASCII, space and tab: RFC 9110 section 5.5 as the specification reads it.
fn is_allowed(c: char) -> bool {
    matches!(c, ' '..='~' | '\t')
}

/// The member of `params` that `Mcp-Name` mirrors in requests of a method; none if the method needs no such header.
///
/// Source: basic/transports/streamable-http#standard-mcp-request-headers, and of tasks the extension's text.
pub fn named_by(method: &str) -> Option<&'static str> {
    match method {
        method::TOOLS_CALL | method::PROMPTS_GET => Some("name"),
        method::RESOURCES_READ => Some("uri"),
        method::TASKS_GET | method::TASKS_UPDATE | method::TASKS_CANCEL => Some("taskId"),
        _ => None,
    }
}

/// The standard headers of a correct request, mirrored from its body; what the body lacks is left out.
///
/// `Mcp-Name` is there for `tools/call`, `prompts/get` and `resources/read`, and for `tasks/get`, `tasks/update`
/// and `tasks/cancel` (extensions/tasks).
pub fn standard_headers(body: &Value) -> Vec<Header> {
    let method = body["method"].as_str();
    let params = &body["params"];
    let name = method.and_then(named_by).and_then(|member| params[member].as_str());
    let version = params["_meta"][meta::PROTOCOL_VERSION].as_str();
    [(PROTOCOL_VERSION, version), (METHOD, method), (NAME, name)]
        .into_iter()
        .filter_map(|(header, value)| Some(Header::new(header, encode(value?))))
        .collect()
}

/// The headers that mirror a tool's annotated parameters: name and encoded value, in the order of the schema.
///
/// Only annotations that are reachable through `properties` alone count, and only values that are present, not
/// `null`, and a string, an integer or a boolean. Source: basic/transports/streamable-http#schema-extension.
pub fn param_headers(input_schema: &Value, arguments: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    collect(input_schema, arguments, &mut headers);
    headers
}

fn collect(schema: &Value, value: &Value, headers: &mut Vec<(String, String)>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, property) in properties {
        let Some(value) = value.get(name) else { continue };
        if let (Some(header), Some(text)) = (property[ANNOTATION].as_str(), plain(value))
            && is_token(header)
        {
            headers.push((format!("{PARAM_PREFIX}{header}"), encode(&text)));
        }
        collect(property, value, headers);
    }
}

/// A primitive value in its string form; `None` for what no header mirrors.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64()?;
            (number.fract() == 0.0).then(|| format!("{number:.0}"))
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a name is a field-name token: RFC 9110 section 5.6.2.
pub fn is_token(name: &str) -> bool {
    let tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(tchar)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_examples_of_the_specification_encode_as_printed() {
        for (value, encoded) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ] {
            assert_eq!(encode(value), encoded);
            assert_eq!(decode(encoded).as_deref(), Ok(value));
        }
    }

    #[test]
    fn values_that_do_not_decode_say_why() {
        assert_eq!(decode("caf\u{e9}"), Err(ValueError::Character('\u{e9}')));
        assert_eq!(decode("a\rb"), Err(ValueError::Character('\r')));
        assert!(matches!(decode("=?base64?SGVsbG8?="), Err(ValueError::Base64(_))));
        assert_eq!(decode("=?base64?/w==?="), Err(ValueError::Utf8));
        assert_eq!(decode("=?BASE64?QQ==?=").as_deref(), Ok("=?BASE64?QQ==?="));
        assert_eq!(decode("=?base64?=").as_deref(), Ok("=?base64?="));
    }

    #[test]
    fn standard_headers_mirror_the_body() {
        let body = json!({"method": "resources/read", "params": {
            "uri": "file:///ü", "_meta": {meta::PROTOCOL_VERSION: "2026-07-28"}}});
        assert_eq!(
            standard_headers(&body),
            [
                Header::new(PROTOCOL_VERSION, "2026-07-28"),
                Header::new(METHOD, "resources/read"),
                Header::new(NAME, "=?base64?ZmlsZTovLy/DvA==?="),
            ]
        );
        assert_eq!(
            standard_headers(&json!({"method": "tools/list", "params": {"name": "x"}})).len(),
            1
        );
        assert_eq!(standard_headers(&json!("no request")), []);
    }

    #[test]
    fn param_headers_follow_properties_only() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "list": {"items": {"properties": {"x": {"x-mcp-header": "Items"}}}},
            "flag": {"type": "boolean", "x-mcp-header": "Flag"},
            "gone": {"x-mcp-header": "Gone"},
            "null": {"x-mcp-header": "Null"},
            "bad": {"x-mcp-header": "no token"}},
            "allOf": [{"properties": {"region": {"x-mcp-header": "Composed"}}}]});
        let arguments = json!({"region": "eu", "deep": {"n": 42.0}, "list": [{"x": "y"}], "flag": true,
            "null": null, "bad": "x"});
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            param_headers(&schema, &arguments),
            [
                header("Mcp-Param-Region", "eu"),
                header("Mcp-Param-N", "42"),
                header("Mcp-Param-Flag", "true")
            ]
        );
    }

    proptest! {
        #[test]
        fn every_text_survives_encoding(text in any::<String>()) {
            let encoded = encode(&text);
            prop_assert!(encoded.chars().all(is_allowed));
            prop_assert_eq!(encoded.trim(), &encoded);
            let decoded = decode(&encoded);
            prop_assert_eq!(decoded.as_deref(), Ok(text.as_str()));
        }
    }
}
