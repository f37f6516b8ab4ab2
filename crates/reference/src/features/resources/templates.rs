//! resources/templates/list, and what stands for the variables of templates.

use serde_json::{Value, json};

use super::catalogue::catalogue;
use crate::call::Call;
use crate::content::icon;
use crate::features::lists;
use crate::message::RpcError;
use crate::server::Server;

/// Templates on a page.
const PAGE: usize = 2;

pub(crate) fn list(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !call.server.options.features.resources {
        return lists::page(call, "resourceTemplates", PAGE, &[]);
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
    if call.server.options.accented_template {
        templates
            .push(json!({ "uriTemplate": ACCENTED, "name": "drink", "mimeType": "text/plain" }));
    }
    if call.principal.is_some() {
        templates.push(json!({ "uriTemplate": "test://private/{owner}", "name": "private", "mimeType": "text/plain" }));
    }
    if let Some(template) = templates[2].as_object_mut().filter(|_| !rules.template_shape) {
        template.shift_remove("name");
    }
    if !rules.template_syntax {
        templates[2]["uriTemplate"] = json!("test://echo/{text");
    }
    lists::page(call, "resourceTemplates", PAGE, &templates)
}

/// The variables of a template, or none for a resource that has none.
pub(crate) fn variables(server: &Server, uri: &str) -> Option<Vec<String>> {
    let variable = match uri {
        "test://template/{id}/data" => "id",
        "test://greeting/{name}" => "name",
        "test://echo/{text}" => "text",
        ACCENTED if server.options.accented_template => "drink",
        "test://private/{owner}" => "owner",
        uri if catalogue(server).iter().any(|resource| resource["uri"] == uri) => {
            return Some(Vec::new());
        }
        _ => return None,
    };
    Some(vec![variable.to_owned()])
}

/// A template with a literal beyond ASCII.
const ACCENTED: &str = "test://café/{drink}";

/// What completes the variables of templates.
pub(crate) const VALUES: [&str; 7] =
    ["1", "12", "123", "ada", "grace", "ada lovelace", "grace hopper"];

/// What only its owner sees.
pub(super) fn private_uri(subject: &str) -> String {
    format!("test://private/{subject}")
}

/// The subject that a private resource belongs to.
pub(crate) fn belongs_to(uri: &str) -> Option<&str> {
    uri.strip_prefix("test://private/")
}
