//! The two transports, and what follows from how each carries messages: basic/transports.
//!
//! Whoever must do one thing here and another there asks for the reason, so that a third transport, or a client in place
//! of a server, needs an answer to each question and no look at every branch.

/// How messages are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// A request is an HTTP request: basic/transports/streamable-http.
    StreamableHttp,
    /// A message is a line: basic/transports/stdio.
    #[default]
    Stdio,
}

impl Transport {
    /// Its name in reports: `http` or `stdio`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StreamableHttp => "http",
            Self::Stdio => "stdio",
        }
    }

    /// Whether each answer has a stream of its own. Otherwise all messages share one, and one that names no request can
    /// belong to any.
    pub const fn answers_apart(self) -> bool {
        matches!(self, Self::StreamableHttp)
    }

    /// Whether a message comes with header fields, and its answer with a status.
    pub const fn has_heads(self) -> bool {
        matches!(self, Self::StreamableHttp)
    }

    /// Whether closing the stream of an answer cancels its request. Otherwise `notifications/cancelled` does.
    ///
    /// Source: basic/patterns/cancellation#transport-specific-cancellation.
    pub const fn closing_cancels(self) -> bool {
        matches!(self, Self::StreamableHttp)
    }

    /// Whether one process serves several connections. Otherwise a process is a connection, and a second connection is
    /// a second process.
    pub const fn shares_processes(self) -> bool {
        matches!(self, Self::StreamableHttp)
    }
}
