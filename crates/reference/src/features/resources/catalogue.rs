//! Every resource that is listed.

use serde_json::{Value, json};

use crate::content::icon;
use crate::features::apps;
use crate::revision::SERVED;
use crate::server::Server;

pub(super) fn catalogue(server: &Server) -> Vec<Value> {
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
    resources.push(apps::resource(rules));
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

pub(crate) const WATCHED: &str = "test://watched-resource";

/// What every client can fetch by itself.
pub(super) const PAGE_OF_THE_WEB: &str = "https://modelcontextprotocol.io/specification";

pub(super) const STATIC_TEXT: &str = "This is the content of the static text resource.";

/// The directory that `file:` resources are in. It exists here only.
pub(super) const DIRECTORY: &str = "/srv/plumb/public";

pub(super) const FILES: [(&str, &str); 2] = [
    ("readme.md", "# Plumb\n\nA server to be broken.\n"),
    ("notes.txt", "One line.\nAnother line.\n"),
];
