//! The tools of the fixture: a table of what is listed and a match of what is called.

use std::time::Duration;

use rmcp::{ErrorData, model::*, task_manager::*};
use serde_json::{Value, json};

use crate::{Answer, Context, ask, fixture::Fixture};

/// One pixel.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// A header and no samples.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
const FAILURE: &str = "This tool intentionally returns an error for testing";
const SEVERAL: &str = "Multiple content types test:";
/// URI, media type, text.
const EMBEDDED: [&str; 3] = ["test://embedded-resource", "text/plain", "This is an embedded resource content."];
const MIXED: [&str; 3] = ["test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#];
/// Seals the request states: a fixed key is enough where nothing sealed is worth forging.
const KEY: &[u8; 32] = b"a key of the fixture, 32 bytes..";

/// Every tool, in the order in which it is listed.
pub(crate) fn all() -> Vec<Tool> {
    let none = json!({"type": "object", "properties": {}});
    let wait = json!({"type": "object", "properties": {"seconds": {"type": "number"}}});
    let region = json!({"type": "string", "x-mcp-header": "Region"});
    let mirrored = json!({"type": "object", "properties": {"region": region}});
    let tools = [
        ("test_simple_text", "Answers a text", &none),
        ("test_image_content", "Answers an image", &none),
        ("test_audio_content", "Answers a sound", &none),
        ("test_embedded_resource", "Answers an embedded resource", &none),
        ("test_multiple_content_types", "Answers a text, an image and a resource", &none),
        ("test_error_handling", "Fails, always", &none),
        ("test_tool_with_progress", "Reports progress three times", &none),
        ("test_logging_tool", "Logs three times", &none),
        ("test_missing_capability", "Works for clients with sampling only", &none),
        ("test_input_required_result_elicitation", "Asks for a name", &none),
        ("test_input_required_result_sampling", "Asks the client's model", &none),
        ("test_input_required_result_list_roots", "Asks for the roots", &none),
        ("test_input_required_result_request_state", "Asks with a state to be echoed", &none),
        ("test_input_required_result_multi_round", "Asks twice in a row", &none),
        ("test_trigger_tool_change", "Announces a change of this list", &none),
        ("json_schema_2020_12_tool", "Declares a schema of many keywords", &rich_schema()),
        ("header_tool", "Mirrors its argument into a header", &mirrored),
        ("slow_compute", "Waits, as a task where the client can take one", &wait),
        ("failing_job", "A task whose result is an error", &none),
        ("confirm_delete", "A task that waits for a confirmation", &none),
    ];
    tools.map(|(name, about, schema)| Tool::new(name, about, schema.as_object().cloned().unwrap_or_default())).into()
}

/// A schema whose 2020-12 keywords must reach the client untouched.
fn rich_schema() -> Value {
    let text = json!({"type": "string"});
    let address = json!({"$anchor": "addressDef", "type": "object", "properties": {"street": text, "city": text}});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "$defs": {"address": address},
        "properties": {"address": {"$ref": "#/$defs/address"}, "phone": text, "email": text},
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"required": ["address"]}, "then": {"required": ["phone"]}, "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

impl Fixture {
    pub(crate) async fn call(&self, call: CallToolRequestParams, context: &Context) -> Answer<CallToolResponse> {
        let seal = RequestStateCodec::new(*KEY);
        let opened = call.request_state.as_deref().map(|sealed| seal.open(sealed)).transpose();
        let state = opened.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
        let arguments = call.arguments.unwrap_or_default();
        let answers = call.input_responses.unwrap_or_default();
        let sealed = |state: &str| Some(seal.seal(state.as_bytes()));
        let ask_with_state = |key, state| ask::send(context, key, ask::form("answer"), sealed(state));
        let image = ContentBlock::image(PNG, "image/png");
        let resource = |[uri, mime, text]: [&str; 3]| ResourceContents::text(text, uri).with_mime_type(mime);
        let embedded = |contents| ContentBlock::resource(resource(contents));
        let content = match call.name.as_ref() {
            "test_simple_text" => say("This is a simple text response for testing."),
            "test_image_content" => vec![image],
            "test_audio_content" => vec![ContentBlock::audio(WAV, "audio/wav")],
            "test_embedded_resource" => vec![embedded(EMBEDDED)],
            "test_multiple_content_types" => vec![ContentBlock::text(SEVERAL), image, embedded(MIXED)],
            "test_error_handling" => return Ok(CallToolResult::error(say(FAILURE)).into()),
            "test_tool_with_progress" => {
                for done in [0.0, 50.0, 100.0] {
                    if let Some(token) = context.meta.get_progress_token() {
                        let progress = ProgressNotificationParam::new(token, done);
                        // A caller who has gone needs no progress.
                        let _ = context.peer.notify_progress(progress.with_total(100.0)).await;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                say("progress done")
            }
            "test_logging_tool" => {
                for step in 0..3 {
                    if matches!(context.meta.log_level(), Some(LoggingLevel::Debug | LoggingLevel::Info)) {
                        let line = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(step));
                        let _ = context.peer.notify_logging_message(line).await;
                    }
                }
                say("logged")
            }
            "test_missing_capability" => {
                ask::need(context, ClientCapabilities::builder().enable_sampling().build())?;
                say("sampling is declared")
            }
            "test_input_required_result_elicitation" => match answers.get("user_name") {
                Some(answer) => say(format!("Hello, {}!", answer["content"]["name"])),
                None => return ask::send(context, "user_name", ask::form("name"), None),
            },
            "test_input_required_result_sampling" => match answers.get("capital_question") {
                Some(answer) => say(answer["content"].to_string()),
                None => return ask::send(context, "capital_question", ask::sample(), None),
            },
            "test_input_required_result_list_roots" => match answers.get("client_roots") {
                Some(answer) => say(answer["roots"].to_string()),
                None => return ask::send(context, "client_roots", ask::roots(), None),
            },
            "test_input_required_result_request_state" => match state.as_deref() {
                Some(b"asked") if answers.contains_key("confirm") => say("state-ok"),
                _ => return ask_with_state("confirm", "asked"),
            },
            "test_input_required_result_multi_round" => match state.as_deref() {
                Some(b"second") if answers.contains_key("step2") => say("two rounds done"),
                Some(b"first") if answers.contains_key("step1") => return ask_with_state("step2", "second"),
                _ => return ask_with_state("step1", "first"),
            },
            "test_trigger_tool_change" => {
                self.tools_changed.send(()).unwrap_or_default(); // Fails only where nobody listens.
                say("announced")
            }
            "json_schema_2020_12_tool" => say("ok"),
            "header_tool" => say(format!("region={}", arguments.get("region").unwrap_or_default())),
            "slow_compute" => {
                let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
                let wait = tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 60.0)));
                if !context.client_capabilities().is_some_and(|declared| declared.supports_tasks()) {
                    wait.await;
                    return Ok(CallToolResult::success(say("computed")).into());
                }
                let work = async |task: TaskContext| {
                    tokio::select! {
                        () = task.cancelled() => Err(TaskExit::Cancelled),
                        () = wait => Ok(CallToolResult::success(say("computed"))),
                    }
                };
                return self.start(context, |task| Box::pin(work(task)));
            }
            "failing_job" => {
                return self.start(context, |_| Box::pin(async { Ok(CallToolResult::error(say("failed"))) }));
            }
            "confirm_delete" => {
                let work = async |task: TaskContext| {
                    let answer = task.request_input("confirm", ask::form("answer")).await?;
                    Ok(CallToolResult::success(say(answer.to_string())))
                };
                return self.start(context, move |task| Box::pin(work(task)));
            }
            name => return Err(ErrorData::invalid_params(format!("unknown tool {name}"), None)),
        };
        Ok(CallToolResult::success(content).into())
    }

    /// Starts `work` as a task, or refuses a client that did not declare the extension.
    fn start(&self, context: &Context, work: impl FnOnce(TaskContext) -> TaskFuture) -> Answer<CallToolResponse> {
        ask::need(context, ClientCapabilities::builder().enable_tasks().build())?;
        let options = TaskOptions::new().with_poll_interval_ms(100);
        Ok(CreateTaskResult::new(self.tasks.spawn(options, work)).into())
    }
}

fn say(text: impl Into<String>) -> Vec<ContentBlock> {
    vec![ContentBlock::text(text)]
}
