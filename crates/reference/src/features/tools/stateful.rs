//! State across calls, under handles that the caller passes each time.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::content::text;
use crate::features::outcome::{Outcome, failed};
use crate::lock::lock;
use crate::seal::random_name;

use super::tool::{no_arguments, read_only, tool};

pub(super) fn definitions() -> Vec<Value> {
    let basket = |more: &[&str]| {
        let mut schema =
            json!({ "type": "object", "properties": {}, "additionalProperties": false });
        let names: Vec<&str> = std::iter::once("basket_id").chain(more.iter().copied()).collect();
        for name in &names {
            schema["properties"][*name] = json!({ "type": "string", "minLength": 1 });
        }
        schema["required"] = json!(names);
        schema
    };
    vec![
        tool(
            "create_basket",
            "Makes a basket and returns its handle; it lasts while the server runs",
            no_arguments(),
        ),
        tool("add_item", "Puts an item into a basket", basket(&["sku"])),
        read_only(tool("read_basket", "Lists what is in a basket", basket(&[]))),
    ]
}

pub(super) fn run(call: &Call, name: &str, arguments: &Map<String, Value>) -> Option<Outcome> {
    let state = &call.server.state;
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let items = match name {
        "create_basket" => {
            let handle = format!("bsk_{}", random_name());
            lock(&state.baskets).insert(&handle, Vec::new());
            lock(&state.scratch.last_basket).replace(handle.clone());
            call.connection.memory().basket = Some(handle.clone());
            return Some(Ok(structured(&json!({ "basket_id": handle }))));
        }
        "add_item" => lock(&state.baskets).get_mut(argument("basket_id")).map(|items| {
            if items.len() < 1_000 {
                items.push(argument("sku").to_owned());
            }
            items.clone()
        }),
        "read_basket" => lock(&state.baskets).get(argument("basket_id")).cloned(),
        _ => return None,
    };
    Some(Ok(match items {
        Some(items) => structured(&json!({ "basket_id": argument("basket_id"), "items": items })),
        None => failed("there is no basket of this handle, or no more: create one"),
    }))
}

fn structured(value: &Value) -> Value {
    json!({ "content": [text(value.to_string())], "structuredContent": value })
}
