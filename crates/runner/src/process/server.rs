//! A target that serves HTTP and whose process is ours.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use plumb_wire::process::{Launch, Process, Signal};
use plumb_wire::{Limits, WireError};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::mortal::{DYING, GRACE, RESTARTS, ending, last_words};
use crate::errors::TargetError;

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
    pub(crate) async fn start(
        launch: Launch,
        address: String,
        limits: Limits,
        ready: Duration,
    ) -> Result<Self, TargetError> {
        // What answers there before the command is started is somebody else's, and is not to be judged in its place.
        if TcpStream::connect(&address).await.is_ok() {
            return Err(TargetError::Taken { address });
        }
        let process = Process::spawn(&launch, &limits).map_err(TargetError::Start)?;
        listening(&process, &address, ready).await?;
        let current = std::sync::Mutex::new((Arc::new(process), 0));
        Ok(Self { launch, address, limits, ready, current, reviving: Mutex::new(()) })
    }

    /// The process that serves now.
    pub(crate) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// How the command failed, though something answers at its address: then that is not the command. One that ended well
    /// may have left a server behind.
    pub(crate) async fn failed(&self) -> Option<TargetError> {
        let process = self.process();
        let exit = process.exited().filter(|exit| exit.code != Some(0))?;
        TcpStream::connect(&self.address).await.ok()?;
        let address = self.address.clone();
        let stderr = last_words(&process.stderr_tail());
        Some(TargetError::Stranger { address, status: ending(exit), stderr })
    }

    /// Kills the process, and starts another in its place.
    pub(crate) async fn restart(&self) -> Result<(), TargetError> {
        let _one = self.reviving.lock().await;
        let process = self.process();
        // One that is gone already needs no signal.
        let _ = process.signal(Signal::Kill);
        process.stop(Duration::ZERO).await;
        let process = Process::spawn(&self.launch, &self.limits).map_err(TargetError::Start)?;
        listening(&process, &self.address, self.ready).await?;
        self.current.lock().unwrap_or_else(PoisonError::into_inner).0 = Arc::new(process);
        Ok(())
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
        if TcpStream::connect(address).await.is_ok() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_somebody_else_holds_is_not_judged() {
        let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = stranger.local_addr().expect("bound").to_string();
        let launch =
            Launch { program: "sleep".into(), args: vec!["60".into()], ..Launch::default() };
        let started = Server::start(launch, address, Limits::default(), Duration::ZERO).await;
        assert!(matches!(started, Err(TargetError::Taken { .. })));
    }
}
