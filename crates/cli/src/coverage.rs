//! `plumb coverage`: which requirements have a check, which a reason why they have none, and which neither; by page and level, and
//! by revision and role.

use std::collections::BTreeMap;

use plumb_model::{Edition, Force, Position, Requirement, Role};

use crate::Exit;
use crate::args::CoverageArgs;
use crate::catalogue::checks;
use crate::say::say;

/// How many requirements there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    checked: usize,
    excluded: usize,
    open: usize,
}

/// The requirements of a revision that bind a role, each by what became of it.
#[derive(Default)]
struct Coverage<'a> {
    checked: Vec<&'a Requirement>,
    excluded: Vec<&'a Requirement>,
    open: Vec<&'a Requirement>,
}

impl<'a> Coverage<'a> {
    /// Of those that a revision demands of a role; `None` where nobody is judged by it in that role.
    fn of(edition: &'a Edition, role: Role) -> Option<Self> {
        if !edition.judges(role) {
            return None;
        }
        let checks = checks(edition);
        let mut coverage = Self::default();
        for row in edition.ledger.rows().iter().filter(|row| row.demands_of(role)) {
            let judged = checks.iter().any(|c| c.covers(&row.id) && c.role() == role);
            let excluded = edition.ledger.exclusion(&row.id, role).is_some();
            match (judged, excluded) {
                (true, _) => coverage.checked.push(row),
                (false, true) => coverage.excluded.push(row),
                (false, false) => coverage.open.push(row),
            }
        }
        Some(coverage)
    }

    fn tally(&self) -> Tally {
        Tally { checked: self.checked.len(), excluded: self.excluded.len(), open: self.open.len() }
    }

    /// The same by page and level.
    fn by_page(&self) -> BTreeMap<(&'a str, &'static str), Tally> {
        let mut pages: BTreeMap<(&str, &'static str), Tally> = BTreeMap::new();
        let mut count = |rows: &[&'a Requirement], kind: fn(&mut Tally) -> &mut usize| {
            for row in rows {
                *kind(pages.entry((&row.page, row.level.keyword())).or_default()) += 1;
            }
        };
        count(&self.checked, |tally| &mut tally.checked);
        count(&self.excluded, |tally| &mut tally.excluded);
        count(&self.open, |tally| &mut tally.open);
        pages
    }
}

/// Counts the requirements of a revision and a role by page and level, and those of all revisions and roles that are asked for.
pub(crate) fn coverage(edition: &Edition, args: &CoverageArgs) -> Exit {
    let role = args.role.unwrap_or_default();
    let Some(coverage) = Coverage::of(edition, role) else {
        say!("{}", unjudged(edition, role));
        return Ok(0);
    };
    say_pages(&coverage, role);
    say_ground(edition, &coverage);
    say_summary(args);
    if args.open {
        for row in &coverage.open {
            say!("open  {:<10} {:<44} {}", row.level, row.id, row.summary);
        }
    }
    let required = |row: &&&Requirement| {
        args.require.iter().any(|p| plumb_model::suite::matches(p, &row.page))
    };
    Ok(u8::from(coverage.open.iter().any(|row| required(&row))))
}

fn say_pages(coverage: &Coverage<'_>, role: Role) {
    say!("{:<52} {:<10} {:>7} {:>9} {:>5}", "page", "level", "checked", "excluded", "open");
    for ((page, level), tally) in coverage.by_page() {
        say!("{page:<52} {level:<10} {:>7} {:>9} {:>5}", tally.checked, tally.excluded, tally.open);
    }
    let total = coverage.tally();
    say!(
        "{:<63} {:>7} {:>9} {:>5}",
        format!("all that bind {}", role.noun()),
        total.checked,
        total.excluded,
        total.open
    );
}

/// What the checked ones rest on.
fn say_ground(edition: &Edition, coverage: &Coverage<'_>) {
    let judged = &coverage.checked;
    say!("of the checked: {}", forces(judged.iter().copied()));
    let cited = |p: &&Position| judged.iter().filter(|r| r.positions.contains(&p.id)).count();
    let positions = edition.positions.all().iter().filter(|p| cited(p) > 0);
    for position in positions {
        let count = cited(&position);
        say!("{count:>5} rest on {:<26} {}", position.id, position.title);
    }
}

/// How many checked requirements rest on a keyword, the schema, or what the text implies.
fn forces<'a>(rows: impl Iterator<Item = &'a Requirement>) -> String {
    let mut counts: BTreeMap<Force, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.force).or_default() += 1;
    }
    let told = counts.iter().map(|(force, n)| format!("{n} {}", force.words()));
    told.collect::<Vec<_>>().join(", ")
}

/// A line for each revision and role, unless one of them was asked for.
fn say_summary(args: &CoverageArgs) {
    let asked = args.by.revision.as_deref();
    let revisions = Edition::revisions().into_iter().filter(|r| asked.is_none_or(|a| a == *r));
    say!("\n{:<20} {:<42} {:>7} {:>9} {:>5}", "revision", "role", "checked", "excluded", "open");
    for edition in revisions.filter_map(Edition::of) {
        for role in Role::ALL.into_iter().filter(|role| args.role.is_none_or(|r| r == *role)) {
            match Coverage::of(&edition, role).map(|coverage| coverage.tally()) {
                Some(Tally { checked, excluded, open }) => say!(
                    "{:<20} {:<42} {checked:>7} {excluded:>9} {open:>5}",
                    edition.revision,
                    role.word()
                ),
                None => say!("{:<20} {:<42} not judged", edition.revision, role.word()),
            }
        }
    }
}

fn unjudged(edition: &Edition, role: Role) -> String {
    let revision = &edition.revision;
    format!(
        "{} is not judged by {revision}: its rows here are those that bind servers",
        role.noun()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(revision: &str, role: Role) -> Option<Tally> {
        let edition = Edition::of(revision).expect("judged");
        Coverage::of(&edition, role).map(|coverage| coverage.tally())
    }

    #[test]
    fn nothing_of_the_newest_revision_is_open_for_any_role() {
        for role in Role::ALL {
            let tally = tally("2026-07-28", role).expect("everybody is judged by the newest");
            assert!(tally.checked > 10 && tally.excluded > 0, "{role:?}: {tally:?}");
            assert_eq!(tally.open, 0, "{role:?}");
        }
    }

    #[test]
    fn each_requirement_is_counted_once_by_each_revision_and_role() {
        for edition in Edition::revisions().into_iter().filter_map(Edition::of) {
            for role in Role::ALL {
                let demands = edition.ledger.rows().iter().filter(|r| r.demands_of(role)).count();
                let Some(coverage) = Coverage::of(&edition, role) else { continue };
                let Tally { checked, excluded, open } = coverage.tally();
                assert_eq!(checked + excluded + open, demands, "{} {role:?}", edition.revision);
                let pages = coverage.by_page();
                let sum: usize = pages.values().map(|t| t.checked + t.excluded + t.open).sum();
                assert_eq!(sum, demands, "{} {role:?}, by page", edition.revision);
            }
        }
    }

    #[test]
    fn earlier_revisions_judge_servers_alone() {
        for revision in Edition::revisions().into_iter().skip(1) {
            assert!(tally(revision, Role::Server).is_some_and(|tally| tally.checked > 100));
            assert_eq!(tally(revision, Role::Client), None, "{revision}");
            assert_eq!(tally(revision, Role::AuthorizationServer), None, "{revision}");
        }
    }
}
