//! A server that allows one stream of GET, which another client may have.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use plumb_model::Verdict;
use plumb_reference::spawn_handshake_http;

use super::{judged, judged_at, verdicts};
use crate::judging;

/// What keeps a run from a stream of GET is somebody else's, or another check's, and no fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_allows_one_stream_is_not_blamed_whoever_has_it() {
    let id = "http.get.answer";
    let report = judged("2025-11-25", &["several_streams"], &[]).await;
    let all = verdicts(&report);
    let wrong = |v: &&Verdict| matches!(v, Verdict::Violated { .. } | Verdict::Inconclusive { .. });
    let wrong: Vec<_> = all.iter().filter(|(_, v)| wrong(v)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(all.get(id), Some(&&Verdict::Held));

    let url = spawn_handshake_http(&["several_streams"]).await.expect("a port of the loopback");
    let _stream = listening(&url).expect("a stream of GET");
    let report = judged_at(judging::at(&url), "2025-11-25", &[id], &[]).await;
    let verdict = verdicts(&report).get(id).copied();
    assert!(matches!(verdict, Some(Verdict::Inconclusive { .. })), "{verdict:?}");
}

/// The stream of GET that another client has open in a session of its own.
fn listening(url: &str) -> std::io::Result<TcpStream> {
    let host = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let request = |method: &str, fields: &str, body: &str| {
        let mut stream = TcpStream::connect(host)?;
        let length = body.len();
        write!(
            stream,
            "{method} /mcp HTTP/1.1\r\nHost: {host}\r\nAccept: application/json, text/event-stream\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
        )?;
        let mut head = String::new();
        let mut reader = BufReader::new(stream.try_clone()?);
        while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
        Ok::<_, std::io::Error>((stream, head))
    };
    let opening = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "another", "version": "1"},
        },
    });
    let (_, head) = request("POST", "", &opening.to_string())?;
    let session = head.lines().find(|line| line.to_lowercase().starts_with("mcp-session-id:"));
    let (stream, head) = request("GET", &format!("{}\r\n", session.unwrap_or_default()), "")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    Ok(stream)
}
