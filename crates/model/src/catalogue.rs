//! What a report says about a check besides its verdict.

use serde::{Deserialize, Serialize};

use crate::{Force, Level, Requirement};

/// A check as the plan announces it: its requirement's row and its own documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInfo {
    /// The requirement's id, which is the check's.
    pub id: String,
    /// The level of the requirement.
    pub level: Level,
    /// What says so.
    #[serde(default)]
    pub force: Force,
    /// The positions that its judgement rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<String>,
    /// The requirement that tells the same fact: broken together, both are one finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// The page of the specification.
    pub page: String,
    /// The requirement in our words.
    pub summary: String,
    /// Where the sentence stands.
    pub url: String,
    /// The check's documentation, in Markdown: what is observed, why it matters, how to fix it.
    pub docs: String,
}

impl CheckInfo {
    /// The announcement of a check of this requirement, which stands at that address; see [`crate::Edition::info`].
    pub fn new(requirement: &Requirement, url: String, docs: String) -> Self {
        Self {
            id: requirement.id.clone(),
            level: requirement.level,
            force: requirement.force,
            positions: requirement.positions.clone(),
            fact: None,
            page: requirement.page.clone(),
            summary: requirement.summary.clone(),
            url,
            docs,
        }
    }
}
