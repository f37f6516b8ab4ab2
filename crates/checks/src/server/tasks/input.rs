//! Input that a task waits for: its keys, and the responses to them.

use std::collections::BTreeSet;
use std::time::Duration;

use plumb_flows::task::answers;
use plumb_flows::task::history::{self, Misuse};
use plumb_flows::task::life::{self, GRACE, Life};
use plumb_runner::{Bench, Finding, Judgement, Prop, Trouble, brief, check, has_ended};
use serde_json::{Map, Value, json};

/// What must not show is awaited for so long.
const SILENCE: Duration = Duration::from_millis(300);

/// What an acknowledgment may not hold: it is no task, and no state of one.
const OF_TASKS: [&str; 8] =
    ["taskId", "status", "createdAt", "lastUpdatedAt", "inputRequests", "result", "error", "task"];

check! {
    /// **Observed:** over the life of each task that asks for input in several rounds, no key comes back once it was gone.
    ///
    /// **Why:** clients skip what they have shown to their user, and know it by its key.
    ///
    /// **Fix:** number the requests of a task, or take a random key for each.
    pub(crate) KEY_UNIQUE = "tasks.key-unique";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: key_unique
}

async fn key_unique(bench: &Bench) -> Judgement {
    keys(bench, Misuse::Returned).await
}

check! {
    /// **Observed:** over the life of each task that asks for input in several rounds, no key comes back once the
    /// response to it was acknowledged and the key was gone.
    ///
    /// **Why:** a late or repeated response would answer the wrong question.
    ///
    /// **Fix:** keep the keys that were used with the task, and take another for each request.
    pub(crate) KEY_NO_REUSE = "tasks.key-no-reuse";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: key_no_reuse
}

async fn key_no_reuse(bench: &Bench) -> Judgement {
    keys(bench, Misuse::ReturnedAnswered).await
}

check! {
    /// **Observed:** over the life of each task that asks for input, every poll shows the same request under the same
    /// key.
    ///
    /// **Why:** the user answers the request that was shown first, the server reads the answer to the last.
    ///
    /// **Fix:** store a request with its key when it is made; do not build it anew for each poll.
    pub(crate) KEY_ONE_REQUEST = "tasks.key-one-request";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: key_one_request
}

async fn key_one_request(bench: &Bench) -> Judgement {
    keys(bench, Misuse::TwoRequests).await
}

async fn keys(bench: &Bench, misuse: Misuse) -> Judgement {
    let mut asked = false;
    for (tool, life) in asking(bench).await {
        let life = life?;
        asked |= history::keys(&life.states) > 0;
        let finding = match history::misused_key(&life.states, misuse) {
            Some(fault) => {
                bench.note_seq(fault.seq);
                Finding::violated(fault.expected, fault.actual)
            }
            None if misuse == Misuse::TwoRequests || history::rounds(&life.states) > 1 => {
                Finding::Held
            }
            None => continue,
        };
        bench.case(&tool, format!("the keys of a task of {tool}"), Ok(finding));
    }
    match bench.conclude()? {
        Finding::Unseen { .. } if asked => Ok(Finding::unseen(
            "no task asked for input a second time",
            "offer a tool whose task asks in two rounds, marked `readOnlyHint: true`",
        )),
        finding => Ok(finding),
    }
}

/// The tasks that ask for input, read twice at each round and brought to their end.
async fn asking(bench: &Bench) -> Vec<(String, Result<Life<'_>, Trouble>)> {
    let tools = life::tools(bench).into_iter().filter(|found| {
        let named = [Prop::InputTaskTool, Prop::MultiInputTaskTool];
        let prop =
            named.iter().any(|p| bench.survey().prop(*p).is_some_and(|f| f.name == found.name));
        let shown = bench.survey().tasks.iter().find(|t| t.name == found.name);
        prop || shown.is_some_and(|t| t.last["status"] == "input_required")
    });
    let lives = tools.map(|found| async move {
        let life = async {
            let mut life = Life::begin(bench, &found).await?;
            if life.until_asked().await? {
                life.wait().await;
                life.poll().await?;
            }
            life.live().await?;
            Ok(life)
        };
        let life = life.await;
        (found.name, life)
    });
    futures_util::future::join_all(lives).await
}

/// A task that waits for input: of at least so many requests.
async fn waiting(
    bench: &Bench,
    prop: Prop,
    requests: usize,
) -> Result<Result<Life<'_>, Finding>, Trouble> {
    let found = bench.prop(prop)?.clone();
    let mut life = Life::begin(bench, &found).await?;
    life.until_asked().await?;
    if life.asked().len() >= requests {
        return Ok(Ok(life));
    }
    let why = format!(
        "the task of {} does not wait for {requests} inputs: {}",
        found.name,
        brief(life.last())
    );
    Ok(Err(Finding::unseen(why, prop.how_to_enable())))
}

check! {
    /// **Observed:** while nobody answers, a task that waits for input shows each time all that it showed before; it does
    /// not wait for nothing. Position: a request may give way to another.
    ///
    /// **Why:** a client that lost one answer, or runs on another machine, learns from the next what to do.
    ///
    /// **Fix:** list what is outstanding in every answer, not only what is new.
    pub(crate) ALL_OUTSTANDING = "tasks.get.all-outstanding";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: all_outstanding
}

async fn all_outstanding(bench: &Bench) -> Judgement {
    let prop = if bench.survey().prop(Prop::MultiInputTaskTool).is_some() {
        Prop::MultiInputTaskTool
    } else {
        Prop::InputTaskTool
    };
    let mut life = match waiting(bench, prop, 1).await? {
        Ok(life) => life,
        Err(unseen) => return Ok(unseen),
    };
    let mut before: BTreeSet<String> = life.asked().keys().cloned().collect();
    for _ in 0..3 {
        life.wait().await;
        life.poll().await?;
        let now: BTreeSet<String> = life.asked().keys().cloned().collect();
        if life.status() != "input_required" {
            let why = format!("the task is {} though nobody answered, as it may be", life.status());
            return Ok(Finding::unseen(why, "let a task wait for its answers"));
        }
        let replaced = now.difference(&before).next().is_some();
        if !before.is_subset(&now) && !replaced {
            let actual = format!("{:?} with status {}", now, life.status());
            return Ok(Finding::violated(
                format!("still {before:?}, which nobody has answered"),
                actual,
            ));
        }
        before = now;
    }
    life.cancel().await?;
    Ok(Finding::Held)
}

check! {
    /// **Observed:** the response to an outstanding request is acknowledged with a result that holds nothing of the task.
    ///
    /// **Why:** a state in the acknowledgment is older than the effect of the response, and clients would read it.
    ///
    /// **Fix:** answer tasks/update with `{"resultType": "complete"}`.
    pub(crate) UPDATE_ACK = "tasks.update.ack";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: update_ack
}

async fn update_ack(bench: &Bench) -> Judgement {
    let mut life = match waiting(bench, Prop::InputTaskTool, 1).await? {
        Ok(life) => life,
        Err(unseen) => return Ok(unseen),
    };
    if life.asked().values().any(|request| !answers::fits(request, &answers::fitting(request))) {
        return Ok(Finding::unseen(
            "no answer could be made that fits the form",
            "ask by a simpler form",
        ));
    }
    let seen = life.answer().await?;
    Ok(Finding::expect(is_acknowledgment(&seen), "an empty result", || seen.describe()))
}

/// Whether an answer is a result that holds nothing of a task.
pub(crate) fn is_acknowledgment(seen: &plumb_runner::Observed) -> bool {
    seen.result().is_some_and(|result| {
        result.is_object() && OF_TASKS.iter().all(|name| result.get(name).is_none())
    })
}

check! {
    /// **Observed:** responses for a key that was never asked for, and for one that was answered before, are acknowledged;
    /// the first changes nothing.
    ///
    /// **Why:** a client that repeats an update whose answer was lost has done nothing wrong.
    ///
    /// **Fix:** take from `inputResponses` what is outstanding, and pass over the rest.
    pub(crate) IGNORE_UNKNOWN = "tasks.update.ignore-unknown";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: ignore_unknown
}

async fn ignore_unknown(bench: &Bench) -> Judgement {
    let mut life = match waiting(bench, Prop::InputTaskTool, 1).await? {
        Ok(life) => life,
        Err(unseen) => return Ok(unseen),
    };
    let before = life.asked();
    let seen =
        life.update(one("plumb-never-asked", json!({"action": "accept", "content": {}}))).await?;
    life.wait().await;
    life.poll().await?;
    let untouched = same(&life.asked(), &before);
    let finding = if seen.is_accepted() {
        Finding::expect(untouched, format!("still {before:?}"), || brief(life.last()))
    } else {
        Finding::violated("an acknowledgment", seen.describe())
    };
    bench.case("never-asked", "a response for a key that was never asked for", Ok(finding));
    let answered: Map<String, Value> =
        before.iter().map(|(key, r)| (key.clone(), answers::fitting(r))).collect();
    if untouched && life.update(answered.clone()).await?.is_accepted() {
        let gone = life
            .until(GRACE, |life| before.keys().all(|key| !life.asked().contains_key(key)))
            .await?;
        let seen = life.update(answered).await?;
        let finding =
            Finding::expect(seen.is_accepted() || !gone, "an acknowledgment", || seen.describe());
        bench.case("answered", "a response for a key that was answered before", Ok(finding));
    }
    bench.conclude()
}

/// Whether the same is asked for; texts may count down.
fn same(now: &Map<String, Value>, before: &Map<String, Value>) -> bool {
    let kept = |(key, was): (&String, &Value)| {
        now.get(key).is_some_and(|is| !history::is_another(was, is))
    };
    now.len() == before.len() && before.iter().all(kept)
}

fn one(key: &str, response: Value) -> Map<String, Value> {
    let mut responses = Map::new();
    responses.insert(key.to_owned(), response);
    responses
}

check! {
    /// **Observed:** of several outstanding requests one is answered. If the answer is taken, the task stays
    /// `input_required`, with the others outstanding. Position: a server need not take part of the answers.
    ///
    /// **Why:** the user may answer one question now and another later, or on another device.
    ///
    /// **Fix:** go on only when the last outstanding request is answered.
    pub(crate) PARTIAL_REMAINS = "tasks.update.partial-remains";
    applies: [Declares(Tasks)];
    needs: [MultiInputTaskTool];
    scenario: partial_remains
}

async fn partial_remains(bench: &Bench) -> Judgement {
    let mut life = match waiting(bench, Prop::MultiInputTaskTool, 2).await? {
        Ok(life) => life,
        Err(unseen) => return Ok(unseen),
    };
    let asked = life.asked();
    let Some((first, request)) = asked.iter().next() else { return bench.conclude() };
    let others: Vec<&String> = asked.keys().skip(1).collect();
    let seen = life.update(one(first, answers::fitting(request))).await?;
    if !seen.is_accepted() {
        let why = format!("a part of the answers is refused, as it may be: {}", seen.describe());
        return Ok(Finding::unseen(why, "take part of the answers"));
    }
    let remains = |life: &Life<'_>| {
        life.status() == "input_required"
            && others.iter().all(|key| life.asked().contains_key(*key))
    };
    life.until(GRACE, |life| {
        !remains(life) || (life.states.len() > 2 && !life.asked().contains_key(first))
    })
    .await?;
    life.wait().await;
    life.poll().await?;
    let finding = Finding::expect(
        remains(&life),
        format!("`input_required`, with {others:?} outstanding"),
        || format!("{} with {:?}", life.status(), life.asked().keys().collect::<Vec<_>>()),
    );
    life.cancel().await?;
    Ok(finding)
}

check! {
    /// **Observed:** to an outstanding request comes what is no response at all: `{"action": 5}`. The task does not
    /// complete as if it had been answered: the update is refused, the request stays, or the task ends in an error.
    ///
    /// **Why:** a tool that goes on with what it did not ask for does what nobody agreed to.
    ///
    /// **Fix:** hold each response against the request that it answers.
    pub(crate) VALIDATES = "tasks.update.validates";
    fact: "mrtr.validate-responses";
    applies: [Declares(Tasks)];
    needs: [InputTaskTool];
    scenario: validates
}

async fn validates(bench: &Bench) -> Judgement {
    let mut life = match waiting(bench, Prop::InputTaskTool, 1).await? {
        Ok(life) => life,
        Err(unseen) => return Ok(unseen),
    };
    let broken = life.asked().keys().map(|key| (key.clone(), answers::broken())).collect();
    if !life.update(broken).await?.is_accepted() {
        life.cancel().await?;
        return Ok(Finding::Held);
    }
    life.until(SILENCE, |life| has_ended(life.last())).await?;
    let succeeded = life.status() == "completed"
        && life.last().pointer("/result/isError") != Some(&json!(true));
    if !has_ended(life.last()) {
        life.cancel().await?;
    }
    Ok(Finding::expect(!succeeded, "no success by what is no response", || brief(life.last())))
}
