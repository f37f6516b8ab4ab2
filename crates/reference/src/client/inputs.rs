//! The inputs that a server asks for: what a user, a model and a file system of the client would say.

use serde_json::{Map, Value, json};

use super::Client;
use super::post::Address;
use super::rules::ClientRules;

impl Client {
    /// The answers to these requests, by their keys.
    ///
    /// Errors: one asks for what was not declared.
    pub(super) async fn answers(&self, requests: &Value) -> Result<Map<String, Value>, String> {
        let rules = &self.rules;
        let mut answers = Map::new();
        for (n, (key, request)) in requests.as_object().into_iter().flatten().enumerate() {
            let params = &request["params"];
            if params["mode"] == "url"
                && let Some(url) = params["url"].as_str().filter(|_| !rules.leaves_pages)
            {
                Address::parse(url)?.send("GET", &[], &[], rules).await.ok();
            }
            if params["mode"] == "url" && !rules.looks_up_no_site {
                let url =
                    params["url"].as_str().unwrap_or_default().replace("/visit", "/robots.txt");
                Address::parse(&url)?.send("GET", &[], &[], rules).await.ok();
            }
            if !supports(rules, request) {
                return Err("there is nothing to answer this with".to_owned());
            }
            if params.get("tools").is_some() && !self.with_tools && rules.refuses_undeclared_tools {
                return Err("tools are asked for, which were not declared".to_owned());
            }
            let forms = request["method"] == "elicitation/create" && params["mode"] != "url";
            let without_mode = forms && params.get("mode").is_none();
            if forms && !rules.supports_what_it_declares
                || without_mode && !rules.answers_forms_without_mode
            {
                return Err("there is nothing to show a form with".to_owned());
            }
            let key = if n == 0 && !rules.answers_every_key { "input" } else { key };
            let declined = params.get("message").filter(|_| self.choices.declines);
            let answer = match declined {
                Some(_) if params["mode"] == "url" => json!({ "action": "cancel" }),
                Some(_) => json!({ "action": "decline" }),
                None => answer(rules, request)?,
            };
            answers.insert(key.to_owned(), answer);
        }
        Ok(answers)
    }
}

/// Whether there is a handler for this, as is declared.
fn supports(rules: &ClientRules, request: &Value) -> bool {
    match request["method"].as_str() {
        Some("elicitation/create") => request["params"]["mode"] != "url" || rules.shows_pages,
        Some("sampling/createMessage") => rules.has_a_model,
        Some("roots/list") => rules.tells_its_roots,
        _ => true,
    }
}

fn answer(rules: &ClientRules, request: &Value) -> Result<Value, String> {
    let params = &request["params"];
    match request["method"].as_str() {
        Some("elicitation/create") => Ok(elicited(rules, params)),
        Some("sampling/createMessage") => Ok(completed(rules, params)),
        Some("roots/list") => Ok(roots(rules)),
        other => Err(format!("there is no input {other:?}")),
    }
}

fn elicited(rules: &ClientRules, params: &Value) -> Value {
    if !rules.declines_without_content {
        return json!({ "action": "decline", "content": null });
    }
    let action = if rules.acts_as_known { "accept" } else { "accepted" };
    let mut elicited = json!({ "action": action });
    let page = match params.get("mode").map(Value::as_str) {
        None => !rules.takes_forms_without_mode,
        Some(mode) => mode == Some("url"),
    };
    if !page {
        let content = if rules.fills_forms_in {
            filled_in(&params["requestedSchema"])
        } else {
            json!({ "confirmed": "yes" })
        };
        elicited["content"] = content;
    } else if !rules.visits_without_content && params["mode"] == "url" {
        elicited["content"] = json!({});
    }
    elicited
}

/// What is required, and nothing else.
fn filled_in(schema: &Value) -> Value {
    let mut content = json!({});
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let of = &schema["properties"][name];
        content[name] = match of["type"].as_str() {
            Some("boolean") => json!(true),
            Some("integer" | "number") => of.get("minimum").cloned().unwrap_or(json!(1)),
            _ => of["enum"].get(0).cloned().unwrap_or(json!("plumb")),
        };
    }
    content
}

fn completed(rules: &ClientRules, params: &Value) -> Value {
    let role = if rules.completes_as_assistant { "assistant" } else { "model" };
    let choice = params["toolChoice"]["mode"].as_str();
    let uses = match choice {
        Some("required") => rules.uses_required_tools,
        Some("none") => !rules.uses_no_tools,
        _ => false,
    };
    let (content, why) = if uses {
        let name = &params["tools"][0]["name"];
        (json!({ "type": "tool_use", "id": "use-1", "name": name, "input": {} }), "toolUse")
    } else {
        let text =
            if rules.keeps_completions_short { "plumb".into() } else { "plumb ".repeat(5_000) };
        (json!({ "type": "text", "text": text }), "endTurn")
    };
    let content = if rules.completes_whole_blocks { content } else { json!({ "type": "text" }) };
    let mut completed = json!({ "role": role, "content": content, "stopReason": why });
    if rules.names_its_model {
        completed["model"] = json!("plumb-model");
    }
    completed
}

fn roots(rules: &ClientRules) -> Value {
    let scheme = if rules.roots_are_files { "file" } else { "https" };
    let path = if rules.roots_are_plain { "work" } else { "work/../.." };
    let member = if rules.roots_have_uris { "uri" } else { "path" };
    let name = if rules.names_roots_in_text { json!("work") } else { json!(1) };
    json!({ "roots": [{ member: format!("{scheme}:///plumb/{path}"), "name": name }] })
}
