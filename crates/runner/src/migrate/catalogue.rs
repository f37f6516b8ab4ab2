//! What an audit looks for: one entry for each thing that a server of an earlier revision may do and the newest one takes away,
//! deprecates or adds a demand to.

mod additions;
mod core;
mod oauth;
mod schemas;

use plumb_model::audit::{Effort, Phase};

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) phase: Phase,
    pub(super) effort: Effort,
    /// What is found where it is found.
    pub(super) title: &'static str,
    /// The requirement that it leads to, by its id in the ledger.
    pub(super) requirement: &'static str,
    pub(super) remedy: &'static str,
    /// The earliest removal of a deprecated feature.
    pub(super) removal: Option<&'static str>,
}

impl Entry {
    const fn new(phase: Phase, effort: Effort, id: &'static str, title: &'static str) -> Self {
        Self { id, phase, effort, title, requirement: "", remedy: "", removal: None }
    }

    const fn to(self, requirement: &'static str, remedy: &'static str) -> Self {
        Self { requirement, remedy, ..self }
    }

    const fn removed(self, removal: &'static str) -> Self {
        Self { removal: Some(removal), ..self }
    }
}

/// Every entry, in the order in which a migration works them off.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    let phases: [&'static [Entry]; 4] =
        [additions::ENTRIES, schemas::ENTRIES, core::ENTRIES, oauth::ENTRIES];
    phases.into_iter().flatten()
}

/// The entry of an id.
pub(super) fn entry(id: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plumb_model::Edition;

    use super::*;

    #[test]
    fn every_entry_leads_to_a_requirement_and_says_what_to_do() {
        let edition = Edition::latest();
        for entry in all() {
            assert!(
                edition.ledger.requirement(entry.requirement).is_some(),
                "{}: {}",
                entry.id,
                entry.requirement
            );
            assert!(entry.remedy.ends_with('.'), "{}", entry.id);
            assert!(entry.id.starts_with("migrate."), "{}", entry.id);
        }
    }

    #[test]
    fn ids_are_unique_and_phases_stand_in_order() {
        let ids: BTreeSet<&str> = all().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), all().count());
        assert!(all().map(|entry| entry.phase).is_sorted());
        assert!(ids.iter().all(|id| entry(id).is_some()));
    }
}
