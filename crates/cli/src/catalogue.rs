//! `plumb list` and `plumb explain`: what is judged, and how.

use std::collections::BTreeSet;

use anyhow::anyhow;
use plumb_model::{Edition, Position, Requirement, Role};
use plumb_runner::{Body, Check};

use crate::args::ListArgs;
use crate::run::named_suite;
use crate::say::{self, say};
use crate::{Exit, Failure, near};

/// What is said of a requirement that binds no role.
const NOBODY: &str = "It binds nobody that a run can judge.";

/// All checks that are for an edition, whomever they judge.
pub(crate) fn checks(edition: &Edition) -> Vec<&'static Check> {
    let mut checks = plumb_checks::of_every_role();
    checks.retain(|check| check.is_for(edition));
    checks
}

/// Lists the checks of a suite.
pub(crate) fn list(edition: &Edition, args: &ListArgs) -> Exit {
    let suite = named_suite(edition, &args.suite)?;
    let checks = checks(edition);
    let wanted = |r: &&Requirement| {
        suite.selects(r)
            && (args.only.is_empty()
                || args.only.iter().any(|p| plumb_model::suite::matches(p, &r.id)))
            && args.role.is_none_or(|role| r.binds(role))
            && checks
                .iter()
                .any(|c| c.covers(&r.id) && args.role.is_none_or(|role| c.role() == role))
    };
    let rows: Vec<&Requirement> = edition.ledger.rows().iter().filter(wanted).collect();
    if rows.is_empty() {
        let why = near::unknown_to(&edition.ledger, &args.only);
        let why = why.unwrap_or_else(|| "no check is selected".to_owned());
        return Err(Failure::new(3, anyhow!("{why}")));
    }
    for row in &rows {
        say!("{:<10} {:<44} {}", row.level, row.id, row.summary);
    }
    say!("{} checks", rows.len());
    Ok(0)
}

/// Shows a requirement, what it rests on, its check and its vectors; or a position and what rests on it.
pub(crate) fn explain(edition: &Edition, id: &str) -> Exit {
    let ledger = &edition.ledger;
    if let Some(position) = edition.positions.position(id) {
        explain_position(position);
        let rows = ledger.rows().iter().filter(|r| r.positions.iter().any(|p| p == id));
        for row in rows {
            say!("  {:<10} {:<44} {}", row.level, row.id, row.summary);
        }
        return Ok(0);
    }
    let row = ledger.requirement(id).ok_or_else(|| near::unknown(edition, id))?;
    say!(
        "{}  {}, {}\n\n{}\n\nspec: {}",
        row.id,
        row.level,
        row.force.words(),
        row.summary,
        edition.url(row)
    );
    for position in edition.positions_of(row) {
        say::out("\n");
        explain_position(position);
    }
    // What binds both sides has a check for each.
    let mut judging = checks(edition);
    judging.retain(|check| check.covers(id));
    for check in &judging {
        explain_check(edition, check, id)?;
    }
    if judging.is_empty() {
        let bound = Role::ALL.iter().any(|role| row.binds(*role));
        let reasons = Role::ALL.iter().filter_map(|role| ledger.exclusion(id, *role));
        let reasons: BTreeSet<&str> = reasons.collect();
        for reason in &reasons {
            say!("\nNo check judges it: {reason}");
        }
        if reasons.is_empty() {
            say!("\n{}", if bound { "No check judges it yet." } else { NOBODY });
        }
    }
    Ok(0)
}

fn explain_position(position: &Position) {
    say!("position {}: {}\n\n{}", position.id, position.title, position.text);
}

fn explain_check(edition: &Edition, check: &Check, id: &str) -> anyhow::Result<()> {
    say!("\n{}\n", check.documentation());
    let others: Vec<&str> = check.rows().filter(|row| *row != id).collect();
    if !others.is_empty() {
        say!("The same observation judges {}.", others.join(", "));
    }
    if let Some(fact) = check.fact {
        say!("Broken together with {fact}, both are one finding.");
    }
    let how = match check.body {
        Body::Passive(_) => "judged over every exchange of a run",
        Body::Cases(_) => "judged over vectors, each between two unbroken requests",
        Body::Scenario(_) => "judged by a scenario",
        Body::Crossing(_) => "judged by asking the server itself, and through the gateway",
        Body::Visit(_) => "judged by a scenario that visits an authorization server",
        Body::Received(_) | Body::Happening(_) => {
            "judged over everything that a client sends to a server of ours"
        }
    };
    say!("It is {how}.");
    for prop in check.needs {
        say!("It needs a {}: {}.", prop.what(), prop.how_to_enable());
    }
    for pack in plumb_checks::packs(edition)? {
        for vector in pack.vectors().filter(|v| v.judges.iter().any(|id| id == check.id)) {
            say!("  {}#{}  {} ({})", check.id, vector.slug, vector.title, pack.pack);
        }
    }
    Ok(())
}
