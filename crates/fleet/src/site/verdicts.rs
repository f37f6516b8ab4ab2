//! The requirements on a server's page, by what was found of each.

use std::collections::BTreeMap;

use crate::evidence::{Shown, Violated};
use crate::matrix::{Matrix, Requirement, Row, editions};

/// Requirements with one verdict.
pub(super) struct Verdicts<'a> {
    pub(super) words: &'static str,
    pub(super) open: bool,
    /// Whether each is told in words: what was not found wrong is named alone, since there are ten thousand such pages.
    pub(super) told: bool,
    pub(super) rows: Vec<Told<'a>>,
}

/// A requirement, and what was found of it.
pub(super) struct Told<'a> {
    pub(super) requirement: &'a Requirement,
    /// Where the specification says it.
    pub(super) url: Option<String>,
    pub(super) expected: Option<&'a String>,
    /// What is known beyond that, if its result is there.
    pub(super) violated: Option<&'a Violated>,
}

/// Where the specification says each requirement.
pub(super) type Urls<'a> = BTreeMap<&'a str, String>;

/// Those of all requirements, each by the newest revision here that has it.
pub(super) fn urls(matrix: &Matrix) -> Urls<'_> {
    let editions = editions(&matrix.sets);
    let url = |id| editions.iter().find_map(|e| Some(e.url(e.ledger.requirement(id)?)));
    let ids = matrix.requirements.iter().map(|r| r.id.as_str());
    ids.filter_map(|id| Some((id, url(id)?))).collect()
}

pub(super) fn verdicts<'a>(
    matrix: &'a Matrix,
    row: &'a Row,
    urls: &Urls<'_>,
    shown: Option<&'a Shown>,
) -> Vec<Verdicts<'a>> {
    let kinds = [
        ('f', "Violated", true),
        ('w', "Warned", true),
        ('d', "Disputed", true),
        ('i', "Tried and not seen", false),
        ('u', "Nothing to observe", false),
        ('h', "Held", false),
        ('n', "Does not concern it", false),
    ];
    let of = |(letter, words, open)| {
        let all = matrix.requirements.iter().zip(row.verdicts.chars());
        let these = all.filter(|(_, found)| *found == letter).map(|(requirement, _)| {
            let id = requirement.id.as_str();
            let violated = shown.and_then(|shown| shown.violated.get(id));
            Told { requirement, url: urls.get(id).cloned(), expected: row.found.get(id), violated }
        });
        let told = matches!(letter, 'f' | 'w' | 'd' | 'i');
        Verdicts { words, open, told, rows: these.collect() }
    };
    kinds.into_iter().map(of).filter(|verdicts| !verdicts.rows.is_empty()).collect()
}
