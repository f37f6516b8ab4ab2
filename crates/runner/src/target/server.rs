//! A target that serves HTTP and whose process is ours.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use plumb_wire::http::Client;
use plumb_wire::process::{Launch, Process};
use plumb_wire::{Limits, WireError};
use tokio::sync::Mutex;

use super::{DYING, GRACE, RESTARTS, Reach, TargetError, client, ending, last_words};
use crate::auth::Authority;
use crate::record::Recorder;

/// A command that serves HTTP, which is started again when it has died.
pub(crate) struct Server {
    /// The command with its port and all placeholders filled.
    launch: Launch,
    address: String,
    limits: Limits,
    ready: Duration,
    current: std::sync::Mutex<(Arc<Process>, u32)>,
    reviving: Mutex<()>,
}

impl Server {
    async fn start(
        launch: Launch,
        address: String,
        limits: Limits,
        ready: Duration,
    ) -> Result<Self, TargetError> {
        let process = Process::spawn(&launch, &limits).map_err(TargetError::Start)?;
        listening(&process, &address, ready).await?;
        let current = std::sync::Mutex::new((Arc::new(process), 0));
        Ok(Self { launch, address, limits, ready, current, reviving: Mutex::new(()) })
    }

    /// The process that serves now.
    pub(crate) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Whether another process serves in the place of this one, which refused a connection: it is started if that has
    /// ended.
    pub(crate) async fn revive(&self, refused: &Arc<Process>) -> Result<bool, WireError> {
        let _one = self.reviving.lock().await;
        if !Arc::ptr_eq(refused, &self.process()) {
            return Ok(true);
        }
        let restarts = self.current.lock().unwrap_or_else(PoisonError::into_inner).1;
        if refused.wait_exit(DYING).await.is_none() || restarts >= RESTARTS {
            return Ok(false);
        }
        let process = Process::spawn(&self.launch, &self.limits)?;
        if listening(&process, &self.address, self.ready).await.is_err() {
            return Ok(false);
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            (Arc::new(process), restarts + 1);
        Ok(true)
    }
}

/// Waits until a process accepts connections.
async fn listening(process: &Process, address: &str, ready: Duration) -> Result<(), TargetError> {
    let deadline = tokio::time::Instant::now() + ready;
    let mut pause = Duration::from_millis(5);
    loop {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        if let Some(exit) = process.wait_exit(pause).await {
            return Err(TargetError::Died {
                status: ending(exit),
                stderr: last_words(&process.stderr_tail()),
            });
        }
        if tokio::time::Instant::now() > deadline {
            let (address, stderr) = (address.to_owned(), last_words(&process.stderr_tail()));
            process.stop(GRACE).await;
            return Err(TargetError::NeverReady { address, within: ready.as_secs(), stderr });
        }
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

/// A port that is free now; the server that takes it is started at once.
fn free_port() -> Result<u16, TargetError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    listener.map(|a| a.port()).map_err(|e| TargetError::Address(format!("no free port: {e}")))
}

/// Starts a command on a free port, and readies the way to it.
pub(super) async fn serve(
    launch: &Launch,
    reach: &Reach,
    limits: &Limits,
    recorder: &Recorder,
    auth: Option<&Authority>,
) -> Result<(Client, Server), TargetError> {
    let port = free_port()?;
    let numbered = |text: &str| text.replace("{port}", &port.to_string());
    let reach = Reach { url: numbered(&reach.url), ..reach.clone() };
    let fill = |text: &str| {
        let text = numbered(text);
        auth.map_or_else(|| text.clone(), |auth| auth.fill(&text, &reach.url))
    };
    let mut launch = launch.clone();
    launch.args.iter_mut().for_each(|a| *a = fill(a));
    launch.env.iter_mut().for_each(|(_, v)| *v = fill(v));
    let address = format!("127.0.0.1:{port}");
    let ready = recorder.tempo.starts_within();
    let server = Server::start(launch, address, limits.clone(), ready).await?;
    Ok((client(&reach, limits, recorder, auth)?, server))
}
