//! How a task ends: as the plain request would have.

use futures_util::future::join_all;
use plumb_flows::task::answers;
use plumb_flows::task::life::{self, Life};
use plumb_runner::{
    Bench, Finding, Found, Judgement, Observed, Prop, brief, capable, check, has_ended, task_id,
};
use serde_json::{Map, Value, json};

check! {
    /// **Observed:** the task of a tool that reports an error in its result does not end as `failed`.
    ///
    /// **Why:** `failed` stands for an error of the protocol; a model never gets to see what the tool said.
    ///
    /// **Fix:** end such a task as `completed`, with the result.
    pub(crate) FAILED_JSONRPC_ONLY = "tasks.failed-jsonrpc-only";
    applies: [Declares(Tasks)];
    needs: [ErrorTaskTool];
    scenario: failed_jsonrpc_only
}

async fn failed_jsonrpc_only(bench: &Bench) -> Judgement {
    let life = ended(bench, Prop::ErrorTaskTool).await?;
    Ok(Finding::expect(
        life.status() != "failed",
        "a tool's own error does not fail the task",
        || brief(life.last()),
    ))
}

check! {
    /// **Observed:** the task of a tool that reports an error in its result ends as `completed`, and `result.isError` is
    /// true.
    ///
    /// **Why:** it is the result that the plain call would have had.
    ///
    /// **Fix:** inline the tool's result whole.
    pub(crate) TOOL_ERROR_COMPLETED = "tasks.tool-error-completed";
    applies: [Declares(Tasks)];
    needs: [ErrorTaskTool];
    scenario: tool_error_completed
}

async fn tool_error_completed(bench: &Bench) -> Judgement {
    let life = ended(bench, Prop::ErrorTaskTool).await?;
    let fits = life.status() == "completed"
        && life.last().pointer("/result/isError") == Some(&json!(true));
    Ok(Finding::expect(fits, "status `completed`, with `result.isError` true", || {
        brief(life.last())
    }))
}

async fn ended(bench: &Bench, prop: Prop) -> Result<Life<'_>, plumb_runner::Trouble> {
    let mut life = Life::begin(bench, &bench.prop(prop)?.clone()).await?;
    if life.live().await? {
        return Ok(life);
    }
    Err(plumb_runner::Trouble::Setup(format!("the task of {} did not end in time", life.tool)))
}

check! {
    /// **Observed:** tools that serve the same call with a task and without are called both ways, also with other values of
    /// an argument that is one of several; where two plain calls
    /// agree, the task ends with the same result, or with an error of the same code.
    ///
    /// **Why:** whether there is a task is the server's choice; the outcome must not depend on it.
    ///
    /// **Fix:** run one handler for both, and store what it returns.
    pub(crate) SAME_AS_SYNC = "tasks.same-as-sync";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    waits: true;
    scenario: same_as_sync
}

async fn same_as_sync(bench: &Bench) -> Judgement {
    let variants = bench.survey().task_variants.iter().map(|tasking| Found {
        name: tasking.name.clone(),
        arguments: tasking.arguments.clone(),
        about: None,
    });
    let tools = life::tools(bench).into_iter().chain(variants);
    let judged = tools.map(|found| async move {
        let judgement = async {
            let plain =
                || capable(bench.call_of(&found.name, Value::Object(found.arguments.clone())));
            let task = async {
                let mut life = Life::begin(bench, &found).await?;
                life.live().await?;
                Ok::<_, plumb_runner::Trouble>(life)
            };
            // One before and one after: what tells the time or counts shows itself by that.
            let Some(one) = outcome(&bench.send(plain()).await?) else { return Ok(None) };
            let task = task.await?;
            let Some(two) = outcome(&bench.send(plain()).await?) else { return Ok(None) };
            if one != two || !has_ended(task.last()) {
                return Ok(None);
            }
            let last = task.last();
            let same = match last["status"].as_str() {
                Some("completed") => json!({"result": plain_result(&last["result"])}),
                Some("failed") => json!({"error": last["error"]["code"]}),
                _ => return Ok(None),
            };
            Ok(Some(Finding::expect(
                same == one,
                format!("as without a task: {}", brief(&one)),
                || brief(&same),
            )))
        };
        let judgement: Result<Option<Finding>, plumb_runner::Trouble> = judgement.await;
        (found, judgement)
    });
    for (n, (found, judgement)) in join_all(judged).await.into_iter().enumerate() {
        if let Some(judgement) = judgement.transpose() {
            let with = brief(&Value::Object(found.arguments));
            let title = format!("{} with a task and without, given {with}", found.name);
            bench.case(&format!("{}-{}", found.name, n + 1), title, judgement);
        }
    }
    bench.conclude()
}

/// The outcome of a plain call; `None` if the tool cannot do without a task, or asks first.
fn outcome(seen: &Observed) -> Option<Value> {
    if let Some(code) = seen.code() {
        return (code != plumb_wire::codes::MISSING_CLIENT_CAPABILITY)
            .then(|| json!({"error": code}));
    }
    seen.complete()
        .filter(|r| task_id(r).is_none())
        .map(|result| json!({"result": plain_result(result)}))
}

/// What a result says, without what differs by its place, or is a hint for whoever shows it.
fn plain_result(result: &Value) -> Value {
    let is_error = result["isError"] == true;
    let mut content = result["content"].clone();
    for block in content.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        block.retain(|key, _| !matches!(key.as_str(), "annotations" | "_meta"));
    }
    json!({"content": content, "structuredContent": result["structuredContent"], "isError": is_error})
}

check! {
    /// **Observed:** a tool that asks for input before it makes a task does so with an InputRequiredResult that names no
    /// task; once answered, the handle carries no `requestState`, and no `inputRequests` of that exchange. The tool of the
    /// official fixture, which is there to ask first, makes no task before it has its answer.
    ///
    /// **Why:** a client cannot tell which of the two ways to answer by.
    ///
    /// **Fix:** gather the input over retries of the call, and make the task when all of it is there.
    pub(crate) MRTR_BEFORE_CREATE = "tasks.mrtr-before-create";
    applies: [Declares(Tasks)];
    needs: [MrtrTaskTool];
    scenario: mrtr_before_create
}

/// The tool of the official fixture whose name says that it asks before it makes a task.
const ASKS_FIRST: &str = "test_tool_with_task";

async fn mrtr_before_create(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::MrtrTaskTool)?.clone();
    let mut seen = bench.send(life::call(bench, &found)).await?;
    let mut asked = false;
    for _ in 0..4 {
        let Some(result) = seen.input_required() else { break };
        asked = true;
        if task_id(result).is_some() {
            return Ok(Finding::violated("an InputRequiredResult without a task", seen.describe()));
        }
        let requests = result["inputRequests"].as_object().cloned().unwrap_or_default();
        let responses: Map<String, Value> = requests
            .iter()
            .map(|(key, request)| (key.clone(), answers::fitting(request)))
            .collect();
        let retry = life::call(bench, &found).param("inputResponses", responses);
        let retry = match result.get("requestState") {
            Some(state) => retry.param("requestState", state.clone()),
            None => retry,
        };
        seen = bench.send(retry).await?;
    }
    let handle = seen.result().filter(|r| task_id(r).is_some());
    if let Some(early) = handle.filter(|_| !asked && found.name == ASKS_FIRST) {
        return Ok(Finding::violated("its input asked for before there is a task", brief(early)));
    }
    let Some(handle) = handle.filter(|_| asked) else {
        let why =
            format!("{} did not ask first and then make a task: {}", found.name, seen.describe());
        return Ok(Finding::unseen(why, Prop::MrtrTaskTool.how_to_enable()));
    };
    let left = handle.get("requestState").is_some()
        || (handle.get("inputRequests").is_some() && handle["status"] != "input_required");
    Ok(Finding::expect(!left, "a handle without anything of the exchange before it", || {
        brief(handle)
    }))
}
