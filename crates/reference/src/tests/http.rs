//! The HTTP binding.

use super::*;

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
