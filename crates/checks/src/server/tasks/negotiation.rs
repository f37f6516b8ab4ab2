//! Who declares the extension gets tasks, and nobody else: judged request by request.

use futures_util::future::join_all;
use plumb_flows::task::life::{self, Life};
use plumb_runner::{
    Bench, Finding, Found, Judgement, Observed, Probe, Prop, brief, check, task_id,
};
use plumb_wire::{TASKS_EXTENSION, codes, method};
use serde_json::{Value, json};

/// The methods of the extension.
const METHODS: [&str; 3] = [method::TASKS_GET, method::TASKS_UPDATE, method::TASKS_CANCEL];

check! {
    /// **Observed:** the answer to server/discover has `io.modelcontextprotocol/tasks` under `capabilities.extensions`,
    /// with an object as its value.
    ///
    /// **Why:** clients read settings from the object, and take anything else for no declaration.
    ///
    /// **Fix:** declare `"extensions": {"io.modelcontextprotocol/tasks": {}}`.
    pub(crate) ADVERTISE = "tasks.advertise";
    applies: [Declares(Tasks)];
    scenario: advertise
}

async fn advertise(bench: &Bench) -> Judgement {
    let seen = bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let extensions = seen
        .result()
        .and_then(|r| r.pointer("/capabilities/extensions"))
        .cloned()
        .unwrap_or_default();
    Ok(Finding::expect(
        extensions[TASKS_EXTENSION].is_object(),
        "the extension with an object as its value",
        || brief(&extensions),
    ))
}

check! {
    /// **Observed:** no tool that may be called answers with a task while nobody declares the extension; and on one
    /// connection each tool that answers with a task is called with the extension, and then without, and with the
    /// member `task` of revision 2025-11-25. Neither of these calls is answered with a task.
    ///
    /// **Why:** a client that did not declare the extension on this request takes the handle for an empty result.
    ///
    /// **Fix:** look at the capabilities of the request itself, not at what was said before.
    pub(crate) ONLY_DECLARED = "tasks.create.only-declared";
    applies: [Declares(Tasks)];
    scenario: only_declared
}

async fn only_declared(bench: &Bench) -> Judgement {
    for callable in &bench.survey().callable {
        let Some(shown) = &callable.shown else { continue };
        if is_task(shown) {
            let name = callable.tool["name"].as_str().unwrap_or_default();
            bench.note(shown);
            let finding = Finding::violated(NO_TASK, shown.describe());
            bench.case(
                &format!("survey-{name}"),
                format!("{name} without the extension"),
                Ok(finding),
            );
        }
    }
    each_tool(bench, "is called with the extension, then without", |found| async move {
        let connection = format!("undeclared-{}", found.name);
        let with = bench.control(life::call(bench, &found).on(&connection)).await?;
        let without = bench.send(undeclared(bench, &found).on(&connection)).await?;
        let asked = undeclared(bench, &found).param("task", json!({"ttl": 60_000}));
        let asked = bench.send(asked.on(&connection)).await?;
        for seen in [&without, &asked] {
            if is_task(seen) || seen.result().is_some_and(|r| r.get("task").is_some()) {
                return Ok(Finding::violated(NO_TASK, seen.describe()));
            }
        }
        if with.result().and_then(task_id).is_none() {
            return Ok(Finding::unseen(
                format!("no task this time: {}", with.describe()),
                "answer with a task",
            ));
        }
        Ok(Finding::Held)
    })
    .await
}

const NO_TASK: &str = "no task without the extension on the request";

/// Whether an answer is the handle of a task.
fn is_task(seen: &Observed) -> bool {
    let handle =
        |r: &Value| r["resultType"] == "task" || (task_id(r).is_some() && r.get("ttlMs").is_some());
    seen.result().is_some_and(handle)
}

/// Judges each tool beside the others.
async fn each_tool<'a, F>(bench: &'a Bench, what: &str, judge: impl Fn(Found) -> F) -> Judgement
where
    F: Future<Output = Judgement> + 'a,
{
    let tools = life::tools(bench);
    let judged = join_all(tools.iter().cloned().map(judge)).await;
    for (found, judgement) in tools.iter().zip(judged) {
        bench.case(&found.name, format!("{} {what}", found.name), judgement);
    }
    bench.conclude()
}

/// A call with every client capability but the extension.
fn undeclared(bench: &Bench, found: &Found) -> Probe {
    plumb_runner::capable(bench.call_of(&found.name, Value::Object(found.arguments.clone())))
}

check! {
    /// **Observed:** a tool that only a task can serve is called without the extension; the error has code -32021.
    ///
    /// **Why:** the code tells the client that it can have the tool by declaring what it lacks.
    ///
    /// **Fix:** answer with -32021 where the tool cannot run while the client waits.
    pub(crate) REQUIRED_ERROR = "tasks.required-error";
    fact: "base.meta.missing-capability-error";
    applies: [Declares(Tasks)];
    needs: [TaskOnlyTool];
    scenario: required_error
}

async fn required_error(bench: &Bench) -> Judgement {
    let seen = required(bench).await?;
    if seen.is_accepted() {
        return Ok(not_refused(&seen));
    }
    Ok(Finding::expect(
        seen.code() == Some(codes::MISSING_CLIENT_CAPABILITY),
        "error -32021",
        || seen.describe(),
    ))
}

check! {
    /// **Observed:** the error to a call that only a task can serve names the extension under
    /// `data.requiredCapabilities.extensions`.
    ///
    /// **Why:** a client learns from it what to declare.
    ///
    /// **Fix:** add `{"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}` as `data`.
    pub(crate) REQUIRED_ERROR_DATA = "tasks.required-error-data";
    fact: "base.meta.missing-capability-data";
    applies: [Declares(Tasks)];
    needs: [TaskOnlyTool];
    scenario: required_error_data
}

async fn required_error_data(bench: &Bench) -> Judgement {
    let seen = required(bench).await?;
    if seen.is_accepted() {
        return Ok(not_refused(&seen));
    }
    Ok(Finding::expect(
        names_extension(&seen),
        "the extension in `data.requiredCapabilities.extensions`",
        || brief(seen.error().unwrap_or(&Value::Null)),
    ))
}

fn names_extension(seen: &Observed) -> bool {
    let extensions = seen.error().and_then(|e| e.pointer("/data/requiredCapabilities/extensions"));
    extensions.is_some_and(|e| e.get(TASKS_EXTENSION).is_some_and(Value::is_object))
}

check! {
    /// **Observed:** over HTTP the error to a call that only a task can serve has status 400.
    ///
    /// **Why:** it is the status of every -32021.
    ///
    /// **Fix:** map the code to 400 where the status is set.
    pub(crate) REQUIRED_ERROR_400 = "tasks.required-error-400";
    fact: "base.meta.missing-capability-400";
    applies: [Http, Declares(Tasks)];
    needs: [TaskOnlyTool];
    scenario: required_error_400
}

async fn required_error_400(bench: &Bench) -> Judgement {
    let seen = required(bench).await?;
    if seen.is_accepted() {
        return Ok(not_refused(&seen));
    }
    Ok(Finding::expect(seen.status() == Some(400), "HTTP 400", || seen.describe()))
}

fn not_refused(seen: &Observed) -> Finding {
    Finding::unseen(
        format!("the call was not refused: {}", seen.describe()),
        "refuse what only a task can serve",
    )
}

/// What a tool that only a task can serve answers without the extension; with it, it answers with a task.
async fn required(bench: &Bench) -> Result<Observed, plumb_runner::Trouble> {
    let found = bench.prop(Prop::TaskOnlyTool)?.clone();
    Life::begin(bench, &found).await?.cancel().await?;
    bench.send(undeclared(bench, &found)).await
}

check! {
    /// **Observed:** the extension declared with an empty object is enough: tasks/get is not refused for want of it,
    /// neither for a task that the server has made nor for an id that no task has. **Position:** what a server makes of
    /// settings that nobody defined is not judged.
    ///
    /// **Why:** there are no settings that a client could send.
    ///
    /// **Fix:** take an object, the empty one included, for a declaration.
    pub(crate) SETTINGS_EMPTY = "tasks.settings-empty";
    applies: [Declares(Tasks)];
    scenario: settings_empty
}

async fn settings_empty(bench: &Bench) -> Judgement {
    let capabilities = || json!({"extensions": {TASKS_EXTENSION: {}}});
    let judged = |seen: &Observed| {
        let lacking =
            seen.code() == Some(codes::MISSING_CLIENT_CAPABILITY) && names_extension(seen);
        Finding::expect(!lacking, "`{}` taken for a declaration of the extension", || {
            seen.describe()
        })
    };
    let unknown =
        life::about(method::TASKS_GET, "plumb-knows-no-task").capabilities(capabilities());
    let seen = bench.send(unknown).await?;
    let finding = if seen.response().is_some() {
        judged(&seen)
    } else {
        Finding::unseen(format!("no answer: {}", seen.describe()), "answer tasks/get")
    };
    bench.case("unknown", "tasks/get of no task, the extension declared by `{}`", Ok(finding));
    if let Some(found) = bench.survey().prop(Prop::TaskTool).cloned() {
        let mut life = Life::begin(bench, &found).await?;
        life.poll().await?;
        let seen = bench
            .send(life::about(method::TASKS_GET, &life.id).capabilities(capabilities()))
            .await?;
        let finding = Finding::expect(seen.is_accepted(), "the task", || seen.describe());
        bench.case(
            "known",
            "tasks/get of a task, the extension declared by `{}` alone",
            Ok(finding),
        );
    }
    bench.conclude()
}

check! {
    /// **Observed:** tasks/get, tasks/update and tasks/cancel without the extension on the request, with the id of a task
    /// that the server has just given, are refused with -32021, over HTTP with status 400.
    ///
    /// **Why:** the server must not rely on what the client declared on another request.
    ///
    /// **Fix:** check the declaration first, in one place for the three methods.
    pub(crate) NON_DECLARING = "tasks.methods.non-declaring";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: non_declaring
}

async fn non_declaring(bench: &Bench) -> Judgement {
    let mut life = Life::begin(bench, &bench.prop(Prop::TaskTool)?.clone()).await?;
    life.poll().await?;
    for (method, params) in methods(&life.id) {
        let seen = bench.send(Probe::request(method, params)).await?;
        let fits = seen.code() == Some(codes::MISSING_CLIENT_CAPABILITY)
            && seen.status().is_none_or(|s| s == 400);
        let expected = if bench.survey().transport.has_heads() {
            "HTTP 400 with error -32021"
        } else {
            "error -32021"
        };
        let finding = Finding::expect(fits, expected, || seen.describe());
        bench.case(&slug(method), format!("{method} without the extension"), Ok(finding));
    }
    bench.conclude()
}

fn methods(id: &str) -> [(&'static str, Value); 3] {
    METHODS.map(|method| {
        let mut params = json!({"taskId": id});
        if method == method::TASKS_UPDATE {
            params["inputResponses"] = json!({});
        }
        (method, params)
    })
}

fn slug(method: &str) -> String {
    method.replace('/', "-")
}

check! {
    /// **Observed:** a server that does not declare the extension answers tasks/get, tasks/update and tasks/cancel as
    /// methods that it does not have.
    ///
    /// **Why:** the prefix belongs to the extension; who serves it without saying so cannot be relied on.
    ///
    /// **Fix:** declare the extension, or give the methods other names.
    pub(crate) RESERVED = "tasks.reserved";
    applies: [Lacks(Tasks)];
    scenario: reserved
}

async fn reserved(bench: &Bench) -> Judgement {
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let unknown = bench.send(Probe::request("plumb/no-such-method", json!({}))).await?;
    for (method, params) in methods("plumb-knows-no-task") {
        let seen = bench.send(plumb_runner::task_capable(Probe::request(method, params))).await?;
        // Whatever the error is, the method is not served; which error it is, other checks judge.
        let known =
            matches!(seen.code(), Some(codes::INVALID_PARAMS | codes::MISSING_CLIENT_CAPABILITY));
        let served = known && seen.code() != unknown.code();
        let finding =
            Finding::expect(!seen.is_accepted() && !served, "error -32601", || seen.describe());
        bench.case(
            &slug(method),
            format!("{method} at a server without the extension"),
            Ok(finding),
        );
    }
    bench.conclude()
}

check! {
    /// **Observed:** a client that declares only `tasks`, the capability of 2025-11-25, is treated like one that declares
    /// nothing: no task comes of its call, and tasks/get is refused with -32021.
    ///
    /// **Why:** such a client expects the handles and the methods of that revision.
    ///
    /// **Fix:** look for `extensions["io.modelcontextprotocol/tasks"]` alone.
    pub(crate) LEGACY_CAPABILITY = "tasks.compat.legacy-capability";
    fact: "tasks.create.only-declared";
    applies: [Declares(Tasks)];
    needs: [TaskTool];
    scenario: legacy_capability
}

async fn legacy_capability(bench: &Bench) -> Judgement {
    let legacy = json!({"tasks": {"requests": {"tools": {"call": {}}}, "list": {}, "cancel": {}}});
    let found = bench.prop(Prop::TaskTool)?.clone();
    let mut life = Life::begin(bench, &found).await?;
    life.poll().await?;
    let call = bench.send(undeclared(bench, &found).capabilities(legacy.clone())).await?;
    let task = call.result().is_some_and(|r| {
        r["resultType"] == "task" || task_id(r).is_some() || r.get("task").is_some()
    });
    let finding =
        Finding::expect(!task, "no task for the capability of 2025-11-25", || call.describe());
    bench.case("tools-call", "a call with the capability of 2025-11-25 alone", Ok(finding));
    let get = bench.send(life::about(method::TASKS_GET, &life.id).capabilities(legacy)).await?;
    let refused = get.code() == Some(codes::MISSING_CLIENT_CAPABILITY);
    let finding = Finding::expect(refused, "error -32021", || get.describe());
    bench.case("tasks-get", "tasks/get with the capability of 2025-11-25 alone", Ok(finding));
    bench.conclude()
}
