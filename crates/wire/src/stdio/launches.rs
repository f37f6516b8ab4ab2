//! Servers that a client starts itself: each process is a [`relay`](super::relay), whose lines are answered here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::meeting::Meeting;
use super::peer::Peer;
use super::relay::{PIECE, WAITING, Word};
use crate::script::Handler;
use crate::served::{Log, Served};
use crate::{Clock, Limits};

/// After the end of its input, a process still answers for so long.
const LINGER: Duration = Duration::from_millis(200);
/// A process stays so long after the end of its input. A client that closes it and kills the process in one moment is seen to do
/// so, in whichever order the two come.
const STAY: Duration = Duration::from_millis(50);
/// Of a line that has begun and not ended, so much is held back, in bytes.
const LINE: usize = 1 << 20;
/// How many processes a client may start.
const MOST: usize = 256;

/// What a started server does beyond answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// What it writes to its standard error: as it starts, and before everything that it answers.
    pub complains: Option<&'static str>,
    /// Whether it stays when its input has ended, until it is signalled.
    pub outlasts_input: bool,
}

/// One process that the client started; times are microseconds since the run began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The connection that its exchanges name.
    pub channel: String,
    /// When it was started.
    pub begun_at: u64,
    /// When the client closed its standard input.
    pub input_ended_at: Option<u64>,
    /// When it was signalled, and by which number. A kill cannot be seen: it just ends.
    pub signals: Vec<(u64, i32)>,
    /// When it was gone.
    pub ended_at: Option<u64>,
    /// Whether it ended unasked, as a server that crashes.
    pub crashed: bool,
    /// Whether it ended by itself, as its input had ended.
    pub complied: bool,
}

impl Life {
    /// Whether the client began to end it before its input had been closed for as long as it stays then.
    pub fn is_cut_short(&self) -> bool {
        let stay = u64::try_from(STAY.as_micros()).unwrap_or(u64::MAX);
        let closed = self.input_ended_at.map(|closed| closed.saturating_add(stay));
        self.forced_at().is_some_and(|forced| closed.is_none_or(|closed| closed > forced))
    }

    /// When the client began to end it: by the first signal, or by a kill.
    pub fn forced_at(&self) -> Option<u64> {
        let killed = self.ended_at.filter(|_| !self.crashed && !self.complied);
        self.signals.first().map(|(at, _)| *at).or(killed)
    }
}

/// All processes that a client starts by one command. Its drop ends them.
#[derive(Debug)]
pub struct Launches {
    file: PathBuf,
    entries: Entries,
    /// What all of them were asked.
    log: Log,
    changed: watch::Receiver<()>,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Entries(Arc<Mutex<Vec<Life>>>, Arc<watch::Sender<()>>);

impl Launches {
    /// Begins to wait for processes. Where, a file in this folder tells, which nobody else should be able to enter.
    ///
    /// Must be called within a Tokio runtime. Errors: nobody could come.
    pub fn listen<H: Handler + Clone>(
        folder: &Path,
        handler: H,
        manner: Manner,
        limits: Limits,
        clock: Clock,
    ) -> io::Result<Self> {
        let meeting = Meeting::in_folder(folder)?;
        let file = meeting.file().to_owned();
        let (tell, changed) = watch::channel(());
        let entries = Entries(Arc::default(), Arc::new(tell));
        let (all, log) = (entries.clone(), Log::new(&limits));
        let common = log.clone();
        let task = tokio::spawn(async move {
            let mut running = JoinSet::new();
            while let Ok(stranger) = meeting.next().await {
                let life = Life { begun_at: clock.now(), ..Life::default() };
                let (all, handler, limits) = (all.clone(), handler.clone(), limits.clone());
                let log = common.clone();
                running.spawn(async move {
                    let Some(stream) = stranger.admitted().await else { return };
                    let (input, read) = duplex(PIECE);
                    let (written, output) = duplex(PIECE);
                    let peer = Peer::sharing(log, read, written, handler, limits, clock);
                    let life = Life { channel: peer.channel.clone(), ..life };
                    let Some(at) = all.add(life) else { return };
                    let launch = Launch { entries: all, at, manner, clock };
                    launch.serve(stream, peer, input, output).await;
                });
                while running.try_join_next().is_some() {}
            }
        });
        Ok(Self { file, entries, log, changed, task })
    }

    /// What a relay is told, to find it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The processes that were started up to now.
    pub fn lives(&self) -> Vec<Life> {
        self.entries.lock().clone()
    }

    /// Waits at most this long until every process has ended.
    pub async fn settle(&mut self, patience: Duration) {
        let until = Instant::now() + patience;
        while self.lives().iter().any(|life| life.ended_at.is_none()) {
            if timeout_at(until, self.changed.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Everything that they were asked, in order, and what became of it.
    pub fn served(&self) -> Vec<Served> {
        let mut all = self.log.all();
        all.sort_by_key(|served| served.asked.begun_at);
        all
    }

    /// Everything that they are asked, while they are.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// How many exchanges were not kept, for want of room.
    pub fn lost(&self) -> u64 {
        self.log.lost()
    }
}

impl Drop for Launches {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Entries {
    fn lock(&self) -> MutexGuard<'_, Vec<Life>> {
        // A panic elsewhere leaves what was seen as it is.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a process and gives its place; none if there are too many.
    fn add(&self, life: Life) -> Option<usize> {
        let mut all = self.lock();
        (all.len() < MOST).then(|| all.push(life))?;
        Some(all.len() - 1)
    }
}

/// One process, as it is served.
struct Launch {
    entries: Entries,
    at: usize,
    manner: Manner,
    clock: Clock,
}

impl Launch {
    async fn serve(self, stream: TcpStream, peer: Peer, input: DuplexStream, output: DuplexStream) {
        let (mut from, mut to) = stream.into_split();
        let (tell, mut told) = mpsc::channel::<Word>(WAITING);
        let mut beside = JoinSet::new();
        beside.spawn(async move {
            while let Some(word) = told.recv().await {
                if word.write(&mut to).await.is_err() {
                    return;
                }
            }
        });
        beside.spawn(Self::pump(self.entries.clone(), self.at, self.manner, output, tell.clone()));
        let (mut input, mut peer) = (Some(input), Some(peer));
        let mut begun = Vec::new();
        while let Ok(Some(word)) = Word::read(&mut from).await {
            match word {
                // What the client has begun to say when it kills the process was said to nobody.
                Word::Input(bytes) => {
                    begun.extend_from_slice(&bytes);
                    let whole = begun.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
                    let lines = if begun.len() > LINE { begun.len() } else { whole };
                    if let Some(open) = input.as_mut() {
                        // A peer that has ended reads no more.
                        let _ = open.write_all(&begun[..lines]).await;
                    }
                    begun.drain(..lines);
                }
                Word::InputEnded => {
                    if let Some(open) = input.as_mut() {
                        let _ = open.write_all(&begun).await;
                    }
                    let now = self.clock.now();
                    self.note(|life| life.input_ended_at = Some(now));
                    drop(input.take());
                    if !self.manner.outlasts_input
                        && let Some(peer) = peer.take()
                    {
                        beside.spawn(Self::comply(
                            self.entries.clone(),
                            self.at,
                            peer,
                            tell.clone(),
                        ));
                    }
                }
                Word::Signalled(number) => {
                    let now = self.clock.now();
                    self.note(|life| life.signals.push((now, number)));
                    let _ = tell.send(Word::Exit(128 + number)).await;
                }
                Word::Output(_) | Word::Error(_) | Word::Exit(_) => break,
            }
        }
        let now = self.clock.now();
        self.note(|life| life.ended_at = Some(now));
    }

    /// Ends as a server does whose input has ended: what it was asked it answers first.
    async fn comply(entries: Entries, at: usize, mut peer: Peer, tell: mpsc::Sender<Word>) {
        tokio::join!(peer.ended(LINGER), sleep(STAY));
        entries.lock()[at].complied = true;
        let _ = tell.send(Word::Exit(0)).await;
    }

    /// Passes on what is written; where the output is closed before the input, the server has crashed.
    async fn pump(
        entries: Entries,
        at: usize,
        manner: Manner,
        mut output: DuplexStream,
        tell: mpsc::Sender<Word>,
    ) {
        let complaint = |text: &str| Word::Error(text.as_bytes().to_vec());
        if let Some(text) = manner.complains {
            let _ = tell.send(complaint(text)).await;
        }
        let mut piece = vec![0; PIECE];
        while let Ok(read @ 1..) = output.read(&mut piece).await {
            if let Some(text) = manner.complains {
                let _ = tell.send(complaint(text)).await;
            }
            if tell.send(Word::Output(piece[..read].to_vec())).await.is_err() {
                return;
            }
        }
        let crashed = {
            let mut all = entries.lock();
            let life = &mut all[at];
            life.crashed = life.input_ended_at.is_none();
            life.crashed
        };
        if crashed {
            let _ = timeout(LINGER, tell.send(Word::Exit(1))).await;
        }
    }

    fn note(&self, change: impl FnOnce(&mut Life)) {
        change(&mut self.entries.lock()[self.at]);
        self.entries.1.send_replace(());
    }
}
