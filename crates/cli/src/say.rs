//! What is said on standard output and standard error, and what happens if nobody takes it.

use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use plumb_report::text::{inert, visible_line};

/// Whether something could not be said, though somebody was there to take it.
static UNSAID: AtomicBool = AtomicBool::new(false);

/// Writes to standard output. A reader that closes the pipe has seen enough, which is no error; a full disk is one, and the
/// end of the command says so.
pub(crate) fn out(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        UNSAID.store(true, Ordering::Relaxed);
    }
}

/// Says a line that holds names of files, which may hold anything, a line break among it.
pub(crate) fn line(text: &str) {
    out(&format!("{}\n", inert(&visible_line(text))));
}

/// Writes to standard error, if somebody takes it: where it cannot be written, nothing can be told.
pub(crate) fn err(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Whether something could not be said.
pub(crate) fn unsaid() -> bool {
    UNSAID.load(Ordering::Relaxed)
}

/// Says a line on standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::out(&(format!($($words)*) + "\n")) };
}

/// Says a line on standard error.
macro_rules! tell {
    ($($words:tt)*) => { $crate::say::err(&(format!($($words)*) + "\n")) };
}

pub(crate) use {say, tell};
