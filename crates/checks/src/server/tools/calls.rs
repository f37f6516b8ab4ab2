//! Tools that may be called and answer at once, and what their schemas refuse.

use std::time::Duration;

use plumb_flows::work::answers_at_once;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check, generate, sample};
use plumb_wire::method;
use serde_json::{Map, Value, json};

/// A tool that answers its accepted arguments with success, without a pause.
pub(super) struct AcceptingTool {
    pub(super) name: String,
    pub(super) tool: Value,
    pub(super) accepted: Map<String, Value>,
}

impl AcceptingTool {
    pub(super) fn schema(&self) -> &Value {
        self.tool.get("inputSchema").unwrap_or(&Value::Null)
    }

    /// The accepted arguments with one other value.
    pub(super) fn with(&self, name: &str, value: Value) -> Value {
        let mut arguments = self.accepted.clone();
        arguments.insert(name.to_owned(), value);
        Value::Object(arguments)
    }

    /// Whether the schema surely refuses the arguments.
    pub(super) async fn refuses(&self, arguments: &Value) -> bool {
        let (schema, arguments) = (self.schema().clone(), arguments.clone());
        let refuses = sample::aside(Duration::from_millis(500), move || {
            generate::refuses(&schema, &arguments)
        });
        refuses.await.unwrap_or(false)
    }
}

/// Keywords that refuse no arguments of a call; a schema of these alone is not worth one.
const SAYS_NOTHING: [&str; 9] = [
    "type",
    "title",
    "description",
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "examples",
];

/// The callable tools that succeed at once, each just shown to do so; at most so many.
pub(super) async fn subjects(bench: &Bench, most: usize) -> Result<Vec<AcceptingTool>, Trouble> {
    let mut subjects = Vec::new();
    for callable in &bench.survey().callable {
        let quick = answers_at_once(bench, callable);
        let name = callable.tool.get("name").and_then(Value::as_str);
        let schema = callable.tool.get("inputSchema").and_then(Value::as_object);
        let worth = schema.is_some_and(|s| s.keys().any(|k| !SAYS_NOTHING.contains(&k.as_str())));
        let Some(name) = name.filter(|_| quick && worth && subjects.len() < most) else { continue };
        let control =
            bench.send(bench.call_of(name, Value::Object(callable.arguments.clone()))).await?;
        if control.complete().is_some_and(|r| r.get("isError") != Some(&json!(true))) {
            subjects.push(AcceptingTool {
                name: name.to_owned(),
                tool: callable.tool.clone(),
                accepted: callable.arguments.clone(),
            });
        }
    }
    Ok(subjects)
}

/// So many tools are called without arguments.
const WITHOUT: usize = 3;

check! {
    /// **Observed:** tools that take an empty object of arguments are called without the member `arguments`: what comes is a
    /// result, whatever the tool says in it, and no JSON-RPC error.
    ///
    /// **Why:** the schema of the request does not require the member, and clients leave it out where there is nothing to
    /// say.
    ///
    /// **Fix:** read absent `arguments` as `{}`.
    pub(crate) ARGUMENTS_OPTIONAL = "schema.call-tool.arguments-optional";
    applies: [Declares(Tools)];
    scenario: arguments_optional
}

async fn arguments_optional(bench: &Bench) -> Judgement {
    let callable = bench.survey().callable.iter().filter(|c| answers_at_once(bench, c));
    let mut shown = 0;
    for tool in callable.map(|callable| &callable.tool) {
        let required = tool.pointer("/inputSchema/required").and_then(Value::as_array);
        let Some(name) = tool["name"].as_str().filter(|_| required.is_none_or(Vec::is_empty))
        else {
            continue;
        };
        let control = bench.send(bench.call_of(name, json!({}))).await?;
        if control.complete().is_none_or(|result| result.get("isError") == Some(&json!(true))) {
            continue;
        }
        let call = Probe::request(method::TOOLS_CALL, json!({"name": name}));
        let seen = bench.send(call.mirrored(&tool["inputSchema"])).await?;
        let finding =
            Finding::expect(seen.settled()?.result().is_some(), "a result", || seen.describe());
        bench.case(name, format!("{name:?} without the member `arguments`"), Ok(finding));
        shown += 1;
        if shown == WITHOUT {
            break;
        }
    }
    bench.conclude()
}

/// At most so many tools are called with an unknown argument.
const TOOLS: usize = 24;

check! {
    /// **Observed:** callable tools whose schema is closed, by `additionalProperties: false` or
    /// `unevaluatedProperties: false`, at its root or in a nested object, do not serve a call with an argument that
    /// the schema does not know.
    ///
    /// **Why:** an argument that is silently dropped is one that the caller believes in: a misspelt limit, a
    /// filter, a dry-run switch.
    ///
    /// **Fix:** validate by the schema that is listed, or allow additional properties in it.
    pub(crate) ADDITIONAL_PROPERTIES = "tools.sec.additional-properties";
    fact: "tools.sec.validate-inputs";
    applies: [Declares(Tools)];
    needs: [Tool];
    scenario: additional_properties
}

async fn additional_properties(bench: &Bench) -> Judgement {
    for subject in subjects(bench, TOOLS).await? {
        for (place, arguments) in with_unknown(subject.schema(), &subject.accepted) {
            if !subject.refuses(&arguments).await {
                continue;
            }
            let answer = bench.send(bench.call_of(&subject.name, arguments)).await?;
            let title = format!("{} with an unknown argument {place}", subject.name);
            let slug = if place == "at the root" {
                subject.name.clone()
            } else {
                format!("{}-nested", subject.name)
            };
            bench.case(&slug, title, Ok(unserved(&answer)));
        }
    }
    bench.conclude()
}

fn unserved(answer: &Observed) -> Finding {
    if answer.complete().is_some_and(|r| r.get("isError") != Some(&json!(true))) {
        return Finding::violated(
            "a refusal of the argument that the schema does not know",
            answer.describe(),
        );
    }
    if answer.result().is_some() || answer.is_refused() {
        return Finding::Held;
    }
    Finding::unseen(format!("neither served nor refused: {}", answer.describe()), "answer the call")
}

/// The accepted arguments with an unknown one, at the root and in the first nested object: where, and the arguments.
fn with_unknown(schema: &Value, accepted: &Map<String, Value>) -> Vec<(&'static str, Value)> {
    const UNKNOWN: &str = "plumb_unknown";
    let closed = |schema: &Value| {
        ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .any(|keyword| schema.get(*keyword) == Some(&json!(false)))
    };
    let mut found = Vec::new();
    if closed(schema) {
        let mut arguments = accepted.clone();
        arguments.insert(UNKNOWN.into(), json!("plumb"));
        found.push(("at the root", Value::Object(arguments)));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let nested = properties.into_iter().flatten().find(|(_, property)| closed(property));
    if let Some((name, property)) = nested {
        let given = accepted.get(name).and_then(Value::as_object).cloned();
        if let Some(mut inner) = given.or_else(|| sample::arguments(property)) {
            inner.insert(UNKNOWN.into(), json!("plumb"));
            let mut arguments = accepted.clone();
            arguments.insert(name.clone(), Value::Object(inner));
            found.push(("in a nested object", Value::Object(arguments)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, error, stdio};

    #[test]
    fn unknown_arguments_are_put_where_a_schema_is_closed() {
        let none = Map::new();
        let places = |schema: Value| -> Vec<&'static str> {
            with_unknown(&schema, &none).into_iter().map(|(place, _)| place).collect()
        };
        assert_eq!(places(json!({"type": "object"})), Vec::<&str>::new());
        assert_eq!(places(json!({"additionalProperties": false})), ["at the root"]);
        assert_eq!(places(json!({"unevaluatedProperties": false})), ["at the root"]);
        let inner = json!({"type": "object", "additionalProperties": false});
        let made = with_unknown(&json!({"properties": {"o": inner}}), &none);
        assert_eq!(made, [("in a nested object", json!({"o": {"plumb_unknown": "plumb"}}))]);
    }

    #[test]
    fn an_unknown_argument_may_be_refused_by_an_error_or_by_a_result() {
        let judged = |answer: &Value| {
            unserved(&stdio("tools/call", json!({}), std::slice::from_ref(answer)))
        };
        assert_eq!(judged(&error(-32602)), Finding::Held);
        assert_eq!(judged(&complete(json!({"content": [], "isError": true}))), Finding::Held);
        let served = complete(json!({"content": []}));
        assert!(matches!(judged(&served), Finding::Violated { .. }));
    }
}
