//! What a peer may cost us.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use crate::{Account, WireError};

/// Bytes of a file that tells what to do, or whom to trust: a configuration, a list, a pack, certificates, a key.
pub const INSTRUCTIONS: u64 = 64 << 20;

/// Bytes of a recording, unpacked, and of a bundle.
pub const RECORDING: u64 = 1 << 30;

/// Reads a file that may be anything: a device without an end, or far larger than what it is taken for.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::FileTooLarge`] for more than so many bytes.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    append_within(File::open(path)?, most, &mut bytes)?;
    Ok(bytes)
}

/// Appends all that comes to what is there, which may be so many bytes then.
///
/// # Errors
///
/// What the reader says; [`io::ErrorKind::FileTooLarge`] for more than so many bytes.
pub fn append_within(from: impl io::Read, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let room = most.saturating_sub(bytes.len() as u64);
    from.take(room.saturating_add(1)).read_to_end(bytes)?;
    if bytes.len() as u64 > most {
        let told = format!("more than {} MiB are not read", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
    }
    Ok(())
}

/// Bytes of all answers that are held at once.
const HELD: usize = 64 << 20;

/// Bounds on every read; what exceeds them ends an answer as
/// [`End::TooLarge`](plumb_model::End::TooLarge) or [`End::TimedOut`](plumb_model::End::TimedOut).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request or line that is sent: some repeat what the peer has told, at any length.
    pub request_bytes: usize,
    /// Bytes of the head of an HTTP answer, and of the trailers after its body.
    pub head_bytes: usize,
    /// Bytes of the whole body of one HTTP answer, or of all lines that belong to one stdio exchange.
    pub body_bytes: usize,
    /// Bytes of one event of an event stream, or of one line.
    pub frame_bytes: usize,
    /// How many frames one answer may have.
    pub frames: usize,
    /// Bytes that are kept of each of a process's output streams: the last ones.
    pub tail_bytes: usize,
    /// Bytes that are kept of lines that belong to no exchange; of lines, as many as `frames`.
    pub stray_bytes: usize,
    /// Bytes of all answers that are coming in or are kept, together.
    pub account: Account,
    /// Time to look up a host, connect and agree on TLS.
    pub connect: Duration,
    /// Time for a whole exchange, from its sending to the end of its answer.
    pub answer: Duration,
}

impl Limits {
    /// Whether a message of so many bytes is sent.
    pub(crate) fn sends(&self, bytes: usize) -> Result<(), WireError> {
        if bytes <= self.request_bytes { Ok(()) } else { Err(WireError::TooLarge { bytes }) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 1536 << 10,
            head_bytes: 64 << 10,
            body_bytes: 8 << 20,
            frame_bytes: 4 << 20,
            frames: 10_000,
            tail_bytes: 64 << 10,
            stray_bytes: 1 << 20,
            account: Account::new(HELD),
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        let mut bytes = b"there".to_vec();
        let told = append_within(io::repeat(0), 1 << 20, &mut bytes).expect_err("too large");
        assert_eq!(told.to_string(), "more than 1 MiB are not read");
        assert_eq!(bytes.len(), (1 << 20) + 1);
        let mut bytes = Vec::new();
        append_within(&[7; 10][..], 10, &mut bytes).expect("just enough");
        assert_eq!(bytes.len(), 10);
    }
}
