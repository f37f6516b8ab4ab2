//! Scenarios for clients that follow a list of steps: what comes of each.

use plumb_wire::http::{Response, chunk};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::script::{Play, Script, Step};
use plumb_wire::{Asked, codes, meta, method, notification, sse};
use serde_json::{Value, json};

use super::{Provoked, Stage, idle_tool};
use crate::client::STATE;
use crate::client::offers::{Refusal, complete, invalid, signed};

/// The tool that takes [`SLOW_MS`].
const SLOW: &str = "slow";

/// How long it takes, in milliseconds.
pub const SLOW_MS: u64 = 4_000;

/// When a client is to give it up, in milliseconds.
const GIVEN_UP_MS: u64 = 300;

/// So many milliseconds later it goes on.
const SINCE_MS: u64 = 800;

/// When a client is to give up a task, in milliseconds: it has looked at it by then.
pub const TASK_GIVEN_UP_MS: u64 = 600;

/// What is given up is answered after so many milliseconds, if that is not heard.
const LATE_MS: u64 = 700;

/// Resources by how long they may be kept, in milliseconds; `None` for one that says nothing of it.
const KEPT_FOR: [(&str, Option<i64>); 8] = [
    ("plumb:fresh", Some(600_000)),
    ("plumb:Fresh", Some(600_000)),
    ("plumb:other", Some(600_000)),
    ("plumb:zero", Some(0)),
    ("plumb:negative", Some(-600_000)),
    ("plumb:absent", None),
    ("plumb:short", Some(SHORT_MS)),
    ("plumb:asked", Some(600_000)),
];

/// For so long one of them is kept, in milliseconds: longer than from one read to the next, and shorter than to the one after.
const SHORT_MS: i64 = 800;

/// So many milliseconds lie between its reads.
const READ_AFTER: u64 = 600;

/// The resource that changes while it is listened to.
pub const WATCHED: &str = "plumb:other";

/// The cursor of a page that may be kept for a moment only, and that is refused when it is asked for again.
pub const STALE_PAGE: &str = "stale-page";

/// The cursor of the page before that one, which may be kept for longer.
pub const FRESH_PAGE: &str = "fresh-page";

/// After so many milliseconds a listener is told of a change.
const TOLD_AFTER: u64 = 150;

/// Tools whose names differ by case, and by what some take for no part of a name (server/tools#tool-names).
const NAMESAKES: [&str; 3] = ["Add.Numbers-2", "add.numbers-2", "Add_Numbers_2"];

/// The first of them, as a client is told to call it: once with these arguments, and once with none.
const CALLED: &str = NAMESAKES[0];

/// Arguments that read as others do: a number in text, a fraction of nothing, what is empty, and what is false.
fn arguments() -> Value {
    json!({ "amount": 5, "label": "5", "flag": false, "list": [], "note": "" })
}

/// The steps of a scenario of ours.
pub(in super::super) fn steps(provoked: Provoked) -> Value {
    let list = |what: &str| json!({ "do": "list", "what": what });
    let wait = |ms: u64| json!({ "do": "wait", "ms": ms });
    let slow = |how: &str| json!({ "do": "call", "name": SLOW, "arguments": {}, how: GIVEN_UP_MS });
    // A list may be kept: what shows that a client goes on is a call.
    let quick = || json!({ "do": "call", "name": SLOW, "arguments": { "now": true } });
    match provoked {
        Provoked::Cancelled => {
            json!([list("tools"), slow("cancelAfterMs"), wait(SINCE_MS), list("tools")])
        }
        Provoked::Late => {
            json!([list("tools"), slow("cancelAfterMs"), wait(LATE_MS), quick()])
        }
        Provoked::TaskCancelled => json!([
            list("tools"),
            { "do": "call", "name": "add_numbers", "arguments": { "a": 5, "b": 3 },
                "cancelAfterMs": TASK_GIVEN_UP_MS },
            wait(TASK_GIVEN_UP_MS),
            list("tools"),
        ]),
        Provoked::Crashing => json!([
            list("tools"),
            { "do": "call", "name": SLOW, "arguments": {} },
            wait(200),
            quick(),
        ]),
        Provoked::CrashingListened => json!([
            list("tools"),
            { "do": "listen", "notifications": { "toolsListChanged": true } },
            wait(300),
            list("tools"),
            wait(300),
            list("prompts"),
        ]),
        Provoked::TimedOut => {
            json!([list("tools"), slow("timeoutMs"), wait(SINCE_MS), list("tools")])
        }
        Provoked::Listening => json!([
            list("tools"),
            { "do": "listen", "notifications": { "toolsListChanged": true, "promptsListChanged": true } },
            wait(TOLD_AFTER + 250),
            list("tools"),
            quick(),
        ]),
        Provoked::Completing => json!([
            { "do": "complete", "ref": { "type": "ref/prompt", "name": "greeting" },
                "argument": { "name": "language", "value": "g" } },
            list("prompts"),
        ]),
        Provoked::Names => json!([
            list("tools"),
            { "do": "call", "name": CALLED, "arguments": arguments() },
            { "do": "call", "name": CALLED, "arguments": {} },
        ]),
        Provoked::Caching => caching(),
        _ => json!([]),
    }
}

/// Reads and lists, each at least twice.
fn caching() -> Value {
    let list = |what: &str| json!({ "do": "list", "what": what });
    let read = |uri: &str| json!({ "do": "read", "uri": uri });
    let wait = |ms: u64| json!({ "do": "wait", "ms": ms });
    json!([
        list("tools"), list("tools"),
        read("plumb:fresh"), read("plumb:fresh"), read("plumb:other"), read("plumb:Fresh"),
        read("plumb:zero"), read("plumb:zero"),
        read("plumb:negative"), read("plumb:negative"),
        read("plumb:absent"), read("plumb:absent"),
        read("plumb:asked"), read("plumb:asked"),
        read("plumb:short"), wait(READ_AFTER), read("plumb:short"), wait(READ_AFTER), read("plumb:short"),
        // What is fresh still is.
        read("plumb:fresh"),
        list("resources"), wait(60), list("resources"),
        list("prompts"),
        { "do": "listen", "notifications": {
            "promptsListChanged": true, "resourceSubscriptions": [WATCHED] } },
        wait(TOLD_AFTER + 250),
        list("prompts"),
        read(WATCHED),
    ])
}

/// The server has what these scenarios need.
pub(super) fn amend(method: &str, result: &mut Value) {
    if method == method::DISCOVER {
        result["capabilities"] = json!({ "tools": { "listChanged": true },
            "prompts": { "listChanged": true }, "resources": { "subscribe": true }, "completions": {} });
    }
}

/// The tools of these scenarios.
pub(super) fn tools() -> Value {
    json!([idle_tool(SLOW)])
}

/// Tools that are easily taken for each other, none of which needs arguments.
pub(super) fn namesakes() -> Value {
    let of = |kind: &str| json!({ "type": kind });
    let schema = json!({ "type": "object", "properties": {
        "amount": of("integer"), "label": of("string"), "flag": of("boolean"),
        "list": { "type": "array", "items": of("string") }, "note": of("string") } });
    let mut tools = NAMESAKES.map(idle_tool);
    for tool in &mut tools {
        tool["inputSchema"] = schema.clone();
    }
    Value::Array(tools.to_vec())
}

/// What takes its time, or does not end: slow calls and subscriptions.
pub(super) fn played(asked: &Asked) -> Option<Play> {
    taking(asked, SLOW_MS)
}

/// The same, but calls are not slow, only too slow for who gives them up.
pub(super) fn late(asked: &Asked) -> Option<Play> {
    taking(asked, LATE_MS)
}

fn taking(asked: &Asked, ms: u64) -> Option<Play> {
    let message = asked.message();
    if message.kind != Kind::Request {
        return None;
    }
    let id = message.id().cloned().unwrap_or_default();
    let body = message.json.as_ref().ok()?;
    match message.method()? {
        method::TOOLS_CALL if body["params"]["arguments"]["now"] != true => {
            let result = complete(json!({ "content": [{ "type": "text", "text": "late" }] }));
            let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            let event = sse::event(None, None, &answer.to_string());
            Some(after(ms, &event).into())
        }
        method::LISTEN => Some(listened(&id, &body["params"]["notifications"]).into()),
        _ => None,
    }
}

/// An event after so many milliseconds.
fn after(ms: u64, event: &str) -> Script {
    let begun = Response::event_stream().write(chunk(b": begun\n\n"));
    begun.then(Step::Wait(ms)).write(chunk(event.as_bytes())).then(Step::Close)
}

/// The beginning of a subscription: its acknowledgment.
pub(super) fn acknowledged(asked: &Asked) -> Option<Script> {
    let message = asked.message();
    let wanted = &message.json.as_ref().ok()?["params"]["notifications"];
    let Script(mut steps) = listened(message.id()?, wanted);
    let told = steps.iter().position(|step| matches!(step, Step::Wait(_) | Step::Hold));
    steps.truncate(told.unwrap_or(steps.len()));
    Some(Script(steps))
}

/// A subscription: what is acknowledged of the wish is what there is a list for that changes, and the first of them does.
fn listened(id: &Value, wanted: &Value) -> Script {
    let told = |method: &str, mut params: Value| {
        params["_meta"] = json!({ meta::SUBSCRIPTION_ID: id });
        let told = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        chunk(sse::event(None, None, &told.to_string()).as_bytes())
    };
    let (name, change) = if wanted["toolsListChanged"] == true {
        ("toolsListChanged", notification::TOOLS_CHANGED)
    } else {
        ("promptsListChanged", notification::PROMPTS_CHANGED)
    };
    let mut honoured = if wanted[name] == true { json!({ name: true }) } else { json!({}) };
    let watched = wanted["resourceSubscriptions"].as_array();
    let watched = watched.is_some_and(|all| all.iter().any(|uri| uri == WATCHED));
    if watched {
        honoured["resourceSubscriptions"] = json!([WATCHED]);
    }
    let acknowledged = told(notification::ACKNOWLEDGED, json!({ "notifications": honoured }));
    let begun = Response::event_stream().write(acknowledged);
    if wanted[name] != true && !watched {
        return begun.then(Step::Hold);
    }
    let mut begun = begun.then(Step::Wait(TOLD_AFTER));
    if watched {
        begun = begun.write(told(notification::RESOURCE_UPDATED, json!({ "uri": WATCHED })));
    }
    if wanted[name] == true {
        begun = begun.write(told(change, json!({})));
    }
    begun.then(Step::Hold)
}

/// Results of these scenarios.
pub(super) fn result(
    provoked: Provoked,
    method: &str,
    params: &Value,
    stage: &Stage,
) -> Option<Result<Value, Refusal>> {
    match method {
        method::COMPLETE => {
            // How many there are, and whether there are more, need not be said.
            Some(Ok(complete(json!({ "completion": { "values": ["german"] } }))))
        }
        method::TOOLS_LIST if provoked == Provoked::Caching => {
            Some(Ok(kept(json!({ "tools": tools() }), Some(-600_000))))
        }
        method::TOOLS_CALL => {
            Some(Ok(complete(json!({ "content": [{ "type": "text", "text": "done" }] }))))
        }
        method::RESOURCES_READ if provoked == Provoked::Caching => Some(read(params)),
        method::RESOURCES_LIST if provoked == Provoked::Caching => Some(pages(params, stage)),
        method::PROMPTS_LIST if provoked == Provoked::Caching => {
            Some(Ok(kept(json!({ "prompts": [{ "name": "greeting" }] }), Some(3_600_000))))
        }
        _ => None,
    }
}

fn read(params: &Value) -> Result<Value, Refusal> {
    let uri = params["uri"].as_str().unwrap_or_default();
    let Some((_, ttl)) = KEPT_FOR.iter().find(|(of, _)| *of == uri) else {
        return Err(Refusal::new(200, codes::INVALID_PARAMS, "there is no such resource"));
    };
    if uri == "plumb:asked" && params.get("requestState").is_none() {
        return Ok(signed(json!({ "resultType": "input_required", "requestState": STATE })));
    }
    let contents = json!([{ "uri": uri, "mimeType": "text/plain", "text": "Nothing happened." }]);
    Ok(kept(json!({ "contents": contents }), *ttl))
}

/// Three pages, of which the last goes stale at once, and is refused when it is asked for again.
fn pages(params: &Value, stage: &Stage) -> Result<Value, Refusal> {
    let item = |name: &str| json!({ "uri": format!("plumb:{name}"), "name": name });
    match params.get("cursor").map(Value::as_str) {
        None => {
            let page = json!({ "resources": [item("fresh")], "nextCursor": FRESH_PAGE });
            Ok(kept(page, Some(600_000)))
        }
        Some(Some(FRESH_PAGE)) => {
            let page = json!({ "resources": [item("zero")], "nextCursor": STALE_PAGE });
            Ok(kept(page, Some(600_000)))
        }
        Some(Some(STALE_PAGE)) if stage.nth(STALE_PAGE) != 2 => {
            Ok(kept(json!({ "resources": [item("other")] }), Some(1)))
        }
        _ => Err(invalid("the cursor is valid no more".into())),
    }
}

fn kept(mut result: Value, ttl: Option<i64>) -> Value {
    if let Some(ttl) = ttl {
        result["ttlMs"] = json!(ttl);
    }
    result["cacheScope"] = json!("private");
    complete(result)
}
