//! What the target declares and shows, learnt once at the start.

pub(crate) mod annotated;
pub mod apps;
pub(crate) mod callable;
pub(crate) mod calls;
pub mod cards;
mod changes;
pub(crate) mod contact;
mod ears;
pub(crate) mod listing;
mod lists;
pub(crate) mod look;
mod offers;
mod pace;
mod shown;
pub(crate) mod tasking;
mod tasks;
pub(crate) mod timed;
mod unread;
mod untold;
mod watch;

use std::time::Duration;

use plumb_model::pack::ParamType;
use plumb_wire::{Capability, Transport, has_extension};
use serde_json::Value;

use crate::{Observed, Prop, Props};

pub use annotated::Annotated;
pub use apps::Apps;
pub use callable::{AllowCalls, Callable, every_capability, plainly_capable};
pub use cards::{Card, Cards, Document, remotes_at};
pub use listing::{Item, Listing};
pub use tasking::{EndedTask, Tasking};
pub use timed::{Timed, speaks_of_time, unit_of_name};

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
    /// Whether there was no time for all of it.
    pub cut_short: bool,
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
    /// What it publishes about itself beside the protocol, where a check looks at that.
    pub cards: Cards,
    /// Its tools and resources with a user interface, where a check looks at those.
    pub apps: Apps,
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
    /// What the user names and the target does not list, and where.
    pub unlisted: Vec<String>,
    /// The tools that may be called, with arguments that they accept.
    pub callable: Vec<Callable>,
    /// The tools that may be called and are called by nothing but the checks that look for what they change.
    pub set_aside: Vec<String>,
    /// A tool that can be told how long to take; the first that was found.
    pub timed: Option<Timed>,
    /// The parameters of callable tools that are mirrored into headers.
    pub annotated: Vec<Annotated>,
    /// What the target's quick exchanges took.
    pub pace: Duration,
    /// The tools that answered with a task when the tasks extension was declared.
    pub tasks: Vec<Tasking>,
    /// The same tools with other values of an argument that is one of several, where those made tasks, too.
    pub task_variants: Vec<Tasking>,
    /// One of their tasks, which has ended.
    pub ended_task: Option<EndedTask>,
    /// What reading the first listed resources showed, with every client capability declared.
    pub fetched_resources: Vec<Observed>,
    /// What getting the first listed prompts showed, with every client capability declared.
    pub fetched_prompts: Vec<Observed>,
}

impl Survey {
    /// Whether a capability is declared.
    pub fn declares(&self, capability: Capability) -> bool {
        capability.is_in(&self.capabilities)
    }

    /// Whether an extension of this name is declared.
    pub fn declares_extension(&self, name: &str) -> bool {
        has_extension(&self.capabilities, name)
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
        callable::quick(self.pace, &self.callable)
    }

    /// How a tool is told how long to take, if it can be told.
    pub fn timed(&self, tool: &str) -> Option<&Timed> {
        self.timed.as_ref().filter(|timed| timed.name == tool)
    }

    /// What the survey found, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        let aside = match self.set_aside.len() {
            0 => String::new(),
            n => format!(", {n} more where a list is to change"),
        };
        let mut notes = vec![format!(
            "{} ({} may be called{aside}), {}, {}, {}",
            counted(self.tools.items.len(), "tool"),
            self.callable.len(),
            counted(self.resources.items.len(), "resource"),
            counted(self.templates.items.len(), "template"),
            counted(self.prompts.items.len(), "prompt"),
        )];
        if !self.props.is_empty() {
            let names: Vec<String> = self.props.keys().map(|p| p.name()).collect();
            notes.push(format!("with known behaviour: {}", names.join(", ")));
        }
        notes
    }
}
