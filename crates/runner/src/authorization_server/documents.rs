//! Client metadata documents that we serve, and a count of who came: a server on this machine's loopback.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::{Asked, Clock, Limits, WireError};
use serde_json::Value;

/// How long a visitor may take for its request.
const PATIENCE: Duration = Duration::from_secs(5);

/// What stands at one path.
#[derive(Clone, Debug)]
pub struct Document(Response);

impl Document {
    /// A JSON document that nobody may keep.
    pub fn json(body: &Value) -> Self {
        Self::text(body.to_string())
    }

    /// Any text under the media type of JSON that nobody may keep.
    pub fn text(body: impl Into<String>) -> Self {
        let answer = Response::new(200).header("Content-Type", "application/json");
        Self(answer.body(body.into())).cached("no-store")
    }

    /// With another `Cache-Control`.
    pub fn cached(mut self, control: &str) -> Self {
        self.0.headers.retain(|field| field.name != "Cache-Control");
        Self(self.0.header("Cache-Control", control))
    }
}

/// Each path with what stands there, and how often it was asked for.
type Shelf = Arc<Mutex<BTreeMap<String, (Document, usize)>>>;

/// A server of documents that counts visits. Dropping it ends it.
pub struct Documents {
    base: Option<String>,
    server: Server,
    shelf: Shelf,
}

impl Documents {
    /// Listens at 127.0.0.1; `base` is where others reach this, if they can.
    pub(super) async fn serve(
        base: Option<String>,
        port: u16,
        clock: Clock,
    ) -> Result<Self, WireError> {
        let shelf = Shelf::default();
        let limits = Limits { answer: PATIENCE, ..Limits::default() };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let options = ServerOptions { address, limits, idle: PATIENCE, ..ServerOptions::default() };
        let shown = Arc::clone(&shelf);
        let answer = move |asked: Asked| {
            let found = look(&shown, asked.target());
            async move { found.header("Connection", "close") }
        };
        let server = Server::start(answer, options, clock).await?;
        let port = server.address().port().to_string();
        let base = base.map(|b| b.trim_end_matches('/').replace("{port}", &port));
        Ok(Self { base, server, shelf })
    }

    /// Where others reach the documents, if they can.
    pub fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// The port on this machine's loopback.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// Serves a document at a path that begins with a slash.
    pub fn put(&self, path: &str, document: Document) {
        let mut documents = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        documents.insert(path.to_owned(), (document, 0));
    }

    /// How often a path was asked for.
    pub fn fetches(&self, path: &str) -> usize {
        let documents = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(path).map_or(0, |(_, fetches)| *fetches)
    }

    /// How many connections were made, whatever was asked on them.
    pub fn connections(&self) -> usize {
        self.server.opened()
    }
}

/// What stands at a path; counts the visit.
fn look(shelf: &Shelf, path: &str) -> Response {
    let mut documents = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((document, fetches)) = documents.get_mut(path) else { return Response::new(404) };
    *fetches += 1;
    document.0.clone()
}
