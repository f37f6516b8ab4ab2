//! A peer that follows a script, one per connection, and tells what it sees.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::Endpoint;

/// One step of a script; after the last one the connection is closed.
#[derive(Clone)]
pub(super) enum Act {
    /// Read a whole request.
    Read,
    /// Write these bytes.
    Write(&'static str),
    /// Write these bytes for ever, until the client is gone.
    Flood(&'static [u8]),
    /// Read until the client closes.
    AwaitEnd,
    /// Wait for [`Peer::go`].
    AwaitGo,
}

/// What the peer saw.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A connection was opened.
    Opened,
    /// A request, each byte a character.
    Request(String),
    /// The client closed its connection.
    Ended,
    /// The peer closed a connection, its script being over.
    Closed,
}

pub(super) struct Peer {
    port: u16,
    seen: UnboundedReceiver<Seen>,
    go: UnboundedSender<()>,
    task: tokio::task::AbortHandle,
}

impl Peer {
    /// Listens; the first connection gets the first script and so on, those beyond are refused by silence.
    pub(super) async fn new(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, seen) = unbounded_channel();
        let (go, mut gone) = unbounded_channel();
        let task = tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.expect("a connection");
                let _ = tell.send(Seen::Opened);
                play(stream, script, &tell, &mut gone).await;
            }
        });
        Self { port, seen, go, task: task.abort_handle() }
    }

    pub(super) async fn one(script: Vec<Act>) -> Self {
        Self::new(vec![script]).await
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("http://127.0.0.1:{}/mcp", self.port)).expect("a url")
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets a script go on that awaits it.
    pub(super) fn go(&self) {
        self.go.send(()).expect("the peer runs");
    }

    pub(super) async fn sees(&mut self) -> Seen {
        tokio::time::timeout(super::SOON, self.seen.recv())
            .await
            .expect("in time")
            .expect("the peer runs")
    }

    /// The next request, whatever is seen before it.
    pub(super) async fn request(&mut self) -> String {
        loop {
            if let Seen::Request(request) = self.sees().await {
                return request;
            }
        }
    }

    /// How many connections were opened up to now.
    pub(super) fn opened(&mut self) -> usize {
        let mut opened = 0;
        while let Ok(seen) = self.seen.try_recv() {
            opened += usize::from(seen == Seen::Opened);
        }
        opened
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(
    mut stream: TcpStream,
    script: Vec<Act>,
    tell: &UnboundedSender<Seen>,
    go: &mut UnboundedReceiver<()>,
) {
    for act in script {
        match act {
            Act::Read => match read_request(&mut stream).await {
                Some(request) => {
                    let _ =
                        tell.send(Seen::Request(request.iter().map(|b| char::from(*b)).collect()));
                }
                None => return drop(tell.send(Seen::Ended)),
            },
            Act::Write(text) => {
                // The client may have seen enough.
                let _ = stream.write_all(text.as_bytes()).await;
            }
            Act::Flood(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Act::AwaitEnd => {
                let mut sink = vec![0; 64 << 10];
                while matches!(stream.read(&mut sink).await, Ok(1..)) {}
                let _ = tell.send(Seen::Ended);
            }
            Act::AwaitGo => {
                let _ = go.recv().await;
            }
        }
    }
    drop(stream);
    let _ = tell.send(Seen::Closed);
}

/// A request with the body that its `Content-Length` announces, or that ends with the last chunk.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = BytesMut::new();
    loop {
        let text: String = bytes.iter().map(|b| char::from(*b).to_ascii_lowercase()).collect();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
            let whole = match length {
                Some(length) => body.len() >= length,
                None => !head.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
            };
            if whole {
                return Some(bytes.to_vec());
            }
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return None;
        }
    }
}
