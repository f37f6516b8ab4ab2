//! Facts about the server, over sockets and pipes.

mod features;
mod http;
mod mutants;
mod stdio;

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

async fn next_message(lines: &mut tokio::io::Lines<BufReader<TcpStream>>) -> Option<Value> {
    loop {
        let line = lines.next_line().await.unwrap()?;
        if let Some(data) = line.strip_prefix("data: ") {
            return Some(serde_json::from_str(data).unwrap());
        }
    }
}
