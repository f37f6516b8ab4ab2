//! What each request says of the client: `_meta`.

use serde_json::{Value, json};

use super::choices::{Capabilities, ClientChoices};
use super::rules::ClientRules;

/// The extension of tasks.
pub(super) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// What a request says beyond its method and parameters.
#[derive(Clone, Copy)]
pub(super) struct Saying {
    pub(super) version: &'static str,
    /// What the client chooses.
    pub(super) choices: ClientChoices,
    /// The id of the request, by which its progress is told.
    pub(super) id: u64,
    /// Whether the client can use tools while it samples.
    pub(super) with_tools: bool,
    /// Whether the request is one that is sent again.
    pub(super) again: bool,
}

/// The `_meta` of a request.
pub(super) fn meta(rules: &ClientRules, saying: Saying) -> Value {
    let mut meta = json!({});
    if rules.names_version {
        meta["io.modelcontextprotocol/protocolVersion"] = json!(saying.version);
    }
    if rules.declares_capabilities {
        let all = capabilities(rules, saying);
        let all = if rules.capabilities_are_an_object { all } else { json!([]) };
        meta["io.modelcontextprotocol/clientCapabilities"] = all;
    }
    if rules.names_itself {
        let mut info = json!({ "name": "plumb-reference" });
        if rules.names_its_version {
            info["version"] = json!(env!("CARGO_PKG_VERSION"));
        }
        meta["io.modelcontextprotocol/clientInfo"] = info;
    }
    let token = saying.choices.token(if rules.tokens_are_unique { saying.id } else { 7 });
    if let Some(token) = token {
        meta["progressToken"] = if rules.tokens_are_numbers { token } else { json!([1]) };
    }
    if !saying.choices.untraced {
        trace(rules, &mut meta);
    }
    if saying.choices.own_meta {
        own(&mut meta);
    }
    for (kept, key) in [
        (rules.prefixes_have_labels, "com..example/of"),
        (rules.labels_begin_with_letters, "com.1example/of"),
        (rules.prefixes_are_reversed, "example.com/of"),
        (rules.leaves_reserved_prefixes, "io.modelcontextprotocol/plumb"),
        (rules.key_names_are_whole, "com.example/_of"),
    ] {
        if !kept {
            meta[key] = json!(1);
        }
    }
    meta
}

/// Keys of every form that is free to all.
fn own(meta: &mut Value) {
    meta["com.example/"] = json!(null);
    meta["com.example.mcp/turn-1_of.2"] = json!([{ "of": null }]);
    meta["x"] = json!(-1.5);
    meta["plumb-note"] = json!("grüße");
    meta["io.modelcontextprotocol/logLevel"] = json!("debug");
}

fn trace(rules: &ClientRules, meta: &mut Value) {
    let trace = if rules.traces_have_ids { "4bf92f3577b34da6a3ce929d0e0e4736" } else { "4BF92" };
    meta["traceparent"] = json!(format!("00-{trace}-00f067aa0ba902b7-01"));
    meta["tracestate"] = json!(if rules.trace_state_has_pairs { "plumb=1" } else { "plumb" });
    meta["baggage"] = json!(if rules.baggage_has_pairs { "of=plumb" } else { "of plumb" });
}

fn capabilities(rules: &ClientRules, saying: Saying) -> Value {
    let mut all = json!({});
    match saying.choices.capabilities {
        Capabilities::Usual => {}
        Capabilities::Bare => return all,
        Capabilities::All => {
            return json!({
                "elicitation": {},
                "sampling": { "tools": {}, "context": {} },
                "roots": {},
                "experimental": { "com.example/echo": {} },
                "extensions": { TASKS: {}, "com.example/own": { "level": 2 } },
            });
        }
    }
    if rules.declares_elicitation || !saying.again {
        let known = json!({ "form": {}, "url": {} });
        all["elicitation"] =
            if rules.declares_known_modes { known } else { json!({ "voice": {} }) };
    }
    if (rules.declares_sampling || !saying.again) && !saying.choices.declines {
        all["sampling"] = if saying.with_tools { json!({ "tools": {} }) } else { json!({}) };
    }
    if rules.declares_roots || !saying.again {
        all["roots"] = if rules.capabilities_have_shape { json!({}) } else { json!(true) };
    }
    let settings = if rules.settings_are_an_object { json!({}) } else { json!("yes") };
    let types = json!({ "mimeTypes": ["text/html;profile=mcp-app"] });
    let types = if rules.declares_app_types { types } else { json!({}) };
    all["extensions"] = json!({ TASKS: settings, "io.modelcontextprotocol/ui": types });
    if !rules.extensions_have_prefixes {
        all["extensions"]["plumb"] = json!({});
    }
    all
}
