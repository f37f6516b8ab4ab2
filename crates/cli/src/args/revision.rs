//! `--revision`.

use plumb_model::Edition;

/// What `--revision` calls the newest revision that a server speaks.
const NEWEST: &str = "newest";

/// A revision that is judged.
pub(super) fn a_revision(word: &str) -> Result<String, String> {
    let all = Edition::revisions();
    let known = all.iter().find(|revision| **revision == word);
    known.map(|r| (*r).to_owned()).ok_or_else(|| format!("one of {}", all.join(", ")))
}

/// By which revisions a server is to be judged.
#[derive(Clone, Debug)]
pub(crate) enum Revisions {
    /// By the newest that it speaks, and by no other.
    Newest,
    /// By these, the newest first.
    Named(Vec<String>),
}

impl Revisions {
    /// As the option takes it.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Newest => NEWEST.to_owned(),
            Self::Named(revisions) => revisions.join(","),
        }
    }
}

/// The newest, or revisions between commas, each once.
pub(super) fn some_revisions(words: &str) -> Result<Revisions, String> {
    if words.trim() == NEWEST {
        return Ok(Revisions::Newest);
    }
    let named: Result<Vec<String>, String> =
        words.split(',').map(|w| a_revision(w.trim())).collect();
    let mut named = named.map_err(|all| format!("{NEWEST}, or {all}"))?;
    named.sort_unstable_by(|one, other| other.cmp(one));
    named.dedup();
    Ok(Revisions::Named(named))
}
