//! A correct MCP server of one revision, written to be broken.
//!
//! Every rule of the protocol that a check can observe is one switch of [`Rules`]; a [`Mutant`] is the server with one
//! switch off. What the text leaves open is a choice of [`Options`] instead: no check may mind any of those.
//!
//! The crate shares no code with the rest of Plumb, so that an error of ours in reading the protocol shows up as a
//! disagreement instead of as silence.
//!
//! From the outside in: [`serve_http`] and [`serve_stdio`] are the two bindings; both hand a request to `dispatch`, which
//! validates it (`validate`, `http::headers`), lets one of `features` work on it and wraps what it says (`envelope`).

mod auth;
mod call;
mod connection;
mod dispatch;
mod envelope;
mod eras;
mod features;
mod http;
mod message;
mod options;
mod rules;
mod schema;
mod seal;
mod server;
mod state;
mod stdio;
mod validate;

use std::future::Future;
use std::io;

pub use auth::Protection;
pub use http::{Running, serve_http, serve_http_until, spawn_http, spawn_http_replicas};
pub use options::{Features, LimitBy, Options, SseMode};
pub use rules::{MUTANTS, Mutant, Rules};
pub use stdio::{serve_stdio, serve_stdio_on, serve_stdio_until};

/// The server to run: which rules it keeps, and which of the legal choices it makes.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The rules kept; [`Rules::SPEC`] keeps them all.
    pub rules: Rules,
    /// The legal choices made.
    pub options: Options,
}

impl Reference {
    /// The conforming server.
    pub fn conforming() -> Self {
        Self::with_rules(Rules::SPEC)
    }

    /// The server with the given rules and default options.
    pub fn with_rules(rules: Rules) -> Self {
        Self { rules, options: Options::default() }
    }

    /// The conforming server with the given options.
    pub fn with_options(options: Options) -> Self {
        Self { rules: Rules::SPEC, options }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::conforming()
    }
}

/// Resolves when the process is asked to stop: SIGTERM or SIGINT, on other systems Ctrl-C.
///
/// # Errors
///
/// When the handler cannot be installed.
pub fn interrupted() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests;
