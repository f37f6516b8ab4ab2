//! The head of an answer or of a request, read within bounds.

use httparse::Status;
use plumb_model::{End, Head, Header};

use super::connection::Connection;
use crate::served::RequestLine;

/// How many header fields a head may have.
const MAX_HEADERS: usize = 512;
/// How many interim answers (1xx) may precede the final one.
const MAX_INTERIM: usize = 16;

/// What went wrong with an answer, or with a request.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection ended before a single byte came.
    Nothing(String),
    /// It was broken off or is malformed.
    Broken(String),
    /// It grew past a bound of so many bytes.
    TooLarge(usize),
}

/// A final head, and which minor version of HTTP/1 it speaks.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) head: Head,
    pub(super) minor: u8,
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) line: RequestLine,
    pub(super) headers: Vec<Header>,
}

/// Reads heads until the final one, which 1xx answers other than 101 can precede (RFC 9110 section 15.2).
pub(super) async fn read(connection: &mut Connection, limit: usize) -> Result<Start, Fault> {
    for _ in 0..=MAX_INTERIM {
        let start = read_one(connection, limit, "an answer", parse).await?;
        if !matches!(start.head.status, 100 | 102..200) {
            return Ok(start);
        }
    }
    Err(Fault::Broken(format!("more than {MAX_INTERIM} interim answers")))
}

/// Reads the head of a request.
pub(super) async fn read_request(
    connection: &mut Connection,
    limit: usize,
) -> Result<Opening, Fault> {
    read_one(connection, limit, "a request", parse_request).await
}

async fn read_one<T>(
    connection: &mut Connection,
    limit: usize,
    what: &str,
    parse: fn(&mut Connection) -> Result<Option<T>, Fault>,
) -> Result<T, Fault> {
    let mut seen = 0;
    let mut any = false;
    loop {
        any |= !connection.buffer.is_empty();
        skip_blank_lines(connection);
        // The parser starts anew each time, so it runs only when a line has come that can settle something: the
        // first, which may be malformed, or an empty one.
        if may_settle(&connection.buffer, seen)
            && let Some(start) = parse(connection)?
        {
            return Ok(start);
        }
        seen = connection.buffer.len();
        if seen > limit {
            return Err(Fault::TooLarge(limit));
        }
        let gone = match connection.fill().await {
            Ok(1..) => continue,
            Ok(_) => "the connection was closed".to_owned(),
            Err(e) => format!("the connection failed: {}", crate::error::cause(&e)),
        };
        return Err(if any {
            Fault::Broken(format!("{gone} within the head of {what}"))
        } else {
            Fault::Nothing(format!("{gone} before {what}"))
        });
    }
}

/// RFC 9112 section 2.2 lets a reader ignore an empty line before a message.
pub(super) fn skip_blank_lines(connection: &mut Connection) {
    let blank = connection.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    // A lone CR may begin a malformed line; the parser shall say so.
    if connection.buffer[..blank].ends_with(b"\n") {
        let _ = connection.buffer.split_to(blank);
    }
}

fn may_settle(buffer: &[u8], seen: usize) -> bool {
    let first_line = !buffer[..seen.min(buffer.len())].contains(&b'\n') && buffer.contains(&b'\n');
    let tail = &buffer[seen.saturating_sub(3).min(buffer.len())..];
    first_line || tail.windows(2).any(|w| w == b"\n\n") || tail.windows(3).any(|w| w == b"\n\r\n")
}

fn parse(connection: &mut Connection) -> Result<Option<Start>, Fault> {
    let mut fields = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    let parsed = response.parse(&connection.buffer);
    match parsed.map_err(|e| Fault::Broken(format!("malformed head of the answer: {e}")))? {
        Status::Partial => Ok(None),
        Status::Complete(length) => {
            let field = |h: &httparse::Header<'_>| Header::from_bytes(h.name.as_bytes(), h.value);
            let head = Head {
                status: response.code.unwrap_or_default(),
                headers: response.headers.iter().map(field).collect(),
            };
            let minor = response.version.unwrap_or_default();
            let _ = connection.buffer.split_to(length);
            Ok(Some(Start { head, minor }))
        }
    }
}

fn parse_request(connection: &mut Connection) -> Result<Option<Opening>, Fault> {
    let mut fields = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(&connection.buffer);
    match parsed.map_err(|e| Fault::Broken(format!("malformed head of the request: {e}")))? {
        Status::Partial => Ok(None),
        Status::Complete(length) => {
            let field = |h: &httparse::Header<'_>| Header::from_bytes(h.name.as_bytes(), h.value);
            let line = RequestLine {
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
                minor: request.version.unwrap_or_default(),
            };
            let headers = request.headers.iter().map(field).collect();
            let _ = connection.buffer.split_to(length);
            Ok(Some(Opening { line, headers }))
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing(why) | Self::Broken(why) => f.write_str(why),
            Self::TooLarge(bound) => write!(f, "more than {bound} bytes"),
        }
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Nothing(why) | Fault::Broken(why) => Self::Broken(why),
            Fault::TooLarge(bound) => Self::TooLarge(bound as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Start, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (mut peer, io) = tokio::io::duplex(bytes.len() + 1);
            peer.write_all(bytes).await.expect("there is room");
            drop(peer);
            read(&mut Connection::new(Box::new(io)), 1000).await
        })
    }

    #[test]
    fn header_values_are_shown_byte_by_byte() {
        let start =
            read_bytes(b"\r\n\nHTTP/1.0 299 \r\nx-A:  caf\xe9\t\r\nX-a:\r\n\r\n").expect("a head");
        assert_eq!((start.head.status, start.minor), (299, 0));
        assert_eq!(start.head.headers, [Header::new("x-A", "caf\u{e9}"), Header::new("X-a", "")]);
    }

    const PIECES: [&[u8]; 10] = [
        b"HTTP/1.1 ",
        b"200",
        b"100 \r\n\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"A: b",
        b":",
        b" ",
        b"\xff\0",
    ];

    proptest! {
        #[test]
        fn any_bytes_are_read(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12),
        ) {
            // It ends, and without a panic.
            drop(read_bytes(&pieces.concat()));
        }
    }
}
