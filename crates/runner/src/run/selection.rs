//! Which checks a run plays, and what it says of itself before the first.

use plumb_model::event::{FORMAT, RunStarted};
use plumb_model::suite::Suite;
use plumb_model::{CheckInfo, Edition, Requirement, Role};

use crate::options::Options;
use crate::subject::Subject;
use crate::survey::contact::DISCOVER;
use crate::{Check, Target};

/// Which requirements a run is asked to judge.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// Those of this revision,
    pub edition: &'a Edition,
    /// of this suite,
    pub suite: &'a Suite,
    /// of these ids or prefixes ending in `*`, all if there are none,
    pub only: &'a [String],
    /// of whom a check is.
    pub role: Role,
}

impl<'a> Selection<'a> {
    pub(super) fn of(options: &'a Options) -> Self {
        let Options { edition, suite, only, target, .. } = options;
        Self { edition, suite, only, role: target.role() }
    }

    /// Whether there is anything to judge.
    pub fn is_empty(&self, registry: &[&'static Check]) -> bool {
        !registry.iter().any(|check| self.wants(check))
    }

    /// The checks that the run is asked for, in the order of the ledger.
    pub(super) fn checks(&self, registry: &[&'static Check]) -> Vec<&'static Check> {
        let wanted = |c: &&Check| self.wants(c);
        let mut selected: Vec<&'static Check> = registry.iter().copied().filter(wanted).collect();
        selected.sort_by_key(|c| self.edition.ledger.place(c.id));
        selected
    }

    fn wants(&self, check: &Check) -> bool {
        let mut rows = check.rows().filter_map(|id| self.edition.ledger.requirement(id));
        check.is_for(self.edition) && check.role() == self.role && rows.any(|row| self.asks(row))
    }

    /// Whether the run is asked to judge a requirement.
    fn asks(&self, row: &Requirement) -> bool {
        let only = |id: &str| {
            self.only.is_empty() || self.only.iter().any(|p| plumb_model::suite::matches(p, id))
        };
        self.suite.selects(row) && only(&row.id)
    }
}

/// The requirements that these checks judge and that the run is asked for, in the order of the ledger.
fn announced(options: &Options, selected: &[&'static Check]) -> Vec<CheckInfo> {
    let (ledger, selection) = (&options.edition.ledger, Selection::of(options));
    let asked = |id: &str| ledger.requirement(id).is_some_and(|row| selection.asks(row));
    let wanted = |check: &Check, id: &str| {
        // A check without such a row was added for what it says itself.
        if check.rows().any(asked) { asked(id) } else { id == check.id }
    };
    let rows = selected.iter().flat_map(|&c| c.rows().map(move |id| (c, id)));
    let mut infos: Vec<CheckInfo> = rows
        .filter(|&(c, id)| wanted(c, id))
        .filter_map(|(c, id)| c.info_of(id, &options.edition))
        .collect();
    infos.sort_by_key(|info| ledger.place(&info.id));
    infos
}

/// What a run says of itself before its first check.
pub(super) fn announcement(
    options: &Options,
    subject: &Subject,
    selected: &[&'static Check],
) -> RunStarted {
    let checks = announced(options, selected);
    let cited = checks.iter().flat_map(|c| &c.positions).map(String::as_str);
    let address = options.target.address();
    let positions = options.edition.positions.cited(cited, &options.other_sides);
    let mut target = subject.described(address, &options.edition);
    if let Target::Gateway(gateway) = &options.target {
        target.notes.insert(0, format!("behind it: {}", gateway.behind.address()));
    }
    RunStarted {
        format: FORMAT,
        plumb: env!("CARGO_PKG_VERSION").into(),
        revision: options.edition.revision.clone(),
        revisions: Vec::new(),
        started: options.started.clone(),
        seed: options.seed,
        suite: options.suite.name.clone(),
        policy: options.suite.policy.clone(),
        target,
        positions,
        checks,
        known: options.known.0.clone(),
        // Whoever records the run fills it in: it is no concern of judgement.
        judged_by: None,
    }
}

/// Whatever was selected, that the target does not speak the revision is the one thing to say.
pub(super) fn say_so(registry: &[&'static Check], selected: &mut Vec<&'static Check>) {
    let missing = |c: &&&'static Check| c.id == DISCOVER && !selected.iter().any(|s| s.id == c.id);
    let says_so: Vec<_> = registry.iter().filter(missing).copied().collect();
    selected.extend(says_so);
}
