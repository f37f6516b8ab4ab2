//! Tools that may be called and answer at once, and what their schemas refuse.

use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Trouble, check, generate};
use serde_json::{Map, Value, json};

use crate::validation::aside;

/// A tool that answers its accepted arguments with success, without a pause.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) tool: Value,
    pub(super) accepted: Map<String, Value>,
}

impl Subject {
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
        let refuses =
            aside(Duration::from_millis(500), move |_| generate::refuses(&schema, &arguments));
        refuses.await.unwrap_or(false)
    }
}

/// The callable tools that succeed at once, each just shown to do so; at most so many.
pub(super) async fn subjects(bench: &Bench, most: usize) -> Result<Vec<Subject>, Trouble> {
    let mut subjects = Vec::new();
    for callable in &bench.survey().callable {
        let complete = callable.shown.as_ref().is_some_and(|shown| shown.complete().is_some());
        let quick = complete && bench.survey().is_quick(callable);
        let name = callable.tool.get("name").and_then(Value::as_str);
        let takes_arguments =
            callable.tool.pointer("/inputSchema/properties").and_then(Value::as_object);
        let closed =
            callable.tool.pointer("/inputSchema/additionalProperties") == Some(&json!(false));
        let worth = takes_arguments.is_some_and(|p| !p.is_empty()) || closed;
        let Some(name) = name.filter(|_| quick && worth && subjects.len() < most) else { continue };
        let control =
            bench.send(bench.call_of(name, Value::Object(callable.arguments.clone()))).await?;
        if control.complete().is_some_and(|r| r.get("isError") != Some(&json!(true))) {
            subjects.push(Subject {
                name: name.to_owned(),
                tool: callable.tool.clone(),
                accepted: callable.arguments.clone(),
            });
        }
    }
    Ok(subjects)
}

check! {
    /// **Observed:** callable tools whose schema has `additionalProperties: false` do not serve a call with an
    /// argument that the schema does not know.
    ///
    /// **Why:** an argument that is silently dropped is one that the caller believes in: a misspelt limit, a
    /// filter, a dry-run switch.
    ///
    /// **Fix:** validate by the schema that is listed, or allow additional properties in it.
    pub(crate) ADDITIONAL_PROPERTIES = "tools.sec.additional-properties";
    applies: [Declares("tools")];
    needs: [Tool];
    scenario: additional_properties
}

async fn additional_properties(bench: &Bench) -> Judgement {
    for subject in subjects(bench, 16).await? {
        let arguments = subject.with("plumb_unknown", json!("plumb"));
        let closed = subject.schema().get("additionalProperties") == Some(&json!(false));
        if !closed || !subject.refuses(&arguments).await {
            continue;
        }
        let answer = bench.send(bench.call_of(&subject.name, arguments)).await?;
        let served = answer.complete().is_some_and(|r| r.get("isError") != Some(&json!(true)));
        let finding = if served {
            Finding::violated(
                "a refusal of the argument that the schema does not know",
                answer.describe(),
            )
        } else if answer.result().is_some() || answer.is_refused() {
            Finding::Held
        } else {
            Finding::unseen(
                format!("neither served nor refused: {}", answer.describe()),
                "answer the call",
            )
        };
        bench.case(
            &subject.name,
            format!("{} with an unknown argument", subject.name),
            Ok(finding),
        );
    }
    bench.conclude()
}
