//! Watching a task from its handle to its end.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use plumb_runner::{
    Bench, Found, Observed, Probe, Prop, Trouble, has_ended, task_capable, task_id,
};
use plumb_wire::{codes, method};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{answers, history::State};

/// A task is given so long to come to its end.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What was acknowledged shows within so long.
pub const GRACE: Duration = Duration::from_secs(1);

/// Between two polls passes at most so much, whatever interval the server suggests: a run ends some time.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// A tool that was seen to answer with a task is called so many times until it does again.
const CALLS: usize = 6;

/// At most so many tools are watched by one check.
const TOOLS: usize = 10;

/// At most so many rounds of input are answered.
const ROUNDS: usize = 6;

/// A task, and every state of it that was seen.
pub struct Life<'a> {
    bench: &'a Bench,
    /// The tool.
    pub tool: String,
    /// Its id.
    pub id: String,
    /// The answer with the handle.
    pub created: Observed,
    /// When the handle had come.
    pub born: Instant,
    /// The states in the order in which they were seen; the first is that of the handle.
    pub states: Vec<State>,
    answered: BTreeSet<String>,
    polls: usize,
}

/// A request about a task.
pub fn about(method: &str, id: &str) -> Probe {
    task_capable(Probe::request(method, json!({"taskId": id})))
}

/// A call of a tool, with the extension declared.
pub fn call(bench: &Bench, found: &Found) -> Probe {
    task_capable(bench.call_of(&found.name, Value::Object(found.arguments.clone())))
}

/// The tools that answer with a task: those of the survey, and those that the user names.
pub fn tools(bench: &Bench) -> Vec<Found> {
    let survey = bench.survey();
    let surveyed = survey.tasks.iter().map(|t| Found {
        name: t.name.clone(),
        arguments: t.arguments.clone(),
        about: None,
    });
    let named = [
        Prop::TaskTool,
        Prop::SlowTaskTool,
        Prop::ErrorTaskTool,
        Prop::FailingTaskTool,
        Prop::InputTaskTool,
        Prop::MultiInputTaskTool,
        Prop::TaskOnlyTool,
    ];
    let named = named.into_iter().filter_map(|prop| survey.prop(prop).cloned());
    let mut tools: Vec<Found> = Vec::new();
    for found in named.chain(surveyed) {
        if tools.iter().all(|known| known.name != found.name) {
            tools.push(found);
        }
    }
    tools.truncate(TOOLS);
    tools
}

/// The slow tool with its arguments for about this long, as far as its schema allows, and how long it takes; without one that
/// can be told, the shortest time that it is known to take.
pub fn slow(bench: &Bench, wanted: Duration) -> Result<(Found, Duration), Trouble> {
    // What happens meanwhile must have the time to.
    let wanted = bench.lengthen(wanted);
    let mut found = bench.prop(Prop::SlowTaskTool)?.clone();
    let properties =
        bench.survey().tool(&found.name).and_then(|t| t.pointer("/inputSchema/properties"));
    let units = [
        ("seconds", 1.0),
        ("duration_s", 1.0),
        ("delay_seconds", 1.0),
        ("duration", 1.0),
        ("delay", 1.0),
    ];
    let millis = ["duration_ms", "durationMs", "delay_ms", "delayMs", "ms", "milliseconds"]
        .map(|name| (name, 1_000.0));
    for (name, per_second) in units.into_iter().chain(millis) {
        let Some(property) = properties.and_then(|p| p.get(name)) else { continue };
        // More than its schema takes, it is not told.
        let most = property["maximum"].as_f64().unwrap_or(f64::INFINITY);
        let exact = (wanted.as_secs_f64() * per_second).min(most);
        let whole = property["type"] != "number";
        let value = if whole {
            json!(Duration::from_secs_f64(exact.ceil()).as_secs())
        } else {
            json!(exact)
        };
        found.arguments.insert(name.to_owned(), value);
        let lasts = if whole { exact.ceil() } else { exact } / per_second;
        return Ok((found, Duration::from_secs_f64(lasts)));
    }
    Ok((found, Duration::from_secs(1)))
}

/// Whether the life of a task is over, so that its server may have deleted it. The server counts from a moment that is somewhat
/// earlier than ours.
pub fn may_be_gone(task: &Value, since: Instant) -> bool {
    let ttl = task["ttlMs"].as_u64().map(Duration::from_millis);
    ttl.is_some_and(|ttl| since.elapsed() + GRACE >= ttl)
}

/// Why nothing more is seen of such a task.
pub fn gone(tool: &str) -> Trouble {
    Trouble::unseen(
        format!("the task of {tool} was gone when its life was over, before all was seen"),
        "let tasks live longer: `ttlMs` of a minute",
    )
}

impl<'a> Life<'a> {
    /// Creates a task by calling a tool. A server decides by each request whether a task answers it, so it is called more than once.
    pub async fn begin(bench: &'a Bench, found: &Found) -> Result<Life<'a>, Trouble> {
        for _ in 1..CALLS {
            let created = bench.send(call(bench, found)).await?;
            let answered_otherwise =
                created.result().is_some_and(|result| result["resultType"] == "complete");
            if !answered_otherwise {
                return Self::of(bench, &found.name, created);
            }
        }
        Self::of(bench, &found.name, bench.send(call(bench, found)).await?)
    }

    /// The task of a handle that came.
    pub fn of(bench: &'a Bench, tool: &str, created: Observed) -> Result<Life<'a>, Trouble> {
        let handle = created.result().filter(|r| task_id(r).is_some());
        let Some(handle) = handle else {
            return Err(Trouble::Setup(format!(
                "{tool} did not answer with a task this time: {}",
                created.describe()
            )));
        };
        let id = task_id(handle).unwrap_or_default().to_owned();
        let first = State { task: handle.clone(), answered: BTreeSet::new(), seq: created.seq() };
        let states = vec![first];
        let (born, answered) = (Instant::now(), BTreeSet::new());
        Ok(Life { bench, tool: tool.to_owned(), id, created, born, states, answered, polls: 0 })
    }

    /// The last state that was seen.
    pub fn last(&self) -> &Value {
        self.states.last().map_or(&Value::Null, |state| &state.task)
    }

    /// Its status.
    pub fn status(&self) -> &str {
        self.last()["status"].as_str().unwrap_or("no status")
    }

    /// The keys of what is outstanding, with their requests.
    pub fn asked(&self) -> Map<String, Value> {
        let asked = self.last()["inputRequests"].as_object();
        asked.filter(|_| self.status() == "input_required").cloned().unwrap_or_default()
    }

    /// Answers to everything that the task has asked for so far.
    pub fn once_asked(&self) -> Map<String, Value> {
        let asked =
            self.states.iter().filter_map(|s| s.task["inputRequests"].as_object()).flatten();
        asked.map(|(key, request)| (key.clone(), answers::fitting(request))).collect()
    }

    /// tasks/get, once; over HTTP every second time on a connection of its own.
    pub async fn read(&mut self) -> Result<Observed, Trouble> {
        self.polls += 1;
        let probe = about(method::TASKS_GET, &self.id);
        let seen = self
            .bench
            .send(if self.polls.is_multiple_of(2) { probe.fresh() } else { probe })
            .await?;
        if let Some(task) = seen.result() {
            let state =
                State { task: task.clone(), answered: self.answered.clone(), seq: seen.seq() };
            self.states.push(state);
        }
        Ok(seen)
    }

    /// tasks/get; a server may turn away a client that polls too often, so it is tried more than once.
    pub async fn poll(&mut self) -> Result<&Value, Trouble> {
        for _ in 0..3 {
            let seen = self.read().await?;
            if seen.result().is_some() {
                return Ok(self.last());
            }
            if seen.code() == Some(codes::INVALID_PARAMS) {
                if may_be_gone(self.last(), self.born) {
                    return Err(gone(&self.tool));
                }
                return Err(Trouble::Setup(format!(
                    "the task of {} cannot be read: {}",
                    self.tool,
                    seen.describe()
                )));
            }
            self.wait().await;
        }
        Err(Trouble::Setup(format!(
            "the task of {} cannot be read, three times in a row",
            self.tool
        )))
    }

    /// Polls until the task is as wanted, or for so long; says whether it is.
    pub async fn until(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&Self) -> bool,
    ) -> Result<bool, Trouble> {
        let deadline = Instant::now() + self.bench.lengthen(patience);
        while !wanted(self) {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            self.wait().await;
            self.poll().await?;
        }
        Ok(true)
    }

    /// Polls until the task has ended or asks for input; says whether it asks.
    pub async fn until_asked(&mut self) -> Result<bool, Trouble> {
        self.until(PATIENCE, |life| has_ended(life.last()) || !life.asked().is_empty()).await?;
        Ok(!self.asked().is_empty())
    }

    /// Waits as long as the server wants its clients to wait.
    pub async fn wait(&self) {
        let interval =
            self.last()["pollIntervalMs"].as_u64().map_or(INTERVAL / 5, Duration::from_millis);
        sleep(interval.min(INTERVAL)).await;
    }

    /// Sends responses.
    pub async fn update(&mut self, responses: Map<String, Value>) -> Result<Observed, Trouble> {
        let keys: Vec<String> = responses.keys().cloned().collect();
        let seen = self
            .bench
            .send(about(method::TASKS_UPDATE, &self.id).param("inputResponses", responses))
            .await?;
        if seen.is_accepted() {
            self.answered.extend(keys);
        }
        Ok(seen)
    }

    /// Answers all that is outstanding.
    pub async fn answer(&mut self) -> Result<Observed, Trouble> {
        let responses = self
            .asked()
            .iter()
            .map(|(key, request)| (key.clone(), answers::fitting(request)))
            .collect();
        self.update(responses).await
    }

    /// Asks for its cancellation.
    pub async fn cancel(&self) -> Result<Observed, Trouble> {
        self.bench.send(about(method::TASKS_CANCEL, &self.id)).await
    }

    /// Polls and answers until the task has ended; says whether it has.
    pub async fn live(&mut self) -> Result<bool, Trouble> {
        for _ in 0..ROUNDS {
            if !self.until_asked().await? {
                break;
            }
            let asked: BTreeSet<String> = self.asked().keys().cloned().collect();
            self.answer().await?;
            // The answer shows when it shows; the same questions are not answered twice.
            let moved = |life: &Self| asked.iter().all(|key| !life.asked().contains_key(key));
            if !self.until(GRACE, moved).await? {
                break;
            }
        }
        Ok(has_ended(self.last()))
    }
}

/// A task of each tool, watched beside each other to its end, and so many times more.
pub async fn lives(bench: &Bench, more: usize) -> Vec<(String, Result<Life<'_>, Trouble>)> {
    let lives = tools(bench).into_iter().map(|found| async move {
        let life = async {
            let mut life = Life::begin(bench, &found).await?;
            if life.live().await? {
                for _ in 0..more {
                    life.wait().await;
                    life.poll().await?;
                }
            }
            Ok(life)
        };
        let life = life.await;
        (found.name, life)
    });
    join_all(lives).await
}
