//! What an exemplary server does without, and how it falls short of that.

use serde_json::{Value, json};

use super::clock::now;
use crate::server::Server;

/// Tools that ask for what is deprecated.
const ROOTS: [&str; 1] = ["test_input_required_result_list_roots"];
const SAMPLING: [&str; 1] = ["test_input_required_result_sampling"];
/// A tool whose task is no sooner begun than done.
const QUICK: [&str; 3] = ["quick_job", "failing_job", "protocol_error_job"];
/// What is worth a task takes so long.
const SLOW_SECONDS: u32 = 1;
/// Tools that ask for both among other things, that return data without a schema, or that change what is listed.
const OTHERS: [&str; 9] = [
    "identity",
    "journal",
    "create_basket",
    "add_item",
    "path_in_roots",
    "sampling_with_tools",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_capabilities",
    "test_input_required_result_multi_round",
];

/// Leaves out of the tools what nobody is to be advised against, unless the server falls short.
pub(crate) fn trim(server: &Server, tools: &mut Vec<Value>) {
    let rules = &server.rules;
    if server.options.exemplary {
        let left = |kept: bool, names: &[&str], tool: &Value| {
            kept && tool["name"].as_str().is_some_and(|name| names.contains(&name))
        };
        for tool in tools.iter_mut().filter(|tool| tool["name"] == "slow_compute") {
            for bound in ["minimum", "default"] {
                tool["inputSchema"]["properties"]["seconds"][bound] = json!(SLOW_SECONDS);
            }
            tool["inputSchema"]["required"] = json!(["seconds"]);
        }
        tools.retain(|tool| {
            !left(rules.roots_left, &ROOTS, tool)
                && !left(rules.sampling_left, &SAMPLING, tool)
                && !left(rules.tasks_for_long_work, &QUICK, tool)
                && !left(true, &OTHERS, tool)
        });
    }
}

/// Says of a tool what changes all the time, where lists do not last.
pub(crate) fn date(server: &Server, tools: &mut [Value]) {
    if let Some(first) = tools.first_mut().filter(|_| !server.rules.lists_last) {
        first["description"] = json!(format!("As it is at {}", now()));
    }
}
