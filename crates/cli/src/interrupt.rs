//! Plumb is to end: the user or the system asks for it, or it should long have been over. That is found out on threads that no check
//! and no target can keep busy.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

/// How often it was asked.
static ASKED: OnceLock<watch::Sender<u32>> = OnceLock::new();
/// How often that was heeded.
static HEEDED: AtomicU32 = AtomicU32::new(0);

/// Listens from now on: who waits later hears what was asked before. Until then the system ends the process by itself, as is right
/// for commands that wait for nothing.
pub(crate) fn listen() -> &'static watch::Sender<u32> {
    ASKED.get_or_init(|| {
        let (listens, begun) = mpsc::channel();
        std::thread::spawn(move || {
            let own = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(own) = own else { return };
            own.block_on(async {
                let asked = asked();
                let _ = listens.send(());
                counted(asked).await;
            });
        });
        // It is an error if nobody listens: then the system ends the process, as before.
        let _ = begun.recv();
        watch::Sender::new(0)
    })
}

/// Resolves when Plumb is asked to end, once for each time.
pub(crate) async fn interrupted() {
    let heeded = HEEDED.load(Ordering::SeqCst);
    let mut times = listen().subscribe();
    if times.wait_for(|times| *times > heeded).await.is_err() {
        std::future::pending::<()>().await;
    }
    HEEDED.fetch_max(heeded + 1, Ordering::SeqCst);
}

/// Resolves after this time, even if whatever else waits for a time is held up.
pub(crate) async fn overdue(limit: Duration) {
    let (over, is_over) = oneshot::channel::<()>();
    let (_waits, waited_for) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        // Ends at once if nobody waits any more.
        let _ = waited_for.recv_timeout(limit);
        drop(over);
    });
    let _ = is_over.await;
}

async fn counted(mut asked: Asked) {
    while asked.once_more().await {
        listen().send_modify(|times| *times += 1);
    }
}

/// What the system sends, from the moment that this is made.
#[cfg(unix)]
struct Asked {
    terminate: Option<tokio::signal::unix::Signal>,
    interrupt: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
fn asked() -> Asked {
    use tokio::signal::unix::{SignalKind, signal};
    Asked {
        terminate: signal(SignalKind::terminate()).ok(),
        interrupt: signal(SignalKind::interrupt()).ok(),
    }
}

#[cfg(unix)]
impl Asked {
    async fn once_more(&mut self) -> bool {
        async fn came(signal: &mut Option<tokio::signal::unix::Signal>) -> Option<()> {
            match signal {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            came = came(&mut self.terminate) => came.is_some(),
            came = came(&mut self.interrupt) => came.is_some(),
        }
    }
}

/// A system without signals has no other way to ask.
#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
fn asked() -> Asked {
    Asked
}

#[cfg(not(unix))]
impl Asked {
    async fn once_more(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_check_that_never_pauses_does_not_hold_up_the_end() {
        let (free, held) = mpsc::channel::<()>();
        let busy = tokio::spawn(async move { held.recv() });
        overdue(Duration::from_millis(1)).await;
        drop(free);
        assert!(busy.await.expect("it ends").is_err());
    }
}
