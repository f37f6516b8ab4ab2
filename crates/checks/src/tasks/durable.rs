//! ext:tasks#task-creation: a task is the server's, not that of the process which made it.

use plumb_runner::{
    Bench, Finding, Found, Instance, Judgement, Observed, Prop, Trouble, brief, check, has_ended,
    task_id,
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::life::{GRACE, INTERVAL, PATIENCE, about, call, tools};
use super::{answers, history};

/// At most so many tools are looked at.
const TOOLS: usize = 4;

check! {
    /// **Observed:** each tool that answers with a task is called on one replica; the task is read on another at once,
    /// answered there if it asks for input, and read to its end on all in turn. Every replica knows it.
    ///
    /// **Why:** the poll goes wherever the load balancer sends it; a client takes an unknown task for a lost one.
    ///
    /// **Fix:** keep tasks in a store that all replicas share, and answer when the store has confirmed the write.
    pub(crate) DURABLE_CONSISTENCY = "tasks.durable-create-consistency";
    applies: [Declares("extensions.io.modelcontextprotocol/tasks")];
    needs: [TaskTool];
    isolation: Replicas;
    scenario: known_everywhere
}

async fn known_everywhere(bench: &Bench) -> Judgement {
    for found in tools(bench).into_iter().take(TOOLS) {
        let judgement = known_elsewhere(bench, &found).await;
        bench.case(
            &slug(&found),
            format!("a task of {} on the other replicas", found.name),
            judgement,
        );
    }
    bench.conclude()
}

async fn known_elsewhere(bench: &Bench, found: &Found) -> Judgement {
    let Some(id) = created(&bench.send(call(bench, found)).await?) else { return Ok(no_task()) };
    let here = bench.control(about("tasks/get", &id)).await?;
    let mut seen = bench.elsewhere(about("tasks/get", &id)).await?;
    let deadline = Instant::now() + PATIENCE;
    let mut answered = false;
    while let Some(task) = seen.result().cloned() {
        if has_ended(&task) {
            let ends = bench.control(about("tasks/get", &id)).await?;
            let same = ends.result().map(stripped) == Some(stripped(&task));
            return Ok(Finding::expect(same, format!("one outcome: {}", brief(&task)), || {
                ends.describe()
            }));
        }
        if task["status"] == "input_required" && !answered {
            answered = true;
            let update = about("tasks/update", &id).param("inputResponses", all_answers(&task));
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
        seen = bench.elsewhere(about("tasks/get", &id)).await?;
    }
    Ok(Finding::expect(seen.result().is_some(), "the task, on another replica", || {
        format!("{}; where it was made: {}", seen.describe(), here.describe())
    }))
}

check! {
    /// **Observed:** a process of the server makes tasks: one that works, one that waits for input, one that has ended,
    /// as far as the target has them. The process is killed (SIGKILL to its group), another is started. It knows each
    /// task; what had ended has the same outcome; the histories are legal; what was waiting takes its answer.
    ///
    /// **Why:** the handle is a promise: a client that stored it comes back tomorrow.
    ///
    /// **Fix:** write each change of a task to durable storage before it is told, and read it back at the start.
    pub(crate) DURABLE_RESTART = "tasks.durable-restart";
    applies: [Declares("extensions.io.modelcontextprotocol/tasks")];
    needs: [TaskTool];
    isolation: Replicas;
    scenario: survives_a_kill
}

/// A task that is interrupted.
struct Interrupted {
    found: Found,
    id: String,
    /// Its states before and after.
    states: Vec<history::State>,
}

async fn survives_a_kill(bench: &Bench) -> Judgement {
    if !bench.is_command() {
        return Ok(Finding::unseen(
            "the target was given as addresses, so its processes cannot be killed",
            "give it as a command: `plumb run --replicas 2 -- COMMAND`",
        ));
    }
    let first = bench.instance().await?;
    let mut begun = Vec::new();
    for (slug, prop) in [
        ("working", Prop::SlowTaskTool),
        ("asking", Prop::InputTaskTool),
        ("ended", Prop::TaskTool),
    ] {
        let Some(found) = bench.survey().prop(prop) else { continue };
        match begin(bench, &first, found, slug == "ended").await {
            Ok(Some(task)) => begun.push((slug, task)),
            Ok(None) => {}
            Err(trouble) => bench.case(slug, format!("a task of {}", found.name), Err(trouble)),
        }
    }
    first.kill().await?;
    let second = bench.instance().await?;
    for (slug, task) in begun {
        let title = format!("a task of {} after its process was killed", task.found.name);
        let judgement = afterwards(bench, &second, task).await;
        bench.case(slug, title, judgement);
    }
    second.stop().await;
    bench.conclude()
}

async fn begin(
    bench: &Bench,
    on: &Instance<'_>,
    found: &Found,
    to_its_end: bool,
) -> Result<Option<Interrupted>, Trouble> {
    let Some(id) = created(&on.send(call(bench, found)).await?) else { return Ok(None) };
    let mut task = Interrupted { found: found.clone(), id, states: Vec::new() };
    let deadline = Instant::now() + GRACE;
    while let Some(state) = read(on, &mut task).await?.result().cloned() {
        let settled = if to_its_end { has_ended(&state) } else { true };
        if settled || Instant::now() > deadline {
            return Ok(Some(task));
        }
        sleep(INTERVAL / 4).await;
    }
    Ok(None)
}

async fn afterwards(bench: &Bench, on: &Instance<'_>, mut task: Interrupted) -> Judgement {
    let before = task.states.last().map_or(Value::Null, |state| state.task.clone());
    let seen = read(on, &mut task).await?;
    let Some(state) = seen.result().cloned() else {
        return Ok(Finding::violated("the task, after a restart", seen.describe()));
    };
    if state["status"] == "input_required" {
        let update = about("tasks/update", &task.id).param("inputResponses", all_answers(&state));
        let taken = on.send(update).await?;
        bench.note(&taken);
        if !taken.is_accepted() {
            return Ok(Finding::violated("an answer taken after a restart", taken.describe()));
        }
        read(on, &mut task).await?;
    }
    let fault =
        history::illegal_step(&task.states).or_else(|| history::changed_after_end(&task.states));
    if let Some(fault) = fault {
        return Ok(Finding::violated(fault.expected, fault.actual));
    }
    let same = !has_ended(&before) || stripped(&before) == stripped(&state);
    Ok(Finding::expect(same, format!("one outcome: {}", brief(&before)), || seen.describe()))
}

async fn read(on: &Instance<'_>, task: &mut Interrupted) -> Result<Observed, Trouble> {
    let seen = on.send(about("tasks/get", &task.id)).await?;
    if let Some(state) = seen.result() {
        task.states.push(history::State::of(state.clone(), seen.seq()));
    }
    Ok(seen)
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

/// A task without what may differ from one reading to the next.
fn stripped(task: &Value) -> Value {
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        for name in ["_meta", "lastUpdatedAt", "ttlMs", "pollIntervalMs"] {
            members.remove(name);
        }
    }
    task
}

fn slug(found: &Found) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    found.name.chars().map(plain).collect()
}
