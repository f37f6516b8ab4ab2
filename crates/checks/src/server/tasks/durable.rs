//! ext:tasks#task-creation: a task is the server's, not that of the process which made it.

use plumb_flows::interruption::{self, stripped};
use plumb_flows::task::life::{INTERVAL, PATIENCE, about, call, tools};
use plumb_flows::task::{answers, shared_or_routed};
use plumb_runner::{Bench, Finding, Found, Judgement, Observed, brief, check, has_ended, task_id};
use plumb_wire::method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// At most so many tools are looked at.
const TOOLS: usize = 4;

check! {
    /// **Observed:** each tool that answers with a task is called on one replica; the task is read on another at once,
    /// answered there if it asks for input, and read to its end on all in turn. Every replica knows it, takes answers and
    /// cancellations, and tells the same outcome. **Position:** a router may bring `tasks/*` to the instance that holds
    /// the task, by `Mcp-Name`; so replicas that are reached without one are held to it only where the command says that
    /// they share a folder, by `{shared.dir}`.
    ///
    /// **Why:** the poll goes wherever the load balancer sends it; a client takes an unknown task for a lost one.
    ///
    /// **Fix:** keep tasks in a store that all replicas share, and answer when the store has confirmed the write.
    pub(crate) DURABLE_CONSISTENCY = "tasks.durable-create-consistency";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    isolation: Replicas;
    waits: true;
    scenario: known_everywhere
}

async fn known_everywhere(bench: &Bench) -> Judgement {
    for found in tools(bench).into_iter().take(TOOLS) {
        let judgement = shared_or_routed(bench, known_elsewhere(bench, &found).await);
        bench.case(
            &slug(&found),
            format!("a task of {} on the other replicas", found.name),
            judgement,
        );
    }
    interruption::cases(bench).await;
    shared_or_routed(bench, bench.conclude())
}

async fn known_elsewhere(bench: &Bench, found: &Found) -> Judgement {
    let Some(id) = created(&bench.send(call(bench, found)).await?) else { return Ok(no_task()) };
    let here = bench.control(about(method::TASKS_GET, &id)).await?;
    let mut seen = bench.elsewhere(about(method::TASKS_GET, &id)).await?;
    let deadline = Instant::now() + bench.lengthen(PATIENCE);
    let mut answered = false;
    while let Some(task) = seen.result().cloned() {
        if has_ended(&task) {
            let ends = bench.control(about(method::TASKS_GET, &id)).await?;
            let same = ends.result().map(stripped) == Some(stripped(&task));
            return Ok(Finding::expect(same, format!("one outcome: {}", brief(&task)), || {
                ends.describe()
            }));
        }
        if task["status"] == "input_required" && !answered {
            answered = true;
            let update =
                about(method::TASKS_UPDATE, &id).param("inputResponses", all_answers(&task));
            let taken = bench.elsewhere(update).await?;
            if !taken.is_accepted() {
                return Ok(Finding::violated(
                    "an answer taken by another replica",
                    taken.describe(),
                ));
            }
        }
        if Instant::now() > deadline {
            break;
        }
        sleep(INTERVAL / 4).await;
        seen = bench.elsewhere(about(method::TASKS_GET, &id)).await?;
    }
    Ok(Finding::expect(seen.result().is_some(), "the task, on another replica", || {
        format!("{}; where it was made: {}", seen.describe(), here.describe())
    }))
}

check! {
    /// **Observed:** a process of the server makes tasks: one that works, one that waits for input, one that has ended,
    /// as far as the target has them. The process is killed (SIGKILL to its group); other replicas know each task, and so
    /// does a process that is started in its place: what had ended has the same outcome, the histories are legal, what was
    /// waiting takes its answer, what works takes its cancellation. **Position:** judged where the command names what
    /// outlives a process, by `{shared.dir}`.
    ///
    /// **Why:** the handle is a promise: a client that stored it comes back tomorrow.
    ///
    /// **Fix:** write each change of a task to durable storage before it is told, and read it back at the start.
    pub(crate) DURABLE_RESTART = "tasks.durable-restart";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    isolation: Replicas;
    scenario: survives_a_kill
}

async fn survives_a_kill(bench: &Bench) -> Judgement {
    if !bench.is_command() {
        return Ok(Finding::unseen(
            "the target was given as addresses, so its processes cannot be killed",
            "give it as a command: `plumb run --replicas 2 -- COMMAND`",
        ));
    }
    interruption::cases(bench).await;
    shared_or_routed(bench, bench.conclude())
}

fn created(seen: &Observed) -> Option<String> {
    task_id(seen.result()?).map(str::to_owned)
}

fn no_task() -> Finding {
    Finding::unseen(
        "the tool answered without a task this time",
        "let it answer with a task each time",
    )
}

fn all_answers(task: &Value) -> serde_json::Map<String, Value> {
    let asked = task["inputRequests"].as_object().into_iter().flatten();
    asked.map(|(key, request)| (key.clone(), answers::fitting(request))).collect()
}

fn slug(found: &Found) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    found.name.chars().map(plain).collect()
}
