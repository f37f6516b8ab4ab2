//! Processes where there are neither groups nor signals, such as on Windows. A program and what it starts can be killed, by
//! the system's own `taskkill`; nothing can be asked to end, interrupted or frozen, and whoever wants that is told so.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::super::{Signal, warden};

/// Leaves a command as it is: what belongs together is known by who started whom.
pub(crate) fn apart(_command: &mut Command) {}

/// None: no process is ended by a signal.
pub(crate) fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

/// The number of SIGINT for each time that a console asks this process to end; whoever ends it otherwise does not ask.
///
/// Must be called within a Tokio runtime.
pub(crate) fn signals() -> io::Result<mpsc::Receiver<i32>> {
    const INTERRUPT: i32 = 2;
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && tell.send(INTERRUPT).await.is_ok() {}
    });
    Ok(told)
}

/// A program that we started, and what it starts.
#[derive(Debug)]
pub(crate) struct Group {
    id: i32,
    /// Set once its leader was reaped: its number may then be given to others.
    gone: AtomicBool,
}

impl Group {
    /// The processes below this one, itself included.
    pub(crate) fn of(leader: u32) -> Option<Self> {
        let id = i32::try_from(leader).ok()?;
        Some(Self { id, gone: AtomicBool::new(false) })
    }

    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// Kills every process in it; the other signals do not exist here.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.gone.load(Ordering::Acquire) {
            return Ok(());
        }
        if signal != Signal::Kill {
            let told = format!("this system has no signal to {}", signal.verb());
            return Err(io::Error::new(io::ErrorKind::Unsupported, told));
        }
        let mut kill = Command::new("taskkill");
        kill.args(["/T", "/F", "/PID", &self.id.to_string()]);
        let quiet = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // It fails for a process that has ended, which is as well.
        quiet.status().map(drop)
    }

    /// Nothing: nobody finds processes here that have left.
    pub(crate) fn signal_each(_processes: &[i32], _signal: Signal) {}

    /// To be asked only once its leader has been reaped: what that left behind is not known here.
    pub(crate) fn is_gone(&self) -> bool {
        if !self.gone.swap(true, Ordering::AcqRel) {
            warden::tell(warden::Word::Gone, self.id);
        }
        true
    }
}
