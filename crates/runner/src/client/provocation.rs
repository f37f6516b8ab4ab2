//! Scenarios in which the server provokes a client: most are told apart from one of the official suite by what the server
//! answers alone.

mod earlier;
mod icons;
mod inputs;
mod interrupted;
mod lists;
mod outputs;
mod piped;
mod rounds;
pub(super) mod steps;
mod tasks;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use plumb_model::Edition;
use plumb_wire::Asked;
use plumb_wire::script::Play;
use plumb_wire::stdio::Manner;
use serde_json::{Value, json};

pub use icons::{ICONS, IconFlaw};
pub(super) use inputs::ASKING;
pub use inputs::{
    ASK, CONFIRM, CONFIRM_OFFICIALLY, NO_TOOLS, USE_A_TOOL, VISIT, WHERE, form_schema,
};
pub use interrupted::{FAR_VERSION, LEGACY_MISMATCH};
pub use lists::MORE;
pub use steps::{FRESH_PAGE, SLOW_MS, STALE_PAGE, TASK_GIVEN_UP_MS, WATCHED};
pub use tasks::{INTERVAL, TASK, TASK_INPUT};

use super::offers::Refusal;
use super::scenario::Scenario;

/// What a server writes to its standard error that has nothing to complain of.
const COMPLAINT: &str =
    "ERROR: nothing happened\nTraceback (most recent call last):\n  nobody called\n";

/// Declares the provocations: what they are, their constants' names, and their labels.
macro_rules! provocations {
    ($($(#[doc = $doc:literal])+ $name:ident = $label:literal,)+) => {
        /// What a server does to provoke a client.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Provoked { $($(#[doc = $doc])+ $name,)+ }

        impl Provoked {
            /// All of them, in the order in which they are begun.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The official name, and after `#` what the server does beyond it.
            pub(super) fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }
    };
}

provocations! {
    /// A call is answered with an error: how a client ends then shows whether its end speaks of errors.
    Refused = "tools_call#refused",
    /// The first list is answered by a stream that ends before the response.
    Cut = "tools_call#cut",
    /// The call asks for the inputs that the client declares.
    Input = "tools_call#input",
    /// The call asks for a completion with tools, which the client does not declare.
    UndeclaredTools = "request-metadata#undeclared-tools",
    /// The call is to be sent again with a state; other requests follow.
    StateAmongOthers = "http-standard-headers#state",
    /// The call asks in several rounds, each time for something else, and not always with a state.
    Rounds = "tools_call#rounds",
    /// A read and a prompt are to be sent again with a state, as calls are.
    AskedElsewhere = "http-standard-headers#asked",
    /// Each call whose parameters are mirrored is to be sent again with a state.
    MirroredAgain = "http-custom-headers#asked",
    /// The official tools that ask for input: with a state, without one, and not at all.
    RequestState = "sep-2322-client-request-state",
    /// The schema of the output refers to the network.
    OutputReference = "tools_call#output-reference",
    /// A list is answered as if a task had been made of it.
    TaskOnList = "tools_call#task-on-list",
    /// A call makes a task.
    Task = "tools_call#task",
    /// A call makes a task that asks for input.
    TaskInput = "tools_call#task-input",
    /// A call makes a task that fails.
    TaskFailed = "tools_call#task-failed",
    /// A call makes a task that the server cancels.
    TaskDropped = "tools_call#task-dropped",
    /// A call makes a task, and who looks at it is answered by a result of a type that nobody has defined.
    TaskUndefined = "tools_call#task-undefined",
    /// Every request is refused for its version, and no version of the list is spoken by anybody.
    NoCommonVersion = "request-metadata#no-common-version",
    /// The server has another name and version.
    OtherName = "tools_call#other-name",
    /// What is listed has icons that a client is not to fetch.
    Icons = "tools_call#icons",
    /// The call is refused with a code that drafts had for headers.
    LegacyMismatch = "tools_call#legacy-mismatch",
    /// The first requests are refused with errors of this revision that are not about the version.
    Incapable = "request-metadata#capability",
    /// A list is JSON with a parameter of its media type, and then an event stream that is written in every way that is allowed.
    Forms = "tools_call#forms",
    /// A page of a list is an event stream in pieces: a line end comes in two of them, and so does a character.
    Pieces = "tools_call#pieces",
    /// What is mirrored into headers changed after the list.
    Changed = "http-custom-headers#changed",
    /// The call is too large (413).
    TooLarge = "tools_call#too-large",
    /// Its header fields are too large (431).
    FieldsTooLarge = "tools_call#fields-too-large",
    /// Lists of prompts and resources have pages of several sizes.
    MorePages = "http-standard-headers#pages",
    /// The server is one of an earlier revision, which refuses others with an error of its own.
    Earlier = "tools_call#earlier",
    /// The same, but the refusal has no body.
    EarlierEmpty = "tools_call#earlier-empty",
    /// The same, but the refusal is a page.
    EarlierPage = "tools_call#earlier-page",
    /// Over standard streams: the server of an earlier revision knows no such method.
    EarlierMethod = "tools_call#earlier-method",
    /// The same, but it takes the parameters for invalid.
    EarlierParams = "tools_call#earlier-params",
    /// The same, but it says nothing at all.
    EarlierSilent = "tools_call#earlier-silent",
    /// Over standard streams: the server writes to its standard error all the time.
    Complaining = "tools_call#complaining",
    /// Over standard streams: the server does not end with its input.
    Lasting = "tools_call#lasting",
    /// Over standard streams: a list is a line of two hundred kibibytes.
    LongLine = "tools_call#long-line",
    /// The server asks, which it must not.
    Asking = "tools_call#asking",
    /// Over standard streams: the server crashes in the middle of a call.
    Crashing = "plumb-steps#crashing",
    /// Over standard streams: the server crashes while the client listens.
    CrashingListened = "plumb-steps#crashing-listened",
    /// Over standard streams: a call that is given up is answered all the same.
    Late = "plumb-steps#late",
    /// A task is given up.
    TaskCancelled = "plumb-steps#task-cancelled",
    /// A slow call is given up.
    Cancelled = "plumb-steps#cancelled",
    /// A slow call takes longer than it may.
    TimedOut = "plumb-steps#timed-out",
    /// The client listens, and only a part of its wish is acknowledged.
    Listening = "plumb-steps#listening",
    /// The client completes, and the answer has no more than it must.
    Completing = "plumb-steps#completing",
    /// The client calls a tool whose name is like two others, with arguments that are like others.
    Names = "plumb-steps#names",
    /// The client reads and lists twice what may be kept for a while, or may not.
    Caching = "plumb-steps#caching",
}

impl Provoked {
    /// Whether it is for clients that follow steps alone.
    pub(super) fn is_scripted(self) -> bool {
        self.label().starts_with("plumb-steps#")
    }

    /// Whether it is over standard streams alone.
    pub(super) fn is_piped(self) -> bool {
        matches!(
            self,
            Self::EarlierMethod
                | Self::EarlierParams
                | Self::EarlierSilent
                | Self::Complaining
                | Self::Lasting
                | Self::LongLine
                | Self::Crashing
                | Self::CrashingListened
                | Self::Late
        )
    }

    /// Whether it is over HTTP alone: it is told by a status, by headers, or by the end of a stream.
    pub(super) fn is_posted(self) -> bool {
        matches!(
            self,
            Self::Cut
                | Self::EarlierEmpty
                | Self::EarlierPage
                | Self::Changed
                | Self::TooLarge
                | Self::FieldsTooLarge
                | Self::MirroredAgain
                | Self::Forms
                | Self::Pieces
        )
    }

    /// Whether a client waits in it for a second or more, or may well do: for a task, for time to pass, or for a server that says
    /// nothing.
    pub(super) fn takes_long(self) -> bool {
        (self.is_scripted() && self != Self::Names)
            || matches!(
                self,
                Self::Cut
                    | Self::EarlierSilent
                    | Self::Lasting
                    | Self::Task
                    | Self::TaskInput
                    | Self::TaskFailed
                    | Self::TaskDropped
                    | Self::TaskUndefined
            )
    }

    /// What the process of a server does beyond answering.
    pub(super) fn manner(self) -> Manner {
        Manner {
            complains: (self == Self::Complaining).then_some(COMPLAINT),
            outlasts_input: self == Self::Lasting,
        }
    }

    /// Whether a right client cannot do what it is told, and so may fail.
    pub(super) fn may_fail(self) -> bool {
        !matches!(
            self,
            Self::Input
                | Self::StateAmongOthers
                | Self::Task
                | Self::TaskInput
                | Self::OtherName
                | Self::Icons
                | Self::MorePages
                | Self::Complaining
                | Self::Lasting
                | Self::Rounds
                | Self::AskedElsewhere
                | Self::MirroredAgain
                | Self::Forms
                | Self::Pieces
                | Self::LongLine
                | Self::Names
                | Self::TaskCancelled
                | Self::Late
                | Self::Cancelled
                | Self::Listening
                | Self::Completing
                | Self::Caching
        )
    }
}

/// What a server has seen in its scenario up to now.
#[derive(Debug, Default)]
pub(super) struct Stage(Mutex<BTreeMap<String, u32>>);

impl Stage {
    /// How often something has come, this time included.
    pub(super) fn nth(&self, what: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How often it has come.
    fn count(&self, what: &str) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(what).copied().unwrap_or_default()
    }
}

/// The answer to what does not get a result, or is no request of the protocol.
pub(super) fn interrupted(
    scenario: Scenario,
    asked: &Asked,
    stage: &Stage,
    edition: &Edition,
) -> Option<Play> {
    let Scenario::Provoked(provoked) = scenario else { return None };
    match provoked {
        Provoked::Icons => icons::served(asked).map(Play::from),
        Provoked::Earlier
        | Provoked::EarlierEmpty
        | Provoked::EarlierPage
        | Provoked::EarlierMethod
        | Provoked::EarlierParams
        | Provoked::EarlierSilent => earlier::answered(provoked, asked, edition).map(Play::from),
        Provoked::Crashing | Provoked::CrashingListened => piped::answered(provoked, asked, stage),
        Provoked::TaskCancelled | Provoked::Names => None,
        Provoked::Late => steps::late(asked),
        _ if provoked.is_scripted() => steps::played(asked),
        _ => interrupted::answered(provoked, asked, stage, edition),
    }
}

/// The result of a request that is right, where the scenario has one of its own.
pub(super) fn result(
    scenario: Scenario,
    origin: &str,
    method: &str,
    params: &Value,
    stage: &Stage,
) -> Option<Result<Value, Refusal>> {
    let Scenario::Provoked(provoked) = scenario else { return None };
    match provoked {
        Provoked::Input
        | Provoked::UndeclaredTools
        | Provoked::StateAmongOthers
        | Provoked::RequestState => inputs::result(provoked, origin, method, params, stage).map(Ok),
        Provoked::Rounds | Provoked::AskedElsewhere | Provoked::MirroredAgain => {
            rounds::result(provoked, method, params, stage).map(Ok)
        }
        Provoked::Task
        | Provoked::TaskInput
        | Provoked::TaskFailed
        | Provoked::TaskDropped
        | Provoked::TaskUndefined
        | Provoked::TaskCancelled => tasks::result(provoked, method, params, stage),
        Provoked::MorePages => lists::pages(method, params),
        _ if provoked.is_scripted() => steps::result(provoked, method, params, stage),
        _ => None,
    }
}

/// Changes a result of the plain server as the scenario has it.
pub(super) fn amend(scenario: Scenario, origin: &str, method: &str, result: &mut Value) {
    let Scenario::Provoked(provoked) = scenario else { return };
    match provoked {
        Provoked::OutputReference => outputs::amend(origin, method, result),
        Provoked::Task
        | Provoked::TaskInput
        | Provoked::TaskFailed
        | Provoked::TaskDropped
        | Provoked::TaskUndefined
        | Provoked::TaskCancelled => {
            tasks::amend(method, result);
        }
        Provoked::Icons => icons::amend(origin, method, result),
        _ if provoked.is_scripted() => steps::amend(method, result),
        _ => lists::amend(provoked, method, result),
    }
}

/// The tools of a scenario that has its own, and what is changed in them.
pub(super) fn tools(scenario: Scenario, stage: &Stage) -> Option<Value> {
    match scenario {
        Scenario::Provoked(Provoked::RequestState) => Some(inputs::tools()),
        Scenario::Provoked(Provoked::MirroredAgain) => Some(lists::changing_tools(false)),
        Scenario::Provoked(Provoked::Changed) => {
            Some(lists::changing_tools(stage.count(interrupted::MISMATCHED) > 0))
        }
        Scenario::Provoked(Provoked::TaskCancelled) => None,
        Scenario::Provoked(Provoked::Names) => Some(steps::namesakes()),
        Scenario::Provoked(provoked) if provoked.is_scripted() => Some(steps::tools()),
        _ => None,
    }
}

/// A tool without arguments that does nothing.
fn idle_tool(name: &str) -> Value {
    json!({
        "name": name,
        "description": "Does nothing.",
        "inputSchema": { "type": "object" },
        "annotations": { "readOnlyHint": true },
    })
}
