//! Looking at a target: what is learnt of it, and in which order.

use std::collections::BTreeMap;
use std::time::Duration;

use plumb_model::Edition;
use serde_json::Map;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::callable::{self, AllowCalls, Callable};
use super::{
    annotated, apps, calls, cards, changes, contact, ears, lists, offers, pace, shown, tasks,
    timed, untold, watch,
};
use crate::channel::Channel;
use crate::errors::ContactError;
use crate::props::offer::Among;
use crate::{Prop, Props, Survey};

/// So long takes a tool that is told to be quick, and still has time to say something.
const QUICK: Duration = Duration::from_millis(600);

/// What is known of a target before it is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// Whether it is on this machine, by its address.
    pub(crate) local: bool,
    /// Props that the user names.
    pub(crate) props: &'a Props,
    /// Where the user does.
    pub(crate) props_at: &'a BTreeMap<Prop, String>,
    /// Which tools may be called.
    pub(crate) allow: &'a AllowCalls,
    /// Whether tools and resources with a user interface are looked for.
    pub(crate) apps: bool,
    /// Whether what it publishes beside the protocol is looked for.
    pub(crate) cards: bool,
    /// Who waits until there is anything to judge.
    pub(crate) contact: &'a Notify,
}

/// So many names are told of those that there are.
const SOME: usize = 8;

impl Survey {
    /// Looks at a target. Every exchange is recorded under the name `survey`. The handshake of earlier
    /// revisions is tried on `handshake`: over standard streams it may bind the whole process to them.
    ///
    /// Contact must be made before the deadline. Lists may take a quarter of the time that is left then, and everything half
    /// of it: a target that is slower is judged by what was seen until then.
    pub(crate) async fn look(
        edition: &Edition,
        channel: &Channel,
        handshake: &Channel,
        given: Given<'_>,
        deadline: Instant,
    ) -> Result<Self, ContactError> {
        let mut survey =
            Self { transport: channel.transport(), local: given.local, ..Self::default() };
        let contact = contact::make(&mut survey, edition, channel, handshake);
        let late =
            || ContactError::Unreached("no answer that could be read came within --budget".into());
        timeout_at(deadline, contact).await.map_err(|_| late())??;
        if survey.legacy_only.is_some() || survey.unreadable.is_some() {
            return Ok(survey);
        }
        given.contact.notify_one();
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        lists::read(&mut survey, channel, now + left / 4).await;
        if given.cards {
            let cards = timeout_at(now + left / 4, cards::look(channel)).await;
            survey.cards = cards.unwrap_or_default();
        }
        if given.apps {
            let until = now + left / 4;
            let found = timeout_at(until, apps::look(&survey, channel, until)).await;
            survey.apps = found.unwrap_or_default();
        }
        survey.pace = pace::pace(&survey);
        survey.props.clone_from(given.props);
        survey.set_unlisted_aside(given.props_at);
        watch::by_lists(&mut survey);
        let until = now + left / 2;
        let tried = timeout_at(until, survey.try_out(channel, given.allow, until)).await;
        survey.cut_short = tried.is_err();
        Ok(survey)
    }

    /// Calls what may be called, reads and completes, and keeps what that showed.
    async fn try_out(&mut self, channel: &Channel, allow: &AllowCalls, until: Instant) {
        self.callable = calls::callables(self, allow).await;
        let ears = ears::listen(self, channel).await;
        // Nothing of this depends on anything else of it, so the slowest tool is all there is to wait for.
        let (
            (shown, homeless, told),
            (timed, untimed),
            mut tasks,
            completions,
            template,
            (fetched_resources, fetched_prompts),
        ) = tokio::join!(
            calls::call_and_answer(&self.callable, channel),
            timed::time_each(&self.callable, channel),
            tasks::watch_each(self, &self.callable, channel),
            offers::complete_each(self, channel),
            offers::read_template(self, channel),
            shown::read_each(self, channel),
        );
        for (callable, shown) in self.callable.iter_mut().zip(shown) {
            callable.took = shown.as_ref().map(callable::took);
            callable.shown = shown;
        }
        if homeless {
            calls::call_one_by_one(&mut self.callable, channel).await;
        }
        self.ended_task = tasks.ended.take();
        (self.fetched_resources, self.fetched_prompts) = (fetched_resources, fetched_prompts);
        self.watch_changes(ears, told, channel, until).await;
        self.set_changing_aside();
        self.timed = match timed {
            Some(timed) => Some(timed),
            None => timed::time_again(&untimed, channel).await,
        };
        calls::call_again(self, channel).await;
        self.annotated = annotated::find_each(&self.callable).await;
        watch::by_calls(self);
        offers::by_completions(self, completions);
        if let Some((template, value, uri)) = template {
            let arguments = Map::from_iter([("value".to_owned(), value.into())]);
            watch::offer(self, Prop::Template, &template, arguments, Some(&uri));
        }
        tasks::by_tasks(self, tasks);
        if channel.edition().has_handshake() {
            self.shorten();
        }
    }

    /// What the user names and the target does not list shows nothing; what the target has of the kind may be found by itself.
    fn set_unlisted_aside(&mut self, at: &BTreeMap<Prop, String>) {
        let mut unlisted = Vec::new();
        self.props.retain(|prop, found| {
            let (list, kind, key) = match prop.listed_among() {
                Some(Among::Tools) => (&self.tools, "tools", "name"),
                Some(Among::Prompts) => (&self.prompts, "prompts", "name"),
                None => return true,
            };
            let names = || list.items.iter().filter_map(|item| item.value[key].as_str());
            let listed = names().any(|name| name == found.name);
            if !listed && !list.items.is_empty() {
                let at = at.get(prop).map_or("plumb.toml", String::as_str);
                let some: Vec<&str> = names().take(SOME).collect();
                unlisted.push(format!(
                    "{at}: [props.{}] names {:?}, which the server does not list among its {kind} ({}{}): correct the name, or remove the \
                     entry; nothing was judged by it",
                    prop.name(),
                    found.name,
                    some.join(", "),
                    if names().count() > SOME { ", …" } else { "" },
                ));
            }
            listed || list.items.is_empty()
        });
        self.unlisted = unlisted;
    }

    /// What changes a list is called by the checks that look for the change, and by nobody else: beside others it would move
    /// the lists that those compare.
    fn set_changing_aside(&mut self) {
        let changing = [Prop::ChangeTools, Prop::ChangePrompts, Prop::ChangeResources];
        let found = changing.iter().filter_map(|prop| self.props.get(prop));
        let names: Vec<String> = found.map(|found| found.name.clone()).collect();
        let changes =
            |callable: &Callable| names.iter().any(|name| callable.tool["name"] == **name);
        let (aside, kept): (Vec<Callable>, _) =
            std::mem::take(&mut self.callable).into_iter().partition(changes);
        self.callable = kept;
        let name = |callable: &Callable| callable.tool["name"].as_str().map(str::to_owned);
        self.set_aside = aside.iter().filter_map(name).collect();
    }

    /// Props that can be told how long to take are told to be quick.
    fn shorten(&mut self) {
        let Some(timed) = &self.timed else { return };
        for prop in [Prop::ProgressTool, Prop::LoggingTool, Prop::Tool] {
            if let Some(found) = self.props.get_mut(&prop).filter(|found| found.name == timed.name)
            {
                found.arguments = timed.lasting(QUICK).0;
            }
        }
    }

    /// Finds out which tools bring what was heard while tools were called, and reads again what was changed.
    async fn watch_changes(
        &mut self,
        ears: Option<ears::Ears>,
        told: Vec<changes::Heard>,
        channel: &Channel,
        until: Instant,
    ) {
        let Some(mut ears) = ears else { return };
        let mut heard = told;
        heard.extend(ears.heard(changes::SETTLED).await);
        ears.close(channel).await;
        let moved = untold::moved(self, channel, (&heard, until)).await;
        let mut found = changes::attribute(self, &self.callable, channel, &heard).await;
        found.extend(untold::attribute(&moved, &self.callable, channel, until).await);
        let changed = !heard.is_empty() || !found.is_empty();
        for (prop, found) in found {
            self.props.entry(prop).or_insert(found);
        }
        if changed {
            lists::read(self, channel, until).await;
        }
    }
}
