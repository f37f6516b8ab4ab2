//! The body of an answer or of a request, freed from its framing: RFC 9112 section 6.

use bytes::{Bytes, BytesMut};

use plumb_model::Header;

use super::connection::Connection;
use super::head::{Fault, Start};
use crate::Limits;
use crate::error::cause;

/// Bytes of a line that tells a chunk's size, extensions included.
const MAX_SIZE_LINE: usize = 4 << 10;

/// What is wrong with a body that `Transfer-Encoding: chunked` announces: RFC 9112 section 7.1.
const MALFORMED: &str =
    "a chunk is malformed: it is longer or shorter than its size says, or no line tells that";
const SIZELESS: &str = "`Transfer-Encoding: chunked` announces chunks, and where the size of one is to come stands no hexadecimal number";

/// How far a body has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are to come.
    Length(u64),
    /// Chunks are to come.
    Chunked(Chunked),
    /// Everything until the connection is closed.
    UntilClose,
}

/// Where in a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// Before the line with a chunk's size.
    Size,
    /// Within a chunk of which so many bytes are to come.
    Data(u64),
    /// Before the line end after a chunk.
    DataEnd,
    /// In the trailers, of which so many bytes have come.
    Trailers(usize),
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A piece of the body.
    Data(Bytes),
    /// More bytes are needed.
    More,
    /// The body is whole.
    Done,
}

impl Body {
    /// How the body is framed: RFC 9112 section 6.3. `Transfer-Encoding` wins over `Content-Length`.
    pub(super) fn of(start: &Start, bodiless: bool) -> Result<Self, Fault> {
        if bodiless || matches!(start.head.status, 204 | 304) {
            return Ok(Self::Length(0));
        }
        Ok(Self::told(&start.head.headers)?.unwrap_or(Self::UntilClose))
    }

    /// How the body of a request is framed: RFC 9112 section 6.3. Nothing told means nothing sent.
    pub(super) fn of_request(headers: &[Header]) -> Result<Self, Fault> {
        match Self::told(headers)? {
            Some(Self::UntilClose) => {
                Err(Fault::Broken("a transfer coding other than chunked".to_owned()))
            }
            told => Ok(told.unwrap_or(Self::Length(0))),
        }
    }

    /// What the header fields tell of the framing, if anything.
    fn told(headers: &[Header]) -> Result<Option<Self>, Fault> {
        let values = |name: &'static str| {
            let fields = headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name));
            fields.flat_map(|h| h.value.split(',')).map(str::trim)
        };
        if let Some(coding) = values("transfer-encoding").next_back() {
            let chunked = coding.eq_ignore_ascii_case("chunked");
            return Ok(Some(if chunked { Self::Chunked(Chunked::Size) } else { Self::UntilClose }));
        }
        let mut length = None;
        for value in values("content-length") {
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            let Some(this) = value.parse::<u64>().ok().filter(|_| digits) else {
                return Err(Fault::Broken(format!("content-length `{value:.40}` is no number")));
            };
            if length.is_some_and(|other| other != this) {
                return Err(Fault::Broken("two different content-lengths".to_owned()));
            }
            length = Some(this);
        }
        Ok(length.map(Self::Length))
    }

    /// Takes the next piece out of what was read.
    fn step(&mut self, input: &mut BytesMut, max_trailers: usize) -> Result<Step, Fault> {
        match self {
            Self::Length(0) => Ok(Step::Done),
            Self::Length(left) => Ok(take(input, left)),
            Self::UntilClose if input.is_empty() => Ok(Step::More),
            Self::UntilClose => Ok(Step::Data(input.split().freeze())),
            Self::Chunked(state) => state.step(input, max_trailers),
        }
    }

    /// Reads the body to its end, within bounds; what comes before a fault was given as well.
    pub(super) async fn read(
        &mut self,
        connection: &mut Connection,
        limits: &Limits,
        mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut seen = 0_usize;
        loop {
            match self.step(&mut connection.buffer, limits.head_bytes)? {
                Step::Done => return Ok(()),
                Step::Data(data) => {
                    let room = limits.body_bytes.saturating_sub(seen);
                    seen = seen.saturating_add(data.len());
                    take(&data[..data.len().min(room)])?;
                    if data.len() > room {
                        return Err(Fault::TooLarge(limits.body_bytes));
                    }
                }
                Step::More => match connection.fill().await {
                    Ok(1..) => {}
                    Ok(_) => return self.closed(),
                    Err(e) => {
                        return Err(Fault::Broken(format!("the connection failed: {}", cause(&e))));
                    }
                },
            }
        }
    }

    /// What it means that the connection was closed here.
    pub(super) fn closed(&self) -> Result<(), Fault> {
        let missing = match self {
            Self::UntilClose | Self::Length(0) => return Ok(()),
            Self::Length(left) => {
                format!("{left} bytes before the end that `Content-Length` announces")
            }
            Self::Chunked(_) => "before the last chunk".to_owned(),
        };
        Err(Fault::Broken(format!("the connection was closed {missing}")))
    }
}

impl Chunked {
    fn step(&mut self, input: &mut BytesMut, max_trailers: usize) -> Result<Step, Fault> {
        loop {
            match self {
                Self::Data(0) => *self = Self::DataEnd,
                Self::Data(left) => return Ok(take(input, left)),
                Self::Size => {
                    let Some(line) = line(input, MAX_SIZE_LINE)? else { return Ok(Step::More) };
                    *self = match size(&line)? {
                        0 => Self::Trailers(0),
                        size => Self::Data(size),
                    };
                }
                Self::DataEnd => match line(input, 0)? {
                    None => return Ok(Step::More),
                    Some(_) => *self = Self::Size,
                },
                Self::Trailers(seen) => match line(input, max_trailers.saturating_sub(*seen))? {
                    None => return Ok(Step::More),
                    Some(line) if line.is_empty() => return Ok(Step::Done),
                    Some(line) => *seen += line.len() + 2,
                },
            }
        }
    }
}

/// Whether a head announces its body twice. The chunks count, and no sender may do so: RFC 9112 sections 6.2 and 6.3.
pub(super) fn is_announced_twice(headers: &[Header]) -> bool {
    ["transfer-encoding", "content-length"]
        .iter()
        .all(|name| headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)))
}

/// As much of the input as belongs to a run of `left` bytes.
fn take(input: &mut BytesMut, left: &mut u64) -> Step {
    let available = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    if available == 0 {
        return Step::More;
    }
    *left -= available as u64;
    Step::Data(input.split_to(available).freeze())
}

/// The next line of at most `limit` bytes, without its end.
fn line(input: &mut BytesMut, limit: usize) -> Result<Option<BytesMut>, Fault> {
    // Two more bytes are the line's end.
    let window = &input[..input.len().min(limit.saturating_add(2))];
    let Some(end) = window.iter().position(|b| *b == b'\n') else {
        let full = window.len() == limit.saturating_add(2);
        return if full { Err(Fault::Broken(MALFORMED.to_owned())) } else { Ok(None) };
    };
    let mut line = input.split_to(end + 1);
    line.truncate(end);
    if line.ends_with(b"\r") {
        line.truncate(end - 1);
    }
    if line.len() > limit {
        return Err(Fault::Broken(MALFORMED.to_owned()));
    }
    Ok(Some(line))
}

fn size(line: &[u8]) -> Result<u64, Fault> {
    let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    let hex = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| hex);
    text.and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or_else(|| Fault::Broken(SIZELESS.to_owned()))
}

#[cfg(test)]
mod tests {
    use plumb_model::Head;
    use proptest::prelude::*;

    use super::*;

    fn start(status: u16, headers: &[(&str, &str)]) -> Start {
        let headers = headers.iter().map(|(n, v)| Header::new(*n, *v)).collect();
        Start { head: Head { status, headers }, minor: 1 }
    }

    fn read(mut body: Body, wire: &[u8], piece: usize) -> (Vec<u8>, Result<bool, String>) {
        let mut input = BytesMut::new();
        let mut out = Vec::new();
        let mut pieces = wire.chunks(piece);
        loop {
            match body.step(&mut input, 100) {
                Ok(Step::Data(data)) => out.extend_from_slice(&data),
                Ok(Step::Done) => return (out, Ok(true)),
                Ok(Step::More) => match pieces.next() {
                    Some(piece) => input.extend_from_slice(piece),
                    None => return (out, Ok(false)),
                },
                Err(fault) => return (out, Err(format!("{fault:?}"))),
            }
        }
    }

    #[test]
    fn the_head_tells_the_framing() {
        let of = |status, headers: &[_]| {
            Body::of(&start(status, headers), false).map_err(|f| format!("{f:?}"))
        };
        assert_eq!(of(200, &[]), Ok(Body::UntilClose));
        assert_eq!(of(204, &[("Content-Length", "5")]), Ok(Body::Length(0)));
        assert_eq!(
            of(200, &[("content-length", "5"), ("Content-Length", "5, 5")]),
            Ok(Body::Length(5))
        );
        assert_eq!(
            of(200, &[("Content-Length", "5"), ("Transfer-Encoding", "gzip, Chunked")]),
            Ok(Body::Chunked(Chunked::Size))
        );
        for bad in ["", "+5", "-1", "5x", "99999999999999999999999"] {
            assert!(of(200, &[("Content-Length", bad)]).is_err(), "{bad}");
        }
        assert!(of(200, &[("Content-Length", "5"), ("Content-Length", "6")]).is_err());
    }

    #[test]
    fn chunks_with_extensions_and_trailers_are_read_at_any_split() {
        let wire = b"5;a=b\r\nhello\r\n1 \r\n \r\nA\nwide world\r\n000\r\nX: y\r\n\r\nrest";
        for piece in 1..wire.len() {
            let read = read(Body::Chunked(Chunked::Size), wire, piece);
            assert_eq!(read, (b"hello wide world".to_vec(), Ok(true)), "pieces of {piece}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for wire in
            [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"5\r\nhello!\r\n", b"fffffffffffffffff\r\n"]
        {
            let (_, result) = read(Body::Chunked(Chunked::Size), wire, 1);
            assert!(result.is_err(), "{wire:?}");
        }
        let endless = vec![b'1'; MAX_SIZE_LINE + 2];
        assert!(read(Body::Chunked(Chunked::Size), &endless, 7).1.is_err());
        let trailers = format!("0\r\n{}", "X: y\r\n".repeat(100));
        assert!(read(Body::Chunked(Chunked::Size), trailers.as_bytes(), 7).1.is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(
            wire in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'2'), any::<u8>()], 0..64),
            piece in 1_usize..8,
        ) {
            let (out, _) = read(Body::Chunked(Chunked::Size), &wire, piece);
            prop_assert!(out.len() <= wire.len());
        }
    }
}
