//! basic/utilities/tasks#task-status-lifecycle: what a task is created with.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check};
use plumb_wire::method;

use super::created::concluded;
use super::flow::{Life, about, as_task, has_ended, lives, task};

/// The result of a task that had ended all along is asked for so often, this long apart: a second in all.
const READS: usize = 10;
const APART: Duration = Duration::from_millis(100);

check! {
    /// **Observed:** the status of a task in the answer that creates it is `working`. One that has ended by then may have been so
    /// before; it is not judged, unless another task of the same call ends as early, `tasks/result` has an error for that one, and a
    /// result within a second.
    ///
    /// **Why:** a client that is told of another one has missed what came before, and one that is told of an end asks for a result
    /// that is not there.
    ///
    /// **Fix:** answer before the work changes the status, and set an end only when there is a result.
    pub(super) BEGINS_WORKING = "core-tasks.begins-working";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: begins_working
}

async fn begins_working(bench: &Bench) -> Judgement {
    let lives = lives(bench).await?;
    for life in lives.iter() {
        let Some(task) = task(&life.created) else { continue };
        bench.note(&life.created);
        let finding = if has_ended(task) {
            ended_at_once(bench, life).await
        } else {
            Ok(Finding::expect(task["status"] == "working", "the status working", || {
                task["status"].to_string()
            }))
        };
        bench.case(&life.tool, format!("a task of {:?}", life.tool), finding);
    }
    concluded(bench)
}

/// Judges a tool whose tasks are created as ended: what has no result yet had not ended.
async fn ended_at_once(bench: &Bench, life: &Life) -> Judgement {
    let early = Finding::unseen("it ended before the answer", "offer one that takes a while");
    let created = bench.send(as_task(life.call.clone())).await?;
    let Some(shown) = task(&created).filter(|task| has_ended(task)) else { return Ok(early) };
    let Some(id) = shown["taskId"].as_str() else { return Ok(early) };
    let first = result(bench, id).await?;
    if first.error().is_none() || shown["status"] == "cancelled" {
        return Ok(early);
    }
    for _ in 0..READS {
        bench.pause(APART).await;
        let later = result(bench, id).await?;
        if later.result().is_some() {
            let said = format!(
                "{}, where tasks/result is answered by {}, and a while later by {}",
                shown["status"],
                first.describe(),
                later.describe()
            );
            return Ok(Finding::violated("the status working until there is a result", said));
        }
    }
    Ok(early)
}

async fn result(bench: &Bench, id: &str) -> Result<Observed, Trouble> {
    bench.send(about(method::OLD_TASKS_RESULT, id)).await
}
