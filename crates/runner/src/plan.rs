//! How the time of a run is spent: what waits begins first, then what matters most, and a slow target is asked less of each
//! thing rather than cut off in the middle.

use std::time::Duration;

use plumb_model::{Danger, Edition, Force, Level};

use crate::Observed;
use crate::check::Check;
use crate::lab::Trial;
use crate::lab::given::Given;
use crate::options::Budget;
use crate::survey::Survey;

/// A vector costs so many exchanges, its share of the controls included: measured over servers of several makes.
const PER_VECTOR: f64 = 1.25;

/// A scenario costs so many.
const PER_SCENARIO: f64 = 9.0;

/// The plan may fill so much of the time that is left; the rest is for second tries.
const ROOM: f64 = 0.6;

/// Beyond those that are props or ask the client, so many callable tools, tools that answer with tasks, resources and prompts
/// are left of a slow target.
const FEW: usize = 3;

/// What `--budget auto` allows beyond twice the estimate.
const LEAST: Duration = Duration::from_secs(60);

/// What is to be done, and how long the target probably takes for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    vectors: usize,
    scenarios: usize,
    answer: Duration,
    at_once: usize,
}

impl Estimate {
    /// Of these checks and trials, for a target whose quick answers take so long.
    pub(crate) fn of(
        checks: &[&'static Check],
        trials: &[Trial],
        Given { edition, survey, .. }: Given<'_>,
        at_once: usize,
    ) -> Self {
        let asks = |c: &&&'static Check| {
            c.scenario().is_some()
                && c.inapplicable(survey, edition).is_none()
                && c.needs.iter().all(|prop| survey.prop(*prop).is_some())
        };
        let scenarios = checks.iter().filter(asks).count();
        Self { vectors: trials.len(), scenarios, answer: survey.pace, at_once: at_once.max(1) }
    }

    /// How long all of it takes.
    #[expect(clippy::cast_precision_loss, reason = "an estimate of some thousand exchanges")]
    fn time(&self) -> Duration {
        let exchanges = self.vectors as f64 * PER_VECTOR + self.scenarios as f64 * PER_SCENARIO;
        self.answer.mul_f64(exchanges / self.at_once as f64)
    }

    /// How long a run with this budget may go on from now, when so much of the budget is left.
    pub(crate) fn within(&self, budget: Budget, left: Duration) -> Duration {
        match budget {
            Budget::Within(_) => left,
            Budget::Auto => (self.time() * 2 + LEAST).min(budget.at_most()).max(left),
        }
    }

    /// Whether it takes longer than is left for it.
    pub(crate) fn is_beyond(&self, left: Duration) -> bool {
        self.time() > left.mul_f64(ROOM)
    }
}

/// Scenarios in the order in which they begin: what mostly waits first, since others ask meanwhile; then what matters most.
pub(crate) fn in_order(mut checks: Vec<&'static Check>, edition: &Edition) -> Vec<&'static Check> {
    checks.sort_by_key(|check| (!check.waits, rank(edition, check.rows())));
    checks
}

/// Trials in the order of what they show.
pub(crate) fn by_rank(mut trials: Vec<Trial>, edition: &Edition) -> Vec<Trial> {
    for trial in &mut trials {
        trial.rank = rank(edition, trial.vector.judges.iter().map(String::as_str));
    }
    trials.sort_by_key(|trial| trial.rank);
    trials
}

/// How much it matters what becomes of the most important of these requirements; the least number matters most: first what
/// keeps users safe, then what fails a run, then what warns.
fn rank<'a>(edition: &Edition, ids: impl Iterator<Item = &'a str>) -> u8 {
    let rank = |id: &str| {
        let row = edition.ledger.requirement(id)?;
        let must = matches!(row.level, Level::Must | Level::MustNot);
        Some(match (must, row.force != Force::Inferred) {
            (true, true) if Danger::of_requirement(row) == Danger::Security => 0,
            (true, true) => 1,
            (true, false) => 2,
            _ => 3,
        })
    };
    ids.filter_map(rank).min().unwrap_or(u8::MAX)
}

/// One trial of each vector, of another base each time, so that every kind of deviation and every kind of request is tried;
/// with how many are left out.
pub(crate) fn one_of_each(trials: Vec<Trial>) -> (Vec<Trial>, usize) {
    let all = trials.len();
    let mut kept: Vec<Trial> = Vec::new();
    let mut trials = trials.into_iter().peekable();
    let mut turn = 0;
    while let Some(first) = trials.next() {
        let mut same = vec![first];
        while let Some(next) = trials.next_if(|t| t.is_of(&same[0])) {
            same.push(next);
        }
        let at = turn % same.len();
        turn += 1;
        kept.push(same.swap_remove(at));
    }
    let left_out = all - kept.len();
    (kept, left_out)
}

/// A survey of less: the tools that are props and a few more.
pub(crate) fn less(survey: &Survey) -> Survey {
    let mut less = survey.clone();
    let is_prop = |name: &str| survey.props.values().any(|found| found.name == name);
    let mut further = 0;
    less.callable.retain(|tool| {
        is_prop(tool.tool["name"].as_str().unwrap_or_default()) || {
            further += 1;
            further <= FEW
        }
    });
    less.tasks.truncate(FEW);
    few(&mut less.fetched_resources);
    few(&mut less.fetched_prompts);
    less
}

/// Leaves what asks the client, which is rare and shows most, and a few more.
fn few(fetched: &mut Vec<Observed>) {
    let mut further = 0;
    fetched.retain(|seen| {
        let asks = seen.input_required().is_some() || seen.asked().next().is_some();
        further += usize::from(!asks);
        asks || further <= FEW
    });
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Carrier, Exchange, Frame, Initiator, Sent};
    use serde_json::{Value, json};

    use super::*;

    /// What came for a prompt.
    fn fetched(result: &Value) -> Observed {
        let message = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
        let frame = Frame { at: 0, carrier: Carrier::Body, payload: message.into() };
        Observed::new(Exchange {
            seq: 1,
            by: "survey".into(),
            channel: "http-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Nothing,
            answer: Answer { frames: vec![frame], ..Answer::default() },
        })
    }

    #[test]
    fn what_asks_the_client_is_left_of_a_slow_target() {
        let plain = || fetched(&json!({"resultType": "complete", "messages": []}));
        let asking = || fetched(&json!({"resultType": "input_required", "inputRequests": {}}));
        let fetched_prompts = vec![plain(), plain(), plain(), plain(), asking(), asking()];
        let less = less(&Survey { fetched_prompts, ..Survey::default() });
        let asks = less.fetched_prompts.iter().map(|seen| seen.input_required().is_some());
        assert_eq!(asks.collect::<Vec<_>>(), [false, false, false, true, true]);
    }

    fn estimate(answer: Duration) -> Estimate {
        Estimate { vectors: 400, scenarios: 200, answer, at_once: 10 }
    }

    #[test]
    fn a_slow_target_does_not_fit() {
        let minute = Duration::from_secs(60);
        assert!(!estimate(Duration::from_millis(100)).is_beyond(minute));
        assert!(estimate(Duration::from_millis(500)).is_beyond(minute));
    }

    #[test]
    fn a_budget_of_the_users_own_stays_and_auto_follows_the_target() {
        let (left, slow) = (Duration::from_secs(50), estimate(Duration::from_millis(500)));
        assert_eq!(slow.within(Budget::Within(left), left), left);
        assert_eq!(slow.within(Budget::Auto, left), Duration::from_secs(290));
        let slowest = estimate(Duration::from_secs(60));
        assert_eq!(slowest.within(Budget::Auto, left), Budget::Auto.at_most());
    }
}
