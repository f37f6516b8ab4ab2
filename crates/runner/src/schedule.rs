//! When each check runs: what is decided without it, vectors and scenarios beside each other, then those that want the
//! target for themselves.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_model::event::CaseFinished;
use plumb_model::{Event, REVISION, Verdict};

use crate::auth::Auth;
use crate::bench::Context;
use crate::check::{Body, Isolation};
use crate::lab::{self, Results, Trial};
use crate::record::Recorder;
use crate::run::{DISCOVER, Options};
use crate::target::Running;
use crate::{Bench, Check, Survey, facet, finding};

/// At most so many scenarios are tried once more.
const SECOND_TRIES: usize = 12;

/// What a scenario came to: its verdict with its cases, or a fault of Plumb itself.
type Played = Result<(Verdict, Vec<CaseFinished>), String>;

/// The checks of a run, each at its time.
pub(crate) struct Schedule<'a> {
    pub(crate) context: Arc<Context>,
    pub(crate) options: &'a Options,
    pub(crate) running: &'a Running,
}

impl Schedule<'_> {
    /// Judges everything but the passive checks; gives the faults of Plumb itself.
    pub(crate) async fn run(&self, selected: &[&'static Check]) -> Vec<String> {
        let deadline = tokio::time::Instant::now() + self.options.budget;
        let (open, decided): (Vec<_>, Vec<_>) =
            selected.iter().copied().partition(|c| self.decided(c).is_none());
        for check in decided {
            if let Some(verdict) = self.decided(check) {
                self.finish(check, verdict, Vec::new());
            }
        }
        let scenarios = |isolation: &dyn Fn(Isolation) -> bool| -> Vec<&'static Check> {
            let scenario =
                |c: &&&'static Check| matches!(c.body, Body::Scenario(_)) && isolation(c.isolation);
            open.iter().filter(scenario).copied().collect()
        };
        let trials = lab::trials(&self.context.packs, &open, &self.context.survey, self.auth());
        let mut faults = Vec::new();
        // What starts processes takes longest, so it begins first.
        let mut beside = scenarios(&|i| i == Isolation::Replicas);
        beside.extend(scenarios(&|i| !matches!(i, Isolation::Alone | Isolation::Replicas)));
        let (results, shared) =
            tokio::join!(self.vectors(trials.clone(), deadline), self.scenes(&beside, deadline));
        faults.extend(shared);
        for check in open.iter().filter(|c| matches!(c.body, Body::Cases(_))) {
            self.judge_cases(check, &trials, &results);
        }
        for check in scenarios(&|i| i == Isolation::Alone) {
            faults.extend(self.scenes(&[check], deadline).await);
        }
        faults
    }

    /// The verdict that follows from declared facts and missing props, before any body runs.
    fn decided(&self, check: &'static Check) -> Option<Verdict> {
        let survey = &self.context.survey;
        if let Some(version) = &survey.legacy_only {
            return Some(if check.id == DISCOVER {
                Verdict::violated(
                    format!("a server of revision {REVISION}: `server/discover` is answered"),
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
        if let Some(why) = check.inapplicable(survey) {
            return Some(Verdict::NotApplicable { why });
        }
        if let Some(prop) = check.needs.iter().find(|p| survey.prop(**p).is_none()) {
            return Some(Verdict::Unverified {
                why: format!("the target offers no {}", prop.name()),
                how_to_enable: prop.how_to_enable(),
            });
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

    async fn vectors(&self, trials: Vec<Trial>, deadline: tokio::time::Instant) -> Results {
        let survey = &self.context.survey;
        let lanes = lab::lanes(trials, survey.is_http());
        if lanes.is_empty() {
            return Results::new();
        }
        // Over standard streams broken lines go to a process of their own.
        let own = if survey.is_http() { None } else { self.another().await };
        let channel = own.as_ref().map_or(&self.running.channel, |r| &r.channel);
        if own.is_some() {
            // Past its start: some take seconds to answer their first request.
            let first = crate::Probe::request("server/discover", serde_json::json!({}));
            let _ = channel.send("vectors", &first.patience(Duration::from_secs(20))).await;
        }
        let ids = lab::first_id();
        let (ids, auth) = (&ids, self.auth());
        let walks = lanes.into_iter().map(|lane| async move {
            let walk = lab::walk(lane, survey, channel, ids, auth);
            tokio::time::timeout_at(deadline, walk).await.unwrap_or_default()
        });
        let results = futures_util::stream::iter(walks).buffer_unordered(self.options.concurrency);
        let results: Vec<Results> = results.collect().await;
        if let Some(own) = own {
            own.stop().await;
        }
        results.into_iter().flatten().collect()
    }

    async fn another(&self) -> Option<Running> {
        let context = &self.context;
        context.target.start(&context.limits, &context.recorder, context.auth.as_deref()).await.ok()
    }

    fn auth(&self) -> Option<Auth<'_>> {
        self.context.auth()
    }

    /// Runs scenarios beside each other; gives the faults of Plumb itself. What others disturbed is tried once more, when
    /// they are done: a target that ends more than it was asked to, for one, disturbs everybody.
    async fn scenes(
        &self,
        checks: &[&'static Check],
        deadline: tokio::time::Instant,
    ) -> Vec<String> {
        let scenes = checks.iter().map(|&check| async move {
            let at = self.now();
            self.context.recorder.emit(Event::CheckStarted { check: check.id.into(), at });
            (check, self.scene(check, deadline, 0).await)
        });
        let mut scenes =
            futures_util::stream::iter(scenes).buffer_unordered(self.options.concurrency);
        let (mut faults, mut disturbed) = (Vec::new(), Vec::new());
        while let Some((check, scene)) = scenes.next().await {
            match scene {
                Ok((Verdict::Inconclusive { why }, cases)) if checks.len() > 1 => {
                    disturbed.push((check, why, cases));
                }
                scene => faults.extend(self.settle(check, scene)),
            }
        }
        // Where much is inconclusive, the target is the cause.
        let again = disturbed.len() <= SECOND_TRIES;
        for (check, why, cases) in disturbed {
            let first = Ok((Verdict::Inconclusive { why }, cases));
            let scene = if again { self.scene(check, deadline, 1).await } else { first };
            faults.extend(self.settle(check, scene));
        }
        faults
    }

    fn settle(&self, check: &'static Check, scene: Played) -> Option<String> {
        match scene {
            Ok((verdict, cases)) => {
                self.finish(check, verdict, cases);
                None
            }
            Err(fault) => {
                self.finish(check, Verdict::inconclusive(&fault), Vec::new());
                Some(fault)
            }
        }
    }

    /// Runs a scenario; gives its verdict with its cases, or a fault of Plumb itself.
    async fn scene(
        &self,
        check: &'static Check,
        deadline: tokio::time::Instant,
        tried: u64,
    ) -> Played {
        let Body::Scenario(body) = check.body else {
            return Err(format!("check `{}` is no scenario", check.id));
        };
        let context = Arc::clone(&self.context);
        // A task of its own, so that a panic in a check is that check's verdict.
        let task = tokio::spawn(async move {
            let bench = Bench::new(check, context, tried);
            let judgement = tokio::time::timeout_at(deadline, body(&bench)).await;
            bench.finished(judgement.unwrap_or(Err(crate::Trouble::Budget)))
        });
        task.await.map_err(|fault| format!("check `{}` panicked: {fault}", check.id))
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
                }
            })
            .collect();
        let outcomes = mine.iter().map(|trial| trial.vector.answer.outcome);
        let judged: Vec<_> = outcomes.zip(cases.iter().map(|c| c.verdict.clone())).collect();
        let verdict = facet::fold(&judged);
        let nothing = || Verdict::Unverified {
            why: "the target offers no request that the vectors of this check start from".into(),
            how_to_enable: crate::Prop::Tool.how_to_enable(),
        };
        self.finish(check, verdict.unwrap_or_else(nothing), cases);
    }

    fn finish(&self, check: &'static Check, verdict: Verdict, cases: Vec<CaseFinished>) {
        emit(&self.context.recorder, check, verdict, cases);
    }

    fn now(&self) -> u64 {
        self.context.recorder.clock.now()
    }
}

/// The verdicts over every exchange of the run, which is over.
pub(crate) fn finish_passives(recorder: &Recorder, selected: &[&'static Check], survey: &Survey) {
    let Some(passives) = recorder.passives() else { return };
    if survey.legacy_only.is_some() {
        return;
    }
    for check in selected.iter().filter(|c| matches!(c.body, Body::Passive(_))) {
        let (verdict, cases) = match check.inapplicable(survey) {
            Some(why) => (Verdict::NotApplicable { why }, Vec::new()),
            None => passives.finish(check),
        };
        emit(recorder, check, verdict, cases);
    }
}

fn emit(recorder: &Recorder, check: &'static Check, verdict: Verdict, cases: Vec<CaseFinished>) {
    let blotted = |verdict: Verdict| match verdict {
        Verdict::Violated { expected, actual } => Verdict::Violated {
            expected: recorder.blot_text(&expected),
            actual: recorder.blot_text(&actual),
        },
        Verdict::Inconclusive { why } => Verdict::Inconclusive { why: recorder.blot_text(&why) },
        Verdict::Unverified { why, how_to_enable } => {
            Verdict::Unverified { why: recorder.blot_text(&why), how_to_enable }
        }
        other => other,
    };
    for mut case in cases {
        case.verdict = blotted(case.verdict);
        recorder.emit(Event::CaseFinished(case));
    }
    let check = check.id.to_owned();
    recorder.emit(Event::CheckFinished {
        check,
        at: recorder.clock.now(),
        verdict: blotted(verdict),
    });
}
