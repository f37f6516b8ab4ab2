#![allow(warnings)]
use crate::{MUTANTS, Options, Reference, Rules, Running, serve_stdio_on, spawn_http};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            word.push(c);
            continue;
        }
        if word.len() >= 22
            && !word.contains("__")
            && word.chars().any(|c| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_digit())
            && !word.starts_with("iVBOR")
            && !word.starts_with("UklGR")
        {
            out.push('#')
        } else {
            out.push_str(&word)
        }
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    while let Some(i) = out.find("http://127.0.0.1:") {
        let e = out[i + 17..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        out.replace_range(i..i + 17 + e, "HOST");
    }
    out.lines().filter(|l| !l.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

fn req(id: Value, method: &str, params: Value, caps: Value, extra: Value) -> Value {
    let mut m = json!({"jsonrpc":"2.0","id":id,"method":method,"params":params});
    m["params"]["_meta"] = json!({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":caps});
    for (k, v) in extra.as_object().unwrap() {
        m["params"]["_meta"][k] = v.clone();
    }
    m
}
fn head(m: &Value) -> Vec<(String, String)> {
    let p = &m["params"];
    let mut h = vec![
        ("Host".into(), "localhost".into()),
        (
            "MCP-Protocol-Version".into(),
            p["_meta"]["io.modelcontextprotocol/protocolVersion"]
                .as_str()
                .unwrap_or("2026-07-28")
                .to_string(),
        ),
        ("Mcp-Method".into(), m["method"].as_str().unwrap_or("x").to_string()),
    ];
    if let Some(n) = p["name"].as_str().or(p["uri"].as_str()) {
        if n.is_ascii() && !n.contains('\n') {
            h.push(("Mcp-Name".into(), n.into()))
        }
    }
    h
}
fn bytes(h: &[(String, String)], body: &str, close: bool) -> Vec<u8> {
    let mut s = String::from("POST /mcp HTTP/1.1\r\n");
    for (k, v) in h {
        s += &format!("{k}: {v}\r\n");
    }
    if close {
        s += "Connection: close\r\n";
    }
    s += &format!("Content-Length: {}\r\n\r\n{}", body.len(), body);
    s.into_bytes()
}
async fn send(addr: std::net::SocketAddr, b: &[u8]) -> String {
    let mut s = TcpStream::connect(addr).await.unwrap();
    s.write_all(b).await.unwrap();
    let mut out = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(700), s.read_to_end(&mut out))
        .await
        .map_err(|_| out.extend_from_slice(b"TIMEOUT"));
    normal(
        &format!("{:?}", String::from_utf8_lossy(&out))
            .replace("\\r\\n", "\n")
            .replace("\\\"", "\""),
    ) + if std::str::from_utf8(&out).is_ok() { "" } else { "NOTUTF8" }
}
fn all() -> Value {
    json!({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{},"context":{}},"roots":{}})
}

fn messages() -> Vec<Value> {
    let none = json!({});
    let n = || json!({});
    let mut v = vec![];
    for m in [
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
    ] {
        v.push(req(json!(1), m, n(), n(), n()));
        v.push(req(json!("1"), m, n(), n(), n()));
        v.push(req(json!(1), m, json!({"cursor":"bogus"}), n(), n()));
    }
    v.push(req(
        json!(1),
        "server/discover",
        n(),
        n(),
        json!({"io.modelcontextprotocol/clientInfo":{"name":"Bob","version":"1"}}),
    ));
    v.push(req(
        json!(1),
        "server/discover",
        n(),
        n(),
        json!({"io.modelcontextprotocol/oddity":[1]}),
    ));
    v.push(req(json!("9"), "no/such", n(), n(), n()));
    v.push(req(json!(9), "ping", n(), n(), n()));
    v.push(req(json!(9), "initialize", n(), n(), n()));
    for (k, bad) in [
        ("io.modelcontextprotocol/protocolVersion", json!(1)),
        ("io.modelcontextprotocol/clientCapabilities", json!([])),
        ("io.modelcontextprotocol/logLevel", json!("verbose")),
    ] {
        v.push(req(json!(1), "tools/list", n(), n(), json!({k: bad})));
    }
    for k in
        ["io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"]
    {
        let mut m = req(json!(1), "tools/list", n(), n(), n());
        m["params"]["_meta"].as_object_mut().unwrap().shift_remove(k);
        v.push(m);
    }
    let mut m = req(json!(1), "tools/list", n(), n(), n());
    m["params"].as_object_mut().unwrap().shift_remove("_meta");
    v.push(m);
    for ver in ["1900-01-01", "2025-11-25", "2025-03-26"] {
        for me in ["tools/list", "completion/complete"] {
            v.push(req(
                json!(1),
                me,
                n(),
                n(),
                json!({"io.modelcontextprotocol/protocolVersion":ver}),
            ));
        }
    }
    let tools: Vec<&str> = "test_simple_text test_image_content test_audio_content test_embedded_resource test_multiple_content_types test_error_handling identity flavour test_missing_capability test_streaming_elicitation test_input_required_result_elicitation test_input_required_result_sampling test_input_required_result_list_roots test_input_required_result_request_state test_input_required_result_multiple_inputs test_input_required_result_multi_round test_input_required_result_capabilities form_elicitation url_elicitation redeem_once structured_object structured_array test_tool_with_progress test_logging_tool log_all_levels sampling_with_tools nope TEST_SIMPLE_TEXT external_ref".split(' ').collect();
    for t in &tools {
        for caps in [n(), all()] {
            v.push(req(json!(3), "tools/call", json!({"name":t}), caps.clone(), n()));
        }
    }
    for caps in
        [json!({"elicitation":{}}), json!({"elicitation":{"url":{}}}), json!({"sampling":{}})]
    {
        for t in [
            "url_elicitation",
            "form_elicitation",
            "sampling_with_tools",
            "test_input_required_result_sampling",
        ] {
            v.push(req(json!(3), "tools/call", json!({"name":t}), caps.clone(), n()));
        }
    }
    v.push(req(
        json!(3),
        "tools/call",
        json!({"name":"url_elicitation","arguments":{"email":"a@b.c"}}),
        all(),
        n(),
    ));
    v.push(req(
        json!(3),
        "tools/call",
        json!({"name":"path_in_roots","arguments":{"path":"/a"}}),
        n(),
        n(),
    ));
    for (root, path) in [
        ("/home/u/p", "/home/u/p/x"),
        ("/home/u/p", "/etc/x"),
        ("/home/u/p", "/home/u/p/../x"),
        ("/home/u/p", "/home/u/pp"),
    ] {
        v.push(req(json!(3), "tools/call", json!({"name":"path_in_roots","arguments":{"path":path},"inputResponses":{"roots":{"roots":[{"uri":format!("file://{root}")}]}}}), all(), n()));
    }
    v.push(req(json!(3), "tools/call", json!({"name":"path_in_roots","arguments":{"path":"/a"},"inputResponses":{"roots":{"roots":[]}}}), all(), n()));
    for r in [
        json!({"action":"accept","content":{"name":"A"}}),
        json!({"action":"decline"}),
        json!({"action":"cancel"}),
        json!({"action":"accept","content":{"name":5}}),
        json!(5),
    ] {
        v.push(req(json!(3), "tools/call", json!({"name":"test_input_required_result_elicitation","inputResponses":{"user_name":r}}), all(), n()));
    }
    for r in [
        json!({"other":{"action":"accept"}}),
        json!({"other":{"action":"accept"},"user_name":{"action":"accept","content":{"name":"A"}}}),
        json!([]),
    ] {
        v.push(req(
            json!(3),
            "tools/call",
            json!({"name":"test_input_required_result_elicitation","inputResponses":r}),
            all(),
            n(),
        ));
    }
    v.push(req(json!(3), "tools/call", json!({"name":"test_input_required_result_sampling","inputResponses":{"capital_question":{"role":"robot"}}}), all(), n()));
    for s in ["garbage", "eyJhIjoxfQ.AAAA"] {
        v.push(req(json!(3), "tools/call", json!({"name":"test_input_required_result_tampered_state","requestState":s,"inputResponses":{"confirm":{"action":"accept","content":{"ok":true}}}}), all(), n()));
    }
    for tok in [json!(7), json!("t")] {
        v.push(req(
            json!(3),
            "tools/call",
            json!({"name":"test_tool_with_progress"}),
            n(),
            json!({"progressToken":tok}),
        ));
    }
    for l in ["debug", "error"] {
        for t in ["log_all_levels", "test_error_handling"] {
            v.push(req(json!(3), "tools/call", json!({"name":t, "arguments": if t == "log_all_levels" {json!({"contact":"me@x"})} else {n()}}), n(), json!({"io.modelcontextprotocol/logLevel":l})));
        }
    }
    for (t, a) in [
        ("strict_arguments", json!({"code":"ABC-1234","x":1})),
        ("strict_arguments", json!({"code":5})),
        ("strict_arguments", json!({"code":"x"})),
        ("strict_2020_12", json!({"card":"1"})),
        ("strict_2020_12_declared", json!({"card":"1"})),
        ("draft07_tuple", json!({"pair":[1,1]})),
        ("test_simple_text", json!([])),
        ("add_item", json!({"sku":"x"})),
        ("create_basket", n()),
        ("add_item", json!({"sku":"x"})),
        ("slow", json!({"duration_ms":100,"key":"k"})),
        ("flawed_integer", json!({"a":9007199254740992u64})),
    ] {
        v.push(req(json!(3), "tools/call", json!({"name":t,"arguments":a}), n(), n()));
    }
    v.push(req(json!(3), "tools/call", n(), n(), n()));
    for u in "test://static-text test://static-binary test://watched-resource test://unicode test://failing test://input-required test://none test://template/123/data test://template/9/data file:///srv/plumb/public/readme.md file:///srv/plumb/public/../../../etc/passwd relative".split(' ') { v.push(req(json!(4), "resources/read", json!({"uri":u}), all(), n())); }
    for (p, a) in [
        ("test_simple_prompt", n()),
        ("test_prompt_with_arguments", json!({"arg1":"a","arg2":"{{7*7}}"})),
        ("test_prompt_with_arguments", json!({"arg1":"a"})),
        ("test_prompt_with_arguments", json!({"arg1":1,"arg2":2})),
        ("test_prompt_with_image", n()),
        ("test_prompt_with_audio", n()),
        ("test_prompt_with_embedded_resource", json!({"resourceUri":"test://x"})),
        ("test_failing_prompt", json!({"input":"x"})),
        ("nope", n()),
    ] {
        v.push(req(json!(5), "prompts/get", json!({"name":p,"arguments":a}), all(), n()));
    }
    for (r, a, c) in [
        (
            json!({"type":"ref/prompt","name":"test_prompt_with_many_values"}),
            json!({"name":"item","value":""}),
            n(),
        ),
        (
            json!({"type":"ref/prompt","name":"test_prompt_with_context"}),
            json!({"name":"framework","value":""}),
            json!({"arguments":{"language":"rust"}}),
        ),
        (json!({"type":"ref/prompt","name":"nope"}), json!({"name":"item","value":""}), n()),
        (
            json!({"type":"ref/prompt","name":"test_prompt_with_arguments"}),
            json!({"name":"nope","value":""}),
            n(),
        ),
        (
            json!({"type":"ref/prompt","name":"test_failing_prompt"}),
            json!({"name":"input","value":""}),
            n(),
        ),
        (
            json!({"type":"ref/resource","uri":"test://template/{id}/data"}),
            json!({"name":"id","value":"1"}),
            n(),
        ),
        (json!(5), json!({"name":5}), n()),
    ] {
        v.push(req(
            json!(6),
            "completion/complete",
            json!({"ref":r,"argument":a,"context":c}),
            n(),
            n(),
        ));
    }
    v.push(req(
        json!(6),
        "completion/complete",
        json!({"ref":{"type":"ref/prompt","name":"test_simple_prompt"}}),
        n(),
        n(),
    ));
    v
}

async fn transcript(rules: Rules) -> Vec<String> {
    let mut out = vec![];
    let sink = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = Options::default();
    options.state_ttl = Duration::from_millis(500);
    options.external_ref = Some(format!("http://{}/x", sink.local_addr().unwrap()));
    let fetched = tokio::spawn(async move { sink.accept().await });
    let server = spawn_http(Reference { rules, options: options.clone() }).await.unwrap();
    let a = server.addr;
    for m in messages() {
        out.push(format!("{m}\n{}", send(a, &bytes(&head(&m), &m.to_string(), true)).await));
    }
    out.push(format!("fetched {}", fetched.is_finished()));
    fetched.abort();
    // raw
    let call =
        req(json!(1), "tools/call", json!({"name":"test_simple_text"}), json!({}), json!({}));
    let read =
        req(json!(1), "resources/read", json!({"uri":"test://static-text"}), json!({}), json!({}));
    let prompt =
        req(json!(1), "prompts/get", json!({"name":"test_simple_prompt"}), json!({}), json!({}));
    for m in [&call, &read, &prompt] {
        let h = head(m);
        for i in 1..h.len() {
            let mut g = h.clone();
            g.remove(i);
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
            let mut g = h.clone();
            g[i].1 = "other".into();
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
            let mut g = h.clone();
            g[i].0 = g[i].0.to_uppercase();
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
            let mut g = h.clone();
            g[i].1 = format!("\t {} \t", g[i].1);
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
        }
        let mut g = h.clone();
        g[2].1 = g[2].1.to_uppercase();
        out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
        for enc in ["=?base64?!!!?=", "=?base64?dGVzdF9zaW1wbGVfdGV4dA==?="] {
            let mut g = h.clone();
            g[3].1 = enc.into();
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
        }
        let mut b = bytes(&h, &m.to_string(), true);
        let at = b.windows(9).position(|w| w == b"Mcp-Name:").unwrap();
        let end = b[at..].windows(2).position(|w| w == b"\r\n").unwrap() + at;
        b.insert(end, 0xff);
        out.push(send(a, &b).await);
        for extra in [
            ("Mcp-Session-Id", "x"),
            ("Last-Event-ID", "3"),
            ("Origin", "http://evil.example"),
            ("Origin", "http://localhost.evil.example"),
        ] {
            let mut g = h.clone();
            g.push((extra.0.into(), extra.1.into()));
            out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
        }
    }
    let l =
        req(json!(1), "subscriptions/listen", json!({"notifications":{}}), json!({}), json!({}));
    let mut g = head(&l);
    g.push(("Origin".into(), "http://evil.example".into()));
    out.push(send(a, &bytes(&g, &l.to_string(), true)).await);
    for (h2, v2) in [
        ("us", "us"),
        ("=?base64?dXM=?=", "us"),
        ("=?base64?d!M=?=", "us"),
        ("=?BASE64?dXM=?=", "=?BASE64?dXM=?="),
        ("=?base64?dXM=", "=?base64?dXM="),
        ("eu", "us"),
        ("", "us"),
    ] {
        let m = req(
            json!(1),
            "tools/call",
            json!({"name":"test_custom_headers","arguments":{"region":v2,"note":null}}),
            json!({}),
            json!({}),
        );
        let mut g = head(&m);
        if !h2.is_empty() {
            g.push(("Mcp-Param-Region".into(), h2.into()));
        }
        out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
    }
    let m = req(
        json!(1),
        "tools/call",
        json!({"name":"test_custom_headers","arguments":{"region":"us","count":42}}),
        json!({}),
        json!({}),
    );
    let mut g = head(&m);
    g.push(("Mcp-Param-Region".into(), "us".into()));
    g.push(("Mcp-Param-Count".into(), "42.0".into()));
    out.push(send(a, &bytes(&g, &m.to_string(), true)).await);
    for body in [
        "{",
        "5",
        "[]",
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","method":5}"#,
        r#"{"jsonrpc":"2.0","method":"x"}"#,
        r#"{"jsonrpc":"2.0","method":"x","params":5}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
    ] {
        out.push(send(a, &bytes(&[("Host".into(), "localhost".into())], body, true)).await);
    }
    for m in ["GET", "DELETE"] {
        out.push(
            send(
                a,
                format!("{m} /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .await,
        );
    }
    // keep-alive sequence
    let mut seq = vec![];
    for (i, m) in [req(json!(1), "tools/call", json!({"name":"log_all_levels"}), all(), json!({"io.modelcontextprotocol/logLevel":"debug","io.modelcontextprotocol/clientInfo":{"name":"A","version":"1"}})), req(json!(2), "tools/call", json!({"name":"log_all_levels"}), json!({}), json!({})), req(json!(2), "tools/call", json!({"name":"identity"}), json!({}), json!({})), req(json!(2), "tools/call", json!({"name":"test_missing_capability"}), json!({}), json!({})), {let mut m = req(json!(2), "tools/list", json!({}), json!({}), json!({})); m["params"]["_meta"].as_object_mut().unwrap().shift_remove("io.modelcontextprotocol/protocolVersion"); m}, req(json!(2), "tools/list", json!({"cursor":null}), json!({}), json!({})), req(json!(2), "tools/list", json!({}), json!({}), json!({})), req(json!(2), "prompts/list", json!({}), json!({}), json!({})), req(json!(2), "resources/list", json!({}), json!({}), json!({}))].iter().enumerate() { let mut m = m.clone(); if m["params"]["cursor"].is_null() { m["params"].as_object_mut().unwrap().shift_remove("cursor"); } seq.extend(bytes(&head(&m), &m.to_string(), i == 8)); }
    out.push(send(a, &seq).await);
    // pages
    for (me, member) in [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let m = req(json!(1), me, json!({}), json!({}), json!({}));
        let mut s = TcpStream::connect(a).await.unwrap();
        s.write_all(&bytes(&head(&m), &m.to_string(), true)).await.unwrap();
        let mut o = String::new();
        let _ = s.read_to_string(&mut o).await;
        if let Some(i) = o.find("\"nextCursor\":\"") {
            let c = o[i + 14..].split('"').next().unwrap();
            for _ in 0..2 {
                let m = req(json!(1), me, json!({"cursor":c}), json!({}), json!({}));
                out.push(send(a, &bytes(&head(&m), &m.to_string(), true)).await);
            }
        }
    }
    // flows
    let caps = all();
    for tool in ["sampling_with_tools", "redeem_once", "test_input_required_result_request_state"] {
        let mut params = json!({"name":tool});
        let mut kept = json!(null);
        for round in 1..8 {
            let m = req(json!(round), "tools/call", params.clone(), caps.clone(), json!({}));
            let mut s = TcpStream::connect(a).await.unwrap();
            s.write_all(&bytes(&head(&m), &m.to_string(), true)).await.unwrap();
            let mut o = String::new();
            let _ = s.read_to_string(&mut o).await;
            out.push(normal(&o));
            let v: Value = o
                .split_once("\r\n\r\n")
                .and_then(|(_, b)| serde_json::from_str(b).ok())
                .unwrap_or_default();
            if v["result"]["resultType"] != "input_required" {
                break;
            }
            kept = v["result"]["requestState"].clone();
            params = json!({"name":tool,"requestState":kept,"inputResponses":{"confirm":{"action":"accept","content":{"ok":true,"confirmation":"yes"}}, format!("round_{round}"): {"role":"assistant","model":"m","content":[{"type":"tool_use","id":"a","name":"weather","input":{}},{"type":"tool_use","id":"b","name":"weather","input":{}}]}}});
        }
        let m = req(json!(20), "tools/call", params.clone(), caps.clone(), json!({}));
        out.push(send(a, &bytes(&head(&m), &m.to_string(), true)).await);
        let mut p = params.clone();
        p["name"] = json!("test_input_required_result_tampered_state");
        let m = req(json!(20), "tools/call", p, caps.clone(), json!({}));
        out.push(send(a, &bytes(&head(&m), &m.to_string(), true)).await);
        tokio::time::sleep(Duration::from_millis(600)).await;
        let m = req(json!(20), "tools/call", params.clone(), caps.clone(), json!({}));
        out.push(send(a, &bytes(&head(&m), &m.to_string(), true)).await);
    }
    // parallel
    let mut js = vec![];
    for i in 0..4 {
        let m = req(json!(i), "prompts/list", json!({}), json!({}), json!({}));
        js.push(tokio::spawn(
            async move { send(a, &bytes(&head(&m), &m.to_string(), true)).await },
        ));
    }
    let mut par = vec![];
    for j in js {
        par.push(j.await.unwrap());
    }
    par.sort();
    out.push(par.join("|"));
    // listen with cross traffic and stop
    let open = |m: Value| {
        let b = bytes(&head(&m), &m.to_string(), true);
        async move {
            let mut s = TcpStream::connect(a).await.unwrap();
            s.write_all(&b).await.unwrap();
            s
        }
    };
    let l1 = open(req(json!(1), "subscriptions/listen", json!({"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":false,"resourceSubscriptions":["test://watched-resource"]}}), json!({}), json!({}))).await;
    let gone = open(req(
        json!(77),
        "subscriptions/listen",
        json!({"notifications":{"toolsListChanged":true}}),
        json!({}),
        json!({}),
    ))
    .await;
    let l3 = open(req(
        json!(9),
        "subscriptions/listen",
        json!({"notifications":{"resourcesListChanged":true}}),
        json!({}),
        json!({}),
    ))
    .await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    {
        let m = req(
            json!(3),
            "tools/call",
            json!({"name":"test_trigger_tool_change"}),
            json!({}),
            json!({}),
        );
        send(a, &bytes(&head(&m), &m.to_string(), true)).await;
    }
    tokio::time::sleep(Duration::from_millis(90)).await;
    drop(gone);
    let slow = open(req(
        json!(50),
        "tools/call",
        json!({"name":"slow","arguments":{"duration_ms":400,"key":"stays"}}),
        json!({}),
        json!({"progressToken":"stay","io.modelcontextprotocol/logLevel":"debug"}),
    ))
    .await;
    let left = open(req(
        json!(51),
        "tools/call",
        json!({"name":"slow","arguments":{"duration_ms":900,"key":"left"}}),
        json!({}),
        json!({"progressToken":"left"}),
    ))
    .await;
    tokio::time::sleep(Duration::from_millis(70)).await;
    drop(left);
    for (t, ar) in [
        ("test_trigger_tool_change", json!({})),
        ("test_trigger_prompt_change", json!({})),
        ("test_trigger_resource_change", json!({})),
        ("test_update_resource", json!({})),
        ("test_update_resource", json!({"uri":"test://other"})),
    ] {
        let m = req(json!(3), "tools/call", json!({"name":t,"arguments":ar}), json!({}), json!({}));
        out.push(send(a, &bytes(&head(&m), &m.to_string(), true)).await);
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    for k in ["left"] {
        let m = req(
            json!(3),
            "tools/call",
            json!({"name":"journal","arguments":{"key":k}}),
            json!({}),
            json!({}),
        );
        let j = send(a, &bytes(&head(&m), &m.to_string(), true)).await;
        out.push(format!("left stopped: {} {}", j.contains("cancelled"), j.contains("tick 4")));
        tokio::time::sleep(Duration::from_millis(400)).await;
        let j = send(a, &bytes(&head(&m), &m.to_string(), true)).await;
        out.push(format!(
            "left stopped: {} {} {}",
            j.contains("cancelled"),
            j.contains("tick 10"),
            j.contains("done")
        ));
    }
    let mut collect = vec![];
    for mut s in [l1, l3, slow] {
        collect.push(tokio::spawn(async move {
            let mut o = Vec::new();
            let r = tokio::time::timeout(Duration::from_millis(1500), s.read_to_end(&mut o)).await;
            normal(&format!("{} {}", r.is_ok(), String::from_utf8_lossy(&o)))
        }));
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    tokio::spawn(server.stop());
    for c in collect {
        let t = c.await.unwrap();
        out.push(t);
    }
    // bind
    let (mut client, side) = tokio::io::duplex(1 << 20);
    let (i, o) = tokio::io::split(side);
    let t = tokio::spawn(serve_stdio_on(Reference { rules, options }, i, o));
    let none = json!({});
    let mut lines: Vec<String> = vec![];
    lines.push(req(json!(1), "server/discover", json!({}), json!({}), json!({})).to_string());
    lines.push(
        req(json!(2), "resources/templates/list", json!({}), json!({}), json!({})).to_string(),
    );
    {
        let mut m = req(json!(3), "tools/list", json!({}), json!({}), json!({}));
        m["params"].as_object_mut().unwrap().shift_remove("_meta");
        lines.push(m.to_string());
    }
    lines.push(
        req(
            json!(4),
            "tools/list",
            json!({}),
            json!({}),
            json!({"io.modelcontextprotocol/protocolVersion":"1900-01-01"}),
        )
        .to_string(),
    );
    lines.push(r#"{"jsonrpc":"2.0","id":5,"method":"initialize","params":{}}"#.into());
    lines.push(r#"{"jsonrpc":"2.0","method":"notifications/unknown"}"#.into());
    lines.push(
        req(json!(6), "tools/call", json!({"name":"test_streaming_elicitation"}), all(), json!({}))
            .to_string(),
    );
    lines.push(
        req(
            json!(7),
            "tools/call",
            json!({"name":"slow","arguments":{"duration_ms":300,"key":"c"}}),
            json!({}),
            json!({"progressToken":"p"}),
        )
        .to_string(),
    );
    lines.push(
        req(
            json!(8),
            "subscriptions/listen",
            json!({"notifications":{"toolsListChanged":true}}),
            json!({}),
            json!({}),
        )
        .to_string(),
    );
    lines.push(
        req(
            json!(9),
            "subscriptions/listen",
            json!({"notifications":{"promptsListChanged":true}}),
            json!({}),
            json!({}),
        )
        .to_string(),
    );
    for l in &lines {
        client.write_all(format!("{l}\n").as_bytes()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(120)).await;
    let mut more: Vec<String> = vec![];
    for id in [json!(7), json!(8), json!(1), json!(4711)] {
        more.push(json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":id,"reason":"because"}}).to_string());
    }
    more.push(
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}"#.into(),
    );
    more.push(
        req(
            json!(10),
            "tools/call",
            json!({"name":"test_trigger_tool_change"}),
            json!({}),
            json!({}),
        )
        .to_string(),
    );
    more.push(
        req(
            json!(14),
            "tools/call",
            json!({"name":"test_trigger_resource_change"}),
            json!({}),
            json!({}),
        )
        .to_string(),
    );
    for l in &more {
        client.write_all(format!("{l}\n").as_bytes()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    client
        .write_all(
            format!(
                "{}\n",
                req(
                    json!(11),
                    "tools/call",
                    json!({"name":"journal","arguments":{"key":"c"}}),
                    json!({}),
                    json!({})
                )
            )
            .as_bytes(),
        )
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    client.shutdown().await.unwrap();
    let mut o = Vec::new();
    let r = tokio::time::timeout(Duration::from_millis(900), client.read_to_end(&mut o)).await;
    let text = String::from_utf8_lossy(&o).into_owned();
    let mut ls: Vec<String> = text.lines().map(normal).collect();
    ls.sort();
    out.push(format!("{} {}", r.is_ok(), ls.join("\n")));
    t.abort();
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differential() {
    let only = std::env::var("ONLY").ok();
    let spec = transcript(Rules::SPEC).await;
    let again = transcript(Rules::SPEC).await;
    let mut unstable: HashSet<usize> = HashSet::new();
    for (i, (x, y)) in spec.iter().zip(&again).enumerate() {
        if x != y {
            unstable.insert(i);
            println!("UNSTABLE {i}\n{x}\n---\n{y}");
        }
    }
    if only.as_deref() == Some("spec") {
        for (i, x) in spec.iter().enumerate() {
            println!("## {i} {x}");
        }
        return;
    }
    let mut waiting: Vec<_> = MUTANTS
        .iter()
        .filter(|m| only.as_ref().is_none_or(|o| o.split(',').any(|o| o == m.name)))
        .collect();
    let mut set = tokio::task::JoinSet::new();
    loop {
        while set.len() < 12 {
            let Some(m) = waiting.pop() else { break };
            let rules = m.rules();
            let name = m.name;
            set.spawn(async move { (name, transcript(rules).await) });
        }
        let Some(r) = set.join_next().await else { break };
        let Ok((name, t)) = r else {
            println!("PANIC {:?}", r.err());
            continue;
        };
        let diff: Vec<usize> = (0..spec.len().max(t.len()))
            .filter(|i| spec.get(*i) != t.get(*i) && !unstable.contains(i))
            .collect();
        println!(
            "MUTANT {name}: {} of {} differ {:?}",
            diff.len(),
            spec.len(),
            if diff.len() > 12 { vec![] } else { diff.clone() }
        );
        if only.is_some() {
            for i in diff.iter().take(6) {
                println!(
                    "--- spec\n{}\n--- mutant\n{}",
                    spec.get(*i).map_or("", |s| s),
                    t.get(*i).map_or("", |s| s)
                );
            }
        }
    }
}
