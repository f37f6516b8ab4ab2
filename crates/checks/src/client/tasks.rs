//! extensions/tasks: following a task that a call made, of clients that declare the extension.

use std::collections::BTreeSet;

use plumb_runner::client::{
    INTERVAL, Moment, Provoked, Received, Scenario, TASK, TASK_GIVEN_UP_MS, TASK_INPUT,
};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::{TASKS_EXTENSION, header, meta, method};
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] = &[
    &BOTH_SHAPES,
    &OTHER,
    &SETTINGS,
    &INTERVAL_KEPT,
    &UNTIL_END,
    &NO_RESULT,
    &FULFIL,
    &KEEP_OBSERVING,
    &UPDATE_KEYS,
    &TRACK_KEYS,
    &NAME,
    &APP_TYPES,
];

const TASK_MADE: Scenario = Scenario::Provoked(Provoked::Task);
const INPUT: Scenario = Scenario::Provoked(Provoked::TaskInput);

check! {
    /// **Observed:** a client that declares the extension looks at the task that its call made (`tasks/get`).
    ///
    /// **Why:** the result is there, and nowhere else.
    ///
    /// **Fix:** look at `resultType`, and follow the task where it is `task`.
    pub(crate) BOTH_SHAPES = "tasks.client.both-shapes";
    happening: both_shapes
}

fn both_shapes(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(TASK_MADE) else { return };
    if all.iter().any(makes_task) {
        let looked = all.iter().any(looks);
        marks.expect(looked, "`tasks/get` for the task", || "none came".into());
    }
}

check! {
    /// **Observed:** a client that follows tasks does not follow one that a list is said to have made.
    ///
    /// **Why:** lists make no tasks: the answer is invalid, and what it says means nothing.
    ///
    /// **Fix:** allow `resultType: "task"` for `tools/call` alone.
    pub(crate) OTHER = "tasks.client.invalid-on-other";
    happening: other
}

fn other(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::TaskOnList)) else { return };
    let follows = moment.of(TASK_MADE).iter().any(looks);
    if !follows || !all.iter().any(|r| r.asks(method::TOOLS_LIST)) {
        return;
    }
    let followed = all.iter().any(|r| r.asks(method::TASKS_GET));
    marks.expect(!followed, "a task of a list is not followed", || "`tasks/get` came".into());
}

check! {
    /// **Observed:** what a client declares of the extension is an object.
    ///
    /// **Why:** a server that reads settings refuses the request.
    ///
    /// **Fix:** declare `{}`.
    pub(crate) SETTINGS = "tasks.settings-empty";
    received: settings
}

fn settings(received: &Received, marks: &mut Marks) {
    if let Some(settings) = extension(received, TASKS_EXTENSION) {
        marks.expect(settings.is_object(), "an object", || settings.to_string());
    }
}

fn extension<'a>(received: &'a Received, name: &str) -> Option<&'a Value> {
    received.meta(meta::CLIENT_CAPABILITIES)?.get("extensions")?.get(name)
}

check! {
    /// **Observed:** between the answer to one `tasks/get` and the next is the pause that the task asks for in
    /// `pollIntervalMs`, a tenth of it forgiven.
    ///
    /// **Why:** a server may limit who asks more often, and slows down for everybody.
    ///
    /// **Fix:** wait `pollIntervalMs` of the last answer before you ask again.
    pub(crate) INTERVAL_KEPT = "tasks.client.poll-interval";
    judges: ["tasks.client.honour-poll-schema"];
    happening: interval_kept
}

fn interval_kept(moment: &Moment<'_>, marks: &mut Marks) {
    let timed =
        [Provoked::Task, Provoked::TaskFailed, Provoked::TaskDropped].map(Scenario::Provoked);
    if !timed.contains(&moment.scenario) || !looks(moment.now()) {
        return;
    }
    let Some(last) = moment.before().iter().rev().find(|r| looks(r)) else { return };
    let pause = moment.now().exchange.answer.sent_at.saturating_sub(last.exchange.answer.sent_at);
    let pause = pause / 1000;
    let wanted = last.result().and_then(|task| task["pollIntervalMs"].as_u64()).unwrap_or(INTERVAL);
    marks.expect(pause >= wanted * 9 / 10, format!("a pause of {wanted} ms"), || {
        format!("{pause} ms between two requests")
    });
}

check! {
    /// **Observed:** a client looks at a task until it has ended, or until it sends `tasks/cancel`: also where who called has
    /// stopped waiting.
    ///
    /// **Why:** the result is lost, or what is not done is taken for done.
    ///
    /// **Fix:** ask again while the status is `working` or `input_required`; send `tasks/cancel` where nobody waits any more.
    pub(crate) UNTIL_END = "tasks.client.poll-until-terminal";
    happening: until_end
}

fn until_end(moment: &Moment<'_>, marks: &mut Marks) {
    let here = [TASK_MADE, Scenario::Provoked(Provoked::TaskCancelled)];
    let Some(all) = here.into_iter().find_map(|scenario| moment.whole_of(scenario)) else { return };
    if all.iter().any(looks) {
        if looks_on(all) && moment.scenario != TASK_MADE {
            // The scenario is over before its task.
            return;
        }
        let left = all.iter().any(|r| r.asks(method::TASKS_CANCEL));
        let expected = "`tasks/get` until the task has ended, or `tasks/cancel`";
        marks.expect(ended(all) || left, expected, || {
            let looks = all.iter().filter(|r| looks(r)).count();
            format!("{looks} of them, and the last said `working`")
        });
    }
}

check! {
    /// **Observed:** a client that ends with an error where a call is refused also does so where the task of its call failed, and
    /// where the server cancelled it.
    ///
    /// **Why:** what was not done is taken for done.
    ///
    /// **Fix:** take `completed` alone for success; hand on `error` of a task that failed.
    pub(crate) NO_RESULT = "tasks.client.no-success";
    happening: no_result
}

fn no_result(moment: &Moment<'_>, marks: &mut Marks) {
    let here = [Provoked::TaskFailed, Provoked::TaskDropped].map(Scenario::Provoked);
    let here = here.into_iter().find(|here| *here == moment.scenario);
    let Some(all) = here.and_then(|here| moment.whole_of(here)) else { return };
    // Who ends with an error after a task that is done has another trouble.
    let follows = moment.tells_errors() && moment.failed(TASK_MADE) == Some(false);
    let status = |r: &Received| r.result().map(|task| task["status"].clone());
    let told = all.iter().filter(|r| looks(r)).filter_map(status).find(|s| s != "working");
    if let Some(told) = told.filter(|_| follows) {
        let expected = format!("a task that is {told} is an error to who called");
        marks.expect(moment.failed(moment.scenario) == Some(true), expected, || {
            "the client ended well".into()
        });
    }
}

check! {
    /// **Observed:** a client that declares elicitation answers what a task asks for by `tasks/update`, under the key of what is
    /// asked, in `inputResponses`.
    ///
    /// **Why:** the task waits for it, and for nothing else.
    ///
    /// **Fix:** look into `inputRequests` where the status is `input_required`.
    pub(crate) FULFIL = "tasks.client.fulfil";
    judges: ["tasks.compat.client-inspect"];
    happening: fulfil
}

fn fulfil(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(INPUT) else { return };
    if all.iter().any(asks_for_input) {
        let updates = || all.iter().filter(|r| r.asks(method::TASKS_UPDATE));
        let answers = updates().any(|r| {
            r.param("inputResponses").is_some_and(|given| given.get(TASK_INPUT).is_some())
        });
        let expected = format!("`tasks/update` with `inputResponses` that answer {TASK_INPUT:?}");
        marks.expect(answers, expected, || match updates().next() {
            Some(update) => {
                clip(&update.param("inputResponses").unwrap_or(&Value::Null).to_string(), SHOWN)
            }
            None => "none came".into(),
        });
    }
}

check! {
    /// **Observed:** after `tasks/update`, a client looks at the task until it has ended.
    ///
    /// **Why:** an update is acknowledged before it is acted upon.
    ///
    /// **Fix:** go on asking.
    pub(crate) KEEP_OBSERVING = "tasks.client.keep-observing";
    happening: keep_observing
}

fn keep_observing(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(INPUT) else { return };
    let Some(at) = all.iter().position(|r| r.asks(method::TASKS_UPDATE)) else { return };
    marks.expect(ended(&all[at..]), "`tasks/get` until the task has ended", || {
        "the client stopped before".into()
    });
}

check! {
    /// **Observed:** the keys of `inputResponses` in `tasks/update` are keys that the task asked for.
    ///
    /// **Why:** a server cannot tell what else is meant.
    ///
    /// **Fix:** take the keys from `inputRequests`.
    pub(crate) UPDATE_KEYS = "tasks.client.update-keys";
    happening: update_keys
}

fn update_keys(moment: &Moment<'_>, marks: &mut Marks) {
    for key in keys(moment) {
        marks.expect(key == TASK_INPUT, format!("the key {TASK_INPUT:?}"), || format!("{key:?}"));
    }
}

check! {
    /// **Observed:** what a task still lists after it was answered is not answered twice.
    ///
    /// **Why:** an update is acknowledged before it is acted upon, and a user would be asked again.
    ///
    /// **Fix:** keep the keys that were answered.
    pub(crate) TRACK_KEYS = "tasks.client.track-keys";
    judges: ["tasks.client.dedupe"];
    happening: track_keys
}

fn track_keys(moment: &Moment<'_>, marks: &mut Marks) {
    let keys: BTreeSet<String> = keys(moment).into_iter().collect();
    if keys.is_empty() {
        return;
    }
    let before = moment.before().iter().filter(|r| r.asks(method::TASKS_UPDATE));
    let mut answered = before.filter_map(|r| r.param("inputResponses")?.as_object());
    let twice = answered.any(|all| all.keys().any(|key| keys.contains(key)));
    marks.expect(!twice, "one answer to each key", || "a key was answered again".into());
}

/// The keys of an update.
fn keys(moment: &Moment<'_>) -> Vec<String> {
    let update = moment.scenario == INPUT && moment.now().asks(method::TASKS_UPDATE);
    let responses = moment.now().param("inputResponses").filter(|_| update);
    let members = responses.and_then(Value::as_object);
    members.map(|all| all.keys().cloned().collect()).unwrap_or_default()
}

check! {
    /// **Observed:** `tasks/get`, `tasks/update` and `tasks/cancel` have an `Mcp-Name` header that is `params.taskId`.
    ///
    /// **Why:** what stands between routes by it to where the task is.
    ///
    /// **Fix:** write it where requests become HTTP, from the body.
    pub(crate) NAME = "tasks.http.client-mcp-name";
    applies: [Http];
    received: name
}

fn name(received: &Received, marks: &mut Marks) {
    let of_task = [method::TASKS_GET, method::TASKS_UPDATE, method::TASKS_CANCEL];
    if !received.method().is_some_and(|method| of_task.contains(&method)) {
        return;
    }
    let Some(id) = received.param("taskId").and_then(Value::as_str) else { return };
    let field = received.header(header::NAME).and_then(|value| header::decode(value).ok());
    marks.expect(field.as_deref() == Some(id), format!("`Mcp-Name: {id}`"), || {
        field.map_or_else(|| "none".into(), |field| format!("`Mcp-Name: {field}`"))
    });
}

check! {
    /// **Observed:** a client that declares the extension of applications declares its `mimeTypes`.
    ///
    /// **Why:** a server offers none of its pages without.
    ///
    /// **Fix:** declare `{"mimeTypes": ["text/html;profile=mcp-app"]}`.
    pub(crate) APP_TYPES = "apps.client-mime-types";
    received: app_types
}

fn app_types(received: &Received, marks: &mut Marks) {
    let Some(settings) = extension(received, "io.modelcontextprotocol/ui") else { return };
    let types = settings["mimeTypes"].as_array();
    let fits = types.is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string));
    marks.expect(fits, "`mimeTypes`, an array of strings", || settings.to_string());
}

/// Whether it is a call that made a task.
fn makes_task(received: &Received) -> bool {
    let made = received.result().is_some_and(|result| result["resultType"] == "task");
    made && received.asks(method::TOOLS_CALL)
}

/// Whether it looks at the task.
fn looks(received: &Received) -> bool {
    received.asks(method::TASKS_GET) && received.param("taskId").is_some_and(|id| id == TASK)
}

/// Whether a client that is to give up its task looks at it still.
fn looks_on(all: &[Received]) -> bool {
    let sent_at = |r: &Received| r.exchange.answer.sent_at;
    let made = all.iter().find(|r| makes_task(r)).map(sent_at);
    let given_up = made.map(|at| at + (TASK_GIVEN_UP_MS + INTERVAL) * 1000);
    given_up.is_some_and(|at| all.iter().any(|r| looks(r) && sent_at(r) > at))
}

fn ended(all: &[Received]) -> bool {
    all.iter().any(|r| looks(r) && r.result().is_some_and(|task| task["status"] == "completed"))
}

fn asks_for_input(received: &Received) -> bool {
    received.result().is_some_and(|task| task["status"] == "input_required")
}
