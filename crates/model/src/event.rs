//! The waist of Plumb: a run is a stream of these, and every report is a function of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CheckInfo, Exchange, Position, Role, Verdict};

/// One line of `run.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The survey is done and the plan stands; always the first event by a revision.
    RunStarted(Box<RunStarted>),
    /// A check began.
    CheckStarted {
        /// The check's id.
        check: String,
        /// Microseconds since the run began.
        at: u64,
    },
    /// A message was sent and its answer ended; secrets are already blotted out.
    Exchanged(Arc<Exchange>),
    /// A case of a check was judged.
    CaseFinished(CaseFinished),
    /// A check was judged.
    CheckFinished {
        /// The check's id.
        check: String,
        /// Microseconds since the run began.
        at: u64,
        /// Its verdict, folded over its cases.
        #[serde(flatten)]
        verdict: Verdict,
    },
    /// Everything is judged; always the last event by a revision.
    RunFinished {
        /// Microseconds since the run began.
        at: u64,
        /// Whether a panic or another fault of Plumb itself occurred.
        internal_faults: Vec<String>,
        /// What befell the target meanwhile, a line each: that it limits requests, that its process ended.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
        /// How many exchanges the recording leaves out.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u64,
    },
}

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The version of this stream's format.
    pub format: u32,
    /// The version of Plumb.
    pub plumb: String,
    /// The revision judged by.
    pub revision: String,
    /// All revisions that the run judges by, in order, if there are several: for each of them, a stream from its start to its
    /// finish follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
    /// Wall-clock time of the start, RFC 3339.
    pub started: String,
    /// The seed of everything random.
    pub seed: u64,
    /// The suite's name.
    pub suite: String,
    /// Whether what only warns fails the run, and what else the suite denies.
    pub policy: crate::suite::Policy,
    /// The target as the user named it, and what it said of itself.
    pub target: TargetInfo,
    /// The checks in the order of the ledger.
    pub checks: Vec<CheckInfo>,
    /// Requirement ids whose violation the user knows and accepts, each with a reason.
    pub known: BTreeMap<String, String>,
    /// The positions that the checks rest on, and those of which the user takes the other side.
    #[serde(default)]
    pub positions: Vec<Position>,
    /// What was judged by, to the byte; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<JudgedBy>,
}

/// What a run judged by, to the byte: each `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedBy {
    /// The rows of the ledger.
    pub ledger: String,
    /// The positions.
    pub positions: String,
    /// The vector packs.
    pub packs: String,
    /// The suite.
    pub suite: String,
    /// The binary; absent where its file could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<String>,
}

/// The target as a report shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Who is judged; a server, where a report says nothing.
    #[serde(default, skip_serializing_if = "Role::is_server")]
    pub role: Role,
    /// The address or the command, secrets blotted out.
    pub address: String,
    /// `http` or `stdio`.
    pub transport: String,
    /// `modern`, `dual` or `legacy`.
    pub era: String,
    /// Name and version by its own account.
    pub server: Option<String>,
    /// The versions that it advertises.
    pub versions: Vec<String>,
    /// The capabilities that it declares, as it wrote them.
    pub capabilities: serde_json::Value,
    /// What the survey found beyond that, a line each: how many tools, which props.
    pub notes: Vec<String>,
}

/// One judged case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFinished {
    /// The check's id.
    pub check: String,
    /// The case's slug; with the check's id it is the address `check#case`.
    pub case: String,
    /// What the case is about, a plain fact.
    pub title: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The exchanges it rests on, as far as the recording keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<u64>,
    /// How often the same was seen: by a judgement over every exchange, or in cases of one title that hold.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: u32,
    /// How a violation was seen again; absent where it was not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

/// How a violation was seen again when Plumb tried it once more. What was not seen again is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The message by itself: on a connection of its own, over standard streams as the first line of a process.
    Alone,
    /// With nothing else in flight, but in a process that had been asked other things before: the target starts slowly, so
    /// that what is tried again shares one.
    AfterOthers,
    /// Only right behind the accepted request from which it deviates.
    AfterControl,
    /// Only in the process of the run, behind all that this one had been asked.
    InRun,
    /// When the whole scenario was played once more.
    Replayed,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn once() -> u32 {
    1
}

/// Whether something was seen once, which is not worth telling.
pub fn is_once(count: &u32) -> bool {
    *count == 1
}

/// The version of the event stream's format.
pub const FORMAT: u32 = 1;
