//! Client metadata documents that we serve, and a count of who came: a listener on this machine's loopback.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request head that is read, in bytes.
const HEAD: usize = 16 * 1024;
/// How long a visitor may take for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What stands at one path.
#[derive(Clone, Debug)]
pub struct Document {
    /// The status.
    pub status: u16,
    /// Further header fields, each with its line end.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl Document {
    /// A JSON document that nobody may keep.
    pub fn json(body: &Value) -> Self {
        Self::text(body.to_string())
    }

    /// Any text under the media type of JSON that nobody may keep.
    pub fn text(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: "Content-Type: application/json\r\nCache-Control: no-store\r\n".into(),
            body: body.into(),
        }
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self { status: 302, headers: format!("Location: {to}\r\n"), body: String::new() }
    }

    /// With another `Cache-Control`.
    pub fn cached(mut self, control: &str) -> Self {
        self.headers = self.headers.replace("no-store", control);
        self
    }
}

/// A listener that serves documents and counts visits. Dropping it ends it.
pub struct Documents {
    base: Option<String>,
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    documents: Mutex<BTreeMap<String, (Document, usize)>>,
    connections: AtomicUsize,
}

impl Documents {
    /// Listens at 127.0.0.1; `base` is where others reach this, if they can.
    pub(super) async fn serve(base: Option<String>, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        let base = base.map(|b| b.trim_end_matches('/').replace("{port}", &port.to_string()));
        Ok(Self { base, port, shared, task })
    }

    /// Where others reach the documents, if they can.
    pub fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// The port on this machine's loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves a document at a path that begins with a slash.
    pub fn put(&self, path: &str, document: Document) {
        let mut documents = self.shared.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.insert(path.to_owned(), (document, 0));
    }

    /// How often a path was asked for.
    pub fn fetches(&self, path: &str) -> usize {
        let documents = self.shared.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(path).map_or(0, |(_, fetches)| *fetches)
    }

    /// How many connections were made, whatever was asked on them.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(&shared);
        tokio::spawn(tokio::time::timeout(PATIENCE, async move {
            // A visitor who leaves early, or who speaks TLS here, was counted: that is all we need.
            let _ = answer(stream, &shared).await;
        }));
    }
}

async fn answer(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut chunk = [0; 2048];
        let n = stream.read(&mut chunk).await?;
        if n == 0 || head.len() > HEAD {
            return Ok(());
        }
        head.extend_from_slice(&chunk[..n]);
    }
    let line = String::from_utf8_lossy(&head);
    let path = line.split(' ').nth(1).unwrap_or_default();
    let found = {
        let mut documents = shared.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get_mut(path).map(|(document, fetches)| {
            *fetches += 1;
            document.clone()
        })
    };
    let Document { status, headers, body } =
        found.unwrap_or(Document { status: 404, headers: String::new(), body: String::new() });
    let text = format!(
        "HTTP/1.1 {status} Plumb\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
