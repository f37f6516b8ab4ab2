//! Answers that are wrong, too much, or never come.

use plumb_model::{Answer, Carrier, End};

use super::peer::Seen;
use super::*;

async fn answer_to(script: &[&'static str], limits: Limits) -> Answer {
    let acts = script.iter().map(|text| Act::Write(text));
    let peer = Peer::one(std::iter::once(Act::Read).chain(acts).collect()).await;
    let client = client_with(&peer, limits);
    send(&client, post("{}")).await.finish().await.1
}

async fn answer(script: &[&'static str]) -> Answer {
    answer_to(script, Limits::default()).await
}

fn broken(answer: &Answer) -> &str {
    match &answer.end {
        End::Broken(why) => why,
        end => panic!("{end:?}"),
    }
}

#[tokio::test]
async fn a_chunked_body_in_pieces_is_one_frame() {
    let answer = answer(&[
        "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\nTransfer-Enc",
        "oding: chunked\r\n\r\n3\r\n{\"a",
        "\r\n4;x=y\r\n\":1}\r",
        "\n0\r\nTrailer: x\r\n\r\n",
    ])
    .await;
    assert_eq!(answer.end, End::Complete);
    assert_eq!(answer.frames.len(), 1);
    assert_eq!(answer.frames[0].carrier, Carrier::Body);
    assert_eq!(answer.frames[0].payload.text(), Some("{\"a\":1}"));
    assert_eq!(answer.media_type().as_deref(), Some("application/json"));
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_broken_and_kept() {
    let answer = answer(&[
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":",
    ])
    .await;
    assert_eq!(
        broken(&answer),
        "the connection was closed 4 bytes before the end that `Content-Length` announces"
    );
    assert_eq!(answer.frames, []);
    assert_eq!(answer.body.text(), Some("{\"a\":"));
}

#[tokio::test]
async fn a_body_that_is_announced_in_chunks_and_comes_in_none_is_told_so() {
    for (length, more) in [("", ""), ("Content-Length: 2\r\n", "; a `Content-Length` beside")] {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{length}\r\n{{}}\r\n");
        let answer = answer(&[head.leak()]).await;
        let why = broken(&answer);
        assert!(why.starts_with("`Transfer-Encoding: chunked` announces chunks, and"), "{why}");
        assert_eq!(why.contains("; a `Content-Length` beside"), !more.is_empty(), "{why}");
    }
}

#[tokio::test]
async fn a_body_until_close_is_whole() {
    let answer =
        answer(&["HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>", "no"]).await;
    assert_eq!(
        (answer.end.clone(), answer.status(), answer.body.text()),
        (End::Complete, Some(404), Some("<p>no"))
    );
    assert_eq!(answer.frames, []);
}

#[tokio::test]
async fn an_empty_body_is_no_frame() {
    let answer = answer(&[
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n",
    ])
    .await;
    assert_eq!((answer.end.clone(), answer.frames.len(), answer.body.len()), (End::Complete, 0, 0));
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let answer = answer(&[
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n",
        "HTTP/1.1 204 No\r\n\r\n",
    ])
    .await;
    assert_eq!((answer.end.clone(), answer.status()), (End::Complete, Some(204)));
    assert_eq!(answer.header("x"), None);
}

#[tokio::test]
async fn endless_interim_answers_are_broken_off() {
    let answer = answer(&["HTTP/1.1 100 Continue\r\n\r\n"; 40]).await;
    assert_eq!(broken(&answer), "more than 16 interim answers");
}

#[tokio::test]
async fn malformed_heads_are_broken_without_waiting_for_more() {
    for text in [
        "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 two OK\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ] {
        let peer = Peer::one(vec![Act::Read, Act::Write(text), Act::AwaitEnd]).await;
        let client = client(&peer);
        let (_, answer) = send(&client, post("{}")).await.finish().await;
        broken(&answer);
    }
}

#[tokio::test]
async fn silence_times_out() {
    let peer = Peer::one(vec![Act::Read, Act::AwaitEnd]).await;
    let client = client_with(&peer, Limits { answer: NEVER, ..Limits::default() });
    let live = send(&client, post("{}")).await;
    assert_eq!(live.head().await, None);
    assert!(live.is_ended());
    let (_, answer) = live.finish().await;
    assert_eq!((answer.end, answer.head), (End::TimedOut, None));
}

#[tokio::test]
async fn a_body_that_stops_coming_times_out_and_is_kept() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    let mut peer = Peer::one(vec![Act::Read, Act::Write(head), Act::AwaitEnd]).await;
    let client = client_with(&peer, Limits { answer: NEVER, ..Limits::default() });
    let (_, answer) = send(&client, post("{}")).await.finish().await;
    assert_eq!(
        (answer.end.clone(), answer.status(), answer.body.text()),
        (End::TimedOut, Some(200), Some("half"))
    );
    peer.request().await;
    assert_eq!(peer.sees().await, Seen::Ended);
}

#[tokio::test]
async fn floods_are_too_large() {
    let head = "HTTP/1.1 200 OK\r\n";
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let limits = Limits {
        head_bytes: 5000,
        body_bytes: 100_000,
        frame_bytes: 30_000,
        frames: 7,
        ..Limits::default()
    };
    for (start, flood, end) in [
        ("", &b"\x41"[..], End::TooLarge(5000)),
        (head, b"X: y\r\n", End::TooLarge(5000)),
        (json, b"[[[[[", End::TooLarge(100_000)),
        (events, b"data: x", End::TooLarge(30_000)),
        (events, b"data: 0123456789abcdef\n", End::TooLarge(30_000)),
        (events, b"data: x\n\n", End::TooLarge(7)),
        (events, b": x\n", End::TooLarge(100_000)),
        (chunked, b"1\r\nx\r\n", End::TooLarge(100_000)),
    ] {
        let peer = Peer::one(vec![Act::Read, Act::Write(start), Act::Flood(flood)]).await;
        let client = client_with(&peer, limits.clone());
        let (_, answer) = send(&client, post("{}")).await.finish().await;
        assert_eq!(answer.end, end, "{start}{flood:?}");
        assert!(answer.body.len() <= 100_000 && answer.frames.len() <= 7);
    }
}

#[tokio::test]
async fn an_answer_to_a_request_that_is_never_read_is_taken() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
    let peer = Peer::one(vec![Act::Write(refusal), Act::AwaitGo]).await;
    let client = client_with(&peer, Limits { request_bytes: 65 << 20, ..Limits::default() });
    let live = send(&client, HttpRequest::new("POST", vec![b'x'; 64 << 20])).await;
    let (_, answer) = live.finish().await;
    assert_eq!((answer.end.clone(), answer.status()), (End::Complete, Some(413)));
}

#[tokio::test]
async fn a_request_that_nobody_reads_is_an_error() {
    let peer = Peer::one(vec![Act::AwaitGo]).await;
    let limits = Limits { answer: NEVER, request_bytes: 65 << 20, ..Limits::default() };
    let client = client_with(&peer, limits);
    let error = client
        .send(HttpRequest::new("POST", vec![b'x'; 64 << 20]))
        .await
        .map(Live::close)
        .expect_err("unread");
    assert!(matches!(&error, crate::WireError::Send { .. }), "{error}");
}

#[tokio::test]
async fn what_repeats_a_huge_name_is_not_sent() {
    let peer = Peer::one(vec![Act::AwaitGo]).await;
    let mut request = post("{}");
    request.headers.push((b"Mcp-Name".to_vec(), vec![b'n'; 2 << 20]));
    let error = client(&peer).send(request).await.map(Live::close).expect_err("not sent");
    assert!(matches!(&error, crate::WireError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_declared_length_is_sent_as_declared() {
    let mut peer = Peer::one(vec![Act::Read]).await;
    let client = client_with(&peer, Limits { answer: NEVER, ..Limits::default() });
    let mut request = post("{}");
    request.framing = Framing::DeclaredLength(1);
    drop(send(&client, request).await);
    assert!(peer.request().await.ends_with("Content-Length: 1\r\n\r\n{}"));
}
