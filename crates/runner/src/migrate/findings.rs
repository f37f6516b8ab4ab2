//! What the steps of an audit have seen of each item.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use plumb_model::Edition;
use plumb_model::audit::{Evidence, Item, State};

use super::catalogue::{self, Entry};
use crate::observe::clip;

/// Of one item, so many things are told.
const TOLD: usize = 24;
/// What is told is no longer than this.
const LENGTH: usize = 400;

/// What was seen of each item: what was found stays found, and what was looked for stays so.
#[derive(Default)]
pub(super) struct Findings(Mutex<BTreeMap<&'static str, (State, Vec<Evidence>)>>);

impl Findings {
    /// It was seen.
    pub(super) fn found(&self, id: &'static str, seen: impl AsRef<str>, exchanges: &[u64]) {
        self.note(id, State::Found, seen.as_ref(), exchanges);
    }

    /// It was looked for, and was not there.
    pub(super) fn absent(&self, id: &'static str, seen: impl AsRef<str>, exchanges: &[u64]) {
        self.note(id, State::NotFound, seen.as_ref(), exchanges);
    }

    /// It could not be looked for.
    pub(super) fn unseen(&self, id: &'static str, why: impl AsRef<str>) {
        self.note(id, State::NotObservable, why.as_ref(), &[]);
    }

    /// The same for several.
    pub(super) fn unseen_all(&self, ids: &[&'static str], why: &str) {
        for id in ids {
            self.unseen(id, why);
        }
    }

    /// Found or looked for in vain, as `is` says.
    pub(super) fn told(
        &self,
        id: &'static str,
        is: bool,
        seen: impl AsRef<str>,
        exchanges: &[u64],
    ) {
        let state = if is { State::Found } else { State::NotFound };
        self.note(id, state, seen.as_ref(), exchanges);
    }

    /// Whether it was found.
    pub(super) fn has(&self, id: &str) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).is_some_and(|(state, _)| *state == State::Found)
    }

    fn note(&self, id: &'static str, state: State, seen: &str, exchanges: &[u64]) {
        debug_assert!(catalogue::entry(id).is_some(), "{id} is in no catalogue");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stands, told) = all.entry(id).or_insert((state, Vec::new()));
        if weight(state) > weight(*stands) {
            (*stands, *told) = (state, Vec::new());
        }
        let known = told.iter().any(|evidence| evidence.seen == seen);
        if state == *stands && told.len() < TOLD && !known {
            told.push(Evidence { seen: clip(seen, LENGTH), exchanges: exchanges.to_vec() });
        }
    }

    /// Every item of the catalogue; what no step came to is not observable, for this reason.
    pub(super) fn items(&self, edition: &Edition, otherwise: &str) -> Vec<Item> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        catalogue::all()
            .map(|entry| {
                if let Some((state, evidence)) = all.get(entry.id) {
                    return item(edition, entry, *state, evidence.clone());
                }
                let why = Evidence { seen: otherwise.to_owned(), exchanges: Vec::new() };
                item(edition, entry, State::NotObservable, vec![why])
            })
            .collect()
    }
}

fn weight(state: State) -> u8 {
    match state {
        State::NotObservable => 0,
        State::NotFound => 1,
        State::Found => 2,
    }
}

fn item(edition: &Edition, entry: &Entry, state: State, evidence: Vec<Evidence>) -> Item {
    let row = edition.ledger.requirement(entry.requirement);
    Item {
        id: entry.id.to_owned(),
        phase: entry.phase,
        effort: entry.effort,
        title: entry.title.to_owned(),
        state,
        evidence,
        requirement: entry.requirement.to_owned(),
        url: row.map(|row| edition.url(row)).unwrap_or_default(),
        remedy: entry.remedy.to_owned(),
        in_sdk: None,
        removal: entry.removal.map(str::to_owned),
        before: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_of(findings: &Findings, id: &str) -> (State, usize) {
        let items = findings.items(&Edition::latest(), "never looked for");
        let item = items.into_iter().find(|item| item.id == id).expect("in the catalogue");
        (item.state, item.evidence.len())
    }

    #[test]
    fn what_was_found_stays_found() {
        let findings = Findings::default();
        let id = "migrate.stream.get";
        assert_eq!(state_of(&findings, id), (State::NotObservable, 1));
        findings.unseen(id, "no time");
        findings.absent(id, "HTTP 405", &[1]);
        assert_eq!(state_of(&findings, id), (State::NotFound, 1));
        findings.found(id, "a stream", &[2]);
        findings.absent(id, "HTTP 405", &[3]);
        findings.found(id, "a stream", &[4]);
        assert_eq!(state_of(&findings, id), (State::Found, 1));
    }

    #[test]
    fn what_is_told_is_bounded() {
        let findings = Findings::default();
        for n in 0..1_000 {
            findings.found("migrate.push.roots", format!("{n}{}", "x".repeat(10_000)), &[n]);
        }
        assert_eq!(state_of(&findings, "migrate.push.roots"), (State::Found, TOLD));
    }
}
