//! What must never reach a report: found in all that is written, in every form that it can take, and replaced.

mod forms;
mod shelf;
mod views;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use shelf::{Shelf, TELLING, Word};

/// What stands in a report where a secret without a name stood.
pub const BLOT: &str = "[redacted]";

/// Secrets under so many bytes are not kept out: blotting them would blot everything.
pub const SHORTEST: usize = 4;

/// A secret is recognised by its beginning where it was cut off, at the end of a text or before `…`, once so many bytes of it
/// stand there, or half of it.
const CUT: usize = 8;

/// The secrets of a run: tokens, client secrets, codes, and what the user says or betrays to be one. Clones share them, so
/// whoever writes knows all that anybody has added.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    /// Large shelves first; each is searched in one pass.
    shelves: Vec<Shelf>,
    words: BTreeSet<Arc<[u8]>>,
    /// The user's own, which are found where they were cut off, too.
    named: Vec<Word>,
    count: usize,
}

/// Where a secret stands.
#[derive(Clone, Debug)]
struct Found {
    at: Range<usize>,
    blot: Arc<str>,
}

impl Secrets {
    /// Adds a secret; one under [`SHORTEST`] bytes is not kept out.
    pub fn add(&self, secret: impl Into<Vec<u8>>) {
        self.keep(None, &secret.into());
    }

    /// Adds a secret of the user by its name, which stands where the secret stood, so that what is reproduced tells what
    /// belongs there. Gives whether it is kept out: one under [`SHORTEST`] bytes is not.
    pub fn add_named(&self, name: &str, secret: impl Into<Vec<u8>>) -> bool {
        let secret = secret.into();
        self.keep(Some(&variable(name)), &secret);
        secret.trim_ascii().len() >= SHORTEST
    }

    fn keep(&self, name: Option<&str>, secret: &[u8]) {
        let secret = secret.trim_ascii();
        if secret.len() < SHORTEST {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<Word> = forms::of(secret)
            .into_iter()
            .filter(|form| !known.words.contains(form.bytes.as_slice()))
            .map(|form| Word { bytes: form.bytes.into(), blot: blot(name, form.encoded).into() })
            .collect();
        if fresh.is_empty() {
            return;
        }
        known.count += 1;
        known.words.extend(fresh.iter().map(|word| Arc::clone(&word.bytes)));
        if name.is_some() {
            known.named.push(fresh[0].clone());
        }
        known.shelve(fresh);
    }

    /// The bytes with every secret replaced, or `None` if none occurs. Of a long secret its beginning is enough.
    pub fn blot(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.shelves.is_empty() {
            return None;
        }
        let found = known.find(bytes);
        if found.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(bytes.len());
        let mut kept = 0;
        for Found { at, blot } in found {
            out.extend_from_slice(&bytes[kept..at.start]);
            out.extend_from_slice(blot.as_bytes());
            kept = at.end;
        }
        out.extend_from_slice(&bytes[kept..]);
        Some(out)
    }

    /// The text with every secret replaced.
    pub fn blot_text(&self, text: &str) -> String {
        self.blot(text.as_bytes())
            .map_or_else(|| text.to_owned(), |b| String::from_utf8_lossy(&b).into_owned())
    }

    /// Replaces every secret in a text.
    pub fn blot_in(&self, text: &mut String) {
        if let Some(blotted) = self.blot(text.as_bytes()) {
            *text = String::from_utf8_lossy(&blotted).into_owned();
        }
    }

    /// Replaces every secret in the strings of a JSON value, the names of its members among them, and in its numbers.
    pub fn blot_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => self.blot_in(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.blot_json(item)),
            Value::Object(members) => {
                for (mut name, mut member) in std::mem::take(members) {
                    self.blot_in(&mut name);
                    self.blot_json(&mut member);
                    members.insert(name, member);
                }
            }
            Value::Number(number) => {
                let shown = number.to_string();
                let blotted = self.blot_text(&shown);
                if blotted != shown {
                    *value = Value::String(blotted);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

impl Known {
    /// A shelf is built for good, so that a secret more does not cost all over again: shelves grow as the digits of a binary
    /// number do.
    fn shelve(&mut self, mut words: Vec<Word>) {
        while self.shelves.last().is_some_and(|shelf| shelf.len() <= words.len()) {
            words.extend(self.shelves.pop().into_iter().flat_map(Shelf::into_words));
        }
        self.shelves.push(Shelf::new(words));
    }

    /// Where secrets stand, in order and without overlap: in the bytes as they are, and in what they are once unescaped.
    fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        for shelf in &self.shelves {
            shelf.find(bytes, &mut all);
        }
        self.find_cut(bytes, &mut all);
        let mut view = views::unescaped(bytes);
        for _ in 0..views::DEEPEST {
            let Some(seen) = view else { break };
            let mut found = Vec::new();
            for shelf in &self.shelves {
                shelf.find(&seen.bytes, &mut found);
            }
            all.extend(found.into_iter().map(|Found { at, blot }| {
                let at = seen.place(at.start)..seen.place(at.end);
                Found { at, blot: forms::encoded(&blot).into() }
            }));
            view = seen.unescaped();
        }
        joined(all)
    }

    /// The beginning of a secret that was cut off, at the end of the bytes or before `…`.
    fn find_cut(&self, bytes: &[u8], found: &mut Vec<Found>) {
        if self.named.is_empty() {
            return;
        }
        let mark = "…".as_bytes();
        let mut ends = vec![bytes.len()];
        if bytes.contains(&mark[0]) {
            let places = bytes.windows(mark.len()).enumerate().filter(|(_, w)| *w == mark);
            ends.extend(places.map(|(at, _)| at));
        }
        for (end, word) in ends.into_iter().flat_map(|end| self.named.iter().map(move |w| (end, w)))
        {
            let least = CUT.min(word.bytes.len().div_ceil(2)).max(SHORTEST);
            // Longer beginnings are found with the whole ones.
            let most = word.bytes.len().min(end).min(TELLING);
            let cut = (least..most).rev().find(|n| bytes[..end].ends_with(&word.bytes[..*n]));
            if let Some(length) = cut {
                found.push(Found { at: end - length..end, blot: Arc::clone(&word.blot) });
            }
        }
    }
}

/// Places that overlap are one; the longest says what stood there.
fn joined(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by_key(|found| (found.at.start, std::cmp::Reverse(found.at.end)));
    let mut joined: Vec<Found> = Vec::new();
    for found in all {
        match joined.last_mut() {
            Some(last) if found.at.start < last.at.end => {
                last.at.end = last.at.end.max(found.at.end);
            }
            _ => joined.push(found),
        }
    }
    joined
}

/// What stands in place of a secret.
fn blot(name: Option<&str>, is_encoded: bool) -> String {
    let blot = name.map_or_else(|| BLOT.to_owned(), |name| format!("[redacted {name}]"));
    if is_encoded { forms::encoded(&blot) } else { blot }
}

/// The name as one of a variable of a shell, so that a line that reproduces can say it.
fn variable(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().take(64).map(upper).collect();
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "SECRET".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// What stands in place of a secret, at the beginning of a text: its length in bytes, and the variable of a shell that would
/// hold what stood there. Nobody has variables of such names for anything else, so that a target which writes a blot of its
/// own is sent nothing of the environment of whoever reproduces.
pub fn blot_at(text: &str) -> Option<(usize, String)> {
    let rest = text.strip_prefix("[redacted")?;
    let (inside, _) = rest.split_once(']')?;
    let length = "[redacted".len() + inside.len() + 1;
    let (name, is_encoded) = match inside.strip_suffix(forms::ENCODED) {
        Some(name) => (name, true),
        None => (inside, false),
    };
    let fine = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b' ');
    let ending = if is_encoded { "_ENCODED" } else { "" };
    let is_blot = name.bytes().all(fine) && name.rfind(' ').is_none_or(|at| at == 0);
    is_blot.then(|| (length, format!("REDACTED{}{ending}", name.replace(' ', "_"))))
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.read().unwrap_or_else(PoisonError::into_inner).count;
        write!(f, "{count} secrets")
    }
}

#[cfg(test)]
mod tests;
