//! What 2025-11-25 had and the extension has no more.

use plumb_flows::task::life::Life;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Prop, check, task_capable};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

check! {
    /// **Observed:** tasks/result, with the id of a task that tasks/get has just shown, is answered with -32601.
    ///
    /// **Why:** a client that still uses it would hold the call open, which the extension was made to end.
    ///
    /// **Fix:** remove the method; tasks/get carries the result.
    pub(crate) NO_TASKS_RESULT = "tasks.compat.no-tasks-result";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: no_tasks_result
}

async fn no_tasks_result(bench: &Bench) -> Judgement {
    gone(bench, method::OLD_TASKS_RESULT).await
}

check! {
    /// **Observed:** tasks/list is answered with -32601.
    ///
    /// **Why:** a list shows one caller the tasks of another.
    ///
    /// **Fix:** remove the method; a client keeps the ids of its tasks itself.
    pub(crate) NO_TASKS_LIST = "tasks.compat.no-tasks-list";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: no_tasks_list
}

async fn no_tasks_list(bench: &Bench) -> Judgement {
    gone(bench, method::OLD_TASKS_LIST).await
}

async fn gone(bench: &Bench, method: &str) -> Judgement {
    let mut life = Life::begin(bench, &bench.prop(Prop::TaskTool)?.clone()).await?;
    life.poll().await?;
    let params =
        if method == method::OLD_TASKS_RESULT { json!({"taskId": life.id}) } else { json!({}) };
    let seen = bench.send(task_capable(Probe::request(method, params))).await?;
    Ok(Finding::expect(seen.code() == Some(codes::METHOD_NOT_FOUND), "error -32601", || {
        seen.describe()
    }))
}

check! {
    /// **Observed:** a call of an ordinary tool with the parameter `task` of 2025-11-25 is served as if it were not
    /// there, with the extension declared and without.
    ///
    /// **Why:** the server alone decides whether there is a task; clients of both revisions may send the parameter.
    ///
    /// **Fix:** ignore `task` as any other unknown parameter.
    pub(crate) TASK_PARAM_IGNORED = "tasks.compat.task-param-ignored";
    applies: [Declares(Tasks)];
    needs: [Tool];
    scenario: task_param_ignored
}

async fn task_param_ignored(bench: &Bench) -> Judgement {
    for (slug, declares) in [("undeclared", false), ("declared", true)] {
        let call =
            || bench.call(Prop::Tool).map(|call| if declares { task_capable(call) } else { call });
        let control = bench.control(call()?).await?;
        let seen = bench.send(call()?.param("task", json!({"ttl": 60_000}))).await?;
        let kind = |seen: &Observed| seen.result().map(|r| r["resultType"].clone());
        let legacy = seen.result().is_some_and(|r| r.get("task").is_some());
        let same = seen.is_accepted() && !legacy && kind(&control) == kind(&seen);
        let finding =
            Finding::expect(same, "the same kind of result as without `task`", || seen.describe());
        let title = format!("a call with `task`, the extension {slug}");
        bench.case(slug, title, Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** no answer to server/discover has `capabilities.tasks`.
    ///
    /// **Why:** it is the capability of 2025-11-25, whose methods and handles this revision does not have.
    ///
    /// **Fix:** declare `io.modelcontextprotocol/tasks` under `capabilities.extensions` in its place.
    pub(crate) NO_LEGACY_CAPABILITIES = "tasks.compat.no-legacy-capabilities";
    passive: no_legacy_capabilities
}

fn no_legacy_capabilities(seen: &Observed, notes: &mut Notes<'_>) {
    if seen.method() != Some(method::DISCOVER) {
        return;
    }
    let Some(capabilities) =
        seen.result().and_then(|r| r.get("capabilities")).filter(|c| c.is_object())
    else {
        return;
    };
    let legacy = capabilities.get("tasks");
    notes.expect(legacy.is_none(), "no `capabilities.tasks`", || {
        format!("`capabilities.tasks` is {}", legacy.unwrap_or(&Value::Null))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{answered, holds};

    #[test]
    fn the_capability_of_the_past_is_none_of_this_revision() {
        let discovered = |capabilities: Value| {
            answered("server/discover", json!({}), json!({"capabilities": capabilities}))
        };
        let right = discovered(json!({"extensions": {"io.modelcontextprotocol/tasks": {}}}));
        assert_eq!(holds(&NO_LEGACY_CAPABILITIES, &right), Some(true));
        let wrong = discovered(json!({"tasks": {"list": {}}}));
        assert_eq!(holds(&NO_LEGACY_CAPABILITIES, &wrong), Some(false));
    }
}
