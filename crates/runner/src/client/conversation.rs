//! Telling what a client sent as this revision's from what belongs to another one.
//!
//! A client may speak earlier revisions as well, and falls back to one where the text says so. None of that is judged by
//! this revision, so a message is this revision's only if it says so, or if nothing says otherwise.

use plumb_model::{Edition, Exchange, Header, Sent};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{header, meta, method, notification};
use serde_json::Value;

use super::received::{Received, path};
use super::server::ENDPOINT;

/// All that a client sent in one scenario, read in order, and the versions that it named.
pub(super) fn read(exchanges: Vec<Exchange>, edition: &Edition) -> (Vec<Received>, Vec<String>) {
    let mut conversation = Conversation { edition, fell_back: false, versions: Vec::new() };
    let received = exchanges.into_iter().map(|exchange| conversation.take(exchange)).collect();
    (received, conversation.versions)
}

/// Whether a client spoke this revision in a scenario, and not others alone; `None` if it spoke none.
pub(super) fn is_spoken(sent: &[&Sent], edition: &Edition) -> Option<bool> {
    let mut conversation = Conversation { edition, fell_back: false, versions: Vec::new() };
    let ours = sent.iter().any(|sent| conversation.message(sent).is_some());
    (ours || !conversation.versions.is_empty()).then_some(ours)
}

struct Conversation<'a> {
    edition: &'a Edition,
    /// Whether the client spoke another revision before: what names none belongs to that one then.
    fell_back: bool,
    versions: Vec<String>,
}

impl Conversation<'_> {
    fn take(&mut self, exchange: Exchange) -> Received {
        let message = self.message(&exchange.sent);
        Received::new(exchange, message)
    }

    /// What was sent, if it is a message of this revision.
    fn message(&mut self, sent: &Sent) -> Option<Message> {
        match sent {
            // A head that could not be read has no method.
            Sent::Http { method, headers, body, .. } if !method.is_empty() && !body.is_empty() => {
                let message = Message::parse(body);
                let ours = self.is_ours(headers, &message);
                (ours && is_meant(sent, &message)).then_some(message)
            }
            Sent::Stdio { line } => {
                let message = Message::parse(line);
                self.is_ours(&[], &message).then_some(message)
            }
            _ => None,
        }
    }

    fn is_ours(&mut self, headers: &[Header], message: &Message) -> bool {
        let field = headers.iter().find(|h| h.name.eq_ignore_ascii_case(header::PROTOCOL_VERSION));
        let field = field.map(|h| h.value.as_str());
        // Of a batch, the first message speaks for all.
        let body = message.json.as_ref().ok().map(|body| body.get(0).unwrap_or(body));
        let body = body.unwrap_or(&Value::Null);
        let handshake = body["params"]["protocolVersion"].as_str();
        let named = body["params"]["_meta"][meta::PROTOCOL_VERSION].as_str();
        for version in [named, field, handshake].into_iter().flatten() {
            if !self.versions.iter().any(|known| known == version) {
                self.versions.push(version.to_owned());
            }
        }
        let opens = matches!(
            body["method"].as_str(),
            Some(method::OLD_INITIALIZE | notification::OLD_INITIALIZED)
        );
        let says = |version: Option<&str>| version == Some(self.edition.revision.as_str());
        let ours = !opens && (says(named) || says(field));
        if ours {
            return true;
        }
        self.fell_back |= opens || named.is_some() || field.is_some();
        !self.fell_back
    }
}

/// Whether a message of the protocol is meant: whatever goes to its endpoint, and elsewhere what is written like one. A client
/// may post other things to other places, such as its registration.
fn is_meant(sent: &Sent, message: &Message) -> bool {
    let like_one = message.json.as_ref().is_ok_and(|body| {
        let first = body.get(0).unwrap_or(body);
        first.get("jsonrpc").is_some()
    });
    path(sent) == ENDPOINT || like_one
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Initiator};
    use serde_json::json;

    use super::*;

    fn sent(version: Option<&str>, body: &Value) -> Exchange {
        let field = |v: &str| Header::new("mcp-protocol-version", v);
        Exchange {
            seq: 1,
            by: "tools_call".into(),
            channel: "served-1".into(),
            initiator: Initiator::Target,
            sent: Sent::Http {
                method: "POST".into(),
                url: "http://127.0.0.1/mcp".into(),
                headers: version.map(field).into_iter().collect(),
                body: body.to_string().into(),
            },
            answer: Answer::default(),
        }
    }

    fn ours(exchanges: &[Exchange]) -> Vec<bool> {
        let (received, _) = read(exchanges.to_vec(), &Edition::latest());
        received.iter().map(|r| r.message().is_some()).collect()
    }

    #[test]
    fn what_names_no_revision_is_judged_by_this_one_until_the_client_fell_back() {
        let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let open = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {"protocolVersion": "2025-11-25"}});
        let this = Edition::latest().revision;
        let all = [
            sent(None, &bare),
            sent(None, &open),
            sent(None, &bare),
            sent(Some("2025-11-25"), &bare),
            sent(Some(&this), &bare),
        ];
        assert_eq!(ours(&all), [true, false, false, false, true]);
        let (_, versions) = read(all.to_vec(), &Edition::latest());
        assert_eq!(versions, ["2025-11-25".to_owned(), this]);
    }

    #[test]
    fn who_opens_by_an_earlier_revision_and_goes_on_by_this_one_speaks_this_one() {
        let edition = Edition::latest();
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let open = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {"protocolVersion": "2025-11-25"}});
        let (open, list) = (sent(None, &open), sent(Some(&edition.revision), &list));
        assert_eq!(is_spoken(&[&open.sent], &edition), Some(false));
        assert_eq!(is_spoken(&[&open.sent, &list.sent], &edition), Some(true));
        assert_eq!(is_spoken(&[], &edition), None);
    }

    #[test]
    fn a_message_of_two_revisions_is_judged_by_this_one() {
        let this = Edition::latest().revision;
        let body =
            json!({"method": "tools/list", "params": {"_meta": {meta::PROTOCOL_VERSION: this}}});
        assert_eq!(ours(&[sent(Some("2025-11-25"), &body)]), [true]);
    }

    #[test]
    fn what_is_posted_elsewhere_is_a_message_only_if_it_looks_like_one() {
        let elsewhere = |body: &Value| {
            let mut exchange = sent(None, body);
            if let Sent::Http { url, .. } = &mut exchange.sent {
                *url = "http://127.0.0.1/register".into();
            }
            exchange
        };
        let registration = elsewhere(&json!({"redirect_uris": ["http://127.0.0.1/callback"]}));
        let message = elsewhere(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
        assert_eq!(ours(&[registration, message]), [false, true]);
    }

    #[test]
    fn a_handshake_is_never_this_revision() {
        let open = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize"});
        assert_eq!(ours(&[sent(Some(&Edition::latest().revision), &open)]), [false]);
    }

    #[test]
    fn a_batch_is_of_the_revision_of_its_first_message() {
        let one = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize"});
        assert_eq!(ours(&[sent(None, &json!([one]))]), [false]);
        assert_eq!(ours(&[sent(None, &json!([{"method": "tools/list"}]))]), [true]);
    }
}
