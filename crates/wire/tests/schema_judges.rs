//! Our own sample messages, good and bad, and where the bad ones differ.

use plumb_wire::schema::{self, Mismatch, Shape, part};
use serde_json::{Value, json};

#[test]
fn every_definition_compiles_and_names_its_source() {
    let document: Value = serde_json::from_str(schema::DOCUMENT).expect("JSON");
    for def in schema::definitions() {
        schema::fits(def, &Value::Null);
        let source = document["$defs"][def]["$comment"].as_str();
        assert!(source.is_some_and(|source| source.contains('#')), "{def} names no page#anchor");
    }
}

#[test]
fn every_name_in_the_tables_is_a_definition() {
    let defs = schema::definitions();
    let tables =
        [schema::RESULT_METHODS, schema::PARAM_METHODS, schema::NOTIFICATIONS, part::PARTS];
    let named = tables.iter().flat_map(|table| table.iter().map(|row| row.1));
    let errors = schema::ERROR_CODES_WITH_DATA.iter().map(|row| row.1);
    for def in
        named.chain(errors).chain(["inputRequiredResult", "taskCreatedResult", "errorObject"])
    {
        assert!(defs.contains(&def), "{def} is not in the schema");
    }
}

#[test]
fn parameters_are_told_by_the_member_that_is_of_the_wrong_kind() {
    let told = |method: &str, params: Value| -> Vec<String> {
        let def = schema::params_def(method).expect("it is known");
        schema::mismatches(def, &params).into_iter().map(|found| found.at).collect()
    };
    let prompt = json!({ "type": "ref/prompt", "name": "a" });
    let argument = json!({ "name": "b", "value": "" });
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/list", json!({ "cursor": "", "com.example/own": 1 })),
        ("tools/call", json!({ "name": "a" })),
        ("tools/call", json!({ "name": "a", "arguments": { "b": null }, "requestState": "" })),
        ("resources/read", json!({ "uri": "no uri" })),
        ("completion/complete", json!({ "ref": prompt, "argument": argument })),
        ("subscriptions/listen", json!({ "notifications": { "resourceSubscriptions": [] } })),
    ] {
        assert_eq!(told(method, params.clone()), [""; 0], "{method} {params}");
    }
    let level = json!({ "name": "a", "_meta": { "io.modelcontextprotocol/logLevel": "loud" } });
    for (method, params, at) in [
        ("tools/list", json!({ "cursor": null }), "/cursor"),
        ("tools/call", json!({ "name": "a", "arguments": "{}" }), "/arguments"),
        ("tools/call", json!({ "arguments": {} }), ""),
        ("tools/call", json!({ "name": "a", "inputResponses": [] }), "/inputResponses"),
        ("tools/call", level, "/_meta/io.modelcontextprotocol~1logLevel"),
        ("prompts/get", json!({ "name": "a", "arguments": { "b": 1 } }), "/arguments/b"),
        ("completion/complete", json!({ "ref": "a", "argument": argument }), "/ref"),
        (
            "completion/complete",
            json!({ "ref": { "type": "prompt", "name": "a" }, "argument": argument }),
            "/ref/type",
        ),
        (
            "completion/complete",
            json!({ "ref": prompt, "argument": { "name": "b", "value": 1 } }),
            "/argument/value",
        ),
        (
            "subscriptions/listen",
            json!({ "notifications": { "toolsListChanged": "true" } }),
            "/notifications/toolsListChanged",
        ),
        ("tasks/get", json!({ "taskId": 1 }), "/taskId"),
    ] {
        assert_eq!(told(method, params.clone()), [at], "{method} {params}");
    }
}

#[test]
fn an_unknown_definition_is_never_a_fit() {
    assert!(!schema::fits("nothing", &json!({})));
    assert_eq!(schema::mismatches("nothing", &json!({})).len(), 1);
}

#[test]
fn good_messages_fit() {
    let tool = json!({"name": "add", "inputSchema": {"type": "object"}, "x-own": null});
    let list =
        json!({"resultType": "complete", "tools": [tool], "ttlMs": 0, "cacheScope": "private"});
    let asked = json!({"resultType": "input_required", "inputRequests": {
        "who": {"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": {
            "type": "object", "properties": {"name": {"type": "string", "enum": ["a"], "enumNames": ["A"]}}}}},
        "where": {"method": "roots/list"},
    }});
    let task = json!({"resultType": "task", "taskId": "t", "status": "working", "createdAt": "2026-07-28T00:00:00Z",
        "lastUpdatedAt": "2026-07-28T00:00:00Z", "ttlMs": null});
    for (shape, message) in [
        (Shape::Result("tools/list"), response(&list)),
        (Shape::Result("tools/call"), response(&asked.clone())),
        (Shape::InputRequired, response(&asked)),
        (Shape::Result("tools/call"), response(&task)),
        (Shape::Result("x/own"), response(&json!({"resultType": "complete"}))),
        (Shape::Result("tasks/cancel"), response(&json!({"resultType": "complete"}))),
        (Shape::Error, error(&json!({"code": -32601, "message": "", "data": null}))),
        (Shape::Error, json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": "?"}})),
        (
            Shape::Error,
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "?"}}),
        ),
        (Shape::ErrorWithCode(-32602), error(&json!({"code": -32602, "message": ""}))),
        (
            Shape::Notification("notifications/tools/list_changed"),
            notified("notifications/tools/list_changed", None),
        ),
        (Shape::Notification("x/own"), notified("x/own", Some(json!({"a": 1})))),
    ] {
        assert_eq!(shape.mismatches(&message), [], "{shape:?} {message}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of messages")]
fn bad_messages_are_told_by_the_member_that_is_wrong() {
    let discover = json!({"resultType": "complete", "supportedVersions": "2026-07-28", "capabilities": {}, "cacheScope": "public"});
    let called = json!({"resultType": "complete", "content": [{"type": "image", "data": 5, "mimeType": "image/png"}]});
    let read = json!({"resultType": "complete", "contents": [{"uri": "a:b", "blob": 1}], "ttlMs": 0, "cacheScope": "all"});
    let asked = json!({"resultType": "input_required", "inputRequests": {"a/b": {"method": "elicitation/create",
        "params": {"mode": "url", "message": "m"}}}});
    let fields = json!({"resultType": "input_required", "inputRequests": {"a": {"method": "elicitation/create", "params": {
        "message": "m", "requestedSchema": {"type": "object", "properties": {"n": {"type": "array", "items": {"type": "object"}}}}}}}});
    for (shape, message, told) in [
        (
            Shape::Result("server/discover"),
            response(&discover),
            vec![("/result", "member \"ttlMs\""), ("/result/supportedVersions", "an array")],
        ),
        (
            Shape::Result("tools/call"),
            response(&called),
            vec![("/result/content/0/data", "a string")],
        ),
        (
            Shape::Result("resources/read"),
            response(&read),
            vec![
                ("/result/cacheScope", "one of \"public\", \"private\""),
                ("/result/contents/0/blob", "a string"),
            ],
        ),
        (
            Shape::Result("prompts/get"),
            response(&asked),
            vec![("/result/inputRequests/a~1b/params", "member \"url\"")],
        ),
        (
            Shape::InputRequired,
            response(&fields),
            vec![
                (
                    "/result/inputRequests/a/params/requestedSchema/properties/n/items",
                    "member \"enum\"",
                ),
                (
                    "/result/inputRequests/a/params/requestedSchema/properties/n/items/type",
                    "\"string\"",
                ),
            ],
        ),
        (
            Shape::Result("tools/list"),
            json!({"jsonrpc": "1.0", "id": 1.5, "result": []}),
            vec![
                ("/jsonrpc", "\"2.0\""),
                ("/id", "an integer or a string"),
                ("/result", "an object"),
            ],
        ),
        (
            Shape::Error,
            error(&json!({"code": -32022, "message": "no", "data": {"supported": ["2026-07-28"]}})),
            vec![("/error/data", "member \"requested\"")],
        ),
        (
            Shape::ErrorWithCode(-32602),
            error(&json!({"code": -32603, "message": "no"})),
            vec![("/error/code", "-32602")],
        ),
        (
            Shape::ErrorWithCode(-32020),
            error(&json!({"code": -32602, "message": "no"})),
            vec![("/error/code", "-32020")],
        ),
        (
            Shape::Notification("notifications/message"),
            notified("notifications/message", Some(json!({"level": "warn"}))),
            vec![
                ("/params", "member \"data\""),
                (
                    "/params/level",
                    "one of \"debug\", \"info\", \"notice\", \"warning\", \"error\", \"critical\", \"alert\", \"emergency\"",
                ),
            ],
        ),
    ] {
        let mut found = places(&shape.mismatches(&message));
        found.sort_unstable();
        let mut told: Vec<_> =
            told.iter().map(|(at, expected)| ((*at).to_owned(), (*expected).to_owned())).collect();
        told.sort_unstable();
        assert_eq!(found, told, "{shape:?} {message}");
    }
}

#[test]
fn a_part_is_told_from_itself_on() {
    let found = part::tool(&json!({"name": 1, "inputSchema": {"type": "array"}}));
    assert_eq!(
        places(&found),
        [
            ("/name".to_owned(), "a string".to_owned()),
            ("/inputSchema/type".to_owned(), "\"object\"".to_owned()),
        ]
    );
    assert_eq!(found[0].to_string(), "/name: expected a string, got 1");
}

#[test]
fn a_null_cursor_is_no_cursor() {
    let page = json!({"resultType": "complete", "prompts": [], "ttlMs": 0, "cacheScope": "public", "nextCursor": null});
    let found = Shape::Result("prompts/list").mismatches(&response(&page));
    assert_eq!(places(&found), [("/result/nextCursor".to_owned(), "a string".to_owned())]);
}

#[test]
fn text_beside_a_broken_blob_is_enough() {
    assert_eq!(part::resource_contents(&json!({"uri": "a:b", "text": "t", "blob": null})), []);
    assert_eq!(places(&part::resource_contents(&json!({"uri": "a:b"}))).len(), 1);
}

#[test]
fn hostile_values_are_told_in_few_words() {
    let long = "x".repeat(1_000_000);
    let found = part::icon(&json!({"src": "s", "theme": long}));
    assert!(found[0].actual.len() < 200, "{}", found[0].actual);

    let wide: Vec<Value> = (0..300_000).map(Value::from).collect();
    let found =
        schema::mismatches("toolCallResult", &json!({"resultType": "complete", "content": wide}));
    assert_eq!(found.len(), 1);

    let some: Vec<Value> = (0..1000).map(Value::from).collect();
    let found =
        schema::mismatches("toolCallResult", &json!({"resultType": "complete", "content": some}));
    assert_eq!(found.len(), schema::MAX_MISMATCHES);
}

fn response(result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

fn error(error: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": "a", "error": error})
}

fn notified(method: &str, params: Option<Value>) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "method": method});
    if let Some(params) = params {
        message["params"] = params;
    }
    message
}

fn places(found: &[Mismatch]) -> Vec<(String, String)> {
    let places = found.iter().map(|mismatch| (mismatch.at.clone(), mismatch.expected.clone()));
    places.collect()
}
