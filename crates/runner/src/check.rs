//! A check: our judgement of one requirement, declared once.

use std::future::Future;
use std::pin::Pin;

use plumb_model::{CheckInfo, Edition, Role};
use plumb_wire::{Capability, Transport, card};

use crate::authorization_server::Visit;
use crate::bench::Bench;
use crate::client::{Happening, Receiving};
use crate::facet::Facet;
use crate::passive::{self, Passive};
use crate::{Finding, Judgement, Observed, Prop, Survey};

/// Our judgement of one requirement. Its id is the requirement's; level, page and summary are read
/// from the ledger.
pub struct Check {
    /// The requirement's id.
    pub id: &'static str,
    /// Further requirements that the same observation judges, with the same verdict.
    pub judges: &'static [&'static str],
    /// The requirement that tells the same fact, if another does: broken together, both are one finding.
    pub fact: Option<&'static str>,
    /// The first revision that it judges; see [`Edition::spans`] for what says nothing.
    pub since: Option<&'static str>,
    /// The last revision that it judges.
    pub until: Option<&'static str>,
    /// The doc comment of its declaration, line by line: what is observed, why it matters, how to fix.
    pub docs: &'static [&'static str],
    /// Which targets it concerns.
    pub applies: &'static [Applies],
    /// What the target must offer beyond that.
    pub needs: &'static [Prop],
    /// What it must not share with other checks.
    pub isolation: Isolation,
    /// Whether most of its time passes in waiting, a second or more: it begins before others, which ask meanwhile.
    pub waits: bool,
    /// How it judges.
    pub body: Body,
}

/// A declared fact without which a check does not concern a target; all of them must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// Streamable HTTP.
    Http,
    /// Standard streams.
    Stdio,
    /// Its requests are cancelled by a message: over standard streams, and over either transport in revisions with a handshake.
    CancelledByMessage,
    /// The run has access tokens, and the target was told whom to trust.
    Auth,
    /// The target speaks no handshake-based revision beside this one.
    ModernOnly,
    /// The target answers no handshake of an earlier revision with success; it may leave it unanswered.
    NoHandshake,
    /// The target also speaks a handshake-based revision.
    DualEra,
    /// A server capability is declared.
    Declares(Capability),
    /// At least one of these capabilities is not declared.
    Lacks(&'static [Capability]),
    /// Some of its tools or resources have a user interface (MCP Apps).
    Apps,
    /// It publishes a Server Card.
    Card,
    /// It publishes a catalogue in which a Server Card has an entry.
    Catalogue,
    /// It publishes a Server Card, a catalogue, or what these superseded.
    Description,
}

/// What a check must not share with other checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing: it runs beside others.
    Shared,
    /// Nothing, but it begins before others: over standard streams it starts a process for a handshake, and leaves it to them.
    Opening,
    /// The target: it changes what others look at, so it runs when they are done.
    Alone,
    /// The target, after all others: it opens a session of an earlier revision, which a wrong target may never forget.
    Last,
    /// A process: it starts one of its own; only targets given as a command have one.
    OwnProcess,
    /// Nothing, but it needs other replicas of the target.
    Replicas,
}

/// How a check judges.
pub enum Body {
    /// Over every exchange of the run, whoever caused it. Costs no request.
    Passive(Passive),
    /// Over the vectors that name the check: one facet of each answer.
    Cases(Facet),
    /// By a small program of its own, which asks a server.
    Scenario(for<'a> fn(&'a Bench) -> Scene<'a>),
    /// By a small program of its own, which asks a server itself and through what stands before it.
    Crossing(for<'a> fn(&'a Bench) -> Scene<'a>),
    /// By a small program of its own, which visits an authorization server.
    Visit(for<'a> fn(&'a Visit) -> Scene<'a>),
    /// Over everything that a client sent, which was answered.
    Received(Receiving),
    /// Over the same, with what the client sent before and after, and in other scenarios.
    Happening(Happening),
}

/// The future of a scenario.
pub type Scene<'a> = Pin<Box<dyn Future<Output = Judgement> + Send + 'a>>;

impl Check {
    /// The requirements that it judges, its own first.
    pub fn rows(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.id).chain(self.judges.iter().copied())
    }

    /// Whether it judges a requirement.
    pub fn covers(&self, id: &str) -> bool {
        self.rows().any(|row| row == id)
    }

    /// Whom it judges: what its body works with tells.
    pub fn role(&self) -> Role {
        match self.body {
            Body::Passive(_) | Body::Cases(_) | Body::Scenario(_) => Role::Server,
            Body::Crossing(_) => Role::Intermediary,
            Body::Visit(_) => Role::AuthorizationServer,
            Body::Received(_) | Body::Happening(_) => Role::Client,
        }
    }

    /// Whether it judges the revision of this edition.
    pub fn is_for(&self, edition: &Edition) -> bool {
        edition.spans(self.since, self.until)
    }

    /// The check as the plan announces it; `None` for an id outside the ledger, which a test forbids.
    pub fn info(&self, edition: &Edition) -> Option<CheckInfo> {
        self.info_of(self.id, edition)
    }

    /// The check as the plan announces it for one of the requirements that it judges.
    pub fn info_of(&self, id: &str, edition: &Edition) -> Option<CheckInfo> {
        let fact = self.fact.or((id != self.id).then_some(self.id)).map(str::to_owned);
        Some(CheckInfo { fact, ..edition.info(id, self.documentation())? })
    }

    /// Its id and its body, if that reads every exchange.
    pub(crate) fn passive(&self) -> Option<(&'static str, Passive)> {
        match self.body {
            Body::Passive(body) => Some((self.id, body)),
            _ => None,
        }
    }

    /// Its body, if that asks a server.
    pub(crate) fn scenario(&self) -> Option<for<'a> fn(&'a Bench) -> Scene<'a>> {
        match self.body {
            Body::Scenario(body) | Body::Crossing(body) => Some(body),
            _ => None,
        }
    }

    /// Its documentation, in Markdown.
    pub fn documentation(&self) -> String {
        let lines = self.docs.iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The declared fact that keeps the check from concerning this target, if any.
    pub fn inapplicable(&self, survey: &Survey, edition: &Edition) -> Option<String> {
        self.applies.iter().find_map(|fact| fact.missing(survey, edition))
    }
}

impl Applies {
    /// Whether it is decided by what the target publishes beside the protocol.
    pub(crate) fn is_published(self) -> bool {
        matches!(self, Self::Card | Self::Catalogue | Self::Description)
    }

    fn missing(self, survey: &Survey, edition: &Edition) -> Option<String> {
        let say = |fits: bool, why: String| (!fits).then_some(why);
        match self {
            Self::Http => say(
                survey.transport == Transport::StreamableHttp,
                "the target speaks over standard streams".into(),
            ),
            Self::Stdio => say(
                survey.transport == Transport::Stdio,
                "the target speaks over Streamable HTTP".into(),
            ),
            Self::CancelledByMessage => say(
                survey.transport == Transport::Stdio || edition.has_handshake(),
                "over Streamable HTTP a request is cancelled by closing its stream".into(),
            ),
            Self::Auth => say(
                survey.protected,
                "the run has no access tokens: see `{auth.…}` placeholders in `plumb run --help`"
                    .into(),
            ),
            Self::NoHandshake => say(
                !survey.dual_era || survey.era_undecided,
                "the target also answers the handshake of earlier revisions".into(),
            ),
            Self::ModernOnly | Self::DualEra if survey.era_undecided => Some(
                "the target left the handshake of earlier revisions unanswered: its era is not known"
                    .into(),
            ),
            Self::ModernOnly => say(
                !survey.dual_era,
                "the target also answers the handshake of earlier revisions".into(),
            ),
            Self::DualEra => {
                say(survey.dual_era, "the target answers no handshake of earlier revisions".into())
            }
            Self::Declares(capability) => say(
                survey.declares(capability),
                format!("the target does not declare the capability `{capability}`"),
            ),
            Self::Lacks(capabilities) => {
                let all = capabilities.iter().all(|capability| survey.declares(*capability));
                let names: Vec<_> = capabilities.iter().map(|c| format!("`{c}`")).collect();
                say(!all, format!("the target declares {}", names.join(", ")))
            }
            Self::Apps => say(
                !survey.apps.is_empty(),
                "no tool or resource of the target has a user interface".into(),
            ),
            Self::Card | Self::Catalogue | Self::Description => self.unpublished(survey),
        }
    }
}

impl Applies {
    /// What the target does not publish of what is looked at.
    fn unpublished(self, survey: &Survey) -> Option<String> {
        let cards = &survey.cards;
        let there = match self {
            Self::Card => !cards.cards.is_empty(),
            Self::Catalogue => cards.entries().next().is_some(),
            _ => !cards.is_empty(),
        };
        let what = match self {
            _ if survey.transport == Transport::Stdio => {
                return Some("the target speaks over standard streams".into());
            }
            Self::Card if !cards.superseded.is_empty() => {
                "the target publishes no Server Card but a description at a place that was superseded"
            }
            Self::Card => "the target publishes no Server Card",
            Self::Catalogue => "the target publishes no catalogue with a Server Card",
            _ => "the target publishes neither a Server Card nor a catalogue",
        };
        (!there).then(|| format!("{what}: not at ENDPOINT/server-card nor at {}", card::CATALOGUE))
    }
}

/// What a passive check says of one exchange; `None` if that does not show what the check looks at.
pub fn judged(
    check: &Check,
    seen: &Observed,
    survey: &Survey,
    edition: &Edition,
) -> Option<Finding> {
    let Body::Passive(body) = check.body else { return None };
    passive::judged(body, seen, survey, edition)
}

/// Declares a check. The doc comment is its documentation.
///
/// ```text
/// check! {
///     /// What is observed. Why it matters. How to fix.
///     pub(crate) SAME_ID = "base.response.same-id";
///     judges: ["base.error.same-id"];     // further requirements with the same verdict
///     fact: "base.jsonrpc.id";            // told as one finding with that one
///     since: "2027-01-01";                // the revisions that it judges, both included; rarely said
///     until: "2027-03-01";
///     applies: [Http, Declares(Tools)];
///     needs: [SlowTool];
///     isolation: Alone;
///     waits: true;                        // a second or more, whatever the target
///     passive: |seen, notes| …            // or `cases: facet::outcome` or `scenario: async_fn`;
///                                         // `crossing: async_fn` of a gateway before a server;
///                                         // `visit: async_fn` of an authorization server;
///                                         // `received: |received, marks| …` of a client, or
///                                         // `happening: |moment, marks| …` with what came before and after
/// }
/// ```
#[macro_export]
macro_rules! check {
    ($(#[doc = $doc:literal])+ $vis:vis $name:ident = $id:literal; $($rest:tt)+) => {
        $(#[doc = $doc])+
        $vis static $name: $crate::Check = $crate::Check {
            id: $id,
            judges: $crate::check!(@judges $($rest)+),
            fact: $crate::check!(@fact $($rest)+),
            since: $crate::check!(@since $($rest)+),
            until: $crate::check!(@until $($rest)+),
            docs: &[$($doc),+],
            applies: $crate::check!(@applies $($rest)+),
            needs: $crate::check!(@needs $($rest)+),
            isolation: $crate::check!(@isolation $($rest)+),
            waits: $crate::check!(@waits $($rest)+),
            body: $crate::check!(@body $($rest)+),
        };
    };
    (@judges judges: [$($row:literal),+ $(,)?]; $($rest:tt)*) => { &[$($row),+] };
    (@fact fact: $fact:literal; $($rest:tt)*) => { Some($fact) };
    (@since since: $since:literal; $($rest:tt)*) => { Some($since) };
    (@until until: $until:literal; $($rest:tt)*) => { Some($until) };
    (@applies applies: [$($fact:ident $(($($arg:ident)|+))?),* $(,)?]; $($rest:tt)*) => {
        &[$($crate::check!(@fact_of $fact $($($arg)|+)?)),*]
    };
    (@fact_of Declares $capability:ident) => {
        $crate::Applies::Declares($crate::Capability::$capability)
    };
    (@fact_of Lacks $($capability:ident)|+) => {
        $crate::Applies::Lacks(&[$($crate::Capability::$capability),+])
    };
    (@fact_of $fact:ident) => { $crate::Applies::$fact };
    (@needs needs: [$($prop:ident),* $(,)?]; $($rest:tt)*) => { &[$($crate::Prop::$prop),*] };
    (@isolation isolation: $isolation:ident; $($rest:tt)*) => { $crate::Isolation::$isolation };
    (@waits waits: $waits:literal; $($rest:tt)*) => { $waits };
    (@body passive: $body:expr $(;)?) => { $crate::Body::Passive($body) };
    (@body cases: $body:expr $(;)?) => { $crate::Body::Cases($body) };
    (@body scenario: $body:expr $(;)?) => { $crate::Body::Scenario(|bench| Box::pin($body(bench))) };
    (@body crossing: $body:expr $(;)?) => { $crate::Body::Crossing(|bench| Box::pin($body(bench))) };
    (@body visit: $body:expr $(;)?) => { $crate::Body::Visit(|visit| Box::pin($body(visit))) };
    (@body received: $body:expr $(;)?) => { $crate::Body::Received($body) };
    (@body happening: $body:expr $(;)?) => { $crate::Body::Happening($body) };
    // Another field is passed over; what nobody wrote has its default.
    (@$wanted:ident $other:ident: $value:tt; $($rest:tt)+) => { $crate::check!(@$wanted $($rest)+) };
    (@judges $($rest:tt)*) => { &[] };
    (@fact $($rest:tt)*) => { None };
    (@since $($rest:tt)*) => { None };
    (@until $($rest:tt)*) => { None };
    (@applies $($rest:tt)*) => { &[] };
    (@needs $($rest:tt)*) => { &[] };
    (@isolation $($rest:tt)*) => { $crate::Isolation::Shared };
    (@waits $($rest:tt)*) => { false };
}
