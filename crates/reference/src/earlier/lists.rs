//! The lists: two pages of tools, a resource, a prompt, and what the ways of the server add.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Asker, Earlier};

impl Earlier {
    pub(super) fn tools(&self, asker: &Asker, cursor: Option<&str>) -> Result<Value, Value> {
        let page = match cursor {
            None => false,
            Some(cursor) if cursor == self.cursor(asker) => true,
            Some(_) => return Err(json!({"code": -32602, "message": "no such cursor"})),
        };
        let times = self.lists.fetch_add(1, Ordering::Relaxed);
        let mut tools = if page { vec![tool("second", &json!({}))] } else { self.first(asker) };
        if !page && self.has("cache.list-changes") {
            tools.push(tool(&format!("at-{times}"), &json!({})));
        }
        if !page && self.has("cache.order") && times % 4 < 2 {
            tools.reverse();
        }
        let mut result = json!({"tools": tools});
        if !page {
            result["nextCursor"] = json!(self.cursor(asker));
        }
        Ok(result)
    }

    fn first(&self, asker: &Asker) -> Vec<Value> {
        let mut tools = vec![tool("look", &json!({})), tool("ask", &json!({}))];
        let schemas = [
            ("schema.draft07", json!({"$schema": "http://json-schema.org/draft-07/schema#"})),
            ("schema.tuple-items", json!({"properties": {"p": {"type": "array", "items": [{}]}}})),
            ("schema.definitions", json!({"definitions": {"a": {}}})),
            ("schema.dependencies", json!({"dependencies": {"a": ["b"]}})),
            ("schema.invalid", json!({"properties": {"n": {"exclusiveMinimum": true}}})),
            ("schema.remote-ref", json!({"properties": {"r": {"$ref": "https://example.com/s"}}})),
        ];
        for (way, schema) in schemas.iter().filter(|(way, _)| self.has(way)) {
            tools.push(tool(&way.replace('.', "-"), schema));
        }
        if self.has("names.charset") {
            tools.push(tool("look around", &json!({})));
        }
        if self.has("names.title") {
            tools[0]["annotations"]["title"] = json!("Looks");
            tools[0].as_object_mut().map(|tool| tool.remove("title"));
        }
        if self.has("replica.lists") {
            tools.push(tool(&format!("of-{}", self.process), &json!({})));
        }
        let sessions = self.sessions();
        let session = asker.session.as_ref().and_then(|id| sessions.get(id));
        let samples = session.is_some_and(|s| s.capabilities.get("sampling").is_some());
        if self.has("session.capability-bound") && samples {
            tools.push(tool("sample", &json!({})));
        }
        if self.has("session.list-bound") && session.is_some_and(|s| s.calls > 0) {
            tools.push(tool("again", &json!({})));
        }
        tools
    }

    fn cursor(&self, asker: &Asker) -> String {
        let session = asker.session.as_deref().unwrap_or_default();
        if self.has("session.cursor-bound") {
            format!("page-2-{session}")
        } else if self.has("restart.cursor") {
            format!("page-2-{}", self.process)
        } else {
            "page-2".to_owned()
        }
    }

    pub(super) fn resources(&self) -> Value {
        let name = if self.has("names.encoded") { "test://größe" } else { "test://one" };
        json!({"resources": [{"uri": name, "name": "one"}]})
    }
}

fn tool(name: &str, schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["type"] = json!("object");
    json!({
        "name": name,
        "title": "A tool",
        "inputSchema": schema,
        "annotations": {"readOnlyHint": true}
    })
}
