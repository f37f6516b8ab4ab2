//! The steps of each scenario, for clients that follow them.

use serde_json::{Value, json};

use super::protected::Scene;
use super::provocation::{self, ASKING, MORE, Provoked};
use super::provoked::mirrored;
use super::scenario::Scenario;

/// After so many milliseconds a token of a second is good no more.
const EXPIRED_MS: u64 = 1_100;

/// What a client does in a scenario, one thing after the other: docs/clients.md.
pub(super) fn of(scenario: Scenario) -> Value {
    let list = |what: &str| json!({ "do": "list", "what": what });
    let call = |name: &str, arguments: Value| json!({ "do": "call", "name": name, "arguments": arguments });
    let add = || call("add_numbers", json!({ "a": 5, "b": 3 }));
    let read = |uri: &str| json!({ "do": "read", "uri": uri });
    let get = |name: &str| json!({ "do": "get", "name": name, "arguments": {} });
    match scenario {
        Scenario::Provoked(provoked) if provoked.is_scripted() => {
            provocation::steps::steps(provoked)
        }
        Scenario::Provoked(Provoked::MorePages) => json!([
            list("tools"),
            add(),
            list("resources"),
            read(&format!("plumb:{}", MORE[0][0])),
            list("prompts"),
            get(MORE[0][0]),
        ]),
        Scenario::Provoked(Provoked::RequestState) => {
            let names = ["echo_state", "no_state", "unrelated", "no_result_type"];
            let calls = names.map(|name| call(&format!("test_mrtr_{name}"), json!({})));
            let asking = ASKING.map(|name| call(name, json!({})));
            Value::Array([list("tools")].into_iter().chain(calls).chain(asking).collect())
        }
        Scenario::Protected(Scene::Rotated) => {
            let call = || call("test-tool", json!({}));
            json!([list("tools"), call(), call()])
        }
        Scenario::Protected(Scene::Expiring) => {
            let call = || call("test-tool", json!({}));
            let wait = || json!({ "do": "wait", "ms": EXPIRED_MS });
            json!([list("tools"), wait(), call(), wait(), call()])
        }
        // What is kept of the first list is of another token.
        Scenario::Protected(Scene::Migration) => {
            json!([list("tools"), call("test-tool", json!({})), list("tools")])
        }
        Scenario::Protected(_) => json!([list("tools"), call("test-tool", json!({}))]),
        _ => match scenario.name() {
            "json-schema-ref-no-deref" => json!([list("tools")]),
            "http-invalid-tool-headers" => json!([list("tools"), { "do": "call-each" }]),
            "http-custom-headers" => {
                let calls = mirrored::calls();
                let calls = calls.as_array().into_iter().flatten();
                let calls = calls
                    .map(|c| call(c["name"].as_str().unwrap_or_default(), c["arguments"].clone()));
                Value::Array([list("tools")].into_iter().chain(calls).collect())
            }
            "http-standard-headers" => json!([
                list("tools"),
                add(),
                list("resources"),
                read("file:///plumb/notes%20of%20today.txt"),
                list("prompts"),
                get("grüße"),
                get("greeting"),
            ]),
            _ => json!([list("tools"), add()]),
        },
    }
}
