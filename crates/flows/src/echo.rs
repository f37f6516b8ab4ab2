//! basic#responses: under which id an answer comes.

use plumb_model::Sent;
use plumb_runner::Observed;
use plumb_wire::jsonrpc::{Kind, Message};
use serde_json::{Value, json};

/// The whole part of the fractional id that vectors send (`718281828.75`); no request has it, or the next integer, as its
/// own.
const FRACTION: i64 = 718_281_828;

/// The largest whole number up to which a double has every whole number.
const SAFE: u64 = 1 << 53;

/// The responses to the request of an exchange. Over HTTP every answer has a stream of its own; over standard streams
/// what answers another request can stand beside it, so the id decides.
pub fn own(seen: &Observed) -> impl Iterator<Item = &Message> {
    let http = matches!(seen.exchange.sent, Sent::Http { .. });
    let id = seen.request.as_ref().and_then(|request| request.get("id"));
    seen.responses().filter(move |m| http || id.is_some_and(|id| m.answers(id)))
}

/// The id that was sent, if it can be echoed: a string or a number, a fraction included.
pub fn sent(seen: &Observed) -> Option<&Value> {
    seen.request.as_ref()?.get("id").filter(|id| id.is_string() || id.is_number())
}

/// Whether the id that was sent is a number that is no integer, which a server refuses or echoes exactly.
pub fn is_fraction(id: &Value) -> bool {
    id.is_f64()
}

/// Whether an id is an integer that a double does not hold exactly, or not surely.
pub fn is_large(id: &Value) -> bool {
    id.as_u64().is_some_and(|n| n > SAFE)
        || id.as_i64().is_some_and(|n| n.unsigned_abs() > SAFE)
        || id.as_f64().is_some_and(|n| id.is_f64() && n.abs() >= 9_007_199_254_740_992.0)
}

/// The responses of a kind that are not under the id that was sent and answer this request all the same.
pub fn misnamed<'a>(seen: &'a Observed, kind: &'a Kind) -> impl Iterator<Item = &'a Message> {
    let http = matches!(seen.exchange.sent, Sent::Http { .. });
    let wanted = sent(seen);
    let echoed = wanted.is_some_and(|id| seen.responses().any(|m| m.answers(id)));
    let here = move |m: &&Message| match wanted {
        Some(_) if echoed => false,
        Some(wanted) => http || is_variant(wanted, m.id()),
        None => false,
    };
    // Over standard streams the answer to a fraction, cut to an integer, finds no exchange that it belongs to.
    let stray =
        move |m: &&Message| !http && wanted.is_none_or(|id| !is_fraction(id)) && is_cut(m.id());
    seen.responses().filter(move |m| m.kind == *kind && (here(m) || stray(m)))
}

/// Whether an id is none, or the one that was sent with its type, case or fraction lost: another request's is neither.
fn is_variant(sent: &Value, id: Option<&Value>) -> bool {
    let text = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.trim().to_lowercase()
    };
    let whole = |value: &Value| value.as_f64().map(|n| [n.trunc(), n.ceil(), n.round()]);
    match id {
        None | Some(Value::Null) => true,
        Some(id) => {
            text(id) == text(sent)
                || (is_fraction(sent)
                    && whole(sent).zip(id.as_f64()).is_some_and(|(all, id)| all.contains(&id)))
        }
    }
}

fn is_cut(id: Option<&Value>) -> bool {
    let whole = FRACTION;
    let cut =
        [json!(whole), json!(whole + 1), json!(whole.to_string()), json!(format!("{whole}.75"))];
    id.is_some_and(|id| cut.contains(id))
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Carrier, End, Exchange, Frame, Head, Initiator};

    use super::*;

    fn seen(http: bool, id: &Value, answers: &[Value]) -> Observed {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "tools/list", "params": {}});
        let frames = answers.iter().map(|id| {
            let mut message = json!({"jsonrpc": "2.0", "result": {"resultType": "complete"}});
            if !id.is_null() {
                message["id"] = id.clone();
            }
            Frame { at: 0, carrier: Carrier::Line, payload: message.to_string().into() }
        });
        let body: plumb_model::Payload = request.to_string().into();
        let sent = if http {
            let (method, url) = ("POST".into(), "http://127.0.0.1/mcp".into());
            Sent::Http { method, url, headers: Vec::new(), body }
        } else {
            Sent::Stdio { line: body }
        };
        Observed::new(Exchange {
            seq: 1,
            by: "test".into(),
            channel: "test-1".into(),
            initiator: Initiator::Us,
            sent,
            answer: Answer {
                head: http.then(|| Head { status: 200, headers: Vec::new() }),
                frames: frames.collect(),
                end: End::Complete,
                ..Answer::default()
            },
        })
    }

    fn misnamed_in(seen: &Observed) -> usize {
        misnamed(seen, &Kind::Result).count()
    }

    #[test]
    fn an_id_that_lost_its_type_or_its_fraction_is_misnamed_on_both_transports() {
        for http in [true, false] {
            for (sent, came) in [
                (json!("1"), json!(1)),
                (json!(1), json!("1")),
                (json!(1.9), json!(1)),
                (json!(1.9), json!(2)),
                (json!(1.9), json!("1.9")),
                (json!("Ab"), json!("ab")),
                (json!(7), Value::Null),
            ] {
                assert_eq!(
                    misnamed_in(&seen(http, &sent, std::slice::from_ref(&came))),
                    1,
                    "{sent} {came}"
                );
            }
        }
    }

    #[test]
    fn an_exact_echo_is_not_misnamed_whatever_stands_beside_it() {
        for http in [true, false] {
            for id in [json!("1"), json!(0), json!(""), json!(1.9), json!(-7)] {
                assert_eq!(misnamed_in(&seen(http, &id, std::slice::from_ref(&id))), 0, "{id}");
            }
        }
        assert_eq!(misnamed_in(&seen(false, &json!(5), &[json!(4), json!(5)])), 0);
    }

    #[test]
    fn over_standard_streams_the_answer_to_another_request_is_not_blamed() {
        let late = seen(false, &json!(5), &[json!(4)]);
        assert_eq!((misnamed_in(&late), own(&late).count()), (0, 0));
        let wrong = seen(true, &json!(5), &[json!(4)]);
        assert_eq!((misnamed_in(&wrong), own(&wrong).count()), (1, 1));
    }

    #[test]
    fn a_fraction_cut_to_an_integer_is_found_where_it_strays() {
        let stray = |id: Value| misnamed_in(&seen(false, &json!("other"), &[id]));
        let cut = [json!(718_281_828), json!(718_281_829), json!("718281828.75")];
        assert_eq!(cut.map(stray), [1, 1, 1]);
        assert_eq!([json!(718_281_830), json!(718_281_828.75)].map(stray), [0, 0]);
    }
}
