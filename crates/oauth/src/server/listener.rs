//! Where the server listens: plain HTTP or TLS, on loopback unless told otherwise.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Authority;

/// How many handshakes may be under way.
const HANDSHAKES: usize = 64;
/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An address, the host that URLs name, and the authority if it speaks TLS.
#[derive(Clone, Debug)]
pub struct Bind {
    pub(super) address: SocketAddr,
    pub(super) host: String,
    pub(super) authority: Option<Authority>,
}

impl Bind {
    /// Plain HTTP at a free port of 127.0.0.1.
    pub fn http() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            host: Ipv4Addr::LOCALHOST.to_string(),
            authority: None,
        }
    }

    /// TLS at a free port of 127.0.0.1, under a certificate of the authority.
    pub fn tls(authority: &Authority) -> Self {
        Self { authority: Some(authority.clone()), ..Self::http() }
    }

    /// At another address.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Under another name: the host of the issuer and of all endpoints.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    pub(super) fn base(&self, port: u16) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{port}", self.host)
    }
}

/// Accepts TLS connections; a peer that is slow to shake hands keeps nobody waiting.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TlsListener {
    pub(super) fn over(tcp: TcpListener, address: SocketAddr, config: Arc<ServerConfig>) -> Self {
        let (send, ready) = mpsc::channel(HANDSHAKES);
        let accepting = tokio::spawn(accept_all(tcp, TlsAcceptor::from(config), send));
        Self { ready, address, accepting }
    }
}

async fn accept_all(
    mut tcp: TcpListener,
    acceptor: TlsAcceptor,
    send: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = Listener::accept(&mut tcp).await;
        let (acceptor, send) = (acceptor.clone(), send.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                // The receiver is gone only when the server stops.
                let _ = send.send((stream, peer)).await;
            }
            drop(place);
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
