//! What resources contain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::catalogue::{DIRECTORY, FILES, PAGE_OF_THE_WEB, STATIC_TEXT, WATCHED};
use super::templates::{VALUES, belongs_to};
use crate::call::Call;
use crate::content::PNG;
use crate::features::uri::{is_uri, percent_decode};
use crate::features::{apps, roots};

/// The contents of what exists.
pub(super) fn lookup(call: &Call, uri: &str) -> Option<Value> {
    let rules = call.rules();
    if let Some(interface) = apps::contents(rules, uri) {
        return Some(interface);
    }
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
        if decoded != value && !rules.template_values_found_decoded {
            return None;
        }
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
        .or_else(|| value("test://echo/", ""))
        .or_else(|| {
            value("test://caf%C3%A9/", "").filter(|_| call.server.options.accented_template)
        })?;
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

pub(super) fn contents(call: &Call, mut contents: Value) -> Value {
    if let Some(contents) = contents.as_object_mut().filter(|_| !call.rules().read_shape) {
        contents.shift_remove("uri");
    }
    if !call.rules().contents_name_themselves {
        contents["uri"] = json!("plumb://elsewhere");
    }
    json!({ "contents": [contents] })
}
