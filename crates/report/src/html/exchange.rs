//! An exchange as the HTML file shows it: request and answer side by side, and when each part came.

use askama::Template;
use plumb_model::event::TargetInfo;
use plumb_model::{Exchange, Header, Payload, Sent, StreamFacts};

use super::markup::{self, Message};
use crate::evidence::{self, Deviation};
use crate::reproduce;
use crate::text::{counted, duration, visible_line};

/// Lines of its control that a message lacks, as many as are told.
const LACKS: usize = 8;

/// How much of an exchange is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It shows a problem.
    Wide,
    /// It shows none.
    Narrow,
}

#[derive(Template)]
#[template(path = "exchange.html")]
pub(super) struct ExchangeView {
    seq: u64,
    title: String,
    answer: String,
    answer_class: &'static str,
    by: String,
    channel: String,
    request_line: Option<String>,
    headers: Vec<HeaderRow>,
    body: Option<Message>,
    lacks: Vec<String>,
    control: Option<u64>,
    status_line: Option<String>,
    answer_headers: Vec<HeaderRow>,
    ticks: Vec<Tick>,
    took: String,
    messages: Vec<Arrival>,
    left_out: Option<String>,
    stream: Option<String>,
    ending: Option<String>,
    reproduce: Option<String>,
    notes: Vec<String>,
    pub(super) open: bool,
}

struct HeaderRow {
    name: String,
    value: String,
    mark: &'static str,
}

struct Tick {
    x: u64,
    words: String,
}

struct Arrival {
    at: String,
    carrier: String,
    message: Message,
}

impl Room {
    /// Bytes of a message that are shown.
    fn bytes(self) -> usize {
        match self {
            Self::Wide => 8 * 1024,
            Self::Narrow => 1536,
        }
    }

    /// Messages of an answer that are shown.
    fn messages(self) -> usize {
        match self {
            Self::Wide => 16,
            Self::Narrow => 4,
        }
    }
}

impl ExchangeView {
    pub(super) fn of(
        exchange: &Exchange,
        control: Option<&Exchange>,
        room: Room,
        target: &TargetInfo,
    ) -> Self {
        let deviation = control.map(|c| evidence::deviation(&exchange.sent, &c.sent));
        let deviation = deviation.unwrap_or_default();
        let answer = &exchange.answer;
        let again = reproduce::of(exchange, target);
        let notes = again.as_ref().map(|a| a.notes.clone()).unwrap_or_default();
        let notes =
            notes.into_iter().chain(reproduce::too_long(exchange).filter(|_| again.is_none()));
        let line = |text: &str| visible_line(text).into_owned();
        Self {
            seq: exchange.seq,
            title: line(&evidence::title(exchange)),
            answer: line(&evidence::answer_line(exchange)),
            answer_class: status_class(answer.status()),
            by: line(&exchange.by),
            channel: line(&exchange.channel),
            request_line: request_line(&exchange.sent),
            headers: request_headers(exchange, &deviation),
            body: evidence::body(&exchange.sent)
                .map(|b| markup::message(b, room.bytes(), &deviation.lines)),
            lacks: deviation.missing_lines.iter().take(LACKS).map(|l| line(l)).collect(),
            control: control.map(|c| c.seq),
            status_line: answer
                .status()
                .map(|s| format!("HTTP/1.1 {s} {}", evidence::reason(s)).trim_end().to_owned()),
            answer_headers: answer
                .head
                .iter()
                .flat_map(|h| &h.headers)
                .map(|h| HeaderRow::of(h, ""))
                .collect(),
            ticks: ticks(exchange),
            took: duration(answer.ended_at.saturating_sub(answer.sent_at)),
            messages: arrivals(exchange, room),
            left_out: left_out(answer.frames.len(), room),
            stream: answer.stream.as_ref().and_then(stream_words),
            ending: evidence::ending(&answer.end).map(|e| line(&e)),
            reproduce: again.map(|a| line(&a.line)),
            notes: notes.map(|n| line(&n)).collect(),
            open: true,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let answers: usize = self.messages.iter().map(|m| m.message.html.len() + 200).sum();
        let body = self.body.as_ref().map_or(0, |b| b.html.len());
        let fields = 60 * (self.headers.len() + self.answer_headers.len());
        2_000 + answers + body + fields + self.reproduce.as_ref().map_or(0, String::len)
    }
}

fn status_class(status: Option<u16>) -> &'static str {
    match status {
        Some(200..300) => "ok",
        Some(400..500) => "refused",
        Some(_) => "bad",
        None => "",
    }
}

fn request_line(sent: &Sent) -> Option<String> {
    match sent {
        Sent::Http { method, url, .. } => {
            Some(visible_line(&format!("{method} {url} HTTP/1.1")).into_owned())
        }
        Sent::Stdio { .. } => Some("a line on standard input".into()),
        Sent::Nothing => None,
    }
}

/// The fields that were sent; a field of the control that is missing stands below the one that took its place.
fn request_headers(exchange: &Exchange, deviation: &Deviation<'_>) -> Vec<HeaderRow> {
    let mut missing = deviation.missing.clone();
    let mut rows = Vec::new();
    for header in evidence::headers(&exchange.sent) {
        let added = deviation.added.contains(&header);
        rows.push(HeaderRow::of(header, if added { "added" } else { "" }));
        if added {
            let replaced = |m: &mut &Header| m.name.eq_ignore_ascii_case(&header.name);
            rows.extend(missing.extract_if(.., replaced).map(|m| HeaderRow::of(m, "missing")));
        }
    }
    rows.extend(missing.into_iter().map(|m| HeaderRow::of(m, "missing")));
    rows
}

/// Where on the way from request to end each message came, of 1000 units.
fn ticks(exchange: &Exchange) -> Vec<Tick> {
    let answer = &exchange.answer;
    let whole = answer.ended_at.saturating_sub(answer.sent_at).max(1);
    let tick = |frame: &plumb_model::Frame| {
        let after = frame.at.saturating_sub(answer.sent_at);
        let words = format!("{} after {}", evidence::carrier(&frame.carrier), duration(after));
        let x = (after.saturating_mul(994) / whole).min(994);
        Tick { x, words: visible_line(&words).into_owned() }
    };
    answer.frames.iter().take(200).map(tick).collect()
}

fn arrivals(exchange: &Exchange, room: Room) -> Vec<Arrival> {
    let answer = &exchange.answer;
    let arrival = |at: u64, carrier: String, payload: &Payload| Arrival {
        at: format!("+{}", duration(at.saturating_sub(answer.sent_at))),
        carrier: visible_line(&carrier).into_owned(),
        message: markup::message(payload, room.bytes(), &[]),
    };
    let frames = answer.frames.iter().take(room.messages());
    let mut all: Vec<Arrival> =
        frames.map(|f| arrival(f.at, evidence::carrier(&f.carrier), &f.payload)).collect();
    if !answer.body.is_empty() {
        all.push(arrival(answer.ended_at, "body".into(), &answer.body));
    }
    all
}

fn left_out(frames: usize, room: Room) -> Option<String> {
    let rest = frames.saturating_sub(room.messages());
    (rest > 0).then(|| counted(rest, "more message"))
}

fn stream_words(stream: &StreamFacts) -> Option<String> {
    let mut words = Vec::new();
    for (n, noun) in [
        (stream.comments, "comment"),
        (stream.retries, "retry field"),
        (stream.without_data, "event without data"),
    ] {
        if n > 0 {
            words.push(counted(n as usize, noun));
        }
    }
    if !stream.unknown_fields.is_empty() {
        words.push(format!("unknown fields {}", stream.unknown_fields.join(", ")));
    }
    if stream.cut_off {
        words.push("cut off inside an event".into());
    }
    if stream.invalid_utf8 {
        words.push("a line that is no UTF-8".into());
    }
    (!words.is_empty()).then(|| visible_line(&words.join(" · ")).into_owned())
}

impl HeaderRow {
    fn of(header: &Header, mark: &'static str) -> Self {
        let line = |text: &str| visible_line(text).into_owned();
        Self { name: line(&header.name), value: line(&header.value), mark }
    }
}
