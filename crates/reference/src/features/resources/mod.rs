//! resources/list and resources/read, and what changes them.

pub(crate) mod catalogue;
mod contents;
pub(crate) mod templates;

use serde_json::{Value, json};

use crate::call::Call;
use crate::message::RpcError;
use crate::server::Server;
use crate::state::Event;

use self::catalogue::{WATCHED, catalogue};
use self::contents::{contents, lookup};
use self::templates::private_uri;
use super::mrtr::{self, Gathered, Input};
use super::uri::is_uri;
use super::{forms, lists};

/// Resources on a page.
const PAGE: usize = 5;

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

/// The resource that belongs to the caller.
fn own(call: &Call) -> Option<Value> {
    let subject = &call.principal.as_ref()?.subject;
    Some(json!({ "uri": private_uri(subject), "name": "private", "mimeType": "text/plain" }))
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
