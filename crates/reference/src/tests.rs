//! Facts about the server, over sockets and pipes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::{
    MUTANTS, Options, Reference, Rules, Running, SseMode, serve_stdio_on, serve_stdio_until,
    spawn_http,
};

/// What came back over HTTP.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The messages of an event stream, or the one of a JSON answer.
    fn messages(&self) -> Vec<Value> {
        if !self.head.to_ascii_lowercase().contains("text/event-stream") {
            return vec![self.json()];
        }
        let body = self.body.replace("\r\n", "\n");
        let data = |event: &str| -> String {
            event
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .map(str::trim_start)
                .collect::<Vec<_>>()
                .join("\n")
        };
        body.split("\n\n")
            .map(data)
            .filter(|data| !data.is_empty())
            .map(|data| serde_json::from_str(&data).unwrap())
            .collect()
    }

    fn last(&self) -> Value {
        self.messages().pop().unwrap()
    }
}

fn request(id: Value, method: &str, params: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    message["id"] = id;
    message["params"] = params;
    message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    let capabilities =
        &mut message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    if capabilities.is_null() {
        *capabilities = json!({});
    }
    message
}

fn with_all_capabilities(mut message: Value) -> Value {
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": { "tools": {} }, "roots": {} });
    message
}

/// The bytes of a POST with the headers that mirror the message.
fn post_bytes(message: &Value, more: &str) -> String {
    let params = &message["params"];
    let name = params["name"].as_str().or(params["uri"].as_str());
    let name = name.map(|name| format!("Mcp-Name: {name}\r\n")).unwrap_or_default();
    let body = message.to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: {}\r\n{name}{more}Content-Length: {}\r\n\r\n{body}",
        message["method"].as_str().unwrap_or_default(),
        body.len()
    )
}

async fn raw(server: &Running, bytes: &str) -> Reply {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Reply {
        status,
        head: head.to_owned(),
        body: if chunked { unchunk(body) } else { body.to_owned() },
    }
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&rest[..length]);
        body = rest[length..].strip_prefix("\r\n").unwrap_or_default();
    }
    whole
}

async fn post(server: &Running, message: &Value) -> Reply {
    raw(server, &post_bytes(message, "")).await
}

async fn call(server: &Running, tool: &str, arguments: Value) -> Value {
    let mut params = json!({ "name": tool });
    params["arguments"] = arguments;
    post(server, &with_all_capabilities(request(json!(1), "tools/call", params))).await.last()
}

async fn conforming() -> Running {
    spawn_http(Reference::conforming()).await.unwrap()
}

#[tokio::test]
async fn discover_names_the_server_and_its_version() {
    let reply = post(&conforming().await, &request(json!("a"), "server/discover", json!({}))).await;
    assert_eq!(reply.status, 200);
    let message = reply.json();
    assert_eq!(message["id"], "a");
    assert_eq!(message["result"]["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(message["result"]["resultType"], "complete");
    assert_eq!(message["result"]["cacheScope"], "public");
}

#[tokio::test]
async fn an_unknown_method_is_404() {
    let reply = post(&conforming().await, &request(json!(7), "no/such", json!({}))).await;
    assert_eq!(
        (reply.status, &reply.json()["error"]["code"], &reply.json()["id"]),
        (404, &json!(-32601), &json!(7))
    );
}

#[tokio::test]
async fn what_lacks_meta_or_differs_from_its_headers_is_400() {
    let server = conforming().await;
    let mut bare = request(json!(1), "tools/list", json!({}));
    bare["params"]["_meta"]
        .as_object_mut()
        .unwrap()
        .shift_remove("io.modelcontextprotocol/protocolVersion");
    let reply = post(&server, &bare).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (400, json!(-32602)));

    let call = request(json!(1), "tools/call", json!({ "name": "test_simple_text" }));
    let bytes = post_bytes(&call, "");
    for (from, to) in [
        ("Mcp-Name: test_simple_text", "Mcp-Name: slow"),
        ("Mcp-Name: test_simple_text\r\n", ""),
        ("Mcp-Method: tools/call", "Mcp-Method: TOOLS/CALL"),
        ("MCP-Protocol-Version: 2026-07-28\r\n", ""),
        ("MCP-Protocol-Version: 2026-07-28", "MCP-Protocol-Version: 2025-11-25"),
        ("Mcp-Name: test_simple_text", "Mcp-Name: =?base64?!!!?="),
    ] {
        let reply = raw(&server, &bytes.replace(from, to)).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].clone()),
            (400, json!(-32020)),
            "{to}"
        );
    }
    let encoded = bytes
        .replace("Mcp-Name: test_simple_text", "mcp-NAME: \t=?base64?dGVzdF9zaW1wbGVfdGV4dA==?= ");
    assert_eq!(raw(&server, &encoded).await.status, 200);
}

#[tokio::test]
async fn mirrored_arguments_are_compared() {
    let server = conforming().await;
    let arguments =
        json!({ "region": "Zürich", "count": 42, "note": null, "routing": { "tenant": "t" } });
    let call = request(
        json!(1),
        "tools/call",
        json!({ "name": "test_custom_headers", "arguments": arguments }),
    );
    let region = "Mcp-Param-Region: =?base64?WsO8cmljaA==?=\r\n";
    let good = format!("{region}Mcp-Param-Count: 42.0\r\nMcp-Param-Tenant: t\r\n");
    let reply = raw(&server, &post_bytes(&call, &good)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.json()["result"]["isError"].is_null(), "{}", reply.body);
    for bad in [
        region,
        &good.replace("42.0", "43"),
        &good.replace("WsO8", "WsO8!"),
        &good.replace(": t", ": u"),
    ] {
        let reply = raw(&server, &post_bytes(&call, bad)).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].clone()),
            (400, json!(-32020)),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn foreign_pages_are_refused() {
    let server = conforming().await;
    let message = request(json!(1), "server/discover", json!({}));
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
    ] {
        assert_eq!(
            raw(&server, &post_bytes(&message, &format!("Origin: {origin}\r\n"))).await.status,
            403,
            "{origin}"
        );
    }
    assert_eq!(
        raw(&server, &post_bytes(&message, "Origin: http://localhost:3000\r\n")).await.status,
        200
    );
    let get = "GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(&server, get).await.status, 405);
}

#[tokio::test]
async fn a_notification_is_accepted_without_a_word() {
    let message = json!({ "jsonrpc": "2.0", "method": "notifications/anything" });
    let reply = post(&conforming().await, &message).await;
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
}

#[tokio::test]
async fn progress_is_streamed_before_the_result() {
    let mut message = request(json!(1), "tools/call", json!({ "name": "test_tool_with_progress" }));
    message["params"]["_meta"]["progressToken"] = json!(0);
    let reply = post(&conforming().await, &message).await;
    let messages = reply.messages();
    assert_eq!(messages.len(), 4, "{}", reply.body);
    assert_eq!(
        messages[1]["params"],
        json!({ "progressToken": 0, "progress": 50, "total": 100, "message": "Completed step 50 of 100" })
    );
    assert!(messages[3]["result"].is_object());
    assert!(reply.head.to_ascii_lowercase().contains("x-accel-buffering: no"));
}

#[tokio::test]
async fn every_list_has_pages_and_every_item_is_good() {
    let server = conforming().await;
    for (method, member) in [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let (mut params, mut pages, mut items) = (json!({}), 0, Vec::new());
        loop {
            let page = post(&server, &request(json!(1), method, params)).await.json();
            items.extend(page["result"][member].as_array().unwrap().clone());
            pages += 1;
            match page["result"].get("nextCursor") {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => break,
            }
        }
        assert!(pages > 1, "{method} has one page");
        for tool in items.iter().filter(|_| member == "tools") {
            jsonschema::options().build(&tool["inputSchema"]).unwrap();
        }
        for resource in items.iter().filter(|_| member == "resources") {
            let read = request(json!(1), "resources/read", json!({ "uri": resource["uri"] }));
            let contents = post(&server, &read).await.json()["result"]["contents"][0].clone();
            assert_eq!(contents["mimeType"], resource["mimeType"]);
            if let (Some(size), Some(text)) = (resource["size"].as_u64(), contents["text"].as_str())
            {
                assert_eq!(text.len() as u64, size);
            }
        }
        let bogus = request(json!(1), method, json!({ "cursor": "bogus" }));
        assert_eq!(post(&server, &bogus).await.json()["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn arguments_are_validated_in_their_dialect() {
    let server = conforming().await;
    for (tool, arguments, valid) in [
        ("strict_arguments", json!({ "code": "ABC-1234" }), true),
        ("strict_arguments", json!({ "code": "abc" }), false),
        ("strict_arguments", json!({ "code": "ABC-1234", "kind": "express" }), false),
        ("strict_arguments", json!({ "code": "ABC-1234", "more": 1 }), false),
        ("strict_2020_12", json!({ "point": [1, "a"] }), true),
        ("strict_2020_12", json!({ "point": ["a", 1] }), false),
        ("strict_2020_12", json!({ "card": "1" }), false),
        ("strict_2020_12_declared", json!({ "unknown": 1 }), false),
        ("draft07_tuple", json!({ "pair": ["a", 1] }), true),
        ("draft07_tuple", json!({ "pair": ["a", "b"] }), false),
        ("draft07_tuple", json!({ "pair": ["a", 1, 2] }), false),
        ("json_schema_2020_12_tool", json!({ "name": "Ada" }), true),
        ("slow", json!({ "duration_ms": "long" }), false),
    ] {
        let result = call(&server, tool, arguments.clone()).await;
        assert_eq!(
            result["result"]["isError"] != json!(true),
            valid,
            "{tool} {arguments}: {result}"
        );
    }
}

#[tokio::test]
async fn inputs_are_asked_for_and_taken() {
    let server = conforming().await;
    let tool = "test_input_required_result_multi_round";
    let mut params = json!({ "name": tool });
    for key in ["step1", "step2"] {
        let asked = post(&server, &with_all_capabilities(request(json!(1), "tools/call", params)))
            .await
            .json();
        assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
        assert!(asked["result"]["inputRequests"][key].is_object(), "{asked}");
        params = json!({
            "name": tool,
            "requestState": asked["result"]["requestState"],
            "inputResponses": { key: { "action": "accept", "content": { "value": key } } },
        });
    }
    let done =
        post(&server, &with_all_capabilities(request(json!(1), "tools/call", params.clone())))
            .await
            .json();
    assert!(done["result"]["content"][0]["text"].as_str().unwrap().contains("step1"), "{done}");

    let state = params["requestState"].as_str().unwrap().to_owned();
    for tampered in
        [format!("{state}A"), state[1..].to_owned(), state.replace('.', "A."), String::new()]
    {
        params["requestState"] = json!(tampered);
        let refused =
            post(&server, &with_all_capabilities(request(json!(1), "tools/call", params.clone())))
                .await
                .json();
        assert_eq!(refused["error"]["code"], -32602, "{tampered}: {refused}");
    }
}

#[tokio::test]
async fn an_undeclared_capability_is_an_error() {
    let server = conforming().await;
    for (tool, capability) in [
        ("test_missing_capability", "sampling"),
        ("test_input_required_result_elicitation", "elicitation"),
        ("test_input_required_result_list_roots", "roots"),
        ("url_elicitation", "elicitation"),
        ("test_streaming_elicitation", "elicitation"),
    ] {
        let reply = post(&server, &request(json!(1), "tools/call", json!({ "name": tool }))).await;
        let error = reply.json()["error"].clone();
        assert_eq!((reply.status, error["code"].clone()), (400, json!(-32021)), "{tool}");
        assert!(error["data"]["requiredCapabilities"][capability].is_object(), "{tool}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_work() {
    let server = conforming().await;
    let mut slow = request(
        json!(1),
        "tools/call",
        json!({ "name": "slow", "arguments": { "duration_ms": 5_000, "key": "left" } }),
    );
    slow["params"]["_meta"]["progressToken"] = json!("t");
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(post_bytes(&slow, "").as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    while !lines.next_line().await.unwrap().unwrap().contains("notifications/progress") {}
    drop(lines);
    let entries = loop {
        let journal = call(&server, "journal", json!({ "key": "left" })).await;
        let entries = journal["result"]["structuredContent"]["entries"].as_array().unwrap().clone();
        if entries.last().is_some_and(|entry| entry == "cancelled" || entry == "done") {
            break entries;
        }
    };
    assert_eq!(entries.last().unwrap(), "cancelled");
    assert!(entries.len() < 20);
}

#[tokio::test]
async fn changes_reach_subscriptions_and_stopping_ends_them() {
    let server = conforming().await;
    let filter =
        json!({ "toolsListChanged": true, "resourceSubscriptions": ["test://watched-resource"] });
    let listen = request(json!(0), "subscriptions/listen", json!({ "notifications": filter }));
    let stream = {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(post_bytes(&listen, "").as_bytes()).await.unwrap();
        stream
    };
    let mut lines = BufReader::new(stream).lines();
    let mut messages = Vec::new();
    let ack = next_message(&mut lines).await.unwrap();
    assert_eq!(ack["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(ack["params"]["notifications"], filter);
    call(&server, "test_trigger_prompt_change", json!({})).await;
    call(&server, "test_trigger_tool_change", json!({})).await;
    call(&server, "test_update_resource", json!({})).await;
    messages.push(next_message(&mut lines).await.unwrap());
    messages.push(next_message(&mut lines).await.unwrap());
    server.stop().await.unwrap();
    while let Some(message) = next_message(&mut lines).await {
        messages.push(message);
    }
    let said: Vec<&str> =
        messages.iter().map(|message| message["method"].as_str().unwrap_or("the result")).collect();
    assert_eq!(
        said,
        [
            "notifications/tools/list_changed",
            "notifications/resources/updated",
            "notifications/cancelled",
            "the result"
        ]
    );
    assert_eq!(messages[3]["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 0);
}

async fn next_message(lines: &mut tokio::io::Lines<BufReader<TcpStream>>) -> Option<Value> {
    loop {
        let line = lines.next_line().await.unwrap()?;
        if let Some(data) = line.strip_prefix("data: ") {
            return Some(serde_json::from_str(data).unwrap());
        }
    }
}

#[tokio::test]
async fn on_stdio_a_cancelled_request_is_silent_and_the_end_of_input_ends_all() {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(server);
    let server = tokio::spawn(serve_stdio_on(Reference::conforming(), input, output));
    let slow = request(
        json!("s"),
        "tools/call",
        json!({ "name": "slow", "arguments": { "duration_ms": 60_000 } }),
    );
    let listen = request(
        json!(""),
        "subscriptions/listen",
        json!({ "notifications": { "toolsListChanged": true } }),
    );
    let lines = [
        slow,
        listen,
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "s" } }),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {} }),
        json!({ "jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {} }),
        request(json!(6), "tools/call", json!({ "name": "test_multi_line" })),
        json!({ "jsonrpc": "2.0", "id": 7 }),
    ];
    for line in &lines {
        client.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
    client.write_all(b"{\n").await.unwrap();
    client.shutdown().await.unwrap();
    let mut output = String::new();
    client.read_to_string(&mut output).await.unwrap();
    server.await.unwrap().unwrap();
    let messages: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: Value| messages.iter().find(|message| message.get("id") == Some(&id));
    assert!(of(json!("s")).is_none());
    assert!(
        of(json!("")).unwrap()["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == ""
    );
    assert!(of(json!(5)).unwrap()["error"]["message"].as_str().unwrap().contains("2026-07-28"));
    assert!(of(json!(6)).unwrap()["result"].is_object());
    assert_eq!(of(json!(7)).unwrap()["error"]["code"], -32600);
    assert!(messages.iter().any(|message| message["error"]["code"] == -32700));
    let methods: Vec<&str> =
        messages.iter().filter_map(|message| message["method"].as_str()).collect();
    assert_eq!(methods, ["notifications/subscriptions/acknowledged", "notifications/cancelled"]);
}

#[tokio::test]
async fn on_stdio_a_signal_ends_subscriptions_in_order() {
    let (client, server) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(server);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap() };
    let server = tokio::spawn(serve_stdio_until(Reference::conforming(), input, output, shutdown));
    let (output, mut input) = tokio::io::split(client);
    let mut lines = BufReader::new(output).lines();
    let listen = request(json!(-3), "subscriptions/listen", json!({ "notifications": {} }));
    input.write_all(format!("{listen}\n").as_bytes()).await.unwrap();
    let mut messages: Vec<Value> =
        vec![serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap()];
    stop.send(()).unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        messages.push(serde_json::from_str(&line).unwrap());
    }
    server.await.unwrap().unwrap();
    assert_eq!(messages[1]["params"]["requestId"], -3);
    assert_eq!(messages[2]["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], -3);
    assert_eq!(messages.len(), 3);
}

#[tokio::test]
async fn a_retry_is_good_at_another_replica() {
    let replicas = [conforming().await, conforming().await];
    let params = json!({ "name": "test_input_required_result_request_state" });
    let asked =
        post(&replicas[0], &with_all_capabilities(request(json!(1), "tools/call", params.clone())))
            .await
            .json();
    let mut retry = params;
    retry["requestState"] = asked["result"]["requestState"].clone();
    retry["inputResponses"] =
        json!({ "confirm": { "action": "accept", "content": { "ok": true } } });
    let done = post(&replicas[1], &with_all_capabilities(request(json!(2), "tools/call", retry)))
        .await
        .json();
    assert!(done["result"]["content"][0]["text"].as_str().unwrap().contains("state-ok"), "{done}");
}

#[tokio::test]
async fn legal_variants_are_understood() {
    let options = Options {
        sse: SseMode::Always,
        pretty_json: true,
        crlf: true,
        comments: true,
        event_lines: true,
        charset_parameter: true,
        uppercase_media_type: true,
        extra_fields: true,
        annotations: true,
        long_tool_name: true,
        extra_tools: 300,
        ..Options::default()
    };
    let server = spawn_http(Reference::with_options(options)).await.unwrap();
    let reply = post(&server, &request(json!("x"), "tools/list", json!({}))).await;
    assert!(reply.head.contains("TEXT/EVENT-STREAM; charset=utf-8"), "{}", reply.head);
    assert_eq!(reply.last()["id"], "x");
    assert_eq!(post(&server, &request(json!(1), "no/such", json!({}))).await.status, 404);
}

#[tokio::test]
async fn every_mutant_still_serves_something() {
    for mutant in MUTANTS.iter().filter(|mutant| !["binds_to_loopback"].contains(&mutant.name)) {
        let server = spawn_http(Reference::with_rules(mutant.rules())).await.unwrap();
        let reply =
            post(&server, &request(json!(1), "tools/call", json!({ "name": "test_multi_line" })))
                .await;
        assert!(reply.status < 500, "{}: {}", mutant.name, reply.body);
    }
}

#[test]
fn mutants_break_one_rule_each_and_kill_requirements_of_the_ledger() {
    let ledger = include_str!("../../../suites/requirements/2026-07-28.tsv");
    let ids: HashSet<&str> =
        ledger.lines().skip(1).filter_map(|row| row.split('\t').next()).collect();
    let names: HashSet<&str> = MUTANTS.iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), MUTANTS.len(), "two mutants have one name");
    for mutant in MUTANTS {
        assert!(
            ids.contains(mutant.kills),
            "{} kills {}, which is not in the ledger",
            mutant.name,
            mutant.kills
        );
        assert_ne!(mutant.rules(), Rules::SPEC, "{} breaks nothing", mutant.name);
        assert!(mutant.doc.ends_with('.'), "{} has no sentence for its doc", mutant.name);
    }
}
