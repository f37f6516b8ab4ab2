//! Probes as they go out: bodies and headers.

use super::*;

fn field(request: &HttpRequest, name: &str) -> Option<String> {
    let found = request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
    found.map(|(_, v)| String::from_utf8_lossy(v).into_owned())
}

#[test]
fn headers_follow_the_body_unless_edited() {
    let mut probe = Probe::request("tools/call", json!({"name": "a"}));
    probe.set("/params/name", json!("b"));
    assert_eq!(field(&probe.http(), "mcp-name").as_deref(), Some("b"));
    let edited = probe.header("Mcp-Name", "c");
    assert_eq!(field(&edited.http(), "mcp-name").as_deref(), Some("c"));
    assert_eq!(field(&edited.without_header("mcp-name").http(), "mcp-name"), None);
}

#[test]
fn bytes_keep_the_headers_of_the_request_they_replace() {
    let probe = Probe::bytes(&Probe::request("tools/list", json!({})), &b"{"[..]).http();
    assert_eq!(field(&probe, "mcp-method").as_deref(), Some("tools/list"));
    assert_eq!(probe.body, &b"{"[..]);
}

#[test]
fn what_has_to_be_encoded_is_not_encoded_twice() {
    let encode = |name: &str| {
        let probe = Probe::request("tools/call", json!({ "name": name }));
        field(&probe.edit(HeaderEdit::Encode("Mcp-Name".into())).http(), "mcp-name")
    };
    assert_eq!(encode("plain").as_deref(), Some("=?base64?cGxhaW4=?="));
    assert_eq!(encode("t\u{e4}sk").as_deref(), Some("=?base64?dMOkc2s=?="));
}
