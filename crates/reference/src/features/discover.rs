//! server/discover.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::extensions::{self, FLAVOUR};
use crate::lock::now_and_then;
use crate::message::RpcError;
use crate::revision::{PREVIOUS, SERVED};
use crate::server::Server;

pub(crate) fn discover(call: &Call) -> Result<Value, RpcError> {
    let rules = call.rules();
    if !rules.discover_needs_no_params && call.params.len() < 2 {
        return Err(RpcError::invalid_params("server/discover needs parameters"));
    }
    let instructions = match &call.meta.client_info {
        Some(info) if !rules.client_info_ignored => format!("Welcome, {}.", info["name"]),
        _ => "A server to test clients and checks against. Call the tool `slow` to have something to cancel.".to_owned(),
    };
    let mut capabilities = capabilities(&call.server);
    if now_and_then(&call.server.state.scratch.discovers) && !rules.discover_stable {
        capabilities.shift_remove("completions");
    }
    if call.server.options.capabilities_follow_client && !call.meta.capabilities.is_empty() {
        let extensions = capabilities.entry("extensions").or_insert_with(|| json!({}));
        extensions["com.example/for-capable-clients"] = json!({});
    }
    if call.server.options.uncommon_values {
        // The name of a key may be empty.
        capabilities.entry("extensions").or_insert_with(|| json!({}))["com.example/"] = json!({});
    }
    let mut versions: Vec<Value> =
        call.server.options.versions.iter().map(|version| json!(version)).collect();
    if !rules.listed_versions_served {
        versions.push(json!(PREVIOUS));
    }
    if !rules.discover_result_shape {
        versions.push(json!(SERVED.replace('-', "").parse::<u64>().ok()));
    }
    Ok(json!({
        "supportedVersions": versions,
        "capabilities": capabilities,
        "instructions": instructions,
    }))
}

/// What the server offers, as it declares it.
pub(crate) fn capabilities(server: &Server) -> Map<String, Value> {
    let (rules, offered) = (&server.rules, server.options.features);
    // What changes all the time is not announced each time.
    let announces = server.options.announces && server.options.restless_lists.is_none();
    let mut declared = Map::new();
    if offered.tools && rules.declares_tools {
        let changes = if rules.capabilities_shape { json!(true) } else { json!("yes") };
        let tools = if rules.lists_last && announces {
            json!({ "listChanged": changes })
        } else {
            json!({})
        };
        declared.insert("tools".into(), tools);
    }
    if offered.resources && rules.declares_resources && rules.embedding_needs_resources {
        let resources = if !announces {
            json!({})
        } else if rules.subscribe_acknowledged_if_declared {
            json!({ "listChanged": true, "subscribe": true })
        } else {
            json!({ "listChanged": true })
        };
        declared.insert("resources".into(), resources);
    }
    if offered.prompts && rules.declares_prompts {
        let prompts = if rules.ack_only_supported && announces {
            json!({ "listChanged": true })
        } else {
            json!({})
        };
        declared.insert("prompts".into(), prompts);
    }
    let completes = rules.declares_completions
        && rules.unoffered_method_unknown
        && rules.unoffered_completion_code;
    if offered.completions && completes {
        declared.insert("completions".into(), json!({}));
    }
    if (offered.logging && rules.declares_logging) || !rules.logging_left {
        declared.insert("logging".into(), json!({}));
    }
    let extension = if rules.extension_id_prefixed { FLAVOUR } else { "plumb-flavour" };
    let mut extensions = json!({ extension: {} });
    if offered.tasks && offered.tools && rules.task_methods_reserved {
        extensions[extensions::TASKS] = if rules.tasks_declared { json!({}) } else { json!(true) };
    }
    declared.insert("extensions".into(), extensions);
    if !rules.no_legacy_task_capability {
        declared.insert("tasks".into(), json!({ "requests": { "tools": { "call": {} } } }));
    }
    declared
}
