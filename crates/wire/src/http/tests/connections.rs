//! Which connection a request uses.

use plumb_model::End;

use super::peer::Seen;
use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Sends and gives the connection's name; the answer must be whole.
async fn channel(client: &Client, connection: Which) -> String {
    let live = send(client, post("x").on(connection)).await;
    live.head().await.expect("a head");
    let channel = live.channel().to_owned();
    let (_, answer) = live.finish().await;
    assert_eq!((answer.end, answer.body.text()), (End::Complete, Some("ok")));
    channel
}

fn twice() -> Vec<Act> {
    vec![Act::Read, Act::Write(OK), Act::Read, Act::Write(OK), Act::AwaitEnd]
}

#[tokio::test]
async fn an_idle_connection_is_reused() {
    let mut peer = Peer::one(twice()).await;
    let client = client(&peer);
    assert_eq!(channel(&client, Which::Pooled).await, channel(&client, Which::Pooled).await);
    assert_eq!(peer.opened(), 1);
}

#[tokio::test]
async fn a_fresh_connection_is_new_and_closed_after_its_answer() {
    let mut peer = Peer::new(vec![vec![Act::Read, Act::Write(OK), Act::AwaitEnd]; 2]).await;
    let client = client(&peer);
    let first = channel(&client, Which::Fresh).await;
    assert_ne!(first, channel(&client, Which::Fresh).await);
    peer.request().await;
    assert_eq!(peer.sees().await, Seen::Ended);
}

#[tokio::test]
async fn a_named_connection_carries_one_request_after_the_other() {
    let peer = Peer::one(twice()).await;
    let client = client(&peer);
    let named = || Which::Named("a".into());
    let (first, second) = tokio::join!(channel(&client, named()), channel(&client, named()));
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used() {
    let mut peer = Peer::new(vec![vec![Act::Read, Act::Write(OK)]; 2]).await;
    let client = client(&peer);
    let first = channel(&client, Which::Pooled).await;
    while peer.sees().await != Seen::Closed {}
    assert_ne!(first, channel(&client, Which::Pooled).await);
}

#[tokio::test]
async fn a_request_that_an_idle_connection_swallows_is_sent_once_more() {
    let swallow = vec![Act::Read, Act::Write(OK), Act::Read];
    let mut peer = Peer::new(vec![swallow, vec![Act::Read, Act::Write(OK)]]).await;
    let client = client(&peer);
    let first = channel(&client, Which::Pooled).await;
    assert_ne!(first, channel(&client, Which::Pooled).await);
    for _ in 0..3 {
        peer.request().await;
    }
}

#[tokio::test]
async fn a_fresh_connection_that_swallows_a_request_is_told_and_not_retried() {
    let mut peer = Peer::one(vec![Act::Read]).await;
    let client = client(&peer);
    let (_, answer) = send(&client, post("x")).await.finish().await;
    assert_eq!(answer.end, End::Broken("the connection was closed before an answer".into()));
    assert_eq!(peer.opened(), 1);
}

#[tokio::test]
async fn a_connection_that_says_close_is_not_reused() {
    let close = "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok";
    let script = vec![Act::Read, Act::Write(close), Act::AwaitEnd];
    let peer = Peer::new(vec![script.clone(), script]).await;
    let client = client(&peer);
    assert_ne!(channel(&client, Which::Pooled).await, channel(&client, Which::Pooled).await);
}

/// A server that refuses a request for its head need not have read its body, and would take it for the next request.
#[tokio::test]
async fn a_connection_on_which_a_request_was_refused_without_a_message_is_not_reused() {
    let bare = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nok";
    let anonymous = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n\
        {\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"origin\"}}";
    for refusal in [bare, anonymous] {
        let mut peer =
            Peer::new(vec![vec![Act::Read, Act::Write(refusal), Act::AwaitEnd]; 2]).await;
        let client = client(&peer);
        for _ in 0..2 {
            send(&client, post("x")).await.finish().await;
        }
        assert_eq!(peer.opened(), 2);
    }
}

/// An error that names the request comes from somebody who read it.
#[tokio::test]
async fn a_connection_on_which_an_error_answered_the_request_is_reused() {
    let error = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 63\r\n\r\n\
        {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"no\"}}";
    let script = vec![Act::Read, Act::Write(error), Act::Read, Act::Write(error), Act::AwaitEnd];
    let mut peer = Peer::one(script).await;
    let client = client(&peer);
    for _ in 0..2 {
        send(&client, post("x")).await.finish().await;
    }
    assert_eq!(peer.opened(), 1);
}

#[tokio::test]
async fn bytes_after_an_answer_spoil_its_connection() {
    let more = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n";
    let script = vec![Act::Read, Act::Write(more), Act::AwaitEnd];
    let peer = Peer::new(vec![script.clone(), script]).await;
    let client = client(&peer);
    assert_ne!(channel(&client, Which::Pooled).await, channel(&client, Which::Pooled).await);
}

#[tokio::test]
async fn a_refused_connection_is_an_error_that_names_the_address() {
    let peer = Peer::one(Vec::new()).await;
    let client = client(&peer);
    let address = peer.endpoint().authority();
    drop(peer);
    // The listener closes when its task is dropped, which the event loop does next.
    tokio::task::yield_now().await;
    let error = client.send(post("x")).await.map(Live::close).expect_err("refused");
    assert!(
        matches!(&error, crate::WireError::Connect { address: a, .. } if *a == address),
        "{error}"
    );
}
