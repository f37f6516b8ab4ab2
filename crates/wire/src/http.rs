//! The HTTP lane: requests written byte by byte as told, answers recorded as they came. HTTP/1.1 only
//! (RFC 9112): no redirects, no decompression, no cookies, nothing added but what framing needs. A [`Server`] is its
//! other side.
//!
//! What becomes of an answer's body follows from its media type alone, whatever the status: `application/json` is
//! one frame once it is whole, `text/event-stream` gives a frame per event, and anything else, as well as a JSON
//! body that was cut off, is kept as [`Answer::body`](plumb_model::Answer::body).

mod answer;
mod body;
mod client;
mod connect;
mod connection;
mod endpoint;
mod head;
mod network;
mod pool;
mod request;
mod response;
mod server;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Client, ClientOptions, Trust};
pub use endpoint::Endpoint;
pub use request::{Framing, HttpRequest, Which};
pub use response::{LAST_CHUNK, Response, chunk};
pub use server::{Server, ServerOptions};
