//! Suites: TOML selections of requirements and which verdicts fail a run.

use serde::{Deserialize, Serialize};

use crate::{Ledger, Level, Requirement};

/// A selection of requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// What it is for, one line.
    pub about: String,
    /// Which requirements belong to it: ids, or prefixes ending in `*`; empty selects all.
    #[serde(default)]
    pub select: Vec<String>,
    /// Which do not, by the same patterns.
    #[serde(default)]
    pub omit: Vec<String>,
    /// Which levels belong to it; empty selects all.
    #[serde(default)]
    pub levels: Vec<Level>,
    /// Which verdicts fail a run.
    #[serde(default)]
    pub policy: Policy,
}

/// Which verdicts fail a run, beyond violated MUSTs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What only warns fails: a violated SHOULD, and a violated MUST that is inferred.
    #[serde(default)]
    pub strict: bool,
    /// A requirement that could not be observed fails.
    #[serde(default)]
    pub deny_unverified: bool,
}

/// Why a suite could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}")]
pub struct SuiteError {
    /// The file's name.
    pub file: String,
    /// What is wrong, with line and column where TOML knows them.
    pub what: String,
}

impl Suite {
    /// Reads a suite; every pattern must select something of the ledger.
    pub fn parse(file: &str, text: &str, ledger: &Ledger) -> Result<Self, SuiteError> {
        let error = |what: String| SuiteError { file: file.to_owned(), what };
        let suite: Self = toml::from_str(text).map_err(|e| error(e.to_string()))?;
        for pattern in suite.select.iter().chain(&suite.omit) {
            if !ledger.rows().iter().any(|r| matches(pattern, &r.id)) {
                return Err(error(format!("`{pattern}` selects no requirement: see `plumb list`")));
            }
        }
        Ok(suite)
    }

    /// Whether it is made for protected servers: what it selects by name needs tokens.
    pub fn needs_tokens(&self) -> bool {
        self.select.iter().any(|pattern| pattern.starts_with("auth.rs."))
    }

    /// Whether a requirement belongs to the suite.
    pub fn selects(&self, requirement: &Requirement) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|p| matches(p, &requirement.id));
        (self.select.is_empty() || any(&self.select))
            && !any(&self.omit)
            && (self.levels.is_empty() || self.levels.contains(&requirement.level))
    }
}

/// Whether a pattern, an id or a prefix ending in `*`, covers an id.
pub fn matches(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |prefix| id.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_selects_nothing_is_an_error() {
        let text = "name = 'x'\nabout = 'y'\nselect = ['http.nonsense.*']";
        let error = Suite::parse("x.toml", text, &Ledger::default()).unwrap_err().to_string();
        assert_eq!(error, "x.toml: `http.nonsense.*` selects no requirement: see `plumb list`");
    }
}
