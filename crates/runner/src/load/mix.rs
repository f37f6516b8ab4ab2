//! What is asked: requests that change nothing, each with something that its own answer must show.

use plumb_model::load::{MARK_PLACE as PLACE, Scripted, ScriptedShows};
use plumb_model::{Edition, Header};
use plumb_wire::{header, meta, method};
use serde_json::{Map, Value, json};

use crate::Survey;

/// At most so many tools, resources and prompts each.
const EACH: usize = 8;

/// The requests of a load, in the order of their turns.
#[derive(Clone, Debug, Default)]
pub struct Mix {
    /// Each kind of request.
    pub shots: Vec<Shot>,
}

/// A kind of request.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The method, and what it names.
    pub name: String,
    /// The message; [`MARK_PLACE`](PLACE) stands for the mark of the request in its id, and in an argument that comes back.
    pub template: Value,
    /// The header fields that mirror arguments, with the same place.
    pub params: Vec<(String, String)>,
    /// By what its own answer is known, beside the id.
    pub shows: Shows,
    /// Whether it may be sent once more where nobody knows if it arrived: by its method, or by what its tool says of itself (RFC 9110,
    /// section 9.2.2).
    pub idempotent: bool,
}

/// What an answer shows of its request, beside the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nothing.
    Id,
    /// A list under this member of the result.
    List(&'static str),
    /// The argument, somewhere.
    Argument,
    /// The resource, as the `uri` of its contents.
    Resource(String),
}

impl Shows {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Id => "its id".into(),
            Self::List(member) => format!("its id, and `{member}`"),
            Self::Argument => "its id, and its own argument".into(),
            Self::Resource(uri) => format!("its id, and the resource {uri}"),
        }
    }
}

impl Mix {
    /// What a server offers that may be asked over and over.
    pub(super) fn of(survey: &Survey, edition: &Edition) -> Self {
        let request = |method: &str, params: Value| template(edition, method, params);
        let plain = |name: &str, params: Value, shows: Shows| {
            let (name, template) = (name.to_owned(), request(name, params));
            Shot { name, template, params: Vec::new(), shows, idempotent: true }
        };
        let mut shots = vec![plain(method::DISCOVER, json!({}), Shows::Id)];
        for (listing, method, member) in [
            (&survey.tools, method::TOOLS_LIST, "tools"),
            (&survey.resources, method::RESOURCES_LIST, "resources"),
            (&survey.prompts, method::PROMPTS_LIST, "prompts"),
        ] {
            if !listing.items.is_empty() {
                shots.push(plain(method, json!({}), Shows::List(member)));
            }
        }
        for uri in survey.resources.items.iter().filter_map(|r| r.value["uri"].as_str()).take(EACH)
        {
            let name = format!("{} {uri}", method::RESOURCES_READ);
            let shot =
                plain(method::RESOURCES_READ, json!({"uri": uri}), Shows::Resource(uri.into()));
            shots.push(Shot { name, ..shot });
        }
        let needs = |prompt: &Value| {
            prompt["arguments"]
                .as_array()
                .is_some_and(|all| all.iter().any(|a| a["required"] == true))
        };
        let prompts = survey.prompts.items.iter().map(|p| &p.value).filter(|prompt| !needs(prompt));
        for prompt in prompts.filter_map(|p| p["name"].as_str()).take(EACH) {
            let name = format!("{} {prompt}", method::PROMPTS_GET);
            shots.push(Shot {
                name,
                ..plain(method::PROMPTS_GET, json!({"name": prompt}), Shows::Id)
            });
        }
        shots.extend(calls(survey, edition));
        Self { shots }
    }
}

/// The calls of quick tools that may be called: those that may say what they were told come first.
fn calls(survey: &Survey, edition: &Edition) -> Vec<Shot> {
    let quick = survey.callable.iter().filter(|callable| {
        let shown = callable.shown.as_ref().and_then(crate::Observed::complete);
        survey.is_quick(callable) && shown.is_some_and(|result| result["isError"] != true)
    });
    let mut calls: Vec<Shot> = quick
        .filter_map(|callable| {
            let tool = callable.tool["name"].as_str()?;
            let schema = &callable.tool["inputSchema"];
            let mut arguments = callable.arguments.clone();
            let marked = marked(schema, &mut arguments);
            let arguments = Value::Object(arguments);
            let params = header::param_headers(schema, &arguments);
            let message = json!({"name": tool, "arguments": arguments});
            Some(Shot {
                name: format!("{} {tool}", method::TOOLS_CALL),
                template: template(edition, method::TOOLS_CALL, message),
                params,
                shows: if marked { Shows::Argument } else { Shows::Id },
                idempotent: is_idempotent(&callable.tool),
            })
        })
        .collect();
    calls.sort_by_key(|shot| shot.shows == Shows::Id);
    calls.truncate(EACH);
    calls
}

/// Whether a tool says that a second call does nothing more: it reads only, or is idempotent.
fn is_idempotent(tool: &Value) -> bool {
    let says = |hint: &str| tool["annotations"][hint] == true;
    says("readOnlyHint") || says("idempotentHint")
}

/// Puts the place of the mark into the first argument that takes any text; whether there is one.
fn marked(schema: &Value, arguments: &mut Map<String, Value>) -> bool {
    let limits = ["enum", "const", "pattern", "format", "maxLength"];
    let free = |s: &Value| s["type"] == "string" && limits.iter().all(|limit| s[limit].is_null());
    let roomy = |s: &Value| {
        let unlimited =
            limits.iter().filter(|l| **l != "maxLength").all(|limit| s[limit].is_null());
        s["type"] == "string" && unlimited && s["maxLength"].as_u64().is_none_or(|n| n >= 64)
    };
    let all = || schema["properties"].as_object().into_iter().flatten();
    let place = all().find(|(_, s)| free(s)).or_else(|| all().find(|(_, s)| roomy(s)));
    place.is_some_and(|(name, _)| {
        arguments.insert(name.clone(), json!(PLACE));
        true
    })
}

fn template(edition: &Edition, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        meta::PROTOCOL_VERSION: edition.revision,
        meta::CLIENT_INFO: {"name": "plumb", "version": env!("CARGO_PKG_VERSION")},
        meta::CLIENT_CAPABILITIES: {},
    });
    json!({"jsonrpc": "2.0", "id": PLACE, "method": method, "params": params})
}

impl Shot {
    /// The message under a mark.
    pub fn message(&self, mark: &str) -> Value {
        let mut message = self.template.clone();
        put(&mut message, mark);
        message
    }

    /// For a script of another tool.
    pub fn scripted(&self) -> Scripted {
        let shows = match &self.shows {
            Shows::Id => ScriptedShows::Id,
            Shows::List(member) => ScriptedShows::List((*member).to_owned()),
            Shows::Argument => ScriptedShows::Mark,
            Shows::Resource(uri) => ScriptedShows::Resource(uri.clone()),
        };
        let (name, headers) = (self.name.clone(), self.headers(PLACE));
        Scripted { name, headers, body: self.template.to_string(), shows }
    }

    /// Every header field that goes with a message under a mark, but for those of the connection.
    pub fn headers(&self, mark: &str) -> Vec<Header> {
        let mut fields = vec![
            Header::new("Content-Type", "application/json"),
            Header::new("Accept", "application/json, text/event-stream"),
        ];
        fields.extend(header::standard_headers(&self.message(mark)));
        let params = self.params.iter();
        fields.extend(params.map(|(name, value)| Header::new(name, value.replace(PLACE, mark))));
        fields
    }
}

fn put(value: &mut Value, mark: &str) {
    match value {
        Value::String(text) if text == PLACE => mark.clone_into(text),
        Value::Array(all) => all.iter_mut().for_each(|value| put(value, mark)),
        Value::Object(all) => all.values_mut().for_each(|value| put(value, mark)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_says_of_itself_tells_whether_it_may_be_called_twice() {
        for (annotations, may) in [
            (json!({"readOnlyHint": true}), true),
            (json!({"readOnlyHint": false, "idempotentHint": true}), true),
            (json!({"readOnlyHint": false}), false),
            (Value::Null, false),
        ] {
            assert_eq!(is_idempotent(&json!({"annotations": annotations})), may, "{annotations}");
        }
    }

    #[test]
    fn a_mark_stands_in_the_id_in_the_argument_and_in_its_field() {
        let schema = json!({"type": "object", "properties": {
            "kind": {"type": "string", "enum": ["a"]},
            "text": {"type": "string", "x-mcp-header": "Text"}}});
        let mut arguments = Map::from_iter([("kind".to_owned(), json!("a"))]);
        assert!(marked(&schema, &mut arguments));
        let arguments = Value::Object(arguments);
        let shot = Shot {
            name: "tools/call say".into(),
            params: header::param_headers(&schema, &arguments),
            template: template(
                &Edition::latest(),
                method::TOOLS_CALL,
                json!({"name": "say", "arguments": arguments}),
            ),
            shows: Shows::Argument,
            idempotent: true,
        };
        let message = shot.message("plumb-load-7");
        assert_eq!(message["id"], "plumb-load-7");
        assert_eq!(message["params"]["arguments"], json!({"kind": "a", "text": "plumb-load-7"}));
        let fields = shot.headers("plumb-load-7");
        let field = |name: &str| fields.iter().find(|f| f.name == name).map(|f| f.value.as_str());
        assert_eq!(field("Mcp-Param-Text"), Some("plumb-load-7"));
        assert_eq!(field("Mcp-Name"), Some("say"));
    }
}
