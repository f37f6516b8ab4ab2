use plumb_model::Payload;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, DuplexStream, duplex};

use super::*;
use crate::script::Script;

const SOON: Duration = Duration::from_secs(10);

/// A peer, and the client's two ends.
fn peer(handler: impl Handler, limits: Limits) -> (Peer, DuplexStream, BufReader<DuplexStream>) {
    let (to, input) = duplex(1 << 20);
    let (output, from) = duplex(1 << 20);
    (Peer::over(input, output, handler, limits, Clock::start()), to, BufReader::new(from))
}

async fn line(from: &mut BufReader<DuplexStream>) -> String {
    let mut line = String::new();
    tokio::time::timeout(SOON, from.read_line(&mut line)).await.expect("in time").expect("text");
    line
}

async fn over(peer: &Peer, count: usize) -> Vec<Served> {
    let enough = |all: &[Served]| all.iter().filter(|s| s.over).count() >= count;
    peer.wait(SOON, enough).await.expect("in time")
}

#[tokio::test]
async fn lines_are_answered_and_recorded() {
    let echo = |asked: Asked| async move {
        let id = asked.message().id().cloned();
        let note = json!({"method": "notifications/message"}).to_string();
        let answer = json!({"id": id, "result": {}}).to_string();
        Script::new().line(note).line(answer).write("half")
    };
    let (mut peer, mut to, mut from) = peer(echo, Limits::default());
    to.write_all(b"{\"id\":1,\"method\":\"m\"}\r\n").await.expect("taken");
    assert_eq!(line(&mut from).await, "{\"method\":\"notifications/message\"}\n");
    assert_eq!(line(&mut from).await, "{\"id\":1,\"result\":{}}\n");
    drop(to);
    assert!(peer.ended(SOON).await);
    assert_eq!(line(&mut from).await, "half");
    let served = peer.served().remove(0);
    assert_eq!(served.asked.body().text(), Some("{\"id\":1,\"method\":\"m\"}"));
    assert_eq!((served.answer.frames.len(), served.answer.body.text()), (2, Some("half")));
    assert_eq!((served.over, served.answer.end), (true, End::Complete));
}

#[tokio::test]
async fn lines_are_answered_beside_each_other_and_a_held_one_ends_with_the_input() {
    let handler = |asked: Asked| async move {
        match asked.body().text() {
            Some("hold") => Script::from(Step::Hold),
            _ => Script::new().line("ok"),
        }
    };
    let (mut peer, mut to, mut from) = peer(handler, Limits::default());
    to.write_all(b"hold\nother\n").await.expect("taken");
    assert_eq!(line(&mut from).await, "ok\n");
    assert_eq!(over(&peer, 1).await.len(), 2);
    drop(to);
    assert!(peer.ended(SOON).await);
    assert_eq!(peer.served()[0].answer.end, End::Broken("the client closed its side".into()));
}

#[tokio::test]
async fn a_line_too_long_is_recorded_and_the_next_one_is_answered() {
    let limits = Limits { frame_bytes: 1_000, ..Limits::default() };
    let (peer, mut to, mut from) = peer(|_: Asked| async { Script::new().line("ok") }, limits);
    to.write_all(&vec![b'x'; 100_000]).await.expect("taken");
    to.write_all(b"\nnext\n").await.expect("taken");
    assert_eq!(line(&mut from).await, "ok\n");
    let served = over(&peer, 2).await;
    assert_eq!(served[0].asked.fault.as_deref(), Some("a line of more than 1000 bytes"));
    assert_eq!((served[0].answer.frames.len(), served[1].answer.frames.len()), (0, 1));
}

#[tokio::test]
async fn a_client_that_reads_nothing_ends_a_flood_and_a_line_without_end_is_bounded() {
    let limits =
        Limits { answer: Duration::from_millis(100), frame_bytes: 1_000, ..Limits::default() };
    let flood = |_: Asked| async { Script::from(Step::Repeat(Payload::from(vec![b'x'; 65_536]))) };
    let (peer, mut to, _from) = peer(flood, limits);
    to.write_all(b"go\n").await.expect("taken");
    let served = over(&peer, 1).await.remove(0);
    assert_eq!(served.answer.end, End::Broken("the client reads nothing for 100 ms".into()));
    assert_eq!(served.answer.body.len(), 1_000);
}

#[tokio::test]
async fn an_output_that_was_closed_says_no_more() {
    struct Banner;
    impl Handler for Banner {
        fn greet(&self) -> Option<Play> {
            Some(Script::new().line("starting").then(Step::Close).into())
        }

        async fn answer(&self, _: Asked) -> Play {
            Script::new().line("ok").into()
        }
    }
    let (peer, mut to, mut from) = peer(Banner, Limits::default());
    assert_eq!(line(&mut from).await, "starting\n");
    assert_eq!(line(&mut from).await, "");
    to.write_all(b"x\n").await.expect("taken");
    let served = over(&peer, 2).await;
    assert_eq!(served[0].asked.sent, Sent::Nothing);
    assert_eq!(served[1].answer.end, End::Broken("the output was closed".into()));
}
