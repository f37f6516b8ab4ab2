//! basic/utilities/tasks#task-status-lifecycle and #result-retrieval: how tasks go on, and what comes of them.

use std::time::Duration;

use plumb_flows::rounds::Round;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, brief, capable, check};
use plumb_wire::method;
use serde_json::{Value, json};

use super::created::{concluded, each};
use super::flow::{RELATED, about, as_task, calls, has_ended, offers, takes_calls, task};
use super::told;

/// At most so many pages of tasks are read.
const PAGES: usize = 20;

/// So many times a call that asks before there is a task is answered.
const ROUNDS: usize = 4;

/// The result of a task that takes longer is not waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What was answered a moment before is answered again within so long.
const SOON: Duration = Duration::from_secs(2);

/// The statuses that there are, and those that may follow each.
pub(super) const STATUSES: [(&str, &[&str]); 5] = [
    ("working", &["working", "input_required", "completed", "failed", "cancelled"]),
    ("input_required", &["input_required", "working", "completed", "failed", "cancelled"]),
    ("completed", &["completed"]),
    ("failed", &["failed"]),
    ("cancelled", &["cancelled"]),
];

check! {
    /// **Observed:** each status that a task is shown with is one of the five, and may follow the one before.
    ///
    /// **Why:** clients stop asking at a status that ends a task, and ask the user at another.
    ///
    /// **Fix:** move tasks along the paths of the page only.
    pub(super) TRANSITIONS = "core-tasks.transitions";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: transitions
}

async fn transitions(bench: &Bench) -> Judgement {
    each(bench, |life, _| {
        let statuses: Vec<&str> =
            life.shown().map(|(_, task)| task["status"].as_str().unwrap_or_default()).collect();
        let follows = |pair: &[&str]| {
            let from = STATUSES.iter().find(|(status, _)| *status == pair[0]);
            // Of a status that ends a task another check tells what must not follow.
            from.is_none_or(|(_, to)| to.len() == 1 || to.contains(&pair[1]))
        };
        let known = statuses.iter().all(|s| STATUSES.iter().any(|(status, _)| status == s));
        let fits = known && statuses.windows(2).all(follows);
        Finding::expect(fits, "statuses that follow each other", || statuses.join(", "))
    })
    .await
}

check! {
    /// **Observed:** a task that has ended is read twice more: its status is the same. It may be gone.
    ///
    /// **Why:** a client that has seen the end looks no more.
    ///
    /// **Fix:** change nothing once a task has ended.
    pub(super) TERMINAL_STAYS = "core-tasks.terminal-stays";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: terminal_stays
}

async fn terminal_stays(bench: &Bench) -> Judgement {
    each(bench, |life, _| {
        let ends = life.shown().map(|(_, task)| task).skip_while(|task| !has_ended(task));
        let ends: Vec<&Value> = ends.map(|task| &task["status"]).collect();
        let Some(first) = ends.first() else {
            return Finding::unseen("the task did not end", "offer one that is quick");
        };
        Finding::expect(
            ends.iter().all(|end| end == first),
            "the status that it ended with",
            || json!(ends).to_string(),
        )
    })
    .await
}

check! {
    /// **Observed:** `tasks/result` is asked for as soon as a task was created: when it is answered, the task has ended. A task
    /// that asks its client is not judged.
    ///
    /// **Why:** a client that gets an answer before takes it for the result.
    ///
    /// **Fix:** answer when the work has ended.
    pub(super) RESULT_BLOCKS = "core-tasks.result-blocks";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: result_blocks
}

async fn result_blocks(bench: &Bench) -> Judgement {
    for (tool, call) in taken(bench) {
        let created = begun(bench, call).await?;
        let Some(id) = task(&created).and_then(|task| task["taskId"].as_str()) else { continue };
        let wait = about(method::OLD_TASKS_RESULT, id).patience(PATIENCE);
        let seen = bench.send(asking(wait)).await?;
        if seen.response().is_none() {
            continue; // It takes long, or asks.
        }
        let after = bench.send(asking(about(method::TASKS_GET, id))).await?;
        let finding = match after.result() {
            Some(task) => Finding::expect(has_ended(task), "no answer before the end", || {
                format!("{}, while the task is {}", seen.describe(), task["status"])
            }),
            // It has ended, and may be gone.
            None => Finding::Held,
        };
        bench.case(&tool, format!("the result of a task of {tool:?}, at once"), Ok(finding));
    }
    concluded(bench)
}

/// A call as a task. What is asked before there is one is answered: a server may do nothing else until then.
async fn begun(bench: &Bench, call: Probe) -> Result<Observed, Trouble> {
    let call = asking(as_task(call));
    let mut seen = bench.send(call.clone()).await?;
    for _ in 0..ROUNDS {
        let Some(round) = Round::of(&seen) else { break };
        let answer = call.clone().param("inputResponses", Value::Object(round.answers()));
        let state = round.state.unwrap_or_default();
        seen = bench.send(answer.param("requestState", state)).await?;
    }
    Ok(seen)
}

/// A request in a session of a client that answers what it is asked by itself.
pub(super) fn asking(probe: Probe) -> Probe {
    capable(probe).in_rounds()
}

/// The calls that are taken as tasks.
pub(super) fn taken(bench: &Bench) -> Vec<(String, Probe)> {
    let all = calls(bench, &["optional", "required"]);
    if takes_calls(bench) { all } else { Vec::new() }
}

check! {
    /// **Observed:** the result of `tasks/result` names its task in `_meta`, under `io.modelcontextprotocol/related-task`, and so does what
    /// the task asks its client on that stream.
    ///
    /// **Why:** nothing else in it tells of which task it is.
    ///
    /// **Fix:** add `{"taskId": …}` under that key to all that belongs to a task.
    pub(super) RELATED_TASK = "core-tasks.related";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: related
}

async fn related(bench: &Bench) -> Judgement {
    for (n, (id, request)) in told::asked(bench).await?.into_iter().enumerate() {
        let named = &request["params"]["_meta"][RELATED]["taskId"];
        let method = request["method"].as_str().unwrap_or_default();
        let finding =
            Finding::expect(*named == id, format!("{RELATED} in _meta"), || brief(&request));
        bench.case(&format!("asked-{n}"), format!("{method} of a task"), Ok(finding));
    }
    each(bench, |life, _| {
        let Some(result) = life.result.as_ref().and_then(|seen| seen.result()) else {
            return Finding::unseen("there was no result", "offer a tool that succeeds");
        };
        let named = result["_meta"].get(RELATED).and_then(|related| related["taskId"].as_str());
        Finding::expect(
            named.is_some() && named == life.id(),
            format!("{RELATED} in _meta"),
            || brief(&result["_meta"]),
        )
    })
    .await
}

check! {
    /// **Observed:** of two tasks, `tasks/get` with the one in its parameters and the other in `_meta` shows the one in the
    /// parameters.
    ///
    /// **Why:** metadata is added by whoever hands a message on.
    ///
    /// **Fix:** read `params.taskId` alone.
    pub(super) PARAMETER_WINS = "core-tasks.parameter-wins";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: parameter_wins
}

async fn parameter_wins(bench: &Bench) -> Judgement {
    let Some((_, call)) = taken(bench).into_iter().next() else { return concluded(bench) };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let seen = bench.send(as_task(call.clone())).await?;
        ids.extend(task(&seen).and_then(|task| task["taskId"].as_str()).map(str::to_owned));
    }
    let [one, other] = ids.as_slice() else { return concluded(bench) };
    bench.control(about(method::TASKS_GET, one)).await?;
    let probe = about(method::TASKS_GET, one).meta(RELATED, json!({"taskId": other}));
    let seen = bench.send(probe.patience(SOON)).await?;
    if !bench.send(about(method::TASKS_GET, one)).await?.is_accepted() {
        return Ok(Finding::unseen("the task is gone", "keep it for as long as its `ttl` says"));
    }
    let shown = seen.settled()?.result().and_then(|task| task["taskId"].as_str());
    Ok(Finding::expect(shown == Some(one), format!("the task {one:?}"), || seen.describe()))
}

check! {
    /// **Observed:** a task that `tasks/get` finds is on one of the first pages of `tasks/list`, where that is declared.
    ///
    /// **Why:** a client that has lost an id finds it there.
    ///
    /// **Fix:** list what you serve.
    pub(super) LIST_HAS = "core-tasks.list-has";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: list_has
}

async fn list_has(bench: &Bench) -> Judgement {
    let found = taken(bench).into_iter().next().filter(|_| offers(bench, "list"));
    let Some((_, call)) = found else { return concluded(bench) };
    let created = bench.send(as_task(call)).await?;
    let Some(id) = task(&created).map(|task| task["taskId"].clone()) else {
        return concluded(bench);
    };
    let get = Probe::request(method::TASKS_GET, json!({"taskId": id}));
    let mut cursor = Value::Null;
    for _ in 0..PAGES {
        let mut page = Probe::request(method::OLD_TASKS_LIST, json!({}));
        if !cursor.is_null() {
            page = page.param("cursor", cursor);
        }
        let seen = bench.send(page).await?;
        let Some(result) = seen.settled()?.result() else {
            return Ok(Finding::violated("a page of tasks", seen.describe()));
        };
        let listed = result["tasks"].as_array().into_iter().flatten();
        if listed.into_iter().any(|task| task["taskId"] == id) {
            return Ok(Finding::Held);
        }
        cursor = result["nextCursor"].clone();
        if cursor.is_null() {
            // It may be gone meanwhile.
            let seen = bench.send(get).await?;
            return Ok(Finding::expect(seen.result().is_none(), "the task in the list", || {
                format!("{id} is in none of the pages, and {}", seen.describe())
            }));
        }
    }
    Ok(Finding::unseen("there are too many tasks to look through", "list the latest first"))
}

check! {
    /// **Observed:** a task that asks the client something, on the stream of `tasks/result`, has the status `input_required`
    /// when it is read meanwhile.
    ///
    /// **Why:** a client that polls learns by the status alone that it is waited for.
    ///
    /// **Fix:** set the status before you ask.
    pub(super) INPUT_REQUIRED = "core-tasks.input-required";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: input_required
}

async fn input_required(bench: &Bench) -> Judgement {
    for (tool, call) in taken(bench) {
        let created = begun(bench, call).await?;
        let Some(id) = task(&created).and_then(|task| task["taskId"].as_str()) else { continue };
        let wait = about(method::OLD_TASKS_RESULT, id).patience(PATIENCE);
        let seen = bench.send(asking(wait)).await?;
        if Round::of(&seen).is_none() {
            continue;
        }
        let read = bench.send(asking(about(method::TASKS_GET, id))).await?;
        let status = read.result().map(|task| task["status"].clone()).unwrap_or_default();
        let finding = Finding::expect(status == "input_required", "input_required", || {
            format!("{status} while it asks")
        });
        bench.case(&tool, format!("a task of {tool:?}, which asks"), Ok(finding));
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no task asked the client",
            "offer a tool whose task does, marked `readOnlyHint: true`",
        )),
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** a task with the status `failed` has a `statusMessage`.
    ///
    /// **Why:** the user is told why, or nothing.
    ///
    /// **Fix:** write the cause into `statusMessage`.
    pub(super) FAILED_MESSAGE = "core-tasks.failed-message";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: failed_message
}

async fn failed_message(bench: &Bench) -> Judgement {
    each(bench, |life, _| {
        let failed = life.shown().map(|(_, task)| task).find(|task| task["status"] == "failed");
        let Some(task) = failed else {
            return Finding::unseen("the task did not fail", "offer a tool whose task fails");
        };
        let told = task["statusMessage"].as_str().is_some_and(|message| !message.is_empty());
        Finding::expect(told, "a `statusMessage`", || brief(task))
    })
    .await
}
