//! basic/utilities/tasks#result-retrieval: what comes of a task, beside what the call itself comes to.

use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check};
use plumb_wire::method;

use super::created::concluded;
use super::flow::{Life, about, as_task, has_ended, lives, task};
use super::outcome::{PATIENCE, asking};

/// A tool that fails now and then comes to something else by chance: a difference is looked at so often more. One that fails half of
/// the time shows the same difference each time in one run of 128.
const AGAIN: usize = 3;

check! {
    /// **Observed:** `tasks/result` of a task that has ended is the result of a call, which has `content`, or an error. Where the tool
    /// is called without a task as well, both succeed, both are an error of the tool (`isError`), or both are errors with one
    /// code. Other values of an argument that is one of several are tried, too. A difference is looked at three times more, by
    /// new calls and new tasks: a tool that comes to something else by itself is not judged.
    ///
    /// **Why:** it is the result of the tool that the client hands on, and it tells by it whether the work was done.
    ///
    /// **Fix:** return what the call would have been answered with, not the task.
    pub(super) RESULT_FINAL = "core-tasks.result-final";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: result_final
}

async fn result_final(bench: &Bench) -> Judgement {
    let lives = lives(bench).await?;
    for life in lives.iter().filter(|life| task(&life.created).is_some()) {
        bench.note(&life.created);
        life.read.iter().chain(&life.result).for_each(|seen| bench.note(seen));
        let finding = compared(bench, life).await;
        bench.case(&life.tool, format!("a task of {:?}", life.tool), finding);
    }
    concluded(bench)
}

async fn compared(bench: &Bench, life: &Life) -> Judgement {
    let Some(seen) = life.result.as_ref().filter(|seen| !seen.is_trouble()) else {
        return Ok(Finding::unseen("the task did not end", "offer one that is quick"));
    };
    let fits = seen.result().map_or(seen.error().is_some(), |r| r["content"].is_array());
    if !fits {
        return Ok(Finding::violated("the result of a call, or its error", seen.describe()));
    }
    // What was cancelled comes to something else.
    let cancelled = life.shown().last().is_some_and(|(_, task)| task["status"] == "cancelled");
    let Some(plain) = life.plain.as_ref().filter(|_| !cancelled) else { return Ok(Finding::Held) };
    let (Some(of_task), Some(of_call)) = (Kind::of(seen), Kind::of(plain)) else {
        return Ok(Finding::Held);
    };
    if of_task == of_call || !lasts(bench, life, (of_task, of_call)).await? {
        return Ok(Finding::Held);
    }
    let found = format!("{}, where the call is answered by {}", seen.describe(), plain.describe());
    Ok(Finding::violated("what the call itself comes to", found))
}

/// Whether further calls and further tasks come to what they came to before. Neither comes first each time, or a tool that fails every
/// second time would show the same difference again.
async fn lasts(
    bench: &Bench,
    life: &Life,
    (of_task, of_call): (Kind, Kind),
) -> Result<bool, Trouble> {
    for n in 0..AGAIN {
        for plainly in [n % 2 == 0, n % 2 == 1] {
            let same = if plainly {
                Kind::of(&bench.send(life.call.clone()).await?) == Some(of_call)
            } else {
                outcome(bench, life).await? == Some(of_task)
            };
            if !same {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What another task of the same call comes to, if it ends soon.
async fn outcome(bench: &Bench, life: &Life) -> Result<Option<Kind>, Trouble> {
    let created = bench.send(as_task(life.call.clone())).await?;
    let Some(id) = task(&created).and_then(|task| task["taskId"].as_str()) else { return Ok(None) };
    let seen = bench.send(asking(about(method::OLD_TASKS_RESULT, id).patience(PATIENCE))).await?;
    let after = bench.send(about(method::TASKS_GET, id)).await?;
    let ended = after.result().is_none_or(has_ended);
    Ok(Kind::of(&seen).filter(|_| ended))
}

/// What a call comes to, as far as it is the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Success,
    ErrorOfTheTool,
    Error(i64),
}

impl Kind {
    fn of(seen: &Observed) -> Option<Self> {
        if let Some(result) = seen.result() {
            let failed = result["isError"] == true;
            return Some(if failed { Self::ErrorOfTheTool } else { Self::Success });
        }
        seen.code().map(Self::Error)
    }
}
