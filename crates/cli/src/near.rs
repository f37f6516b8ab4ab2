//! Ids that a user may have meant.

use plumb_model::suite::matches;
use plumb_model::{Edition, Ledger};

/// So many are named.
const MOST: usize = 8;

/// What to say of patterns that cover no requirement of any revision: nothing, if there are none.
pub(crate) fn unknown_to_all(only: &[String]) -> Option<String> {
    if only.is_empty() {
        return None;
    }
    let editions: Vec<Edition> = Edition::revisions().into_iter().filter_map(Edition::of).collect();
    let rows = || editions.iter().flat_map(|edition| edition.ledger.rows());
    let is_unknown = |pattern: &&String| !rows().any(|row| matches(pattern, &row.id));
    let unknown: Vec<String> = only.iter().filter(is_unknown).cloned().collect();
    unknown_to(&editions.first()?.ledger, &unknown)
}

/// What to say of patterns that cover no requirement of a ledger: nothing, if there are none.
pub(crate) fn unknown_to(ledger: &Ledger, only: &[String]) -> Option<String> {
    let covers = |pattern: &&String| !ledger.rows().iter().any(|row| matches(pattern, &row.id));
    let told: Vec<String> = only
        .iter()
        .filter(covers)
        .map(|pattern| format!("there is no requirement `{pattern}`: {}", hint(ledger, pattern)))
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// That a revision has no requirement of this id: which ones have it, or what may have been meant.
pub(crate) fn unknown(edition: &Edition, id: &str) -> anyhow::Error {
    let editions = Edition::revisions().into_iter().filter_map(Edition::of);
    let have = editions.filter(|edition| edition.ledger.requirement(id).is_some());
    let have: Vec<String> = have.map(|edition| edition.revision).collect();
    let Some(newest) = have.first() else {
        let hint = hint(&edition.ledger, id);
        return anyhow::anyhow!("there is no requirement `{id}`: {hint}");
    };
    anyhow::anyhow!(
        "{} has no requirement `{id}`, which is one of {}: add `--revision {newest}`",
        edition.revision,
        have.join(", ")
    )
}

/// The ids that are like one that does not exist, as a question.
pub(crate) fn hint(ledger: &Ledger, id: &str) -> String {
    let below = ledger
        .rows()
        .iter()
        .filter(|row| row.id.strip_prefix(id).is_some_and(|rest| rest.starts_with('.')));
    match below.count() {
        0 => {}
        n => return format!("do you mean `{id}.*`, which are {n}?"),
    }
    let near = nearest(ledger, id.trim_end_matches('*'));
    if near.is_empty() {
        return "see `plumb list`".into();
    }
    format!("do you mean {}?", near.join(", "))
}

fn nearest<'a>(ledger: &'a Ledger, id: &str) -> Vec<&'a str> {
    let ids = || ledger.rows().iter().map(|row| row.id.as_str());
    let holding: Vec<&str> = ids().filter(|other| other.contains(id)).take(MOST).collect();
    if !holding.is_empty() && !id.is_empty() {
        return holding;
    }
    // A third of a word is mistyped at most.
    let close = |other: &&str| distance(id, other) <= id.len().div_ceil(3);
    let mut near: Vec<&str> = ids().filter(close).collect();
    near.sort_by_key(|other| distance(id, other));
    near.truncate(3);
    near
}

/// How many letters must be added, left out or changed.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], n + 1);
        for (m, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[m + 1];
            row[m + 1] = changed.min(row[m] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mistyped_is_found() {
        let edition = plumb_model::Edition::latest();
        let hint = |id: &str| hint(&edition.ledger, id);
        assert!(hint("base.response").starts_with("do you mean `base.response.*`"));
        assert!(hint("base.respons").contains("base.response.same-id"));
        assert!(hint("base.response.sameid").starts_with("do you mean base.response.same-id"));
        assert_eq!(hint("nonsense"), "see `plumb list`");
        assert_eq!(
            [distance("kitten", "sitting"), distance("", "ab"), distance("a", "a")],
            [3, 2, 0]
        );
    }
}
