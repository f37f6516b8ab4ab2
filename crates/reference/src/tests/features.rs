//! What the server offers.

use super::*;

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
