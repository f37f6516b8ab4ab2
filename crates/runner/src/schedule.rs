//! When each check runs: what is decided without it, vectors and scenarios beside each other, then those that want the
//! target for themselves.

mod again;
mod alone;
mod place;
mod seen;
mod vectors;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use plumb_model::Verdict;
use plumb_model::event::CaseFinished;
use plumb_wire::method;
use tokio::time::{Instant, timeout_at};

use place::Place;
use vectors::Sent;

use crate::auth::needs_own_tokens;
use crate::bench::Context;
use crate::check::{Applies, Body, Isolation};
use crate::lab::{self, Results, Trial};
use crate::options::Options;
use crate::record::Recorder;
use crate::scenes::{Doubted, Scenes, emit};
use crate::survey::contact;
use crate::survey::contact::DISCOVER;
use crate::target::Running;
use crate::{Check, Prop, Survey, facet, finding, plan};

/// So many quick requests show what answers take with nothing else in flight.
const MEASURED: usize = 4;

/// So many scenarios for each request that may be in flight.
const SCENES: usize = 4;

/// The checks of a run, each at its time.
pub(crate) struct Schedule<'a> {
    context: Arc<Context>,
    options: &'a Options,
    running: &'a Running,
    /// The next id of vectors.
    ids: AtomicU64,
    /// Whether the target is too slow for every vector in every place.
    spares: bool,
    /// Whether a process was started ahead for vectors that are tried again.
    ahead: AtomicBool,
}

impl<'a> Schedule<'a> {
    /// The schedule of a run, before its first check.
    pub(crate) fn new(
        context: &Arc<Context>,
        options: &'a Options,
        running: &'a Running,
        spares: bool,
    ) -> Self {
        let (context, ids) = (Arc::clone(context), lab::first_id());
        Self { context, options, running, ids, spares, ahead: AtomicBool::new(false) }
    }

    /// Judges everything but the passive checks; gives the faults of Plumb itself.
    pub(crate) async fn run(&self, selected: &[&'static Check], deadline: Instant) -> Vec<String> {
        let (open, decided): (Vec<_>, Vec<_>) =
            selected.iter().copied().partition(|c| self.decided(c).is_none());
        for check in decided {
            if let Some(verdict) = self.decided(check) {
                self.finish(check, verdict, Vec::new());
            }
        }
        let scenarios = |isolation: &dyn Fn(Isolation) -> bool| -> Vec<&'static Check> {
            let scenario = |c: &&&'static Check| c.scenario().is_some() && isolation(c.isolation);
            plan::in_order(open.iter().filter(scenario).copied().collect(), &self.context.edition)
        };
        let main = Place { schedule: self, channel: &self.running.channel };
        let scenes = Scenes { stage: &main, concurrency: self.scenes_at_once(), deadline };
        let trials = self.trials(&open);
        let mut faults = Vec::new();
        // What starts processes takes longest, so it begins first.
        let mut beside = scenarios(&|i| i == Isolation::Replicas);
        let opening = scenarios(&|i| i == Isolation::Opening);
        if self.running.channel.keeper().is_some() {
            self.context.aside.await_openings(opening.len());
        }
        beside.extend(opening);
        beside.extend(scenarios(&|i| matches!(i, Isolation::Shared | Isolation::OwnProcess)));
        let alone = scenarios(&|i| i == Isolation::Alone);
        let last = scenarios(&|i| i == Isolation::Last);
        let (Sent { mut results, own, left }, doubted, alone) = tokio::join!(
            self.vectors(&trials, deadline),
            self.scenes(&scenes, &beside, alone.is_empty() && last.is_empty()),
            self.alone_elsewhere(alone, deadline)
        );
        self.calm(deadline).await;
        results.extend(self.sent_late(left, deadline).await);
        self.silent_again(&trials, &mut results, own.as_ref(), deadline).await;
        self.again(&trials, &mut results, own.as_ref(), deadline).await;
        if let Some(own) = own {
            self.context.aside.end(own);
        }
        faults.extend(scenes.again(doubted).await);
        for check in open.iter().filter(|c| matches!(c.body, Body::Cases(_))) {
            self.judge_cases(check, &trials, &results);
        }
        faults.extend(one_by_one(&scenes, alone).await);
        self.seen_broken_again(deadline).await;
        faults.extend(one_by_one(&scenes, last).await);
        faults
    }

    /// Plays scenarios beside each other. What is in doubt is soon tried again, in processes that nobody has used; those that
    /// were used are of no use any more if these scenarios are the last.
    async fn scenes(
        &self,
        scenes: &Scenes<'_, Place<'_>>,
        beside: &[&'static Check],
        last: bool,
    ) -> Doubted {
        let doubted = scenes.run(beside).await;
        if last {
            self.context.aside.end_kept();
        }
        if self.running.channel.keeper().is_some() {
            self.context.start_several_ahead(doubted.count());
        }
        doubted
    }

    /// The vectors that the checks need, in the order of what they show; of a slow target one place for each.
    fn trials(&self, open: &[&'static Check]) -> Vec<Trial> {
        let all = lab::trials(&self.context.packs, open, self.context.given());
        let trials = plan::by_rank(all, &self.context.edition);
        if !self.spares {
            return trials;
        }
        let (trials, left_out) = plan::one_of_each(trials);
        self.context.recorder.remark(format!(
            "the target is slow, an answer takes {} ms: what matters most was tried first, and each thing once; {left_out} \
             cases were left out (--budget auto takes the time for all)",
            self.context.survey.pace.as_millis()
        ));
        trials
    }

    /// Scenarios wait more than they ask, and how much is asked at once is a matter of the pace.
    fn scenes_at_once(&self) -> usize {
        match self.options.concurrency {
            1 => 1,
            several => several * SCENES,
        }
    }

    /// Measures anew what answers take, now that nothing else is in flight.
    async fn calm(&self, deadline: Instant) {
        if self.context.survey.legacy_only.is_some() {
            return;
        }
        self.context.recorder.tempo.forget();
        let measure = async {
            for _ in 0..MEASURED {
                let quick = crate::Probe::request(method::DISCOVER, serde_json::json!({}));
                // What fails here fails where it is judged.
                let _ = self.running.channel.send("control", &quick).await;
            }
        };
        let _ = timeout_at(deadline, measure).await;
    }

    /// The verdict that follows from declared facts and missing props, before any body runs.
    fn decided(&self, check: &'static Check) -> Option<Verdict> {
        let survey = &self.context.survey;
        if let Some(version) = &survey.legacy_only {
            let revision = &self.context.edition.revision;
            return Some(if check.id == DISCOVER {
                Verdict::violated(
                    format!("a server of revision {revision}: `server/discover` is answered"),
                    format!(
                        "the target speaks only revision {version}, which has the `initialize` handshake"
                    ),
                )
            } else {
                Verdict::NotApplicable { why: format!("the target speaks only revision {version}") }
            });
        }
        if matches!(check.body, Body::Passive(_)) {
            return None;
        }
        if let Some(came) = &survey.unreadable {
            return Some(contact::unreadable(check.id, came));
        }
        if let Some(why) = check.inapplicable(survey, &self.context.edition) {
            return Some(Verdict::NotApplicable { why });
        }
        if let Some(prop) = check.needs.iter().find(|p| survey.prop(**p).is_none()) {
            return Some(Verdict::Unverified {
                why: format!("the target offers no {}", prop.what()),
                how_to_enable: prop.how_to_enable_at(survey),
            });
        }
        if self.is_signed_in() && wants_own_tokens(check) {
            return Some(needs_own_tokens());
        }
        if check.isolation == Isolation::OwnProcess && !self.options.target.is_command() {
            return Some(Verdict::Unverified {
                why:
                    "the check starts and stops the server, and the target was given as an address"
                        .into(),
                how_to_enable: "give the target as a command: `plumb run -- COMMAND`".into(),
            });
        }
        if check.isolation == Isolation::Replicas && self.context.others.count() == 0 {
            return Some(Verdict::Unverified {
                why: "the check asks several replicas, and the target was given as one".into(),
                how_to_enable: "give `--replicas 2`, with `{shared.dir}` in the command if they share a store, or \
                                `--replica URL`"
                    .into(),
            });
        }
        None
    }

    fn judge_cases(&self, check: &'static Check, trials: &[Trial], results: &Results) {
        let mine: Vec<&Trial> =
            trials.iter().filter(|t| t.vector.judges.iter().any(|id| id == check.id)).collect();
        let cases: Vec<CaseFinished> = mine
            .iter()
            .map(|trial| {
                let outcome = results.get(&trial.key());
                let judgement = outcome.and_then(|o| o.judgements.get(check.id)).cloned();
                CaseFinished {
                    check: check.id.to_owned(),
                    case: trial.address.clone(),
                    title: trial.vector.title.clone(),
                    verdict: finding::verdict(judgement.unwrap_or(Err(crate::Trouble::Budget))),
                    exchanges: outcome.map_or_else(Vec::new, |o| o.exchanges.clone()),
                    count: 1,
                    again: outcome.and_then(|o| o.again.get(check.id)).copied(),
                }
            })
            .collect();
        let outcomes = mine.iter().map(|trial| trial.vector.answer.outcome);
        let judged: Vec<_> = outcomes.zip(cases.iter().map(|c| c.verdict.clone())).collect();
        let verdict = facet::fold(&judged);
        let nothing = || {
            if self.is_signed_in() && check.applies.contains(&Applies::Auth) {
                return needs_own_tokens();
            }
            Verdict::Unverified {
                why: "the target offers no request that the vectors of this check start from"
                    .into(),
                how_to_enable: Prop::Tool.how_to_enable(),
            }
        };
        self.finish(check, verdict.unwrap_or_else(nothing), cases);
    }

    /// Whether the tokens of the run are those of who has signed in.
    fn is_signed_in(&self) -> bool {
        self.context.auth.as_ref().is_some_and(|authority| authority.is_theirs())
    }

    fn finish(&self, check: &'static Check, verdict: Verdict, cases: Vec<CaseFinished>) {
        emit(&self.context.recorder, check, verdict, cases);
    }
}

/// Plays scenarios that want the target for themselves, one after the other; gives the faults of Plumb itself.
async fn one_by_one(scenes: &Scenes<'_, Place<'_>>, checks: Vec<&'static Check>) -> Vec<String> {
    let mut faults = Vec::new();
    for check in checks {
        let doubted = scenes.run(&[check]).await;
        faults.extend(scenes.again(doubted).await);
    }
    faults
}

/// Whether a scenario is about a service that a run's own authorization server stands for.
fn wants_own_tokens(check: &Check) -> bool {
    matches!(check.body, Body::Scenario(_)) && check.needs.contains(&Prop::UpstreamTool)
}

/// The verdicts over every exchange of the run, which is over.
pub(crate) fn finish_passives(recorder: &Recorder, selected: &[&'static Check], survey: &Survey) {
    let Some(passives) = recorder.passives() else { return };
    if survey.legacy_only.is_some() {
        return;
    }
    for check in selected.iter().filter(|c| matches!(c.body, Body::Passive(_))) {
        let (verdict, cases) = match check.inapplicable(survey, &recorder.edition) {
            Some(why) => (Verdict::NotApplicable { why }, Vec::new()),
            None => passives.finish(check.id, survey),
        };
        emit(recorder, check, verdict, cases);
    }
}
