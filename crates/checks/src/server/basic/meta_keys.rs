//! basic#meta: the names of the keys that the server writes into `_meta`, judged over every message of the run.

use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::apps;
use plumb_wire::meta::{self, Key, KeyError};
use serde_json::Value;

/// Members that hold what is not the protocol's: a `_meta` inside them is somebody else's.
const OPAQUE: [&str; 8] = [
    "structuredContent",
    "inputSchema",
    "outputSchema",
    "requestedSchema",
    "arguments",
    "input",
    "data",
    "experimental",
];

/// The reserved keys that the specification and its official extensions define.
pub(crate) const DEFINED: [&str; 9] = [
    meta::PROTOCOL_VERSION,
    meta::CLIENT_INFO,
    meta::CLIENT_CAPABILITIES,
    meta::LOG_LEVEL,
    meta::SUBSCRIPTION_ID,
    meta::SERVER_INFO,
    "io.modelcontextprotocol/related-task",
    "io.modelcontextprotocol/model-immediate-response",
    "io.modelcontextprotocol/ui",
];

/// The keys of every `_meta` in the messages that came. One that the request brought along is an echo of ours, not the
/// server's.
fn keys(seen: &Observed) -> Vec<&str> {
    let written = written(seen).into_iter().filter_map(Value::as_object);
    let mut found: Vec<&str> = written.flat_map(|meta| meta.keys().map(String::as_str)).collect();
    found.sort_unstable();
    found.dedup();
    if !found.is_empty() {
        let brought = brought(seen);
        found.retain(|key| !brought.iter().any(|meta| meta.get(key).is_some()));
    }
    found
}

/// Every `_meta` of the request.
pub(super) fn brought(seen: &Observed) -> Vec<&Value> {
    let mut brought = Vec::new();
    if let Some(params) = seen.params() {
        collect(params, &mut brought);
    }
    brought
}

/// Every `_meta` in the messages that came.
pub(super) fn written(seen: &Observed) -> Vec<&Value> {
    let mut found = Vec::new();
    for message in seen.messages.iter() {
        for part in ["params", "result"] {
            if let Some(value) = message.member(part) {
                collect(value, &mut found);
            }
        }
    }
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (name, member) in
                members.iter().filter(|(name, _)| !OPAQUE.contains(&name.as_str()))
            {
                if name == "_meta" {
                    found.push(member);
                } else {
                    collect(member, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

check! {
    /// **Observed:** every `_meta` that the server writes, in results, notifications, listed items and content, is an
    /// object.
    ///
    /// **Why:** clients look keys up in it; typed ones fail on the whole message.
    ///
    /// **Fix:** write an empty map as `{}`, not as `[]` or null, or leave the member out.
    pub(crate) OBJECT = "base.meta.object";
    since: "2025-03-26";
    passive: object
}

fn object(seen: &Observed, notes: &mut Notes<'_>) {
    let brought = brought(seen);
    for meta in written(seen) {
        // What the request brought along is an echo of ours.
        if !meta.is_object() && brought.contains(&meta) {
            continue;
        }
        notes.expect(meta.is_object(), "`_meta` that is an object", || {
            let method = seen.method().unwrap_or("a message");
            format!("`_meta` is {} in the answer to {method}", brief(meta))
        });
    }
}

check! {
    /// **Observed:** the prefix of every key in a `_meta` that the server writes is a series of labels separated by dots.
    ///
    /// **Why:** a malformed prefix belongs to no namespace, and collides with others.
    ///
    /// **Fix:** write `com.example/key`, or no slash at all.
    pub(crate) PREFIX_SYNTAX = "base.meta.prefix-syntax";
    since: "2025-06-18";
    passive: prefix_syntax
}

fn prefix_syntax(seen: &Observed, notes: &mut Notes<'_>) {
    for key in keys(seen).into_iter().filter(|key| key.contains('/')) {
        notes.expect(
            !matches!(Key::parse(key), Err(KeyError::EmptyLabel)),
            "a prefix of labels separated by dots",
            || format!("key {key:?}"),
        );
    }
}

check! {
    /// **Observed:** each label of a prefix starts with a letter, ends with a letter or digit, and holds letters, digits
    /// and hyphens.
    ///
    /// **Why:** validators on the way reject or drop other keys.
    ///
    /// **Fix:** use the labels of a domain name of yours.
    pub(crate) LABEL_SYNTAX = "base.meta.label-syntax";
    since: "2025-06-18";
    passive: label_syntax
}

fn label_syntax(seen: &Observed, notes: &mut Notes<'_>) {
    for key in keys(seen).into_iter().filter(|key| key.contains('/')) {
        let parsed = Key::parse(key);
        let bad = matches!(
            parsed,
            Err(KeyError::LabelStart(_) | KeyError::LabelEnd(_) | KeyError::LabelCharacter(..))
        );
        notes.expect(
            !bad,
            "labels of letters, digits and inner hyphens that start with a letter",
            || format!("key {key:?}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default()),
        );
    }
}

check! {
    /// **Observed:** prefixes are domain names in reverse. Reported are prefixes of a single label, and those that end like
    /// a domain name and do not begin like a reversed one (`example.com/`). The key `ui/resourceUri`, which the text on MCP Apps
    /// defines, is let pass.
    ///
    /// **Why:** who owns the domain owns the namespace; otherwise two vendors choose the same key.
    ///
    /// **Fix:** write `com.example/key` rather than `example.com/key`.
    pub(crate) REVERSE_DNS = "base.meta.reverse-dns";
    since: "2025-11-25";
    passive: reverse_dns
}

fn reverse_dns(seen: &Observed, notes: &mut Notes<'_>) {
    // The text on MCP Apps defines that key, and deprecates it: `apps.flat-key` judges it.
    for key in keys(seen).into_iter().filter(|key| *key != apps::FLAT_KEY) {
        let Some(reversed) = is_reversed(key) else { continue };
        notes.expect(reversed, "a prefix in reverse DNS notation", || format!("key {key:?}"));
    }
}

/// Whether the prefix of a key is a domain name in reverse; `None` without a prefix that can be read.
pub(crate) fn is_reversed(key: &str) -> Option<bool> {
    /// The ends of domain names that are mistaken for the start most often.
    const ENDS: [&str; 12] =
        ["com", "org", "net", "io", "dev", "app", "ai", "edu", "gov", "co", "info", "cloud"];
    let is_end = |label: &str| ENDS.contains(&label) || label.len() == 2;
    let Key { labels, .. } = Key::parse(key).ok()?;
    let (first, last) = (labels.first()?, labels.last()?);
    Some(labels.len() > 1 && (is_end(first) || !ENDS.contains(last)))
}

check! {
    /// **Observed:** keys with a reserved prefix (second label `modelcontextprotocol` or `mcp`) are ones that the
    /// specification or an official extension defines. **Position:** official extensions define their keys under
    /// `io.modelcontextprotocol/`, and there are more than we know: where client or server declare an extension, unknown
    /// keys of that prefix are passed over.
    ///
    /// **Why:** a later revision can give the key a meaning that clients act upon.
    ///
    /// **Fix:** put your keys under a domain of yours.
    pub(crate) RESERVED_PREFIX = "base.meta.reserved-prefix";
    passive: reserved_prefix
}

fn reserved_prefix(seen: &Observed, notes: &mut Notes<'_>) {
    let declared = seen.sent_meta(meta::CLIENT_CAPABILITIES).and_then(|c| c.get("extensions"));
    let extends = |extensions: Option<&Value>| {
        extensions.and_then(Value::as_object).is_some_and(|all| !all.is_empty())
    };
    let extended = extends(declared) || extends(notes.survey.capabilities.get("extensions"));
    for key in keys(seen) {
        if !Key::parse(key).is_ok_and(|k| k.is_reserved()) {
            continue;
        }
        let known = DEFINED.contains(&key);
        if !known && extended && key.starts_with("io.modelcontextprotocol/") {
            continue;
        }
        notes.expect(known, "reserved keys only as the specification defines them", || {
            format!("key {key:?}")
        });
    }
}

check! {
    /// **Observed:** the name of every key, behind the prefix, begins and ends with a letter or digit and holds letters,
    /// digits, hyphens, underscores and dots; it may be empty.
    ///
    /// **Why:** validators on the way reject or drop other keys.
    ///
    /// **Fix:** rename the key.
    pub(crate) NAME_SYNTAX = "base.meta.name-syntax";
    since: "2025-06-18";
    passive: name_syntax
}

fn name_syntax(seen: &Observed, notes: &mut Notes<'_>) {
    for key in keys(seen) {
        let parsed = Key::parse(key);
        let bad = matches!(parsed, Err(KeyError::NameEdge(_) | KeyError::NameCharacter(..)));
        notes.expect(!bad, "a name of letters, digits and inner `-`, `_` and `.`", || {
            format!("key {key:?}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default())
        });
    }
}

#[cfg(test)]
mod tests {
    use plumb_runner::Survey;
    use serde_json::json;

    use super::*;
    use plumb_recorded::{holds, holds_on, http, result};

    fn with_key(key: &str, params: Value) -> Observed {
        http("tools/list", params, 200, &[result(json!({"_meta": {key: true}}))])
    }

    #[test]
    fn a_reserved_key_is_defined_or_may_be_that_of_an_extension() {
        let own = "io.modelcontextprotocol/plumb";
        assert_eq!(holds(&RESERVED_PREFIX, &with_key(meta::SERVER_INFO, json!({}))), Some(true));
        assert_eq!(holds(&RESERVED_PREFIX, &with_key("com.example/a", json!({}))), None);
        assert_eq!(holds(&RESERVED_PREFIX, &with_key(own, json!({}))), Some(false));
        let capabilities = json!({"extensions": {"com.example/other": {}}});
        let extended = Survey { capabilities, ..Survey::default() };
        assert_eq!(holds_on(&extended, &RESERVED_PREFIX, &with_key(own, json!({}))), None);
        for foreign in ["dev.mcp/a", "com.mcp.tools/a", "org.modelcontextprotocol.api/a"] {
            let seen = with_key(foreign, json!({}));
            assert_eq!(holds_on(&extended, &RESERVED_PREFIX, &seen), Some(false), "{foreign}");
        }
    }

    #[test]
    fn a_meta_is_an_object_wherever_it_stands() {
        let seen = |meta: Value| {
            let item = json!({"uri": "a:b", "name": "a", "_meta": meta});
            http("resources/list", json!({}), 200, &[result(json!({"resources": [item]}))])
        };
        assert_eq!(holds(&OBJECT, &seen(json!({}))), Some(true));
        for meta in [json!([]), json!(null), json!("x")] {
            assert_eq!(holds(&OBJECT, &seen(meta.clone())), Some(false), "{meta}");
        }
        let data = result(json!({"structuredContent": {"_meta": []}, "data": {"_meta": 1}}));
        assert_eq!(holds(&OBJECT, &http("tools/call", json!({}), 200, &[data])), None);
    }

    #[test]
    fn a_key_that_the_request_brought_is_an_echo() {
        let odd = "dev.mcp/plumb-unknown";
        let echoed = with_key(odd, json!({"_meta": {odd: 1}}));
        assert_eq!(holds(&RESERVED_PREFIX, &echoed), None);
        assert_eq!(holds(&NAME_SYNTAX, &with_key("com.example/-a", json!({}))), Some(false));
        assert_eq!(holds(&LABEL_SYNTAX, &with_key("com.1example/a", json!({}))), Some(false));
        assert_eq!(holds(&LABEL_SYNTAX, &with_key("com.example/a", json!({}))), Some(true));
    }
}
