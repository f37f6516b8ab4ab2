//! A command line that sends the same message again, for a shell.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_model::event::TargetInfo;
use plumb_model::secret::BLOT;
use plumb_model::{Exchange, Header, Initiator, Payload, Sent};

use crate::text::{misleads, size};

/// Longer messages are left out of the line: no one pastes them.
const MAX_BODY: usize = 8 * 1024;

/// A line for a shell that sends what an exchange sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reproduction {
    /// The line.
    pub line: String,
    /// What to do before it, or what it lacks.
    pub notes: Vec<String>,
}

/// The line that repeats an exchange; none if nothing was sent, if the message is too long for a line, or if the target sent
/// it, which only the target can do again.
pub fn of(exchange: &Exchange, target: &TargetInfo) -> Option<Reproduction> {
    if exchange.initiator == Initiator::Target {
        return None;
    }
    match &exchange.sent {
        Sent::Nothing => None,
        Sent::Stdio { line } => stdio(line, &target.address),
        Sent::Http { method, url, headers, body } => {
            let mut reproduction = curl(method, url, headers, body)?;
            if !is_url(&target.address) {
                let start = format!("start `{}` first; the port is this run's", target.address);
                reproduction.notes.push(start);
            }
            Some(reproduction)
        }
    }
}

fn stdio(line: &Payload, command: &str) -> Option<Reproduction> {
    if line.len() > MAX_BODY {
        return None;
    }
    let mut notes = Vec::new();
    let sent = match pasteable(line) {
        Some(text) => format!("printf '%s\\n' {}", secret(text, &mut notes)),
        None => format!("{{ {}; echo; }}", decoded(line)),
    };
    Some(Reproduction { line: format!("{sent} | {command}"), notes })
}

fn curl(method: &str, url: &str, headers: &[Header], body: &Payload) -> Option<Reproduction> {
    if body.len() > MAX_BODY {
        return None;
    }
    let mut notes = Vec::new();
    let mut words = vec!["curl -sSiN".to_owned()];
    match method {
        "HEAD" => words.push("--head".into()),
        _ => words.push(format!("-X {}", quoted(method))),
    }
    if url.contains(['{', '}', '[', ']']) {
        words.push("--globoff".into());
    }
    if url.contains("/..") || url.contains("/.") {
        words.push("--path-as-is".into());
    }
    words.push(secret(url, &mut notes));
    words.extend(fields(url, headers, body, &mut notes));
    let text = pasteable(body).filter(|t| !t.starts_with('@'));
    match text {
        _ if body.is_empty() => {}
        Some(text) => words.push(format!("--data-binary {}", secret(text, &mut notes))),
        None => {
            words.insert(0, format!("{} |", decoded(body)));
            words.push("--data-binary @-".into());
        }
    }
    Some(Reproduction { line: words.join(" "), notes })
}

/// The header arguments: what was sent, and an end to what curl would add of its own.
fn fields(url: &str, headers: &[Header], body: &Payload, notes: &mut Vec<String>) -> Vec<String> {
    let sent = |name: &str| headers.iter().any(|h| h.name.eq_ignore_ascii_case(name));
    let mut words = Vec::new();
    for Header { name, value } in headers {
        let curls_own = (name.eq_ignore_ascii_case("content-length")
            && *value == body.len().to_string())
            || (name.eq_ignore_ascii_case("host") && authority(url) == Some(value.as_str()));
        if curls_own {
            continue;
        }
        // A header ending in `;` is curl's way to send one without a value.
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.push(format!("-H {}", latin1_quoted(&field, notes)));
    }
    for default in ["Accept", "User-Agent"] {
        if !sent(default) {
            words.push(format!("-H {default}:"));
        }
    }
    if !body.is_empty() && !sent("content-type") {
        words.push("-H Content-Type:".into());
    }
    words
}

fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    Some(&rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())])
}

/// Whether an address is one, rather than a command.
fn is_url(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// The text of a payload that survives being pasted into a terminal.
fn pasteable(payload: &Payload) -> Option<&str> {
    payload.text().filter(|t| !t.chars().any(|c| misleads(c) && c != '\n'))
}

fn decoded(payload: &Payload) -> String {
    format!("printf %s {} | base64 -d", quoted(&STANDARD.encode(payload.bytes())))
}

/// One word of a POSIX shell.
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// One word in which every blotted secret is the variable `TOKEN`.
fn secret(word: &str, notes: &mut Vec<String>) -> String {
    if !word.contains(BLOT) {
        return quoted(word);
    }
    let note = "put the secret that is blotted out into TOKEN";
    if !notes.iter().any(|n| n == note) {
        notes.push(note.into());
    }
    let parts = word.split(BLOT).map(|p| if p.is_empty() { String::new() } else { quoted(p) });
    parts.collect::<Vec<_>>().join("\"$TOKEN\"")
}

/// One word whose characters stand for bytes; what is no printable ASCII is written as `$'\xNN'`.
fn latin1_quoted(word: &str, notes: &mut Vec<String>) -> String {
    if word.chars().all(|c| matches!(c, ' '..='~')) {
        return secret(word, notes);
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            '\0'..'\x20' | '\x7f'..='\u{ff}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// The note instead of a line that would be too long.
pub fn too_long(exchange: &Exchange) -> Option<String> {
    let bytes = crate::evidence::body(&exchange.sent)?.len();
    (bytes > MAX_BODY).then(|| {
        format!("the message of {} is exchange {} of run.jsonl", size(bytes), exchange.seq)
    })
}
