//! Looking at a target: what is learnt of it, and in which order.

use plumb_model::Edition;
use serde_json::Map;

use super::callable::{self, AllowCalls};
use super::{annotated, calls, changes, contact, lists, offers, pace, shown, tasks, timed, watch};
use crate::channel::Channel;
use crate::errors::ContactError;
use crate::{Prop, Props, Survey};

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
        let (
            shown,
            (timed, untimed),
            tasks,
            completions,
            template,
            (fetched_resources, fetched_prompts),
        ) = tokio::join!(
            calls::call_each(&callable, channel),
            timed::time_each(&callable, channel),
            tasks::watch_each(&survey, &callable, channel),
            offers::complete_each(&survey, channel),
            offers::read_template(&survey, channel),
            shown::read_each(&survey, channel),
        );
        for (callable, shown) in callable.iter_mut().zip(shown) {
            callable.took = shown.as_ref().map(callable::took);
            callable.shown = shown;
        }
        let (tasks, ended_task) = tasks;
        survey = Self { callable, ended_task, fetched_resources, fetched_prompts, ..survey };
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
}
