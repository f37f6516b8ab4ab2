//! resources/list, resources/templates/list and resources/read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::Call;
use crate::content::{PNG, icon};
use crate::message::RpcError;
use crate::revision::SERVED;
use crate::server::Server;
use crate::state::Event;

use super::mrtr::{self, Gathered, Input};
use super::uri::{is_uri, percent_decode};
use super::{forms, lists, roots};

/// Resources on a page.
const PAGE: usize = 5;

/// Templates on a page.
const TEMPLATE_PAGE: usize = 2;

/// The directory that `file:` resources are in. It exists here only.
const DIRECTORY: &str = "/srv/plumb/public";

const FILES: [(&str, &str); 2] = [
    ("readme.md", "# Plumb\n\nA server to be broken.\n"),
    ("notes.txt", "One line.\nAnother line.\n"),
];

pub(crate) fn list(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !rules.resources_list_answered {
        return Err(RpcError::internal("the list of resources is lost"));
    }
    if !call.server.options.features.resources {
        return lists::page(call, "resources", PAGE, &[]);
    }
    let mut resources = catalogue(&call.server);
    resources.extend(own(call));
    if !rules.resources_same_on_every_connection && call.connection.serial % 2 == 1 {
        resources.remove(4);
    }
    if !rules.resources_without_side_effect && call.connection.memory().tool_calls > 0 {
        resources.insert(
            0,
            json!({ "uri": "test://after-a-call", "name": "Appears once a tool was called" }),
        );
    }
    lists::page(call, "resources", PAGE, &resources)
}

pub(crate) fn templates(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !call.server.options.features.resources {
        return lists::page(call, "resourceTemplates", TEMPLATE_PAGE, &[]);
    }
    let mut templates = vec![
        json!({
            "uriTemplate": "test://template/{id}/data",
            "name": "data",
            "description": "Data about anything that has an id",
            "mimeType": "application/json",
            "icons": [icon()],
        }),
        json!({ "uriTemplate": "test://greeting/{name}", "name": "greeting", "mimeType": "text/plain" }),
        json!({ "uriTemplate": "test://echo/{text}", "name": "echo", "mimeType": "text/plain" }),
    ];
    if call.principal.is_some() {
        templates.push(json!({ "uriTemplate": "test://private/{owner}", "name": "private", "mimeType": "text/plain" }));
    }
    if let Some(template) = templates[2].as_object_mut().filter(|_| !rules.template_shape) {
        template.shift_remove("name");
    }
    if !rules.template_syntax {
        templates[2]["uriTemplate"] = json!("test://echo/{text");
    }
    lists::page(call, "resourceTemplates", TEMPLATE_PAGE, &templates)
}

/// What only its owner sees.
pub(crate) fn private_uri(subject: &str) -> String {
    format!("test://private/{subject}")
}

/// The resource that belongs to the caller.
fn own(call: &Call) -> Option<Value> {
    let subject = &call.principal.as_ref()?.subject;
    Some(json!({ "uri": private_uri(subject), "name": "private", "mimeType": "text/plain" }))
}

/// The subject that a private resource belongs to.
pub(crate) fn belongs_to(uri: &str) -> Option<&str> {
    uri.strip_prefix("test://private/")
}

/// The variables of a template, or none for a resource that has none.
pub(crate) fn variables(server: &Server, uri: &str) -> Option<Vec<String>> {
    let variable = match uri {
        "test://template/{id}/data" => "id",
        "test://greeting/{name}" => "name",
        "test://echo/{text}" => "text",
        "test://private/{owner}" => "owner",
        uri if catalogue(server).iter().any(|resource| resource["uri"] == uri) => {
            return Some(Vec::new());
        }
        _ => return None,
    };
    Some(vec![variable.to_owned()])
}

pub(crate) async fn read(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    let uri = call.string("uri")?;
    if !is_uri(uri) && rules.resource_uris_validated {
        return Err(
            RpcError::invalid_params("uri is not an absolute URI").data(json!({ "uri": uri }))
        );
    }
    if uri == "test://failing" {
        let code = if rules.internal_resource_error {
            RpcError::INTERNAL
        } else {
            RpcError::INVALID_PARAMS
        };
        return Err(RpcError::new(code, "the resource cannot be read now"));
    }
    if uri == "test://input-required" {
        let input = Input::Form {
            message: "Who is reading?",
            schema: forms::one_field("reader", "Reader"),
        };
        return match mrtr::gather(call, &[("reader", input)], false).await? {
            Gathered::Ask(result) => Ok(result),
            Gathered::All(answers) => match answers.content(call, "reader")? {
                Some(content) => Ok(contents(
                    call,
                    json!({ "uri": uri, "text": format!("For {}", content["reader"]) }),
                )),
                None => Ok(contents(call, json!({ "uri": uri, "text": "For nobody" }))),
            },
        };
    }
    if let Some(found) = lookup(call, uri) {
        return Ok(contents(call, found));
    }
    if !rules.missing_resource_is_an_error {
        return Ok(json!({ "contents": [] }));
    }
    let code = match () {
        () if !rules.no_legacy_not_found => -32002,
        () if !rules.missing_resource_code => RpcError::INTERNAL,
        () => RpcError::INVALID_PARAMS,
    };
    let error = RpcError::new(code, "there is no such resource");
    Err(if rules.missing_resource_named { error.data(json!({ "uri": uri })) } else { error })
}

/// Turns the dynamic resource on or off.
pub(crate) fn toggle(server: &Server) -> Event {
    server.state.change(|dynamic| dynamic.resource = !dynamic.resource, Event::ResourcesChanged);
    Event::ResourcesChanged
}

/// Updates a resource; all but the watched one only say so.
pub(crate) fn update(server: &Server, uri: &str) -> Event {
    let event = Event::Updated(uri.to_owned());
    server.state.change(|dynamic| dynamic.watched += u64::from(uri == WATCHED), event.clone());
    event
}

pub(crate) const WATCHED: &str = "test://watched-resource";

/// What every client can fetch by itself.
const PAGE_OF_THE_WEB: &str = "https://modelcontextprotocol.io/specification";

const STATIC_TEXT: &str = "This is the content of the static text resource.";

fn catalogue(server: &Server) -> Vec<Value> {
    let rules = &server.rules;
    let file = |name: &str| format!("file://{DIRECTORY}/{name}");
    let mut resources = vec![
        json!({
            "uri": "test://static-text",
            "name": "static-text",
            "title": "Static text",
            "mimeType": "text/plain",
            "size": STATIC_TEXT.len(),
            "icons": [icon()],
        }),
        json!({ "uri": "test://static-binary", "name": "static-binary", "mimeType": "image/png", "size": 70 }),
        json!({ "uri": WATCHED, "name": "watched-resource", "description": "Can be updated", "mimeType": "text/plain" }),
        json!({
            "uri": "test://annotated",
            "name": "annotated",
            "mimeType": "text/plain",
            "annotations": { "audience": ["user", "assistant"], "priority": 0.8, "lastModified": format!("{SERVED}T12:00:00Z") },
        }),
        json!({ "uri": "test://unicode", "name": "Grüße", "mimeType": "text/plain" }),
        json!({ "uri": file("readme.md"), "name": "readme.md", "mimeType": "text/markdown", "size": FILES[0].1.len() }),
        json!({ "uri": file("notes.txt"), "name": "notes.txt", "mimeType": "text/plain", "size": FILES[1].1.len() }),
        json!({ "uri": PAGE_OF_THE_WEB, "name": "the protocol", "mimeType": "text/plain" }),
    ];
    if server.options.listed_directory {
        resources.push(json!({ "uri": format!("file://{DIRECTORY}"), "name": "public", "mimeType": "inode/directory" }));
    }
    if !rules.one_resource_for_a_uri {
        resources.push(json!({ "uri": WATCHED, "name": "another", "mimeType": "text/html" }));
    }
    let annotations = &mut resources[3]["annotations"];
    if !rules.annotation_priority {
        annotations["priority"] = json!(1.5);
    }
    if !rules.annotation_audience {
        annotations["audience"] = json!(["robot"]);
    }
    if !rules.annotation_last_modified {
        annotations["lastModified"] = json!("last Tuesday");
    }
    if !rules.resource_shape {
        resources[6]["size"] = json!("23");
    }
    for (kept, uri) in [
        (rules.listed_resources_readable, "test://ghost"),
        (rules.resource_uri_syntax, "test://not a <uri>"),
        (rules.https_resources_fetchable, "https://127.0.0.1:9/document"),
        (rules.https_only_for_the_web, "https://plumb.invalid/internal"),
    ] {
        if !kept {
            resources.push(json!({ "uri": uri, "name": "flawed" }));
        }
    }
    if server.state.dynamic().resource {
        resources.push(json!({ "uri": "test://dynamic-resource", "name": "dynamic-resource", "mimeType": "text/plain" }));
    }
    resources
}

/// The contents of what exists.
fn lookup(call: &Call, uri: &str) -> Option<Value> {
    let rules = call.rules();
    let plain = |text: String| Some(json!({ "uri": uri, "mimeType": "text/plain", "text": text }));
    match uri {
        "test://static-text" => return plain(STATIC_TEXT.to_owned()),
        "test://static-binary" if !rules.text_only_if_text => {
            let garbled = String::from_utf8_lossy(&STANDARD.decode(PNG).ok()?).into_owned();
            return Some(json!({ "uri": uri, "mimeType": "image/png", "text": garbled }));
        }
        "test://static-binary" => {
            let blob = if rules.blob_base64 { PNG.to_owned() } else { format!("{PNG}*") };
            return Some(json!({ "uri": uri, "mimeType": "image/png", "blob": blob }));
        }
        WATCHED => return plain(format!("Updated {} times.", call.server.state.dynamic().watched)),
        "test://annotated" => return plain("For everyone.".to_owned()),
        PAGE_OF_THE_WEB => return plain("It is on the web.".to_owned()),
        _ if uri.starts_with("test://moment/") => return plain("While it lasts.".to_owned()),
        "test://unicode" => return plain("Grüße aus Plumb, さようなら".to_owned()),
        "test://dynamic-resource" if call.server.state.dynamic().resource => {
            return plain("Here today.".to_owned());
        }
        "test://not a <uri>" if !rules.resource_uri_syntax => return plain("Here.".to_owned()),
        "https://127.0.0.1:9/document" | "https://plumb.invalid/internal"
            if !(rules.https_resources_fetchable && rules.https_only_for_the_web) =>
        {
            return plain("Only through this server.".to_owned());
        }
        _ if !is_uri(uri) => return plain(STATIC_TEXT.to_owned()),
        _ => {}
    }
    if let Some(principal) = &call.principal
        && let Some(subject) = belongs_to(uri)
    {
        let may = subject == principal.subject || !rules.resources_guarded;
        return if may { plain(format!("This is for {subject}.")) } else { None };
    }
    if let Some(path) = uri.strip_prefix("file://") {
        return file(call, uri, path);
    }
    expanded(call, uri)
}

/// What completes the variables of templates.
pub(crate) const VALUES: [&str; 5] = ["1", "12", "123", "ada", "grace"];

/// What a template stands for.
fn expanded(call: &Call, uri: &str) -> Option<Value> {
    if !call.rules().templates_expand {
        return None;
    }
    let rules = call.rules();
    let value = |prefix: &str, suffix: &str| {
        let value = uri.strip_prefix(prefix)?.strip_suffix(suffix)?;
        let decoded =
            percent_decode(value).filter(|value| !value.is_empty() && !value.contains('/'))?;
        let few = call.server.options.few_ids && !VALUES.contains(&decoded.as_str());
        let value = if rules.template_values_decoded { decoded } else { value.to_owned() };
        (!few).then_some(value)
    };
    // Decoded once more behind the check, a value is a path after all.
    if !rules.template_values_confined {
        let path = value("test://echo/", "").and_then(|value| percent_decode(&value));
        if path.is_some_and(|path| path.contains("../")) {
            let text = "root:x:0:0:root:/root:/bin/sh\n";
            return Some(json!({ "uri": uri, "mimeType": "text/plain", "text": text }));
        }
    }
    if let Some(id) = value("test://template/", "/data") {
        let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") })
            .to_string();
        let usual = rules.template_mime_shared || id == "123";
        return Some(
            json!({ "uri": uri, "mimeType": if usual { "application/json" } else { "text/csv" }, "text": text }),
        );
    }
    let text = value("test://greeting/", "")
        .map(|name| format!("Hello, {name}!"))
        .or(value("test://echo/", ""))?;
    Some(json!({ "uri": uri, "mimeType": "text/plain", "text": text }))
}

/// A file of the one directory there is. The path is taken as it stands: one that needs normalising is not ours.
fn file(call: &Call, uri: &str, path: &str) -> Option<Value> {
    let name = path.strip_prefix(DIRECTORY).and_then(|rest| rest.strip_prefix('/'));
    let found = FILES.into_iter().find(|(file, _)| Some(*file) == name);
    if let Some((name, text)) = found {
        let mime = if name == "readme.md" { "text/markdown" } else { "text/plain" };
        return Some(json!({ "uri": uri, "mimeType": mime, "text": text }));
    }
    if !call.rules().paths_confined
        && roots::normalise(path).is_some_and(|path| !path.starts_with(DIRECTORY))
    {
        return Some(
            json!({ "uri": uri, "mimeType": "text/plain", "text": "root:x:0:0:root:/root:/bin/sh\n" }),
        );
    }
    None
}

fn contents(call: &Call, mut contents: Value) -> Value {
    if let Some(contents) = contents.as_object_mut().filter(|_| !call.rules().read_shape) {
        contents.shift_remove("uri");
    }
    if !call.rules().contents_name_themselves {
        contents["uri"] = json!("plumb://elsewhere");
    }
    json!({ "contents": [contents] })
}
