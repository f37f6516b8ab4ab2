//! Lines of bounded length out of any stream of bytes.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end, LF or CRLF. The last line needs no end.
    Whole(Bytes),
    /// Longer than the bound; it was skipped.
    TooLong,
}

pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(stream: R, limit: usize) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, stream), limit }
    }

    /// The next line; `None` at the end of the stream. Never holds more than the bound.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = BytesMut::new();
        let mut too_long = false;
        loop {
            let read = self.reader.fill_buf().await?;
            if read.is_empty() {
                let nothing = line.is_empty() && !too_long;
                return Ok((!nothing).then(|| finished(line, too_long)));
            }
            let end = read.iter().position(|b| *b == b'\n');
            let piece = &read[..end.unwrap_or(read.len())];
            // One more byte is allowed for the CR of a CRLF.
            too_long |= line.len() + piece.len() > self.limit + 1;
            if too_long {
                line = BytesMut::new();
            } else {
                line.extend_from_slice(piece);
            }
            let used = end.map_or(read.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                too_long |= line.len() > self.limit && !line.ends_with(b"\r");
                return Ok(Some(finished(line, too_long)));
            }
        }
    }
}

fn finished(mut line: BytesMut, too_long: bool) -> Line {
    if too_long {
        return Line::TooLong;
    }
    if line.ends_with(b"\r") {
        line.truncate(line.len() - 1);
    }
    Line::Whole(line.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(bytes: &[u8], limit: usize) -> Vec<Line> {
        let mut lines = Lines::new(bytes, limit);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.expect("memory does not fail") {
            found.push(line);
        }
        found
    }

    fn whole(bytes: &'static [u8]) -> Line {
        Line::Whole(Bytes::from_static(bytes))
    }

    #[tokio::test]
    async fn both_line_ends_are_taken_off_and_bytes_are_kept() {
        let found = lines(b"a\r\n\n\xff\xfe\nb\rc\nlast", 100).await;
        assert_eq!(
            found,
            [whole(b"a"), whole(b""), whole(b"\xff\xfe"), whole(b"b\rc"), whole(b"last")]
        );
    }

    #[tokio::test]
    async fn a_line_of_exactly_the_bound_is_whole() {
        assert_eq!(
            lines(b"abcd\nabcd\r\nabcde\nx\n", 4).await,
            [whole(b"abcd"), whole(b"abcd"), Line::TooLong, whole(b"x")]
        );
    }

    #[tokio::test]
    async fn a_huge_line_is_skipped_and_the_next_one_is_intact() {
        let mut stream = vec![b'x'; 50 << 20];
        stream.extend_from_slice(b"\nnext\n");
        assert_eq!(lines(&stream, 4 << 20).await, [Line::TooLong, whole(b"next")]);
    }
}
