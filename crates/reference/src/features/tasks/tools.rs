//! The tools whose calls become tasks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::declaration::{declared, undeclared};
use super::lookup::own_process;
use super::record::Record;
use super::script::{DEFAULT_SECONDS, End, Script, Step, View};
use super::shown;
use crate::auth::access;
use crate::burden::Burden;
use crate::call::Call;
use crate::content::text;
use crate::features::clock::now;
use crate::features::forms;
use crate::features::mrtr::{self, Gathered, Input};
use crate::features::outcome::Outcome;
use crate::message::RpcError;
use crate::seal::{digest, random_name};
use crate::server::Server;

pub(crate) fn definitions(server: &Server) -> Vec<Value> {
    if !server.options.features.tasks {
        return Vec::new();
    }
    let none = || json!({ "type": "object", "additionalProperties": false });
    let one = |name: &str, property: Value| json!({ "type": "object", "properties": { name: property }, "additionalProperties": false });
    let seconds =
        json!({ "type": "number", "minimum": 0, "maximum": 60, "default": DEFAULT_SECONDS });
    let name = json!({ "type": "string", "maxLength": 200, "default": "Ada" });
    let tool = |name: &str, description: &str, schema: Value, harmless: bool| {
        let mut tool = json!({ "name": name, "description": description, "inputSchema": schema });
        if harmless {
            tool["annotations"] = json!({ "readOnlyHint": true });
        }
        tool
    };
    vec![
        tool("greet", "Greets at once", one("name", name.clone()), true),
        tool(
            "slow_compute",
            "Computes for a while, as a task if the client can take one",
            one("seconds", seconds),
            true,
        ),
        tool("quick_job", "Is soon done, as a task if the client can take one", none(), true),
        tool(
            "failing_job",
            "Is always a task, and always ends in a failure of the tool",
            none(),
            false,
        ),
        tool("protocol_error_job", "Ends in an error of the protocol", none(), false),
        tool(
            "confirm_delete",
            "Is a task that asks before it deletes nothing",
            one("filename", name.clone()),
            false,
        ),
        tool("multi_input", "Is a task that asks for two things at once", none(), false),
        tool("confirm_twice", "Is a task that asks two times", none(), true),
        tool(
            "test_tool_with_task",
            "Asks for a name, then greets as a task",
            one("user_name", name),
            false,
        ),
    ]
}

pub(crate) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    if !call.server.options.features.tasks {
        return None;
    }
    if name == "greet" {
        let who = arguments.get("name").and_then(Value::as_str).unwrap_or("Ada");
        let mut result = json!({ "content": [text(format!("Hello, {who}!"))] });
        if !call.rules().task_type_reserved && declared(call) {
            result["resultType"] = json!("task");
        }
        return Some(Ok(result));
    }
    let script = Script::of(name, arguments)?;
    if name == "test_tool_with_task" {
        return Some(after_a_question(call, arguments).await);
    }
    Some(serve(call, name, arguments, script).await)
}

/// Asks before there is a task, as servers are to do it.
async fn after_a_question(call: &Call, arguments: &Map<String, Value>) -> Outcome {
    let form = Input::Form {
        message: "Your name, please.",
        schema: forms::one_field("user_name", "Name"),
    };
    let early = !call.rules().task_made_after_questions && declared(call);
    if let Some(script) = Script::of("test_tool_with_task", arguments).filter(|_| early) {
        return serve(call, "test_tool_with_task", arguments, script).await;
    }
    let answers = match mrtr::gather(call, &[("user_name", form)], true).await? {
        Gathered::Ask(result) => return Ok(result),
        Gathered::All(answers) => answers,
    };
    let mut arguments = arguments.clone();
    if let Some(content) = answers.content(call, "user_name")? {
        arguments.insert("user_name".into(), content["user_name"].clone());
    }
    let name = "test_tool_with_task";
    let script =
        Script::of(name, &arguments).ok_or_else(|| RpcError::internal("the script is lost"))?;
    let mut result = serve(call, name, &arguments, script).await?;
    if !call.rules().mrtr_done_before_task {
        result["inputRequests"] = json!({ "sure": { "method": "roots/list" } });
        result["requestState"] = json!(random_name());
    }
    Ok(result)
}

async fn serve(call: &Call, name: &str, arguments: &Map<String, Value>, script: Script) -> Outcome {
    let rules = call.rules();
    let asked_the_old_way = !rules.task_member_makes_no_task && call.params.contains_key("task");
    let beyond = !rules.tasks_only_if_declared && name == "slow_compute" || asked_the_old_way;
    if !declared(call) && !beyond {
        return at_once(call, name, arguments, script).await;
    }
    for input in script.inputs().filter(|_| rules.task_inputs_declared) {
        let url_only =
            call.meta.capabilities.get("elicitation").is_some_and(|it| it.get("url").is_some());
        if rules.task_modes_supported || !url_only {
            input.declared(call)?;
        }
    }
    create(call, name, arguments)
}

/// Does the work while the client waits, where that can be.
async fn at_once(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
    script: Script,
) -> Outcome {
    if name == "failing_job" || script.inputs().next().is_some() {
        return Err(required(call));
    }
    for step in &script.steps {
        if let Step::Work(duration) = step {
            tokio::time::sleep(Duration::from_millis(*duration)).await;
        }
    }
    match (script.end)(arguments, &Map::new()) {
        End::Result(result) => Ok(result),
        End::Error { code, message } => Err(RpcError::new(code, message)),
    }
}

/// The error for a call that only a task can serve.
fn required(call: &Call) -> RpcError {
    let rules = call.rules();
    let mut error = undeclared(call);
    if !rules.task_required_code {
        error.code = RpcError::INVALID_PARAMS;
    }
    if !rules.task_required_named {
        error.data = Some(json!({ "requiredCapabilities": { "tasks": {} } }));
    }
    if !rules.task_required_status_400 {
        error.status = 200;
    }
    error
}

/// Makes the task; the answer goes out once it is kept.
fn create(call: &Call, name: &str, arguments: &Map<String, Value>) -> Outcome {
    let (rules, tasks) = (call.rules(), &call.server.state.tasks);
    let id = if rules.task_ids_random && rules.task_ids_uncounted {
        random_name()
    } else {
        let count = tasks.serial.fetch_add(1, Ordering::Relaxed);
        if rules.task_ids_random { digest(&json!(count)) } else { format!("task-{count}") }
    };
    let mut event = json!({ "event": "created", "at": now(), "tool": name, "arguments": arguments, "owner": access::owner(call), "process": own_process() });
    if call.server.options.burden == Some(Burden::EndlessTasks) {
        event["endless"] = json!(true);
    }
    tasks.append(&id, &event)?;
    tasks.slips.created(rules, &call.connection, &call.id, &id);
    let record =
        Record::fold(&id, &[event]).ok_or_else(|| RpcError::internal("the task is lost"))?;
    let mut result = shown::handle(call, &record, &View::of(&record, record.created));
    result["resultType"] = json!(if rules.task_created_type { "task" } else { "complete" });
    Ok(result)
}
