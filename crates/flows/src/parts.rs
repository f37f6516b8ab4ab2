//! Where the objects of the schema stand in what the server sends.

use plumb_runner::Observed;
use plumb_wire::{meta, method};
use serde_json::Value;

/// The lists with the member that holds their items.
pub const LISTS: [(&str, &str); 4] = [
    (method::TOOLS_LIST, "tools"),
    (method::RESOURCES_LIST, "resources"),
    (method::TEMPLATES_LIST, "resourceTemplates"),
    (method::PROMPTS_LIST, "prompts"),
];

/// The items of a member of the result of a method.
pub fn items<'a>(
    seen: &'a Observed,
    method: &str,
    member: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    let result = seen.complete().filter(|_| seen.method() == Some(method));
    result.and_then(|r| r.get(member)).and_then(Value::as_array).into_iter().flatten()
}

/// The content blocks of tool results and prompts, well-formed or not.
pub fn blocks(seen: &Observed) -> Vec<&Value> {
    let of_prompts =
        items(seen, method::PROMPTS_GET, "messages").filter_map(|message| message.get("content"));
    items(seen, method::TOOLS_CALL, "content").chain(of_prompts).collect()
}

/// The content blocks of a type.
pub fn blocks_of<'a>(seen: &'a Observed, kind: &str) -> Vec<&'a Value> {
    blocks(seen).into_iter().filter(|block| block.get("type").is_some_and(|t| t == kind)).collect()
}

/// The contents of resources, read or embedded.
pub fn contents(seen: &Observed) -> Vec<&Value> {
    let embedded =
        blocks_of(seen, "resource").into_iter().filter_map(|block| block.get("resource"));
    items(seen, method::RESOURCES_READ, "contents").chain(embedded).collect()
}

/// The server's account of itself.
pub fn server_info(seen: &Observed) -> Option<&Value> {
    let result = seen.result()?;
    if seen.method() == Some(method::OLD_INITIALIZE) {
        return result.get("serverInfo");
    }
    result.get("_meta")?.get(meta::SERVER_INFO)
}

/// Every icon.
pub fn icons(seen: &Observed) -> Vec<&Value> {
    let listed = LISTS.iter().flat_map(|(method, member)| items(seen, method, member));
    let links = blocks_of(seen, "resource_link");
    let bearers = listed.chain(links).chain(server_info(seen));
    bearers.filter_map(|bearer| bearer.get("icons")?.as_array()).flatten().collect()
}

/// The annotations of resources, templates and content blocks; those of tools are hints of another kind.
pub fn annotations(seen: &Observed) -> Vec<&Value> {
    let resources = items(seen, method::RESOURCES_LIST, "resources");
    let templates = items(seen, method::TEMPLATES_LIST, "resourceTemplates");
    let bearers = resources.chain(templates).chain(blocks(seen));
    bearers.filter_map(|bearer| bearer.get("annotations")).collect()
}

/// The params of the input requests of a method.
pub fn input_params<'a>(seen: &'a Observed, method: &str) -> Vec<&'a Value> {
    let requests =
        seen.input_required().and_then(|r| r.get("inputRequests")).and_then(Value::as_object);
    let keyed = requests.into_iter().flatten().map(|(_, r)| r);
    let of_method =
        keyed.chain(seen.asked()).filter(|r| r.get("method").is_some_and(|m| m == method));
    of_method.filter_map(|request| request.get("params")).collect()
}
