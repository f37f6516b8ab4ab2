//! What the target declares and shows, learnt once at the start.

pub(crate) mod contact;
mod lists;
mod shown;
pub(crate) mod tasks;
pub(crate) mod watch;

use std::sync::Arc;

use plumb_model::pack::ParamType;
use plumb_wire::header;
use serde_json::{Map, Value};

use crate::authorization_server::AuthorizationServer;
use crate::channel::Channel;
use crate::{Observed, Prop, Props, sample};

pub use contact::ContactError;
pub use lists::{Item, Listing};
pub use tasks::{EndedTask, Tasking};
pub use watch::{every_capability, expand, required_arguments, variables};

/// What the target declares and shows.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Whether it is reached over Streamable HTTP.
    pub http: bool,
    /// Whether it trusts the authorization server of the run.
    pub protected: bool,
    /// The authorization server that the target is; nothing below is then known.
    pub authorization_server: Option<Arc<AuthorizationServer>>,
    /// Whether the target is on this machine, by its address.
    pub local: bool,
    /// Whether it also answers the handshake of earlier revisions.
    pub dual_era: bool,
    /// Whether the handshake of earlier revisions was left unanswered, so that nobody knows: what binds one era alone is not
    /// judged then, and what may belong to the other is passed over.
    pub era_undecided: bool,
    /// The revision of the handshake, if the target speaks only such a one.
    pub legacy_only: Option<String>,
    /// The answer to `server/discover`.
    pub discover: Option<Observed>,
    /// The answer to an `initialize` of an earlier revision.
    pub initialize: Option<Observed>,
    /// The capabilities that it declares.
    pub capabilities: Value,
    /// The versions that it advertises.
    pub versions: Vec<String>,
    /// Its name and version by its own account.
    pub server: Option<String>,
    /// Its tools, all pages.
    pub tools: Listing,
    /// Its resources, all pages.
    pub resources: Listing,
    /// Its resource templates, all pages.
    pub templates: Listing,
    /// Its prompts, all pages.
    pub prompts: Listing,
    /// The props that were found.
    pub props: Props,
    /// The tools that may be called, with arguments that they accept.
    pub callable: Vec<Callable>,
    /// The tools that answered with a task when the tasks extension was declared.
    pub tasks: Vec<Tasking>,
    /// One of their tasks, which has ended.
    pub ended_task: Option<EndedTask>,
    /// What reading the first listed resources showed, with every client capability declared.
    pub read: Vec<Observed>,
    /// What getting the first listed prompts showed, with every client capability declared.
    pub gotten: Vec<Observed>,
}

/// A tool that may be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// Its definition, as listed.
    pub tool: Value,
    /// Arguments that its schema accepts.
    pub arguments: Map<String, Value>,
    /// What a call with them showed, with every client capability declared.
    pub shown: Option<Observed>,
}

/// A parameter that is mirrored into a header.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// The tool.
    pub tool: Value,
    /// Arguments that the tool accepts.
    pub arguments: Map<String, Value>,
    /// The JSON pointer of the parameter within the arguments.
    pub pointer: String,
    /// The header field's name.
    pub header: String,
}

/// Which tools of a stranger's server may be called.
#[derive(Clone, Debug, Default)]
pub struct AllowCalls {
    /// All of them.
    pub all: bool,
    /// Those of these names.
    pub names: Vec<String>,
}

impl Survey {
    /// Looks at a target. Every exchange is recorded under the name `survey`. The handshake of earlier
    /// revisions is tried on `handshake`: over standard streams it may bind the whole process to them.
    pub(crate) async fn look(
        channel: &Channel,
        handshake: &Channel,
        local: bool,
        given: &Props,
        allow: &AllowCalls,
    ) -> Result<Self, ContactError> {
        let mut survey = Self { http: channel.keeper().is_none(), local, ..Self::default() };
        contact::make(&mut survey, channel, handshake).await?;
        if survey.legacy_only.is_some() {
            return Ok(survey);
        }
        lists::read(&mut survey, channel).await;
        survey.props.clone_from(given);
        let mut callable = watch::callables(&survey, allow);
        // Nothing of this depends on anything else of it, so the slowest tool is all there is to wait for.
        let (shown, (tasks, ended_task), completions, template, (read, gotten)) = tokio::join!(
            watch::call_each(&callable, channel),
            tasks::watch_each(&survey, &callable, channel),
            watch::complete_each(&survey, channel),
            watch::read_template(&survey, channel),
            shown::read_each(&survey, channel),
        );
        for (callable, shown) in callable.iter_mut().zip(shown) {
            callable.shown = shown;
        }
        survey = Self { callable, ended_task, read, gotten, ..survey };
        watch::by_lists(&mut survey);
        watch::by_calls(&mut survey);
        watch::by_completions(&mut survey, completions);
        if let Some((template, value, uri)) = template {
            let arguments = Map::from_iter([("value".to_owned(), value.into())]);
            watch::offer(&mut survey, Prop::Template, &template, arguments, Some(&uri));
        }
        tasks::by_tasks(&mut survey, tasks);
        Ok(survey)
    }

    /// What there is to know of an authorization server.
    pub(crate) fn of_authorization_server(server: Arc<AuthorizationServer>) -> Self {
        Self {
            http: true,
            local: server.is_local(),
            authorization_server: Some(server),
            ..Self::default()
        }
    }

    /// Whether the target is reached over Streamable HTTP.
    pub fn is_http(&self) -> bool {
        self.http
    }

    /// Whether a capability is declared: `tools`, `resources.subscribe`, `extensions.io…/tasks`.
    pub fn declares(&self, capability: &str) -> bool {
        let (first, rest) = capability.split_once('.').unwrap_or((capability, ""));
        let Some(value) = self.capabilities.get(first) else { return false };
        let value = if rest.is_empty() { Some(value) } else { value.get(rest) };
        value.is_some_and(|v| v.is_object() || v == true)
    }

    /// A prop, if it was found.
    pub fn prop(&self, prop: Prop) -> Option<&crate::Found> {
        self.props.get(&prop)
    }

    /// The definition of a listed tool.
    pub fn tool(&self, name: &str) -> Option<&Value> {
        self.tools.items.iter().map(|i| &i.value).find(|t| t["name"] == name)
    }

    /// The annotated parameters of this type of callable tools.
    pub fn annotated(&self, of: ParamType) -> impl Iterator<Item = Annotated> {
        self.callable.iter().flat_map(move |callable| annotated(callable, of))
    }

    /// What the survey found, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        if let Some(server) = &self.authorization_server {
            return server
                .metadata()
                .map(|(place, _)| format!("metadata at {}", place.url))
                .collect();
        }
        let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        let mut notes = vec![format!(
            "{} ({} may be called), {}, {}, {}",
            counted(self.tools.items.len(), "tool"),
            self.callable.len(),
            counted(self.resources.items.len(), "resource"),
            counted(self.templates.items.len(), "template"),
            counted(self.prompts.items.len(), "prompt"),
        )];
        if !self.props.is_empty() {
            let names: Vec<String> = self.props.keys().map(|p| p.name()).collect();
            notes.push(format!("{} props: {}", names.len(), names.join(", ")));
        }
        notes
    }
}

fn annotated(callable: &Callable, of: ParamType) -> Vec<Annotated> {
    let wanted = match of {
        ParamType::String => "string",
        ParamType::Integer => "integer",
        ParamType::Boolean => "boolean",
    };
    let mut found = Vec::new();
    find_annotated(&callable.tool["inputSchema"], wanted, "", &mut found);
    let usable = |(pointer, name)| usable(callable, pointer, name);
    found.into_iter().filter_map(usable).collect()
}

fn usable(callable: &Callable, pointer: String, name: &str) -> Option<Annotated> {
    let schema = callable.tool.get("inputSchema")?;
    let mut arguments = callable.arguments.clone();
    let free = |schema: &Value| {
        ["enum", "const", "pattern", "format"].iter().all(|k| schema.get(*k).is_none())
    };
    let at = schema.pointer(&pointer.replace('/', "/properties/"))?;
    if !free(at) {
        return None;
    }
    // Nested parameters need their parents.
    let mut inner = &mut arguments;
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    for step in &steps[..steps.len().saturating_sub(1)] {
        let slot = inner.entry((*step).to_owned()).or_insert_with(|| Value::Object(Map::new()));
        inner = slot.as_object_mut()?;
    }
    let valid =
        sample::validator(schema).is_none_or(|v| v.is_valid(&Value::Object(arguments.clone())));
    valid.then(|| Annotated {
        tool: callable.tool.clone(),
        arguments,
        pointer,
        header: format!("{}{name}", header::PARAM_PREFIX),
    })
}

fn find_annotated<'a>(
    schema: &'a Value,
    wanted: &str,
    at: &str,
    found: &mut Vec<(String, &'a str)>,
) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{name}");
        match property.get(header::ANNOTATION).and_then(Value::as_str) {
            Some(named) if property["type"] == wanted => found.push((pointer, named)),
            _ => find_annotated(property, wanted, &pointer, found),
        }
    }
}
