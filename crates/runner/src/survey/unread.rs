//! Why the first answer of a target cannot be read: one sentence, with the place.

use plumb_model::End;

use crate::Observed;

/// What keeps an answer from being read, if it is something that can be named.
pub(super) fn because(seen: &Observed) -> Option<String> {
    let answer = &seen.exchange.answer;
    let encoding = answer.header("content-encoding").map(str::trim);
    if let Some(encoding) =
        encoding.filter(|e| !e.is_empty() && !e.eq_ignore_ascii_case("identity"))
    {
        return Some(format!(
            "it is encoded (`Content-Encoding: {}`), and no request asked for that: none has Accept-Encoding",
            crate::observe::clip(encoding, 40)
        ));
    }
    match &answer.end {
        End::Broken(why) if seen.status().is_some() && seen.messages.is_empty() => {
            return Some(format!("it breaks off: {why}; {}", status(seen)));
        }
        _ => {}
    }
    if let Some(why) = seen.wrong_length() {
        return Some(format!("{why}; {}", status(seen)));
    }
    let first = answer.frames.first().map_or(&answer.body, |frame| &frame.payload);
    let why = of_bytes(first.bytes())?;
    Some(format!("{why}; {}", status(seen)))
}

fn status(seen: &Observed) -> String {
    seen.status().map_or_else(|| "it came as a line".to_owned(), |status| format!("HTTP {status}"))
}

fn of_bytes(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Some("it is compressed (gzip), and says so nowhere".into());
    }
    let nulls = |from: usize| bytes.iter().skip(from).step_by(2).take(8).all(|b| *b == 0);
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if bytes.len() >= 4 && (is_utf16 || nulls(0) || nulls(1)) {
        return Some("it is UTF-16, where UTF-8 is demanded".into());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            return Some(format!("byte {} of it (0x{:02X}) is no UTF-8", at + 1, bytes[at]));
        }
    };
    if text.starts_with('\u{feff}') {
        return Some("it begins with a byte order mark, which JSON does not allow".into());
    }
    let parsed = plumb_wire::jsonrpc::parse(bytes);
    match parsed.value {
        Err(why) => of_json(text, &why),
        Ok(_) => parsed.duplicate_keys.first().map(|member| {
            format!("the member `{}` stands twice in its object", crate::observe::clip(member, 80))
        }),
    }
}

/// What the reader of JSON says, in words, if the text was meant to be JSON.
fn of_json(text: &str, why: &str) -> Option<String> {
    let place = why.find(" at line ").map_or("", |at| &why[at..]);
    // What follows the first half of a pair is called an end of its escape.
    if why.contains("surrogate") || why.contains("end of hex escape") {
        return Some(format!(
            "half a character (a lone surrogate, `\\uD800` to `\\uDFFF`) stands{place}"
        ));
    }
    if why.contains("out of range") {
        return Some(format!("a number that no double holds stands{place}"));
    }
    let is_meant = text.trim_start().starts_with(['{', '[']);
    is_meant.then(|| format!("it is no JSON: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        of_bytes(bytes).unwrap_or_default()
    }

    #[test]
    fn each_way_of_being_unreadable_is_told_with_its_place() {
        let utf16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: [(&[u8], &str); 9] = [
            (b"\x1f\x8b\x08\x00", "it is compressed (gzip), and says so nowhere"),
            (&utf16, "it is UTF-16, where UTF-8 is demanded"),
            (b"{\"a\":\"\xff\"}", "byte 7 of it (0xFF) is no UTF-8"),
            (
                "\u{feff}{}".as_bytes(),
                "it begins with a byte order mark, which JSON does not allow",
            ),
            (br#"{"a":1e999}"#, "a number that no double holds stands at line 1 column"),
            (br#"{"a":"\ud800"}"#, "half a character (a lone surrogate"),
            (br#"{"a":{"b":1,"b":2}}"#, "the member `/a/b` stands twice in its object"),
            (b"{\"a\":", "it is no JSON: "),
            (b"<html>", ""),
        ];
        for (bytes, wanted) in cases {
            assert!(told(bytes).starts_with(wanted), "{bytes:?}: {}", told(bytes));
        }
        assert_eq!(told(b"{}"), "");
    }
}
