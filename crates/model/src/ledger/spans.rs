//! Which revisions a row spans, and where it stands in them.

use super::{Ledger, LedgerError};

/// The columns of a file of shared rows.
const COLUMNS: [&str; 4] = ["id", "since", "page", "anchor"];

impl Ledger {
    /// Says of rows since which earlier revision they hold, and where they stand there: `id`, `since`, `page`, `anchor`.
    ///
    /// # Errors
    ///
    /// A line has other cells, or names a row that is not here.
    pub fn with_shared(mut self, file: &str, text: &str) -> Result<Self, LedgerError> {
        let error = |line: usize, what: String| LedgerError { file: file.to_owned(), line, what };
        for (n, line) in text.lines().enumerate() {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, since, page, anchor] = cells[..] else {
                return Err(error(n + 1, format!("expected the cells {}", COLUMNS.join(", "))));
            };
            if n == 0 && cells == COLUMNS {
                continue;
            }
            let at = self.by_id.get(id).copied();
            let at = at.ok_or_else(|| error(n + 1, format!("`{id}` is not in the ledger")))?;
            let row = &mut self.rows[at];
            if row.since.replace(since.to_owned()).is_some() {
                return Err(error(n + 1, format!("`{id}` stands twice")));
            }
            row.earlier = Some((page.to_owned(), anchor.to_owned()));
        }
        Ok(self)
    }

    /// The rows that `spans` picks by their first and last revision, as they stand in the revisions with a handshake.
    pub(crate) fn earlier(self, spans: impl Fn(Option<&str>, Option<&str>) -> bool) -> Self {
        let mut kept = Self::default();
        for mut row in self.rows {
            if !spans(row.since.as_deref(), row.until.as_deref()) {
                continue;
            }
            if let Some((page, anchor)) = row.earlier.clone() {
                (row.page, row.anchor) = (page, anchor);
            }
            kept.by_id.insert(row.id.clone(), kept.rows.len());
            kept.rows.push(row);
        }
        kept.excluded = self.excluded;
        kept.excluded.retain(|id, _| kept.by_id.contains_key(id));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edition;

    #[test]
    fn a_shared_row_is_one_row_of_several_revisions() {
        let (latest, before) = (Edition::latest(), Edition::of("2025-11-25").expect("is judged"));
        let id = "base.response.same-id";
        let now = latest.ledger.requirement(id).expect("in the newest");
        let then = before.ledger.requirement(id).expect("and before");
        assert_eq!((&now.summary, now.level), (&then.summary, then.level));
        assert_eq!((then.page.as_str(), then.anchor.as_str()), ("basic", "result-responses"));
        assert_eq!(now.since.as_deref(), Some("2025-03-26"));
    }

    #[test]
    fn a_line_that_names_no_row_is_an_error() {
        let error = Ledger::default().with_shared("shared.tsv", "a.b\t2025-03-26\tbasic\ttop");
        assert_eq!(error.unwrap_err().to_string(), "shared.tsv:1: `a.b` is not in the ledger");
    }
}
