//! What the framing of an answer has to do with it that it is no whole message: RFC 9112 section 6.

use plumb_model::{Answer, End};
use plumb_wire::jsonrpc::Message;

use super::clip;

/// What is wrong with `Content-Length`: it announces more than comes, or ends the body before its JSON ends.
pub(super) fn wrong_length(answer: &Answer, first: Option<&Message>) -> Option<String> {
    if answer.header("transfer-encoding").is_some() {
        return None; // It does not count.
    }
    let length = clip(answer.header("content-length")?.trim(), 20);
    match answer.end {
        End::TimedOut => Some(format!("`Content-Length: {length}` announces more than came")),
        End::Complete if first.is_some_and(ends_early) => Some(format!(
            "`Content-Length: {length}` ends the body before its JSON ends: bytes are counted, not characters"
        )),
        _ => None,
    }
}

fn ends_early(message: &Message) -> bool {
    message.json.as_ref().is_err_and(|why| why.starts_with("EOF while parsing"))
}

#[cfg(test)]
mod tests {
    use plumb_model::{Head, Header, Payload};

    use super::*;

    fn told(fields: &[(&str, &str)], end: End, body: &str) -> Option<String> {
        let headers = fields.iter().map(|(name, value)| Header::new(*name, *value)).collect();
        let head = Some(Head { status: 200, headers });
        let message = Message::parse(&Payload::from(body.to_owned()));
        wrong_length(&Answer { head, end, ..Answer::default() }, Some(&message))
    }

    #[test]
    fn a_length_that_counts_characters_is_told() {
        let length = ("Content-Length", "9");
        let why = told(&[length], End::Complete, "{\"a\":\"\u{fc}");
        assert!(why.is_some_and(|why| why.starts_with("`Content-Length: 9` ends the body before")));
        for (fields, body) in [(&[length][..], "{}"), (&[length], "no"), (&[], "{")] {
            assert_eq!(told(fields, End::Complete, body), None, "{body}");
        }
        let chunked = [length, ("Transfer-Encoding", "chunked")];
        assert_eq!(told(&chunked, End::Complete, "{"), None, "it does not count");
    }

    #[test]
    fn a_length_beyond_what_comes_is_told() {
        let why = told(&[("content-length", "90")], End::TimedOut, "{}");
        assert_eq!(why.as_deref(), Some("`Content-Length: 90` announces more than came"));
        assert_eq!(told(&[], End::TimedOut, "{}"), None);
    }
}
