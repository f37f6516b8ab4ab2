//! The client: takes a connection, writes the request, and has the answer recorded.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::Header;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::answer::Reading;
use super::connect::Dialer;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::pool::{Lane, Pool};
use super::request::{HttpRequest, Which};
use crate::error::cause;
use crate::live::record::{AfterEnd, Recorder};
use crate::live::{Hold, Live};
use crate::{Clock, Limits, WireError};

/// Sends requests to one endpoint; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

pub(super) struct Inner {
    endpoint: Endpoint,
    headers: Vec<Header>,
    pub(super) limits: Limits,
    pub(super) dialer: Dialer,
    pub(super) pool: Pool,
    clock: Clock,
}

/// What holds for all requests of a client.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// The user's own headers, added to each request unless it has or forbids them.
    pub headers: Vec<Header>,
    /// Which certificates are accepted.
    pub trust: Trust,
    /// An `http` proxy, with credentials or without; the environment is not asked.
    pub proxy: Option<Url>,
    /// Who named the endpoint, if it was not the user: it is reached only where its name leads to a public address, or to a
    /// network that the namer is in itself. What is asked of a proxy, the proxy decides.
    pub named_by: Option<Endpoint>,
    /// Bounds.
    pub limits: Limits,
}

/// Which certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that lead to a public authority, or to one of these: the contents of PEM or DER files.
    Public {
        /// The contents of each file.
        extra_roots: Vec<Vec<u8>>,
    },
    /// All.
    Anyone,
}

impl Default for Trust {
    fn default() -> Self {
        Self::Public { extra_roots: Vec::new() }
    }
}

impl Client {
    /// A client for an endpoint; nothing is sent yet.
    pub fn new(
        endpoint: Endpoint,
        options: ClientOptions,
        clock: Clock,
    ) -> Result<Self, WireError> {
        let dialer = Dialer::new(&endpoint, &options)?;
        let ClientOptions { headers, limits, .. } = options;
        Ok(Self(Arc::new(Inner {
            endpoint,
            headers,
            limits,
            dialer,
            pool: Pool::default(),
            clock,
        })))
    }

    /// Where requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The bounds of every exchange.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Closes idle connections, named ones included, but for so many: some servers serve only a few at a time, and wait for
    /// those before they look at another.
    pub fn trim(&self, kept: usize) {
        self.0.pool.trim(kept);
    }

    /// Sends a request; returns when it is written, or when the answer came before that.
    ///
    /// A connection that was idle can have been closed by the server meanwhile. If it ends before any byte of the
    /// answer, the request is sent once more on a new one; [`Live::channel`] then names that.
    ///
    /// The time for the answer begins when the request is written; before, there is as much for that.
    ///
    /// Errors: the request is larger than what is sent, no connection, no TLS, or it was not taken and nothing came back.
    pub async fn send(&self, request: HttpRequest) -> Result<Live, WireError> {
        let inner = &self.0;
        let within = request.answer_within.unwrap_or(inner.limits.answer);
        let deadline = Instant::now() + within;
        let written = request.write(&inner.endpoint, &inner.headers, inner.dialer.via());
        inner.limits.sends(written.bytes.len())?;

        let which = if written.spoils { Which::Fresh } else { request.connection };
        let busy = |_| inner.not_taken(within, "its connection is in use");
        let (mut lane, idle) = timeout_at(deadline, inner.lane(which)).await.map_err(busy)?;
        let reused = match idle {
            Some(mut connection) => inner
                .write(&mut connection, &written.bytes, deadline, within)
                .await
                .map(|()| connection)
                .ok(),
            None => None,
        };
        let connection = match reused {
            Some(connection) => connection,
            None => inner.write_anew(&written.bytes, deadline, within).await?,
        };
        if written.spoils {
            lane = Lane::Fresh;
        }
        let deadline = Instant::now() + within;
        let recorder = Recorder::new(
            connection.channel.clone(),
            inner.clock,
            &inner.limits,
            AfterEnd::Silence,
        );
        let reading = Reading {
            client: Arc::clone(inner),
            connection,
            lane,
            request: written.bytes,
            bodiless: written.bodiless,
            recorder: recorder.clone(),
            deadline,
            within,
        };
        let task = tokio::spawn(reading.run()).abort_handle();
        Ok(Live::new(written.sent, recorder, deadline, Hold::Task(task)))
    }
}

impl Inner {
    /// The lane of a request, and its idle connection if there is a usable one.
    async fn lane(&self, which: Which) -> (Lane, Option<Connection>) {
        match which {
            Which::Fresh => (Lane::Fresh, None),
            Which::Pooled => (Lane::Pooled, self.pool.idle().await),
            Which::Named(name) => {
                let mut slot = self.pool.named(&name).await;
                let mut idle = slot.take();
                if let Some(connection) = &mut idle
                    && !connection.is_fresh().await
                {
                    idle = None;
                }
                (Lane::Named(slot), idle)
            }
        }
    }

    /// Writes a request on a new connection.
    pub(super) async fn write_anew(
        &self,
        request: &[u8],
        deadline: Instant,
        within: Duration,
    ) -> Result<Connection, WireError> {
        let late = |_| self.not_taken(within, "no connection");
        let mut connection = timeout_at(deadline, self.dialer.connect()).await.map_err(late)??;
        self.write(&mut connection, request, deadline, within).await?;
        Ok(connection)
    }

    async fn write(
        &self,
        connection: &mut Connection,
        request: &[u8],
        deadline: Instant,
        within: Duration,
    ) -> Result<(), WireError> {
        match timeout_at(deadline, connection.write(request)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => {
                Err(WireError::Send { address: self.endpoint.address(), cause: cause(&e) })
            }
            Err(_) => Err(self.not_taken(within, "it was not read")),
        }
    }

    fn not_taken(&self, within: Duration, why: &str) -> WireError {
        let cause = format!("{why} within {} ms", within.as_millis());
        WireError::Send { address: self.endpoint.address(), cause }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its headers can hold secrets.
        f.debug_tuple("Client").field(&self.0.endpoint.origin()).finish()
    }
}
