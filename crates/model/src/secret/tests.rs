use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// Every byte that some writer escapes.
const NASTY: &str = "s3cr3t/\"+\\ü'<&>%41 ?key=🗝~";

#[test]
fn the_longest_secret_is_blotted_first() {
    let secrets = Secrets::default();
    secrets.add("token");
    secrets.add("token-abc");
    secrets.add("abc");
    assert_eq!(secrets.blot_text("Bearer token-abc, token"), "Bearer [redacted], [redacted]");
    assert!(secrets.blot(b"nothing here").is_none());
}

#[test]
fn secrets_that_overlap_leave_nothing() {
    let secrets = Secrets::default();
    secrets.add_named("a", "abcdef");
    secrets.add_named("b", "defghi");
    assert_eq!(secrets.blot_text("xabcdefghix"), "x[redacted A]x");
}

#[test]
fn a_long_secret_that_was_cut_off_is_blotted() {
    let secrets = Secrets::default();
    let long: String = ('a'..='z').cycle().take(200).collect();
    secrets.add(long.as_str());
    assert_eq!(secrets.blot_text(&format!("got {}…", &long[..60])), "got [redacted]…");
    assert_eq!(secrets.blot_text(&long[..20]), &long[..20]);
}

#[test]
fn a_secret_that_repeats_itself_takes_no_longer_than_others() {
    let secrets = Secrets::default();
    secrets.add_named("a", "q".repeat(900_000));
    secrets.add_named("b", format!("{}s", "z".repeat(30_000)));
    let text = format!("x{}r", "q".repeat(500_000));
    assert_eq!(secrets.blot_text(&text), "x[redacted A]r");
    assert_eq!(secrets.blot_text(&"q".repeat(2_000_000)), "[redacted A]");
    assert_eq!(secrets.blot_text(&"z".repeat(1_000_000)), "[redacted B]");
}

#[test]
fn a_secret_of_the_user_that_was_cut_off_is_blotted_by_its_beginning() {
    let secrets = Secrets::default();
    secrets.add_named("pass word", "correct-horse-battery");
    assert_eq!(secrets.blot_text("got correct-ho… (9 more)"), "got [redacted PASS_WORD]… (9 more)");
    assert_eq!(secrets.blot_text("got correct-h"), "got [redacted PASS_WORD]");
    assert_eq!(secrets.blot_text("correct, too"), "correct, too");
}

#[test]
fn a_secret_too_short_to_tell_is_said_to_be() {
    let secrets = Secrets::default();
    assert!(!secrets.add_named("pin", "123"));
    assert!(secrets.add_named("pin", "1234"));
    assert_eq!(secrets.blot_text("123, 1234"), "123, [redacted PIN]");
}

fn escaped(text: &str, each: impl Fn(u16) -> String) -> String {
    text.encode_utf16().map(each).collect()
}

/// The forms of a secret that programs write, each in a text.
fn written(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("serialises");
    let twice = serde_json::to_string(&json).expect("serialises");
    let percent = |all: bool| -> String {
        let byte = |b: u8| {
            let kept = !all && b.is_ascii_alphanumeric();
            if kept { char::from(b).to_string() } else { format!("%{b:02x}") }
        };
        secret.bytes().map(byte).collect()
    };
    let markup = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#x22;");
    let mut texts = vec![
        secret.to_owned(),
        secret.to_ascii_uppercase(),
        json.replace('/', "\\/"),
        escaped(secret, |unit| format!("\\u{unit:04x}")),
        escaped(secret, |unit| format!("\\u{unit:04X}")),
        percent(true),
        percent(false),
        percent(false).replace("%20", "+"),
        percent(false).replace('%', "%25"),
        markup,
        json,
        twice,
        secret.bytes().flat_map(|b| format!("{b:02x}").into_bytes()).map(char::from).collect(),
    ];
    for before in ["", "x", "xy", "xyz"] {
        for engine in [&STANDARD, &URL_SAFE_NO_PAD] {
            texts.push(engine.encode(format!("{before}{secret}")));
            texts.push(engine.encode(format!("{before}{secret} and more")));
        }
    }
    texts
}

#[test]
fn no_form_of_a_secret_is_left() {
    for secret in ["correct-horse", "p4ss", NASTY] {
        let secrets = Secrets::default();
        secrets.add_named("it", secret);
        for text in written(secret) {
            if secret.len() < 8 && text == secret.to_ascii_uppercase() {
                continue;
            }
            let blotted = secrets.blot_text(&format!("<{text}>"));
            assert!(blotted.contains("[redacted IT"), "{secret}: {text} is left: {blotted}");
            // At the borders of Base64 a character holds bits of both sides.
            let left = blotted.len() - "[redacted IT]".len();
            assert!(left <= 32, "{secret}: {text} is left: {blotted}");
            assert!(!blotted.contains(secret), "{blotted}");
        }
    }
}

#[test]
fn a_blot_says_whether_the_secret_was_encoded() {
    let secrets = Secrets::default();
    secrets.add_named("x-key", "correct horse");
    assert_eq!(secrets.blot_text("a correct horse"), "a [redacted X_KEY]");
    assert_eq!(secrets.blot_text("a correct%20horse"), "a [redacted X_KEY, encoded]");
    let told = |text: &str| blot_at(text).map(|(length, name)| (text[length..].to_owned(), name));
    assert_eq!(told("[redacted X_KEY]!"), Some(("!".into(), "REDACTED_X_KEY".into())));
    assert_eq!(
        told("[redacted X_KEY, encoded]"),
        Some((String::new(), "REDACTED_X_KEY_ENCODED".into()))
    );
    assert_eq!(told("[redacted]"), Some((String::new(), "REDACTED".into())));
    assert_eq!(told("[redacted $(id)]"), None);
}

#[test]
fn what_holds_no_secret_stays_as_it_is_whatever_its_escapes() {
    let secrets = Secrets::default();
    secrets.add_named("it", "correct-horse");
    for text in
        ["50 % of \\ and & \\u12 %4 &#; \\ud800 \\ud800\\u0041", "", "\\", "%", "&amp", "\\x"]
    {
        assert_eq!(secrets.blot_text(text), text);
        assert!(secrets.blot(text.as_bytes()).is_none());
    }
}

#[test]
fn many_secrets_are_found_however_late_they_come() {
    let secrets = Secrets::default();
    for n in 0..300 {
        let secret = format!("token-{n:04}-of-many");
        secrets.add(secret.as_str());
        assert_eq!(secrets.blot_text(&secret), BLOT);
    }
    let all: Vec<String> = (0..300).map(|n| format!("token-{n:04}-of-many ")).collect();
    assert_eq!(secrets.blot_text(&all.concat()), "[redacted] ".repeat(300));
    let shelves = secrets.0.read().expect("whole").shelves.len();
    assert!(shelves <= 12, "{shelves}");
}

#[test]
fn the_members_of_json_are_blotted_by_name_and_value() {
    let secrets = Secrets::default();
    secrets.add_named("it", "12345678");
    let mut value = serde_json::json!({"a 12345678": [12_345_678, true, "12345678"]});
    secrets.blot_json(&mut value);
    let blot = "[redacted IT]";
    assert_eq!(value, serde_json::json!({"a [redacted IT]": [blot, true, blot]}));
}

#[test]
fn clones_share_what_is_added() {
    let secrets = Secrets::default();
    let other = secrets.clone();
    secrets.add("correct-horse");
    assert_eq!(other.blot_text("correct-horse"), BLOT);
    assert_eq!(format!("{other:?}"), "1 secrets");
}

/// The same numbers for the same seed.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 11
}

#[test]
fn no_mixture_of_escapes_hides_a_secret() {
    let secrets = Secrets::default();
    secrets.add_named("it", "correct-horse/üß");
    let mut state = 20_260_728;
    for _ in 0..2_000 {
        let mut text = String::from("a");
        for c in "correct-horse/üß".chars() {
            let percent = |b| format!("%{b:02x}");
            let written = match next(&mut state) % 6 {
                0 => c.to_string().bytes().map(percent).collect::<Vec<_>>().concat(),
                1 => format!("\\u{:04X}", u32::from(c)),
                2 => format!("&#{};", u32::from(c)),
                3 => format!("&#x{:x};", u32::from(c)),
                _ => c.to_string(),
            };
            text.push_str(&written);
        }
        text.push('z');
        let blotted = secrets.blot_text(&text);
        assert!(
            blotted.starts_with("a[redacted IT") && blotted.ends_with("]z"),
            "{text}: {blotted}"
        );
    }
}

#[test]
fn whatever_bytes_come_what_is_no_secret_stays_in_order() {
    let secrets = Secrets::default();
    secrets.add_named("it", "correct-horse");
    let alphabet = b"\\u%&;#xd80cfe4orhst-n\"\xff\xe2\x80\xa6";
    let mut state = 7;
    for _ in 0..2_000 {
        let pick = |state: &mut u64| {
            alphabet[usize::try_from(next(state)).expect("small") % alphabet.len()]
        };
        let before: Vec<u8> = (0..20).map(|_| pick(&mut state)).collect();
        let text = [&before[..], b" correct-horse ", &before[..]].concat();
        let blotted = secrets.blot(&text).expect("it stands there");
        let whole = [&before[..], b" [redacted IT] ", &before[..]].concat();
        assert_eq!(blotted, whole, "{}", String::from_utf8_lossy(&text));
    }
}
