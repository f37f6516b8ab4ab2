//! What can be completed: the arguments of listed prompts, the variables of listed templates.

use plumb_runner::{Bench, Observed, Probe};
use plumb_wire::method;
use plumb_wire::uri::template::variables;
use serde_json::{Value, json};

/// At most so many prompts or templates with arguments are looked at, and so many arguments of each.
const SUBJECTS: usize = 200;

/// Arguments or variables that belong together.
pub struct Completable {
    /// The reference to the prompt or template.
    pub reference: Value,
    /// What it is called.
    pub name: String,
    /// The arguments or variables.
    pub arguments: Vec<String>,
}

impl Completable {
    /// The request for completions of one argument.
    pub fn probe(&self, argument: &str, value: &str) -> Probe {
        complete(&self.reference, argument, value)
    }
}

/// The request for completions.
pub fn complete(reference: &Value, argument: &str, value: &str) -> Probe {
    Probe::request(
        method::COMPLETE,
        json!({"ref": reference, "argument": {"name": argument, "value": value}}),
    )
}

/// Listed prompts with arguments.
pub fn prompts(bench: &Bench) -> Vec<Completable> {
    let items = bench.survey().prompts.items.iter().map(|p| &p.value);
    let subject = |prompt: &Value| {
        let name = prompt.get("name")?.as_str()?.to_owned();
        let arguments = prompt.get("arguments")?.as_array()?;
        let names = arguments.iter().filter_map(|a| a.get("name")?.as_str().map(str::to_owned));
        let arguments: Vec<String> = names.take(SUBJECTS).collect();
        let reference = json!({"type": "ref/prompt", "name": name});
        (!arguments.is_empty()).then_some(Completable { reference, name, arguments })
    };
    items.filter_map(subject).take(SUBJECTS).collect()
}

/// Listed templates with variables.
pub fn templates(bench: &Bench) -> Vec<Completable> {
    let items = bench.survey().templates.items.iter().map(|t| &t.value);
    let subject = |template: &Value| {
        let name = template.get("uriTemplate")?.as_str()?.to_owned();
        if plumb_wire::uri::template::flaw(&name).is_some() {
            return None;
        }
        let mut arguments = variables(&name);
        arguments.truncate(SUBJECTS);
        let reference = json!({"type": "ref/resource", "uri": name});
        (!arguments.is_empty()).then_some(Completable { reference, name, arguments })
    };
    items.filter_map(subject).take(SUBJECTS).collect()
}

/// The completed values.
pub fn values(answer: &Observed) -> Option<Vec<&str>> {
    let values = answer.complete()?.pointer("/completion/values")?.as_array()?;
    Some(values.iter().filter_map(Value::as_str).collect())
}
