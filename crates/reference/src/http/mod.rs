//! The Streamable HTTP binding.

mod accept;
mod body;
mod card;
mod endpoint;
mod exchange;
mod mishap;
mod origin;
mod refused;
mod reply;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::auth::guard::Guard;
use crate::reference::Reference;
use crate::server::{Phase, Server};
use crate::state::State;

use self::accept::Doorway;

pub(crate) use self::accept::Peer;
pub(crate) use self::endpoint::endpoint;

/// How long requests may go on after the server was asked to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Serves on the listener until the process ends. The endpoint is `/mcp`.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_http(reference: Reference, listener: TcpListener) -> io::Result<()> {
    serve_http_until(reference, listener, std::future::pending()).await
}

/// Serves on the listener until `shutdown` resolves; then ends every subscription as the specification asks, lets
/// other requests finish within one second, and returns.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve_http_until(
    reference: Reference,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let server = Server::new(reference);
    let app = app(&server);
    serve(server, app, listener, shutdown).await
}

/// A server running in this process. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its endpoint: `http://127.0.0.1:<port>/mcp`.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Stops the server and waits until it has.
    ///
    /// # Errors
    ///
    /// Those that ended the server before.
    pub async fn stop(mut self) -> io::Result<()> {
        self.stop.take();
        match self.task.take() {
            Some(task) => task.await.unwrap_or_else(|gone| Err(io::Error::other(gone))),
            None => Ok(()),
        }
    }
}

/// Runs the server on a free port of the loopback interface.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_http(reference: Reference) -> io::Result<Running> {
    let server = Server::new(reference);
    let app = app(&server);
    spawn(server, app).await
}

/// Runs several replicas of one server. They share what a deployment would keep in a common store, and nothing else.
///
/// # Errors
///
/// When no port can be had.
pub async fn spawn_http_replicas(
    reference: Reference,
    replicas: usize,
) -> io::Result<Vec<Running>> {
    let shared = Arc::new(State::new(&reference.options));
    let mut running = Vec::with_capacity(replicas);
    for _ in 0..replicas {
        let server = Server::with_state(reference.clone(), Arc::clone(&shared));
        let app = app(&server);
        running.push(spawn(server, app).await?);
    }
    Ok(running)
}

fn app(server: &Arc<Server>) -> Router {
    Router::new().fallback(endpoint).with_state(Arc::clone(server))
}

/// Serves an application on a free port of the loopback interface.
pub(crate) async fn spawn(server: Arc<Server>, app: Router) -> io::Result<Running> {
    let host = if server.rules.binds_to_loopback { [127, 0, 0, 1] } else { [0, 0, 0, 0] };
    let listener = TcpListener::bind(SocketAddr::from((host, 0))).await?;
    let port = listener.local_addr()?.port();
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(server, app, listener, async move {
        // A dropped sender asks to stop, as a message would.
        let _ = stopped.await;
    }));
    Ok(Running { addr, url: format!("http://{addr}/mcp"), stop: Some(stop), task: Some(task) })
}

/// Serves an application of a server until `shutdown` resolves.
pub(crate) async fn serve(
    server: Arc<Server>,
    app: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if let Some(protection) = &server.options.protection {
        let address = format!("http://{}/mcp", listener.local_addr()?);
        let guard = Guard::of(protection, &address).await?;
        // It is set once: this server is served once.
        let _ = server.guard.set(guard);
    }
    let app = app.into_make_service_with_connect_info::<Peer>();
    let closing = Arc::clone(&server);
    let serving = axum::serve(Doorway::new(listener, &server.rules), app).with_graceful_shutdown(
        async move {
            shutdown.await;
            closing.enter(Phase::Closing);
        },
    );
    tokio::select! {
        ended = serving => ended,
        () = async {
            server.reached(Phase::Closing).await;
            tokio::time::sleep(GRACE).await;
            server.enter(Phase::Closed);
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}
