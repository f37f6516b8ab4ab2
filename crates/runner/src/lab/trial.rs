//! A vector on one base request.

use std::sync::Arc;

use plumb_model::pack::{Base, Vector};

use crate::facet::Facet;

/// A vector on one base request.
#[derive(Clone)]
pub(crate) struct Trial {
    /// Its case's address within a check.
    pub(crate) address: String,
    /// The pack: slugs are unique within one only.
    pub(crate) pack: String,
    pub(crate) base: Base,
    /// Which of the annotated parameters, if it is about one.
    pub(super) parameter: usize,
    pub(crate) vector: Arc<Vector>,
    /// The checks that read the answer, each with what it reads of it.
    pub(super) judges: Vec<(&'static str, Facet)>,
    /// How much it matters; the least number matters most.
    pub(crate) rank: u8,
    /// Whether it goes between controls of its own.
    pub(crate) by_itself: bool,
}

impl Trial {
    /// What tells it from all other trials.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.pack, self.address)
    }

    /// Whether it is the same vector in another place.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.vector, &other.vector)
    }
}
