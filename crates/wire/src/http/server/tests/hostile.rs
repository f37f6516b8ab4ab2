//! Clients that ask wrongly, too much, too slowly, or not at all.

use super::*;
use crate::Account;

async fn strict(limits: Limits) -> Server {
    let options =
        ServerOptions { limits, idle: Duration::from_millis(300), ..ServerOptions::default() };
    start_with(|_: Asked| async { Response::new(200) }, options).await
}

/// Why the only request was refused; its connection must be closed by then.
async fn refused(server: &Server, bytes: &[u8]) -> String {
    let wire = raw(server, bytes).await;
    assert!(wire.starts_with("HTTP/1.1 400 "), "{wire}");
    let one = over(server, 1).await.remove(0);
    one.asked.fault.expect("a fault")
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_kept() {
    for (bytes, why) in [
        (&b"SSH-2.0-x\r\n"[..], "malformed head"),
        (b"GET / HTTP/2\r\n\r\n", "malformed head"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "malformed head"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "two different"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\nx", "no number"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx", "transfer coding"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "hexadecimal"),
    ] {
        let server = strict(Limits::default()).await;
        let fault = refused(&server, bytes).await;
        assert!(fault.contains(why), "{fault}");
    }
}

#[tokio::test]
async fn requests_without_end_are_bounded_in_bytes() {
    let limits = Limits { head_bytes: 5_000, body_bytes: 100_000, ..Limits::default() };
    let endless = |start: &str, piece: &str| {
        [start.as_bytes(), &piece.as_bytes().repeat(800_000 / piece.len())].concat()
    };
    for (bytes, bound) in [
        (endless("GET / HTTP/1.1\r\n", &format!("X: {}\r\n", "y".repeat(60))), "5000"),
        (endless("", "x"), "5000"),
        (endless("POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n", "x"), "100000"),
        (endless("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), "100000"),
    ] {
        let server = strict(limits.clone()).await;
        let fault = refused(&server, &bytes).await;
        assert!(fault.contains(bound), "{fault}");
        assert!(server.served()[0].asked.body().len() <= 100_000);
    }
}

#[tokio::test]
async fn a_request_that_dribbles_is_bounded_in_time() {
    let limits = Limits { answer: Duration::from_millis(200), ..Limits::default() };
    for start in ["GET / HT", "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nab"] {
        let server = strict(limits.clone()).await;
        let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
        stream.write_all(start.as_bytes()).await.expect("taken");
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let dribble = async {
            while stream.write_all(b"c").await.is_ok() {
                tick.tick().await;
            }
        };
        tokio::time::timeout(SOON, dribble).await.expect("it is cut off");
        let fault = over(&server, 1).await[0].asked.fault.clone().expect("a fault");
        assert_eq!(fault, "not whole within 200 ms", "{start}");
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let server = strict(Limits::default()).await;
    assert_eq!(raw(&server, b"").await, "");
    assert_eq!(raw(&server, b"\r\n\r\n").await, "");
    assert!(server.served().is_empty());
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_let_go() {
    let limits = Limits { answer: Duration::from_millis(200), ..Limits::default() };
    let options = ServerOptions { limits, ..ServerOptions::default() };
    let flood =
        |_: Asked| async { Response::event_stream().then(Step::Repeat(vec![b'x'; 65_536].into())) };
    let server = start_with(flood, options).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("taken");
    let one = over(&server, 1).await.remove(0);
    // Of what was written, no more is kept than of an answer.
    let kept: usize = one.answer.frames.iter().map(|frame| frame.payload.len()).sum();
    assert!(kept + one.answer.body.len() <= Limits::default().body_bytes);
    assert!(matches!(one.answer.end, End::Broken(_)), "{:?}", one.answer.end);
}

#[tokio::test]
async fn only_so_many_connections_are_served_and_only_so_much_is_kept() {
    let options = ServerOptions {
        limits: Limits { frames: 2, ..Limits::default() },
        connections: 1,
        idle: Duration::from_millis(100),
        ..ServerOptions::default()
    };
    let server = start_with(|_: Asked| async { Response::new(200) }, options).await;
    let idle = TcpStream::connect(server.address()).await.expect("a connection");
    for _ in 0..3 {
        // It waits until the idle connection is let go.
        let answer = raw(&server, b"GET / HTTP/1.0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!((server.served().len(), server.lost()), (2, 1));
    drop(idle);
}

#[tokio::test]
async fn servers_of_one_account_keep_no_more_than_it_has_room_for() {
    let limits = Limits { account: Account::new(45_500), ..Limits::default() };
    let start = || {
        let options = ServerOptions { limits: limits.clone(), ..ServerOptions::default() };
        start_with(|_: Asked| async { Response::new(200) }, options)
    };
    let servers = [start().await, start().await];
    let long = format!("GET /{} HTTP/1.0\r\n\r\n", "x".repeat(100));
    for server in &servers {
        for _ in 0..5 {
            raw(server, long.as_bytes()).await;
        }
    }
    let kept: usize = servers.iter().map(|server| server.served().len()).sum();
    let lost: u64 = servers.iter().map(Server::lost).sum();
    assert_eq!((kept, lost), (7, 3));
    assert!(limits.account.held() <= 45_500);
}
