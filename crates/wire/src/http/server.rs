//! The other side of the HTTP lane: a server on loopback that answers whatever it is told, and records everything.

mod asking;
mod playing;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use plumb_model::{End, Sent};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::answer::{Afterwards, asks_to_keep_alive};
use super::connection::{Connection, Shut};
use super::endpoint::Endpoint;
use super::response::Response;
use crate::error::cause;
use crate::live::record::{AfterEnd, Recorder};
use crate::script::{Handler, Play};
use crate::served::{Asked, Log, Served};
use crate::{Clock, Limits, WireError};
use playing::{Played, Tee};

/// How long nothing is accepted after a failure to.
const BREATH: Duration = Duration::from_millis(20);

/// A server of plain HTTP/1.1 whose answers are [scripts](crate::script::Script). Its drop ends it and closes all
/// connections.
///
/// A request is read whole before its handler sees it. What cannot be read within the bounds is recorded with its
/// [`fault`](Asked::fault), refused with status 400, and its connection is closed. A connection carries one request
/// after the other while both sides keep it open; several are served beside each other.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    log: Log,
    opened: Arc<AtomicUsize>,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What holds for all connections of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Where it listens: a free port of 127.0.0.1 unless told otherwise.
    pub address: SocketAddr,
    /// Bounds: of requests those of a head and a body, and `answer` for the time that a request may take to be whole, and
    /// the client to take in what is written; of the record, as for answers that we receive, and at most `frames`
    /// exchanges.
    pub limits: Limits,
    /// How many connections are served at once; others wait.
    pub connections: usize,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            limits: Limits::default(),
            connections: 256,
            idle: Duration::from_secs(60),
        }
    }
}

/// What the connections of a server share.
struct Shared<H> {
    handler: H,
    options: ServerOptions,
    address: SocketAddr,
    log: Log,
    clock: Clock,
}

impl Server {
    /// Starts a server.
    ///
    /// Errors: it cannot listen at its address.
    pub async fn start(
        handler: impl Handler,
        options: ServerOptions,
        clock: Clock,
    ) -> Result<Self, WireError> {
        let asked = options.address;
        let failed =
            |e: std::io::Error| WireError::Listen { address: asked.to_string(), cause: cause(&e) };
        let listener = TcpListener::bind(asked).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let log = Log::new(&options.limits);
        let opened = Arc::new(AtomicUsize::new(0));
        let (stopping, stop) = watch::channel(false);
        let shared = Arc::new(Shared { handler, options, address, log: log.clone(), clock });
        let task = tokio::spawn(accept(listener, shared, Arc::clone(&opened), stop));
        Ok(Self { address, log, opened, stopping, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint at this path, which begins with `/`.
    pub fn endpoint(&self, target: &str) -> Result<Endpoint, WireError> {
        Endpoint::parse(&format!("http://{}{target}", self.address))
    }

    /// Everything that it was asked up to now, in order, and what became of it.
    pub fn served(&self) -> Vec<Served> {
        self.log.all()
    }

    /// Everything that it is asked, while it is.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Waits at most this long until what it was asked is enough, and gives it; looked at whenever a request comes in
    /// or is done with.
    pub async fn wait(
        &self,
        patience: Duration,
        enough: impl FnMut(&[Served]) -> bool,
    ) -> Option<Vec<Served>> {
        self.log.wait(patience, enough).await
    }

    /// How many exchanges were not kept, for want of room.
    pub fn lost(&self) -> u64 {
        self.log.lost()
    }

    /// How many connections were opened.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Listens no more, gives the answers that are under way so much time, and closes all connections.
    pub async fn stop(mut self, grace: Duration) -> Vec<Served> {
        self.stopping.send_replace(true);
        if timeout(grace, &mut self.task).await.is_err() {
            self.task.abort();
            // It ends at its next await; an error says that it was aborted.
            let _ = (&mut self.task).await;
        }
        self.log.all()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts connections until told to stop; the drop of its future ends them all.
async fn accept<H: Handler>(
    listener: TcpListener,
    shared: Arc<Shared<H>>,
    opened: Arc<AtomicUsize>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(shared.options.connections.max(1)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accepted => accepted,
            // Those that have ended are let go.
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Out of sockets, as a rule: some will be closed.
            sleep(BREATH).await;
            continue;
        };
        opened.fetch_add(1, Ordering::Relaxed);
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        connections.spawn(async move {
            shared.serve(stream, stop).await;
            drop(place);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

impl<H: Handler> Shared<H> {
    /// Serves a connection to its end.
    async fn serve(&self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed) + 1;
        // Small answers go out at once; a socket that cannot do that still works.
        let _ = stream.set_nodelay(true);
        let mut connection = Connection::named(Box::new(stream), format!("served-{number}"));
        if let Some(play) = self.handler.greet() {
            let shut = self.perform(self.greeting(&connection), Some(play), &mut connection).await;
            return connection.shut(shut.unwrap_or(Shut::Close)).await;
        }
        for nth in 1.. {
            let next = tokio::select! {
                biased;
                next = asking::next(self, &mut connection, nth) => next,
                _ = stop.wait_for(|stop| *stop) => None,
            };
            let Some(asked) = next else { break };
            let refused = asked.fault.is_some();
            let play = refused.then(|| Response::new(400).header("Connection", "close").into());
            if let Some(shut) = self.perform(asked, play, &mut connection).await {
                return connection.shut(shut).await;
            }
            if *stop.borrow() {
                break;
            }
        }
        connection.shut(Shut::Close).await;
    }

    /// Does with a request what is told, by its handler unless something else; says whether and how to end the
    /// connection then.
    async fn perform(
        &self,
        asked: Asked,
        play: Option<Play>,
        connection: &mut Connection,
    ) -> Option<Shut> {
        let limits = &self.options.limits;
        let recorder = Recorder::new(asked.channel.clone(), self.clock, limits, AfterEnd::Silence);
        self.log.add(&asked, &recorder);
        let keeps =
            asked.line.as_ref().is_some_and(|l| asks_to_keep_alive(asked.headers(), l.minor));
        let mut tee = Tee::new(recorder.clone(), limits.clone(), asked.method() == "HEAD");
        let play = async {
            match play {
                Some(play) => play,
                None => self.handler.answer(asked).await,
            }
        };
        let play = tokio::select! {
            biased;
            play = play => Ok(play),
            why = connection.gone() => Err(why),
        };
        let played = match play {
            Ok(play) => playing::play(play, connection, &mut tee, limits).await,
            Err(why) => Played::Gone(why),
        };
        let (end, afterwards) = tee.end().await;
        if played != Played::Over {
            recorder.written();
        }
        let (end, shut) = match played {
            Played::Over if keeps && afterwards == Afterwards::Reusable => (end, None),
            Played::Over => (end, Some(Shut::Close)),
            Played::Shut(how) => (end, Some(how)),
            Played::Gone(_) if end == End::Complete => (end, Some(Shut::Close)),
            Played::Gone(why) => (End::Broken(why), Some(Shut::Close)),
        };
        recorder.end(end);
        self.log.over();
        shut
    }

    fn greeting(&self, connection: &Connection) -> Asked {
        let (channel, now) = (connection.channel.clone(), self.clock.now());
        let (line, sent, fault) = (None, Sent::Nothing, None);
        Asked { channel, nth: 0, begun_at: now, at: now, line, sent, fault }
    }
}

impl<H> Shared<H> {
    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}
