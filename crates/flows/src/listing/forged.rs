//! Cursors of a server's own form that it never gave: decoded, a number made negative, encoded again.

use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::engine::{Engine, GeneralPurpose};
use serde_json::{Number, Value};

/// The forms in which a cursor may be Base64; the same form is written again.
const ENGINES: [&GeneralPurpose; 4] = [&URL_SAFE_NO_PAD, &URL_SAFE, &STANDARD_NO_PAD, &STANDARD];

/// What a cursor says in letters, in lower case: what its Base64 holds, without a signature behind it, or it itself.
pub fn legible(cursor: &str) -> String {
    let payload = cursor.split('.').next().unwrap_or_default();
    let text = ENGINES.into_iter().find_map(|engine| {
        let text = String::from_utf8(engine.decode(payload).ok()?).ok()?;
        (!text.chars().any(char::is_control)).then_some(text)
    });
    text.unwrap_or_else(|| cursor.to_owned()).to_lowercase()
}

/// The cursor with its numbers made negative, in every reading of it that has a number; none for one that is sealed.
pub fn negated(cursor: &str) -> Vec<String> {
    let mut forged: Vec<String> = inner(cursor).into_iter().collect();
    for engine in ENGINES {
        let Some(text) = engine.decode(cursor).ok().and_then(|b| String::from_utf8(b).ok()) else {
            continue;
        };
        // What decodes by chance to control characters is no text.
        if text.is_empty() || text.chars().any(char::is_control) {
            continue;
        }
        if let Some(changed) = inner(&text) {
            forged.push(engine.encode(changed));
            break;
        }
    }
    // A payload and its signature: a server that does not check the one takes the other.
    if let Some((payload, signature)) = cursor.split_once('.').filter(|_| forged.is_empty()) {
        forged.extend(negated(payload).into_iter().map(|p| format!("{p}.{signature}")));
    }
    forged
}

/// JSON, digits or a word and digits, with the number negative.
fn inner(text: &str) -> Option<String> {
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        return negate(&mut value).then(|| value.to_string());
    }
    let digits = text.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (head, number) = text.split_at_checked(digits)?;
    let separator = head.chars().last()?;
    // Digits within a longer word are as good as random.
    ("=:".contains(separator) && !number.is_empty() && number.len() < 16)
        .then(|| format!("{head}-{}", if number == "0" { "1" } else { number }))
}

/// Makes every whole number of a value negative; false if there is none.
fn negate(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            let Some(n) = number.as_i64().filter(|n| *n >= 0) else { return false };
            *number = Number::from(if n == 0 { -1 } else { -n });
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| negate(item) | any),
        Value::Object(map) => map.values_mut().fold(false, |any, item| negate(item) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_of_a_known_form_are_forged_in_that_form() {
        assert_eq!(negated("25"), ["-25"]);
        assert_eq!(negated("offset:10"), ["offset:-10"]);
        assert_eq!(negated(r#"{"page":3}"#), [r#"{"page":-3}"#]);
        assert_eq!(
            negated(&STANDARD.encode(r#"{"page": 3}"#)),
            [STANDARD.encode(r#"{"page":-3}"#)]
        );
        assert!(
            negated(&URL_SAFE_NO_PAD.encode("offset=7"))
                .contains(&URL_SAFE_NO_PAD.encode("offset=-7"))
        );
    }

    #[test]
    fn sealed_cursors_are_left_alone() {
        let signed = format!("{}.c2lnbmVk", URL_SAFE_NO_PAD.encode(r#"{"start":5}"#));
        assert_eq!(negated(&signed).len(), 1);
        for sealed in [
            "",
            "tool_b",
            "a1b2c3d4",
            "550e8400-e29b-41d4-a716-446655440000",
            "gAAAAABm_x8Z-1",
            "MIN",
        ] {
            assert_eq!(negated(sealed), Vec::<String>::new(), "{sealed}");
        }
    }
}
