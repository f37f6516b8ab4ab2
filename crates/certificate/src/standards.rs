//! What a run judged by, to the byte.

use std::fs::File;
use std::path::Path;

use plumb_model::event::JudgedBy;
use plumb_model::pack::Pack;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Requirement};
use serde::Serialize;

use crate::Digest;

/// The digests of everything that a run judges by. A binary that cannot be read has none.
pub fn judged_by(
    edition: &Edition,
    suite: &Suite,
    packs: &[Pack],
    binary: Option<&Path>,
) -> JudgedBy {
    let binary = binary.and_then(|path| Digest::of_reader(File::open(path).ok()?).ok());
    JudgedBy {
        ledger: ledger(edition).to_string(),
        positions: Digest::of_value(&edition.positions.all()).to_string(),
        packs: Digest::of_value(&packs).to_string(),
        suite: Digest::of_value(suite).to_string(),
        binary: binary.map(|digest| digest.to_string()),
    }
}

/// The digest of all rows of a ledger, in their order.
pub(crate) fn ledger(edition: &Edition) -> Digest {
    let rows: Vec<Demand> = edition.ledger.rows().iter().map(Demand::of).collect();
    Digest::of_value(&rows)
}

/// The digest of what one row demands.
pub(crate) fn row(requirement: &Requirement) -> Digest {
    Digest::of_value(&Demand::of(requirement))
}

/// What a row demands, and of whom; how we came to observe it is no part of that.
#[derive(Serialize)]
struct Demand<'a> {
    id: &'a str,
    level: plumb_model::Level,
    force: plumb_model::Force,
    party: plumb_model::Party,
    page: &'a str,
    summary: &'a str,
    positions: &'a [String],
}

impl<'a> Demand<'a> {
    fn of(row: &'a Requirement) -> Self {
        Self {
            id: &row.id,
            level: row.level,
            force: row.force,
            party: row.party,
            page: &row.page,
            summary: &row.summary,
            positions: &row.positions,
        }
    }
}
