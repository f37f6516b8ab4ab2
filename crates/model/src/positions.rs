//! Positions: what we do where the specification is silent, ambiguous or at odds with itself, and the side that a user
//! takes on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The section of positions that no row has to cite.
const GENERAL: &str = "General";

/// A choice of ours, as a report prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its name, which lasts.
    pub id: String,
    /// The choice in one sentence.
    pub title: String,
    /// What the text says, what we do, and who would disagree.
    pub text: String,
    /// Why the user takes the other side, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_side: Option<String>,
}

/// All positions, in the order of their file, `docs/positions.md`.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    all: Vec<Position>,
    general: usize,
}

/// The positions of which the user takes the other side, each with a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherSides(pub BTreeMap<String, String>);

/// Why a position cannot be left: names the entry and how to mend it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}:{line}: {what}")]
pub struct PositionError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl Positions {
    /// Reads sections `## …` of positions `### id`, each with a bold sentence and the paragraphs below it.
    pub fn parse(text: &str) -> Self {
        let (mut all, mut general) = (Vec::new(), 0);
        for section in text.split("\n## ").skip(1) {
            for entry in section.split("\n### ").skip(1) {
                let mut parts = entry.split("\n\n").map(joined).filter(|p| !p.is_empty());
                let id = parts.next().unwrap_or_default();
                let title = parts.next().unwrap_or_default().replace("**", "");
                let text = parts.collect::<Vec<_>>().join("\n\n");
                all.push(Position { id, title, text, other_side: None });
            }
            if section.lines().next() == Some(GENERAL) {
                general = all.len();
            }
        }
        Self { all, general }
    }

    /// All of them, the general ones first.
    pub fn all(&self) -> &[Position] {
        &self.all
    }

    /// Those that hold for every row and need not be cited.
    pub fn general(&self) -> &[Position] {
        &self.all[..self.general]
    }

    /// The position of a name.
    pub fn position(&self, id: &str) -> Option<&Position> {
        self.all.iter().find(|p| p.id == id)
    }

    /// Those of these names, in the order of the file, each with the side that the user takes. What the user leaves is
    /// among them, cited or not.
    pub fn cited<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        other_sides: &'a OtherSides,
    ) -> Vec<Position> {
        let ids: std::collections::BTreeSet<&str> =
            ids.into_iter().chain(other_sides.0.keys().map(String::as_str)).collect();
        let cited = self.all.iter().filter(|p| ids.contains(p.id.as_str()));
        cited
            .map(|p| Position { other_side: other_sides.0.get(&p.id).cloned(), ..p.clone() })
            .collect()
    }
}

impl OtherSides {
    /// Checks the entries of `[positions]` in a file of this text: each names a position and gives a reason.
    pub fn checked(
        file: &str,
        text: &str,
        entries: BTreeMap<String, String>,
        positions: &Positions,
    ) -> Result<Self, PositionError> {
        for (id, reason) in &entries {
            let error = |what: String| {
                let line = text.lines().position(|l| l.contains(id.as_str())).map_or(1, |n| n + 1);
                PositionError { file: file.to_owned(), line, what }
            };
            if positions.position(id).is_none() {
                let near = positions.all().iter().map(|p| p.id.as_str()).filter(|p| alike(p, id));
                let near: Vec<&str> = near.take(4).collect();
                let hint = if near.is_empty() {
                    "`plumb explain ID` names those that a requirement rests on".to_owned()
                } else {
                    format!("do you mean {}?", near.join(", "))
                };
                return Err(error(format!("[positions] `{id}` is no position: {hint}")));
            }
            if reason.trim().is_empty() {
                return Err(error(format!(
                    "[positions] `{id}` needs a reason: why you see it otherwise"
                )));
            }
        }
        Ok(Self(entries))
    }
}

/// Whether two names share a word.
fn alike(one: &str, other: &str) -> bool {
    let words = |id: &str| id.split(['-', '.', '_']).map(str::to_owned).collect::<Vec<_>>();
    let other = words(other);
    words(one).iter().any(|w| w.len() > 3 && other.contains(w))
}

/// Lines of a paragraph as one.
fn joined(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ").replace(" #", "#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edition, Force, Level};

    #[test]
    fn every_position_has_a_name_a_sentence_and_a_paragraph() {
        let positions = Edition::latest().positions;
        assert!(positions.all().len() > 40 && !positions.general().is_empty());
        for position in positions.all() {
            let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(position.id.bytes().all(named), "`{}` is no name", position.id);
            assert!(position.title.ends_with('.'), "`{}` has no sentence", position.id);
            assert!(position.text.len() > 80, "`{}` says too little", position.id);
            let twice = positions.all().iter().filter(|p| p.id == position.id).count();
            assert_eq!(twice, 1, "`{}` stands twice", position.id);
        }
    }

    #[test]
    fn every_position_that_a_row_cites_exists_and_every_special_one_is_cited() {
        let positions = Edition::latest().positions;
        let editions: Vec<Edition> =
            Edition::revisions().into_iter().filter_map(Edition::of).collect();
        let rows = || editions.iter().flat_map(|edition| edition.ledger.rows());
        for row in rows() {
            for id in &row.positions {
                assert!(positions.position(id).is_some(), "`{}` cites `{id}`: no position", row.id);
            }
        }
        let special = &positions.all()[positions.general().len()..];
        let cited = |id: &str| rows().any(|row| row.positions.iter().any(|p| p == id));
        let uncited: Vec<&str> =
            special.iter().map(|p| p.id.as_str()).filter(|id| !cited(id)).collect();
        assert!(uncited.is_empty(), "no row rests on {uncited:?}: cite it, or move it to General");
    }

    #[test]
    fn every_inferred_row_cites_a_position() {
        let ledger = Edition::latest().ledger;
        let inferred = ledger.rows().iter().filter(|r| r.force == Force::Inferred);
        let bare: Vec<&str> = inferred
            .filter(|r| r.level != Level::Advice && r.positions.is_empty())
            .map(|r| r.id.as_str())
            .collect();
        assert!(bare.is_empty(), "cite a position, if only `no-keyword`: {bare:?}");
    }

    #[test]
    fn marks_of_force_are_a_column_and_no_prose() {
        let marks = ["declarative", "derived)", "(schema", "applied)"];
        for row in Edition::latest().ledger.rows() {
            let found = marks.iter().find(|mark| row.summary.contains(**mark));
            assert_eq!(found, None, "`{}`: {}", row.id, row.summary);
        }
    }

    #[test]
    fn an_unknown_position_or_an_empty_reason_is_an_error_with_a_remedy() {
        let positions = Edition::latest().positions;
        let checked = |id: &str, why: &str| {
            let entries = BTreeMap::from([(id.to_owned(), why.to_owned())]);
            let text = format!("[positions]\n{id} = '{why}'");
            OtherSides::checked("plumb.toml", &text, entries, &positions).map_err(|e| e.to_string())
        };
        assert!(checked("task-affinity", "we route by Mcp-Name").is_ok());
        assert_eq!(
            checked("affinity", "x").unwrap_err(),
            "plumb.toml:2: [positions] `affinity` is no position: do you mean task-affinity?"
        );
        assert!(checked("silence", " ").unwrap_err().contains("needs a reason"));
    }
}
