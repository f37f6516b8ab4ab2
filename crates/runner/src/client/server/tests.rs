use plumb_model::{Payload, Sent};
use plumb_wire::RequestLine;
use plumb_wire::schema::Shape;

use super::*;

fn asked(http_method: &str, target: &str, body: &Value, without: Option<&str>) -> Asked {
    let mut headers = header::standard_headers(body);
    headers.push(plumb_model::Header::new("Host", "127.0.0.1:1"));
    headers.retain(|h| Some(h.name.as_str()) != without);
    let line = RequestLine { method: http_method.into(), target: target.into(), minor: 1 };
    Asked {
        channel: "served-1".into(),
        nth: 1,
        begun_at: 0,
        at: 0,
        line: Some(line),
        sent: Sent::Http {
            method: http_method.into(),
            url: format!("http://127.0.0.1:1{target}"),
            headers,
            body: Payload::from(body.to_string()),
        },
        fault: None,
    }
}

fn request(method: &str, params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({
        meta::PROTOCOL_VERSION: Edition::latest().revision,
        meta::CLIENT_CAPABILITIES: {},
    });
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

fn said(asked: &Asked, scenario: Scenario) -> (u16, Value) {
    let answer = answer(asked, scenario, &Edition::latest(), &Stage::default());
    (answer.status, serde_json::from_slice(answer.body.bytes()).unwrap_or_default())
}

fn post(body: &Value) -> (u16, Value) {
    said(&asked("POST", ENDPOINT, body, None), Scenario::StandardHeaders)
}

#[test]
fn every_result_has_the_shape_of_the_revision() {
    let call = json!({ "name": "add_numbers", "arguments": { "a": 2, "b": 40.5 } });
    for scenario in Scenario::PLAIN {
        for (method, params) in [
            (method::DISCOVER, json!({})),
            (method::TOOLS_LIST, json!({})),
            (method::TOOLS_CALL, call.clone()),
            (method::TOOLS_CALL, json!({ "name": "add_numbers" })),
            (method::RESOURCES_LIST, json!({})),
            (method::TEMPLATES_LIST, json!({})),
            (method::RESOURCES_READ, json!({ "uri": "file:///plumb/notes%20of%20today.txt" })),
            (method::PROMPTS_LIST, json!({})),
            (method::PROMPTS_GET, json!({ "name": "grüße" })),
            (method::PROMPTS_GET, json!({ "name": "greeting" })),
        ] {
            let (status, message) =
                said(&asked("POST", ENDPOINT, &request(method, params), None), scenario);
            assert_eq!((status, &message["id"]), (200, &json!(7)), "{method}");
            let mismatches = Shape::Result(method).mismatches(&message);
            assert!(mismatches.is_empty(), "{method}: {mismatches:?}");
        }
    }
    let (_, sum) = post(&request(method::TOOLS_CALL, call));
    assert_eq!(sum["result"]["content"][0]["text"], "42.5");
}

#[test]
fn what_is_wrong_is_refused_by_its_code() {
    let list = || request(method::TOOLS_LIST, json!({}));
    let other = |key: &str, value: Value| {
        let mut body = list();
        body["params"]["_meta"][key] = value;
        body
    };
    let open = json!({ "jsonrpc": "2.0", "id": 7, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25" } });
    for (body, status, code) in [
        (open, 400, codes::UNSUPPORTED_VERSION),
        (other(meta::PROTOCOL_VERSION, json!("2099-01-01")), 400, codes::UNSUPPORTED_VERSION),
        (other(meta::PROTOCOL_VERSION, json!(null)), 400, codes::INVALID_PARAMS),
        (other(meta::CLIENT_CAPABILITIES, json!(null)), 400, codes::INVALID_PARAMS),
        (request("tools/invent", json!({})), 404, codes::METHOD_NOT_FOUND),
        (request(method::TOOLS_LIST, json!({ "cursor": "x" })), 200, codes::INVALID_PARAMS),
        (request(method::TOOLS_CALL, json!({ "name": "x" })), 200, codes::INVALID_PARAMS),
        (request(method::RESOURCES_READ, json!({ "uri": "x:y" })), 200, codes::INVALID_PARAMS),
        (request(method::PROMPTS_GET, json!({ "name": "x" })), 200, codes::INVALID_PARAMS),
        (json!({ "jsonrpc": "1.0", "id": 7, "method": "x" }), 400, codes::INVALID_REQUEST),
        (request(method::OLD_INITIALIZE, json!({})), 404, codes::METHOD_NOT_FOUND),
        (
            request(method::TOOLS_CALL, json!({ "name": "add_numbers", "arguments": [1] })),
            200,
            codes::INVALID_PARAMS,
        ),
        (json!([list()]), 400, codes::INVALID_REQUEST),
        (json!({ "jsonrpc": "2.0", "id": null, "method": "x" }), 400, codes::INVALID_REQUEST),
    ] {
        let (got, message) = post(&body);
        assert_eq!((got, message["error"]["code"].as_i64()), (status, Some(code)), "{body}");
        assert!(Shape::ErrorWithCode(code).mismatches(&message).is_empty(), "{message}");
    }
    for missing in [header::PROTOCOL_VERSION, header::METHOD] {
        let asked = asked("POST", ENDPOINT, &list(), Some(missing));
        let (status, message) = said(&asked, Scenario::ToolsCall);
        let code = message["error"]["code"].as_i64();
        assert_eq!((status, code), (400, Some(codes::HEADER_MISMATCH)), "{missing}");
    }
}

#[test]
fn other_methods_and_places_have_their_status() {
    let quiet = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" });
    for (http_method, target, status) in [
        ("GET", ENDPOINT, 405),
        ("DELETE", ENDPOINT, 405),
        ("POST", "/", 404),
        ("GET", REFERRED, 200),
        ("POST", ENDPOINT, 202),
    ] {
        let asked = asked(http_method, target, &quiet, None);
        assert_eq!(said(&asked, Scenario::ToolsCall).0, status, "{http_method} {target}");
    }
}

#[test]
fn only_pages_of_this_machine_may_ask() {
    let local = ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:1"];
    assert!(local.into_iter().all(is_local));
    let foreign = ["http://127.0.0.1.example.com", "http://localhost.example.com", "null", ""];
    assert!(!foreign.into_iter().any(is_local));
}

#[test]
fn one_schema_refers_to_a_document_of_the_server() {
    let list = request(method::TOOLS_LIST, json!({}));
    let (_, message) = said(&asked("POST", ENDPOINT, &list, None), Scenario::SchemaReference);
    let property = &message["result"]["tools"][1]["inputSchema"]["properties"]["length"];
    assert_eq!(property["$ref"], format!("http://127.0.0.1:1{REFERRED}"));
}
