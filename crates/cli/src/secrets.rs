//! What the user says, or betrays, to be a secret.

mod betrayed;
mod words;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use plumb_model::Secrets;
use plumb_model::secret::SHORTEST;
use plumb_wire::process::Launch;

use betrayed::betrays;

/// A value whose name betrays nothing is a secret from so many bytes on, unless it is an ordinary one.
const TELLING: usize = 8;

/// Values that say nothing of anybody, whatever their name.
const ORDINARY: [&str; 20] = [
    "true",
    "false",
    "null",
    "none",
    "auto",
    "basic",
    "bearer",
    "default",
    "enabled",
    "disabled",
    "required",
    "optional",
    "debug",
    "info",
    "warn",
    "error",
    "test",
    "development",
    "production",
    "localhost",
];

/// What stands in arguments for something that is filled in later.
const PLACEHOLDERS: [&str; 6] =
    ["{port}", "{shared.dir}", "{auth.", "{url}", "{scenario}", "{server}"];

/// Header fields whose values everybody may know.
const PUBLIC: [&str; 8] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "content-type",
    "host",
    "mcp-protocol-version",
    "origin",
    "user-agent",
];

/// Collects secrets, and what is to be said about them.
pub(crate) struct Collector<'a> {
    secrets: &'a Secrets,
    /// What the user should know, a line each; no value stands in it.
    pub(crate) notes: Vec<String>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, notes: Vec::new() }
    }

    /// What the user calls a secret: `NAME=VALUE`, or `NAME` for the value of that environment variable.
    pub(crate) fn given(&mut self, given: &[String]) -> anyhow::Result<()> {
        for (n, given) in given.iter().enumerate() {
            let (name, value) = if let Some((name, value)) = given.split_once('=') {
                (name, value.as_bytes().to_vec())
            } else {
                // What is no name may be the secret itself: it is not repeated.
                let is_name = !given.is_empty()
                    && given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let value = is_name.then(|| std::env::var_os(given)).flatten();
                let value = value.map(OsString::into_encoded_bytes);
                let told = if is_name && given.len() < 64 {
                    format!("--secret {given}: the environment has no such variable")
                } else {
                    format!("--secret (the {}) is not of the form NAME=VALUE", ordinal(n))
                };
                (given.as_str(), value.context(told)?)
            };
            self.said(&format!("--secret {name}"), name, &value);
        }
        Ok(())
    }

    /// A value that the user says to be secret, by an option.
    pub(crate) fn said(&mut self, option: &str, name: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        // What is no text is told with U+FFFD in it.
        self.secrets.add_named(name, String::from_utf8_lossy(value).as_bytes());
        if !self.secrets.add_named(name, value) && !value.is_empty() {
            self.notes.push(format!(
                "{option}: under {SHORTEST} bytes; it is not kept out of reports, which would lose all that looks like it"
            ));
        }
    }

    /// A header field of every request.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if PUBLIC.contains(&name.to_ascii_lowercase().as_str()) {
            return;
        }
        self.credential(name, value);
        // The scheme of a credential is no secret.
        let has_scheme =
            name.to_ascii_lowercase().ends_with("authorization") && value.contains(' ');
        if !has_scheme && !is_ordinary(value) {
            self.said(&format!("-H {name}"), name, value);
        }
    }

    /// The parts of a header field's value: what follows a scheme, what stands behind `=`, and the password of Basic.
    fn credential(&mut self, name: &str, value: &str) {
        use base64::Engine as _;
        let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let plain = base64::engine::general_purpose::STANDARD.decode(rest).unwrap_or_default();
            let plain = String::from_utf8_lossy(&plain).into_owned();
            if let Some((_, password)) = plain.split_once(':') {
                self.betrayed("password", password);
                self.betrayed(name, &plain);
            }
        }
        if !scheme.is_empty() && !scheme.ends_with([';', ',']) && !scheme.contains('=') {
            let name = if scheme.eq_ignore_ascii_case("bearer") { "token" } else { name };
            self.betrayed(name, rest);
        }
        let is_cookie = name.eq_ignore_ascii_case("cookie");
        for pair in value.split([';', ',']) {
            let Some((part, value)) = pair.split_once('=') else { continue };
            let part = part.rsplit(' ').find(|word| !word.is_empty()).unwrap_or_default();
            if is_cookie || betrays(part) {
                self.betrayed(part, value.trim().trim_matches('"'));
            }
        }
    }

    /// The userinfo of an address, and those of its parameters whose name betrays a secret; also of a text that is none.
    pub(crate) fn url(&mut self, url: &str) {
        let Some((_, rest)) = url.split_once("://") else { return self.query(url) };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        if let Some((userinfo, _)) = authority.rsplit_once('@') {
            let password = userinfo.split_once(':').map_or(userinfo, |(_, password)| password);
            for value in [password, userinfo] {
                self.betrayed("password", value);
                self.betrayed("password", &decoded(value));
            }
        }
        self.query(rest);
    }

    fn query(&mut self, url: &str) {
        for pair in url.split(['?', '&', '#', ';']).skip(1) {
            if let Some((name, value)) = pair.split_once('=').filter(|(name, _)| betrays(name)) {
                self.betrayed(name, value);
                self.betrayed(name, &decoded(value));
            }
        }
    }

    /// A command: its arguments, its environment, and what it inherits.
    pub(crate) fn command(&mut self, launch: &Launch) {
        let words: Vec<String> =
            std::iter::once(&launch.program).chain(&launch.args).cloned().collect();
        self.arguments(&words);
        for (name, value) in &launch.env {
            self.url(value);
            self.json(value);
            if betrays(name) {
                self.betrayed(name, value);
            } else if is_telling(value) {
                self.secrets.add_named(name, value.as_str());
            }
        }
        // Not every variable is text.
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let shown = value.to_string_lossy();
            if betrays(&name) && is_telling(&shown) {
                // What is no text is told with U+FFFD in it.
                self.secrets.add_named(&name, shown.as_bytes());
                self.secrets.add_named(&name, value.into_encoded_bytes());
            }
        }
    }

    fn arguments(&mut self, words: &[String]) {
        for (n, word) in words.iter().enumerate() {
            let option = word.trim_start_matches('-');
            if let Some((name, value)) = option.split_once('=').filter(|(name, _)| betrays(name)) {
                self.betrayed(name, value);
            } else if option.len() < word.len() && betrays(option) {
                let value = words.get(n + 1).filter(|next| !next.starts_with('-'));
                self.betrayed(option, value.map_or("", String::as_str));
            }
            if let Some((name, value)) = word.split_once(':').filter(|(name, _)| betrays(name)) {
                let value = value.trim();
                self.credential(name, value);
                if !value.contains(' ') {
                    self.betrayed(name, value);
                }
            }
            if word.contains("://") {
                self.url(word);
            }
            self.json(word);
            if word.contains(char::is_whitespace) {
                let inside = words::of_script(word);
                if inside.len() > 1 {
                    self.arguments(&inside);
                }
            }
        }
    }

    /// The members of a JSON object whose name betrays a secret.
    fn json(&mut self, text: &str) {
        use serde_json::Value;
        if !text.trim_start().starts_with('{') {
            return;
        }
        let mut left = vec![serde_json::from_str::<Value>(text).unwrap_or_default()];
        while let Some(value) = left.pop() {
            match value {
                Value::Array(items) => left.extend(items),
                Value::Object(members) => {
                    for (name, value) in members {
                        if let Some(value) = value.as_str().filter(|_| betrays(&name)) {
                            self.betrayed(&name, value);
                        }
                        left.push(value);
                    }
                }
                _ => {}
            }
        }
    }

    fn betrayed(&mut self, name: &str, value: &str) {
        if !is_ordinary(value) {
            self.secrets.add_named(name, value);
        }
    }
}

/// Whether a value says nothing of anybody.
fn is_ordinary(value: &str) -> bool {
    let value = value.trim();
    ORDINARY.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value.starts_with('$')
        || PLACEHOLDERS.iter().any(|placeholder| value.contains(placeholder))
}

/// Whether a value is taken for a secret though its name betrays nothing: no word, number, address of this machine or path.
fn is_telling(value: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost"].iter().any(|l| value.starts_with(l));
    let plain = value.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'-')
        || value.parse::<f64>().is_ok()
        || value.parse::<IpAddr>().is_ok()
        || value.parse::<SocketAddr>().is_ok()
        || Path::new(value).exists();
    value.len() >= TELLING && !is_ordinary(value) && !plain && !local
}

fn decoded(value: &str) -> String {
    let pair = format!("v={}", value.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, v)| v.into())
}

/// The place of something in a list, for people.
pub(crate) fn ordinal(n: usize) -> String {
    match n + 1 {
        1 => "first".into(),
        2 => "second".into(),
        3 => "third".into(),
        n => format!("{n}th"),
    }
}

/// A pair of an option; what is malformed may hold a secret, so it is told by its place.
pub(crate) fn pair<'a>(
    option: &str,
    n: usize,
    given: &'a str,
    between: char,
    form: &str,
) -> anyhow::Result<(&'a str, &'a str)> {
    given
        .split_once(between)
        .ok_or_else(|| anyhow!("{option} (the {}) is not of the form `{form}`", ordinal(n)))
}

#[cfg(test)]
mod tests;
