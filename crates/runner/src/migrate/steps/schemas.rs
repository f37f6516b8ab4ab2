//! Schemas of tools, their names, and whether results are described.

use std::time::Duration;

use plumb_wire::{header, method};
use serde_json::Value;

use super::Visit;
use crate::sample;

/// Places of a schema that are looked at, and how deep.
const PLACES: usize = 4_000;
const DEPTH: usize = 48;
/// Looking at all schemas may take so long.
const LOOKING: Duration = Duration::from_secs(3);
/// What a name of a tool may have.
const LONGEST: usize = 128;

/// Keywords under which a schema stands, several, or several by name.
const ONE: [&str; 11] = [
    "items",
    "additionalItems",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const SEVERAL: [&str; 5] = ["items", "prefixItems", "allOf", "anyOf", "oneOf"];
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// What was seen of a schema: an entry of the catalogue, and the place.
type Sight = (&'static str, String);

impl Visit<'_> {
    /// Looks at every schema and every name.
    pub(super) async fn schemas(&self) {
        let findings = &self.ground.findings;
        let tools = self.lists.of(method::TOOLS_LIST).to_vec();
        let seqs = self.lists.seqs(method::TOOLS_LIST);
        self.names(&tools, &seqs);
        let ids = [
            "migrate.schema.draft07",
            "migrate.schema.tuple-items",
            "migrate.schema.definitions",
            "migrate.schema.dependencies",
            "migrate.schema.invalid",
            "migrate.schema.remote-ref",
        ];
        if tools.is_empty() {
            return findings.unseen_all(&ids, "no tool is listed");
        }
        let many = tools.len();
        let Some(sights) = sample::aside(LOOKING, move || sights(&tools)).await else {
            return findings.unseen_all(&ids, "the schemas take too long to be looked at");
        };
        for (id, told) in sights {
            findings.found(id, told, &seqs);
        }
        for id in ids {
            findings.absent(id, format!("in none of the schemas of {many} tools"), &seqs);
        }
    }

    fn names(&self, tools: &[Value], seqs: &[u64]) {
        let findings = &self.ground.findings;
        let names = |method: &str, member: &'static str| {
            let items = self.lists.of(method).iter();
            items.filter_map(|item| item[member].as_str()).map(str::to_owned).collect::<Vec<_>>()
        };
        let (charset, title) = ("migrate.names.charset", "migrate.names.title");
        for name in names(method::TOOLS_LIST, "name") {
            if !is_plain(&name) {
                findings.found(charset, format!("the tool `{name}`"), seqs);
            }
        }
        for tool in tools.iter().filter(|tool| tool.get("title").is_none()) {
            if let Some(hint) = tool.pointer("/annotations/title").and_then(Value::as_str) {
                let name = tool["name"].as_str().unwrap_or_default();
                findings.found(title, format!("`{name}`: “{hint}”"), seqs);
            }
        }
        match tools.len() {
            0 => findings.unseen_all(&[charset, title], "no tool is listed"),
            n => [charset, title]
                .iter()
                .for_each(|id| findings.absent(id, format!("none of {n} tools"), seqs)),
        }
        let id = "migrate.names.encoded";
        let kinds = [
            (method::TOOLS_LIST, "name"),
            (method::RESOURCES_LIST, "uri"),
            (method::PROMPTS_LIST, "name"),
        ];
        let mut all = 0;
        for (method, member) in kinds {
            for name in names(method, member) {
                all += 1;
                if header::encode(&name) != name {
                    findings.found(id, format!("`{name}` of `{method}`"), &self.lists.seqs(method));
                }
            }
        }
        match all {
            0 => findings.unseen(id, "nothing is listed"),
            n => findings.absent(id, format!("none of {n} names and addresses"), &[]),
        }
    }

    /// Results that no schema describes.
    pub(super) fn output_schemas(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.tools.output-schema";
        for called in self.called.iter().filter(|c| c.tool.get("outputSchema").is_none()) {
            let Some(result) = called.result().filter(|r| r["isError"] != true) else { continue };
            let what = match result.get("structuredContent") {
                Some(_) => "`structuredContent`",
                None if is_json(result) => "JSON as its only text",
                None => continue,
            };
            let told = format!("`{}` gives {what} and has no `outputSchema`", called.name);
            findings.found(id, told, &[called.seen.seq()]);
        }
        match self.called.len() {
            0 => findings.unseen(id, "no tool may be called: allow some with --allow-calls"),
            n => findings.absent(id, format!("{n} tools were called"), &[]),
        }
    }
}

/// Whether a name has nothing but letters, digits, `_`, `-` and `.`, and is not too long.
fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a result is one text that holds an object or an array.
fn is_json(result: &Value) -> bool {
    let Some([only]) = result["content"].as_array().map(Vec::as_slice) else { return false };
    let Some(text) = only["text"].as_str().map(str::trim) else { return false };
    text.starts_with(['{', '[']) && plumb_wire::jsonrpc::parse(text.as_bytes()).value.is_ok()
}

/// What is seen in all schemas of these tools.
fn sights(tools: &[Value]) -> Vec<Sight> {
    let mut all = Vec::new();
    for tool in tools {
        let name = tool["name"].as_str().unwrap_or_default();
        for member in ["inputSchema", "outputSchema"] {
            let Some(schema) = tool.get(member) else { continue };
            let mut look = Look { left: PLACES, seen: Vec::new() };
            look.at(schema, &format!("`{name}`, {member}"), 0);
            all.append(&mut look.seen);
            // Too much work proves nothing.
            let fits = sample::work(schema) == sample::Work::TooMuch
                || jsonschema::draft202012::meta::is_valid(schema);
            if !fits {
                all.push(("migrate.schema.invalid", format!("`{name}`, {member}")));
            }
        }
    }
    all
}

/// A walk over a schema.
struct Look {
    left: usize,
    seen: Vec<Sight>,
}

impl Look {
    fn at(&mut self, schema: &Value, place: &str, depth: usize) {
        let Some(members) = schema.as_object() else { return };
        if self.left == 0 || depth > DEPTH {
            return;
        }
        self.left -= 1;
        let mut see =
            |id: &'static str, what: String| self.seen.push((id, format!("{place}: {what}")));
        if let Some(dialect) = schema["$schema"].as_str().filter(|d| !d.contains("2020-12")) {
            see("migrate.schema.draft07", format!("`$schema: {dialect}`"));
        }
        if schema["items"].is_array() {
            see("migrate.schema.tuple-items", "`items` is an array".into());
        }
        for (keyword, id) in [
            ("definitions", "migrate.schema.definitions"),
            ("dependencies", "migrate.schema.dependencies"),
        ] {
            if members.get(keyword).is_some_and(Value::is_object) {
                see(id, format!("`{keyword}`"));
            }
        }
        if let Some(to) = schema["$ref"].as_str().filter(|to| to.contains("://")) {
            see("migrate.schema.remote-ref", format!("`$ref: {to}`"));
        }
        for keyword in ONE {
            self.at(&schema[keyword], place, depth + 1);
        }
        for keyword in SEVERAL {
            for inner in schema[keyword].as_array().into_iter().flatten() {
                self.at(inner, place, depth + 1);
            }
        }
        for keyword in NAMED {
            for inner in schema[keyword].as_object().into_iter().flat_map(|named| named.values()) {
                self.at(inner, place, depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(schema: Value) -> Vec<&'static str> {
        let tools = [json!({"name": "t", "inputSchema": schema})];
        sights(&tools).into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn what_changes_is_seen_where_it_is_a_keyword() {
        assert_eq!(
            ids(json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"})),
            ["migrate.schema.draft07"]
        );
        let tuple = json!({"type": "object", "properties": {"p": {"items": [{"type": "string"}]}}});
        assert_eq!(ids(tuple), ["migrate.schema.tuple-items", "migrate.schema.invalid"]);
        assert_eq!(
            ids(json!({"definitions": {"a": {}}, "dependencies": {"b": ["c"]}})),
            ["migrate.schema.definitions", "migrate.schema.dependencies"]
        );
        assert_eq!(
            ids(json!({"properties": {"a": {"$ref": "https://example.com/s.json"}}})),
            ["migrate.schema.remote-ref"]
        );
        assert_eq!(
            ids(json!({"properties": {"n": {"exclusiveMinimum": true}}})),
            ["migrate.schema.invalid"]
        );
    }

    #[test]
    fn a_property_that_is_named_like_a_keyword_is_none() {
        let named = json!({"type": "object", "properties": {
            "items": {"type": "array"}, "definitions": {"type": "object"}, "$ref": {"type": "string"}
        }});
        assert!(ids(named).is_empty());
        assert!(ids(json!({"$schema": "https://json-schema.org/draft/2020-12/schema"})).is_empty());
    }

    #[test]
    fn a_hostile_schema_ends() {
        let mut deep = json!({"items": []});
        for _ in 0..100 {
            deep = json!({"not": deep});
        }
        assert!(ids(deep).len() < 3);
    }
}
