//! The protocol's bytes: JSON-RPC, `_meta` keys, error codes, header encoding; HTTP, SSE and stdio clients that
//! can send anything, and servers that can answer anything, and record everything. Judges nothing.
//!
//! Hostile peers are normal input: every read is bounded in bytes and in time, and what a peer does wrong becomes
//! part of the [`Answer`](plumb_model::Answer), not an error. A [`WireError`] means that nothing could be sent.

mod account;
pub mod apps;
mod capability;
pub mod card;
pub mod clock;
pub mod codes;
mod error;
pub mod header;
pub mod http;
pub mod jsonrpc;
pub mod limits;
pub mod live;
pub mod meta;
pub mod method;
pub mod notification;
pub mod process;
pub mod schema;
pub mod script;
mod served;
pub mod sse;
pub mod stdio;
mod transport;
pub mod uri;

pub use account::{Account, Reservation};
pub use capability::{Capability, TASKS_EXTENSION, has_extension};
pub use clock::Clock;
pub use error::WireError;
pub use limits::Limits;
pub use live::Live;
pub use served::{Asked, Held, Log, RequestLine, Served};
pub use transport::Transport;
