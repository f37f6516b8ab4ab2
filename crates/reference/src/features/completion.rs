//! completion/complete.

use serde_json::{Value, json};

use crate::call::Call;
use crate::message::RpcError;

use super::prompts;
use super::resources::templates;

/// The most values in one answer.
const LIMIT: usize = 100;

pub(crate) fn complete(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !rules.unoffered_method_unknown {
        return Err(RpcError::internal("completions are not offered"));
    }
    if !rules.unoffered_completion_code {
        return Err(RpcError::invalid_params("completions are not offered"));
    }
    if !call.server.state.admit(call.server.options.calls_per_second) {
        return Err(RpcError::internal("too many requests in one second: try again in the next"));
    }
    let Some(request) = Request::parse(call)? else {
        return Ok(json!({ "completion": { "values": [], "total": 0, "hasMore": false } }));
    };
    let domain = domain(call, &request)?;
    Ok(json!({ "completion": answer(call, &domain, request.value) }))
}

struct Request<'a> {
    reference: Reference<'a>,
    argument: &'a str,
    value: &'a str,
    context: Option<&'a serde_json::Map<String, Value>>,
}

enum Reference<'a> {
    Prompt(&'a str),
    Resource(&'a str),
}

impl<'a> Request<'a> {
    /// The request; `None` for one that a careless mutant takes for an empty one.
    fn parse(call: &'a Call) -> Result<Option<Self>, RpcError> {
        let rules = call.rules();
        let (reference, argument) = (call.params.get("ref"), call.params.get("argument"));
        if !rules.completion_arguments_required && (reference.is_none() || argument.is_none()) {
            return Ok(None);
        }
        let part = |object: Option<&'a Value>, name: &str| {
            object.and_then(|object| object.get(name)).and_then(Value::as_str)
        };
        let kind = part(reference, "type");
        let reference = match kind {
            Some("ref/prompt") => part(reference, "name").map(Reference::Prompt),
            Some("ref/resource") => part(reference, "uri").map(Reference::Resource),
            _ => None,
        };
        let context = match call.params.get("context") {
            None => None,
            Some(context) => match context.get("arguments") {
                None if context.is_object() => None,
                Some(Value::Object(arguments)) if arguments.values().all(Value::is_string) => {
                    Some(arguments)
                }
                _ if !rules.completion_types_checked => None,
                _ => return Err(call.malformed("context.arguments is not an object of strings")),
            },
        };
        match (reference, part(argument, "name"), part(argument, "value")) {
            (Some(_), _, Some(value)) if value.len() > 4_096 => {
                Err(call.malformed("argument.value is too long"))
            }
            (Some(reference), Some(argument), Some(value)) => {
                Ok(Some(Self { reference, argument, value, context }))
            }
            _ if !rules.completion_types_checked => Ok(None),
            (None, ..) => Err(call.malformed("ref is neither a prompt nor a resource reference")),
            _ => Err(call.malformed("argument needs a name and a value, both strings")),
        }
    }
}

/// Everything that may stand for the argument.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each argument")]
fn domain(call: &Call, request: &Request<'_>) -> Result<Vec<String>, RpcError> {
    let rules = call.rules();
    let arguments = match request.reference {
        Reference::Prompt(name) => match prompts::arguments(&call.server, name) {
            Some(arguments) => arguments,
            None if !rules.unknown_prompt_not_completed => return Ok(Vec::new()),
            None => return Err(RpcError::invalid_params(format!("there is no prompt {name:?}"))),
        },
        Reference::Resource(uri) => match templates::variables(&call.server, uri) {
            Some(_) if !rules.completes_resources => {
                return Err(RpcError::new(
                    RpcError::METHOD_NOT_FOUND,
                    "templates are not completed",
                ));
            }
            Some(variables) => variables,
            None => return Err(RpcError::invalid_params(format!("there is no template {uri:?}"))),
        },
    };
    if !arguments.iter().any(|name| name == request.argument) {
        if !rules.completion_argument_known {
            return Ok(templates::VALUES.map(str::to_owned).to_vec());
        }
        if call.server.options.plain_completions {
            return Ok(Vec::new());
        }
        return Err(RpcError::invalid_params(format!(
            "there is no argument {:?}",
            request.argument
        )));
    }
    if let (Some(principal), Reference::Resource("test://private/{owner}")) =
        (&call.principal, &request.reference)
    {
        let guarded = if request.value.is_empty() {
            rules.completions_guarded
        } else {
            rules.prefixes_guarded
        };
        let others = ["alice", "bob"].into_iter().filter(|_| !guarded);
        let own = std::iter::once(principal.subject.as_str());
        return Ok(own
            .chain(others.filter(|other| *other != principal.subject))
            .map(str::to_owned)
            .collect());
    }
    let language =
        request.context.and_then(|context| context.get("language")).and_then(Value::as_str);
    let values: &[&str] = match (&request.reference, request.argument) {
        (Reference::Prompt("test_failing_prompt"), _) if rules.internal_completion_error => {
            return Err(RpcError::internal("the completer failed"));
        }
        (Reference::Prompt("test_failing_prompt"), _) => {
            return Err(RpcError::invalid_params("the completer failed"));
        }
        (Reference::Prompt("test_prompt_with_many_values"), _) => {
            return Ok((0..150).map(|number| format!("item-{number:03}")).collect());
        }
        (Reference::Prompt("test_prompt_with_arguments"), "arg1") => {
            &["paris", "park", "party", "sparrow", "tokyo"]
        }
        (Reference::Prompt("test_prompt_with_context"), "language") => &["python", "rust"],
        (Reference::Prompt("test_prompt_with_context"), _) => {
            match language.filter(|_| rules.completion_context_used) {
                Some("python") => &["django", "flask"],
                Some("rust") => &["axum", "rocket"],
                _ => &["axum", "django", "flask", "rocket"],
            }
        }
        (Reference::Resource(_), _) => &templates::VALUES,
        _ if call.server.options.plain_completions => {
            return Err(RpcError::invalid_params("nothing completes this argument"));
        }
        _ => &[],
    };
    Ok(values.iter().map(|&value| value.to_owned()).collect())
}

/// What begins with the value, then what contains it.
fn answer(call: &Call, domain: &[String], value: &str) -> Value {
    let rules = call.rules();
    let (begins, contains): (Vec<&String>, Vec<&String>) = domain
        .iter()
        .filter(|candidate| candidate.contains(value))
        .partition(|candidate| candidate.starts_with(value));
    let matches: Vec<&String> = begins.into_iter().chain(contains).collect();
    let shown =
        if rules.at_most_100_completions { matches.len().min(LIMIT) } else { matches.len() };
    let (total, more) =
        if rules.has_more_true { (matches.len(), matches.len() > shown) } else { (shown, false) };
    if call.server.options.plain_completions {
        return json!({ "values": &matches[..shown] });
    }
    if !rules.completion_shape {
        return json!({ "values": matches[..shown].iter().map(|value| json!({ "value": value })).collect::<Vec<_>>() });
    }
    json!({ "values": &matches[..shown], "total": total, "hasMore": more })
}
