//! A process that may end by itself, and what it leaves to be told.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::Payload;
use plumb_wire::process::{Exit, Process};
use plumb_wire::stdio::Session;

/// A server gets so long to end by itself before it is ended.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// Once its input has ended, a server over standard streams gets so long before it is asked by a signal.
pub(crate) const LEAVING: Duration = Duration::from_secs(1);

/// A process that closes its connections or its output is gone within so long.
pub(crate) const DYING: Duration = Duration::from_millis(500);

/// A process that keeps dying is started at most so often in a run: each death that counts is seen twice.
pub(crate) const RESTARTS: u32 = 48;

/// A process of the target that was asked something.
#[derive(Clone)]
pub(crate) enum Mortal {
    /// It serves HTTP.
    Server(Arc<Process>),
    /// It speaks over its standard streams.
    Session(Session),
}

impl Mortal {
    /// Whether we have begun to end it: what breaks off then is no death of its own.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.process().is_dismissed()
    }

    /// Whether it has ended otherwise than by leaving with the exit code 0.
    pub(crate) fn has_failed(&self) -> bool {
        self.process().exited().is_some_and(|exit| exit.code != Some(0))
    }

    /// How it ended and its last words, if it has.
    pub(crate) async fn epitaph(&self) -> Option<String> {
        // One that has closed its output leaves; one that has closed a connection need not.
        let within = if matches!(self, Self::Session(_)) { GRACE } else { DYING };
        let process = self.process();
        let exit = process.wait_exit(within).await?;
        Some(format!("{}; its last words: {}", ending(exit), last_words(&process.stderr_tail())))
    }

    fn process(&self) -> &Process {
        match self {
            Self::Server(process) => process,
            Self::Session(session) => session.process(),
        }
    }
}

/// How it ended, in words.
pub(crate) fn ending(exit: Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => "no exit code".into(),
    }
}

/// The last lines of standard error, for an error message. Frames of a JavaScript stack stand behind what it is about, and
/// would push that out.
pub(crate) fn last_words(tail: &Payload) -> String {
    let text = tail.lossy();
    let tells = |line: &&str| {
        let line = line.trim_start();
        line.contains(char::is_alphanumeric) && !line.starts_with("at ")
    };
    let lines: Vec<&str> = text.lines().rev().filter(tells).take(5).collect();
    if lines.is_empty() {
        "none".into()
    } else {
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_hold_the_cause_and_not_the_stack_behind_it() {
        let frames = "    at Object.<anonymous> (/srv/index.js:1:7)\n".repeat(9);
        let trace = format!("index.js:1\n\nError: no database\n{frames}\nNode.js v22.0.0\n");
        let words = last_words(&Payload::from(trace.into_bytes()));
        assert_eq!(words, "index.js:1 | Error: no database | Node.js v22.0.0");
        assert_eq!(last_words(&Payload::from(b"\n".to_vec())), "none");
        let group = "  | File \"x.py\"\n  |   ^^^^^\n  | McpError: closed\n  +-----------\n";
        let words = last_words(&Payload::from(group.as_bytes().to_vec()));
        assert_eq!(words, "  | File \"x.py\" |   | McpError: closed");
    }
}
