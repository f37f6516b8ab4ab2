//! basic/utilities/tasks: what is told of a task while it runs, and behind it.

use std::sync::Arc;
use std::time::Duration;

use plumb_runner::{
    Bench, Declared, Finding, Judgement, Observed, Open, Session, Trouble, check, with_token,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{method, notification};
use serde_json::{Value, json};

use super::flow::{RELATED, about, as_task, has_ended, task};
use super::outcome::{PATIENCE, STATUSES, asking, taken};
use crate::earlier::changes;

/// A change of a task's status is told by this.
const STATUS: &str = "notifications/tasks/status";

/// At most so many tools are called as tasks.
const TOOLS: usize = 4;

/// What is on its way when a task has ended comes within so long.
const ON_ITS_WAY: Duration = Duration::from_millis(150);

/// What comes behind the end of a task comes within so long.
const BEHIND: Duration = Duration::from_millis(250);

check! {
    /// **Observed:** no `notifications/tasks/status` names its task in `_meta` as well: those that come with answers, on the stream of
    /// GET, or over standard streams by themselves.
    ///
    /// **Why:** the parameters say it already, and two places can disagree.
    ///
    /// **Fix:** leave the key out there.
    pub(super) NOT_IN_STATUS = "core-tasks.not-in-status";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: not_in_status
}

async fn not_in_status(bench: &Bench) -> Judgement {
    statuses(bench, |params| params["_meta"].get(RELATED).is_none(), format!("no {RELATED}")).await
}

check! {
    /// **Observed:** every `notifications/tasks/status` has the whole task: `taskId`, one of the five statuses, `createdAt`,
    /// `lastUpdatedAt`, and a `ttl` that is a number or null.
    ///
    /// **Why:** a client that takes it for the task does not ask for the task again.
    ///
    /// **Fix:** send what `tasks/get` would be answered with.
    pub(super) STATUS_WHOLE = "core-tasks.status-whole";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: status_whole
}

async fn status_whole(bench: &Bench) -> Judgement {
    statuses(bench, is_whole, "the whole task".into()).await
}

fn is_whole(task: &Value) -> bool {
    let texts = ["taskId", "createdAt", "lastUpdatedAt"];
    let ttl = task.get("ttl").is_some_and(|ttl| ttl.is_null() || ttl.is_number());
    let status = STATUSES.iter().any(|(status, _)| task["status"] == *status);
    ttl && status && texts.iter().all(|member| task[*member].is_string())
}

check! {
    /// **Observed:** a call with a progress token is taken as a task: all progress that comes for it carries that token, and none comes
    /// any more a moment after `tasks/get` has shown that the task has ended.
    ///
    /// **Why:** the client knows the operation by the token that it gave, and forgets it when the task has ended.
    ///
    /// **Fix:** keep the token with the task, and stop the reporter before the status changes.
    pub(super) PROGRESS_TOKEN = "core-tasks.progress-token";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: progress_token
}

async fn progress_token(bench: &Bench) -> Judgement {
    let heard = heard(bench).await?;
    heard.seen.iter().for_each(|seen| bench.note(seen));
    if let Some(late) = &heard.late {
        return Ok(Finding::violated("no progress behind the end of the task", late.clone()));
    }
    let mut told = heard.all(notification::PROGRESS).peekable();
    if told.peek().is_none() {
        return Ok(Finding::unseen("no task told of progress", "nothing: it need not"));
    }
    let given = |m: &&Message| {
        m.params().is_some_and(|params| heard.tokens.contains(&params["progressToken"]))
    };
    Ok(match told.find(|message| !given(message)) {
        Some(other) => {
            Finding::violated("progress of the token of the call", other.raw.lossy().into_owned())
        }
        None => Finding::Held,
    })
}

/// What tasks asked their clients, on the streams of their results, each with the id of its task.
pub(super) async fn asked(bench: &Bench) -> Result<Vec<(Value, Value)>, Trouble> {
    let heard = heard(bench).await?;
    let of_task = |request: &&Value| {
        [method::ELICITATION_CREATE, method::SAMPLING_CREATE_MESSAGE]
            .iter()
            .any(|method| request["method"] == *method)
    };
    let mut asked = Vec::new();
    for seen in heard.seen.iter().filter(|s| s.method() == Some(method::OLD_TASKS_RESULT)) {
        let Some(id) = seen.params().map(|params| params["taskId"].clone()) else { continue };
        let requests: Vec<&Value> = seen.asked().filter(of_task).collect();
        if !requests.is_empty() {
            bench.note(seen);
        }
        asked.extend(requests.into_iter().map(|request| (id.clone(), request.clone())));
    }
    Ok(asked)
}

/// Judges the parameters of each notification of a status.
async fn statuses(bench: &Bench, fits: impl Fn(&Value) -> bool, expected: String) -> Judgement {
    let heard = heard(bench).await?;
    heard.seen.iter().for_each(|seen| bench.note(seen));
    let mut told = heard.all(STATUS).peekable();
    if told.peek().is_none() {
        return Ok(Finding::unseen("no status was told", "nothing: it need not be"));
    }
    Ok(match told.find(|m| !m.params().is_some_and(&fits)) {
        Some(wrong) => Finding::violated(expected, wrong.raw.lossy().into_owned()),
        None => Finding::Held,
    })
}

/// What was heard of tasks in a session of its own.
struct Heard {
    seen: Vec<Observed>,
    /// The tokens that were given.
    tokens: Vec<Value>,
    /// Progress that came when the task had ended.
    late: Option<String>,
}

impl Heard {
    fn all<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Message> {
        self.seen.iter().flat_map(move |seen| seen.notifications(method))
    }
}

async fn heard(bench: &Bench) -> Result<Arc<Heard>, Trouble> {
    bench.shared("core-tasks-told", || listened(bench)).await
}

async fn listened(bench: &Bench) -> Result<Heard, Trouble> {
    let mut heard = Heard { seen: Vec::new(), tokens: Vec::new(), late: None };
    let calls = taken(bench);
    if calls.is_empty() {
        return Ok(heard);
    }
    let session = bench.session(Declared::Everything).await?;
    let mut ear = changes::ear(bench, &session).await;
    let mut told = Ok(());
    for (_, call) in calls.into_iter().take(TOOLS) {
        let token = json!(format!("plumb-{}", bench.fresh_id()));
        heard.tokens.push(token.clone());
        let call = asking(with_token(as_task(call), token));
        told = run((&session, ear.as_mut()), call, &mut heard).await;
        if told.is_err() {
            break;
        }
    }
    heard.seen.extend(session.strays().await);
    heard.seen.extend(ear.map(|ear| bench.close(ear)));
    session.end().await;
    told.map(|()| heard)
}

/// Waits for the end of a task, and for what comes behind it on the stream of GET.
async fn run(
    (session, ear): (&Session<'_>, Option<&mut Open>),
    call: plumb_runner::Probe,
    heard: &mut Heard,
) -> Result<(), Trouble> {
    let created = session.send(call).await?;
    let id = task(&created).and_then(|task| task["taskId"].as_str()).map(str::to_owned);
    heard.seen.push(created);
    let Some(id) = id else { return Ok(()) };
    let wait = about(method::OLD_TASKS_RESULT, &id).patience(PATIENCE);
    heard.seen.push(session.send(asking(wait)).await?);
    let after = session.send(about(method::TASKS_GET, &id)).await?;
    let ended = after.result().is_some_and(has_ended);
    heard.seen.push(after);
    let Some(ear) = ear.filter(|_| ended) else { return Ok(()) };
    ear.until(ON_ITS_WAY, |_| false).await;
    let token = heard.tokens.last();
    let late = |m: &Message| {
        let of = |params: &Value| params.get("progressToken") == token;
        m.method() == Some(notification::PROGRESS) && m.params().is_some_and(of)
    };
    let late = ear.until(BEHIND, late).await;
    heard.late = late.map(|message| message.raw.lossy().into_owned()).or(heard.late.take());
    Ok(())
}
