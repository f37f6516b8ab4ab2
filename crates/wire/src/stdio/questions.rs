//! Requests of the process, for whoever answers as its client.

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

/// So many requests wait for their answer; a process that asks for more at once waits in vain.
const WAITING: usize = 64;

/// A request of the process, in the revisions in which a server asks by requests of its own. Source, 2025-11-25: basic#requests.
#[derive(Clone, Debug)]
pub struct Question {
    /// The line.
    pub line: Bytes,
    /// Whether it belongs to an exchange whose reader answers what is asked in it
    /// ([`Expect::answers_questions`](super::Expect::answers_questions)).
    pub has_reader: bool,
}

/// Where requests go to, if anybody wants them.
#[derive(Debug, Default)]
pub(super) struct Questions(Option<mpsc::Sender<Question>>);

impl Questions {
    pub(super) fn subscribe(&mut self) -> mpsc::Receiver<Question> {
        let (sender, questions) = mpsc::channel(WAITING);
        self.0 = Some(sender);
        questions
    }

    /// Tells of a line, if it is a request.
    pub(super) fn tell(&self, value: &Value, line: &Bytes, has_reader: bool) {
        let asks = value["method"].is_string() && value.get("id").is_some_and(|id| !id.is_null());
        if let Some(sender) = self.0.as_ref().filter(|_| asks) {
            // Who asks for too much at once is not answered.
            let _ = sender.try_send(Question { line: line.clone(), has_reader });
        }
    }
}
