//! stdio#top, stdio#receiving-messages: judged over every line of the run, from launch to exit.

use plumb_model::{Carrier, Payload};
use plumb_runner::{Notes, Observed, brief, check, clip};
use plumb_wire::jsonrpc::{Kind, Message};

use crate::server::transport::unasked_by_another_era;

/// A message that is spread over more lines than this is told as separate lines.
const SPREAD: usize = 200;

check! {
    /// **Observed:** no message on standard output is spread over several lines. Lines that are no message by
    /// themselves are joined with those behind them; if that makes a message, it was broken.
    ///
    /// **Why:** the newline is the only end of a message: a client reads each line as one and fails on every part.
    ///
    /// **Fix:** write JSON without pretty-printing; newlines within strings are written as `\n`.
    pub(crate) NO_EMBEDDED_NEWLINE = "stdio.server-no-embedded-newline";
    since: "2025-03-26";
    applies: [Stdio];
    passive: no_embedded_newline
}

fn no_embedded_newline(seen: &Observed, notes: &mut Notes<'_>) {
    let parts = parts_of_messages(&seen.messages);
    for (message, is_part) in lines(seen).zip(parts) {
        if is_part {
            let line = clip(&message.raw.lossy(), 120);
            notes.breaks(
                "each line is a whole message",
                format!("a message goes on behind the line {line:?}"),
            );
        } else if message.json.is_ok() {
            notes.fits();
        }
    }
}

check! {
    /// **Observed:** every line on standard output is a JSON-RPC message: at launch, while requests are served, and
    /// until the process has ended; by 2025-03-26, or a batch of such. Parts of a message that was spread over lines are judged elsewhere.
    ///
    /// **Why:** a banner or a log line among the messages makes clients fail or disconnect.
    ///
    /// **Fix:** send logs and banners to standard error, those of libraries and child processes included.
    pub(crate) STDOUT_ONLY_MESSAGES = "stdio.server-stdout-only-mcp";
    since: "2025-03-26";
    applies: [Stdio];
    passive: stdout_only_messages
}

fn stdout_only_messages(seen: &Observed, notes: &mut Notes<'_>) {
    let parts = parts_of_messages(&seen.messages);
    for (message, is_part) in lines(seen).zip(parts) {
        let batch = notes.edition.has_batches() && message.is_batch();
        let foreign =
            matches!(message.kind, Kind::Invalid(_)) && message.version().is_none() && !batch;
        if foreign && !is_part {
            let line = clip(&message.raw.lossy(), 160);
            notes.breaks("nothing but messages on standard output", format!("the line {line:?}"));
        } else if !foreign {
            notes.fits();
        }
    }
}

check! {
    /// **Observed:** no line on standard output is a JSON-RPC request, also while tools run that need input from the
    /// client, with every client capability declared.
    ///
    /// **Why:** clients of this revision answer nothing: the server waits for ever.
    ///
    /// **Fix:** ask for input with an `InputRequiredResult`; the client repeats its request with the answers.
    pub(crate) NO_REQUESTS = "stdio.server-no-requests";
    fact: "patterns.no-server-requests";
    applies: [Stdio];
    passive: no_requests
}

fn no_requests(seen: &Observed, notes: &mut Notes<'_>) {
    if unasked_by_another_era(seen, notes) {
        return;
    }
    for message in lines(seen) {
        match (&message.kind, &message.json) {
            (Kind::Request, Ok(json)) => notes.breaks("no request from the server", brief(json)),
            (Kind::Invalid(_), _) => {}
            _ => notes.fits(),
        }
    }
}

fn lines(seen: &Observed) -> impl Iterator<Item = &Message> {
    let is_line = |carrier: &Carrier| matches!(carrier, Carrier::Line);
    let frames = seen.exchange.answer.frames.iter();
    frames
        .zip(seen.messages.iter())
        .filter(move |(frame, _)| is_line(&frame.carrier))
        .map(|(_, message)| message)
}

/// For each line, whether it is a part of a message that was spread over several.
fn parts_of_messages(lines: &[Message]) -> Vec<bool> {
    let mut parts = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        match end_of_spread(&lines[at..]) {
            Some(count) => {
                parts[at..at + count].fill(true);
                at += count;
            }
            None => at += 1,
        }
    }
    parts
}

/// How many lines from the first on make up one message, if the first one alone does not.
fn end_of_spread(lines: &[Message]) -> Option<usize> {
    let first = lines
        .first()
        .filter(|m| m.json.is_err() && m.raw.bytes().trim_ascii_start().starts_with(b"{"))?;
    let mut joined = first.raw.bytes().to_vec();
    for (n, line) in lines.iter().enumerate().take(SPREAD).skip(1) {
        joined.push(b'\n');
        joined.extend_from_slice(line.raw.bytes());
        let whole = line.raw.bytes().trim_ascii_end().ends_with(b"}")
            && Message::parse(&Payload::from(joined.clone())).json.is_ok();
        if whole {
            return Some(n + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(lines: &[&str]) -> Vec<bool> {
        let lines: Vec<Message> =
            lines.iter().map(|l| Message::parse(&Payload::from((*l).to_owned()))).collect();
        parts_of_messages(&lines)
    }

    #[test]
    fn a_pretty_printed_message_is_one_message_in_parts() {
        let lines = [
            "{",
            "  \"jsonrpc\": \"2.0\",",
            "  \"result\": {}",
            "}",
            r#"{"jsonrpc":"2.0","result":{}}"#,
        ];
        assert_eq!(parts(&lines), [true, true, true, true, false]);
    }

    #[test]
    fn a_banner_is_no_part_of_a_message() {
        assert_eq!(
            parts(&["listening", "{broken", r#"{"jsonrpc":"2.0","result":{}}"#]),
            [false, false, false]
        );
    }
}
