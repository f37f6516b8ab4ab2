//! A request, its body and the headers that mirror it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::declared::{self, Saying};
use super::rules::ClientRules;
use crate::revision::PREVIOUS;

/// The header fields of a request, values as bytes.
pub(super) type Headers = Vec<(String, Vec<u8>)>;

/// A request of the client.
pub(super) struct Request<'a> {
    pub(super) id: u64,
    pub(super) method: &'a str,
    pub(super) params: Value,
    pub(super) saying: Saying,
    /// What the schema of the called tool has mirrored: the end of the header's name, and its value.
    pub(super) mirrored: Vec<(String, String)>,
}

impl Request<'_> {
    /// The body as it is posted.
    pub(super) fn body(&self, rules: &ClientRules) -> Vec<u8> {
        let mut params = self.params.clone();
        params["_meta"] = declared::meta(rules, self.saying);
        if !rules.arguments_are_an_object && params.get("arguments").is_some() {
            params["arguments"] = json!(params["arguments"].to_string());
        }
        if !rules.log_levels_are_known {
            params["_meta"]["io.modelcontextprotocol/logLevel"] = json!("verbose");
        }
        let version = if rules.says_jsonrpc { "2.0" } else { "1.0" };
        let mut message = json!({ "jsonrpc": version, "id": self.saying.choices.id(self.id), "method": self.method, "params": params });
        if !rules.methods_are_text {
            message["method"] = json!([self.method]);
        }
        if !rules.ids_are_whole {
            message["id"] = json!(self.id.to_string().parse::<f64>().unwrap_or_default() + 0.5);
        }
        if !rules.ids_are_not_null {
            message["id"] = Value::Null;
        }
        if !rules.sends_ids
            && let Some(members) = message.as_object_mut()
        {
            members.shift_remove("id");
        }
        let one = rules.sends_one_message;
        let message = if one { message } else { json!([message]) };
        let text = if one { self.saying.choices.written(message) } else { message.to_string() };
        if rules.writes_utf8 {
            return text.into_bytes();
        }
        text.chars().map(latin1).collect()
    }

    /// The headers, names and values as bytes.
    pub(super) fn headers(&self, rules: &ClientRules) -> Headers {
        let accepted = ["application/json", "text/event-stream"];
        let accepted: Vec<&str> = accepted
            .into_iter()
            .zip([rules.accepts_json, rules.accepts_streams])
            .filter_map(|(name, accepts)| accepts.then_some(name))
            .collect();
        let kind: &[u8] =
            if rules.says_its_media_type { b"application/json" } else { b"text/plain" };
        let mut headers = vec![
            ("Content-Type".to_owned(), kind.to_vec()),
            ("Accept".to_owned(), accepted.join(", ").into_bytes()),
        ];
        if !rules.takes_up_no_stream {
            headers.push(("Last-Event-ID".to_owned(), b"plumb-7".to_vec()));
        }
        if self.saying.again && !rules.mirrors_again {
            return headers;
        }
        if rules.version_header {
            let version = if rules.version_header_matches { self.saying.version } else { PREVIOUS };
            headers.push(("MCP-Protocol-Version".to_owned(), version.as_bytes().to_vec()));
        }
        if rules.method_header {
            let same = rules.method_header_matches;
            let method = if same { self.method.to_owned() } else { self.method.to_uppercase() };
            headers.push(("Mcp-Method".to_owned(), method.into_bytes()));
            if !rules.one_method_header {
                headers.push(("Mcp-Method".to_owned(), b"ping".to_vec()));
            }
        }
        headers.extend(self.name(rules).map(|name| ("Mcp-Name".to_owned(), name)));
        if self.method == "tools/call" && !rules.one_name_header {
            headers.push(("Mcp-Name".to_owned(), b"another".to_vec()));
        }
        headers.extend(
            self.mirrored
                .iter()
                .map(|(name, value)| (format!("Mcp-Param-{name}"), value.clone().into_bytes())),
        );
        if self.saying.choices.odd_headers { odd(headers) } else { headers }
    }

    /// What `Mcp-Name` says.
    fn name(&self, rules: &ClientRules) -> Option<Vec<u8>> {
        let (member, kept) = match self.method {
            "tools/call" => ("name", rules.tool_header),
            "prompts/get" => ("name", rules.prompt_header),
            "resources/read" => ("uri", rules.resource_header),
            "tasks/get" | "tasks/update" | "tasks/cancel" => ("taskId", rules.task_header),
            _ => return None,
        };
        let mut name = self.params[member].as_str().filter(|_| kept)?.to_owned();
        if member == "uri" && !rules.resource_header_matches {
            name = name.replace("%20", "+");
        }
        if !rules.encodes_names {
            return Some(name.chars().map(latin1).collect());
        }
        Some(encoded(&name).into_bytes())
    }
}

/// The same fields, as they may also be written.
fn odd(headers: Headers) -> Headers {
    let turned = headers.into_iter().rev().enumerate().map(|(n, (name, value))| {
        let value = match name.as_str() {
            "Accept" => b"text/event-stream;q=0.5, application/json; q=0.9 ,*/*;q=0.1".to_vec(),
            "Content-Type" => b"Application/JSON; charset=UTF-8".to_vec(),
            _ => value,
        };
        (if n % 2 == 0 { name.to_uppercase() } else { name.to_lowercase() }, value)
    });
    let own =
        [("User-Agent", "plumb (reference)"), ("X-Request-Id", "7"), ("Cache-Control", "no-cache")];
    let own = own.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    own.into_iter().chain(turned).collect()
}

/// The request that opens a session of the earlier revision.
pub(super) fn handshake() -> Value {
    json!({ "jsonrpc": "2.0", "id": "handshake", "method": "initialize", "params": {
        "protocolVersion": PREVIOUS,
        "capabilities": {},
        "clientInfo": { "name": "plumb-reference", "version": env!("CARGO_PKG_VERSION") },
    } })
}

/// Its headers.
pub(super) fn earlier_headers() -> Headers {
    vec![
        ("Content-Type".to_owned(), b"application/json".to_vec()),
        ("Accept".to_owned(), b"application/json, text/event-stream".to_vec()),
    ]
}

/// The name as a header carries it.
pub(super) fn encoded(name: &str) -> String {
    let plain = name.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'));
    let like_encoded = name.starts_with("=?base64?") && name.ends_with("?=");
    if plain && name.trim() == name && !like_encoded {
        return name.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(name))
}

/// A character as a byte of Latin-1, which has not all of them.
fn latin1(c: char) -> u8 {
    u8::try_from(u32::from(c)).unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_header_cannot_carry_are_encoded() {
        assert_eq!(encoded("a b"), "a b");
        assert_eq!(encoded("grüße"), "=?base64?Z3LDvMOfZQ==?=");
        assert_eq!(encoded(" a"), "=?base64?IGE=?=");
        assert_eq!(encoded("=?base64?YQ==?="), "=?base64?PT9iYXNlNjQ/WVE9PT89?=");
    }
}
