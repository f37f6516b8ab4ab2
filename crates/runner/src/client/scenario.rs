//! What a client is made to do: names of the official suite, which select what its clients do. How the server behaves is
//! ours, and differs between scenarios of the same name.

use plumb_model::pack::Outcome;
use plumb_wire::Transport;
use plumb_wire::stdio::Manner;
use serde_json::{Value, json};

use super::answered::Case;
use super::protected::Scene;
use super::provocation::Provoked;
use super::provoked::mirrored;
use super::{Drive, steps};

/// A document of our server that a schema refers to, and that no client fetches by itself.
pub const REFERRED: &str = "/schemas/length.json";

/// A scenario: the client is started once for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The client calls the tool `add_numbers` with two numbers.
    ToolsCall,
    /// It lists, calls a tool, reads a resource and gets a prompt.
    StandardHeaders,
    /// It lists tools, the schema of one of which refers to [`REFERRED`].
    SchemaReference,
    /// It calls tools whose parameters are mirrored into headers, with the arguments of the context.
    CustomHeaders,
    /// It calls what is left of a list in which most tools have an invalid `x-mcp-header`.
    InvalidHeaders,
    /// Its first request is refused for its version, and a list says which are spoken.
    VersionRefused,
    /// As [`Self::ToolsCall`], but the list of tools has pages: [`super::provoked::PAGES`].
    Pages,
    /// As [`Self::ToolsCall`], but the result of each list is of a type that nobody has defined, and names another page.
    UnknownResult,
    /// As [`Self::ToolsCall`], but all answers are event streams.
    Streams,
    /// As [`Self::Streams`], with comments between the lines.
    Comments,
    /// As [`Self::ToolsCall`], but the names of headers are written in an unusual case.
    HeaderNames,
    /// As [`Self::Streams`], with a notification that nobody has defined before each response.
    Notified,
    /// As [`Self::ToolsCall`], but the call is to be sent again with [`super::STATE`] before it is carried out.
    AskedAgain,
    /// The client signs in where it is asked to, lists, and calls `test-tool`.
    Protected(Scene),
    /// The server provokes the client in one of many ways.
    Provoked(Provoked),
    /// The client is answered as a vector says.
    Answered(Case),
}

impl Scenario {
    /// All of them, in the order in which they are begun.
    pub fn all() -> Vec<Self> {
        let protected = Scene::ALL.iter().copied().map(Self::Protected);
        Self::open().into_iter().chain(protected).collect()
    }

    /// Those of a server that is open to everybody.
    pub fn open() -> Vec<Self> {
        let provoked = Provoked::ALL.iter().copied().map(Self::Provoked);
        Self::ALL.into_iter().chain(provoked).chain(Case::all().map(Self::Answered)).collect()
    }

    /// The scenario of a vector of what clients are answered, by its own name.
    pub fn answered(label: &str) -> Option<Self> {
        Case::named(label).map(Self::Answered)
    }

    /// Those of a server that is open to everybody and provokes nobody.
    pub const ALL: [Self; 13] = [
        Self::ToolsCall,
        Self::StandardHeaders,
        Self::SchemaReference,
        Self::CustomHeaders,
        Self::InvalidHeaders,
        Self::VersionRefused,
        Self::Pages,
        Self::UnknownResult,
        Self::Streams,
        Self::Comments,
        Self::HeaderNames,
        Self::Notified,
        Self::AskedAgain,
    ];

    /// Those in which the server does all that a server must; in the others, it departs in one point.
    pub const PLAIN: [Self; 3] = [Self::ToolsCall, Self::StandardHeaders, Self::SchemaReference];

    /// The name that tells a client what to do.
    pub fn name(self) -> &'static str {
        let label = self.label();
        label.split_once('#').map_or(label, |(name, _)| name)
    }

    /// Its own name: the official one, and after `#` what the server does beyond it.
    pub fn label(self) -> &'static str {
        match self {
            Self::ToolsCall => "tools_call",
            Self::StandardHeaders => "http-standard-headers",
            Self::SchemaReference => "json-schema-ref-no-deref",
            Self::CustomHeaders => "http-custom-headers",
            Self::InvalidHeaders => "http-invalid-tool-headers",
            Self::VersionRefused => "request-metadata",
            Self::Pages => "tools_call#pages",
            Self::UnknownResult => "tools_call#unknown-result",
            Self::Streams => "tools_call#streams",
            Self::Comments => "tools_call#comments",
            Self::HeaderNames => "tools_call#header-names",
            Self::Notified => "tools_call#notified",
            Self::AskedAgain => "tools_call#asked-again",
            Self::Protected(scene) => scene.label(),
            Self::Provoked(provoked) => provoked.label(),
            Self::Answered(case) => case.label(),
        }
    }

    /// Whether a right client cannot do what it is told, and so may fail.
    pub(super) fn may_fail(self) -> bool {
        match self {
            Self::Protected(scene) => scene.may_fail(),
            Self::Provoked(provoked) => provoked.may_fail(),
            Self::Answered(case) => case.allowed().outcome != Outcome::Accepted,
            _ => self == Self::UnknownResult,
        }
    }

    /// Whether it can be played over this transport.
    pub fn is_over(self, transport: Transport) -> bool {
        let piped = match self {
            // Over standard streams `x-mcp-header` says nothing.
            Self::Streams
            | Self::Comments
            | Self::HeaderNames
            | Self::CustomHeaders
            | Self::InvalidHeaders
            | Self::Protected(_) => false,
            Self::Provoked(provoked) => !provoked.is_posted(),
            Self::Answered(case) => case.is_over(Transport::Stdio),
            _ => true,
        };
        let posted = match self {
            Self::Provoked(provoked) => !provoked.is_piped(),
            Self::Answered(case) => case.is_over(Transport::StreamableHttp),
            _ => true,
        };
        match transport {
            Transport::StreamableHttp => posted,
            Transport::Stdio => piped,
        }
    }

    /// Whether a client waits in it for a second or more, or may well do.
    pub(super) fn takes_long(self) -> bool {
        matches!(self, Self::Provoked(provoked) if provoked.takes_long())
            || self == Self::Protected(Scene::Expiring)
    }

    /// What the process of its server does beyond answering.
    pub(super) fn manner(self) -> Manner {
        match self {
            Self::Provoked(provoked) => provoked.manner(),
            _ => Manner::default(),
        }
    }

    /// Whether a client that is driven so has something to do in it.
    pub fn is_driven_by(self, drive: Drive) -> bool {
        let scripted = matches!(self, Self::Provoked(provoked) if provoked.is_scripted())
            || self == Self::Protected(Scene::Expiring);
        match drive {
            Drive::Official => !scripted,
            // Some scenarios are nothing without the calls that a client is told to make.
            Drive::Plain => [
                "tools_call",
                "http-standard-headers",
                "json-schema-ref-no-deref",
                "http-invalid-tool-headers",
                "request-metadata",
            ]
            .contains(&self.name()),
            Drive::Steps => true,
        }
    }

    /// Whether somebody can lead a client through it by hand: nothing depends on when things are done, or on how the client
    /// ends.
    pub fn is_led_by_hand(self) -> bool {
        self.is_driven_by(Drive::Official) && self != Self::Provoked(Provoked::Lasting)
    }

    /// What else the client is told.
    pub(super) fn context(self, drive: Drive) -> Value {
        let context = match self {
            Self::Protected(scene) => scene.context(),
            _ => json!({ "name": self.name() }),
        };
        self.completed(context, drive)
    }

    /// This context, with what every context has that a client needs for it.
    pub(super) fn completed(self, mut context: Value, drive: Drive) -> Value {
        if self.name() == Self::CustomHeaders.name() {
            context["toolCalls"] = mirrored::calls();
        }
        if drive == Drive::Steps {
            context["steps"] = steps::of(self);
        }
        context
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_scenario_has_a_label_of_its_own() {
        let labels: BTreeSet<&str> = Scenario::all().iter().map(|s| s.label()).collect();
        assert_eq!(labels.len(), Scenario::all().len());
        assert!(Scenario::PLAIN.iter().all(|s| Scenario::ALL.contains(s)));
    }
}
