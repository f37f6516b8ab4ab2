//! What a server sends unasked in the older revisions: requests, which are answered as a client would, and notifications.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

use crate::sample;

/// So many of them are remembered.
const REMEMBERED: usize = 512;
/// So many requests of a session are answered; a server that asks for ever is left to itself.
const ANSWERED: usize = 128;
/// Making what a form asks for may take so long.
const MAKING: Duration = Duration::from_secs(1);

/// Something that came unasked.
#[derive(Clone, Debug)]
pub(super) struct Unasked {
    pub(super) message: Value,
    /// The exchange that carried it.
    pub(super) seq: u64,
    /// The tool that ran meanwhile.
    pub(super) during: Option<String>,
}

impl Unasked {
    pub(super) fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }
}

/// What came unasked in a session.
#[derive(Default)]
pub(super) struct Inbox(Mutex<Content>);

#[derive(Default)]
struct Content {
    requests: Vec<Unasked>,
    notifications: Vec<Unasked>,
    running: Option<String>,
    /// Whether what comes now came before.
    replays: bool,
    answered: usize,
}

impl Inbox {
    /// A tool runs from now on, or none.
    pub(super) fn running(&self, tool: Option<&str>) {
        self.lock().running = tool.map(str::to_owned);
    }

    /// From now on what comes is sent again, and tells nothing new; or no longer.
    pub(super) fn replays(&self, again: bool) {
        self.lock().replays = again;
    }

    /// Takes in a message, and gives what is answered to it.
    pub(super) async fn take(&self, message: &Message, seq: u64) -> Option<Value> {
        let value = message.json.as_ref().ok()?.clone();
        let answers = {
            let mut content = self.lock();
            if content.replays {
                return None;
            }
            let during = content.running.clone();
            let unasked = Unasked { message: value.clone(), seq, during };
            let kept = match message.kind {
                Kind::Request => &mut content.requests,
                Kind::Notification => &mut content.notifications,
                _ => return None,
            };
            if kept.len() < REMEMBERED {
                kept.push(unasked);
            }
            content.answered += usize::from(message.kind == Kind::Request);
            content.answered <= ANSWERED
        };
        if message.kind == Kind::Request && answers { Some(answer(&value).await) } else { None }
    }

    /// The requests of these methods, or all if none is named.
    pub(super) fn requests(&self, method: &str) -> Vec<Unasked> {
        let content = self.lock();
        content.requests.iter().filter(|u| u.method() == method).cloned().collect()
    }

    /// All requests.
    pub(super) fn all_requests(&self) -> Vec<Unasked> {
        self.lock().requests.clone()
    }

    /// All notifications.
    pub(super) fn notifications(&self) -> Vec<Unasked> {
        self.lock().notifications.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer of a client that grants what it is asked, as far as that needs nobody.
pub(crate) async fn answer(request: &Value) -> Value {
    let params = &request["params"];
    let outcome = match request["method"].as_str().unwrap_or_default() {
        method::OLD_PING => Ok(json!({})),
        method::ROOTS_LIST => Ok(json!({"roots": [{"uri": "file:///plumb", "name": "plumb"}]})),
        method::SAMPLING_CREATE_MESSAGE => Ok(json!({
            "role": "assistant",
            "content": {"type": "text", "text": "plumb"},
            "model": "plumb",
            "stopReason": "endTurn"
        })),
        method::ELICITATION_CREATE if params["mode"] == "url" => Ok(json!({"action": "decline"})),
        method::ELICITATION_CREATE => Ok(filled(params["requestedSchema"].clone()).await),
        _ => Err(json!({"code": codes::METHOD_NOT_FOUND, "message": "no such method"})),
    };
    let id = &request["id"];
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
    }
}

/// A form filled in as its schema asks; declined where nothing fits.
async fn filled(schema: Value) -> Value {
    let made = sample::aside(MAKING, move || sample::arguments(&schema)).await.flatten();
    made.map_or_else(
        || json!({"action": "decline"}),
        |content| json!({"action": "accept", "content": content}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: Value) -> Message {
        Message::from_value(value)
    }

    #[tokio::test]
    async fn a_form_is_filled_in_and_a_page_is_not_opened() {
        let inbox = Inbox::default();
        inbox.running(Some("book"));
        let schema =
            json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
        let form = message(json!({"jsonrpc": "2.0", "id": 7, "method": "elicitation/create",
            "params": {"message": "?", "requestedSchema": schema}}));
        let answer = inbox.take(&form, 3).await.expect("an answer");
        assert_eq!((&answer["id"], &answer["result"]["action"]), (&json!(7), &json!("accept")));
        assert!(answer["result"]["content"]["n"].is_i64());
        let page = message(json!({"id": 8, "method": "elicitation/create",
            "params": {"mode": "url", "url": "https://example.com"}}));
        assert_eq!(inbox.take(&page, 4).await.expect("an answer")["result"]["action"], "decline");
        let asked = inbox.requests("elicitation/create");
        assert_eq!((asked.len(), asked[0].seq, asked[0].during.as_deref()), (2, 3, Some("book")));
    }

    #[tokio::test]
    async fn a_server_that_asks_for_ever_is_left_to_itself() {
        let inbox = Inbox::default();
        let ping = message(json!({"id": 1, "method": "ping"}));
        let mut answered = 0;
        for _ in 0..1_000 {
            answered += usize::from(inbox.take(&ping, 1).await.is_some());
        }
        assert_eq!((answered, inbox.all_requests().len()), (ANSWERED, REMEMBERED));
    }
}
