//! Frozen sets: the requirements that a certificate of some name rests on, by id and digest. Checks come and go with every
//! version of Plumb; what a set demands stays.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plumb_model::{Edition, Force, Level};

use crate::{Digest, standards};

/// The sets that are built in: those of the newest revision first, and of each the latest first.
fn built_in() -> [&'static str; 4] {
    [
        plumb_texts::text!("suites/frozen/2026-07-28-1.tsv"),
        plumb_texts::text!("suites/frozen/2025-11-25-1.tsv"),
        plumb_texts::text!("suites/frozen/2025-06-18-1.tsv"),
        plumb_texts::text!("suites/frozen/2025-03-26-1.tsv"),
    ]
}

/// The columns of a set's file.
const COLUMNS: &str = "id\tlevel\tforce\tdigest\tdisputed";

/// A frozen set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its name: a revision and a number, such as `2026-07-28/1`.
    pub name: String,
    /// Its requirements, in the order of the ledger.
    pub rows: Vec<Frozen>,
    /// The digest of its file.
    pub digest: Digest,
}

/// A requirement as it was when the set was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Its id.
    pub id: String,
    /// Its level then.
    pub level: Level,
    /// Its force then.
    pub force: Force,
    /// The digest of what it demanded.
    pub digest: String,
    /// Why it does not count, if its check is disputed.
    pub disputed: Option<String>,
}

/// Why a set could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// There is none of that name.
    #[error("there is no frozen set `{name}`: there is {have}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that there are.
        have: String,
    },
    /// A line is no requirement.
    #[error("line {line} of a frozen set: {what}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl Set {
    /// The set of a name.
    pub fn named(name: &str) -> Result<Self, SetError> {
        Self::first(name, |set| set.name == name)
    }

    /// The latest set of a revision.
    pub fn latest_of(revision: &str) -> Result<Self, SetError> {
        Self::first(revision, |set| set.revision() == revision)
    }

    /// The first that is wanted; the word for it is that of whoever asks.
    fn first(word: &str, wanted: impl Fn(&Self) -> bool) -> Result<Self, SetError> {
        let sets = built_in().into_iter().map(Self::parse);
        let sets = sets.collect::<Result<Vec<_>, _>>()?;
        let have = sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>().join(", ");
        let unknown = || SetError::Unknown { name: word.to_owned(), have };
        sets.into_iter().find(wanted).ok_or_else(unknown)
    }

    /// The revision whose requirements it has.
    pub fn revision(&self) -> &str {
        revision_of(&self.name)
    }

    /// Reads a set's file.
    pub fn parse(text: &str) -> Result<Self, SetError> {
        let mut name = String::new();
        let mut rows = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let error = |what: &str| SetError::Line { line: n + 1, what: what.to_owned() };
            if let Some(comment) = line.strip_prefix('#') {
                if let Some(given) = comment.trim().strip_prefix("set ") {
                    given.trim().clone_into(&mut name);
                }
            } else if !line.is_empty() && line != COLUMNS {
                rows.push(Frozen::parse(line).ok_or_else(|| error("not five columns of a row"))?);
            }
        }
        if name.is_empty() {
            return Err(SetError::Line { line: 1, what: "the set has no name".to_owned() });
        }
        Ok(Self { name, rows, digest: Digest::of(text.as_bytes()) })
    }

    /// The file of a set of these requirements, as the ledger has them now: what binds, that is, not what is allowed.
    pub fn freeze(name: &str, edition: &Edition, judged: &BTreeSet<String>) -> String {
        let mut text = format!(
            "# set {name}\n# What a certificate of this name rests on. Once a version of Plumb is released with it, this file is \
             never edited:\n# a requirement that is gone or reworded since is told by each certificate, and what is new waits \
             for the next set.\n{COLUMNS}\n"
        );
        let binds = |level: Level| !matches!(level, Level::May | Level::Advice);
        let rows = edition.ledger.rows().iter();
        for row in rows.filter(|row| judged.contains(&row.id) && binds(row.level)) {
            let digest = standards::row(row);
            let _ = writeln!(text, "{}\t{}\t{}\t{digest}\t-", row.id, row.level, word(row.force));
        }
        text
    }
}

/// The revision that a set's name begins with.
pub fn revision_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(revision, _)| revision)
}

impl Frozen {
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next().filter(|column| !column.is_empty());
        let (id, level, force, digest, disputed) = (next()?, next()?, next()?, next()?, next()?);
        let text = |word: &str| serde_json::Value::String(word.to_owned());
        Some(Self {
            id: id.to_owned(),
            level: serde_json::from_value(text(level)).ok()?,
            force: serde_json::from_value(text(force)).ok()?,
            digest: digest.to_owned(),
            disputed: (disputed != "-").then(|| disputed.to_owned()),
        })
    }

    /// What has become of it since: `None` if nothing.
    pub(crate) fn drift(&self, edition: &Edition) -> Option<Drift> {
        match edition.ledger.requirement(&self.id) {
            None => Some(Drift::Gone),
            Some(row) if standards::row(row).to_string() != self.digest => Some(Drift::Reworded),
            Some(_) => None,
        }
    }
}

/// What can become of a frozen requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// The ledger has it no more.
    Gone,
    /// It demands something else, or says it otherwise.
    Reworded,
}

fn word(force: Force) -> &'static str {
    match force {
        Force::Text => "text",
        Force::Schema => "schema",
        Force::Inferred => "inferred",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_revision_has_a_set_of_its_own_rows() {
        for revision in Edition::revisions() {
            let set = Set::latest_of(revision).expect("a set");
            assert_eq!(set.name, format!("{revision}/1"));
            let ids: BTreeSet<&str> = set.rows.iter().map(|row| row.id.as_str()).collect();
            assert!(ids.len() > 100 && ids.len() == set.rows.len(), "{revision}: {}", ids.len());
            assert_eq!(Set::named(&set.name), Ok(set));
        }
        let error = Set::named("2026-07-28/9").expect_err("no such set").to_string();
        let have = "2026-07-28/1, 2025-11-25/1, 2025-06-18/1, 2025-03-26/1";
        assert_eq!(error, format!("there is no frozen set `2026-07-28/9`: there is {have}"));
    }

    #[test]
    fn what_is_frozen_is_read_back_and_has_not_drifted() {
        let edition = Edition::latest();
        let ids = edition.ledger.rows().iter().map(|row| row.id.clone()).collect();
        let set = Set::parse(&Set::freeze("x/1", &edition, &ids)).expect("a set");
        assert!(set.rows.iter().all(|row| row.drift(&edition).is_none()));
        assert!(set.rows.iter().all(|row| row.level != Level::May && row.level != Level::Advice));
        let gone = Frozen { id: "no.such".into(), ..set.rows[0].clone() };
        assert_eq!(gone.drift(&edition), Some(Drift::Gone));
        let reworded = Frozen { digest: "sha256:0".into(), ..set.rows[0].clone() };
        assert_eq!(reworded.drift(&edition), Some(Drift::Reworded));
    }

    #[test]
    fn a_line_that_is_no_row_is_told() {
        let error = Set::parse("# set x/1\na\tMUST\ttext\n").expect_err("three columns");
        assert_eq!(error.to_string(), "line 2 of a frozen set: not five columns of a row");
    }
}
