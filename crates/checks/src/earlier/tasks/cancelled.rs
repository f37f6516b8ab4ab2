//! basic/utilities/tasks#task-cancellation.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check};
use plumb_wire::{codes, method};

use super::created::concluded;
use super::flow::{about, as_task, calls, lives, offers, takes_calls, task};

/// Work that goes on all the same shows within so long.
const LATER: Duration = Duration::from_millis(400);

/// At least so many tasks are cancelled, until one had not ended before.
const TRIES: usize = 4;

check! {
    /// **Observed:** a task that has ended is cancelled: it is refused with -32602.
    ///
    /// **Why:** a client would otherwise believe that it stopped what was done long ago.
    ///
    /// **Fix:** look at the status before cancelling.
    pub(super) ENDED = "core-tasks.cancel-ended";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: ended
}

async fn ended(bench: &Bench) -> Judgement {
    if !offers(bench, "cancel") {
        return none();
    }
    let lives = lives(bench).await?;
    for life in lives.iter().filter(|life| life.ended()).take(1) {
        let Some(id) = life.id() else { continue };
        let seen = bench.send(about(method::TASKS_CANCEL, id)).await?;
        let judgement = seen.settled().map(|seen| {
            Finding::expect(seen.code() == Some(codes::INVALID_PARAMS), "error -32602", || {
                seen.describe()
            })
        });
        bench.case(&life.tool, format!("a task of {:?} that has ended", life.tool), judgement);
    }
    concluded(bench)
}

check! {
    /// **Observed:** a task is cancelled as soon as it was created: the answer shows it as `cancelled`. A task that has ended
    /// before is not judged.
    ///
    /// **Why:** the client tells its user that it has stopped.
    ///
    /// **Fix:** set the status before you answer, whatever the work does.
    pub(super) FIRST = "core-tasks.cancel-first";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: first
}

async fn first(bench: &Bench) -> Judgement {
    let Some((_, seen)) = at_once(bench).await? else { return none() };
    let Some(answer) = seen.result() else {
        return Ok(Finding::unseen(
            format!("the task could not be cancelled: {}", seen.describe()),
            "offer a tool whose task takes a while",
        ));
    };
    Ok(Finding::expect(answer["status"] == "cancelled", "the status cancelled", || seen.describe()))
}

check! {
    /// **Observed:** a task that was cancelled as soon as it was created has no other status than `cancelled`, at once and a
    /// while later; it may be gone.
    ///
    /// **Why:** what the user called off would otherwise look as if it was done.
    ///
    /// **Fix:** let no end of the work change a task that has ended.
    pub(super) STAYS = "core-tasks.cancel-stays";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: stays
}

async fn stays(bench: &Bench) -> Judgement {
    let Some((id, cancelled)) = at_once(bench).await? else { return none() };
    if cancelled.result().is_none() {
        return Ok(Finding::unseen(
            format!("the task could not be cancelled: {}", cancelled.describe()),
            "offer a tool whose task takes a while",
        ));
    }
    for wait in [Duration::ZERO, LATER] {
        bench.pause(wait).await;
        let seen = bench.send(about(method::TASKS_GET, &id)).await?;
        let other = seen.result().filter(|task| task["status"] != "cancelled");
        if other.is_some() {
            return Ok(Finding::violated("the status cancelled, or no such task", seen.describe()));
        }
    }
    Ok(Finding::Held)
}

/// A task that is cancelled as soon as it was created: its id, and the answer. Where work is short and the machine is busy, a
/// task may have ended by then, so others are tried.
async fn at_once(bench: &Bench) -> Result<Option<(String, Observed)>, Trouble> {
    if !takes_calls(bench) || !offers(bench, "cancel") {
        return Ok(None);
    }
    let calls = calls(bench, &["optional", "required"]);
    let mut last = None;
    for (_, call) in calls.iter().cycle().take(calls.len().max(TRIES)) {
        let created = bench.send(as_task(call.clone())).await?;
        let id = task(&created).and_then(|task| task["taskId"].as_str()).map(str::to_owned);
        let Some(id) = id else { continue };
        let cancelled = bench.send(about(method::TASKS_CANCEL, &id)).await?;
        let too_late = cancelled.code() == Some(codes::INVALID_PARAMS);
        last = Some((id, cancelled));
        if !too_late {
            break;
        }
    }
    Ok(last)
}

fn none() -> Judgement {
    Ok(Finding::unseen(
        "no task can be cancelled",
        "declare `tasks.cancel`, and offer a tool whose `execution.taskSupport` is `optional`",
    ))
}
