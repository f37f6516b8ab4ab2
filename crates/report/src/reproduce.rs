//! A command line that sends the same message again, for a shell.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_model::event::TargetInfo;
use plumb_model::secret::blot_at;
pub use plumb_model::shell::quoted;
use plumb_model::{Exchange, Header, Initiator, Payload, Role, Sent};
use serde_json::{Value, json};

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

/// The line that repeats an exchange; none if nothing was sent, or if the message is too long for a line. What a client sent
/// only the client can send again: the line starts the server that it met.
pub fn of(exchange: &Exchange, target: &TargetInfo) -> Option<Reproduction> {
    if exchange.initiator == Initiator::Target {
        return (target.role == Role::Client).then(|| mock(exchange, target));
    }
    match &exchange.sent {
        Sent::Nothing => None,
        Sent::Stdio { line } => stdio(line, target),
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

/// The line that repeats an exchange behind another one: over HTTP one after the other, over standard streams both to one
/// process.
pub fn behind(first: &Exchange, then: &Exchange, target: &TargetInfo) -> Option<Reproduction> {
    if let (Sent::Stdio { line: first }, Sent::Stdio { line: then }) = (&first.sent, &then.sent) {
        let mut both = first.bytes().to_vec();
        both.push(b'\n');
        both.extend_from_slice(then.bytes());
        return stdio(&both.into(), target);
    }
    let (first, then) = (of(first, target)?, of(then, target)?);
    let mut notes = first.notes;
    notes.extend(then.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    Some(Reproduction { line: format!("{}; {}", first.line, then.line), notes })
}

/// The server of the scenario in which a client sent this.
fn mock(exchange: &Exchange, target: &TargetInfo) -> Reproduction {
    let way = if target.transport == "stdio" { " --stdio" } else { "" };
    let line = format!("plumb serve mock --scenario {}{way}", quoted(&exchange.by));
    let start = format!("start `{}` as it tells, with a debugger if need be", target.address);
    Reproduction { line, notes: vec![start] }
}

fn stdio(line: &Payload, target: &TargetInfo) -> Option<Reproduction> {
    if line.len() > MAX_BODY {
        return None;
    }
    let mut notes = Vec::new();
    let sent = match pasteable(line) {
        Some(text) => format!("printf '%s\\n' {}", secret(text, &mut notes)),
        None => format!("{{ {}; echo; }}", decoded(line, &mut notes)),
    };
    let sent = match opening(line, target) {
        Some(opening) => format!("{{ {opening}; {sent}; sleep 2; }}"),
        None => sent,
    };
    let command = command_line(&target.address, &mut notes);
    Some(Reproduction { line: format!("{sent} | {command}"), notes })
}

/// What opens a session with a process, in front of a line that is sent in one: where the revision has sessions, a server
/// need serve nothing before. Many such servers drop what they are asked when their input ends, so it is held open a while.
fn opening(line: &Payload, target: &TargetInfo) -> Option<String> {
    let version = target.versions.first().filter(|_| target.era == "legacy")?;
    let message: Option<Value> = serde_json::from_slice(line.bytes()).ok();
    if message.is_some_and(|message| message["method"] == "initialize") {
        return None;
    }
    let client = json!({"name": "plumb", "version": env!("CARGO_PKG_VERSION")});
    let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
    let first =
        json!({"jsonrpc": "2.0", "id": "opening", "method": "initialize", "params": params});
    let then = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let [first, then] = [first, then].map(|message| quoted(&message.to_string()));
    Some(format!("printf '%s\\n' {first} {then}"))
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
            words.insert(0, format!("{} |", decoded(body, &mut notes)));
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
        let mut asked = Vec::new();
        words.push(format!("-H {}", latin1_quoted(&field, &mut asked)));
        if name.eq_ignore_ascii_case("mcp-session-id") {
            for note in &mut asked {
                *note = "open a session by `initialize`, and put its id into the variable".into();
            }
        }
        notes.extend(asked.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
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

fn decoded(payload: &Payload, notes: &mut Vec<String>) -> String {
    if !split(&payload.lossy()).variables.is_empty() {
        notes.push("a secret is blotted out of the encoded message, which lacks it".into());
    }
    format!("printf %s {} | base64 -d", quoted(&STANDARD.encode(payload.bytes())))
}

/// A text in which secrets were blotted out.
struct Split<'a> {
    /// The texts between them: one more than there are secrets.
    texts: Vec<&'a str>,
    /// The variables of a shell that stand for them.
    variables: Vec<String>,
}

fn split(text: &str) -> Split<'_> {
    let mut split = Split { texts: Vec::new(), variables: Vec::new() };
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = text[at..].find('[') {
        at += found;
        match blot_at(&text[at..]) {
            Some((length, variable)) => {
                split.texts.push(&text[kept..at]);
                split.variables.push(variable);
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    split.texts.push(&text[kept..]);
    split
}

/// One word in which every secret is a variable.
fn secret(word: &str, notes: &mut Vec<String>) -> String {
    filled(word, quoted, notes)
}

/// One word whose characters stand for bytes; what is no printable ASCII is written as `$'\xNN'`.
fn latin1_quoted(word: &str, notes: &mut Vec<String>) -> String {
    if word.chars().all(|c| matches!(c, ' '..='~')) {
        secret(word, notes)
    } else {
        filled(word, latin1, notes)
    }
}

/// One word, its texts quoted and its secrets as variables.
fn filled(word: &str, quote: fn(&str) -> String, notes: &mut Vec<String>) -> String {
    let Split { texts, variables } = split(word);
    if variables.is_empty() {
        return quote(word);
    }
    let mut line = String::new();
    for (n, text) in texts.into_iter().enumerate() {
        if let Some(variable) = n.checked_sub(1).and_then(|n| variables.get(n)) {
            let _ = write!(line, "\"${variable}\"");
            tell(variable, notes);
        }
        if !text.is_empty() {
            line.push_str(&quote(text));
        }
    }
    line
}

/// The command that starts a target, with its secrets as variables. It is quoted already.
fn command_line(command: &str, notes: &mut Vec<String>) -> String {
    let Split { texts, variables } = split(command);
    let mut line = String::new();
    let mut in_quotes = false;
    for (n, text) in texts.into_iter().enumerate() {
        if let Some(variable) = n.checked_sub(1).and_then(|n| variables.get(n)) {
            let quote = if in_quotes { "'" } else { "" };
            let _ = write!(line, "{quote}\"${variable}\"{quote}");
            tell(variable, notes);
        }
        line.push_str(text);
        let mut escaped = false;
        for c in text.chars() {
            in_quotes ^= c == '\'' && !escaped;
            escaped = c == '\\' && !in_quotes && !escaped;
        }
    }
    line
}

fn tell(variable: &str, notes: &mut Vec<String>) {
    let form = if variable.ends_with("_ENCODED") { ", encoded as it was" } else { "" };
    let note = format!("put the secret that is blotted out into {variable}{form}");
    if !notes.contains(&note) {
        notes.push(note);
    }
}

fn latin1(word: &str) -> String {
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
