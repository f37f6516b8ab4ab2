//! Processes of targets: started in a group of their own, stopped politely and then for sure.

mod group;
mod strays;
mod tail;
pub mod warden;

use std::path::PathBuf;
use std::process::{self as system, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumb_model::Payload;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep, timeout};

use crate::error::cause;
use crate::{Limits, WireError};
use group::Group;
pub(crate) use strays::Mark;
use tail::Tail;

pub(crate) use group::signals;

/// How long the output of a process that has exited is still awaited: another process can hold it open.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long the kernel gets to carry out a kill.
const KILL: Duration = Duration::from_secs(2);
/// How often a group without a leader is looked at: the system tells nobody of its end.
const LOOK: Duration = Duration::from_millis(10);

/// Whether this system has the signals that are more than a kill.
pub const SIGNALS: bool = cfg!(unix);

/// What to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program: a path, or a name to be found in `PATH`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables beyond those that are inherited.
    pub env: Vec<(String, String)>,
    /// Its working directory, if not ours.
    pub cwd: Option<PathBuf>,
}

/// A running program and all that it starts. Its drop kills its process group.
#[derive(Debug)]
pub struct Process {
    program: String,
    group: Arc<Group>,
    mark: Mark,
    exit: watch::Receiver<Option<Exit>>,
    /// Whether we have begun to end it.
    dismissed: AtomicBool,
    /// Held open for programs that end with their standard input.
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Tail,
    stderr: Tail,
    drains: Vec<AbortHandle>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

/// What it took to stop a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// How it ended; `None` if not even a kill ended it in time.
    pub exit: Option<Exit>,
    /// What ended it.
    pub by: Means,
}

/// What ended a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// It had ended before, or ended when its standard input was closed.
    Itself,
    /// `SIGTERM`.
    Terminate,
    /// `SIGKILL`.
    Kill,
}

/// A signal to the whole group; only [`Signal::Kill`] is there on every system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `SIGINT`.
    Interrupt,
    /// `SIGTERM`.
    Terminate,
    /// `SIGKILL`.
    Kill,
    /// `SIGSTOP`: freezes it.
    Stop,
    /// `SIGCONT`: thaws it.
    Continue,
}

#[cfg(not(unix))]
impl Signal {
    /// What it does, for whoever cannot have it.
    fn verb(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Terminate => "ask to end",
            Self::Kill => "kill",
            Self::Stop => "freeze",
            Self::Continue => "thaw",
        }
    }
}

impl Process {
    /// Starts a program that is not spoken to over its standard streams: its input stays open and empty, the ends of
    /// its outputs are kept.
    ///
    /// Must be called within a Tokio runtime.
    pub fn spawn(launch: &Launch, limits: &Limits) -> Result<Self, WireError> {
        let (mut process, stdin, stdout) = Self::spawn_piped(launch, limits)?;
        process.stdin = Mutex::new(stdin);
        if let Some(stdout) = stdout {
            process.drains.push(process.stdout.drain(stdout).abort_handle());
        }
        Ok(process)
    }

    /// Starts a program and gives its standard input and output away.
    pub(crate) fn spawn_piped(
        launch: &Launch,
        limits: &Limits,
    ) -> Result<(Self, Option<ChildStdin>, Option<ChildStdout>), WireError> {
        let failed = |cause: String| WireError::Process { program: launch.program.clone(), cause };
        let mark = Mark::next();
        let mut command = system::Command::new(&launch.program);
        command
            .args(&launch.args)
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .env(strays::VARIABLE, mark.text())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        group::apart(&mut command);
        if let Some(cwd) = &launch.cwd {
            command.current_dir(cwd);
        }
        let mut child =
            Command::from(command).kill_on_drop(true).spawn().map_err(|e| failed(cause(&e)))?;
        let group = child.id().and_then(Group::of).map(Arc::new);
        let group = group.ok_or_else(|| failed("it has no process id".to_owned()))?;
        warden::tell(warden::Word::Begins, group.id());

        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let stderr = Tail::new(limits.tail_bytes);
        let drain = child.stderr.take().map(|pipe| stderr.drain(pipe));
        let drains = drain.iter().map(JoinHandle::abort_handle).collect();
        let (tell, exit) = watch::channel(None);
        tokio::spawn(reap(child, Arc::clone(&group), drain, tell));
        let process = Self {
            program: launch.program.clone(),
            group,
            mark,
            exit,
            dismissed: AtomicBool::new(false),
            stdin: Mutex::new(None),
            stdout: Tail::new(limits.tail_bytes),
            stderr,
            drains,
        };
        Ok((process, stdin, stdout))
    }

    /// The id of the program's process, which is the id of its group.
    pub fn id(&self) -> i32 {
        self.group.id()
    }

    /// How the program ended, if it has.
    pub fn exited(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// How the program ended, waited for at most this long. Its standard error is then complete, unless a process
    /// that it left behind holds it open.
    pub async fn wait_exit(&self, patience: Duration) -> Option<Exit> {
        let mut exit = self.exit.clone();
        let ended = timeout(patience, exit.wait_for(Option::is_some)).await.ok()?;
        ended.ok().and_then(|exit| *exit)
    }

    /// Whether we have begun to end it, by a signal or by closing its input: whatever it does from then on, it has not
    /// ended by itself.
    pub fn is_dismissed(&self) -> bool {
        self.dismissed.load(Ordering::Relaxed)
    }

    /// Notes that it is about to be ended; one that has ended by then did so by itself.
    pub(crate) fn dismiss(&self) {
        if self.exited().is_none() {
            self.dismissed.store(true, Ordering::Relaxed);
        }
    }

    /// Signals the whole group; nothing happens if it is gone.
    pub fn signal(&self, signal: Signal) -> Result<(), WireError> {
        if !matches!(signal, Signal::Stop | Signal::Continue) {
            self.dismiss();
        }
        let failed = |e| WireError::Process { program: self.program.clone(), cause: cause(&e) };
        self.group.signal(signal).map_err(failed)
    }

    /// The last bytes of its standard error.
    pub fn stderr_tail(&self) -> Payload {
        self.stderr.bytes().into()
    }

    /// The last bytes of its standard output, if nobody else reads that.
    pub fn stdout_tail(&self) -> Payload {
        self.stdout.bytes().into()
    }

    /// Ends the program and everything that it started: closes its input, sends `SIGTERM`, waits, sends `SIGKILL`.
    ///
    /// Processes that a program left behind in its group get the same `SIGTERM` and as much time; after it, so do those that
    /// have left the group, where they can be found.
    pub async fn stop(&self, grace: Duration) -> Stopped {
        self.dismiss();
        drop(self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut by = Means::Itself;
        for (means, signal, patience) in
            [(Means::Terminate, Signal::Terminate, grace), (Means::Kill, Signal::Kill, KILL)]
        {
            if self.is_gone() {
                break;
            }
            if self.exited().is_none() {
                by = means;
            }
            // A group that cannot be signalled cannot be stopped; the answer then says that it has not exited.
            let _ = self.signal(signal);
            self.wait_gone(patience).await;
        }
        self.mark.end(grace).await;
        Stopped { exit: self.exited(), by }
    }

    /// Waits until the whole group is gone.
    async fn wait_gone(&self, patience: Duration) {
        let until = Instant::now() + patience;
        if self.wait_exit(patience).await.is_none() {
            return;
        }
        while !self.is_gone() && Instant::now() < until {
            sleep(LOOK).await;
        }
    }

    /// Whether the program has exited and nothing is left of its group.
    fn is_gone(&self) -> bool {
        self.exited().is_some() && self.group.is_gone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The net under `stop`: there is nobody left to tell of a failure.
        let _ = self.signal(Signal::Kill);
        for drain in &self.drains {
            drain.abort();
        }
    }
}

/// Waits for the program and tells how it ended, once its last words are in.
async fn reap(
    mut child: Child,
    group: Arc<Group>,
    stderr: Option<JoinHandle<()>>,
    tell: watch::Sender<Option<Exit>>,
) {
    let status = child.wait().await;
    // Seen at once, before the number can be given to another group.
    group.is_gone();
    if let Some(stderr) = stderr {
        let _ = timeout(LAST_WORDS, stderr).await;
    }
    tell.send_replace(Some(status.map_or(Exit { code: None, signal: None }, Exit::from)));
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        Self { code: status.code(), signal: group::signal_of(status) }
    }
}

#[cfg(test)]
mod tests;
