//! What an authorization server gives out and nobody else may see.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_model::Answer;
use serde_json::Value;

/// Members and parameters whose values are secrets.
const NAMES: [&str; 7] = [
    "code",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "registration_access_token",
    "device_code",
];

/// The shortest hidden field of a page that is taken for a secret, in characters.
const HIDDEN: usize = 16;

/// The shortest number that is taken for a secret, in characters: a `code` can be one of an error.
const DIGITS: usize = 8;

/// Whether a member or parameter of this name carries a secret.
pub fn is_issued(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Every secret in an answer: of its redirect, its cookies, its JSON and the hidden fields of its page.
pub(super) fn issued(answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    for field in answer.head.iter().flat_map(|head| &head.headers) {
        if field.name.eq_ignore_ascii_case("location") {
            found.extend(in_location(&field.value));
        } else if field.name.eq_ignore_ascii_case("set-cookie") {
            let pair = field.value.split(';').next().unwrap_or_default();
            found.extend(pair.split_once('=').map(|(_, value)| value.trim().to_owned()));
        }
    }
    let payloads = answer.frames.iter().map(|f| &f.payload).chain([&answer.body]);
    for payload in payloads.filter(|p| !p.is_empty()) {
        match serde_json::from_slice(payload.bytes()) {
            Ok(value) => in_json(&value, &mut found),
            Err(_) => found.extend(in_page(&payload.lossy())),
        }
    }
    found
}

/// The value of an `Authorization` field of HTTP Basic (RFC 6749 section 2.3.1).
pub(super) fn basic(id: &str, secret: &str) -> String {
    let form =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", form(id), form(secret)))
}

fn in_location(location: &str) -> Vec<String> {
    let pairs = location.split(['?', '#', '&']).filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(name, _)| is_issued(name))
        .flat_map(|(_, raw)| {
            let decoded = url::form_urlencoded::parse(format!("v={raw}").as_bytes())
                .next()
                .map(|(_, v)| v.into_owned());
            [Some(raw.to_owned()), decoded]
        })
        .flatten()
        .collect()
}

fn in_json(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if is_issued(name) => found.push(text.clone()),
                    Value::Number(number) if is_issued(name) => {
                        found.extend(Some(number.to_string()).filter(|n| n.len() >= DIGITS));
                    }
                    other => in_json(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| in_json(item, found)),
        _ => {}
    }
}

fn in_page(page: &str) -> Vec<String> {
    let inputs =
        page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let hidden = inputs.filter(|tag| tag.contains("hidden"));
    let value = |tag: &str| {
        let rest = tag.split_once("value=")?.1;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest[1..].split(quote).next().map(str::to_owned)
    };
    hidden.filter_map(value).filter(|v| v.len() >= HIDDEN && !v.contains("://")).collect()
}

#[cfg(test)]
mod tests {
    use plumb_model::{Head, Header};

    use super::*;

    #[test]
    fn codes_cookies_tokens_and_hidden_fields_are_secrets() {
        let head = Head {
            status: 302,
            headers: vec![
                Header::new(
                    "Location",
                    "https://c.example/cb?code=a%2Fbcdef&state=s#access_token=tok-en",
                ),
                Header::new("Set-Cookie", "sid=0123456789; Path=/"),
            ],
        };
        let page = r#"<form><input type="hidden" name="request" value="0123456789abcdef0"><input name="q" value="no">"#;
        let answer =
            Answer { head: Some(head), body: page.as_bytes().to_vec().into(), ..Answer::default() };
        let found = issued(&answer);
        assert_eq!(
            found,
            ["a%2Fbcdef", "a/bcdef", "tok-en", "tok-en", "0123456789", "0123456789abcdef0"]
        );
        let body = br#"{"access_token": "abc", "x": [{"client_secret": "def"}]}"#.to_vec();
        assert_eq!(issued(&Answer { body: body.into(), ..Answer::default() }), ["abc", "def"]);
        let body = br#"{"code": 4001, "access_token": 123456789012345}"#.to_vec();
        let numbers = issued(&Answer { body: body.into(), ..Answer::default() });
        assert_eq!(numbers, ["123456789012345"]);
    }
}
