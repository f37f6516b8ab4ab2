//! What goes over the wire, byte by byte.

use plumb_model::{Header, Sent};

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

async fn on_the_wire(request: HttpRequest) -> String {
    let mut peer = Peer::one(vec![Act::Read, Act::Write(OK)]).await;
    let client = client(&peer);
    send(&client, request).await.finish().await;
    let port = peer.port().to_string();
    peer.request().await.replace(&port, "PORT")
}

#[tokio::test]
async fn headers_cross_the_wire_as_given() {
    let request = post("{}")
        .header("x-B", "1")
        .header("X-a", "2")
        .header("x-b", "3")
        .header("CoNtEnT-tYpE", b"caf\xe9 \xff".to_vec())
        .header("empty", "");
    assert_eq!(
        on_the_wire(request).await,
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nx-B: 1\r\nX-a: 2\r\nx-b: 3\r\n\
         CoNtEnT-tYpE: caf\u{e9} \u{ff}\r\nempty: \r\nContent-Length: 2\r\n\r\n{}"
    );
}

#[tokio::test]
async fn an_absent_accept_stays_absent() {
    let message = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let request = on_the_wire(HttpRequest::message(&message).without("accept")).await;
    assert!(!request.to_lowercase().contains("accept"), "{request}");
    assert!(request.contains("Mcp-Method: ping\r\n"), "{request}");
}

#[tokio::test]
async fn the_target_can_be_anything() {
    let mut request = post("");
    request.target = Some("/a/../b?[x]#y".into());
    assert!(on_the_wire(request).await.starts_with("POST /a/../b?[x]#y HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_raw_request_is_all_that_is_sent() {
    let raw = "POST  /x HTTP/9\r\nHost : x\r\nBad\x01Name\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n1";
    assert_eq!(on_the_wire(HttpRequest::raw(raw)).await, raw);
}

#[tokio::test]
async fn the_evidence_shows_what_was_sent() {
    let mut peer = Peer::one(vec![Act::Read, Act::Write(OK)]).await;
    let client = client(&peer);
    let (sent, answer) =
        send(&client, post("{}").header("X-a", b"\xe9".to_vec())).await.finish().await;
    let host = peer.endpoint().authority();
    let headers = vec![
        Header::new("Host", host),
        Header::new("X-a", "\u{e9}"),
        Header::new("Content-Length", "2"),
    ];
    let url = peer.endpoint().to_string();
    assert_eq!(sent, Sent::Http { method: "POST".into(), url, headers, body: "{}".into() });
    assert!(answer.sent_at <= answer.ended_at);
    peer.request().await;
}
