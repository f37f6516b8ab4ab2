//! A correct MCP server of one revision, written to be broken.
//!
//! Every rule of the protocol that a check can observe is one switch of [`Rules`]; a [`Mutant`] is the server with one
//! switch off. What the text leaves open is a choice of [`Options`] instead: no check may mind any of those.
//!
//! The crate shares no code with the rest of Plumb, so that an error of ours in reading the protocol shows up as a
//! disagreement instead of as silence.
//!
//! From the outside in: [`serve_http`] and [`serve_stdio`] are the two bindings; both hand a request to `dispatch`, which
//! validates it (`validate`, `headers`), lets one of `features` work on it and wraps what it says (`envelope`).

mod answer;
mod auth;
mod burden;
mod call;
mod client;
mod connection;
mod content;
mod dispatch;
mod dual;
mod earlier;
mod envelope;
mod eras;
mod features;
mod gateway;
mod handshake;
mod headers;
mod http;
mod interrupt;
mod lock;
mod message;
mod meta;
mod options;
mod outbox;
mod reference;
mod revision;
mod rules;
mod schema;
mod seal;
mod server;
mod shelf;
mod state;
mod stdio;
mod transport;
mod validate;

pub use auth::protection::Protection;
pub use burden::{Burden, Riddle};
pub use client::{
    CLIENT_MUTANTS, CLIENT_STYLES, Client, ClientChoices, ClientMutant, ClientRules, ClientStyle,
};
pub use dual::{serve_dual_http, serve_dual_stdio, spawn_dual_http};
pub use earlier::{serve_earlier_http, serve_earlier_stdio};
pub use gateway::{
    GATEWAY_MUTANTS, Gateway, GatewayMutant, RunningGateway, serve_gateway, spawn_gateway,
};
pub use handshake::{
    EARLIER_LIBERTIES, EARLIER_MUTANTS, EarlierMutant, serve_handshake_http, serve_handshake_stdio,
    spawn_handshake_http,
};
pub use http::{Running, serve_http, serve_http_until, spawn_http, spawn_http_replicas};
pub use interrupt::interrupted;
pub use options::{Features, LimitBy, Options, Published, SseMode};
pub use reference::Reference;
pub use rules::{MUTANTS, Mutant, Rules};
pub use stdio::{serve_stdio, serve_stdio_on, serve_stdio_until};

#[cfg(test)]
mod tests;
