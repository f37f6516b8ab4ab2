//! A server that says what it is told, and texts of its own, wherever a server can say anything.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

/// The server; it ends with the test.
pub(crate) struct Server {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Server {
    /// A server that says these texts.
    pub(crate) fn saying(texts: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (heard, texts) = (Arc::new(AtomicUsize::new(0)), Arc::new(texts));
        let count = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (count, texts) = (Arc::clone(&count), Arc::clone(&texts));
                std::thread::spawn(move || while answer(&stream, &texts, &count).is_some() {});
            }
        });
        Self { port, heard }
    }

    pub(crate) fn url(&self, query: &str) -> String {
        format!("http://127.0.0.1:{}/mcp{query}", self.port)
    }

    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}

/// Answers one request of a connection.
fn answer(mut stream: &TcpStream, texts: &[String], count: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let n = count.fetch_add(1, Ordering::Relaxed);
    let request = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let answer = message(&request, &head, texts);
    stream.write_all(&response(n, &answer.to_string(), texts)).ok()
}

/// A result that says everything.
fn message(request: &Value, head: &str, texts: &[String]) -> Value {
    let all = texts.join("\n");
    let echo = format!("{head}\n{all}\n{request}");
    let server = json!({"name": &all, "version": &texts[0]});
    let tool = |name: &str| {
        json!({"name": name, "title": &all, "description": &echo,
            "inputSchema": {"type": "object", "properties": {name: {"type": "string", "default": &all}}},
            "annotations": {"readOnlyHint": true}})
    };
    let mut tools: Vec<Value> = texts.iter().map(|text| tool(text)).collect();
    tools.push(tool("test_tool_with_progress"));
    let content = json!([{"type": "text", "text": &echo}]);
    let result = match request["method"].as_str() {
        Some("server/discover") => json!({
            "supportedVersions": ["2026-07-28", &texts[0]],
            "capabilities": {"tools": {}, "experimental": {&all: {"x": &echo}}},
            "instructions": &echo,
            "ttlMs": 0, "cacheScope": "private", "resultType": "complete",
            "_meta": {"io.modelcontextprotocol/serverInfo": server}
        }),
        Some("tools/list") => {
            json!({"tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
        }
        Some("tools/call") => json!({"content": content, "resultType": "complete"}),
        _ => {
            let error = json!({"code": -32601, "message": &echo, "data": {&all: texts}});
            return json!({"jsonrpc": "2.0", "id": request["id"], "error": error});
        }
    };
    json!({"jsonrpc": "2.0", "id": request["id"], "result": result})
}

/// By turns as JSON, as a stream, and as what nobody can read.
fn response(n: usize, answer: &str, texts: &[String]) -> Vec<u8> {
    let mut fields = String::new();
    let fit = |text: &&String| !text.contains(char::is_control);
    for (n, text) in texts.iter().filter(fit).enumerate() {
        let token = |c: char| c.is_ascii_alphanumeric() || "-._~%+".contains(c);
        if text.chars().all(token) {
            fields.extend(["X-", text, &n.to_string(), ": y\r\n"]);
        }
        fields.extend(["X-Echo: ", text, "\r\nSet-Cookie: s=", text, "\r\n"]);
    }
    let (kind, body) = match n % 5 {
        4 => {
            let event = |t: &String| format!("event: {t}\nid: {t}\n{t}: x\n: {t}\ndata: {{}}\n\n");
            let events = texts.iter().map(event).collect::<Vec<_>>().concat();
            ("text/event-stream", format!("{events}data: {answer}\n\n"))
        }
        3 if n > 10 => ("text/html", format!("<p>{}</p>\u{0}", texts.join("\n"))),
        _ => ("application/json", answer.to_owned()),
    };
    let reason = texts.iter().filter(fit).nth(n % 8).map_or("", String::as_str);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{fields}\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}
