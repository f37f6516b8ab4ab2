//! basic/utilities/tasks#creating-tasks and #task-id-requirements: which calls become tasks, and what those look like.

use plumb_runner::{Bench, Finding, Judgement, Observed, check};
use plumb_wire::{Capability, codes};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::flow::{Life, as_task, calls, lives, takes_calls, task};

check! {
    /// **Observed:** a call asks for a task: whoever answers it by one declares the capability `tasks`.
    ///
    /// **Why:** clients ask for tasks only where they are declared.
    ///
    /// **Fix:** declare `tasks.requests.tools.call`.
    pub(super) DECLARED = "core-tasks.declared";
    since: "2025-11-25";
    until: "2025-11-25";
    scenario: declared
}

async fn declared(bench: &Bench) -> Judgement {
    let taken = calls(bench, &["optional", "required"]).into_iter().next();
    let Some((_, call)) = taken.or_else(|| calls(bench, &["forbidden"]).into_iter().next()) else {
        return Ok(Finding::unseen("there is no tool that may be called", "offer one"));
    };
    let seen = bench.send(as_task(call)).await?;
    let fits = task(&seen).is_none() || bench.survey().declares(Capability::CoreTasks);
    Ok(Finding::expect(fits, "the capability `tasks`", || seen.describe()))
}

check! {
    /// **Observed:** a tool that does not say that it takes tasks is called as one, between two plain calls: it is refused with
    /// -32601.
    ///
    /// **Why:** a client would otherwise wait for a task that never was.
    ///
    /// **Fix:** look at `execution.taskSupport` before taking the call.
    pub(super) FORBIDDEN = "core-tasks.forbidden";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: forbidden
}

async fn forbidden(bench: &Bench) -> Judgement {
    let Some((name, call)) = calls(bench, &["forbidden"]).into_iter().next() else {
        return Ok(Finding::unseen("no tool that may be called takes no tasks", "offer one"));
    };
    if !takes_calls(bench) {
        return Ok(Finding::unseen("no call is taken as a task", "declare tasks.requests.tools"));
    }
    bench.control(call.clone()).await?;
    let seen = bench.send(as_task(call.clone())).await?;
    bench.control(call).await?;
    let code = seen.settled()?.code();
    Ok(Finding::expect(code == Some(codes::METHOD_NOT_FOUND), "error -32601", || {
        format!("{name:?}: {}", seen.describe())
    }))
}

check! {
    /// **Observed:** a tool that says that it takes nothing but tasks is called plainly: it is refused with -32601.
    ///
    /// **Why:** the code tells a client that it has to ask for a task.
    ///
    /// **Fix:** refuse plain calls of tools whose `taskSupport` is `required`.
    pub(super) REQUIRED = "core-tasks.required";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: required
}

async fn required(bench: &Bench) -> Judgement {
    let found = calls(bench, &["required"]).into_iter().next().filter(|_| takes_calls(bench));
    let Some((name, call)) = found else {
        return Ok(Finding::unseen("no tool that may be called takes tasks only", "offer one"));
    };
    let seen = bench.send(call).await?;
    let code = seen.settled()?.code();
    Ok(Finding::expect(code == Some(codes::METHOD_NOT_FOUND), "error -32601", || {
        format!("{name:?}: {}", seen.describe())
    }))
}

check! {
    /// **Observed:** a call that asks for a task, of a tool that takes them, is answered by a task or by an error.
    ///
    /// **Why:** the client looks for `task.taskId`, and finds nothing to ask for.
    ///
    /// **Fix:** return a `CreateTaskResult`.
    pub(super) CREATED = "core-tasks.created";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: created
}

async fn created(bench: &Bench) -> Judgement {
    let lives = lives(bench).await?;
    for life in lives.iter().filter(|life| life.created.result().is_some()) {
        let finding =
            Finding::expect(task(&life.created).is_some(), "a `task`", || life.created.describe());
        bench.note(&life.created);
        bench.case(&life.tool, format!("{:?} called as a task", life.tool), Ok(finding));
    }
    concluded(bench)
}

/// Judges each task that was created.
pub(super) async fn each(bench: &Bench, judge: impl Fn(&Life, &Value) -> Finding) -> Judgement {
    let lives = lives(bench).await?;
    for life in lives.iter() {
        let Some(task) = task(&life.created) else { continue };
        bench.note(&life.created);
        life.read.iter().chain(&life.result).for_each(|seen| bench.note(seen));
        bench.case(&life.tool, format!("a task of {:?}", life.tool), Ok(judge(life, task)));
    }
    concluded(bench)
}

/// The finding over the cases; there may have been no task.
pub(super) fn concluded(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { why, .. } if why.starts_with("the target offered") => {
            Ok(Finding::unseen(
                "no tool that may be called took a call as a task",
                "offer one whose `execution.taskSupport` is `optional`, marked `readOnlyHint: true`",
            ))
        }
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** the `taskId` of every task is a string.
    ///
    /// **Why:** clients write it into `tasks/get` as one.
    ///
    /// **Fix:** make ids of text.
    pub(super) ID_STRING = "core-tasks.id-string";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: id_string
}

async fn id_string(bench: &Bench) -> Judgement {
    each(bench, |_, task| {
        Finding::expect(task["taskId"].is_string(), "a string", || task["taskId"].to_string())
    })
    .await
}

check! {
    /// **Observed:** the tasks of a run have different ids.
    ///
    /// **Why:** one of two tasks with one id is lost.
    ///
    /// **Fix:** make ids of 128 random bits.
    pub(super) ID_UNIQUE = "core-tasks.id-unique";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: id_unique
}

async fn id_unique(bench: &Bench) -> Judgement {
    let ids = several(bench).await?;
    if ids.len() < 2 {
        return concluded(bench);
    }
    let twice = ids.iter().enumerate().find(|(n, id)| ids[..*n].contains(id));
    Ok(Finding::expect(twice.is_none(), "an id for each task", || {
        twice.map(|(_, id)| format!("two tasks are {id:?}")).unwrap_or_default()
    }))
}

check! {
    /// **Observed:** the ids of tasks that were created one after the other are no numbers in sequence. A server that knows who
    /// is authorized is not judged.
    ///
    /// **Why:** who guesses the id of a task reads the result of somebody else's.
    ///
    /// **Fix:** make ids of 128 random bits.
    pub(super) UNGUESSABLE = "core-tasks.unguessable";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: unguessable
}

async fn unguessable(bench: &Bench) -> Judgement {
    let ids = several(bench).await?;
    if ids.len() < 2 || bench.survey().protected {
        return concluded(bench);
    }
    let counts = crate::earlier::sessions::counts(&ids);
    Ok(Finding::expect(!counts, "ids that cannot be guessed", || {
        format!("they count: {}", json!(ids))
    }))
}

/// The ids of three tasks of one tool, one after the other.
async fn several(bench: &Bench) -> Result<Vec<String>, plumb_runner::Trouble> {
    let found = calls(bench, &["optional", "required"]).into_iter().next();
    let Some((_, call)) = found.filter(|_| takes_calls(bench)) else { return Ok(Vec::new()) };
    let mut ids = Vec::new();
    for _ in 0..3 {
        let seen = bench.send(as_task(call.clone())).await?;
        ids.extend(task(&seen).and_then(|task| task["taskId"].as_str()).map(str::to_owned));
    }
    Ok(ids)
}

check! {
    /// **Observed:** `createdAt` and `lastUpdatedAt` of every task that is shown are times of RFC 3339.
    ///
    /// **Why:** clients sort tasks, and forget old ones, by these.
    ///
    /// **Fix:** write both with the offset, as in `2025-11-25T10:30:00Z`.
    pub(super) TIMES = "core-tasks.times";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: times
}

async fn times(bench: &Bench) -> Judgement {
    let is_time = |value: &Value| {
        value.as_str().is_some_and(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok())
    };
    each(bench, |life, _| {
        let wrong = life.shown().find_map(|(_, task)| {
            ["createdAt", "lastUpdatedAt"].into_iter().find_map(|member| {
                (!is_time(&task[member])).then(|| format!("{member}: {}", task[member]))
            })
        });
        Finding::expect(wrong.is_none(), "two times as RFC 3339 writes them", || {
            wrong.unwrap_or_default()
        })
    })
    .await
}

check! {
    /// **Observed:** every answer to `tasks/get` has a `ttl` that is a number or null.
    ///
    /// **Why:** by it a client knows how long the result can be had.
    ///
    /// **Fix:** tell the time that the task really lives, in milliseconds.
    pub(super) TTL = "core-tasks.ttl";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: ttl
}

async fn ttl(bench: &Bench) -> Judgement {
    each(bench, |life, _| {
        let mut read = life.read.iter().filter_map(Observed::result).peekable();
        if read.peek().is_none() {
            return Finding::unseen("the task could not be read", "answer `tasks/get`");
        }
        let wrong =
            read.find(|task| !task.get("ttl").is_some_and(|ttl| ttl.is_null() || ttl.is_number()));
        Finding::expect(wrong.is_none(), "a `ttl` that is a number or null", || {
            wrong.map_or_else(String::new, plumb_runner::brief)
        })
    })
    .await
}
