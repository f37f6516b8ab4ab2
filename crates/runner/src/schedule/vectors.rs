//! The vectors of a run: in which processes they are sent, and which of them again.

use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use plumb_wire::method;
use tokio::time::{Instant, timeout_at};

use super::Schedule;
use crate::channel::Channel;
use crate::lab::{self, Results, Trial};
use crate::record::Company;
use crate::scenes::SECOND_TRIES;
use crate::target::Running;

/// Over standard streams, vectors go to so many processes at most, and to another one for each so many of them.
const VECTORS: usize = 2;
const FOR_ITS_OWN: usize = 100;

/// Vectors that a failure of the target may have spoilt are sent again so often: bad luck may come twice.
const SPOILT_TRIES: usize = 2;

/// What became of the vectors.
pub(super) struct Sent {
    pub(super) results: Results,
    /// A process that was theirs alone.
    pub(super) own: Option<Running>,
    /// Those for which none was to be had.
    pub(super) left: Vec<Trial>,
}

impl Schedule<'_> {
    /// Sends all vectors, and those again that were met with silence, when nothing else is in flight.
    pub(super) async fn vectors(&self, trials: &[Trial], deadline: Instant) -> Sent {
        let transport = self.context.survey.transport;
        let processes = if self.options.concurrency == 1 { 1 } else { trials.len() / FOR_ITS_OWN };
        let lanes = lab::lanes(trials.to_vec(), transport, processes.clamp(1, VECTORS));
        let known = &lab::Silences::default();
        let others = (Company::Others, known);
        if transport.answers_apart() {
            let results = self.walks(lanes, &self.running.channel, others, deadline).await;
            return Sent { results, own: None, left: Vec::new() };
        }
        // Where all answers share a stream, broken lines go to processes of their own.
        let walks = lanes.into_iter().map(|lane| async move {
            let Some(own) = self.another(deadline).await else { return Err(lane) };
            Ok((self.walks(vec![lane], &own.channel, others, deadline).await, own))
        });
        let mut sent = Sent { results: Results::new(), own: None, left: Vec::new() };
        for walked in join_all(walks).await {
            match walked {
                Ok((results, own)) => {
                    sent.results.extend(results);
                    if let Some(more) = sent.own.replace(own) {
                        self.context.aside.end(more);
                    }
                }
                Err(lane) => sent.left.extend(lane),
            }
        }
        sent
    }

    /// Sends the vectors for which there was no process of their own, to that of the run, which nobody else uses any more.
    pub(super) async fn sent_late(&self, left: Vec<Trial>, deadline: Instant) -> Results {
        if left.is_empty() {
            return Results::new();
        }
        let nobody = (Company::Nobody, &lab::Silences::default());
        self.walks(vec![left], &self.running.channel, nobody, deadline).await
    }

    /// The vectors again that were met with silence, with nothing else in flight and twice the patience: only then silence
    /// counts. Those as well that a failure of the target may have spoilt, unless there are many.
    pub(super) async fn silent_again(
        &self,
        trials: &[Trial],
        results: &mut Results,
        own: Option<&Running>,
        deadline: Instant,
    ) {
        let channel = own.map_or(&self.running.channel, |r| &r.channel);
        for round in 0..SPOILT_TRIES {
            let spoilt = |t: &&Trial| results.get(&t.key()).is_some_and(|o| o.spoilt);
            let few = trials.iter().filter(spoilt).count() <= SECOND_TRIES;
            let doubtful = |t: &&Trial| {
                let outcome = results.get(&t.key());
                outcome.is_some_and(|o| (round == 0 && o.in_vain && !o.lasted) || (few && o.spoilt))
            };
            let mut again: Vec<Trial> = trials.iter().filter(doubtful).cloned().collect();
            let apart = self.context.survey.transport.answers_apart();
            for trial in &mut again {
                // Lines that went unanswered wait beside each other; whatever else is tried once more goes by itself.
                let unanswered = results.get(&trial.key()).is_some_and(|o| o.unanswered);
                trial.by_itself = apart || !unanswered;
            }
            if again.is_empty() {
                return;
            }
            let keys: Vec<String> = again.iter().map(Trial::key).collect();
            let nobody = (Company::Nobody, &lab::Silences::default());
            let mut second = self.walks(vec![again], channel, nobody, deadline).await;
            for key in keys {
                // What there was no time for stays unknown.
                match second.remove(&key) {
                    Some(outcome) => results.insert(key, outcome),
                    None => results.remove(&key),
                };
            }
        }
    }

    async fn walks(
        &self,
        lanes: Vec<Vec<Trial>>,
        channel: &Channel,
        (company, known): (Company, &lab::Silences),
        deadline: Instant,
    ) -> Results {
        let (given, ids) = (self.context.given(), &self.ids);
        let ahead = channel.keeper().is_some() && company == Company::Others;
        // What is broken is soon tried again, in a process that nobody has used.
        let broken = || {
            if ahead && !self.ahead.swap(true, Ordering::Relaxed) {
                self.context.start_ahead();
            }
        };
        let broken = &broken;
        let walks = lanes.into_iter().map(|lane| async move {
            // Vectors choose ids, which no session may have twice.
            let channel = channel.own(company.patience()).apart().await;
            let apart = channel.transport().answers_apart();
            let channel = if apart { channel } else { channel.by_itself() };
            lab::walk(lane, given, &channel, ids, company, deadline, (known, broken)).await
        });
        let results = futures_util::stream::iter(walks).buffer_unordered(self.options.concurrency);
        results.collect::<Vec<Results>>().await.into_iter().flatten().collect()
    }

    /// Another process of the target, past its start.
    pub(super) async fn another(&self, deadline: Instant) -> Option<Running> {
        let turn = self.context.aside.turn(self.context.recorder.tempo.start_up());
        let _turn = timeout_at(deadline, turn).await.ok()?;
        let running = timeout_at(deadline, self.context.start()).await.ok()?.ok()?;
        let first = crate::Probe::request(method::DISCOVER, serde_json::json!({}));
        let _ = timeout_at(deadline, running.channel.send("vectors", &first)).await;
        let starts = match running.channel.keeper() {
            Some(keeper) if !self.context.recorder.voices.are_together() => {
                !keeper.has_not_started().await
            }
            _ => true,
        };
        if starts {
            return Some(running);
        }
        self.context.aside.end(running);
        None
    }
}
