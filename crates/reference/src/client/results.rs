//! What is made of results: validated, and never fetched from anywhere.

use jsonschema::Validator;
use serde_json::Value;

use super::Client;
use super::post::Address;
use super::rules::ClientRules;

impl Client {
    /// That the result of a call is what it is said to be.
    pub(super) async fn validated(&self, name: &Value, result: &Value) -> Result<(), String> {
        let rules = &self.rules;
        let blocks = result["content"].as_array().map_or(&[][..], Vec::as_slice);
        let is_block =
            |b: &Value| b["type"] != "text" && b["type"].is_string() || b["text"].is_string();
        if rules.validates_content && !blocks.iter().all(is_block) {
            return Err(format!("no content: {}", result["content"]));
        }
        let tool = self.tools.iter().find(|tool| tool["name"] == *name);
        let Some(schema) = tool.and_then(|tool| tool.get("outputSchema")) else { return Ok(()) };
        let reference = schema["properties"]["sum"]["$ref"].as_str();
        if let Some(url) = reference.filter(|_| !rules.leaves_output_references) {
            Address::parse(url)?.send("GET", &[], &[], rules).await.ok();
        }
        if result["isError"] == true && rules.takes_errors_without_output {
            return Ok(());
        }
        if !rules.takes_every_value && !result["structuredContent"].is_object() {
            return Err(format!("no object: {}", result["structuredContent"]));
        }
        let Some(validator) = validator(rules, schema) else {
            // It cannot be read without fetching something.
            let unread = Err(format!("no schema that can be read: {schema}"));
            return if rules.rejects_unresolved { unread } else { Ok(()) };
        };
        if rules.validates_output && !validator.is_valid(&result["structuredContent"]) {
            return Err(format!("no such output: {}", result["structuredContent"]));
        }
        Ok(())
    }
}

fn validator(rules: &ClientRules, schema: &Value) -> Option<Validator> {
    let named = schema.get("$schema").is_some();
    let right =
        if named { rules.validates_by_named_dialect } else { rules.validates_by_default_dialect };
    let newest = schema["$schema"].as_str().is_some_and(|of| of.contains("2020-12"));
    if newest && !rules.knows_the_newest_dialect {
        return None;
    }
    if named && right && rules.reads_dialects {
        return jsonschema::options().build(schema).ok();
    }
    let draft = if right { jsonschema::Draft::Draft202012 } else { jsonschema::Draft::Draft7 };
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.shift_remove("$schema");
        if !rules.reads_dialects {
            // What 2020-12 has no such keyword for.
            members.shift_remove("dependencies");
        }
    }
    jsonschema::options().with_draft(draft).build(&schema).ok()
}
