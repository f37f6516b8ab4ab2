//! basic/transports/streamable-http#standard-request-headers, #value-encoding.

use plumb_runner::client::Received;
use plumb_runner::{Marks, check, clip};
use plumb_wire::{header, method};
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

check! {
    /// **Observed:** every request has an `Mcp-Method` header that is its `method`, case included, and no second one that says
    /// something else.
    ///
    /// **Why:** gateways route and limit by it; a server refuses a request whose header and body differ.
    ///
    /// **Fix:** write it where requests become HTTP, from the body, for every method.
    pub(crate) METHOD = "http.client.mcp-method";
    received: mirrors_method
}

fn mirrors_method(received: &Received, marks: &mut Marks) {
    let Some(method) = received.method() else { return };
    let given = received.header(header::METHOD);
    let expected = format!("`Mcp-Method: {}`", clip(method, SHOWN));
    if let Some(other) = received.headers(header::METHOD).find(|value| Some(*value) != given) {
        return marks.breaks(expected, twice(header::METHOD, given, other));
    }
    marks.expect(given == Some(method), expected, || told(header::METHOD, given));
}

check! {
    /// **Observed:** `tools/call` has an `Mcp-Name` header that says, decoded, what `params.name` says.
    ///
    /// **Why:** gateways allow and limit tools by it; a server refuses a request whose header and body differ.
    ///
    /// **Fix:** write it where requests become HTTP, from the body.
    pub(crate) TOOL = "http.client.mcp-name-tool";
    received: |received, marks| names(received, marks, method::TOOLS_CALL)
}

check! {
    /// **Observed:** `resources/read` has an `Mcp-Name` header that says, decoded, what `params.uri` says, character by
    /// character.
    ///
    /// **Why:** gateways allow and limit resources by it; a server refuses a request whose header and body differ.
    ///
    /// **Fix:** write the URI as it stands in the body: not normalised, not decoded.
    pub(crate) RESOURCE = "http.client.mcp-name-resource";
    received: |received, marks| names(received, marks, method::RESOURCES_READ)
}

check! {
    /// **Observed:** `prompts/get` has an `Mcp-Name` header that says, decoded, what `params.name` says.
    ///
    /// **Why:** gateways allow and limit prompts by it; a server refuses a request whose header and body differ.
    ///
    /// **Fix:** write it where requests become HTTP, from the body.
    pub(crate) PROMPT = "http.client.mcp-name-prompt";
    received: |received, marks| names(received, marks, method::PROMPTS_GET)
}

check! {
    /// **Observed:** a name that no header can carry as it stands (other than ASCII, padded, or like the encoding itself) is
    /// sent as `=?base64?…?=`; the client is offered a prompt with such a name.
    ///
    /// **Why:** as raw bytes it is refused or changed on the way.
    ///
    /// **Fix:** encode the UTF-8 bytes of such names in Base64, with padding, between the two markers.
    pub(crate) ENCODED = "http.client.mcp-name-encode";
    received: encoded
}

fn names(received: &Received, marks: &mut Marks, method: &str) {
    if received.method() != Some(method) {
        return;
    }
    let Some(name) = name(received) else { return };
    let given = received.header(header::NAME);
    // A name that needs encoding and has none is the business of another check.
    if given.is_some_and(|raw| needs_encoding(name) && !is_encoded(raw)) {
        return;
    }
    let says = given.and_then(|raw| header::decode(raw).ok());
    let expected =
        format!("{method} with `{}: {}`", header::NAME, clip(&header::encode(name), SHOWN));
    if let Some(other) =
        received.headers(header::NAME).find(|value| header::decode(value).ok() != says)
    {
        return marks.breaks(expected, twice(header::NAME, given, other));
    }
    marks.expect(says.as_deref() == Some(name), expected, || told(header::NAME, given));
}

fn encoded(received: &Received, marks: &mut Marks) {
    let Some(name) = name(received).filter(|name| needs_encoding(name)) else { return };
    let Some(raw) = received.header(header::NAME) else { return };
    let expected = format!("`{}: {}`", header::NAME, clip(&header::encode(name), SHOWN));
    marks.expect(is_encoded(raw), expected, || told(header::NAME, Some(raw)));
}

/// What the request's `Mcp-Name` mirrors.
fn name(received: &Received) -> Option<&str> {
    let member = match received.method()? {
        method::TOOLS_CALL | method::PROMPTS_GET => "name",
        method::RESOURCES_READ => "uri",
        _ => return None,
    };
    received.param(member).and_then(Value::as_str)
}

fn needs_encoding(name: &str) -> bool {
    header::encode(name) != name
}

/// Whether the value is encoded, and can be decoded.
fn is_encoded(raw: &str) -> bool {
    header::decode(raw).is_ok_and(|said| said != raw)
}

/// A field that contradicts itself.
fn twice(name: &str, given: Option<&str>, other: &str) -> String {
    let given = clip(given.unwrap_or_default(), SHOWN);
    format!("`{name}` twice: `{given}` and `{}`", clip(other, SHOWN))
}

fn told(name: &str, given: Option<&str>) -> String {
    given
        .map_or_else(|| format!("no `{name}`"), |value| format!("`{name}: {}`", clip(value, SHOWN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beyond_ascii_needs_encoding_and_one_within_may_have_it() {
        assert!(needs_encoding("grüße") && needs_encoding(" padded") && !needs_encoding("a b"));
        assert!(is_encoded(&header::encode("grüße")) && is_encoded(&header::encode_always("a")));
        for raw in ["grüße", "plain", "=?base64?!?=", "=?BASE64?Z3I=?="] {
            assert!(!is_encoded(raw), "{raw}");
        }
    }
}
