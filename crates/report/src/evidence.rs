//! An exchange in words: what was sent, what of it deviates, and what came back.

use plumb_model::event::CaseFinished;
use plumb_model::{Carrier, End, Exchange, Header, Payload, Report, Sent};
use serde_json::Value;

use crate::json_text;
use crate::text::{counted, duration, size};

/// The exchange that shows a case best, and the accepted request beside it.
///
/// What was seen in many exchanges is shown by the first of them, which deviates from nothing.
///
/// A control and the deviation from it are often both among a case's exchanges, the control even twice; so the
/// one that matters is the last whose request no other exchange of the case sent.
pub fn of_case<'a>(
    report: &'a Report,
    case: &CaseFinished,
) -> (Option<&'a Exchange>, Option<&'a Exchange>) {
    let all: Vec<&Exchange> = case
        .exchanges
        .iter()
        .filter_map(|seq| report.exchanges.get(seq))
        .map(AsRef::as_ref)
        .collect();
    if case.count > 1 {
        return (all.first().copied(), None);
    }
    let alone = |e: &&&Exchange| all.iter().filter(|o| same_request(o, e)).count() == 1;
    let shown = all.iter().rev().find(alone).or(all.last()).copied();
    let control = shown.and_then(|shown| {
        let before = all.iter().rev().find(|e| e.seq < shown.seq && is_base(e, shown));
        before.copied().filter(|e| !same_request(e, shown))
    });
    (shown, control)
}

/// The request line for people: `POST http://127.0.0.1/mcp tools/list`, or `stdin tools/list`.
pub fn title(exchange: &Exchange) -> String {
    let rpc = rpc_method(&exchange.sent).map(|m| format!(" {m}")).unwrap_or_default();
    match &exchange.sent {
        Sent::Http { method, url, .. } => format!("{method} {url}{rpc}"),
        Sent::Stdio { .. } => format!("stdin{rpc}"),
        Sent::Nothing => "nothing sent, this came unasked".to_owned(),
    }
}

/// The JSON-RPC method of a request, if it is readable.
pub fn rpc_method(sent: &Sent) -> Option<String> {
    let value: Value = serde_json::from_slice(body(sent)?.bytes()).ok()?;
    value.get("method")?.as_str().map(str::to_owned)
}

/// What was sent as the message itself.
pub fn body(sent: &Sent) -> Option<&Payload> {
    match sent {
        Sent::Http { body, .. } => Some(body).filter(|b| !b.is_empty()),
        Sent::Stdio { line } => Some(line),
        Sent::Nothing => None,
    }
}

/// The header fields that were sent.
pub fn headers(sent: &Sent) -> &[Header] {
    match sent {
        Sent::Http { headers, .. } => headers,
        Sent::Stdio { .. } | Sent::Nothing => &[],
    }
}

/// The answer's head in one line: `200 OK · text/event-stream · 3 messages · 12.3 ms`.
pub fn answer_line(exchange: &Exchange) -> String {
    let answer = &exchange.answer;
    let mut parts = Vec::new();
    if let Some(status) = answer.status() {
        parts.push(format!("{status} {}", reason(status)).trim_end().to_owned());
    }
    parts.extend(answer.header("content-type").map(str::to_owned));
    match (answer.frames.len(), answer.body.len()) {
        (0, 0) if answer.head.is_some() => parts.push("no body".into()),
        (0, 0) => parts.push("no answer".into()),
        (0, bytes) => parts.push(size(bytes)),
        (1, _) if answer.head.is_some() => {}
        (n, _) => parts.push(counted(n, "message")),
    }
    parts.extend(ending(&answer.end));
    if !matches!(exchange.sent, Sent::Nothing) {
        parts.push(duration(answer.ended_at.saturating_sub(answer.sent_at)));
    }
    parts.join(" · ")
}

/// How the answer ended, unless it is simply complete.
pub fn ending(end: &End) -> Option<String> {
    match end {
        End::Complete => None,
        End::ClosedByUs => Some("closed by plumb".into()),
        End::TimedOut => Some("timed out".into()),
        End::TooLarge(bound) => {
            Some(format!("cut at {}", size(usize::try_from(*bound).unwrap_or(usize::MAX))))
        }
        End::Broken(why) => Some(format!("broken: {why}")),
    }
}

/// What carried a frame, for people.
pub fn carrier(carrier: &Carrier) -> String {
    match carrier {
        Carrier::Body => "body".into(),
        Carrier::Line => "line".into(),
        Carrier::Event { name, id } => {
            let name = name.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
            let id = id.as_deref().map(|i| format!(" (id {i})")).unwrap_or_default();
            format!("event{name}{id}")
        }
    }
}

/// A payload for people: JSON over several lines, other text as it is, bytes that are no text described.
pub fn pretty(payload: &Payload) -> String {
    payload.text().and_then(json_text::laid_out).unwrap_or_else(|| plain(payload))
}

/// A payload as it came, or a description if it is no text.
pub fn plain(payload: &Payload) -> String {
    match payload.text() {
        Some(text) => text.to_owned(),
        None => format!("{} that are no UTF-8: {}", size(payload.len()), payload.lossy()),
    }
}

/// How a request differs from its control.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviation<'a> {
    /// Fields that the control does not have.
    pub added: Vec<&'a Header>,
    /// Fields of the control that the request does not have.
    pub missing: Vec<&'a Header>,
    /// Lines of the message, written over several lines, that the control does not have; its id left out.
    pub lines: Vec<String>,
    /// Lines of the control that the message does not have.
    pub missing_lines: Vec<String>,
}

/// Compares a request with its control.
pub fn deviation<'a>(sent: &'a Sent, control: &'a Sent) -> Deviation<'a> {
    let (ours, theirs) = (headers(sent), headers(control));
    let only = |a: &'a [Header], b: &[Header]| -> Vec<&'a Header> {
        let counts = |h: &Header| !h.name.eq_ignore_ascii_case("content-length");
        a.iter().filter(|h| counts(h) && !b.contains(h)).collect()
    };
    let (our_lines, their_lines) = (message_lines(sent), message_lines(control));
    Deviation {
        added: only(ours, theirs),
        missing: only(theirs, ours),
        lines: only_lines(&our_lines, &their_lines),
        missing_lines: only_lines(&their_lines, &our_lines),
    }
}

fn same_request(a: &Exchange, b: &Exchange) -> bool {
    comparable(a, b) && headers(&a.sent) == headers(&b.sent) && message(&a.sent) == message(&b.sent)
}

/// Whether a request may be what another deviates from: the same method, if both can be read.
fn is_base(a: &Exchange, b: &Exchange) -> bool {
    let methods = (rpc_method(&a.sent), rpc_method(&b.sent));
    comparable(a, b) && !matches!(methods, (Some(a), Some(b)) if a != b)
}

fn comparable(a: &Exchange, b: &Exchange) -> bool {
    match (&a.sent, &b.sent) {
        (Sent::Http { method, url, .. }, Sent::Http { method: other, url: there, .. }) => {
            method == other && url == there
        }
        (Sent::Stdio { .. }, Sent::Stdio { .. }) | (Sent::Nothing, Sent::Nothing) => true,
        _ => false,
    }
}

/// The message without its JSON-RPC id, which differs in every request; one that no request is counted by deviates, and stays.
fn message(sent: &Sent) -> Option<Message<'_>> {
    let body = body(sent)?;
    Some(match serde_json::from_slice::<Value>(body.bytes()) {
        Ok(Value::Object(mut object)) => {
            if object.get("id").is_some_and(counts_requests) {
                object.remove("id");
            }
            Message::Json(Value::Object(object))
        }
        _ => Message::Bytes(body),
    })
}

/// Whether an id is one such as a run counts its requests by, and none that is sent for its own sake.
fn counts_requests(id: &Value) -> bool {
    const LARGEST_SAFE: u64 = (1 << 53) - 1;
    id.as_u64().is_some_and(|id| (2..LARGEST_SAFE).contains(&id))
        || id.as_str().is_some_and(|id| id.starts_with("plumb-"))
}

fn message_lines(sent: &Sent) -> Vec<String> {
    let text = match message(sent) {
        None => return Vec::new(),
        Some(Message::Json(value)) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Some(Message::Bytes(bytes)) => plain(bytes),
    };
    text.lines().map(|l| l.trim().trim_end_matches(',').to_owned()).collect()
}

fn only_lines(here: &[String], there: &[String]) -> Vec<String> {
    here.iter().filter(|l| !there.contains(l)).cloned().collect()
}

#[derive(PartialEq)]
enum Message<'a> {
    Json(Value),
    Bytes(&'a Payload),
}

/// The reason phrase of the statuses that matter here.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use plumb_model::Payload;

    use super::*;

    fn sent(line: &str) -> Sent {
        Sent::Stdio { line: Payload::from(line.as_bytes().to_vec()) }
    }

    #[test]
    fn an_id_that_counts_requests_tells_nothing_and_any_other_one_is_the_deviation() {
        let control = sent(r#"{"id": 1099511627776, "method": "a"}"#);
        let lines = |id: &str| {
            let sent = sent(&format!(r#"{{"id": {id}, "method": "a"}}"#));
            deviation(&sent, &control).lines
        };
        assert!(lines("1099511627999").is_empty() && lines(r#""plumb-ping""#).is_empty());
        for id in ["null", "0", "-7", "1.5", "true", r#""x""#, "9007199254740991"] {
            assert_eq!(lines(id), [format!(r#""id": {id}"#)]);
        }
    }
}
