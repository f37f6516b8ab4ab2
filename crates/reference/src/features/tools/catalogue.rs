//! Every tool that there is.

use serde_json::{Value, json};

use super::tool::{no_arguments, read_only, tool};
use super::{
    content, flaws, inputs, mirrored, principals, sampling, schemas, stateful, triggers, work,
};
use crate::features::{advice, tasks};
use crate::server::Server;

/// Every tool, in the order that it is listed in.
pub(super) fn catalogue(server: &Server) -> Vec<Value> {
    let mut tools = lasting(server).to_vec();
    advice::date(server, &mut tools);
    tools.extend(dynamic(server));
    tools
}

/// The definition of a tool, if there is one of this name.
pub(crate) fn definition(server: &Server, name: &str) -> Option<Value> {
    let same = |tool: &Value| {
        tool["name"] == name
            || (!server.rules.tool_names_case_sensitive
                && tool["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
    };
    let lasting = lasting(server).iter().find(|tool| same(tool)).cloned();
    lasting
        .or_else(|| dynamic(server).filter(same))
        .or_else(|| server.options.burden.and_then(|burden| burden.tool(name)))
}

/// The tools that are always there.
fn lasting(server: &Server) -> &[Value] {
    server.tools.get_or_init(|| defined(server))
}

/// The tool that comes and goes, while it is there.
fn dynamic(server: &Server) -> Option<Value> {
    let there = server.state.dynamic().tool;
    there.then(|| read_only(tool("test_dynamic_tool", "Comes and goes", no_arguments())))
}

fn defined(server: &Server) -> Vec<Value> {
    let mut tools = principals::definitions(server);
    tools.extend(content::definitions(server));
    tools.extend(mirrored::definitions());
    tools.extend(schemas::definitions(server));
    tools.extend(work::definitions());
    tools.extend(inputs::definitions());
    tools.extend(sampling::definitions());
    tools.extend(stateful::definitions());
    tools.extend(triggers::definitions());
    tools.extend(tasks::tools::definitions(server));
    if server.options.long_tool_name {
        tools.push(read_only(tool(
            &"n".repeat(100),
            "Has a name of 100 characters",
            no_arguments(),
        )));
    }
    for number in 0..server.options.extra_tools {
        tools.push(read_only(tool(&format!("extra_{number:04}"), "One of many", no_arguments())));
    }
    flaws::spoil(server, &mut tools);
    advice::trim(server, &mut tools);
    for tool in tools.iter_mut().filter(|_| server.options.own_names) {
        let own = OWN_NAMES.iter().find(|(fixture, _)| tool["name"] == *fixture);
        if let Some((_, own)) = own {
            tool["name"] = json!(own);
        }
    }
    if let Some(only) = &server.options.only_tools {
        tools.retain(|tool| only.iter().any(|name| tool["name"] == **name));
    }
    tools
}

/// The name that the code knows a tool by.
pub(super) fn known_as<'a>(server: &Server, name: &'a str) -> &'a str {
    let own = OWN_NAMES.iter().find(|(_, own)| *own == name && server.options.own_names);
    own.map_or(name, |(fixture, _)| *fixture)
}

/// Names of the fixture, and names that a server of its own might have.
const OWN_NAMES: [(&str, &str); 6] = [
    ("test_simple_text", "say_hello"),
    ("test_trigger_tool_change", "plug_in"),
    ("test_trigger_prompt_change", "learn_phrase"),
    ("test_trigger_resource_change", "put_file"),
    ("test_update_resource", "touch"),
    ("slow", "work"),
];
