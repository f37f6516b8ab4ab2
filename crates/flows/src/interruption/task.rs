//! A task between two requests about it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plumb_model::pack::{Moment, Next};
use plumb_runner::{Finding, Judgement, Observed, Prop, Trouble, brief, has_ended, task_id};
use plumb_wire::method;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use super::interrupter::{Interrupter, Trail};
use crate::task::history::{self, State};
use crate::task::shared_or_routed;
use crate::task::{answers, life};

/// A task works for so long, where its tool lets us say.
const AT_WORK: Duration = Duration::from_secs(1);

/// A task, brought to where it is interrupted.
pub(super) struct Handle {
    tool: String,
    id: String,
    /// As it was last seen before.
    before: Value,
    /// When it was asked for.
    since: Instant,
    /// Its states before and after.
    states: Mutex<Vec<State>>,
}

/// Calls a tool that answers with a task, and reads that until it stands where it is wanted.
pub(super) async fn begin(
    interrupter: &Interrupter<'_>,
    trail: &Trail,
    at: Moment,
) -> Result<Handle, Trouble> {
    let bench = interrupter.bench();
    let absent = |prop: Prop| Trouble::Absent {
        why: format!("the target offers no {}", prop.name()),
        how_to_enable: prop.how_to_enable(),
    };
    let found = |prop: Prop| bench.survey().prop(prop).cloned().ok_or_else(|| absent(prop));
    let (found, wanted): (_, fn(&Value) -> bool) = match at {
        Moment::InputRequired => (found(Prop::InputTaskTool)?, |t| t["status"] == "input_required"),
        Moment::Ended => (found(Prop::TaskTool)?, has_ended),
        _ if bench.survey().prop(Prop::SlowTaskTool).is_none() => {
            return Err(absent(Prop::SlowTaskTool));
        }
        _ => (life::slow(bench, AT_WORK)?.0, |t| t["status"] == "working"),
    };
    let since = Instant::now();
    let created = interrupter.control(trail, life::call(bench, &found)).await?;
    let id = created.result().and_then(task_id).map(str::to_owned);
    let Some(id) = id else {
        return Err(Trouble::Absent {
            why: format!("{} answered without a task this time", found.name),
            how_to_enable: "let it answer with a task each time".into(),
        });
    };
    let states = Mutex::default();
    let mut task = Handle { tool: found.name, id, before: Value::Null, since, states };
    let deadline = Instant::now() + bench.lengthen(life::PATIENCE);
    loop {
        let seen = task.read(interrupter, trail).await?;
        let Some(shown) = seen.result() else { return Err(Trouble::Control(seen.describe())) };
        if wanted(shown) {
            task.before = shown.clone();
            return Ok(task);
        }
        if has_ended(shown) || Instant::now() > deadline {
            return Err(Trouble::Unseen {
                why: format!("the task of {} was {} instead", task.tool, shown["status"]),
                how_to_enable: "name a tool in plumb.toml whose task comes to that state: [props.input-task-tool]".into(),
            });
        }
        sleep(life::INTERVAL / 10).await;
    }
}

impl Handle {
    pub(super) async fn go_on(
        &self,
        interrupter: &Interrupter<'_>,
        trail: &Trail,
        then: Next,
    ) -> Judgement {
        let judgement = self.goes_on(interrupter, trail, then).await;
        if matches!(judgement, Ok(Finding::Violated { .. }))
            && life::may_be_gone(&self.before, self.since)
        {
            return Err(life::gone(&self.tool));
        }
        if interrupter.reconnects() {
            judgement
        } else {
            shared_or_routed(interrupter.bench(), judgement)
        }
    }

    async fn goes_on(&self, interrupter: &Interrupter<'_>, trail: &Trail, then: Next) -> Judgement {
        match then {
            Next::Update => self.update(interrupter, trail).await,
            Next::Cancel => {
                let seen =
                    interrupter.send(trail, life::about(method::TASKS_CANCEL, &self.id)).await?;
                if !seen.is_accepted() {
                    return Ok(Finding::violated("the cancellation is taken", seen.describe()));
                }
                self.resolve(interrupter, trail).await
            }
            _ => self.resolve(interrupter, trail).await,
        }
    }

    /// The task is known, its history is legal, and an outcome stays.
    async fn resolve(&self, interrupter: &Interrupter<'_>, trail: &Trail) -> Judgement {
        let seen = self.read(interrupter, trail).await?;
        let Some(shown) = seen.result() else {
            return Ok(Finding::violated("the task, as it is known", seen.describe()));
        };
        let states = self.states();
        let fault = history::illegal_step(&states).or_else(|| history::changed_after_end(&states));
        if let Some(fault) = fault {
            return Ok(Finding::violated(fault.expected, fault.actual));
        }
        let same = !has_ended(&self.before) || stripped(&self.before) == stripped(shown);
        Ok(Finding::expect(same, format!("one outcome: {}", brief(&self.before)), || {
            seen.describe()
        }))
    }

    /// Answers to all that is asked are taken, and show.
    async fn update(&self, interrupter: &Interrupter<'_>, trail: &Trail) -> Judgement {
        let asked = self.before["inputRequests"].as_object().cloned().unwrap_or_default();
        let responses: Map<String, Value> =
            asked.iter().map(|(key, request)| (key.clone(), answers::fitting(request))).collect();
        let update =
            life::about(method::TASKS_UPDATE, &self.id).param("inputResponses", responses.clone());
        let taken = interrupter.send(trail, update).await?;
        if !taken.is_accepted() {
            return Ok(Finding::violated("the answers are taken", taken.describe()));
        }
        let deadline = Instant::now() + interrupter.bench().lengthen(life::PATIENCE);
        loop {
            let seen = self.read(interrupter, trail).await?;
            let Some(shown) = seen.result() else {
                return Ok(Finding::violated("the task, as it is known", seen.describe()));
            };
            let asks = shown["inputRequests"].as_object();
            let open = |key: &String| asks.is_some_and(|asks| asks.contains_key(key));
            if shown["status"] != "input_required" || !responses.keys().any(open) {
                return self.resolve(interrupter, trail).await;
            }
            if Instant::now() > deadline {
                return Ok(Finding::violated("the answers show", seen.describe()));
            }
            sleep(life::INTERVAL / 10).await;
        }
    }

    async fn read(
        &self,
        interrupter: &Interrupter<'_>,
        trail: &Trail,
    ) -> Result<Observed, Trouble> {
        let seen = interrupter.send(trail, life::about(method::TASKS_GET, &self.id)).await?;
        if let Some(shown) = seen.result() {
            let shown = State::of(shown.clone(), seen.seq());
            self.states.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
        }
        Ok(seen)
    }

    fn states(&self) -> Vec<State> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A task without what may differ from one reading to the next.
pub fn stripped(task: &Value) -> Value {
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        for name in ["_meta", "lastUpdatedAt", "ttlMs", "pollIntervalMs"] {
            members.remove(name);
        }
    }
    task
}
