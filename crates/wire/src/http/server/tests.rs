//! Answers of every kind, read by our own client and byte by byte.

mod hostile;
mod scripts;

use std::time::Duration;

use plumb_model::{Answer, End, Sent};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::http::{Client, ClientOptions, Framing, HttpRequest, LAST_CHUNK, Which, chunk};
use crate::script::{Script, Step};
use crate::sse;

/// Long enough for anything that happens on loopback.
const SOON: Duration = Duration::from_secs(10);

async fn start(handler: impl Handler) -> Server {
    start_with(handler, ServerOptions::default()).await
}

async fn start_with(handler: impl Handler, options: ServerOptions) -> Server {
    Server::start(handler, options, Clock::start()).await.expect("it listens")
}

/// A server that answers everything by one play.
async fn always<P: Into<Play>>(play: impl Fn() -> P + Send + Sync + 'static) -> Server {
    start(move |_: Asked| {
        let play: Play = play().into();
        async move { play }
    })
    .await
}

fn client(server: &Server) -> Client {
    let endpoint = server.endpoint("/mcp").expect("a url");
    Client::new(endpoint, ClientOptions::default(), Clock::start()).expect("a client")
}

async fn ask(client: &Client, request: HttpRequest) -> Answer {
    client.send(request).await.expect("it is sent").finish().await.1
}

fn post(body: &'static str) -> HttpRequest {
    HttpRequest::new("POST", body)
}

/// Waits until so many exchanges are over.
async fn over(server: &Server, count: usize) -> Vec<Served> {
    let enough = |all: &[Served]| all.iter().filter(|s| s.over).count() >= count;
    server.wait(SOON, enough).await.expect("in time")
}

/// Everything that a connection gives back for some bytes, up to its end.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    // A server that refuses may close before all is written.
    let _ = stream.write_all(bytes).await;
    let mut read = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut read)).await.expect("it ends");
    read.iter().map(|b| char::from(*b)).collect()
}

#[tokio::test]
async fn a_request_is_shown_whole_and_both_sides_record_the_same() {
    let server = start(|asked: Asked| async move {
        assert_eq!((asked.method(), asked.target(), asked.nth), ("POST", "/a/../b?x", 1));
        assert_eq!(asked.header("x-a"), Some("\u{e9}"));
        let id = asked.message().id().cloned().expect("an id");
        Response::json(&json!({"jsonrpc": "2.0", "id": id, "result": {}})).header("X-Own", "\u{ff}")
    })
    .await;
    let mut request =
        post(r#"{"jsonrpc":"2.0","id":7,"method":"m"}"#).header("X-a", b"\xe9".to_vec());
    request.target = Some("/a/../b?x".into());
    request.framing = Framing::Chunked(5);
    let (sent, answer) = client(&server).send(request).await.expect("sent").finish().await;
    assert_eq!(answer.end, End::Complete);
    assert_eq!(answer.frames[0].payload.text(), Some(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#));

    let one = over(&server, 1).await.remove(0);
    assert!(one.asked.begun_at <= one.asked.at && one.asked.at <= one.answer.ended_at);
    assert_eq!(one.asked.sent, sent);
    assert_eq!(one.answer.head, answer.head);
    assert_eq!(one.answer.frames[0].payload, answer.frames[0].payload);
    let exchange = one.exchange(3, "a check");
    assert_eq!(exchange.initiator, plumb_model::Initiator::Target);
    assert!(
        serde_json::to_string(&exchange).expect("serialises").contains(r#""initiator":"target""#)
    );
}

/// Who has read an answer asks again at once: by the record, the first was over by then.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_over_before_who_read_it_can_act() {
    let server = start(|_: Asked| async move { Response::new(401) }).await;
    let client = client(&server);
    // On a connection of its own each: one that stays carries nothing before its record is closed.
    for _ in 0..300 {
        ask(&client, post("{}").on(Which::Fresh)).await;
    }
    let asked = over(&server, 300).await;
    assert!(asked.windows(2).all(|two| two[0].answer.ended_at <= two[1].asked.begun_at));
}

#[tokio::test]
async fn a_connection_carries_requests_while_both_sides_keep_it() {
    let server =
        start(|asked: Asked| async move { Response::new(200).body(asked.nth.to_string()) }).await;
    let client = client(&server);
    for nth in ["1", "2", "3"] {
        assert_eq!(ask(&client, post("{}")).await.body.text(), Some(nth));
    }
    assert_eq!(ask(&client, post("{}").on(Which::Fresh)).await.body.text(), Some("1"));
    let closing = post("{}").header("Connection", "close");
    assert_eq!(ask(&client, closing).await.body.text(), Some("4"));
    assert_eq!(ask(&client, post("{}")).await.body.text(), Some("1"));
    assert_eq!(server.opened(), 3);
    // One answer each to two requests that came at once.
    let two = raw(&server, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.0\r\n\r\n").await;
    assert_eq!(
        two,
        "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n2"
    );
}

/// A client that was told nothing else sends its next request there, and that would go down with the connection.
#[tokio::test]
async fn a_connection_carries_requests_behind_a_refusal() {
    let server = start(|_: Asked| async move { Response::new(404) }).await;
    let two = raw(&server, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.0\r\n\r\n").await;
    assert_eq!(two, "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n".repeat(2));
    assert_eq!(server.opened(), 1);
}

#[tokio::test]
async fn requests_are_answered_beside_each_other() {
    let (open, opened) = watch::channel(0);
    let open = Arc::new(open);
    let server = start(move |_: Asked| {
        let (open, mut opened) = (Arc::clone(&open), opened.clone());
        async move {
            open.send_modify(|n| *n += 1);
            // Nobody is answered before all are here.
            opened.wait_for(|n| *n == 5).await.expect("the sender lives");
            Response::new(200)
        }
    })
    .await;
    let client = client(&server);
    let asked = (0..5).map(|_| ask(&client, post("{}")));
    let mut set = JoinSet::new();
    for asking in asked.map(|_| client.clone()) {
        set.spawn(async move { ask(&asking, post("{}")).await });
    }
    while let Some(answer) = set.join_next().await {
        assert_eq!(answer.expect("no panic").status(), Some(200));
    }
}

#[tokio::test]
async fn a_client_that_expects_to_be_asked_on_is() {
    let server = start(|asked: Asked| async move { Response::new(200).body(asked.body()) }).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream
        .write_all(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .await
        .expect("taken");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.expect("an interim answer");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").await.expect("taken");
    let mut answer = [0; 40];
    let read = stream.read(&mut answer).await.expect("an answer");
    assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
    assert_eq!(over(&server, 1).await[0].asked.body().text(), Some("ok"));
}

#[tokio::test]
async fn a_stopped_server_ends_what_is_under_way_and_listens_no_more() {
    let server =
        always(|| Script::new().wait(Duration::from_millis(50)).and(Response::new(200))).await;
    let (client, address) = (client(&server), server.address());
    let asking = tokio::spawn(async move { ask(&client, post("{}")).await });
    server.wait(SOON, |all| all.len() == 1).await.expect("it is asked");
    let all = server.stop(SOON).await;
    assert_eq!((all.len(), all[0].over, all[0].answer.status()), (1, true, Some(200)));
    assert_eq!(asking.await.expect("no panic").status(), Some(200));
    TcpStream::connect(address).await.expect_err("nobody listens");

    let server = always(|| Script::from(Step::Hold)).await;
    let client = self::client(&server);
    let asking = tokio::spawn(async move { ask(&client, post("{}")).await });
    server.wait(SOON, |all| all.len() == 1).await.expect("it is asked");
    drop(server);
    let answer = asking.await.expect("no panic");
    assert!(matches!(answer.end, End::Broken(_)), "{:?}", answer.end);
}
