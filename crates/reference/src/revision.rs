//! The revisions of the protocol: the one that the server speaks, and those before it.

/// The revision served.
pub(crate) const SERVED: &str = "2026-07-28";

/// The last of those that open with a handshake.
pub(crate) const PREVIOUS: &str = "2025-11-25";

/// The one that a server assumed where a request over HTTP did not say its own.
pub(crate) const ASSUMED: &str = "2025-03-26";

/// Those whose clients say it in a header.
pub(crate) const IN_A_HEADER: [&str; 2] = ["2025-06-18", PREVIOUS];

/// Those that open with a handshake, oldest first.
pub(crate) const EARLIER: [&str; 4] = ["2024-11-05", ASSUMED, IN_A_HEADER[0], IN_A_HEADER[1]];
