//! How messages are written: a line each, and nothing else.

use plumb_runner::client::{Moment, Provoked, Received, Scenario};
use plumb_runner::{Marks, check, clip};
use plumb_wire::jsonrpc::Kind;
use serde_json::Value;

use crate::client::conduct::{goes_on, vectors};

/// So much of a line is shown, in characters.
const SHOWN: usize = 80;
/// A message is not looked for over more lines than these.
const LINES: usize = 60;
/// Lines that are none are looked at among so many of a scenario: those that come later tell nothing new.
const FIRST: usize = 500;

check! {
    /// **Observed:** no message is spread over several lines: no lines that are no JSON each are a message together.
    ///
    /// **Why:** a server reads line by line, and refuses each.
    ///
    /// **Fix:** serialise without indentation; a newline within a string is `\n` there anyway.
    pub(crate) NO_NEWLINE = "stdio.client-no-embedded-newline";
    happening: no_newline
}

fn no_newline(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    let Some(line) = written(now) else { return };
    if is_json(line) {
        marks.fits();
    } else if let Some(count) = begins_message(now, moment.after()) {
        marks.breaks("a message on one line", format!("one on {count} lines"));
    }
}

check! {
    /// **Observed:** every line is one request or notification of JSON-RPC, or at least means to be one.
    ///
    /// **Why:** a log or a prompt on the same stream is read as a message, and refused.
    ///
    /// **Fix:** write nothing else to the server: what a client says to people goes to its own standard error.
    pub(crate) MESSAGES_ONLY = "stdio.client-stdin-only-mcp";
    happening: messages_only
}

fn messages_only(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    let Some(line) = written(now) else { return };
    let read: Option<Value> = serde_json::from_slice(line).ok();
    // A list of messages is none.
    let is_message = read.is_some_and(|read| read.get("jsonrpc").is_some());
    if is_message {
        marks.fits();
        return;
    }
    // What is part of a message that has newlines is told elsewhere.
    let before = moment.before();
    if before.len() > FIRST {
        return;
    }
    let begun = |at: usize| {
        let rest = before[at + 1..].iter().chain([now]).chain(moment.after());
        let lines = written(&before[at]).filter(|line| !is_json(line));
        lines.is_some() && begins_message(&before[at], rest).is_some_and(|n| at + n > before.len())
    };
    let part = begins_message(now, moment.after()).is_some() && !is_json(line)
        || (before.len().saturating_sub(LINES)..before.len()).any(begun);
    if !part {
        let actual = format!("{:?}", clip(&String::from_utf8_lossy(line), SHOWN));
        marks.breaks("a message of JSON-RPC", actual);
    }
}

check! {
    /// **Observed:** a client that a server asks, which no server of this revision may, writes no response.
    ///
    /// **Why:** servers of this revision take no responses; what they need they ask for in results.
    ///
    /// **Fix:** ignore requests of a server.
    pub(crate) NO_RESPONSES = "stdio.client-no-responses";
    received: no_responses
}

fn no_responses(received: &Received, marks: &mut Marks) {
    let Some(message) = received.message().filter(|_| received.line().is_some()) else { return };
    let Ok(body) = &message.json else { return };
    let responds = message.kind != Kind::Request
        && body.get("method").is_none()
        && (body.get("result").is_some() || body.get("error").is_some());
    marks.expect(!responds, "requests and notifications only", || {
        format!("a response: {}", clip(&body.to_string(), SHOWN))
    });
}

check! {
    /// **Observed:** a client that calls a tool after a plain list also does so after one whose line has U+2028, U+2029 and U+0085,
    /// which end lines elsewhere, and after one of 200 KiB.
    ///
    /// **Why:** a newline ends a message and nothing else does: a part of one is none, and its response never comes.
    ///
    /// **Fix:** split bytes at `\n`, whatever the language calls a line, and read as far as that, however long the line is.
    pub(crate) NEWLINE_ONLY = "stdio.client-newline-only";
    happening: |moment, marks| {
        vectors(moment, marks, "stdio.client-newline-only");
        let long = Scenario::Provoked(Provoked::LongLine);
        goes_on(moment, marks, long, "a line of 200 KiB");
    }
}

/// A line of this revision.
fn written(received: &Received) -> Option<&[u8]> {
    received.message()?;
    received.line()
}

fn is_json(line: &[u8]) -> bool {
    serde_json::from_slice::<Value>(line).is_ok()
}

/// How many lines a message has that begins with this one, if it has several.
fn begins_message<'a>(
    first: &'a Received,
    after: impl IntoIterator<Item = &'a Received>,
) -> Option<usize> {
    let channel = &first.exchange.channel;
    let mut text = written(first)?.to_vec();
    if !text.trim_ascii_start().starts_with(b"{") || is_json(&text) {
        return None;
    }
    let same = after.into_iter().filter(|next| next.exchange.channel == *channel);
    for (at, next) in same.take(LINES).enumerate() {
        text.push(b'\n');
        text.extend(next.line()?);
        if is_json(&text) {
            return Some(at + 2);
        }
    }
    None
}
