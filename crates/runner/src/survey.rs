//! What the target declares and shows, learnt once at the start.

mod annotated;
pub(crate) mod calls;
mod changes;
pub(crate) mod contact;
mod lists;
mod offers;
mod pace;
mod shown;
pub(crate) mod tasks;
pub(crate) mod timed;
pub(crate) mod watch;

use std::time::Duration;

use plumb_model::Edition;
use plumb_model::pack::ParamType;
use plumb_wire::Transport;
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::{Observed, Prop, Props};

pub use annotated::Annotated;
pub use calls::every_capability;
pub use contact::ContactError;
pub use lists::{Item, Listing};
pub use tasks::{EndedTask, Tasking};
pub use timed::{Timed, speaks_of_time, unit_of_name};
pub use watch::required_arguments;

/// What the target declares and shows.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How messages are carried to it.
    pub transport: Transport,
    /// Whether it trusts the authorization server of the run.
    pub protected: bool,
    /// Whether the target is on this machine, by its address.
    pub local: bool,
    /// Whether it also answers the handshake of earlier revisions.
    pub dual_era: bool,
    /// Whether the handshake of earlier revisions was left unanswered, so that nobody knows: what binds one era alone is not
    /// judged then, and what may belong to the other is passed over.
    pub era_undecided: bool,
    /// The revision of the handshake, if the target speaks only such a one.
    pub legacy_only: Option<String>,
    /// What came in place of messages, if the answers have the members of responses and cannot be read as such.
    pub unreadable: Option<String>,
    /// The answer to `server/discover`.
    pub discover: Option<Observed>,
    /// The answer to an `initialize` of an earlier revision.
    pub initialize: Option<Observed>,
    /// The capabilities that it declares.
    pub capabilities: Value,
    /// The versions that it advertises.
    pub versions: Vec<String>,
    /// Its name and version by its own account.
    pub server: Option<String>,
    /// Its tools, all pages.
    pub tools: Listing,
    /// Its resources, all pages.
    pub resources: Listing,
    /// Its resource templates, all pages.
    pub templates: Listing,
    /// Its prompts, all pages.
    pub prompts: Listing,
    /// The props that were found.
    pub props: Props,
    /// The tools that may be called, with arguments that they accept.
    pub callable: Vec<Callable>,
    /// A tool that can be told how long to take; the first that was found.
    pub timed: Option<Timed>,
    /// The parameters of callable tools that are mirrored into headers.
    pub annotated: Vec<Annotated>,
    /// What the target's quick exchanges took.
    pub pace: Duration,
    /// The tools that answered with a task when the tasks extension was declared.
    pub tasks: Vec<Tasking>,
    /// One of their tasks, which has ended.
    pub ended_task: Option<EndedTask>,
    /// What reading the first listed resources showed, with every client capability declared.
    pub read: Vec<Observed>,
    /// What getting the first listed prompts showed, with every client capability declared.
    pub gotten: Vec<Observed>,
}

/// A tool that may be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// Its definition, as listed.
    pub tool: Value,
    /// Arguments that its schema accepts.
    pub arguments: Map<String, Value>,
    /// What a call with them showed, with every client capability declared.
    pub shown: Option<Observed>,
    /// How long such a call took, the quickest one.
    pub took: Option<Duration>,
}

/// Which tools of a stranger's server may be called.
#[derive(Clone, Debug, Default)]
pub struct AllowCalls {
    /// All of them.
    pub all: bool,
    /// Those of these names.
    pub names: Vec<String>,
}

impl Survey {
    /// Looks at a target. Every exchange is recorded under the name `survey`. The handshake of earlier
    /// revisions is tried on `handshake`: over standard streams it may bind the whole process to them.
    pub(crate) async fn look(
        edition: &Edition,
        channel: &Channel,
        handshake: &Channel,
        local: bool,
        given: &Props,
        allow: &AllowCalls,
    ) -> Result<Self, ContactError> {
        let mut survey = Self { transport: channel.transport(), local, ..Self::default() };
        contact::make(&mut survey, edition, channel, handshake).await?;
        if survey.legacy_only.is_some() || survey.unreadable.is_some() {
            return Ok(survey);
        }
        lists::read(&mut survey, channel).await;
        survey.pace = pace::pace(&survey);
        survey.props.clone_from(given);
        watch::by_lists(&mut survey);
        let mut callable = calls::callables(&survey, allow).await;
        let ears = changes::listen(&survey, channel).await;
        // Nothing of this depends on anything else of it, so the slowest tool is all there is to wait for.
        let (shown, (timed, untimed), tasks, completions, template, (read, gotten)) = tokio::join!(
            calls::call_each(&callable, channel),
            timed::time_each(&callable, channel),
            tasks::watch_each(&survey, &callable, channel),
            offers::complete_each(&survey, channel),
            offers::read_template(&survey, channel),
            shown::read_each(&survey, channel),
        );
        for (callable, shown) in callable.iter_mut().zip(shown) {
            callable.took = shown.as_ref().map(timed::took);
            callable.shown = shown;
        }
        let (tasks, ended_task) = tasks;
        survey = Self { callable, ended_task, read, gotten, ..survey };
        survey.watch_changes(ears, channel).await;
        survey.timed = match timed {
            Some(timed) => Some(timed),
            None => timed::time_again(&untimed, channel).await,
        };
        calls::call_again(&mut survey, channel).await;
        survey.annotated = annotated::find_each(&survey.callable).await;
        watch::by_calls(&mut survey);
        offers::by_completions(&mut survey, completions);
        if let Some((template, value, uri)) = template {
            let arguments = Map::from_iter([("value".to_owned(), value.into())]);
            watch::offer(&mut survey, Prop::Template, &template, arguments, Some(&uri));
        }
        tasks::by_tasks(&mut survey, tasks);
        Ok(survey)
    }

    /// Finds out which tools bring what was heard while tools were called, and reads again what was changed.
    async fn watch_changes(&mut self, ears: Option<changes::Ears>, channel: &Channel) {
        let Some(mut ears) = ears else { return };
        let heard = ears.heard(changes::SETTLED).await;
        ears.close().await;
        let found = changes::attribute(self, &self.callable, channel, &heard).await;
        for (prop, found) in found {
            self.props.entry(prop).or_insert(found);
        }
        if !heard.is_empty() {
            lists::read(self, channel).await;
        }
    }

    /// Whether a capability is declared: `tools`, `resources.subscribe`, `extensions.io…/tasks`.
    pub fn declares(&self, capability: &str) -> bool {
        let (first, rest) = capability.split_once('.').unwrap_or((capability, ""));
        let Some(value) = self.capabilities.get(first) else { return false };
        let value = if rest.is_empty() { Some(value) } else { value.get(rest) };
        value.is_some_and(|v| v.is_object() || v == true)
    }

    /// A prop, if it was found.
    pub fn prop(&self, prop: Prop) -> Option<&crate::Found> {
        self.props.get(&prop)
    }

    /// The definition of a listed tool.
    pub fn tool(&self, name: &str) -> Option<&Value> {
        self.tools.items.iter().map(|i| &i.value).find(|t| t["name"] == name)
    }

    /// The annotated parameters of this type of callable tools.
    pub fn annotated(&self, of: ParamType) -> impl Iterator<Item = Annotated> {
        self.annotated.iter().filter(move |annotated| annotated.of == of).cloned()
    }

    /// Whether a tool answered at once, as far as the target does: no more than a moment later than its quick exchanges.
    pub fn is_quick(&self, callable: &Callable) -> bool {
        callable.took.is_some_and(|took| took <= self.quick())
    }

    pub(crate) fn quick(&self) -> Duration {
        pace::quick(self.pace, &self.callable)
    }

    /// How a tool is told how long to take, if it can be told.
    pub fn timed(&self, tool: &str) -> Option<&Timed> {
        self.timed.as_ref().filter(|timed| timed.name == tool)
    }

    /// What the survey found, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        let mut notes = vec![format!(
            "{} ({} may be called), {}, {}, {}",
            counted(self.tools.items.len(), "tool"),
            self.callable.len(),
            counted(self.resources.items.len(), "resource"),
            counted(self.templates.items.len(), "template"),
            counted(self.prompts.items.len(), "prompt"),
        )];
        if !self.props.is_empty() {
            let names: Vec<String> = self.props.keys().map(|p| p.name()).collect();
            notes.push(format!("{} props: {}", names.len(), names.join(", ")));
        }
        notes
    }
}
