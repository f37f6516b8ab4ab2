//! What one answer shows.

use plumb_model::load::{FaultKind, MARK};
use plumb_model::{Answer, End};
use plumb_wire::jsonrpc::Message;
use serde_json::Value;

use super::mix::{Shot, Shows};
use crate::observe::clip;

/// So much of what came is told.
const TOLD: usize = 300;

/// What an answer shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It is the one to its request.
    Right,
    /// The server refuses, or fails, and says so.
    Error(String),
    /// It is none to this request.
    Fault { kind: FaultKind, expected: String, came: String },
    /// None came, or not all of it.
    Nothing(String),
    /// The request was not taken whole, so none was due.
    Untaken(String),
}

/// Judges the answer to a request of a kind, under a mark.
pub(super) fn judge(shot: &Shot, mark: &str, others: &[Shot], answer: &Answer) -> Shown {
    let messages: Vec<Message> = answer.frames.iter().map(|f| Message::parse(&f.payload)).collect();
    let responses: Vec<&Message> = messages.iter().filter(|m| m.is_response()).collect();
    let fault = |kind, expected: String, came: &str| Shown::Fault {
        kind,
        expected,
        came: clip(came, TOLD),
    };
    let Some(response) = responses.first() else { return without(answer) };
    let raw = response.raw.lossy();
    match response.id() {
        Some(Value::String(id)) if id == mark => {}
        Some(Value::String(id)) if id.starts_with(MARK) => {
            return fault(FaultKind::Swapped, format!("a response to {mark}"), &raw);
        }
        // An error of who could not read the request.
        None | Some(Value::Null) if response.error().is_some() => {
            return Shown::Error(error(answer, response));
        }
        _ => return fault(FaultKind::Wrong, format!("a response to {mark}"), &raw),
    }
    if responses.len() > 1 {
        return fault(FaultKind::Wrong, "one response".into(), &responses[1].raw.lossy());
    }
    let Some(result) = response.result().filter(|result| result["isError"] != true) else {
        return Shown::Error(error(answer, response));
    };
    match &shot.shows {
        Shows::Id => Shown::Right,
        Shows::List(member) if result[*member].is_array() => Shown::Right,
        Shows::List(member) => fault(FaultKind::Wrong, format!("a list of `{member}`"), &raw),
        Shows::Argument if holds_mark(&raw_result(result), mark) => Shown::Right,
        Shows::Argument => {
            let swapped = raw_result(result).contains(MARK);
            let kind = if swapped { FaultKind::Swapped } else { FaultKind::Wrong };
            fault(kind, format!("the argument {mark}"), &raw)
        }
        Shows::Resource(uri) => {
            let contents = result["contents"].as_array();
            let all = |uri: &str| {
                contents.is_some_and(|all| !all.is_empty() && all.iter().all(|c| c["uri"] == uri))
            };
            if all(uri) {
                return Shown::Right;
            }
            let other = |shot: &Shot| matches!(&shot.shows, Shows::Resource(uri) if all(uri));
            let swapped = others.iter().any(other);
            let kind = if swapped { FaultKind::Swapped } else { FaultKind::Wrong };
            fault(kind, format!("contents of {uri}"), &raw)
        }
    }
}

fn raw_result(result: &Value) -> String {
    result.to_string()
}

/// Whether a text holds this mark, and not one that only begins like it.
fn holds_mark(text: &str, mark: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
    text.match_indices(mark).any(|(at, _)| ends(&text[at + mark.len()..]))
}

fn error(answer: &Answer, response: &Message) -> String {
    let status = answer.status().map(|s| format!("HTTP {s}, ")).unwrap_or_default();
    match (response.code(), response.error_message()) {
        (Some(code), Some(message)) => format!("{status}error {code} {}", clip(message, 80)),
        (Some(code), None) => format!("{status}error {code}"),
        _ if response.result().is_some() => format!("{status}a result with `isError`"),
        _ => format!("{status}an error without code"),
    }
}

/// An answer without a response.
fn without(answer: &Answer) -> Shown {
    match (&answer.end, answer.status()) {
        (End::Complete, Some(status)) if !(200..300).contains(&status) => {
            Shown::Error(format!("HTTP {status}"))
        }
        (End::Complete | End::ClosedByUs, Some(status)) => {
            Shown::Nothing(format!("HTTP {status} without a response"))
        }
        (End::TooLarge(bytes), _) => Shown::Error(format!("larger than is read: {bytes} bytes")),
        (End::Broken(why), _) => Shown::Nothing(format!("broken off: {why}")),
        _ => Shown::Nothing("nothing in time".into()),
    }
}

#[cfg(test)]
mod tests {
    use plumb_model::{Carrier, Frame, Head};
    use serde_json::json;

    use super::*;

    fn shot(shows: Shows) -> Shot {
        Shot { name: "x".into(), template: json!({}), params: Vec::new(), shows, idempotent: true }
    }

    fn answer(message: Value) -> Answer {
        let payload = message.to_string().into_bytes().into();
        let frames = vec![Frame { at: 0, carrier: Carrier::Body, payload }];
        let head = Some(Head { status: 200, headers: Vec::new() });
        Answer { frames, head, ..Answer::default() }
    }

    fn kind(shows: Shows, message: Value) -> Option<FaultKind> {
        let others = [shot(Shows::Resource("x://b".into()))];
        match judge(&shot(shows), "plumb-load-7", &others, &answer(message)) {
            Shown::Fault { kind, .. } => Some(kind),
            Shown::Right => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_is_known_by_its_id_and_by_what_it_shows() {
        let said =
            |id: &str, text: &str| json!({"jsonrpc": "2.0", "id": id, "result": {"text": text}});
        assert_eq!(kind(Shows::Id, said("plumb-load-7", "")), None);
        assert_eq!(kind(Shows::Id, said("plumb-load-8", "")), Some(FaultKind::Swapped));
        assert_eq!(kind(Shows::Id, said("8", "")), Some(FaultKind::Wrong));
        assert_eq!(kind(Shows::Argument, said("plumb-load-7", "you said plumb-load-7!")), None);
        let other = kind(Shows::Argument, said("plumb-load-7", "you said plumb-load-71"));
        assert_eq!(other, Some(FaultKind::Swapped));
        assert_eq!(kind(Shows::Argument, said("plumb-load-7", "hi")), Some(FaultKind::Wrong));
        assert_eq!(kind(Shows::List("tools"), said("plumb-load-7", "")), Some(FaultKind::Wrong));
        let read = |uri: &str| json!({"jsonrpc": "2.0", "id": "plumb-load-7", "result": {"contents": [{"uri": uri}]}});
        let of = |uri| kind(Shows::Resource("x://a".into()), read(uri));
        assert_eq!(of("x://a"), None);
        assert_eq!(of("x://b"), Some(FaultKind::Swapped));
        assert_eq!(of("x://c"), Some(FaultKind::Wrong));
    }

    #[test]
    fn what_the_server_refuses_is_an_error_and_no_fault() {
        let refused = json!({"jsonrpc": "2.0", "id": "plumb-load-7", "error": {"code": -32603, "message": "busy"}});
        let shown = judge(&shot(Shows::Id), "plumb-load-7", &[], &answer(refused));
        assert_eq!(shown, Shown::Error("HTTP 200, error -32603 busy".into()));
    }
}
