//! Known violations: a user's list, each with a reason; stale entries are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Edition;

/// The violations that a user knows and accepts where one revision is judged by, by requirement id, each with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(pub BTreeMap<String, String>);

/// What stands under an id in a known list: a reason for every revision, or one for a revision alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// A reason, whatever the revision.
    Reason(String),
    /// A reason for one revision.
    Of(OfRevision),
}

/// An entry for one revision.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfRevision {
    /// The reason.
    pub reason: String,
    /// The revision, such as `2025-11-25`.
    pub revision: String,
}

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
    known: BTreeMap<String, Entry>,
}

impl Entry {
    /// Why the violation is accepted.
    pub fn reason(&self) -> &str {
        match self {
            Self::Reason(reason) => reason,
            Self::Of(of) => &of.reason,
        }
    }

    /// Whether it is for runs by this revision.
    pub fn is_for(&self, revision: &str) -> bool {
        match self {
            Self::Reason(_) => true,
            Self::Of(of) => of.revision == revision,
        }
    }
}

impl Known {
    /// Reads a list: a TOML table `[known]` of `"requirement.id" = "reason"`, or of `{ reason = "…", revision = "…" }`, each a row of
    /// one of the ledgers; what is for the revision of `edition` is kept.
    ///
    /// # Errors
    ///
    /// The text is no such list.
    pub fn parse(
        file: &str,
        text: &str,
        edition: &Edition,
        all: &[Edition],
    ) -> Result<Self, KnownError> {
        let error = |e: toml::de::Error| KnownError { file: file.to_owned(), what: e.to_string() };
        let File { known } = toml::from_str(text).map_err(error)?;
        Self::checked(file, &known, edition, all)
    }

    /// The entries of a list that are for the revision of `edition`.
    ///
    /// # Errors
    ///
    /// One names what is no requirement, or not one of its revision, or gives no reason.
    pub fn checked(
        file: &str,
        entries: &BTreeMap<String, Entry>,
        edition: &Edition,
        all: &[Edition],
    ) -> Result<Self, KnownError> {
        let error = |what: String| Err(KnownError { file: file.to_owned(), what });
        for (id, entry) in entries {
            let has = |edition: &&Edition| edition.ledger.requirement(id).is_some();
            if !all.iter().any(|edition| has(&edition)) {
                return error(format!("`{id}` is no requirement: see `plumb list`"));
            }
            if entry.reason().trim().is_empty() {
                return error(format!("`{id}` needs a reason"));
            }
            let Entry::Of(OfRevision { revision, .. }) = entry else { continue };
            let Some(of) = all.iter().find(|edition| edition.revision == *revision) else {
                return error(format!("`{id}`: `{revision}` is no revision that is judged"));
            };
            if !has(&of) {
                return error(format!("`{id}` is no requirement of {revision}"));
            }
        }
        let own = |id: &str| edition.ledger.requirement(id).is_some();
        let kept = entries.iter().filter(|(id, entry)| own(id) && entry.is_for(&edition.revision));
        Ok(Self(kept.map(|(id, entry)| (id.clone(), entry.reason().to_owned())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_or_an_empty_reason_is_an_error() {
        let all: Vec<Edition> = Edition::revisions().into_iter().filter_map(Edition::of).collect();
        let parse =
            |text: &str| Known::parse("known.toml", text, &all[0], &all).map_err(|e| e.to_string());
        assert!(parse("[known]\n'base.response.same-id' = 'issue 12'").is_ok());
        assert_eq!(
            parse("[known]\n'no.such' = 'x'").unwrap_err(),
            "known.toml: `no.such` is no requirement: see `plumb list`"
        );
        assert!(
            parse("[known]\n'base.response.same-id' = ' '").unwrap_err().contains("needs a reason")
        );
    }

    #[test]
    fn an_entry_with_a_revision_is_for_that_alone() {
        let all: Vec<Edition> = Edition::revisions().into_iter().filter_map(Edition::of).collect();
        let text = "[known]\n'base.response.same-id' = { reason = 'x', revision = '2025-11-25' }";
        for (edition, kept) in all.iter().zip([0, 1, 0, 0]) {
            let known = Known::parse("known.toml", text, edition, &all).expect("a list");
            assert_eq!(known.0.len(), kept, "{}", edition.revision);
        }
        let text = "[known]\n'base.response.same-id' = { reason = 'x', revision = '2024-11-05' }";
        let error = Known::parse("known.toml", text, &all[0], &all).expect_err("no such revision");
        assert!(
            error.to_string().contains("`2024-11-05` is no revision that is judged"),
            "{error}"
        );
    }
}
