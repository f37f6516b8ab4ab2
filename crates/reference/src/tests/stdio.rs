//! The stdio binding.

use super::*;

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
