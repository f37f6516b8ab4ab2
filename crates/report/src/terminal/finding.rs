//! One finding: why it matters and how to fix it, what was sent and what came, and, if all is to be told, the wire.

use plumb_model::report::{CheckReport, Fact};
use plumb_model::{Exchange, Payload, Report, Severity, Verdict};

use super::{Ink, Style};
use crate::findings::{self, Finding};
use crate::text::{clipped, counted, visible, visible_line, wrapped};
use crate::{docs, evidence, reproduce};

/// Lines of an answer's message that are shown.
const ANSWER_LINES: usize = 12;
/// Lines of a text that are shown, unless all is to be told.
const LINES: usize = 3;
/// Messages of an answer that are shown.
const FRAMES: usize = 3;
/// Lines of a request's message that are shown where it deviates from its control.
const DEVIATING_LINES: usize = 3;
/// Header fields that say something about a request of this protocol.
const TELLING: [&str; 6] =
    ["mcp-", "content-type", "accept", "authorization", "origin", "last-event-id"];

/// Writes what a check found, as one line.
pub(super) fn heading(out: &mut String, check: &CheckReport, style: &Style, ink: Ink) {
    Block { out, ink, width: style.width, verbose: style.verbose }.heading(check, check.severity());
}

/// What is told with a finding, a line each.
pub(super) struct Beside<'a> {
    /// The requirements that the same fact breaks.
    pub(super) fact: &'a Fact<'a>,
    /// The other findings of its check.
    pub(super) others: &'a [Finding<'a>],
}

/// Writes a finding, in at most 25 lines unless all is to be told.
pub(super) fn write(
    out: &mut String,
    report: &Report,
    finding: &Finding<'_>,
    style: &Style,
    ink: Ink,
    beside: &Beside<'_>,
) {
    let docs = &finding.check.info.docs;
    let mut block = Block { out, ink, width: style.width, verbose: style.verbose };
    block.heading(finding.check, finding.check.severity());
    if let Some(why) = docs::why_it_matters(docs) {
        block.fact("why", &why);
    }
    if let Some(fix) = docs::how_to_fix(docs) {
        block.fact("fix", &fix);
    }
    if let Some(exchange) = finding.exchange {
        let title = format!("{} (exchange {})", evidence::title(exchange), exchange.seq);
        block.unbroken("sent", &title);
        block.sent(exchange, finding.control);
        if style.verbose {
            block.came_back(exchange);
        }
    }
    match finding.verdict {
        Verdict::Violated { expected, actual } => {
            block.fact("expected", expected);
            block.fact("actual", actual);
        }
        Verdict::Inconclusive { why } => block.fact("because", why),
        Verdict::Held | Verdict::Unverified { .. } | Verdict::NotApplicable { .. } => {}
    }
    block.cases(finding, style);
    block.others(beside.others);
    block.breaks_too(beside.fact);
    for position in findings::positions(report, beside.fact.checks()) {
        block.on_a_line("rests on", &format!("position {}: {}", position.id, position.title));
    }
    block.unbroken("spec", &finding.check.info.url);
    block.reproduce(report, finding);
    block.out.push('\n');
}

struct Block<'a> {
    out: &'a mut String,
    ink: Ink,
    width: usize,
    verbose: bool,
}

impl Block<'_> {
    fn heading(&mut self, check: &CheckReport, severity: Severity) {
        let info = &check.info;
        let id = visible_line(&info.id);
        let word = match severity {
            Severity::Failure => self.ink.failure(format!("error[{id}]")),
            Severity::Warning => self.ink.warning(format!("warning[{id}]")),
            Severity::Error => self.ink.doubt(format!("inconclusive[{id}]")),
            Severity::Note | Severity::Ok => self.ink.strong(format!("note[{id}]")),
        };
        let summary = self.ink.strong(visible_line(&info.summary));
        let level = self.ink.faint(format!("({})", findings::demand(info)));
        self.line(&format!("{word}: {summary} {level}"));
    }

    /// The request: its deviation from the control if there is one, else what is telling of it.
    fn sent(&mut self, exchange: &Exchange, control: Option<&Exchange>) {
        let headers = evidence::headers(&exchange.sent);
        let deviation = control.map(|c| evidence::deviation(&exchange.sent, &c.sent));
        let deviates = |h| deviation.as_ref().is_some_and(|d| d.added.contains(&h));
        for header in headers {
            let name = header.name.to_ascii_lowercase();
            let telling = TELLING.iter().any(|t| name.starts_with(t));
            if deviates(header) || (telling && deviation.is_none()) {
                let mark = if deviates(header) { '+' } else { '>' };
                self.quoted(mark, &format!("{}: {}", header.name, header.value));
            }
        }
        for header in deviation.iter().flat_map(|d| &d.missing) {
            self.quoted('-', &format!("{}: {}", header.name, header.value));
        }
        match deviation.filter(|d| !d.lines.is_empty() || !d.missing_lines.is_empty()) {
            Some(deviation) => {
                self.some_of('+', &deviation.lines);
                self.some_of('-', &deviation.missing_lines);
            }
            None => self.request_body(exchange),
        }
        if let Some(control) = control.filter(|_| self.verbose) {
            let answer = evidence::answer_line(control);
            let told = format!("compared with exchange {}: {answer}", control.seq);
            let told = self.ink.faint(visible_line(&told));
            let line = format!("{} {told}", self.ink.frame("   |"));
            self.line(&line);
        }
    }

    fn some_of(&mut self, mark: char, lines: &[String]) {
        let most = if self.verbose { lines.len() } else { DEVIATING_LINES };
        for line in lines.iter().take(most) {
            self.quoted(mark, line);
        }
        if lines.len() > most {
            let rest = counted(lines.len() - most, "line");
            self.quoted(mark, &format!("… and {rest}"));
        }
    }

    fn request_body(&mut self, exchange: &Exchange) {
        let Some(body) = evidence::body(&exchange.sent) else { return };
        let text = evidence::plain(body);
        let text = visible_line(&text);
        let room = if self.verbose { self.width * 3 } else { self.width.saturating_sub(7) };
        let lines = wrapped(&clipped(&text, room), self.width.saturating_sub(7));
        for line in lines {
            self.quoted('>', &line);
        }
    }

    fn came_back(&mut self, exchange: &Exchange) {
        self.quoted('<', &evidence::answer_line(exchange));
        let frames = &exchange.answer.frames;
        for frame in frames.iter().take(FRAMES) {
            self.message(&frame.payload);
        }
        if frames.len() > FRAMES {
            self.quoted('<', &format!("… and {}", counted(frames.len() - FRAMES, "message")));
        }
        if !exchange.answer.body.is_empty() {
            self.message(&exchange.answer.body);
        }
    }

    /// A message on one line if it fits, else its first lines.
    fn message(&mut self, payload: &Payload) {
        let plain = evidence::plain(payload);
        if plain.chars().count() + 6 <= self.width && !plain.contains('\n') {
            return self.quoted('<', &plain);
        }
        let pretty = evidence::pretty(payload);
        let mut lines = pretty.lines();
        for line in lines.by_ref().take(ANSWER_LINES) {
            self.quoted('<', line);
        }
        match lines.count() {
            0 => {}
            rest => self.quoted('<', &format!("… and {}", counted(rest, "line"))),
        }
    }

    fn quoted(&mut self, mark: char, text: &str) {
        let text = visible_line(text);
        let text = clipped(&text, self.width.saturating_sub(7).max(24));
        let painted = match mark {
            '+' => self.ink.warning(format!("+ {text}")),
            '-' => self.ink.doubt(format!("- {text}")),
            _ => format!("{} {text}", self.ink.faint(mark)),
        };
        let line = format!("{} {painted}", self.ink.frame("   |"));
        self.line(&line);
    }

    /// A labelled text, wrapped under itself.
    fn fact(&mut self, label: &str, text: &str) {
        let text = visible(text);
        let mut parts = wrapped(&text, self.width.saturating_sub(16));
        if !self.verbose && parts.len() > LINES {
            parts.truncate(LINES);
            if let Some(last) = parts.last_mut() {
                last.push_str(" …");
            }
        }
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.line(&format!("{:16}{part}", ""));
            } else {
                self.unbroken(label, part);
            }
        }
    }

    /// A labelled text on one line, cut if it is longer.
    fn on_a_line(&mut self, label: &str, text: &str) {
        let text = visible_line(text);
        let room = if self.verbose { usize::MAX } else { self.width.saturating_sub(16) };
        self.unbroken(label, &clipped(&text, room));
    }

    /// A labelled text that a reader wants to copy, so that it stays on one line.
    fn unbroken(&mut self, label: &str, text: &str) {
        let colon = if label.is_empty() { ' ' } else { ':' };
        let label = self.ink.strong(format!("{label:>9}{colon}"));
        let line = format!("   {} {label} {}", self.ink.frame("="), visible_line(text));
        self.line(&line);
    }

    fn cases(&mut self, finding: &Finding<'_>, style: &Style) {
        let most = if style.verbose { usize::MAX } else { 3 };
        let Some(first) = finding.cases.first() else { return };
        self.on_a_line("case", &format!("#{}: {}", first.case, first.title));
        if finding.cases.len() > 1 {
            let names: Vec<String> =
                finding.cases.iter().skip(1).take(most).map(|c| format!("#{}", c.case)).collect();
            let left = finding.cases.len() - 1 - names.len();
            let more = if left > 0 { format!(" and {left} more") } else { String::new() };
            self.on_a_line("same in", &format!("{}{more}", names.join(", ")));
        }
        if finding.seen > finding.cases.len() {
            self.unbroken("seen", &counted(finding.seen, "time"));
        }
    }

    /// Other findings of the same check: how many, and what came in the first of them.
    fn others(&mut self, others: &[Finding<'_>]) {
        let Some(first) = others.first() else { return };
        let slug = first.cases.first().map_or_else(String::new, |c| format!("#{}: ", c.case));
        let came = match first.verdict {
            Verdict::Violated { actual, .. } => actual,
            Verdict::Inconclusive { why } => why,
            _ => return,
        };
        self.on_a_line("also", &format!("{slug}{came}"));
        if others.len() > 1 {
            let more = counted(others.len() - 1, "more finding");
            self.unbroken("", &format!("and {more}: -v tells them all"));
        }
    }

    /// The other requirements that the same fact breaks.
    fn breaks_too(&mut self, fact: &Fact<'_>) {
        let told = |c: &&CheckReport| format!("{} ({})", c.info.id, findings::demand(&c.info));
        let others: Vec<String> = fact.others.iter().map(told).collect();
        if !others.is_empty() {
            self.on_a_line("breaks", &format!("also {}", others.join(", ")));
        }
    }

    fn reproduce(&mut self, report: &Report, finding: &Finding<'_>) {
        let Some(exchange) = finding.exchange else { return };
        let Some(again) = finding.reproduction(report) else {
            let why = reproduce::too_long(exchange);
            return why.iter().for_each(|why| self.unbroken("reproduce", why));
        };
        self.unbroken("reproduce", &again.line);
        let most = if self.verbose { usize::MAX } else { 1 };
        for note in again.notes.iter().take(most) {
            self.on_a_line("note", note);
        }
        if let Some(again) = finding.again() {
            self.on_a_line("tried", findings::seen_again(again));
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}
