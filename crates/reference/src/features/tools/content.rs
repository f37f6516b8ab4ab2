//! Tools that show the kinds of content.

use serde_json::{Value, json};

use crate::call::Call;
use crate::content::{PNG, WAV, icon, text};
use crate::features::apps;
use crate::features::extensions::FLAVOUR;
use crate::features::outcome::{Outcome, failed, said};
use crate::message::RpcError;
use crate::meta::Level;
use crate::server::Server;

use super::tool::{no_arguments, read_only, tool};

pub(super) fn definitions(server: &Server) -> Vec<Value> {
    let mut simple = tool("test_simple_text", "Says a sentence", no_arguments());
    simple["title"] = json!("Simple text");
    simple["icons"] = json!([icon()]);
    if server.options.tool_without_description
        && let Some(simple) = simple.as_object_mut()
    {
        simple.shift_remove("description");
    }
    let others = [
        ("test_image_content", "Shows an image"),
        ("test_audio_content", "Plays a recording"),
        ("test_embedded_resource", "Embeds a resource"),
        ("test_multiple_content_types", "Mixes text, an image and a resource"),
        ("test_resource_link", "Links to a resource"),
        ("test_multi_line", "Says several lines"),
        ("test_error_handling", "Fails, as a tool does"),
        ("identity", "Repeats what the request says about its client"),
        (apps::TOOL, "Tells numbers, and shows them to who can see them"),
        ("flavour", "Names the flavour of the extension, to clients that know it"),
    ];
    let others =
        others.into_iter().map(|(name, description)| tool(name, description, no_arguments()));
    std::iter::once(simple).chain(others).map(read_only).collect()
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each tool")]
pub(super) fn run(call: &Call, name: &str) -> Option<Outcome> {
    let rules = call.rules();
    Some(Ok(match name {
        "test_simple_text" if !rules.call_result_shape => {
            json!({ "content": [{ "text": "This is a simple text response for testing." }] })
        }
        "test_simple_text" if !rules.data_described => json!({
            "content": [text("This is a simple text response for testing.")],
            "structuredContent": { "purpose": "testing" },
        }),
        "test_simple_text" => said("This is a simple text response for testing."),
        "test_image_content" => json!({ "content": [image(rules.image_content_shape)] }),
        "test_audio_content" if !rules.audio_content_shape => {
            json!({ "content": [{ "type": "audio", "data": WAV }] })
        }
        "test_audio_content" => {
            json!({ "content": [{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }] })
        }
        "test_embedded_resource" => {
            let mut resource =
                json!({ "uri": "test://embedded-resource", "mimeType": "text/plain" });
            if rules.embedded_content_shape {
                resource["text"] = json!("This is an embedded resource content.");
            }
            json!({ "content": [{ "type": "resource", "resource": resource }] })
        }
        "test_multiple_content_types" if !rules.content_mixed => {
            said("Multiple content types test:")
        }
        "test_multiple_content_types" => {
            let data = json!({ "test": "data", "value": 123 }).to_string();
            let resource = json!({ "uri": "test://mixed-content-resource", "mimeType": "application/json", "text": data });
            json!({ "content": [
                text("Multiple content types test:"),
                image(true),
                { "type": "resource", "resource": resource },
            ] })
        }
        "test_resource_link" => json!({ "content": [
            { "type": "resource_link", "uri": "test://static-text", "name": "static-text", "mimeType": "text/plain" },
        ] }),
        "test_multi_line" => {
            said("One line.\nAnother line.\r\nGrüße, さようなら, \u{2028} and a tab:\t.")
        }
        "identity" => {
            let identity = json!({
                "clientInfo": call.meta.client_info,
                "protocolVersion": call.meta.version,
                "clientCapabilities": call.meta.capabilities,
                "meta": call.meta.all,
            });
            json!({ "content": [text(identity.to_string())], "structuredContent": identity })
        }
        apps::TOOL => apps::run(rules, &call.meta.capabilities),
        "flavour" => {
            let declared = call
                .meta
                .capabilities
                .get("extensions")
                .is_some_and(|it| it.get(FLAVOUR).is_some());
            let mut result = said("plain");
            if !declared && !rules.extension_falls_back {
                result["resultType"] = json!("com.example/flavoured");
            }
            result
        }
        "test_error_handling" if !rules.tool_failure_is_a_result => {
            return Some(Err(RpcError::internal(
                "This tool intentionally returns an error for testing",
            )));
        }
        _ => return None,
    }))
}

/// The tool that fails, and says so in the log first.
pub(super) async fn fail(call: &Call) -> Value {
    call.log(Level::Error, "content", json!({ "message": "the tool fails, as it was made to" }))
        .await;
    failed("This tool intentionally returns an error for testing")
}

fn image(typed: bool) -> Value {
    if typed {
        json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
    } else {
        json!({ "type": "image", "data": PNG })
    }
}
