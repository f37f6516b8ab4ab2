//! Scenarios: run beside each other, and what is in doubt once more, alone.

mod played;

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_model::event::CaseFinished;
use plumb_model::{Event, Verdict};
use tokio::time::Instant;

use crate::Check;
use crate::record::Recorder;
pub(crate) use played::Played;

/// At most so many inconclusive scenarios are tried once more.
pub(crate) const SECOND_TRIES: usize = 24;

/// A scenario is played again at most so often.
const AGAIN: u32 = 2;

/// What shows a violation within so long is played once more, and others, as long as all of that takes no longer than this.
const QUICK: Duration = Duration::from_millis(250);
const REPLAYS: Duration = Duration::from_millis(400);

/// Who carries out a scenario: it knows the subject and what a scenario works with.
pub(crate) trait Stage: Sync {
    /// Where events go.
    fn recorder(&self) -> &Recorder;

    /// Carries out a scenario, `tried` times before; gives what it came to, or a fault of Plumb itself.
    fn play(
        &self,
        check: &'static Check,
        deadline: Instant,
        tried: u32,
    ) -> impl Future<Output = Result<Played, String>> + Send;

    /// Whether a scenario may be played again although its first showing left no doubt: nothing comes of it that lasts.
    fn may_replay(&self, _check: &Check) -> bool {
        false
    }

    /// Whether the subject answers others, when it was silent to one.
    fn answers(&self) -> impl Future<Output = bool> + Send;
}

/// Scenarios beside each other and again, on a stage.
pub(crate) struct Scenes<'a, S> {
    pub(crate) stage: &'a S,
    /// So many at once.
    pub(crate) concurrency: usize,
    pub(crate) deadline: Instant,
}

/// Scenarios that are to be tried once more, and faults of Plumb itself.
#[derive(Default)]
pub(crate) struct Doubted {
    scenes: Vec<(&'static Check, Played)>,
    /// Violations that are beyond doubt, and quickly shown once more.
    shown: Vec<(&'static Check, Played)>,
    faults: Vec<String>,
}

impl Doubted {
    /// How many scenarios are to be tried once more.
    pub(crate) fn count(&self) -> usize {
        self.scenes.len()
    }
}

impl<S: Stage> Scenes<'_, S> {
    /// Runs scenarios beside each other. What is beyond doubt is said at once; the rest is given back, with the faults of
    /// Plumb itself.
    pub(crate) async fn run(&self, checks: &[&'static Check]) -> Doubted {
        let scenes = checks.iter().map(|&check| async move {
            let at = self.stage.recorder().clock.now();
            self.stage.recorder().emit(Event::CheckStarted { check: check.id.into(), at });
            let began = Instant::now();
            (check, self.stage.play(check, self.deadline, 0).await, began.elapsed())
        });
        let mut scenes = futures_util::stream::iter(scenes).buffer_unordered(self.concurrency);
        let mut doubted = Doubted::default();
        while let Some((check, scene, took)) = scenes.next().await {
            match scene {
                Ok(played) if played.is_doubtful() => doubted.scenes.push((check, played)),
                Ok(played)
                    if played.is_violated() && took <= QUICK && self.stage.may_replay(check) =>
                {
                    doubted.shown.push((check, played));
                }
                Ok(played) => self.finish(check, played.verdict, played.cases),
                Err(fault) => {
                    self.finish(check, Verdict::inconclusive(&fault), Vec::new());
                    doubted.faults.push(fault);
                }
            }
        }
        doubted
    }

    /// Tries once more, with nothing else in flight, what came out of silence, of a process that
    /// ended, beside a failure of the target, or inconclusive; gives the faults of Plumb itself.
    pub(crate) async fn again(&self, mut doubted: Doubted) -> Vec<String> {
        let mut faults = std::mem::take(&mut doubted.faults);
        self.replay(std::mem::take(&mut doubted.shown)).await;
        // Where much is inconclusive, the target is the cause.
        let inconclusive = |(_, p): &&(_, Played)| p.is_inconclusive();
        let hopeless = doubted.scenes.iter().filter(inconclusive).count() > SECOND_TRIES;
        // Time may be short: what looks like a violation is confirmed before what came to nothing is tried again. Of those
        // whose process ended, the checks of what ends requests come first: they are about what others do besides.
        doubted.scenes.sort_by_key(|(check, p)| {
            let violated = matches!(p.verdict, Verdict::Violated { .. });
            (p.death.is_none() || !check.id.contains("cancel."), !violated)
        });
        for (check, first) in doubted.scenes {
            if hopeless && first.death.is_none() && first.is_inconclusive() {
                self.finish(check, first.verdict, first.cases);
                continue;
            }
            if Instant::now() >= self.deadline {
                let (verdict, cases) = first.unconfirmed("the run's time budget is used up");
                self.finish(check, verdict, cases);
                continue;
            }
            match self.tried_again(check, first).await {
                Ok(last) => {
                    let (verdict, cases) = self.confirmed(check, last).await;
                    self.finish(check, verdict, cases);
                }
                Err(fault) => {
                    self.finish(check, Verdict::inconclusive(&fault), Vec::new());
                    faults.push(fault);
                }
            }
        }
        faults
    }

    /// Plays once more, with nothing else in flight, what was violated beyond doubt, as far as there is time, and says what is
    /// seen again.
    async fn replay(&self, shown: Vec<(&'static Check, Played)>) {
        let until = self.deadline.min(Instant::now() + REPLAYS);
        for (check, first) in shown {
            let in_time = Instant::now() < until;
            let second = if in_time { self.stage.play(check, until, 1).await.ok() } else { None };
            let (verdict, cases) = first.replayed(second.as_ref());
            self.finish(check, verdict, cases);
        }
    }

    /// Plays a scenario again, and what failures of the target may have spoilt a second time: of a thousand cases some fail
    /// twice in a row by bad luck alone, where one answer of twenty fails. What was broken in the last try only, when those
    /// before came to nothing, is in doubt: nothing tells it from what they met with.
    async fn tried_again(&self, check: &'static Check, mut last: Played) -> Result<Played, String> {
        let mut came_to_nothing = true;
        for tried in 1..=AGAIN {
            let next = self.stage.play(check, self.deadline, tried).await?;
            came_to_nothing &= last.is_inconclusive();
            let twice = last.is_violated() && next.is_violated();
            // What a failure only may have spoilt stands, unless it is seen to hold.
            last = if last.stands_beside(&next) { last } else { next.beside(&last) };
            if twice {
                last = last.seen_again();
            }
            if !last.is_spoilt() || Instant::now() >= self.deadline {
                break;
            }
        }
        Ok(if came_to_nothing { last.unless_spoilt() } else { last })
    }

    /// What a second try amounts to. A process that ended twice ends by what is asked of it, and one check shows that for
    /// all; silence counts only while the target answers others.
    async fn confirmed(
        &self,
        check: &'static Check,
        second: Played,
    ) -> (Verdict, Vec<CaseFinished>) {
        if let Some(death) = &second.death {
            if let Some(other) = self.stage.recorder().ended_before(check.id, death) {
                let why = format!("its process ended, as in `{other}`, which shows it: {death}");
                return second.cut_short(&why);
            }
            let actual = format!("its process ended during the check, twice: {death}");
            return (Verdict::violated("a server that goes on", actual), second.cases);
        }
        let silence = matches!(second.verdict, Verdict::Violated { .. }) && second.in_vain;
        if silence && !self.stage.answers().await {
            return second.unconfirmed("the target answered no other request either");
        }
        (second.verdict, second.cases)
    }

    fn finish(&self, check: &'static Check, verdict: Verdict, cases: Vec<CaseFinished>) {
        emit(self.stage.recorder(), check, verdict, cases);
    }
}

/// Says what a check came to.
pub(crate) fn emit(
    recorder: &Recorder,
    check: &'static Check,
    verdict: Verdict,
    cases: Vec<CaseFinished>,
) {
    for case in cases {
        recorder.emit(Event::CaseFinished(case));
    }
    let check = check.id.to_owned();
    recorder.emit(Event::CheckFinished { check, at: recorder.clock.now(), verdict });
}
