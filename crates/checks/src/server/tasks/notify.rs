//! notifications/tasks on a subscription.

use std::time::Duration;

use plumb_flows::subscription::{ROOM, comes_by};
use plumb_flows::task::life::{self, Life};
use plumb_runner::{
    Bench, Finding, Judgement, Observed, Open, Probe, Trouble, brief, check, clip, has_ended,
    task_capable, with_token,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{TASKS_EXTENSION, codes, meta, method, notification, schema};
use serde_json::{Value, json};

/// A task at work for so long rarely ends before somebody listens.
const AT_WORK: Duration = Duration::from_millis(500);

/// One that did is followed by longer ones, up to so long: on a busy machine a subscription takes its time.
const LONGEST: Duration = Duration::from_secs(8);

/// Its end is awaited for so many times what it takes.
const PATIENCE: u32 = 4;

/// The acknowledgment comes within so long.
const ACKNOWLEDGED: Duration = Duration::from_secs(3);

/// What is told after the end of a task is awaited for so long.
const GRACE: Duration = Duration::from_millis(300);

/// A subscription to tasks, as far as it was acknowledged.
struct Subscription {
    open: Open,
    /// The ids that the server agreed to.
    agreed: Value,
    /// The end of a task is awaited for so long.
    patience: Duration,
}

async fn subscribe(bench: &Bench, ids: &[&str]) -> Result<Result<Subscription, Finding>, Trouble> {
    let params = json!({"notifications": {"taskIds": ids}});
    let mut open = bench.open(task_capable(Probe::request(method::LISTEN, params))).await?;
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    // Over standard streams, what others subscribed to comes on the same output.
    let id = open.id().unwrap_or_default();
    let own = |m: &Message| (acknowledged(m) && comes_by(m, &id)) || m.is_response();
    let first = open.until(ACKNOWLEDGED, own).await;
    let Some(first) = first.filter(acknowledged) else {
        let seen = bench.close(open);
        return Ok(Err(unsupported(&format!(
            "the subscription is not acknowledged: {}",
            seen.describe()
        ))));
    };
    let agreed = first
        .params()
        .and_then(|p| p.pointer("/notifications/taskIds"))
        .cloned()
        .unwrap_or_default();
    Ok(Ok(Subscription { open, agreed, patience: AT_WORK * PATIENCE }))
}

fn unsupported(why: &str) -> Finding {
    Finding::unseen(why, "support notifications/tasks, which a server need not")
}

/// A task at work and a subscription to it; the task moves on while somebody listens.
async fn listening(bench: &Bench) -> Result<Result<(Life<'_>, Subscription), Finding>, Trouble> {
    let mut at_work = AT_WORK;
    loop {
        let (mut life, mut subscription) = match listening_to(bench, at_work).await? {
            Ok(both) => both,
            Err(unseen) => return Ok(Err(unseen)),
        };
        subscription.patience = at_work * PATIENCE;
        at_work *= 4;
        if at_work > LONGEST || !has_ended(life.poll().await?) {
            return Ok(Ok((life, subscription)));
        }
        bench.close(subscription.open);
    }
}

/// The same with a task that takes about so long, which may be over by then.
async fn listening_to(
    bench: &Bench,
    at_work: Duration,
) -> Result<Result<(Life<'_>, Subscription), Finding>, Trouble> {
    let (found, _) = life::slow(bench, at_work)?;
    let probe =
        with_token(life::call(bench, &found), json!(format!("plumb-task-{}", bench.fresh_id())));
    let created = bench.send(probe.meta(meta::LOG_LEVEL, "debug")).await?;
    let life = Life::of(bench, &found.name, created)?;
    let subscription = match subscribe(bench, &[&life.id]).await? {
        Ok(subscription) => subscription,
        Err(unseen) => return Ok(Err(unseen)),
    };
    let agreed = subscription
        .agreed
        .as_array()
        .is_some_and(|ids| ids.iter().any(|id| *id == life.id.as_str()));
    if !agreed {
        let why = format!(
            "the server agrees to tell of {}, not of the task",
            brief(&subscription.agreed)
        );
        bench.close(subscription.open);
        return Ok(Err(unsupported(&why)));
    }
    Ok(Ok((life, subscription)))
}

fn told(message: &Message) -> Option<&Value> {
    (message.method() == Some(notification::TASK)).then(|| message.params()).flatten()
}

/// Listens until the end of the task is told and a little longer; gives all that came.
async fn to_the_end(
    bench: &Bench,
    life: &Life<'_>,
    mut subscription: Subscription,
) -> Vec<Message> {
    let of_it = |m: &Message| {
        told(m).is_some_and(|task| task["taskId"] == life.id.as_str() && has_ended(task))
    };
    subscription.open.until(subscription.patience, of_it).await;
    subscription.open.until(GRACE, |_| false).await;
    bench.close(subscription.open).messages.to_vec()
}

check! {
    /// **Observed:** a subscription to a task and to an id that no task has is acknowledged with ids that were asked for,
    /// and with no others.
    ///
    /// **Why:** the acknowledgment says what the client can rely on; ids of others give their tasks away.
    ///
    /// **Fix:** answer with those of `taskIds` that the server will tell of.
    pub(crate) ACK_IDS = "tasks.notify.ack-ids";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: ack_ids
}

async fn ack_ids(bench: &Bench) -> Judgement {
    let found = bench.prop(plumb_runner::Prop::TaskTool)?.clone();
    let (one, other) = (Life::begin(bench, &found).await?, Life::begin(bench, &found).await?);
    let unknown = format!("{}0", one.id);
    let subscription = match subscribe(bench, &[&one.id, &unknown]).await? {
        Ok(subscription) => subscription,
        Err(unseen) => return Ok(unseen),
    };
    bench.close(subscription.open);
    bench.note(&other.created);
    let Some(agreed) = subscription.agreed.as_array() else {
        return Ok(match subscription.agreed {
            Value::Null => unsupported("the acknowledgment names no tasks, as it may"),
            agreed => Finding::violated("`taskIds` is a list of ids", brief(&agreed)),
        });
    };
    let asked = [one.id.as_str(), unknown.as_str()];
    let subset = agreed.iter().all(|id| id.as_str().is_some_and(|id| asked.contains(&id)));
    Ok(Finding::expect(subset, "ids that were asked for", || brief(&subscription.agreed)))
}

check! {
    /// **Observed:** a subscription to a task without the extension on the request is refused with -32021, and the error
    /// names the extension. With the extension the same subscription is acknowledged.
    ///
    /// **Why:** the client would not understand what it is told.
    ///
    /// **Fix:** check the declaration wherever `taskIds` is there.
    pub(crate) MISSING_CAPABILITY = "tasks.notify.missing-capability";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: missing_capability
}

async fn missing_capability(bench: &Bench) -> Judgement {
    let life = Life::begin(bench, &bench.prop(plumb_runner::Prop::TaskTool)?.clone()).await?;
    match subscribe(bench, &[&life.id]).await? {
        Ok(subscription) => bench.close(subscription.open),
        Err(unseen) => return Ok(unseen),
    };
    let mut seen = subscribe_plainly(bench, &life.id).await?;
    for pause in ROOM {
        if names_the_extension(&seen) || seen.error().is_none() {
            break;
        }
        bench.pause(pause).await;
        seen = subscribe_plainly(bench, &life.id).await?;
    }
    let fits = names_the_extension(&seen);
    Ok(Finding::expect(fits, "error -32021 that names the extension", || match seen.error() {
        Some(error) => brief(error),
        None => seen.describe(),
    }))
}

/// What comes of a subscription to a task by a client that does not declare the extension.
async fn subscribe_plainly(bench: &Bench, id: &str) -> Result<Observed, Trouble> {
    let params = json!({"notifications": {"taskIds": [id]}});
    let mut open = bench.open(Probe::request(method::LISTEN, params)).await?;
    open.next_within(ACKNOWLEDGED).await;
    Ok(bench.close(open))
}

fn names_the_extension(refused: &Observed) -> bool {
    let required = refused.error().and_then(|e| e.pointer("/data/requiredCapabilities/extensions"));
    refused.code() == Some(codes::MISSING_CLIENT_CAPABILITY)
        && required.is_some_and(|extensions| extensions.get(TASKS_EXTENSION).is_some())
}

check! {
    /// **Observed:** what a subscription tells of a task is the whole task with what its status carries, and at its end the
    /// same as tasks/get.
    ///
    /// **Why:** a client that listens need not poll.
    ///
    /// **Fix:** build notifications/tasks and the result of tasks/get from the same function.
    pub(crate) FULL_TASK = "tasks.notify.full-task";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: full_task
}

async fn full_task(bench: &Bench) -> Judgement {
    let (mut life, subscription) = match listening(bench).await? {
        Ok(both) => both,
        Err(unseen) => return Ok(unseen),
    };
    let messages = to_the_end(bench, &life, subscription).await;
    let mut last = None;
    for task in messages.iter().filter_map(told) {
        if let Some(mismatch) = schema::part::detailed_task(task).into_iter().next() {
            return Ok(Finding::violated("a whole task", format!("{mismatch} in {}", brief(task))));
        }
        last = Some(task);
    }
    let Some(last) = last else { return Ok(unsupported("nothing was told of the task")) };
    if !has_ended(last) {
        return Ok(Finding::Held);
    }
    let read = life.poll().await?;
    let differs = ["taskId", "status", "createdAt", "result", "error"];
    let differs = differs.into_iter().find(|name| last.get(name) != read.get(name));
    Ok(match differs {
        Some(name) => {
            let told = last.get(name).map_or_else(|| "nothing".to_owned(), brief);
            let actual = format!("{told}, and then {}", brief(&read[name]));
            Finding::violated(format!("`{name}` as tasks/get has it"), actual)
        }
        None => Finding::Held,
    })
}

check! {
    /// **Observed:** of two tasks at work one is subscribed to; the subscription tells of no other.
    ///
    /// **Why:** what a client did not ask for may be none of its business.
    ///
    /// **Fix:** filter by the ids that were agreed to.
    pub(crate) ONLY_SUBSCRIBED = "tasks.notify.only-subscribed";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: only_subscribed
}

async fn only_subscribed(bench: &Bench) -> Judgement {
    let (life, subscription) = match listening(bench).await? {
        Ok(both) => both,
        Err(unseen) => return Ok(unseen),
    };
    let other = Life::begin(bench, &life::slow(bench, AT_WORK / 2)?.0).await?;
    other.cancel().await?;
    let messages = to_the_end(bench, &life, subscription).await;
    let tasks: Vec<&Value> = messages.iter().filter_map(told).collect();
    if let Some(foreign) = tasks.iter().find(|task| task["taskId"] != life.id.as_str()) {
        let actual = format!("{}, where {} was agreed to", brief(foreign), life.id);
        return Ok(Finding::violated("notifications of the task that was agreed to only", actual));
    }
    Ok(if tasks.is_empty() { unsupported("nothing was told of the task") } else { Finding::Held })
}

check! {
    /// **Observed:** every notification of a task carries the id of its subscription in `_meta`.
    ///
    /// **Why:** over standard streams nothing else says which subscription it belongs to.
    ///
    /// **Fix:** send notifications/tasks the same way as the other notifications of a subscription.
    pub(crate) SUBSCRIPTION_ID = "tasks.notify.subscription-id";
    fact: "base.meta.subscription-id";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: subscription_id
}

async fn subscription_id(bench: &Bench) -> Judgement {
    let (life, subscription) = match listening(bench).await? {
        Ok(both) => both,
        Err(unseen) => return Ok(unseen),
    };
    let id = subscription.open.id();
    let messages = to_the_end(bench, &life, subscription).await;
    let mut seen = false;
    for message in messages.iter().filter(|m| told(m).is_some()) {
        seen = true;
        let tag = message.meta().and_then(|m| m.get(meta::SUBSCRIPTION_ID));
        if tag.is_none() || tag != id.as_ref() {
            let expected = format!("the id of the subscription, {}", id.unwrap_or_default());
            return Ok(Finding::violated(expected, tag.map_or_else(|| "none".to_owned(), brief)));
        }
    }
    Ok(if seen { Finding::Held } else { unsupported("nothing was told of the task") })
}

check! {
    /// **Observed:** the call that makes a task asks for progress and for logs; the subscription to the task carries
    /// neither.
    ///
    /// **Why:** they belong to the stream of a request, and the request was answered.
    ///
    /// **Fix:** say how far the work is in `statusMessage`.
    pub(crate) NO_PROGRESS = "tasks.notify.no-progress";
    fact: "logging.own-stream";
    applies: [Declares(Tasks)];
    needs: [SlowTaskTool];
    scenario: no_progress
}

async fn no_progress(bench: &Bench) -> Judgement {
    let (life, subscription) = match listening(bench).await? {
        Ok(both) => both,
        Err(unseen) => return Ok(unseen),
    };
    let own = subscription.open.id();
    let messages = to_the_end(bench, &life, subscription).await;
    let chatter = |m: &&Message| {
        // Over standard streams others' progress passes by; what is tagged or names the task is the subscription's.
        let tagged = m
            .meta()
            .and_then(|m| m.get(meta::SUBSCRIPTION_ID))
            .is_some_and(|id| Some(id) == own.as_ref());
        let named = m
            .params()
            .and_then(|p| p.get("progressToken"))
            .is_some_and(|t| t.as_str().is_some_and(|t| t == life.id));
        matches!(m.method(), Some(notification::PROGRESS | notification::MESSAGE))
            && (bench.survey().transport.answers_apart() || tagged || named)
    };
    match messages.iter().find(chatter) {
        Some(message) => Ok(Finding::violated(
            "no progress and no logs on the subscription",
            clip(&message.raw.lossy(), 200),
        )),
        None if messages.iter().any(|m| told(m).is_some()) => Ok(Finding::Held),
        None => Ok(unsupported("nothing was told of the task")),
    }
}
