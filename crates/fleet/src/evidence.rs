//! What stands behind a matrix: the results that it was folded from, for whoever wants to see what a server said.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use plumb_model::report::CheckReport;
use plumb_model::{Report, Verdict};
use plumb_report::docs::how_to_fix;

use crate::matrix::{Opened, Row};
use crate::store;

/// The results of folders, by the server's name and version. Each is read when its server is shown.
#[derive(Clone, Debug, Default)]
pub struct Evidence(BTreeMap<(String, String), Vec<PathBuf>>);

/// What a server's result shows.
pub(crate) struct Shown {
    /// The bundle, to the byte.
    pub(crate) bundle: Vec<u8>,
    /// By requirement.
    pub(crate) violated: BTreeMap<String, Violated>,
}

/// What is known of a requirement that a server breaks.
pub(crate) struct Violated {
    /// What came.
    pub(crate) came: String,
    /// How to mend it.
    pub(crate) fix: Option<String>,
}

impl Evidence {
    /// Finds the results of these folders.
    pub fn in_folders(folders: &[impl AsRef<Path>]) -> io::Result<Self> {
        let mut all = Self::default();
        for folder in folders {
            for place in store::places(folder.as_ref())? {
                let outcome = store::outcome(&place).map_err(|why| store::spoilt(&place, why))?;
                let target = outcome.target;
                all.0.entry((target.name, target.version)).or_default().push(place);
            }
        }
        Ok(all)
    }

    /// What shows the row of a server: of its results the one that says the same; none if there is no such.
    pub(crate) fn of(&self, row: &Row) -> io::Result<Option<Shown>> {
        let places = self.0.get(&(row.name.clone(), row.version.clone()));
        for place in places.into_iter().flatten() {
            let (outcome, bundle) = store::result(place)?;
            let Some(bytes) = bundle else { continue };
            let (opened, report) = Opened::with_report(outcome, &bytes, None)
                .map_err(|why| store::spoilt(place, io::Error::other(why)))?;
            if opened.is(row) {
                return Ok(Some(Shown { bundle: bytes, violated: violated(&report) }));
            }
        }
        Ok(None)
    }
}

fn violated(report: &Report) -> BTreeMap<String, Violated> {
    let violated = |check: &CheckReport| match &check.verdict {
        Verdict::Violated { actual, .. } => {
            let (came, fix) = (actual.clone(), how_to_fix(&check.info.docs));
            Some((check.info.id.clone(), Violated { came, fix }))
        }
        _ => None,
    };
    report.checks.iter().filter_map(violated).collect()
}
