//! The ledger: every normative statement of a revision, one a row.

mod spans;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Role;
use crate::verdict::Strength;

const COLUMNS: [&str; 11] = [
    "id",
    "level",
    "force",
    "party",
    "page",
    "anchor",
    "requirement",
    "observe",
    "how",
    "official",
    "position",
];

/// Where the text on Server Cards is that we judge by: an extension that is no part of the site yet.
const SERVER_CARD: &str = "https://github.com/modelcontextprotocol/experimental-ext-server-card/blob/8924e08/docs/discovery.md";

/// Where the texts on MCP Apps are, by version.
const APPS: &str = "https://github.com/modelcontextprotocol/ext-apps/blob/main/specification";

/// Two more, in a file of rows that end.
const SPAN: [&str; 2] = ["since", "until"];

/// All requirements of a revision, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: Vec<Requirement>,
    by_id: BTreeMap<String, usize>,
    /// By id: whom it is excluded for, each with a reason; `None` for everybody.
    excluded: BTreeMap<String, Vec<(Option<Role>, String)>>,
}

/// One normative statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its name for ever, and the id of the check that judges it.
    pub id: String,
    /// How strongly it is demanded.
    pub level: Level,
    /// What says so.
    pub force: Force,
    /// Whom it binds.
    pub party: Party,
    /// The page of the specification, such as `basic/transports/stdio`.
    pub page: String,
    /// The anchor on that page.
    pub anchor: String,
    /// The statement in our words.
    pub summary: String,
    /// What it takes to observe it.
    pub observe: Observe,
    /// How it can be observed.
    pub how: String,
    /// Ids of the official suite that touch it.
    pub official: Vec<String>,
    /// The positions that its judgement rests on.
    pub positions: Vec<String>,
    /// The first revision that demands it; see [`crate::Edition::spans`] for what says nothing.
    pub since: Option<String>,
    /// The last revision that demands it.
    pub until: Option<String>,
    /// Where it stands in the revisions with a handshake, if it does: page and anchor.
    pub earlier: Option<(String, String)>,
}

/// The requirement levels of RFC 2119, and advice below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// MUST.
    #[serde(rename = "MUST")]
    Must,
    /// MUST NOT.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// SHOULD.
    #[serde(rename = "SHOULD")]
    Should,
    /// SHOULD NOT.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// MAY.
    #[serde(rename = "MAY")]
    May,
    /// Advice of ours, apart from conformance.
    #[serde(rename = "ADVICE")]
    Advice,
}

/// What a requirement rests on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Force {
    /// A keyword of BCP 14 on the page, or in a standard that the page includes by MUST.
    #[default]
    Text,
    /// The schema of the revision.
    Schema,
    /// What the text states, shows or implies without a keyword.
    Inferred,
}

/// Whom a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The server.
    Server,
    /// The client.
    Client,
    /// Client and server.
    Both,
    /// The authorization server.
    AuthorizationServer,
    /// The host application.
    Host,
    /// A proxy or gateway.
    Intermediary,
}

/// What it takes to observe a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Observe {
    /// Messages on the wire, on any server.
    Wire,
    /// A declared capability.
    Capability,
    /// A prop: a thing with known behaviour.
    Fixture,
    /// Control of the process or the connection.
    Control,
    /// Tokens and a mock authorization server.
    Auth,
    /// An authorization server as the target.
    As,
    /// A client as the target.
    Client,
    /// Nothing: a person has to judge.
    Review,
}

/// Why a ledger or its exclusions could not be read; names the file and the line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}:{line}: {what}")]
pub struct LedgerError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl Ledger {
    /// Reads a ledger; errors name `file` and the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, LedgerError> {
        Self::default().with_rows(file, text)
    }

    /// Adds the rows of another file.
    pub fn with_rows(mut self, file: &str, text: &str) -> Result<Self, LedgerError> {
        let error = |line: usize, what: String| LedgerError { file: file.to_owned(), line, what };
        let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
        let header = lines.next().map(|(_, line)| line.split('\t').collect::<Vec<_>>());
        let spanning = [&COLUMNS[..], &SPAN[..]].concat();
        if header.as_deref() != Some(&COLUMNS[..]) && header.as_ref() != Some(&spanning) {
            return Err(error(
                1,
                format!("the first line names the columns: {}", COLUMNS.join(", ")),
            ));
        }
        for (number, line) in lines {
            let row = Requirement::parse(line).map_err(|what| error(number, what))?;
            if self.by_id.insert(row.id.clone(), self.rows.len()).is_some() {
                return Err(error(number, format!("`{}` stands twice: ids are unique", row.id)));
            }
            self.rows.push(row);
        }
        Ok(self)
    }

    /// Adds the exclusions: requirements that no check judges, each with a reason.
    pub fn with_exclusions(mut self, file: &str, text: &str) -> Result<Self, LedgerError> {
        for (n, line) in text.lines().enumerate() {
            let error = |what: String| LedgerError { file: file.to_owned(), line: n + 1, what };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, rest) =
                line.split_once('\t').ok_or_else(|| error("expected `id<TAB>reason`".into()))?;
            let (role, reason) = match rest.split_once('\t') {
                None => (None, rest),
                Some((role, reason)) => {
                    let known = word_of(role);
                    (Some(known.ok_or_else(|| error(format!("`{role}` is no role")))?), reason)
                }
            };
            if !self.by_id.contains_key(id) {
                return Err(error(format!("`{id}` is not in the ledger: remove the line")));
            }
            if reason.trim().len() < 10 {
                return Err(error(format!("`{id}` needs a reason that convinces a sceptic")));
            }
            let all = self.excluded.entry(id.to_owned()).or_default();
            if all.iter().any(|(known, _)| known.is_none() || role.is_none() || *known == role) {
                return Err(error(format!("`{id}` is excluded twice")));
            }
            all.push((role, reason.trim().to_owned()));
        }
        Ok(self)
    }

    /// The rows in the order of the file.
    pub fn rows(&self) -> &[Requirement] {
        &self.rows
    }

    /// The row of an id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.by_id.get(id).map(|&at| &self.rows[at])
    }

    /// The place of an id in the file, for ordering results.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Why no check judges this id for a role, if it is excluded there.
    pub fn exclusion(&self, id: &str, role: Role) -> Option<&str> {
        let all = self.excluded.get(id)?;
        let of = all.iter().find(|(whom, _)| whom.is_none_or(|whom| whom == role))?;
        Some(&of.1)
    }
}

impl Requirement {
    fn parse(line: &str) -> Result<Self, String> {
        let mut cells: Vec<&str> = line.split('\t').collect();
        let span =
            (cells.len() == COLUMNS.len() + SPAN.len()).then(|| cells.split_off(COLUMNS.len()));
        let span: Vec<String> = span.into_iter().flatten().map(str::to_owned).collect();
        let [id, level, force, party, page, anchor, summary, observe, how, official, position] =
            cells[..]
        else {
            return Err(format!(
                "expected {} tab-separated cells, found {}",
                COLUMNS.len(),
                cells.len()
            ));
        };
        if id.is_empty()
            || !id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
        {
            return Err(format!("`{id}` is no id: use lower-case words, digits, `.` and `-`"));
        }
        let word = |column: &str, text: &str| format!("`{text}` is no {column}");
        Ok(Self {
            id: id.to_owned(),
            level: word_of(level).ok_or_else(|| word("level", level))?,
            force: word_of(force).ok_or_else(|| word("force", force))?,
            party: word_of(party).ok_or_else(|| word("party", party))?,
            page: page.to_owned(),
            anchor: anchor.to_owned(),
            summary: summary.to_owned(),
            observe: word_of(observe).ok_or_else(|| word("way to observe", observe))?,
            how: how.to_owned(),
            official: list(official),
            positions: list(position),
            since: span.first().cloned(),
            until: span.get(1).cloned(),
            earlier: None,
        })
    }

    /// Where the statement stands in a revision, for people: page#anchor on the public site.
    pub fn url(&self, revision: &str) -> String {
        let site = "https://modelcontextprotocol.io";
        let anchor = if self.anchor == "top" { String::new() } else { format!("#{}", self.anchor) };
        if self.page.starts_with("ext:server-card/") {
            return format!("{SERVER_CARD}{anchor}");
        }
        if let Some(version) = self.page.strip_prefix("ext:apps/") {
            return format!("{APPS}/{version}.mdx{anchor}");
        }
        if let Some(standard) = self.page.strip_prefix("ext:auth/rfc") {
            return format!("https://www.rfc-editor.org/rfc/rfc{standard}{anchor}");
        }
        if let Some(extension) = self.page.strip_prefix("ext:") {
            return format!("{site}/extensions/{extension}{anchor}");
        }
        if self.page.starts_with("seps/") {
            return format!("{site}/{}{anchor}", self.page);
        }
        let page = if self.page == "index" { "" } else { &self.page };
        format!("{site}/specification/{revision}/{page}{anchor}").replace("/#", "#")
    }
}

impl Force {
    /// What it means, after the level.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "by the text",
            Self::Schema => "by the schema",
            Self::Inferred => "inferred",
        }
    }

    /// The word of the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Schema => "schema",
            Self::Inferred => "inferred",
        }
    }
}

impl Level {
    /// The level without its polarity.
    pub fn strength(self) -> Strength {
        match self {
            Self::Must | Self::MustNot => Strength::Must,
            Self::Should | Self::ShouldNot => Strength::Should,
            Self::May | Self::Advice => Strength::May,
        }
    }

    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Advice => "ADVICE",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.keyword())
    }
}

/// The items of a cell, joined by `;`; `-` for none.
fn list(cell: &str) -> Vec<String> {
    let items = cell.split(';').map(str::trim);
    items.filter(|item| !matches!(*item, "" | "-")).map(str::to_owned).collect()
}

/// Reads an enum by its serde name, so that each word stands in one place.
fn word_of<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_file_and_line() {
        let head = COLUMNS.join("\t");
        let row = "a.b\tMUST\ttext\tserver\tbasic\ttop\twhat\twire\thow\t-\t-";
        let twice = Ledger::parse("x.tsv", &format!("{head}\n{row}\n{row}\n")).unwrap_err();
        assert_eq!(twice.to_string(), "x.tsv:3: `a.b` stands twice: ids are unique");
        let level = Ledger::parse("x.tsv", &format!("{head}\n{}\n", row.replace("MUST", "WILL")));
        assert_eq!(level.unwrap_err().to_string(), "x.tsv:2: `WILL` is no level");
        let short = Ledger::parse("x.tsv", &format!("{head}\na.b\tMUST\n")).unwrap_err();
        assert_eq!(short.to_string(), "x.tsv:2: expected 11 tab-separated cells, found 2");
        let exclusion = Ledger::parse("x.tsv", &head)
            .and_then(|l| l.with_exclusions("e.tsv", "no.such\twhy not at all"));
        assert_eq!(
            exclusion.unwrap_err().to_string(),
            "e.tsv:1: `no.such` is not in the ledger: remove the line"
        );
    }
}
