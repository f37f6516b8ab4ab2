//! A message that was sent before, once more.

use bytes::Bytes;
use plumb_model::pack::HeaderEdit;
use plumb_model::{Payload, Sent};
use serde_json::Value;

use super::{Body, Probe};

/// Header fields that are the wire's own.
const OF_THE_WIRE: [&str; 4] =
    ["host", "content-length", "transfer-encoding", "proxy-authorization"];

impl Probe {
    /// What was sent, to the same place and with the same header fields; where its id was a number, with this one. None if
    /// nothing was sent.
    pub(crate) fn repeated(sent: &Sent, id: u64) -> Option<Self> {
        match sent {
            Sent::Nothing => None,
            Sent::Stdio { line } => Some(Self::of(Body::Bytes(numbered(line, id)))),
            Sent::Http { method, url, headers, body } => {
                let mut probe = Self::of(Body::Bytes(numbered(body, id))).by_http_method(method);
                let place =
                    url.split_once("://").and_then(|(_, at)| at.find('/').map(|n| &at[n..]));
                probe.path = place.map(str::to_owned);
                let ours = |name: &str| !OF_THE_WIRE.iter().any(|o| name.eq_ignore_ascii_case(o));
                let own = headers.iter().filter(|field| ours(&field.name)).cloned();
                probe.headers = own.map(|field| HeaderEdit::Add(field.name, field.value)).collect();
                Some(probe)
            }
        }
    }
}

/// A message with this id in place of its own number; what a broken one says stays as it is, to the byte.
fn numbered(payload: &Payload, id: u64) -> Bytes {
    let read = serde_json::from_slice::<Value>(payload.bytes()).ok();
    match read.filter(|m| m["id"].is_u64() && m.to_string().as_bytes() == payload.bytes()) {
        Some(mut message) => {
            message["id"] = id.into();
            message.to_string().into()
        }
        None => Bytes::copy_from_slice(payload.bytes()),
    }
}

#[cfg(test)]
mod tests {
    use plumb_model::Header;

    use super::*;

    #[test]
    fn what_was_sent_is_sent_again_under_another_number() {
        let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
        let headers = [("Host", "a"), ("Accept", "text/event-stream"), ("X", "1"), ("X", "2")];
        let sent = Sent::Http {
            method: "POST".into(),
            url: "http://127.0.0.1:1/mcp?k=v".into(),
            headers: headers.map(|(name, value)| Header::new(name, value)).into(),
            body: body.as_bytes().to_vec().into(),
        };
        let again = Probe::repeated(&sent, 9).expect("a probe");
        assert_eq!(again.payload(), body.replace('7', "9"));
        assert_eq!(again.target("/mcp"), Some("/mcp?k=v".into()));
        let fields = again.http().headers;
        let expected = [("Accept", "text/event-stream"), ("X", "1"), ("X", "2")];
        assert_eq!(fields, expected.map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec())));
    }

    #[test]
    fn what_is_no_message_keeps_its_bytes() {
        for line in [r#"{"id":7,"id":8}"#, r#"{"id": 7}"#, r#"{"id":"7"}"#, "{"] {
            let sent = Sent::Stdio { line: line.as_bytes().to_vec().into() };
            assert_eq!(Probe::repeated(&sent, 9).expect("a probe").payload(), line);
        }
        assert!(Probe::repeated(&Sent::Nothing, 9).is_none());
    }
}
