//! What an audit of a server of an earlier revision found: which of the things that it does today the newest revision takes
//! away, as a list to work off. It judges nothing.

use serde::{Deserialize, Serialize};

use crate::event::TargetInfo;
use crate::{Exchange, Reports, Secrets, Verdict};

/// The version of an audit's format; it grows with every change that is no addition.
pub const AUDIT_FORMAT: u32 = 1;

/// An audit of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The version of the format.
    pub format: u32,
    /// The version of Plumb.
    pub plumb: String,
    /// The revision that the list leads to.
    pub revision: String,
    /// Wall-clock time of the start, RFC 3339.
    pub started: String,
    /// Wall time, microseconds.
    pub took: u64,
    /// The server as the user named it, and what it said of itself.
    pub target: TargetInfo,
    /// The earlier revisions that it negotiates, the latest first.
    pub spoken: Vec<String>,
    /// The SDK that it is made with, if it shows that.
    pub sdk: Option<Sdk>,
    /// Every item of the catalogue, in the order in which a migration works them off.
    pub items: Vec<Item>,
    /// What the audit could not do, a line each.
    pub remarks: Vec<String>,
    /// What the evidence rests on, by sequence number.
    pub exchanges: Vec<Exchange>,
}

/// An SDK, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdk {
    /// Its package, as its registry names it.
    pub package: String,
    /// Its version, if the server tells.
    pub version: Option<String>,
    /// What shows it.
    pub shown_by: String,
    /// The package that speaks the newest revision, and since which version.
    pub next: String,
}

/// One thing that may have to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id, such as `migrate.session.minted`.
    pub id: String,
    /// When a migration gets to it.
    pub phase: Phase,
    /// How much work it usually is.
    pub effort: Effort,
    /// What is found where it is found, as a fact.
    pub title: String,
    /// Whether it was found.
    pub state: State,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// The requirement that it leads to, by its id in the ledger.
    pub requirement: String,
    /// Where that stands.
    pub url: String,
    /// What to do.
    pub remedy: String,
    /// What to do in the SDK at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_sdk: Option<String>,
    /// The earliest removal of a deprecated feature, which keeps working until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<String>,
    /// What an earlier audit said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
}

/// The phases of a migration, each of which can be released by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Headers, caching, scopes and output schemas: additions that no client of an earlier revision minds.
    Additions,
    /// Schemas, names and error codes.
    Schemas,
    /// The stateless core: no handshake, no session, no request by the server.
    Core,
    /// OAuth.
    Oauth,
}

/// How much work something usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A setting, an SDK's default, or a line.
    Small,
    /// A day: several places, none of them hard.
    Medium,
    /// A change of design.
    Large,
}

/// Whether something was found; never a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was seen.
    Found,
    /// It was looked for, and was not there.
    NotFound,
    /// It could not be looked for.
    NotObservable,
}

/// Something that was seen, or why it could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What, in words.
    pub seen: String,
    /// The exchanges that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<u64>,
}

/// How an item stands beside an earlier audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Found before, and no longer.
    Done,
    /// Found before, and still.
    Left,
    /// Found now, and not before.
    New,
    /// Found before; now it cannot be looked for.
    Unknown,
    /// Neither found then nor now.
    Nothing,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Additions, Self::Schemas, Self::Core, Self::Oauth];

    /// What it is about.
    pub fn title(self) -> &'static str {
        match self {
            Self::Additions => "headers, caching, scopes and output schemas",
            Self::Schemas => "schemas, names and error codes",
            Self::Core => "the stateless core",
            Self::Oauth => "OAuth",
        }
    }
}

impl Effort {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

impl State {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not found",
            Self::NotObservable => "not observable",
        }
    }
}

impl Item {
    /// How it stands beside the earlier audit; `None` if there is none that knows it.
    pub fn progress(&self) -> Option<Progress> {
        Some(match (self.before?, self.state) {
            (State::Found, State::Found) => Progress::Left,
            (State::Found, State::NotFound) => Progress::Done,
            (State::Found, State::NotObservable) => Progress::Unknown,
            (_, State::Found) => Progress::New,
            _ => Progress::Nothing,
        })
    }
}

impl Audit {
    /// Reads an audit that was written as JSON.
    ///
    /// # Errors
    ///
    /// It is no audit, or one of a later format.
    pub fn parse(text: &str) -> Result<Self, String> {
        let audit: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if audit.format > AUDIT_FORMAT {
            return Err(format!("it is of format {}, and this is {AUDIT_FORMAT}", audit.format));
        }
        Ok(audit)
    }

    /// Notes what an earlier audit said of each item.
    pub fn compare(&mut self, earlier: &Self) {
        for item in &mut self.items {
            let before = earlier.items.iter().find(|other| other.id == item.id);
            item.before = before.map(|other| other.state);
        }
    }

    /// Notes what an earlier run showed: an item whose requirement was violated then was there. Of what held, or was not
    /// judged, nothing is known: a run by the newest revision sees nothing of how a server of two eras serves the others.
    pub fn compare_with_run(&mut self, run: &Reports) {
        let violated = |id: &str| {
            let mut checks = run.iter().flat_map(|report| &report.checks);
            checks.any(|c| c.info.id == id && matches!(c.verdict, Verdict::Violated { .. }))
        };
        for item in &mut self.items {
            item.before = violated(&item.requirement).then_some(State::Found);
        }
        let dates: Vec<&str> =
            run.iter().map(|report| report.run.started.as_str()).take(1).collect();
        let revisions: Vec<&str> = run.iter().map(|report| report.run.revision.as_str()).collect();
        self.remarks.push(format!(
            "what was there before is told by the run of {} by {}: the items whose requirements it saw violated",
            dates.join(""),
            revisions.join(", ")
        ));
    }

    /// How many items are in this state.
    pub fn count(&self, state: State) -> usize {
        self.items.iter().filter(|item| item.state == state).count()
    }

    /// The items of a phase that were found.
    pub fn found(&self, phase: Phase) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.phase == phase && item.state == State::Found)
    }

    /// Leaves only the exchanges that some evidence rests on.
    pub fn keep_evidence_only(&mut self) {
        let rested: std::collections::BTreeSet<u64> = self
            .items
            .iter()
            .flat_map(|item| item.evidence.iter().flat_map(|e| e.exchanges.iter().copied()))
            .collect();
        self.exchanges.retain(|exchange| rested.contains(&exchange.seq));
    }

    /// The audit without secrets.
    #[must_use]
    pub fn redacted(mut self, secrets: &Secrets) -> Self {
        crate::redact::audit(&mut self, secrets);
        self
    }
}
