//! What vectors showed to be broken, once more: whether a reader who sends that message by itself will see it, too.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use plumb_model::event::Again;
use tokio::time::{Instant, timeout_at};

use super::Schedule;
use crate::Finding;
use crate::lab::{self, Results, Trial};
use crate::record::Company;
use crate::target::Running;

/// All of it takes so long at most, or this part of what the run took up to now.
const SPAN: Duration = Duration::from_millis(600);
const PART: u32 = 20;

/// At most so many vectors are tried again, and over standard streams so many beside each other, in processes of their own.
const MOST: usize = 24;
const BESIDE: usize = 3;

impl Schedule<'_> {
    /// Tries again what is broken, once for each thing that came, and notes how it was seen. What is not seen again is in
    /// doubt; what there is no time for stands as it is.
    pub(super) async fn again(
        &self,
        trials: &[Trial],
        results: &mut Results,
        own: Option<&Running>,
        deadline: Instant,
    ) {
        let slow = self.context.recorder.tempo.starts_slowly();
        let apart = self.context.survey.transport.answers_apart();
        let any = !self.broken(trials, results, &BTreeSet::new(), &[]).is_empty();
        let one = if slow && !apart && any { self.another(deadline).await } else { None };
        let until = self.tried_until(deadline);
        // By itself means with nothing else in flight, in one process.
        let beside = if apart || one.is_some() { 1 } else { BESIDE };
        let (mut tried, mut seen) = (BTreeSet::new(), Vec::new());
        // What one vector does not show again, another one may.
        while Instant::now() < until {
            let mut chosen = breadth_first(self.broken(trials, results, &tried, &seen));
            chosen.truncate(MOST.saturating_sub(tried.len()));
            if chosen.is_empty() {
                break;
            }
            tried.extend(chosen.iter().map(|(trial, _)| trial.key()));
            let one = one.as_ref();
            let again = chosen.into_iter().map(|(trial, judges)| async move {
                (trial.key(), self.seen_again(trial, &judges, own, one).await)
            });
            let mut again = stream::iter(again).buffer_unordered(beside);
            while let Ok(Some((key, ways))) = timeout_at(until, again.next()).await {
                let Some(outcome) = results.get_mut(&key) else { continue };
                for (id, way) in ways {
                    let came = outcome.breaks().find(|(judge, _)| *judge == id);
                    seen.extend(came.filter(|_| way.is_some()).map(|(_, came)| (id, came.clone())));
                    outcome.tried_again(id, way);
                }
            }
        }
        if let Some(one) = one {
            self.context.aside.end(one);
        }
    }

    /// How long what was broken may take to be tried again, from now on.
    pub(super) fn tried_until(&self, deadline: Instant) -> Instant {
        let ran = Duration::from_micros(self.context.recorder.clock.now());
        deadline.min(Instant::now() + SPAN.max(ran / PART))
    }

    /// The vectors that are to be tried now, each with the checks whose violation no other shows as well: none that was tried
    /// before, and nothing that was seen again.
    fn broken<'t>(
        &self,
        trials: &'t [Trial],
        results: &Results,
        tried: &BTreeSet<String>,
        seen: &[(&'static str, Finding)],
    ) -> Vec<Chosen<'t>> {
        let is_new = |(id, came): &(&'static str, &Finding)| {
            !seen.iter().any(|(judge, shown)| judge == id && shown == *came)
        };
        let mut shown: Vec<(&'static str, &Finding)> = Vec::new();
        let mut chosen = Vec::new();
        for trial in trials.iter().filter(|trial| self.may_repeat(trial)) {
            let key = trial.key();
            let Some(outcome) = results.get(&key).filter(|_| !tried.contains(&key)) else {
                continue;
            };
            let broken =
                outcome.breaks().filter(|broken| is_new(broken) && !shown.contains(broken));
            let broken: Vec<_> = broken.collect();
            if !broken.is_empty() {
                chosen.push((trial, broken.iter().map(|(id, _)| *id).collect()));
                shown.extend(broken);
            }
        }
        chosen
    }

    /// Whether a vector may be sent again: not where calls were allowed that may change something.
    fn may_repeat(&self, trial: &Trial) -> bool {
        !lab::calls(trial.base) || self.options.allow_calls.is_none()
    }

    /// How judges see their violation again: over standard streams in a process that has been asked nothing (where starting
    /// takes long in `one` for all, which was asked others before), then in that of the run.
    async fn seen_again(
        &self,
        trial: &Trial,
        judges: &[&'static str],
        own: Option<&Running>,
        one: Option<&Running>,
    ) -> Vec<(&'static str, Option<Again>)> {
        let used = own.map_or(&self.running.channel, |r| &r.channel);
        let used = used.own(Company::Nobody.patience());
        let given = self.context.given();
        if used.transport().answers_apart() {
            let apart = used.apart().await;
            let ways = [(Again::Alone, &apart), (Again::AfterControl, &apart)];
            return lab::again(trial, judges, given, &self.ids, &ways).await.into_iter().collect();
        }
        if !lab::stands_alone(trial.base) {
            return Vec::new();
        }
        let new = if one.is_some() { None } else { self.unused().await };
        let Some(fresh) = one.or(new.as_ref()).map(|running| &running.channel) else {
            return Vec::new();
        };
        let first = if one.is_some() { Again::AfterOthers } else { Again::Alone };
        let ways = [(first, fresh), (Again::AfterControl, fresh), (Again::InRun, &used)];
        let seen = lab::again(trial, judges, given, &self.ids, &ways).await;
        if let Some(new) = new {
            self.context.aside.end(new);
        }
        seen.into_iter().collect()
    }

    /// Another process of the target, that has been asked nothing.
    pub(super) async fn unused(&self) -> Option<Running> {
        let context = self.context.as_ref();
        let _turn = context.aside.turn(context.recorder.tempo.start_up()).await?;
        context.start().await.ok()
    }
}

/// A vector and the checks that it is tried again for.
type Chosen<'t> = (&'t Trial, Vec<&'static str>);

/// What is the first to break a check goes before what breaks it in another way: each check is told by its first finding.
fn breadth_first<T>(chosen: Vec<(T, Vec<&'static str>)>) -> Vec<(T, Vec<&'static str>)> {
    let mut broken = BTreeSet::new();
    let first = |(_, judges): &(T, Vec<&'static str>)| {
        judges.iter().filter(|judge| broken.insert(**judge)).count() > 0
    };
    let (mut chosen, rest): (Vec<_>, Vec<_>) = chosen.into_iter().partition(first);
    chosen.extend(rest);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_tried_again_once_before_any_is_twice() {
        let chosen = vec![(1, vec!["a"]), (2, vec!["a"]), (3, vec!["a", "b"]), (4, vec!["c"])];
        let order: Vec<u8> = breadth_first(chosen).into_iter().map(|(trial, _)| trial).collect();
        assert_eq!(order, [1, 3, 4, 2]);
    }
}
