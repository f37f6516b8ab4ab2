//! Calls that ask for inputs, and for nothing but what the client declares.

use plumb_wire::{meta, method};
use serde_json::{Map, Value, json};

use super::{Provoked, Stage, idle_tool};
use crate::client::STATE;
use crate::client::offers::{complete, signed};

/// The key of a form without a mode.
pub const CONFIRM: &str = "confirm: now?";
/// The key of a form of the official scenario: with a state it says that it is one, and without a state it says
/// no mode: who answers the former can answer the latter.
pub const CONFIRM_OFFICIALLY: &str = "confirm";
/// The key of a page to visit.
pub const VISIT: &str = "visit";
/// The key of a completion that is to use no tool, though it is given one.
pub const NO_TOOLS: &str = "no-tools";
/// The key of one that is to use a tool.
pub const USE_A_TOOL: &str = "use-a-tool";

/// The key of a completion without tools.
pub const ASK: &str = "ask";
/// The key of the roots.
pub const WHERE: &str = "where";

/// The tools that ask for one thing alone: to visit a page, for a completion, for roots.
pub(in super::super) const ASKING: [&str; 3] = ["ask_to_visit", "ask_a_model", "ask_for_roots"];

/// What the form asks for: as the official suite has it, and things that may be left out.
pub fn form_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "confirmed": { "type": "boolean", "description": "Whether to go on." },
            "count": { "type": "integer", "minimum": 1, "maximum": 3 },
            "colour": { "type": "string", "oneOf": [
                { "const": "#f00", "title": "Red" }, { "const": "#0f0", "title": "Green" }] },
            "days": { "type": "array", "minItems": 1, "maxItems": 2,
                "items": { "type": "string", "enum": ["Monday", "Tuesday"] } },
            "note": { "type": "string", "default": "none", "minLength": 3, "maxLength": 40 },
        },
        "required": ["confirmed"],
    })
}

/// A form without a mode.
pub(super) fn form() -> Value {
    json!({ "method": method::ELICITATION_CREATE, "params": {
        "message": "Shall it go on?", "requestedSchema": form_schema() } })
}

/// The same, which says its mode.
fn form_of_a_mode() -> Value {
    let mut form = form();
    form["params"]["mode"] = json!("form");
    form
}

/// The tools of the official scenario, and those that ask for one thing alone.
pub(super) fn tools() -> Value {
    let official = [
        "test_mrtr_echo_state",
        "test_mrtr_no_state",
        "test_mrtr_unrelated",
        "test_mrtr_no_result_type",
    ];
    Value::Array(official.into_iter().chain(ASKING).map(idle_tool).collect())
}

pub(super) fn result(
    provoked: Provoked,
    origin: &str,
    method: &str,
    params: &Value,
    _stage: &Stage,
) -> Option<Value> {
    if method != method::TOOLS_CALL {
        return None;
    }
    let declared = &params["_meta"][meta::CLIENT_CAPABILITIES];
    let answered = params.get("inputResponses").is_some();
    match provoked {
        Provoked::Input => {
            let wanted = wanted(declared, origin);
            (!answered && !wanted.is_empty()).then(|| again(wanted, None))
        }
        Provoked::UndeclaredTools => {
            let without =
                declared["sampling"].is_object() && declared["sampling"].get("tools").is_none();
            let wanted = Map::from_iter([(NO_TOOLS.to_owned(), completion(Some("auto")))]);
            (without && !answered).then(|| again(wanted, None))
        }
        Provoked::StateAmongOthers => {
            let brought = params.get("requestState").is_some();
            (!brought).then(|| again(Map::new(), Some(STATE)))
        }
        _ => asked_alone(params, declared, origin)
            .map(|wanted| if answered { complete(done()) } else { again(wanted, None) })
            .or_else(|| Some(official(params, declared, answered))),
    }
}

/// The one thing that this tool asks for, of a client that declares it.
fn asked_alone(params: &Value, declared: &Value, origin: &str) -> Option<Map<String, Value>> {
    let at = ASKING.iter().position(|name| params["name"] == *name)?;
    let key = [VISIT, ASK, WHERE][at];
    let (key, asked) = wanted(declared, origin).remove_entry(key)?;
    Some(Map::from_iter([(key, asked)]))
}

fn done() -> Value {
    json!({ "content": [{ "type": "text", "text": "done" }] })
}

/// What the tools of the official scenario answer.
fn official(params: &Value, declared: &Value, answered: bool) -> Value {
    let wanted = |form: Value| {
        let form = forms(declared).then(|| (CONFIRM_OFFICIALLY.to_owned(), form));
        Map::from_iter(form)
    };
    match params["name"].as_str() {
        Some("test_mrtr_echo_state") if !answered && params.get("requestState").is_none() => {
            again(wanted(form_of_a_mode()), Some(STATE))
        }
        Some("test_mrtr_no_state") if !answered && forms(declared) => again(wanted(form()), None),
        // What a server of this revision never sends.
        Some("test_mrtr_no_result_type") => signed(done()),
        _ => complete(done()),
    }
}

/// Whether forms are declared: an empty capability means them.
pub(super) fn forms(declared: &Value) -> bool {
    let modes = declared["elicitation"].as_object();
    modes.is_some_and(|modes| modes.is_empty() || modes.contains_key("form"))
}

fn wanted(declared: &Value, origin: &str) -> Map<String, Value> {
    let mut wanted = Map::new();
    if forms(declared) {
        wanted.insert(CONFIRM.into(), form());
    }
    if declared["elicitation"].get("url").is_some() {
        let page = json!({ "method": method::ELICITATION_CREATE, "params": { "mode": "url",
            "message": "Please look at this page.", "url": format!("{origin}/visit"),
            "elicitationId": "plumb-1" } });
        wanted.insert(VISIT.into(), page);
    }
    if declared["sampling"].is_object() {
        wanted.insert(ASK.into(), completion(None));
        if declared["sampling"].get("tools").is_some() {
            wanted.insert(NO_TOOLS.into(), completion(Some("none")));
            wanted.insert(USE_A_TOOL.into(), completion(Some("required")));
        }
    }
    if declared["roots"].is_object() {
        wanted.insert(WHERE.into(), json!({ "method": method::ROOTS_LIST }));
    }
    wanted
}

/// A completion, with a tool and how it is to be used, if any.
fn completion(choice: Option<&str>) -> Value {
    let content = json!({ "type": "text", "text": "Say a word." });
    let mut params =
        json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": 50 });
    if let Some(choice) = choice {
        params["tools"] =
            json!([{ "name": "word_of_the_day", "inputSchema": { "type": "object" } }]);
        params["toolChoice"] = json!({ "mode": choice });
    }
    json!({ "method": method::SAMPLING_CREATE_MESSAGE, "params": params })
}

pub(super) fn again(wanted: Map<String, Value>, state: Option<&str>) -> Value {
    let mut result = json!({ "resultType": "input_required" });
    if !wanted.is_empty() {
        result["inputRequests"] = Value::Object(wanted);
    }
    if let Some(state) = state {
        result["requestState"] = json!(state);
    }
    signed(result)
}
