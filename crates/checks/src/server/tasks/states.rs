//! The life of a task as a history: what polls show, in which order, and for how long.

use std::time::Duration;

use futures_util::future::join_all;
use plumb_flows::confirmation::Confirmation;
use plumb_flows::task::history::{self, Fault, State};
use plumb_flows::task::life::{self, GRACE, Life};
use plumb_runner::{Bench, Finding, Found, Judgement, Prop, Trouble, check, has_ended, task_id};
use plumb_wire::method;
use serde_json::json;
use tokio::time::{Instant, sleep};

/// So many tasks are created at once.
const CREATIONS: usize = 12;

/// A first answer that seems to wait for the end of the work is looked at for so many tasks.
const LOOKS: usize = 2;

/// Work of this length shows in times that are written in whole seconds.
const SEEN_BY_SECONDS: Duration = Duration::from_millis(1_200);

/// A task that has ended is looked at again after so long.
const LATER: Duration = Duration::from_secs(2);

check! {
    /// **Observed:** a task of each known tool is polled to its end and beyond; the statuses are compared in order.
    ///
    /// **Why:** a client stops polling at a terminal status; what comes after it is lost.
    ///
    /// **Fix:** write the status in one place, and refuse every write to a task that is `completed`, `failed` or
    /// `cancelled`.
    pub(crate) TRANSITIONS = "tasks.transitions";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: transitions
}

async fn transitions(bench: &Bench) -> Judgement {
    histories(bench, 3, history::illegal_step).await
}

check! {
    /// **Observed:** over the life of a task of each known tool, `createdAt` and `lastUpdatedAt` are times in ISO 8601,
    /// `createdAt` stays, and `lastUpdatedAt` does not run back; that of a task which completes after more than a second
    /// of work is not the time of its creation.
    ///
    /// **Why:** clients reckon the end of a task's life from `createdAt` and `ttlMs`.
    ///
    /// **Fix:** keep both times with the task and write them as `2026-01-31T10:00:00Z`.
    pub(crate) TIMESTAMPS = "tasks.timestamps";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: timestamps
}

async fn timestamps(bench: &Bench) -> Judgement {
    let frozen = async {
        let slow = life::slow(bench, SEEN_BY_SECONDS).ok().filter(|s| s.1 >= SEEN_BY_SECONDS);
        match slow {
            Some((found, _)) => Some((found.name.clone(), frozen(bench, &found).await)),
            None => None,
        }
    };
    let (judgement, frozen) = tokio::join!(histories(bench, 1, history::wrong_times), frozen);
    judgement?;
    if let Some((tool, judgement)) = frozen {
        let title = format!("a task of {tool} that works for a second and more, then completes");
        bench.case("later", title, judgement);
    }
    bench.conclude()
}

/// Whether the time of the last update stays that of the creation, although the status changed a second later.
async fn frozen(bench: &Bench, found: &Found) -> Judgement {
    let mut life = Life::begin(bench, found).await?;
    life.poll().await?;
    let worked = life.status() == "working";
    if !worked || !life.live().await? || life.status() != "completed" {
        return Ok(Finding::unseen(
            "the task was not seen at work and then completed",
            "name a slow tool that completes",
        ));
    }
    let (created, updated) = (&life.last()["createdAt"], &life.last()["lastUpdatedAt"]);
    Ok(Finding::expect(created != updated, "`lastUpdatedAt` of when the task completed", || {
        format!("{updated}, which is `createdAt`")
    }))
}

/// Judges the history of a task of each tool.
async fn histories(bench: &Bench, more: usize, judge: fn(&[State]) -> Option<Fault>) -> Judgement {
    for (tool, life) in life::lives(bench, more).await {
        let judgement = life.map(|life| match judge(&life.states) {
            Some(fault) => {
                bench.note_seq(fault.seq);
                Finding::violated(fault.expected, fault.actual)
            }
            None if life.states.len() > 1 => Finding::Held,
            None => Finding::unseen("the task was not seen after its creation", "answer tasks/get"),
        });
        bench.case(&tool, format!("the life of a task of {tool}"), judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** a task of each known tool is brought to its end, some by a cancellation; then it is cancelled,
    /// updated (with what it once asked for, too) and read after each of these. What was cancelled at work is read again
    /// when its work would have been done. Status, `result` and `error` are the same as before.
    ///
    /// **Why:** whoever reads the task later, or on another machine, must find the one outcome that it had.
    ///
    /// **Fix:** acknowledge updates and cancellations of an ended task, and change nothing; let work that ends late look
    /// at the status before it writes.
    pub(crate) TERMINAL_FINAL = "tasks.terminal-final";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    waits: true;
    scenario: terminal_final
}

async fn terminal_final(bench: &Bench) -> Judgement {
    let judged = life::lives(bench, 0).await.into_iter().map(|(tool, life)| async move {
        let judgement = async {
            let mut life = life?;
            if !has_ended(life.last()) {
                return Ok(Finding::unseen(
                    format!("the task of {tool} did not end in time"),
                    "name a quicker one",
                ));
            }
            life.poll().await?;
            disturbed(&mut life).await
        };
        let judgement = judgement.await;
        (tool, judgement)
    });
    let (judged, waiting, working) =
        tokio::join!(join_all(judged), cancelled_waiting(bench), cancelled_at_work(bench));
    for (tool, judgement) in judged {
        bench.case(
            &tool,
            format!("an ended task of {tool} is cancelled, updated and read"),
            judgement,
        );
    }
    if let Some(judgement) = waiting {
        let title = "a task that was cancelled while it waited is updated, cancelled and read";
        bench.case("cancelled", title, judgement);
    }
    if let Some(judgement) = working {
        let title = "a task that was cancelled at work is read when the work would have been done";
        bench.case("cancelled-at-work", title, judgement);
    }
    bench.conclude()
}

/// Cancels and updates an ended task, and reads it right after each and once more later.
async fn disturbed(life: &mut Life<'_>) -> Judgement {
    let mut responses = life.once_asked();
    responses.insert("plumb-too-late".into(), json!({"action": "accept", "content": {}}));
    // What is revived may come to its end again before anybody looks: so right after each.
    life.update(responses.clone()).await?;
    life.poll().await?;
    life.cancel().await?;
    life.poll().await?;
    life.update(responses).await?;
    for _ in 0..2 {
        life.poll().await?;
        life.wait().await;
    }
    Ok(match history::changed_after_end(&life.states) {
        Some(fault) => Finding::violated(fault.expected, fault.actual),
        None => Finding::Held,
    })
}

/// Whether a task stays cancelled that was cancelled while it waited for input; `None` if there is none.
async fn cancelled_waiting(bench: &Bench) -> Option<Judgement> {
    let found = bench.survey().prop(Prop::InputTaskTool)?.clone();
    let judgement = async {
        let mut life = Life::begin(bench, &found).await?;
        life.until_asked().await?;
        if !ends_cancelled(&mut life).await? {
            return Ok(not_cancelled(&life));
        }
        disturbed(&mut life).await
    };
    Some(judgement.await)
}

/// Whether a task stays cancelled that was cancelled at work, until its work would have been done and longer; `None` if
/// there is none.
async fn cancelled_at_work(bench: &Bench) -> Option<Judgement> {
    let (found, lasts) = life::slow(bench, SEEN_BY_SECONDS).ok()?;
    let judgement = async {
        let mut life = Life::begin(bench, &found).await?;
        if !ends_cancelled(&mut life).await? {
            return Ok(not_cancelled(&life));
        }
        life.poll().await?;
        let longest = (lasts * 2).min(life::PATIENCE);
        life.until(longest, |life| life.status() != "cancelled").await?;
        disturbed(&mut life).await
    };
    Some(judgement.await)
}

/// Cancels a task; says whether it then ends as `cancelled`, which it need not.
async fn ends_cancelled(life: &mut Life<'_>) -> Result<bool, Trouble> {
    life.cancel().await?;
    life.until(GRACE, |life| has_ended(life.last())).await?;
    Ok(life.status() == "cancelled")
}

fn not_cancelled(life: &Life<'_>) -> Finding {
    Finding::unseen(
        format!("the task is {} some time after its cancellation, as it may be", life.status()),
        "let a task end when it is cancelled",
    )
}

check! {
    /// **Observed:** twelve tasks are created at the same time; each is read at once, over HTTP on a connection of its
    /// own. Every read finds its task.
    ///
    /// **Why:** a client that gets -32602 for a handle just given takes the task for lost.
    ///
    /// **Fix:** answer the call when the task is stored where tasks/get looks, not before.
    pub(crate) DURABLE_CREATE = "tasks.durable-create";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: durable_create
}

async fn durable_create(bench: &Bench) -> Judgement {
    let found = bench.prop(plumb_runner::Prop::TaskTool)?.clone();
    let found = &found;
    let creations = (0..CREATIONS).map(|_| async move {
        let created = bench.send(life::call(bench, found)).await?;
        let Some(id) = created.result().and_then(task_id) else { return Ok(None) };
        let read = bench.send(life::about(method::TASKS_GET, id).fresh()).await?;
        Ok::<_, Trouble>(Some(read))
    });
    let mut found = false;
    for read in join_all(creations).await {
        let Some(read) = read? else { continue };
        if read.result().is_none() && read.status() != Some(429) {
            return Ok(Finding::violated(
                "a task that is there as soon as its handle is",
                read.describe(),
            ));
        }
        found |= read.result().is_some();
    }
    Ok(if found {
        Finding::Held
    } else {
        Finding::unseen("no call was answered with a task", "answer with one")
    })
}

check! {
    /// **Observed:** a task that takes a while is read at once; the answer comes while the task is still at work and
    /// says so. **Position:** an answer that comes when the work is done counts only if it took most of the work's time,
    /// several times as long as the slowest of three readings of the ended task, and did so for two tasks.
    ///
    /// **Why:** a read that waits for the end is the long call that tasks are there to avoid.
    ///
    /// **Fix:** answer tasks/get with the state as it is.
    pub(crate) WORKING = "tasks.get.working";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: working
}

async fn working(bench: &Bench) -> Judgement {
    let (found, lasts) = life::slow(bench, Duration::from_millis(1_500))?;
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        let mut life = Life::begin(bench, &found).await?;
        let asked = Instant::now();
        let seen = life.read().await?;
        let took = asked.elapsed();
        let Some(task) = seen.result().cloned() else {
            life.cancel().await?;
            return Ok(Finding::violated("the task, with status `working`", seen.describe()));
        };
        if task["status"] == "working" {
            life.cancel().await?;
            return Ok(Finding::Held);
        }
        let mut usual = Duration::ZERO;
        for _ in 0..3 {
            let asked = Instant::now();
            life.read().await?;
            usual = usual.max(asked.elapsed());
        }
        if took < lasts / 2 || took < usual * 3 {
            let why =
                format!("the task of {} was {} when it was first read", found.name, task["status"]);
            return Ok(Finding::unseen(why, "name a slower tool under [props.slow-task-tool]"));
        }
        confirmation.saw(Finding::violated(
            "an answer while the task is at work, with status `working`",
            format!(
                "{} after {} ms, as of another task before; once the task had ended, within {} ms",
                task["status"],
                took.as_millis(),
                usual.as_millis()
            ),
        ));
    }
    Ok(confirmation.finding())
}

check! {
    /// **Observed:** a task that takes a while is cancelled; if its status becomes `cancelled`, tasks/get shows the task
    /// with that status. Position: it need not become so.
    ///
    /// **Why:** a client that polls on after its cancellation wants to know whether the work was stopped.
    ///
    /// **Fix:** keep a cancelled task like any other ended one.
    pub(crate) CANCELLED = "tasks.get.cancelled";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: cancelled
}

async fn cancelled(bench: &Bench) -> Judgement {
    let (found, _) = life::slow(bench, Duration::from_secs(5))?;
    let mut life = Life::begin(bench, &found).await?;
    let acknowledged = life.cancel().await?;
    if !acknowledged.is_accepted() {
        return Ok(Finding::unseen(
            format!("the cancellation was refused: {}", acknowledged.describe()),
            "acknowledge it",
        ));
    }
    let deadline = Instant::now() + bench.lengthen(GRACE);
    while !has_ended(life.last()) && Instant::now() < deadline {
        life.wait().await;
        let seen = life.read().await?;
        if seen.result().is_none() && seen.status() != Some(429) {
            return Ok(Finding::violated("the task, with its status", seen.describe()));
        }
    }
    match life.status() {
        "cancelled" => Ok(Finding::Held),
        other => Ok(Finding::unseen(
            format!("the task is {other} one second after the cancellation, as it may be"),
            "let a task end when it is cancelled",
        )),
    }
}

check! {
    /// **Observed:** an ended task is read again, and once more after a while, within its `ttlMs`; it is still there,
    /// and not an error.
    ///
    /// **Why:** a client may have lost the answer that told of the end, or read it on another machine.
    ///
    /// **Fix:** keep a task for its whole `ttlMs`, also when its result was delivered.
    pub(crate) TTL_HONOURED = "tasks.ttl-honoured";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    waits: true;
    scenario: ttl_honoured
}

async fn ttl_honoured(bench: &Bench) -> Judgement {
    let found = bench.prop(plumb_runner::Prop::TaskTool)?.clone();
    let mut life = Life::begin(bench, &found).await?;
    if !life.live().await? {
        return Ok(Finding::unseen(
            format!("the task of {} did not end in time", found.name),
            "name a quicker tool",
        ));
    }
    let ttl = life.last()["ttlMs"].as_u64().map(Duration::from_millis);
    for pause in [Duration::ZERO, LATER, Duration::ZERO] {
        life.wait().await;
        sleep(pause).await;
        let age = life.born.elapsed() + Duration::from_millis(50);
        if ttl.is_some_and(|ttl| age > ttl * 4 / 5) {
            return Ok(Finding::unseen(
                "the task's time is over before it can be read twice",
                "give tasks more time",
            ));
        }
        let seen = life.read().await?;
        if seen.result().is_none() && seen.status() != Some(429) {
            let ttl = life.last()["ttlMs"].clone();
            let actual = format!("after {} ms: {}", age.as_millis(), seen.describe());
            return Ok(Finding::violated(format!("the task for its `ttlMs` of {ttl}"), actual));
        }
    }
    Ok(Finding::Held)
}
