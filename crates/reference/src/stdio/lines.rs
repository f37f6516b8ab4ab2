//! Lines of bounded length.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The largest line read, in bytes.
const LIMIT: usize = 4 * 1024 * 1024;

pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    skipping: bool,
}

pub(super) enum Line {
    Message(Vec<u8>),
    /// It was skipped.
    TooLong,
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            line: Vec::new(),
            skipping: false,
        }
    }

    /// The next line that is not empty. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                let rest = std::mem::take(&mut self.line);
                return Ok(if rest.is_empty() { Line::End } else { Line::Message(rest) });
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(available.len());
            if !self.skipping {
                self.line.extend_from_slice(&available[..length]);
            }
            self.input.consume(length + usize::from(end.is_some()));
            if self.line.len() > LIMIT {
                self.line = Vec::new();
                self.skipping = true;
            }
            if end.is_none() {
                continue;
            }
            if std::mem::take(&mut self.skipping) {
                return Ok(Line::TooLong);
            }
            let line = std::mem::take(&mut self.line);
            if !line.trim_ascii().is_empty() {
                return Ok(Line::Message(line));
            }
        }
    }
}
