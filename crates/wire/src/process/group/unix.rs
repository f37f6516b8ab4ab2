//! Process groups as POSIX has them: signalled as a whole, and known to be gone.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::process::{self as unix, Pid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::super::{Signal, warden};

/// Has a command start in a group of its own.
pub(crate) fn apart(command: &mut Command) {
    command.process_group(0);
}

/// The number of the signal that ended a process.
pub(crate) fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// The numbers of the signals that ask this process to end, as they come; they do not end it any more.
///
/// Must be called within a Tokio runtime.
pub(crate) fn signals() -> io::Result<mpsc::Receiver<i32>> {
    let (tell, told) = mpsc::channel(1);
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let (mut signals, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() && tell.send(kind.as_raw_value()).await.is_ok() {}
        });
    }
    Ok(told)
}

/// A group that we started.
#[derive(Debug)]
pub(crate) struct Group {
    id: Pid,
    /// Set once it is known to be empty: its number may then be given to others, and is not signalled again.
    gone: AtomicBool,
}

impl Group {
    /// The group that a process leads.
    pub(crate) fn of(leader: u32) -> Option<Self> {
        let id = i32::try_from(leader).ok().and_then(Pid::from_raw)?;
        Some(Self { id, gone: AtomicBool::new(false) })
    }

    pub(crate) fn id(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// Signals every process in it; nothing happens if there is none.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.gone.load(Ordering::Acquire) {
            return Ok(());
        }
        match unix::kill_process_group(self.id, signal.into()) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Signals single processes, wherever they belong.
    pub(crate) fn signal_each(processes: &[i32], signal: Signal) {
        for process in processes.iter().copied().filter_map(Pid::from_raw) {
            // One that is gone has ended by itself.
            let _ = unix::kill_process(process, signal.into());
        }
    }

    /// Looks whether no process is left alive in it; to be asked only once its leader has been reaped.
    pub(crate) fn is_gone(&self) -> bool {
        if !self.gone.load(Ordering::Acquire) && self.is_empty() {
            self.gone.store(true, Ordering::Release);
            warden::tell(warden::Word::Gone, self.id());
        }
        self.gone.load(Ordering::Acquire)
    }

    /// The dead that their new parent has not reaped still count for the system; a container's first process may
    /// never reap them, so they are told apart where the system lets us.
    fn is_empty(&self) -> bool {
        if matches!(unix::test_kill_process_group(self.id), Err(Errno::SRCH)) {
            return true;
        }
        let Ok(processes) = std::fs::read_dir("/proc") else { return false };
        let stats = processes
            .flatten()
            .filter_map(|process| std::fs::read(process.path().join("stat")).ok());
        let stats: Vec<_> = stats.collect();
        !stats.is_empty() && !stats.iter().any(|stat| self.has(stat))
    }

    /// Whether a process lives in it, by its line in `/proc/<pid>/stat`: proc_pid_stat(5).
    fn has(&self, stat: &[u8]) -> bool {
        let stat = String::from_utf8_lossy(stat);
        // The second field is a name in parentheses, which can hold anything.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
        let (state, _parent, group) = (fields.next(), fields.next(), fields.next());
        let dead = matches!(state, Some("Z" | "X"));
        !dead && group.and_then(|group| group.parse().ok()) == Some(self.id())
    }
}

impl From<Signal> for unix::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::INT,
            Signal::Terminate => Self::TERM,
            Signal::Kill => Self::KILL,
            Signal::Stop => Self::STOP,
            Signal::Continue => Self::CONT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_not_counted() {
        let group = Group::of(77).expect("a number");
        assert!(group.has(b"78 (a) b) R) S 1 77 77 0"));
        assert!(!group.has(b"78 (sh) Z 1 77 77 0"));
        assert!(!group.has(b"77 (sh) S 1 76 77 0"));
        assert!(!group.has(b"\xff"));
    }
}
