//! Known violations: a user's list, each with a reason; stale entries are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Ledger;

/// The violations that a user knows and accepts, by requirement id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(pub BTreeMap<String, String>);

/// Why a known list could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}")]
pub struct KnownError {
    /// The file's name.
    pub file: String,
    /// What is wrong, with line and column where TOML knows them.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: BTreeMap<String, String>,
}

impl Known {
    /// Reads a list: a TOML table `[known]` of `"requirement.id" = "reason"`, each a row of one of the ledgers.
    ///
    /// # Errors
    ///
    /// The text is no such list, names what is no requirement, or gives no reason.
    pub fn parse(file: &str, text: &str, ledgers: &[&Ledger]) -> Result<Self, KnownError> {
        let error = |what: String| KnownError { file: file.to_owned(), what };
        let File { known } = toml::from_str(text).map_err(|e| error(e.to_string()))?;
        for (id, reason) in &known {
            if ledgers.iter().all(|ledger| ledger.requirement(id).is_none()) {
                return Err(error(format!("`{id}` is no requirement: see `plumb list`")));
            }
            if reason.trim().is_empty() {
                return Err(error(format!("`{id}` needs a reason")));
            }
        }
        Ok(Self(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_or_an_empty_reason_is_an_error() {
        let ledger = crate::Edition::latest().ledger;
        let parse =
            |text: &str| Known::parse("known.toml", text, &[&ledger]).map_err(|e| e.to_string());
        assert!(parse("[known]\n'base.response.same-id' = 'issue 12'").is_ok());
        assert_eq!(
            parse("[known]\n'no.such' = 'x'").unwrap_err(),
            "known.toml: `no.such` is no requirement: see `plumb list`"
        );
        assert!(
            parse("[known]\n'base.response.same-id' = ' '").unwrap_err().contains("needs a reason")
        );
    }
}
