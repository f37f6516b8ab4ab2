//! Event streams while they last.

use plumb_model::{Carrier, End};

use super::peer::Seen;
use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

#[tokio::test]
async fn events_are_seen_as_they_come() {
    let peer = Peer::one(vec![
        Act::Read,
        Act::Write(HEAD),
        Act::Write("\u{feff}: hello\r\nid: 1\r\nevent: message\r\ndata: {\r\ndata: }\r\n\r\n"),
        Act::AwaitGo,
        Act::Write("data: b\n\nretry: 5\n\ndata: cut"),
    ])
    .await;
    let client = client(&peer);
    let mut live = send(&client, post("{}")).await;
    assert_eq!(live.head().await.map(|head| head.status), Some(200));
    let first = live.next().await.expect("an event");
    assert_eq!(
        first.carrier,
        Carrier::Event { name: Some("message".into()), id: Some("1".into()) }
    );
    assert_eq!(first.payload.text(), Some("{\n}"));

    assert_eq!(live.next_within(NEVER).await, None);
    assert!(!live.is_ended());
    peer.go();
    assert_eq!(live.next_within(SOON).await.expect("an event").payload.text(), Some("b"));
    assert_eq!(live.next().await, None);
    assert_eq!(live.next_within(SOON).await, None);
    assert!(live.is_ended());

    let (_, answer) = live.finish().await;
    assert_eq!((answer.end, answer.frames.len()), (End::Complete, 2));
    assert_eq!(answer.frames[0], first);
    let facts = answer.stream.expect("a stream");
    assert_eq!((facts.comments, facts.retries, facts.without_data, facts.cut_off), (1, 1, 1, true));
}

#[tokio::test]
async fn closing_drops_the_connection_and_keeps_what_came() {
    let mut peer = Peer::one(vec![
        Act::Read,
        Act::Write(HEAD),
        Act::Write("data: a\n\ndata: b"),
        Act::AwaitEnd,
    ])
    .await;
    let client = client(&peer);
    let mut live = send(&client, post("{}")).await;
    live.next().await.expect("an event");
    let (_, answer) = live.close();
    assert_eq!((answer.end, answer.frames.len()), (End::ClosedByUs, 1));
    assert!(!answer.stream.expect("a stream").cut_off);
    peer.request().await;
    assert_eq!(peer.sees().await, Seen::Ended);
}

#[tokio::test]
async fn dropping_it_drops_the_connection() {
    let mut peer = Peer::one(vec![Act::Read, Act::AwaitEnd]).await;
    let client = client(&peer);
    let live = send(&client, post("{}")).await;
    peer.request().await;
    drop(live);
    assert_eq!(peer.sees().await, Seen::Ended);
}

#[tokio::test]
async fn a_stream_can_be_given_more_time_than_others() {
    let peer =
        Peer::one(vec![Act::Read, Act::Write(HEAD), Act::AwaitGo, Act::Write("data: late\n\n")])
            .await;
    let client = client_with(&peer, Limits { answer: NEVER, ..Limits::default() });
    let mut request = post("{}");
    request.answer_within = Some(SOON);
    let mut live = send(&client, request).await;
    assert_eq!(live.next_within(NEVER * 2).await, None);
    peer.go();
    assert!(live.next().await.is_some());
}

#[tokio::test]
async fn a_chunked_stream_broken_off_is_told() {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let peer =
        Peer::one(vec![Act::Read, Act::Write(head), Act::Write("9\r\ndata: a\n\n\r\n")]).await;
    let client = client(&peer);
    let (_, answer) = send(&client, post("{}")).await.finish().await;
    assert_eq!(answer.end, End::Broken("the connection was closed before the last chunk".into()));
    assert_eq!(answer.frames.len(), 1);
    assert!(!answer.stream.expect("a stream").cut_off);
}
