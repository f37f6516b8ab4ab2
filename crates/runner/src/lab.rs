//! Sending vectors: each between two unbroken requests, shared by all checks that read its answer.

mod base;
mod edit;
pub(crate) mod given;
mod outcome;
mod prepare;
mod trial;
mod trials;
pub(crate) mod vectors;
mod walk;

use std::sync::atomic::AtomicU64;

pub(crate) use outcome::Results;
pub(crate) use trial::Trial;
pub(crate) use trials::{lanes, trials};
pub(crate) use walk::again::{again, calls, stands_alone};
pub(crate) use walk::{Silences, walk};

/// Ids of vectors start here, past those of all benches.
const IDS: u64 = 1 << 40;

/// The first id of vectors.
pub(crate) fn first_id() -> AtomicU64 {
    AtomicU64::new(IDS)
}
