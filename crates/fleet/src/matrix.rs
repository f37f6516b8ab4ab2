//! The results of a fleet folded: servers by requirements. It has neither times nor addresses, so the same verdicts give
//! the same bytes, on however many machines they were found.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use plumb_certificate::{
    Bundle, BundleError, Judgement, Standing, Verifier, canonical, revision_of,
};
use plumb_model::report::CheckReport;
use plumb_model::{Edition, Report, Severity, Verdict};
use serde::{Deserialize, Serialize};

use crate::store::{Class, Outcome, results};

/// The version of the file's format.
const FORMAT: u32 = 2;
/// A requirement that was not judged of a server.
const ABSENT: char = '-';

/// Servers by requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    format: u32,
    /// The frozen sets that servers are judged by, those of the newest revision first.
    pub sets: Vec<String>,
    /// The requirements that were judged of any server, by id.
    pub requirements: Vec<Requirement>,
    /// The servers, by name and version.
    pub servers: Vec<Row>,
}

/// A requirement, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// Its level.
    pub level: String,
    /// Its page.
    pub page: String,
    /// What it demands, in our words.
    pub summary: String,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its area.
    pub area: String,
    /// What came of judging it.
    pub class: Class,
    /// What it amounts to, if it was judged.
    pub judgement: Option<Judgement>,
    /// A letter for each requirement of the matrix: held, failed, warned, disputed, unverified, inconclusive, not applicable.
    pub verdicts: String,
    /// What was found of each violated requirement.
    pub found: BTreeMap<String, String>,
}

/// Why results could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// A folder could not be read.
    #[error("{0} could not be read")]
    Unread(String, #[source] io::Error),
    /// A bundle is not to be believed.
    #[error("the bundle of {0} is not verified")]
    Bundle(String, #[source] BundleError),
    /// Two bundles are by different sets of one revision.
    #[error("{one} is judged by the set {by}, others by {others}")]
    Sets {
        /// A server.
        one: String,
        /// Its set.
        by: String,
        /// The set of those before.
        others: String,
    },
}

/// A server's result, with its bundle opened.
pub(crate) struct Opened {
    outcome: Outcome,
    started: String,
    judgement: Option<Judgement>,
    verdicts: BTreeMap<String, char>,
    found: BTreeMap<String, String>,
}

impl Matrix {
    /// Folds the results of these folders; of one server's, the latest. With a key, only what it has signed.
    pub fn merge(
        folders: &[impl AsRef<Path>],
        key: Option<&Verifier>,
    ) -> Result<Self, MatrixError> {
        let mut by_name: BTreeMap<(String, String), Opened> = BTreeMap::new();
        for folder in folders {
            let folder = folder.as_ref();
            let unread = |error| MatrixError::Unread(folder.display().to_string(), error);
            for result in results(folder).map_err(unread)? {
                let (outcome, bundle) = result.map_err(unread)?;
                let opened = Opened::of(outcome, bundle.as_deref(), key)?;
                let target = &opened.outcome.target;
                let name = (target.name.clone(), target.version.clone());
                let newer = by_name.get(&name).is_none_or(|old| old.rank() < opened.rank());
                if newer {
                    by_name.insert(name, opened);
                }
            }
        }
        Self::folded(by_name.into_values().collect())
    }

    fn folded(opened: Vec<Opened>) -> Result<Self, MatrixError> {
        let mut of_revisions: BTreeMap<String, String> = BTreeMap::new();
        for one in &opened {
            let Some(Judgement { set, .. }) = &one.judgement else { continue };
            let others = of_revisions.entry(revision_of(set).to_owned()).or_insert(set.clone());
            if others != set {
                let (one, by) = (one.outcome.target.name.clone(), set.clone());
                return Err(MatrixError::Sets { one, by, others: others.clone() });
            }
        }
        let sets: Vec<String> = of_revisions.into_values().rev().collect();
        let editions = editions(&sets);
        let ids: BTreeSet<&String> = opened.iter().flat_map(|one| one.verdicts.keys()).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let servers = opened.into_iter().map(|one| one.row(&ids)).collect();
        let requirements = ids.into_iter().map(|id| Requirement::of(id, &editions)).collect();
        Ok(Self { format: FORMAT, sets, requirements, servers })
    }

    /// As a file: canonical JSON of one line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = canonical(self);
        bytes.push(b'\n');
        bytes
    }

    /// Reads such a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let matrix: Self = serde_json::from_str(text).map_err(|why| why.to_string())?;
        if matrix.format != FORMAT {
            return Err(format!("it has format {}, this plumb reads {FORMAT}", matrix.format));
        }
        Ok(matrix)
    }

    /// How many servers are of each standing, those without one last.
    pub fn tally(&self) -> Vec<(Option<Standing>, usize)> {
        tally(self.servers.iter())
    }

    /// What has changed since an earlier matrix.
    pub fn since(&self, before: &Self) -> Changes {
        let mut changes = Changes::default();
        for row in &self.servers {
            let mut old = before.servers.iter().filter(|old| old.name == row.name);
            // The version before, where there are several: the last one in order.
            let Some(old) =
                old.clone().find(|old| old.version == row.version).or_else(|| old.next_back())
            else {
                changes.new.push(row.name.clone());
                continue;
            };
            let (was, is) = (before.broken(old), self.broken(row));
            let (then, now) = (before.judged(old), self.judged(row));
            let change = |ids: Vec<String>| Change {
                name: row.name.clone(),
                from: old.version.clone(),
                to: row.version.clone(),
                ids,
            };
            let broke: Vec<String> =
                is.difference(&was).filter(|id| then.contains(*id)).cloned().collect();
            let healed: Vec<String> =
                was.difference(&is).filter(|id| now.contains(*id)).cloned().collect();
            if !broke.is_empty() {
                changes.broke.push(change(broke));
            }
            if !healed.is_empty() {
                changes.healed.push(change(healed));
            }
        }
        let gone = before
            .servers
            .iter()
            .filter(|old| !self.servers.iter().any(|row| row.name == old.name));
        changes.gone = gone.map(|old| old.name.clone()).collect();
        changes.gone.dedup();
        changes
    }

    /// Requirements that a server breaks.
    fn broken(&self, row: &Row) -> BTreeSet<String> {
        self.with(row, |letter| matches!(letter, 'f' | 'w'))
    }

    /// Requirements that were seen to hold or not.
    fn judged(&self, row: &Row) -> BTreeSet<String> {
        self.with(row, |letter| matches!(letter, 'f' | 'w' | 'h' | 'n'))
    }

    fn with(&self, row: &Row, wanted: fn(char) -> bool) -> BTreeSet<String> {
        let all = self.requirements.iter().zip(row.verdicts.chars());
        all.filter(|(_, letter)| wanted(*letter)).map(|(r, _)| r.id.clone()).collect()
    }
}

/// The revisions of these sets, as this program knows them.
pub(crate) fn editions(sets: &[String]) -> Vec<Edition> {
    sets.iter().filter_map(|set| Edition::of(revision_of(set))).collect()
}

/// How many of these servers are of each standing, those without one last.
pub(crate) fn tally<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<(Option<Standing>, usize)> {
    let mut counts: BTreeMap<(bool, Option<Standing>), usize> = BTreeMap::new();
    for row in rows {
        let standing = row.judgement.as_ref().map(|judgement| judgement.standing);
        *counts.entry((standing.is_none(), standing)).or_default() += 1;
    }
    counts.into_iter().map(|((_, standing), count)| (standing, count)).collect()
}

/// What has changed between two fleets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What holds no more.
    pub broke: Vec<Change>,
    /// What holds again.
    pub healed: Vec<Change>,
    /// Servers that were not there.
    pub new: Vec<String>,
    /// Servers that are not there any more.
    pub gone: Vec<String>,
}

/// What has changed of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The server.
    pub name: String,
    /// Its version then.
    pub from: String,
    /// Its version now.
    pub to: String,
    /// The requirements.
    pub ids: Vec<String>,
}

impl Opened {
    fn of(
        outcome: Outcome,
        bundle: Option<&[u8]>,
        key: Option<&Verifier>,
    ) -> Result<Self, MatrixError> {
        let Some(bytes) = bundle else {
            let (verdicts, found) = (BTreeMap::new(), BTreeMap::new());
            return Ok(Self { outcome, started: String::new(), judgement: None, verdicts, found });
        };
        Ok(Self::with_report(outcome, bytes, key)?.0)
    }

    /// A result and the whole report that its bundle holds.
    pub(crate) fn with_report(
        outcome: Outcome,
        bundle: &[u8],
        key: Option<&Verifier>,
    ) -> Result<(Self, Report), MatrixError> {
        let wrong = |error| MatrixError::Bundle(outcome.target.name.clone(), error);
        let bundle = Bundle::open(bundle, key).map_err(wrong)?;
        let checks = &bundle.report.checks;
        let verdicts = checks.iter().map(|c| (c.info.id.clone(), letter(c))).collect();
        let found = checks.iter().filter_map(|c| Some((c.info.id.clone(), told(&c.verdict)?)));
        let predicate = bundle.statement.predicate;
        let opened = Self {
            started: predicate.occasion.started,
            judgement: Some(predicate.judgement),
            found: found.collect(),
            verdicts,
            outcome,
        };
        Ok((opened, bundle.report))
    }

    /// Whether this says what the row of its server says.
    pub(crate) fn is(&self, row: &Row) -> bool {
        self.outcome.class == row.class
            && self.judgement == row.judgement
            && self.found == row.found
    }

    /// Of two results of one server, the one with a judgement, then the later one counts.
    fn rank(&self) -> (bool, &str) {
        (self.judgement.is_some(), &self.started)
    }

    fn row(self, ids: &[String]) -> Row {
        let target = self.outcome.target;
        let letters = ids.iter().map(|id| self.verdicts.get(id).copied().unwrap_or(ABSENT));
        Row {
            name: target.name,
            version: target.version,
            area: target.area,
            class: self.outcome.class,
            judgement: self.judgement,
            verdicts: letters.collect(),
            found: self.found,
        }
    }
}

impl Requirement {
    /// As the newest of these editions has it.
    fn of(id: String, editions: &[Edition]) -> Self {
        let row = editions.iter().find_map(|edition| edition.ledger.requirement(&id));
        let text = |of: fn(&plumb_model::Requirement) -> String| row.map(of).unwrap_or_default();
        Self {
            level: text(|row| row.level.to_string()),
            page: text(|row| row.page.clone()),
            summary: text(|row| row.summary.clone()),
            id,
        }
    }
}

fn letter(check: &CheckReport) -> char {
    match &check.verdict {
        Verdict::Held => 'h',
        Verdict::Violated { .. } if check.disputed.is_some() => 'd',
        Verdict::Violated { .. } if check.severity() == Severity::Failure => 'f',
        Verdict::Violated { .. } => 'w',
        Verdict::Unverified { .. } => 'u',
        Verdict::Inconclusive { .. } => 'i',
        Verdict::NotApplicable { .. } => 'n',
    }
}

/// What was expected of a violated requirement: what came instead can hold times and addresses.
fn told(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Violated { expected, .. } => Some(expected.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
