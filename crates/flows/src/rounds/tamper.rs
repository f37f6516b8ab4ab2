//! States that a client changed, in every way that a bit can.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A changed state.
#[derive(Clone, Debug)]
pub struct Tampered {
    /// A short name for the case.
    pub slug: String,
    /// What was done, as a plain fact.
    pub title: String,
    /// The state.
    pub state: String,
}

/// The places where one character is changed: spread over the whole state.
const PLACES: usize = 16;

/// At most so many values inside a readable state are changed.
const LEAVES: usize = 10;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// One character changed, at places all over the state, and one value changed where the state can be read.
///
/// In Base64 only bits that count are changed: decoders pass over the last bits of the last character, so a change
/// there changes nothing. Elsewhere it is a low bit of a byte, which leaves text what it is.
pub fn altered(state: &str) -> Vec<Tampered> {
    let chars: Vec<char> = state.chars().collect();
    let hex = chars.iter().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '-'));
    let spots: Vec<usize> =
        (0..chars.len()).filter(|at| chars[*at].is_ascii_alphanumeric()).collect();
    let step = (spots.len() / PLACES).max(1);
    let mut found: Vec<Tampered> = Vec::new();
    let mut places: Vec<usize> = spots.iter().copied().step_by(step).take(PLACES).collect();
    places.extend(spots.last());
    places.dedup();
    for (n, at) in places.into_iter().enumerate() {
        let mut changed = chars.clone();
        changed[at] = flipped(chars[at], hex, Some(&at) == spots.last());
        let title = format!("character {} of {} of the state is changed", at + 1, chars.len());
        found.push(Tampered {
            slug: format!("flip-{}", n + 1),
            title,
            state: changed.into_iter().collect(),
        });
    }
    found.extend(forged(state));
    found
}

/// A part of the state is missing, doubled or moved: nothing that verifies.
pub fn mangled(state: &str) -> Vec<Tampered> {
    let half = state.char_indices().nth(state.chars().count() / 2).map_or(0, |(at, _)| at);
    let (head, tail) = state.split_at(half);
    let mut found = vec![
        ("first-half", "only the first half of the state comes back", head.to_owned()),
        ("second-half", "only the second half of the state comes back", tail.to_owned()),
        ("halves-swapped", "the halves of the state are swapped", format!("{tail}{head}")),
        ("reversed", "the state comes back in reverse", state.chars().rev().collect()),
    ];
    if !state.contains('=') {
        found.push((
            "extended",
            "the state is longer by a few characters",
            format!("{state}-tampered"),
        ));
    }
    let parts: Vec<&str> = state.split('.').collect();
    if parts.len() > 1 {
        let turned: Vec<&str> = parts.iter().rev().copied().collect();
        found.push(("parts-swapped", "the parts of the state are swapped", turned.join(".")));
        found.push((
            "unsigned",
            "the last part of the state is missing",
            parts[..parts.len() - 1].join("."),
        ));
        found.push((
            "empty-signature",
            "the last part of the state is empty",
            format!("{}.", parts[..parts.len() - 1].join(".")),
        ));
    }
    let named = |(slug, title, state): (&str, &str, String)| Tampered {
        slug: slug.into(),
        title: title.into(),
        state,
    };
    found.into_iter().filter(|(_, _, s)| s != state && !s.is_empty()).map(named).collect()
}

/// What was never a state of anybody.
pub fn garbage() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("empty", "the state is an empty string", json!("")),
        ("short", "the state is one character", json!("x")),
        ("dots", "the state is a row of dots", json!("...")),
        ("no-base64", "the state is no Base64", json!("%%%\u{0}\u{7f} ✓")),
        ("json", "the state is JSON", json!("{\"__proto__\":{\"admin\":true},\"round\":-1}")),
        ("token", "the state is an unsigned token", json!("eyJhbGciOiJub25lIn0.eyJyb3VuZCI6OTl9.")),
        ("large", "the state is 64 KiB of one letter", json!("A".repeat(64 << 10))),
        ("number", "the state is a number", json!(7)),
        ("object", "the state is an object", json!({"round": 1})),
        ("list", "the state is a list", json!(["a"])),
        ("boolean", "the state is a boolean", json!(true)),
    ]
}

fn flipped(c: char, hex: bool, last: bool) -> char {
    if hex {
        let digit = c.to_digit(16).unwrap_or(0) ^ 1;
        return char::from_digit(digit, 16).unwrap_or('0');
    }
    let at = ALPHABET.iter().position(|a| char::from(*a) == c).unwrap_or(0);
    char::from(ALPHABET[at ^ if last { 0b10_0000 } else { 0b00_0100 }])
}

/// States whose content can be read, with one value changed.
fn forged(state: &str) -> Vec<Tampered> {
    let mut found = Vec::new();
    let parts: Vec<&str> = state.split('.').collect();
    for (n, part) in parts.iter().enumerate() {
        let bare = part.trim_end_matches('=');
        let decoded = URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare)).ok();
        let encoded = decoded.as_ref().and_then(|d| serde_json::from_slice::<Value>(d).ok());
        let plain = serde_json::from_str::<Value>(state).ok().filter(Value::is_object);
        let (value, plain) = match (encoded, plain) {
            (Some(value), _) if value.is_object() => (value, false),
            (_, Some(value)) => (value, true),
            _ => continue,
        };
        let mut pointers = Vec::new();
        leaves(&value, String::new(), &mut pointers);
        for pointer in pointers.into_iter().take(LEAVES) {
            let mut changed = value.clone();
            let Some(leaf) = changed.pointer_mut(&pointer) else { continue };
            *leaf = other(leaf);
            let text = changed.to_string();
            let state = if plain {
                text
            } else {
                let mut parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                parts[n] = encoded_like(part, &text);
                parts.join(".")
            };
            let slug = format!("forged-{}", found.len() + 1);
            found.push(Tampered {
                slug,
                title: format!("the state says something else at {pointer}"),
                state,
            });
        }
        if plain {
            break;
        }
    }
    found
}

/// A text in the form of Base64 that a part of a state has: a decoder may read no other.
fn encoded_like(part: &str, text: &str) -> String {
    let standard = part.contains(['+', '/']);
    match (standard, part.ends_with('=')) {
        (true, true) => STANDARD.encode(text),
        (true, false) => STANDARD_NO_PAD.encode(text),
        (false, true) => URL_SAFE.encode(text),
        (false, false) => URL_SAFE_NO_PAD.encode(text),
    }
}

fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    let escaped = |k: &str| k.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(k, v)| leaves(v, format!("{at}/{}", escaped(k)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, v)| leaves(v, format!("{at}/{n}"), found));
        }
        _ => found.push(at),
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::Bool(b) => json!(!b),
        Value::Number(n) => n.as_i64().map_or_else(|| json!(1), |n| json!(n.saturating_add(1))),
        Value::String(s) => json!(format!("{s}x")),
        _ => json!("plumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_changes_what_is_decoded() {
        for length in 1..12_usize {
            let state = URL_SAFE_NO_PAD.encode(vec![0x5a_u8; length]);
            for tampered in altered(&state) {
                let decoded = URL_SAFE_NO_PAD.decode(&tampered.state);
                assert_ne!(
                    decoded.as_deref().unwrap_or_default(),
                    vec![0x5a_u8; length],
                    "{}",
                    tampered.title
                );
            }
        }
    }

    #[test]
    fn a_readable_state_is_forged_value_by_value() {
        let state = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"round":1,"who":"a"}"#), "c2ln");
        let forged = forged(&state);
        assert_eq!(forged.len(), 2);
        assert!(
            forged.iter().all(|t| t.state.rsplit('.').next() == Some("c2ln") && t.state != state)
        );
    }

    #[test]
    fn a_forged_state_has_the_form_of_the_true_one() {
        let text = r#"{"role":"guest"}"#;
        assert_eq!(
            forged(&URL_SAFE.encode(text))[0].state,
            URL_SAFE.encode(r#"{"role":"guestx"}"#)
        );
        let bare = forged(&URL_SAFE_NO_PAD.encode(text));
        assert_eq!(bare[0].state, URL_SAFE_NO_PAD.encode(r#"{"role":"guestx"}"#));
    }

    #[test]
    fn text_stays_text_when_a_character_is_changed() {
        let state = STANDARD.encode(r#"{"who":"a","role":"guest","n":1}"#);
        let read = altered(&state)
            .into_iter()
            .filter(|t| STANDARD.decode(&t.state).is_ok_and(|bytes| bytes.is_ascii()));
        assert!(read.count() > PLACES / 2);
    }

    #[test]
    fn nothing_mangled_is_the_state_itself() {
        for state in ["a", "ab", "ab.cd", "aa", "abba=="] {
            assert!(mangled(state).iter().all(|t| t.state != state), "{state}");
        }
    }
}
