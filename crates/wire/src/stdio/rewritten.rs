//! An answer over HTTP, rewritten for standard streams: the messages in it, a line each.

use plumb_model::Payload;

use crate::script::{Play, Script, Step};
use crate::sse;

/// What is read of one event, in bytes.
const EVENT: usize = 1 << 20;

/// The same messages at the same times, but as lines: of a body, and of each event. What is no message (a status, a page,
/// a comment) has no line, and what ends an answer ends no output; only a reset closes it. Steps that come in later are left
/// out.
pub fn as_lines(play: Play) -> Script {
    let mut answer = Answer { head: None, bytes: Vec::new(), events: sse::Parser::new(EVENT) };
    let mut lines = Script::new();
    for step in play.into_ready() {
        match step {
            Step::Write(bytes) => {
                for message in answer.take(bytes.bytes()) {
                    lines = lines.line(message);
                }
            }
            Step::Wait(_) | Step::Hold => lines = lines.then(step),
            Step::Reset => return lines.then(Step::Close),
            Step::Repeat(_) | Step::Close => break,
        }
    }
    match answer.body() {
        Some(body) => lines.line(body.bytes()),
        None => lines,
    }
}

struct Answer {
    /// Its head in lower case, once that is whole.
    head: Option<String>,
    /// What was not understood yet.
    bytes: Vec<u8>,
    events: sse::Parser,
}

impl Answer {
    /// Takes bytes, and gives the events that they complete.
    fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.bytes.extend(bytes);
        if self.head.is_none()
            && let Some(end) = self.bytes.windows(4).position(|w| w == b"\r\n\r\n")
        {
            let head: Vec<u8> = self.bytes.drain(..end + 4).collect();
            self.head = Some(String::from_utf8_lossy(&head).to_ascii_lowercase());
        }
        let mut events = Vec::new();
        while let Some(chunk) = self.is("text/event-stream").then(|| self.chunk()).flatten() {
            // Ours are never so long.
            let _ = self.events.push(&chunk, &mut events);
        }
        events
            .into_iter()
            .map(|event| event.data.to_vec())
            .filter(|data| !data.is_empty())
            .collect()
    }

    /// The next chunk that is whole: RFC 9112 section 7.1.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.bytes.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&self.bytes[..line]).ok()?;
        let size = usize::from_str_radix(size, 16).ok().filter(|size| *size > 0)?;
        let chunk = self.bytes.get(line + 2..line + 2 + size)?.to_vec();
        self.bytes.drain(..(line + 4 + size).min(self.bytes.len()));
        Some(chunk)
    }

    /// The message that is the body, if that is one.
    fn body(self) -> Option<Payload> {
        (self.is("application/json") && !self.bytes.is_empty()).then(|| self.bytes.into())
    }

    fn is(&self, media_type: &str) -> bool {
        self.head.as_ref().is_some_and(|head| head.contains(media_type))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::{Response, chunk};

    #[test]
    fn bodies_and_events_are_lines_and_nothing_else_is() {
        let message = json!({ "id": 1 });
        let line = Script::new().line(br#"{"id":1}"#);
        let lines = |play: Play| as_lines(play);
        assert_eq!(lines(Script::from(Response::json(&message)).into()), line);
        let event = sse::event(None, None, &message.to_string());
        assert_eq!(lines(Response::events([": no\n\n".to_owned(), event.clone()]).into()), line);
        for silent in [Response::new(202), Response::new(413).body("too large")] {
            assert_eq!(lines(Script::from(silent).into()), Script::new());
        }
        let slow = Response::event_stream()
            .then(Step::Wait(5))
            .write(chunk(event.as_bytes()))
            .then(Step::Hold)
            .then(Step::Close);
        let slow_lines = Script::new().then(Step::Wait(5)).and(line).then(Step::Hold);
        assert_eq!(lines(slow.into()), slow_lines);
    }
}
