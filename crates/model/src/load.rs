//! What a short load showed: how long answers took, which errors came, and which answers were not those to their requests.

use serde::{Deserialize, Serialize};

use crate::{Header, Secrets};

/// The version of the form of [`Load`].
pub const LOAD_FORMAT: u32 = 1;

/// What a load showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// The version of this form: [`LOAD_FORMAT`].
    pub format: u32,
    /// The version of Plumb.
    pub plumb: String,
    /// The revision that was spoken.
    pub revision: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// The target, as it was named.
    pub target: String,
    /// Its name and version by its own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// How long requests were sent, microseconds.
    pub took: u64,
    /// Whether it ended before its time, by the user or the system.
    pub interrupted: bool,
    /// How requests were paced, in words.
    pub pace: String,
    /// The replicas.
    pub replicas: Vec<LoadedReplica>,
    /// What was asked.
    pub mix: Vec<LoadedKind>,
    /// Requests that were sent.
    pub asked: u64,
    /// Those that were answered rightly.
    pub right: u64,
    /// How long right answers took.
    pub latency: Quantiles,
    /// What went wrong that is no fault of correctness: what it was, and how often.
    pub errors: Vec<(String, u64)>,
    /// Answers that were not those to their requests, or did not come.
    pub faults: Vec<LoadFault>,
}

/// A replica under load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedReplica {
    /// Where it is.
    pub address: String,
    /// Requests that it was sent.
    pub asked: u64,
    /// How often we killed it, and it came back.
    pub killed: u64,
    /// How often its process ended by itself.
    pub died: u64,
}

/// A kind of request of a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedKind {
    /// The method, and what it named.
    pub name: String,
    /// By what its own answer is known, in words.
    pub known_by: String,
    /// Requests that were sent.
    pub asked: u64,
    /// Those that were answered rightly.
    pub right: u64,
    /// How long right answers took.
    pub latency: Quantiles,
}

/// How long answers took, microseconds. All are 0 where there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half of them took no longer.
    pub p50: u64,
    /// Nine of ten.
    pub p90: u64,
    /// Of a hundred ninety-nine.
    pub p99: u64,
    /// Of a thousand all but one.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
}

/// Answers that were not those to their requests, or did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadFault {
    /// What is wrong with them.
    pub kind: FaultKind,
    /// How many there were.
    pub count: u64,
    /// The first ones.
    pub examples: Vec<FaultExample>,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is the answer to another request.
    Swapped,
    /// It does not show what its request carried.
    Wrong,
    /// None came, though the replica that was asked was alive all the time.
    Lost,
}

/// A kind of request as a script of another tool sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scripted {
    /// The method, and what it names.
    pub name: String,
    /// The header fields; [`MARK_PLACE`] stands for the mark of the request.
    pub headers: Vec<Header>,
    /// The message as JSON, with the same place in it.
    pub body: String,
    /// What its own answer shows beside the id.
    pub shows: ScriptedShows,
}

/// What an answer shows of its request, beside the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "value")]
pub enum ScriptedShows {
    /// Nothing.
    Id,
    /// A list under this member of the result.
    List(String),
    /// The mark of the request, somewhere in the result.
    Mark,
    /// This URI, as that of all contents.
    Resource(String),
}

/// What makes a request one of its own begins like this, and ends in a number.
pub const MARK: &str = "plumb-load-";

/// In a template, the place of the request's own mark.
pub const MARK_PLACE: &str = "{plumb-mark}";

impl FaultKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Swapped => "swapped: the answer to another request",
            Self::Wrong => "wrong: it does not show what its request carried",
            Self::Lost => "lost: no answer, though the replica was alive",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultExample {
    /// When its request was sent, microseconds since the load began.
    pub at: u64,
    /// The replica that was asked, from 0.
    pub replica: usize,
    /// The kind of its request.
    pub kind: String,
    /// What was sent.
    pub sent: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub came: String,
}

impl Load {
    /// Whether every answer was the one to its request.
    pub fn is_correct(&self) -> bool {
        self.faults.is_empty()
    }

    /// The same without secrets.
    #[must_use]
    pub fn redacted(mut self, secrets: &Secrets) -> Self {
        let blot = |text: &mut String| *text = secrets.blot_text(text);
        blot(&mut self.target);
        self.server.iter_mut().for_each(blot);
        self.replicas.iter_mut().for_each(|replica| blot(&mut replica.address));
        self.mix.iter_mut().for_each(|kind| blot(&mut kind.name));
        self.errors.iter_mut().for_each(|(what, _)| blot(what));
        for example in self.faults.iter_mut().flat_map(|fault| &mut fault.examples) {
            [&mut example.kind, &mut example.sent, &mut example.expected, &mut example.came]
                .into_iter()
                .for_each(blot);
        }
        self
    }
}
