//! An edition: one revision of the protocol as a value, with all that we judge by.
//!
//! It is made once, by whoever starts something ([`Edition::latest`]), and passed in from there: nothing here is global,
//! so that one process can judge by two revisions. What is code and not data (the wire, schemas, checks) is found by the
//! edition's revision: a check and a pack say which revisions they span, see [`Edition::spans`].

use plumb_texts::text;

use crate::suite::{Suite, SuiteError};
use crate::{CheckInfo, Ledger, Position, Positions, Requirement, Role};

/// The revision that the rows, suites and positions of this repository are for, and the first one that had any: what
/// does not say since when it holds was written for it.
const REVISION: &str = "2026-07-28";

/// The revisions before it, the latest first; they open with a handshake.
const EARLIER: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Those of them that are judged; the first transport over HTTP came with the oldest.
const JUDGED: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// One revision of the protocol, with all that we judge by.
#[derive(Clone, Debug)]
pub struct Edition {
    /// The revision, a date as it stands on the wire.
    pub revision: String,
    /// The revisions before it that open with a handshake, the latest first.
    pub earlier: Vec<String>,
    /// Every normative statement.
    pub ledger: Ledger,
    /// What we do where the text is silent.
    pub positions: Positions,
    /// The suites, by name, as TOML.
    pub suites: Vec<(String, String)>,
}

impl Edition {
    /// The newest edition that is built in.
    pub fn latest() -> Self {
        Self {
            earlier: EARLIER.map(str::to_owned).to_vec(),
            ledger: newest().unwrap_or_else(|e| unreachable!("the built-in ledger is tested: {e}")),
            positions: Positions::parse(text!("docs/positions.md")),
            suites: suites().map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
            ..Self::empty(REVISION)
        }
    }

    /// The edition of a revision, if it is judged.
    pub fn of(revision: &str) -> Option<Self> {
        if revision == REVISION {
            return Some(Self::latest());
        }
        let revision = JUDGED.into_iter().find(|judged| *judged == revision)?;
        let empty = Self::empty(revision);
        let rows = text!("suites/requirements/earlier.tsv");
        let excluded = text!("suites/requirements/earlier.excluded.tsv");
        let ledger = newest()
            .and_then(|ledger| ledger.with_rows("earlier.tsv", rows))
            .and_then(|ledger| ledger.with_exclusions("earlier.excluded.tsv", excluded))
            .unwrap_or_else(|e| unreachable!("the built-in ledger is tested: {e}"))
            .earlier(|since, until| empty.spans(since, until));
        let before = EARLIER.into_iter().filter(|earlier| *earlier < revision);
        Some(Self {
            earlier: before.map(str::to_owned).collect(),
            ledger,
            positions: Positions::parse(text!("docs/positions.md")),
            suites: earlier_suites()
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .to_vec(),
            ..empty
        })
    }

    /// The revisions that are judged, the newest first.
    pub fn revisions() -> Vec<&'static str> {
        [&[REVISION][..], &JUDGED[..]].concat()
    }

    /// An edition that demands nothing yet.
    pub fn empty(revision: &str) -> Self {
        Self {
            revision: revision.to_owned(),
            earlier: Vec::new(),
            ledger: Ledger::default(),
            positions: Positions::default(),
            suites: Vec::new(),
        }
    }

    /// Whether this is a version of the protocol from before the revision, one that opens with a handshake.
    pub fn is_earlier(&self, version: &str) -> bool {
        self.earlier.iter().any(|earlier| earlier == version)
    }

    /// Whether the revision itself opens with a handshake, and has sessions.
    pub fn has_handshake(&self) -> bool {
        EARLIER.contains(&self.revision.as_str())
    }

    /// Whether messages may come in batches (2025-03-26, basic#batching).
    pub fn has_batches(&self) -> bool {
        self.revision == "2025-03-26"
    }

    /// Whether anybody is judged by it in this role: rows of the revisions with a handshake are those that bind servers.
    pub fn judges(&self, role: Role) -> bool {
        role == Role::Server || !self.has_handshake()
    }

    /// The last revision that opens with a handshake, as a client of the day before speaks it; the edition's own where none
    /// came before.
    pub fn last_with_handshake(&self) -> &str {
        self.earlier.first().unwrap_or(&self.revision)
    }

    /// Whether something that holds since one revision and until another, both included, belongs to this one. What does
    /// not say since when was written for the first revision that we had, and holds until it is told otherwise.
    pub fn spans(&self, since: Option<&str>, until: Option<&str>) -> bool {
        // Revisions are dates, so their order is that of their characters.
        since.unwrap_or(REVISION) <= self.revision.as_str()
            && until.is_none_or(|until| self.revision.as_str() <= until)
    }

    /// The suite of a name.
    pub fn suite(&self, name: &str) -> Option<Result<Suite, SuiteError>> {
        let (file, text) = self.suites.iter().find(|(n, _)| n == name)?;
        Some(Suite::parse(file, text, &self.ledger))
    }

    /// The names of the suites.
    pub fn suite_names(&self) -> Vec<&str> {
        self.suites.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Where a statement stands, for people: page#anchor on the public site.
    pub fn url(&self, row: &Requirement) -> String {
        row.url(&self.revision)
    }

    /// What a report says about the check of a row, with the documentation of that check; `None` for an id outside the
    /// ledger.
    pub fn info(&self, id: &str, docs: String) -> Option<CheckInfo> {
        let row = self.ledger.requirement(id)?;
        Some(CheckInfo::new(row, self.url(row), docs))
    }

    /// The positions that a row rests on.
    pub fn positions_of<'a>(&'a self, row: &'a Requirement) -> impl Iterator<Item = &'a Position> {
        row.positions.iter().filter_map(|id| self.positions.position(id))
    }
}

/// The rows of the newest revision, with those that earlier ones share marked.
fn newest() -> Result<Ledger, crate::ledger::LedgerError> {
    let rows = text!("suites/requirements/2026-07-28.tsv");
    let excluded = text!("suites/requirements/2026-07-28.excluded.tsv");
    let advice = text!("suites/requirements/advice.tsv");
    let gateway = text!("suites/requirements/gateway.tsv");
    let shared = text!("suites/requirements/shared.tsv");
    Ledger::parse("2026-07-28.tsv", rows)?
        .with_exclusions("2026-07-28.excluded.tsv", excluded)?
        .with_rows("advice.tsv", advice)?
        .with_rows("gateway.tsv", gateway)?
        .with_shared("shared.tsv", shared)
}

/// The suites of the revisions with a handshake.
fn earlier_suites() -> [(&'static str, &'static str); 5] {
    [
        ("core", text!("suites/earlier/core.toml")),
        ("quick", text!("suites/earlier/quick.toml")),
        ("full", text!("suites/earlier/full.toml")),
        ("apps", text!("suites/apps.toml")),
        ("server-card", text!("suites/server-card.toml")),
    ]
}

fn suites() -> [(&'static str, &'static str); 11] {
    [
        ("core", text!("suites/core.toml")),
        ("quick", text!("suites/quick.toml")),
        ("full", text!("suites/full.toml")),
        ("auth", text!("suites/auth.toml")),
        ("stateless", text!("suites/stateless.toml")),
        ("tasks", text!("suites/tasks.toml")),
        ("apps", text!("suites/apps.toml")),
        ("server-card", text!("suites/server-card.toml")),
        ("dpop", text!("suites/dpop.toml")),
        ("advice", text!("suites/advice.toml")),
        ("authorization-server", text!("suites/authorization-server.toml")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ledger_and_suites_parse() {
        let edition = Edition::latest();
        assert!(edition.ledger.rows().len() > 1000);
        for name in edition.suite_names() {
            let suite = edition.suite(name).expect("named").unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(suite.name, name);
        }
    }

    #[test]
    fn every_judged_revision_has_an_edition_and_later_ones_demand_more() {
        let editions = Edition::revisions().into_iter().map(|r| Edition::of(r).expect("judged"));
        let [newest, last, middle, first] =
            editions.collect::<Vec<_>>().try_into().expect("four of them");
        assert!(!newest.has_handshake() && last.has_handshake() && first.has_handshake());
        let rows = |edition: &Edition| edition.ledger.rows().len();
        assert!(rows(&last) > 200 && rows(&last) > rows(&middle) && rows(&middle) > rows(&first));
        for edition in [&last, &middle, &first] {
            for name in edition.suite_names() {
                edition.suite(name).expect("named").unwrap_or_else(|e| panic!("{e}"));
            }
        }
        assert!(Edition::of("2024-11-05").is_none());
    }

    #[test]
    fn a_link_leads_to_page_and_anchor() {
        let edition = Edition::latest();
        let url = |id: &str| edition.ledger.requirement(id).map(|row| edition.url(row));
        assert_eq!(
            url("base.response.same-id").as_deref(),
            Some("https://modelcontextprotocol.io/specification/2026-07-28/basic#result-responses")
        );
        assert_eq!(
            url("dpop.client.ath").as_deref(),
            Some("https://www.rfc-editor.org/rfc/rfc9449#section-7")
        );
    }

    #[test]
    fn what_names_no_revision_spans_all_from_the_first_on() {
        let (first, later, before) =
            (Edition::latest(), Edition::empty("2027-03-01"), Edition::empty("2025-11-25"));
        assert!(first.spans(None, None) && later.spans(None, None) && !before.spans(None, None));
        assert!(!first.spans(Some("2027-03-01"), None) && later.spans(Some("2027-03-01"), None));
        assert!(first.spans(None, Some("2026-07-28")) && !later.spans(None, Some("2026-07-28")));
        assert!(before.spans(Some("2025-06-18"), Some("2025-11-25")));
    }

    #[test]
    fn an_empty_edition_has_no_row_no_suite_and_no_position() {
        let edition = Edition::empty("2027-03-01");
        assert!(edition.ledger.rows().is_empty() && edition.positions.all().is_empty());
        assert!(
            edition.suite("core").is_none()
                && edition.info("base.response.same-id", String::new()).is_none()
        );
    }
}
