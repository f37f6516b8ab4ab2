//! Event streams, parsed as the standard says: <https://html.spec.whatwg.org/multipage/server-sent-events.html>
//! section 9.2.6.
//!
//! Unlike a browser, it also tells what a browser drops: comments, fields it does not know, a cut-off end. Bytes
//! that are no UTF-8 are kept as they came and told in the facts.

use bytes::{Bytes, BytesMut};
use plumb_model::StreamFacts;

/// How many unknown field names are told, and how much of each, in bytes.
const MAX_UNKNOWN: usize = 8;
const MAX_UNKNOWN_BYTES: usize = 64;

/// An event with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The last `event` field, if any.
    pub name: Option<String>,
    /// The last `id` field, if any; an id with a NUL is ignored.
    pub id: Option<String>,
    /// The `data` fields, joined by newlines; empty if the only field is.
    pub data: Bytes,
}

/// An event, or a line of one, grew past the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {0} bytes")]
pub struct TooLarge(pub usize);

/// A push parser: takes bytes as they come, split anywhere.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    /// The bytes of an unfinished line.
    line: BytesMut,
    /// Whether the last byte was CR, so that a following LF belongs to it.
    after_cr: bool,
    /// Whether the first line was seen, which may begin with a byte order mark.
    begun: bool,
    block: Block,
    facts: StreamFacts,
}

/// The event being read.
#[derive(Debug, Default)]
struct Block {
    name: Option<String>,
    id: Option<String>,
    data: Option<BytesMut>,
    fields: bool,
}

impl Parser {
    /// A parser that refuses events and lines of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: BytesMut::new(),
            after_cr: false,
            begun: false,
            block: Block::default(),
            facts: StreamFacts::default(),
        }
    }

    /// Takes the next bytes, and adds the events that they complete.
    ///
    /// After an error the parser is of no more use; the events before it stand.
    pub fn push(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLarge> {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.hold(bytes)?;
                break;
            };
            self.hold(&bytes[..end])?;
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let line = self.line.split();
            events.extend(self.take_line(&line)?);
        }
        Ok(())
    }

    /// What the stream showed up to now.
    pub fn facts(&self) -> &StreamFacts {
        &self.facts
    }

    /// What the stream showed, now that it has ended.
    pub fn finish(mut self) -> StreamFacts {
        self.facts.cut_off = !self.line.is_empty() || self.block.fields;
        self.facts
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        let data = self.block.data.as_ref().map_or(0, BytesMut::len);
        if data + self.line.len() + bytes.len() > self.limit {
            return Err(TooLarge(self.limit));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Event>, TooLarge> {
        let first = !std::mem::replace(&mut self.begun, true);
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| first).unwrap_or(line);
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        self.facts.invalid_utf8 |= std::str::from_utf8(line).is_err();
        let (name, value) = match line.iter().position(|b| *b == b':') {
            Some(0) => {
                self.facts.comments = self.facts.comments.saturating_add(1);
                return Ok(None);
            }
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        self.field(name, value.strip_prefix(b" ").unwrap_or(value)).map(|()| None)
    }

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), TooLarge> {
        let text = || String::from_utf8_lossy(value).into_owned();
        self.block.fields = true;
        match name {
            b"data" => match &mut self.block.data {
                Some(data) => {
                    // An empty line of data costs a byte, so that a flood of them is bounded too.
                    if data.len() >= self.limit {
                        return Err(TooLarge(self.limit));
                    }
                    data.extend_from_slice(b"\n");
                    data.extend_from_slice(value);
                }
                empty => *empty = Some(BytesMut::from(value)),
            },
            b"event" => self.block.name = Some(text()),
            b"id" if value.contains(&0) => {}
            b"id" => self.block.id = Some(text()),
            b"retry" => {
                self.facts.retries = self.facts.retries.saturating_add(1);
                // Anything but digits is no time, and is passed over.
                let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                self.facts.retry_ms =
                    text().parse().ok().filter(|_| digits).or(self.facts.retry_ms);
            }
            _ => self.note_unknown(name),
        }
        Ok(())
    }

    fn note_unknown(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(&name[..name.len().min(MAX_UNKNOWN_BYTES)]).into_owned();
        let known = &mut self.facts.unknown_fields;
        if known.len() < MAX_UNKNOWN && !known.contains(&name) {
            known.push(name);
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let Block { name, id, data, fields } = std::mem::take(&mut self.block);
        let Some(data) = data else {
            self.facts.without_data = self.facts.without_data.saturating_add(u32::from(fields));
            return None;
        };
        Some(Event { name, id, data: data.freeze() })
    }
}

/// An event as a stream carries it: the fields that it has, each line of the data, and the blank line.
pub fn event(name: Option<&str>, id: Option<&str>, data: &str) -> String {
    let field = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!("{name}: {value}\n"))
    };
    let data = data.replace('\n', "\ndata: ");
    format!("{}{}data: {data}\n\n", field("event", name), field("id", id))
}

#[cfg(test)]
mod tests;
