//! Which checks a run plays, and what it says of itself before the first.

use plumb_model::event::{FORMAT, RunStarted};
use plumb_model::{CheckInfo, Requirement};

use crate::Check;
use crate::options::Options;
use crate::subject::Subject;
use crate::survey::contact::DISCOVER;

/// The checks that the run is asked for, in the order of the ledger.
pub(super) fn select(registry: &[&'static Check], options: &Options) -> Vec<&'static Check> {
    let ledger = &options.edition.ledger;
    let wanted = |c: &&Check| {
        c.is_for(&options.edition)
            && c.role() == options.target.role()
            && c.rows().any(|id| ledger.requirement(id).is_some_and(|r| asked(options, r)))
    };
    let mut selected: Vec<&'static Check> = registry.iter().copied().filter(wanted).collect();
    selected.sort_by_key(|c| ledger.place(c.id));
    selected
}

/// Whether the run is asked to judge a requirement.
fn asked(options: &Options, row: &Requirement) -> bool {
    let only = |id: &str| {
        options.only.is_empty() || options.only.iter().any(|p| plumb_model::suite::matches(p, id))
    };
    options.suite.selects(row) && only(&row.id)
}

/// The requirements that these checks judge and that the run is asked for, in the order of the ledger.
fn announced(options: &Options, selected: &[&'static Check]) -> Vec<CheckInfo> {
    let ledger = &options.edition.ledger;
    let wanted = |check: &Check, id: &str| {
        // A check without such a row was added for what it says itself.
        let any = check.rows().any(|id| ledger.requirement(id).is_some_and(|r| asked(options, r)));
        if any { ledger.requirement(id).is_some_and(|r| asked(options, r)) } else { id == check.id }
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
    RunStarted {
        format: FORMAT,
        plumb: env!("CARGO_PKG_VERSION").into(),
        revision: options.edition.revision.clone(),
        started: options.started.clone(),
        seed: options.seed,
        suite: options.suite.name.clone(),
        policy: options.suite.policy.clone(),
        target: subject.described(address, &options.edition),
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
