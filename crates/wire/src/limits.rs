//! What a peer may cost us.

use std::time::Duration;

use crate::Account;

/// Bytes of all answers that are held at once.
const HELD: usize = 64 << 20;

/// Bounds on every read; what exceeds them ends an answer as
/// [`End::TooLarge`](plumb_model::End::TooLarge) or [`End::TimedOut`](plumb_model::End::TimedOut).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
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

impl Default for Limits {
    fn default() -> Self {
        Self {
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
