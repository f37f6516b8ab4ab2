//! The server of a scenario over standard streams: the client starts a [relay](plumb_wire::stdio::relay), and what it writes is
//! answered as over HTTP, a line for each message.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plumb_model::{Header, Sent};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::script::{Play, Script, Step};
use plumb_wire::stdio::{Launches, Life, as_lines};
use plumb_wire::{Asked, Clock, Limits, Log, RequestLine, Served, WireError, header, notification};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::provocation::Provoked;
use super::scenario::Scenario;
use super::server::ENDPOINT;

/// What answers as over HTTP.
pub(super) type Answering = Arc<dyn Fn(&Asked) -> Play + Send + Sync>;

/// The processes of a scenario, and the folder that tells where they are waited for.
#[derive(Debug)]
pub(super) struct Piped {
    launches: Launches,
    folder: TempDir,
}

impl Piped {
    /// Begins to wait for them. What is no message, such as a reference to the network, leads to the HTTP server at `host`.
    pub(super) fn start(
        scenario: Scenario,
        answering: Answering,
        host: String,
        limits: &Limits,
        clock: Clock,
    ) -> Result<Self, WireError> {
        let failed = |error: io::Error| WireError::Listen {
            address: "a port of the loopback, told by a file".into(),
            cause: error.to_string(),
        };
        let folder = tempfile::Builder::new().prefix("plumb-").tempdir().map_err(failed)?;
        let deaf = scenario == Scenario::Provoked(Provoked::Late);
        let bridge = Bridge { answering, host: host.into(), deaf, open: Arc::default() };
        let handler = move |asked: Asked| {
            let play = bridge.answer(&asked);
            async { play }
        };
        let manner = scenario.manner();
        let launches = Launches::listen(folder.path(), handler, manner, limits.clone(), clock);
        Ok(Self { launches: launches.map_err(failed)?, folder })
    }

    /// The command line that leads here: that of a relay, and the file that tells where it is waited for.
    pub(super) fn command(&self, relay: &[String]) -> Vec<String> {
        let file = self.launches.file().display().to_string();
        relay.iter().cloned().chain([file]).collect()
    }

    /// Waits until all processes have ended, at most so long, and tells how each lived.
    pub(super) async fn settle(&mut self, patience: Duration) -> Vec<Life> {
        self.launches.settle(patience).await;
        self.launches.lives()
    }

    /// Everything that all processes are asked, while they are.
    pub(super) fn log(&self) -> Log {
        self.launches.log()
    }

    pub(super) fn lost(&self) -> u64 {
        self.launches.lost()
    }

    /// Ends all processes, and gives everything that they were asked.
    pub(super) fn stop(self) -> Vec<Served> {
        let served = self.launches.served();
        drop(self.launches);
        drop(self.folder);
        served
    }
}

/// What can be cancelled, by the connection and the id of the request.
type Open = HashMap<(String, String), watch::Sender<()>>;

/// Turns lines into what would have been asked over HTTP, and what would have been answered into lines.
#[derive(Clone)]
struct Bridge {
    answering: Answering,
    host: Arc<str>,
    /// Whether nothing can be cancelled, as a server may have it.
    deaf: bool,
    /// The requests that are not answered yet, by their ids: who drops one cancels it.
    open: Arc<Mutex<Open>>,
}

impl Bridge {
    fn answer(&self, asked: &Asked) -> Play {
        let message = asked.message();
        let body = message.json.as_ref().unwrap_or(&Value::Null);
        if message.method() == Some(notification::CANCELLED) && !self.deaf {
            let id = body["params"]["requestId"].to_string();
            drop(self.lock().remove(&(asked.channel.clone(), id)));
        }
        let mut posted = asked.clone();
        let line = RequestLine { method: "POST".into(), target: ENDPOINT.into(), minor: 1 };
        posted.line = Some(line);
        let headers = header::standard_headers(body).into_iter();
        posted.sent = Sent::Http {
            method: "POST".into(),
            url: format!("http://{}{ENDPOINT}", self.host),
            headers: headers.chain([Header::new("Host", &*self.host)]).collect(),
            body: asked.body(),
        };
        let lines = as_lines((self.answering)(&posted));
        let takes_time = lines.0.iter().any(|step| matches!(step, Step::Wait(_) | Step::Hold));
        if message.kind != Kind::Request || !takes_time {
            return lines.into();
        }
        let id = message.id().map(Value::to_string).unwrap_or_default();
        let (cancel, cancelled) = watch::channel(());
        self.lock().insert((asked.channel.clone(), id), cancel);
        let (to, coming) = mpsc::channel(1);
        tokio::spawn(played(lines, to, cancelled));
        Play::live(Script::new(), coming)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plays an answer that takes time, until it is cancelled.
async fn played(lines: Script, to: mpsc::Sender<Step>, mut cancelled: watch::Receiver<()>) {
    let steps = async {
        for step in lines.0 {
            match step {
                Step::Wait(ms) => sleep(Duration::from_millis(ms)).await,
                Step::Hold => to.closed().await,
                step => {
                    if to.send(step).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = steps => {}
        () = to.closed() => {}
        // Its sender is dropped.
        _ = cancelled.changed() => {}
    }
}
