//! The messages in what came.

use plumb_model::{Carrier, Exchange, Frame, Sent};
use plumb_wire::jsonrpc::{Kind, Message};
use serde::Deserialize as _;
use serde_json::Value;

/// The messages of an answer. The body that answers DELETE is one only if it says so: no page tells what stands in it.
pub(super) fn messages(exchange: &Exchange) -> impl Iterator<Item = Message> {
    let deletes = matches!(&exchange.sent, Sent::Http { method, .. } if method == "DELETE");
    exchange.answer.frames.iter().filter_map(move |frame| {
        let message = read(frame);
        let says_so = || message.member("jsonrpc").is_some();
        (!deletes || frame.carrier != Carrier::Body || says_so()).then_some(message)
    })
}

/// Reads a frame. A response that stands in an array, or before another value, in the body of an answer is read as what
/// it is: that the body is no single object is one violation, and the rest is judged by what it says.
fn read(frame: &Frame) -> Message {
    let message = Message::parse(&frame.payload);
    let settled = message.is_too_large() || !matches!(message.kind, Kind::Invalid(_));
    if frame.carrier != Carrier::Body || settled {
        return message;
    }
    let first = match &message.json {
        Ok(Value::Array(values)) => values.first().cloned(),
        Ok(_) => None,
        Err(_) => {
            let mut values = serde_json::Deserializer::from_slice(frame.payload.bytes());
            Value::deserialize(&mut values).ok()
        }
    };
    let read = first.map(Message::from_value).filter(Message::is_response);
    read.map_or(message, |read| Message { raw: frame.payload.clone(), ..read })
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Initiator};

    use super::*;

    #[test]
    fn a_response_in_an_array_or_before_another_value_is_read() {
        let response = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}"#;
        let body = |text: String| {
            let frame = Frame { at: 0, carrier: Carrier::Body, payload: text.into() };
            read(&frame)
        };
        for text in [format!("[{response}]"), format!("{response}\n{response}")] {
            let message = body(text.clone());
            assert!(message.is_response(), "{text}");
            assert_eq!(message.raw.lossy(), text);
        }
        for text in ["[]", "[1]", "{} {}", "nonsense"] {
            assert!(matches!(body(text.into()).kind, Kind::Invalid(_)), "{text}");
        }
    }

    #[test]
    fn the_body_that_answers_delete_is_a_message_if_it_says_so() {
        let answered = |method: &str, body: &str| {
            let frame = Frame { at: 0, carrier: Carrier::Body, payload: body.to_owned().into() };
            let sent = Sent::Http {
                method: method.into(),
                url: "http://127.0.0.1:1/mcp".into(),
                headers: Vec::new(),
                body: Vec::new().into(),
            };
            let answer = Answer { frames: vec![frame], ..Answer::default() };
            let (by, channel) = ("a.b".to_owned(), "http-1".to_owned());
            let exchange = Exchange { seq: 1, by, channel, initiator: Initiator::Us, sent, answer };
            messages(&exchange).count()
        };
        assert_eq!(answered("DELETE", r#"{"success":true}"#), 0);
        assert_eq!(answered("POST", r#"{"success":true}"#), 1);
        assert_eq!(answered("GET", r#"{"resource":"http://127.0.0.1:1/mcp"}"#), 1);
        assert_eq!(answered("DELETE", r#"{"jsonrpc":"2.0","id":null,"error":{}}"#), 1);
    }
}
