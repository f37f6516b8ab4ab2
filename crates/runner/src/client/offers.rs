//! What the server for clients offers: its lists, and what comes of using them.

use plumb_wire::{codes, meta, method};
use serde_json::{Map, Value, json};

use super::protected::Scene;
use super::provocation::{self, Stage};
use super::provoked;
use super::scenario::{REFERRED, Scenario};

/// The resource, whose URI a client mirrors as it stands.
const NOTES: &str = "file:///plumb/notes%20of%20today.txt";
/// A prompt whose name a header cannot carry as it stands: a client encodes it.
const UNSAFE_PROMPT: &str = "grüße";
/// A prompt whose name it can.
const PROMPT: &str = "greeting";
/// The tool that scenarios call.
const ADD: &str = "add_numbers";
/// The tool that is called with a token.
const TEST_TOOL: &str = "test-tool";

/// Why a request gets no result.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: i64,
    pub(super) message: String,
    pub(super) data: Option<Value>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), data: None }
    }
}

/// The result of a method in a scenario, at the server of this origin and revision.
pub(super) fn result(
    scenario: Scenario,
    origin: &str,
    revision: &str,
    method: &str,
    params: &Value,
    stage: &Stage,
) -> Result<Value, Refusal> {
    if let Some(own) = provocation::result(scenario, origin, method, params, stage) {
        return own;
    }
    if let Some(again) = provoked::asked_again(scenario, method, params) {
        return Ok(signed(again));
    }
    // A cursor is one that we gave, and every list but that of tools has one page.
    let listed = |list: Value| match params.get("cursor") {
        Some(cursor) => Err(invalid(format!("there is no cursor {cursor}"))),
        None => Ok(cacheable(list)),
    };
    let result = match method {
        method::DISCOVER => cacheable(json!({
            "supportedVersions": [revision],
            "capabilities": { "tools": {}, "resources": {}, "prompts": {} },
        })),
        method::TOOLS_LIST => {
            let cursor = params.get("cursor");
            let tools =
                provocation::tools(scenario, stage).unwrap_or_else(|| tools(scenario, origin));
            let (tools, next) = provoked::page(scenario, cursor, &tools)
                .ok_or_else(|| invalid("there is no such cursor".into()))?;
            let mut list = json!({ "tools": tools });
            if let Some(next) = next {
                list["nextCursor"] = json!(next);
            }
            let mut list = cacheable(list);
            if scenario == Scenario::Protected(Scene::Migration) {
                list["ttlMs"] = json!(600_000);
                list["cacheScope"] = json!("private");
            }
            list
        }
        method::TOOLS_CALL => call(params)?,
        method::RESOURCES_LIST => listed(json!({ "resources": [{
            "uri": NOTES, "name": "notes", "mimeType": "text/plain" }] }))?,
        method::TEMPLATES_LIST => listed(json!({ "resourceTemplates": [] }))?,
        method::RESOURCES_READ => cacheable(read(params)?),
        method::PROMPTS_LIST => listed(json!({ "prompts": [
            { "name": UNSAFE_PROMPT, "description": "Greets in German." },
            { "name": PROMPT, "description": "Greets in English." },
        ] }))?,
        method::PROMPTS_GET => prompt(params)?,
        _ => {
            let message = format!("there is no method {method:?} in revision {revision}");
            return Err(Refusal::new(404, codes::METHOD_NOT_FOUND, message));
        }
    };
    let mut result = complete(result);
    if let Some(of) = provoked::result_type(scenario, method) {
        result["resultType"] = json!(of);
    }
    provocation::amend(scenario, origin, method, &mut result);
    Ok(result)
}

fn tools(scenario: Scenario, origin: &str) -> Value {
    let number = |about: &str| json!({ "type": "number", "description": about });
    let add = json!({
        "name": ADD,
        "description": "Adds two numbers.",
        "inputSchema": {
            "type": "object",
            "properties": { "a": number("one number"), "b": number("another") },
            "required": ["a", "b"],
        },
        "annotations": { "readOnlyHint": true },
    });
    let measure = json!({
        "name": "measure",
        "description": "Measures.",
        "inputSchema": {
            "type": "object",
            "properties": { "length": { "$ref": format!("{origin}{REFERRED}") } },
        },
        "annotations": { "readOnlyHint": true },
    });
    match scenario {
        Scenario::SchemaReference => json!([add, measure]),
        Scenario::CustomHeaders | Scenario::InvalidHeaders => {
            provoked::tools(scenario).unwrap_or_default()
        }
        Scenario::Protected(_) => json!([add, {
            "name": TEST_TOOL,
            "inputSchema": { "type": "object" },
            "annotations": { "readOnlyHint": true },
        }]),
        _ => json!([add]),
    }
}

fn call(params: &Value) -> Result<Value, Refusal> {
    let said = |text: String, is_error: bool| json!({ "content": [{ "type": "text", "text": text }], "isError": is_error });
    check_arguments(params)?;
    match text(params, "name")? {
        ADD => {
            let number = |name: &str| params["arguments"][name].as_f64();
            Ok(match (number("a"), number("b")) {
                (Some(a), Some(b)) => said((a + b).to_string(), false),
                _ => said("`a` and `b` are numbers, and both are needed".into(), true),
            })
        }
        // What is listed with it is there to be looked at.
        "measure" => Ok(said("the length is 0".into(), false)),
        TEST_TOOL => Ok(said("done".into(), false)),
        name if provoked::is_tool(name) => Ok(said("done".into(), false)),
        other => Err(invalid(format!("there is no tool {other:?}"))),
    }
}

fn read(params: &Value) -> Result<Value, Refusal> {
    match text(params, "uri")? {
        NOTES => Ok(json!({ "contents": [
            { "uri": NOTES, "mimeType": "text/plain", "text": "Nothing happened." }] })),
        other => Err(Refusal {
            data: Some(json!({ "uri": other })),
            ..invalid(format!("there is no resource {other:?}"))
        }),
    }
}

fn prompt(params: &Value) -> Result<Value, Refusal> {
    check_arguments(params)?;
    let greeting = match text(params, "name")? {
        UNSAFE_PROMPT => "Grüß Gott!",
        PROMPT => "Good day!",
        other => return Err(invalid(format!("there is no prompt {other:?}"))),
    };
    let content = json!({ "type": "text", "text": greeting });
    Ok(json!({ "messages": [{ "role": "user", "content": content }] }))
}

fn check_arguments(params: &Value) -> Result<(), Refusal> {
    match params.get("arguments") {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(invalid("`arguments` is an object".into())),
    }
}

fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    params[name].as_str().ok_or_else(|| invalid(format!("`{name}` is a string, and needed")))
}

pub(super) fn invalid(message: String) -> Refusal {
    Refusal::new(200, codes::INVALID_PARAMS, message)
}

/// A result that may be kept, which ours is not worth.
pub(super) fn cacheable(mut result: Value) -> Value {
    result["ttlMs"] = json!(0);
    result["cacheScope"] = json!("public");
    result
}

pub(super) fn complete(mut result: Value) -> Value {
    result["resultType"] = json!("complete");
    signed(result)
}

pub(super) fn signed(mut result: Value) -> Value {
    let own = json!({ "name": "plumb", "version": env!("CARGO_PKG_VERSION") });
    result["_meta"] = Value::Object(Map::from_iter([(meta::SERVER_INFO.to_owned(), own)]));
    result
}
