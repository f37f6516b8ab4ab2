//! A tool that lets the client's model use tools, within a few rounds.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::content::text;
use crate::features::mrtr::{self, Input};
use crate::features::outcome::{Outcome, failed, said};

use super::tool::{read_only, tool};

pub(super) fn definitions() -> Vec<Value> {
    let schema = json!({
        "type": "object",
        "properties": { "question": { "type": "string", "default": "What is the weather like in Paris?" } },
        "additionalProperties": false,
    });
    vec![read_only(tool(
        "sampling_with_tools",
        "Has the client's model answer with the help of a tool",
        schema,
    ))]
}

pub(super) async fn run(call: &Call, arguments: &Map<String, Value>) -> Outcome {
    let retry = mrtr::retry(call)?;
    let told = retry.data["messages"].as_array().cloned();
    let mut messages = told.unwrap_or_else(|| beginning(call, arguments));
    let round = retry.data["round"].as_u64().unwrap_or(1);
    let request = input(call, &messages, round);
    let answer = match retry.responses.get(&key(round)) {
        Some(answer) if request.accepts(call, answer)? => answer,
        _ => return ask(call, &request, &messages, round).await,
    };
    let uses = tool_uses(answer);
    if uses.is_empty() {
        let text = answer["content"]["text"].as_str().or(answer["content"][0]["text"].as_str());
        return Ok(said(format!("The model says: {}", text.unwrap_or("nothing"))));
    }
    if round >= call.server.options.sampling_rounds && call.rules().tool_loops_end {
        return Ok(failed("the model did not come to an end"));
    }
    messages.push(json!({ "role": "assistant", "content": answer["content"] }));
    messages.push(results(call, &uses));
    if messages.len() > 64 {
        messages.drain(1..3);
    }
    let request = input(call, &messages, round + 1);
    ask(call, &request, &messages, round + 1).await
}

/// The conversation that a model is asked to go on with.
fn beginning(call: &Call, arguments: &Map<String, Value>) -> Vec<Value> {
    let question = arguments.get("question").and_then(Value::as_str);
    let question = text(question.unwrap_or("What is the weather like in Paris?"));
    let mut messages = vec![json!({ "role": "user", "content": question })];
    let used = json!({ "type": "tool_use", "id": "earlier", "name": "weather", "input": {} });
    let answered = json!({ "type": "tool_result", "toolUseId": "earlier", "content": [] });
    if !call.rules().told_tool_uses_answered {
        messages.push(json!({ "role": "assistant", "content": [used] }));
        messages.push(json!({ "role": "user", "content": text("And in London?") }));
    } else if !call.rules().told_tool_results_alone {
        messages.push(json!({ "role": "assistant", "content": [used] }));
        messages.push(json!({ "role": "user", "content": [answered, text("And in London?")] }));
    }
    messages
}

async fn ask(call: &Call, request: &Input, messages: &[Value], round: u64) -> Outcome {
    let state = json!({ "messages": messages, "round": round });
    mrtr::ask(call, &[(&key(round), request)], Some((Map::new(), state))).await
}

fn key(round: u64) -> String {
    format!("round_{round}")
}

/// The request, with tools if the client's model may use them.
fn input(call: &Call, messages: &[Value], round: u64) -> Input {
    let mut params = json!({ "messages": messages, "maxTokens": 200 });
    let declared = call
        .meta
        .capabilities
        .get("sampling")
        .is_some_and(|sampling| sampling.get("tools").is_some());
    if declared || !call.rules().sampling_tools_only_if_declared {
        params["tools"] = json!([{
            "name": "weather",
            "description": "The weather in a city",
            "inputSchema": { "type": "object", "properties": { "city": { "type": "string" } } },
            "outputSchema": {
                "type": "object",
                "properties": { "temperature": { "type": "number" } },
                "required": ["temperature"],
            },
        }]);
        params["toolChoice"] = json!({ "mode": if round == call.server.options.sampling_rounds && call.rules().tool_loops_end { "none" } else { "auto" } });
    }
    Input::Sampling(params)
}

fn tool_uses(answer: &Value) -> Vec<Value> {
    let blocks = match &answer["content"] {
        Value::Array(blocks) => blocks.clone(),
        block => vec![block.clone()],
    };
    blocks.into_iter().filter(|block| block["type"] == "tool_use").collect()
}

/// One user message that answers every use, and does nothing else.
fn results(call: &Call, uses: &[Value]) -> Value {
    let rules = call.rules();
    let mut blocks: Vec<Value> = uses
        .iter()
        .map(|used| {
            let weather = if rules.tool_result_conforms {
                json!({ "temperature": 18 })
            } else {
                json!({ "temperature": "mild" })
            };
            let id = match () {
                () if !rules.tool_result_ids_match => json!("call_of_another_model"),
                () if !rules.tool_results_answer_uses => {
                    json!(format!("{}-result", used["id"].as_str().unwrap_or_default()))
                }
                () => used["id"].clone(),
            };
            json!({
                "type": "tool_result",
                "toolUseId": id,
                "content": [text(weather.to_string())],
                "structuredContent": weather,
            })
        })
        .collect();
    if !rules.every_tool_use_answered {
        blocks.truncate(uses.len().saturating_sub(1));
    }
    if !rules.tool_results_alone {
        blocks.insert(0, text("Here are the results:"));
    }
    json!({ "role": "user", "content": blocks })
}
