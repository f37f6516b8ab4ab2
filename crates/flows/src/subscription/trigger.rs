//! Calls that update a resource, whatever the tool's name, and whether they did.

use plumb_runner::{Bench, Probe, Prop, Trouble, capable};
use plumb_wire::method;
use serde_json::{Value, json};

/// At most so many tools are tried whose effect is not known.
const TOOLS: usize = 4;

/// The parameters that name the resource.
const NAMES: [&str; 4] = ["uri", "resource_uri", "resourceUri", "resource"];

/// A call that may update a resource.
#[derive(Clone)]
pub struct Trigger {
    /// The tool.
    pub tool: String,
    /// The call.
    pub call: Probe,
    /// The resource.
    pub uri: String,
    /// Whether it is known to update it: by its name, or because the user says so.
    pub known: bool,
}

/// The prop that updates a resource, or else the tools that may be called, do not say that they only read, and take the
/// URI of a resource.
pub fn updates(bench: &Bench) -> Vec<Trigger> {
    let survey = bench.survey();
    if let Some(prop) = survey.prop(Prop::UpdateResource) {
        let given = prop.arguments.get("uri").and_then(Value::as_str);
        let Some(uri) = given.or(prop.about.as_deref()).map(str::to_owned) else {
            return Vec::new();
        };
        let call = capable(bench.call_of(&prop.name, Value::Object(prop.arguments.clone())));
        return vec![Trigger { tool: prop.name.clone(), call, uri, known: true }];
    }
    let Some(first) = survey.prop(Prop::Resource).map(|r| r.name.clone()) else {
        return Vec::new();
    };
    let listed = |uri: &str| survey.resources.items.iter().any(|r| r.value["uri"] == uri);
    let by_uri = |callable: &plumb_runner::survey::Callable| {
        let only_reads = callable.tool.pointer("/annotations/readOnlyHint") == Some(&json!(true));
        let parameter = parameter(&callable.tool).filter(|_| !only_reads)?;
        let default = callable.tool["inputSchema"]["properties"][parameter]["default"].as_str();
        let uri = default.filter(|uri| listed(uri)).unwrap_or(&first).to_owned();
        let mut arguments = callable.arguments.clone();
        arguments.insert(parameter.to_owned(), json!(uri));
        let tool = callable.tool["name"].as_str()?.to_owned();
        let call = capable(bench.call_of(&tool, Value::Object(arguments)));
        Some(Trigger { tool, call, uri, known: false })
    };
    survey.callable.iter().filter_map(by_uri).take(TOOLS).collect()
}

/// The parameter of a tool that takes any URI.
fn parameter(tool: &Value) -> Option<&'static str> {
    let properties = tool.pointer("/inputSchema/properties")?.as_object()?;
    let free =
        |s: &Value| s["type"] == "string" && s.get("enum").is_none() && s.get("const").is_none();
    NAMES.into_iter().find(|name| properties.get(*name).is_some_and(free))
}

/// What reading the resource gives now, to tell whether it was updated; nothing if it cannot be read.
pub async fn contents(bench: &Bench, uri: &str) -> Result<Option<Value>, Trouble> {
    let seen = bench.send(Probe::request(method::RESOURCES_READ, json!({"uri": uri}))).await?;
    Ok(seen.complete().and_then(|r| r.get("contents")).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_takes_any_uri_is_known_by_its_parameter() {
        let tool = |property: Value| json!({"inputSchema": {"properties": property}});
        assert_eq!(parameter(&tool(json!({"uri": {"type": "string"}}))), Some("uri"));
        assert_eq!(parameter(&tool(json!({"uri": {"type": "string", "enum": ["a"]}}))), None);
        assert_eq!(parameter(&tool(json!({"url": {"type": "string"}}))), None);
    }
}
