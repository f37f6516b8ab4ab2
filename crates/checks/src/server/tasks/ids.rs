//! Ids of tasks: those that no task has, and those that nobody may guess.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use plumb_flows::quiet::Quiet;
use plumb_flows::task::life::{self, Life};
use plumb_runner::{
    Bench, Finding, Found, Judgement, Observed, Probe, Prop, Trouble, check, task_capable, task_id,
};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

/// So many ids are compared.
const IDS: usize = 24;

/// So many of the calls that make tasks are in flight at once: many new connections in one moment are more than some
/// servers listen for.
const AT_ONCE: usize = 6;

/// So many ids of each of two processes are compared.
const FIRST: usize = 4;

/// Fewer bits than this, by an estimate that is generous, can be guessed.
const BITS: f64 = 40.0;

check! {
    /// **Observed:** tasks/get with the neighbour of a good id, with an empty id and with a number is refused with
    /// -32602. Position: over HTTP the latter two may be refused for their routing header, with -32020.
    ///
    /// **Why:** by this code a client tells a task that is gone from a server in trouble.
    ///
    /// **Fix:** answer -32602 wherever the id leads to no task, the expired ones included.
    pub(crate) GET_UNKNOWN = "tasks.get.unknown-id";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: get_unknown
}

async fn get_unknown(bench: &Bench) -> Judgement {
    let mut life = Life::begin(bench, &bench.prop(Prop::TaskTool)?.clone()).await?;
    life.poll().await?;
    let cases = [
        (
            "neighbour",
            "the id of a task with one more character",
            json!(format!("{}0", life.id)),
            false,
        ),
        ("random", "a random UUID", json!("8d3f1c52-6b0e-4a57-9d1e-5f0c2b7a9e64"), false),
        ("empty", "an empty id", json!(""), true),
        ("number", "a number", json!(7), true),
    ];
    for (slug, title, id, overlaps) in cases {
        let seen = bench
            .send(task_capable(Probe::request(method::TASKS_GET, json!({"taskId": id}))))
            .await?;
        let mismatch = overlaps
            && bench.survey().transport.has_heads()
            && seen.code() == Some(codes::HEADER_MISMATCH);
        let fits = seen.code() == Some(codes::INVALID_PARAMS) || mismatch;
        bench.case(
            slug,
            format!("tasks/get of {title}"),
            Ok(Finding::expect(fits, "error -32602", || seen.describe())),
        );
    }
    bench.conclude()
}

check! {
    /// **Observed:** tasks/update with the neighbour of a good id is answered with an error.
    ///
    /// **Why:** a client whose input is acknowledged waits for a task that is not there.
    ///
    /// **Fix:** look the task up before acknowledging.
    pub(crate) UPDATE_UNKNOWN = "tasks.update.unknown-id";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: update_unknown
}

async fn update_unknown(bench: &Bench) -> Judgement {
    let seen = neighbour(bench, method::TASKS_UPDATE).await?;
    Ok(Finding::expect(seen.error().is_some(), "a JSON-RPC error", || seen.describe()))
}

check! {
    /// **Observed:** tasks/cancel with the neighbour of a good id is answered with an error.
    ///
    /// **Why:** a client whose cancellation is acknowledged believes the work to be stopped.
    ///
    /// **Fix:** look the task up before acknowledging.
    pub(crate) CANCEL_UNKNOWN = "tasks.cancel.unknown-id";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: cancel_unknown
}

async fn cancel_unknown(bench: &Bench) -> Judgement {
    let seen = neighbour(bench, method::TASKS_CANCEL).await?;
    Ok(Finding::expect(seen.error().is_some(), "a JSON-RPC error", || seen.describe()))
}

check! {
    /// **Observed:** where tasks/update and tasks/cancel refuse an unknown id, the code is -32602, as for tasks/get.
    ///
    /// **Why:** a client handles the three alike.
    ///
    /// **Fix:** share the look-up among the three methods.
    pub(crate) UNKNOWN_CODE = "tasks.update-cancel.unknown-id-code";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: unknown_code
}

async fn unknown_code(bench: &Bench) -> Judgement {
    for method in [method::TASKS_UPDATE, method::TASKS_CANCEL] {
        let seen = neighbour(bench, method).await?;
        let finding = if seen.error().is_some() {
            Finding::expect(seen.code() == Some(codes::INVALID_PARAMS), "error -32602", || {
                seen.describe()
            })
        } else {
            Finding::unseen(format!("{method} of an unknown id is not refused"), "refuse it")
        };
        bench.case(&method.replace('/', "-"), format!("{method} of an unknown id"), Ok(finding));
    }
    bench.conclude()
}

/// A request with the id of a task and one more character, beside a good one.
async fn neighbour(bench: &Bench, method: &str) -> Result<Observed, Trouble> {
    let mut life = Life::begin(bench, &bench.prop(Prop::TaskTool)?.clone()).await?;
    life.poll().await?;
    let mut params = json!({"taskId": format!("{}0", life.id)});
    if method == method::TASKS_UPDATE {
        params["inputResponses"] = json!({});
    }
    bench.send(task_capable(Probe::request(method, params))).await
}

check! {
    /// **Observed:** the ids of two dozen tasks are unique, and the places in which they differ hold enough chance:
    /// counters, times and short numbers do not. Position: less than 40 bits, by an estimate that favours the server,
    /// are too few. Of a target given as a command two processes are started one after the other: they give no id that
    /// the other gave, as those do whose ids follow from a count, hidden by a digest or not.
    ///
    /// **Why:** whoever guesses an id may read the outcome of another's request, and answer in its name.
    ///
    /// **Fix:** take 128 bits of a cryptographic generator, such as a UUID of version 4.
    pub(crate) ENTROPY = "tasks.sec.entropy";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: entropy
}

async fn entropy(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::TaskTool)?.clone();
    let calls = stream::iter((0..IDS).map(|_| bench.send(life::call(bench, &found))));
    let calls: Vec<_> = calls.buffered(AT_ONCE).collect().await;
    let mut ids: Vec<String> = Vec::new();
    for call in calls {
        ids.extend(call?.result().and_then(task_id).map(str::to_owned));
    }
    if ids.len() < IDS / 2 {
        return Ok(Finding::unseen(
            format!("only {} of {IDS} calls were answered with a task", ids.len()),
            "answer all",
        ));
    }
    let distinct: BTreeSet<&String> = ids.iter().collect();
    if distinct.len() < ids.len() {
        return Ok(Finding::violated(
            "an id of its own for each task",
            format!("{} ids for {}", distinct.len(), ids.len()),
        ));
    }
    let bits = chance(&ids);
    let finding = Finding::expect(bits >= BITS, "ids that cannot be guessed", || {
        format!(
            "about {bits:.0} bits of chance in ids such as {} and {}",
            Value::from(&*ids[0]),
            Value::from(&*ids[1])
        )
    });
    bench.case("chance", format!("the ids of {} tasks", ids.len()), Ok(finding));
    if bench.is_command() {
        let title = "the ids that two processes give, one started after the other";
        bench.case("processes", title, of_two_processes(bench, &found).await);
    }
    bench.conclude()
}

/// Whether a process gives ids that another has given, which is how a count shows that was hashed.
async fn of_two_processes(bench: &Bench, found: &Found) -> Judgement {
    let (first, second) = (first_ids(bench, found).await?, first_ids(bench, found).await?);
    if first.is_empty() || second.is_empty() {
        return Ok(Finding::unseen("a process answered without a task", "answer with a task"));
    }
    let again = first.iter().find(|id| second.contains(*id));
    Ok(Finding::expect(again.is_none(), "other ids in another process", || {
        format!("both gave {}", again.map(String::as_str).unwrap_or_default())
    }))
}

/// The ids of the first tasks of a process.
async fn first_ids(bench: &Bench, found: &Found) -> Result<BTreeSet<String>, Trouble> {
    let quiet = Quiet::fresh(bench).await?;
    let mut ids = BTreeSet::new();
    for _ in 0..FIRST {
        let seen = quiet.send(life::call(bench, found)).await;
        ids.extend(seen.ok().and_then(|s| s.result().and_then(task_id).map(str::to_owned)));
    }
    quiet.leave().await;
    Ok(ids)
}

/// How many bits the ids differ by: for each place, the logarithm of how many characters stand there. With few ids the
/// estimate is low by about a tenth for hexadecimal digits, by a third for Base64.
fn chance(ids: &[String]) -> f64 {
    let width = ids.iter().map(|id| id.chars().count()).max().unwrap_or(0);
    // From the right, so that numbers of different lengths stand as they are written.
    let place =
        |n: usize| ids.iter().map(|id| id.chars().rev().nth(n)).collect::<BTreeSet<_>>().len();
    (0..width.min(256)).map(|n| f64::from(u32::try_from(place(n)).unwrap_or(u32::MAX)).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_times_hold_little_chance() {
        let counted: Vec<String> = (0..24).map(|n| format!("task-{n}")).collect();
        assert!(chance(&counted) < 10.0);
        let timed: Vec<String> =
            (0..24).map(|n| format!("{}", 1_785_196_800_000_u64 + n * 13)).collect();
        assert!(chance(&timed) < 15.0);
    }

    #[test]
    fn random_digits_hold_much() {
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed >> 16
        };
        let ids: Vec<String> =
            (0..24).map(|_| format!("{:012x}{:012x}", random(), random())).collect();
        assert!(chance(&ids) > 64.0, "{}", chance(&ids));
    }
}
