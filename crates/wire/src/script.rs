//! What a peer of ours does with a message: a few kinds of steps over bytes, as data.
//!
//! A script knows no protocol, so that it can break any: status lines, framing and events are bytes like all others.
//! [`Response`](crate::http::Response) writes correct ones, and many kinds of wrong ones.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use plumb_model::Payload;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::served::Asked;

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Bytes are written, as they are and at once.
    Write(Payload),
    /// Bytes are written over and over, until the other side is gone or reads no more.
    Repeat(Payload),
    /// Nothing happens for so many milliseconds.
    Wait(u64),
    /// Nothing happens until the other side is gone. Over standard streams: nothing happens any more.
    Hold,
    /// The connection, or the output, is closed.
    Close,
    /// The connection is reset (TCP RST); the output is closed.
    Reset,
}

/// Steps, one after the other. An HTTP connection stays open after them if a reader could have read another answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Script(pub Vec<Step>);

impl Script {
    /// No steps: over HTTP, the connection is closed without an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Adds bytes.
    pub fn write(self, bytes: impl Into<Payload>) -> Self {
        self.then(Step::Write(bytes.into()))
    }

    /// Adds a line: these bytes and a newline.
    pub fn line(self, line: impl AsRef<[u8]>) -> Self {
        self.write([line.as_ref(), b"\n"].concat())
    }

    /// Adds a pause; what it is longer than whole milliseconds is dropped.
    pub fn wait(self, pause: Duration) -> Self {
        self.then(Step::Wait(millis(pause)))
    }

    /// Adds all steps of another script.
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    /// The same bytes, but written in pieces of this size with a pause after each.
    pub fn in_pieces(self, size: usize, pause: Duration) -> Self {
        let pause = millis(pause);
        let split = |step| match step {
            Step::Write(bytes) => {
                let pieces = bytes.bytes().chunks(size.max(1)).map(<[u8]>::to_vec);
                pieces.flat_map(|piece| [Step::Write(piece.into()), Step::Wait(pause)]).collect()
            }
            other => vec![other],
        };
        Self(self.0.into_iter().flat_map(split).collect())
    }

    /// The same steps up to this many bytes, counted over all of them; what comes later is left out.
    pub fn cut(self, bytes: usize) -> Self {
        let mut left = bytes;
        let mut kept = Vec::new();
        for step in self.0 {
            match step {
                Step::Write(whole) if whole.len() > left => {
                    kept.push(Step::Write(whole.bytes().slice(..left).into()));
                    break;
                }
                step => {
                    if let Step::Write(whole) = &step {
                        left -= whole.len();
                    }
                    kept.push(step);
                }
            }
        }
        Self(kept)
    }
}

impl From<Step> for Script {
    fn from(step: Step) -> Self {
        Self(vec![step])
    }
}

/// What is played: a script, and then the steps that come in while it is, until their sender is dropped.
///
/// The sender sees that the other side is gone by its channel being closed.
#[derive(Debug, Default)]
pub struct Play {
    ready: VecDeque<Step>,
    coming: Option<mpsc::Receiver<Step>>,
}

impl Play {
    /// A play whose further steps come in later.
    pub fn live(first: impl Into<Script>, coming: mpsc::Receiver<Step>) -> Self {
        Self { ready: first.into().0.into(), coming: Some(coming) }
    }

    /// The steps that need not be waited for.
    pub(crate) fn into_ready(self) -> impl Iterator<Item = Step> {
        self.ready.into_iter()
    }

    /// The next step, waited for; `None` when the play is over. Nothing is lost if the wait is given up.
    pub(crate) async fn next(&mut self) -> Option<Step> {
        match self.ready.pop_front() {
            Some(step) => Some(step),
            None => self.coming.as_mut()?.recv().await,
        }
    }
}

impl<S: Into<Script>> From<S> for Play {
    fn from(script: S) -> Self {
        Self { ready: script.into().0.into(), coming: None }
    }
}

/// Decides what is done with each message.
///
/// An async function from [`Asked`] to anything that is a [`Play`] is one.
pub trait Handler: Send + Sync + 'static {
    /// What is said before anything is asked, on each connection or once over standard streams; `None` for nothing, as is
    /// right. An HTTP connection is closed after it.
    fn greet(&self) -> Option<Play> {
        None
    }

    /// What is done with a message. It is dropped when the other side goes away meanwhile.
    fn answer(&self, asked: Asked) -> impl Future<Output = Play> + Send;
}

impl<F, Fut> Handler for F
where
    F: Fn(Asked) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Into<Play>> + Send,
{
    fn answer(&self, asked: Asked) -> impl Future<Output = Play> + Send {
        let answering = self(asked);
        async { answering.await.into() }
    }
}

fn millis(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_data() {
        let script = Script::new().line("a").wait(Duration::from_millis(5)).then(Step::Close);
        let json = serde_json::to_string(&script).expect("serialises");
        assert_eq!(json, r#"[{"write":"a\n"},{"wait":5},"close"]"#);
        assert_eq!(serde_json::from_str::<Script>(&json).expect("parses"), script);
    }

    #[test]
    fn a_script_is_split_and_cut_at_any_byte() {
        let script = || Script::new().write("abc").then(Step::Hold).write("de");
        let pieces = script().in_pieces(2, Duration::ZERO).0;
        let writes = pieces.iter().filter(|s| matches!(s, Step::Write(_)));
        assert_eq!((pieces.len(), writes.count()), (7, 3));
        for (bytes, kept) in
            [(0, vec![""]), (2, vec!["ab"]), (3, vec!["abc", ""]), (9, vec!["abc", "de"])]
        {
            let cut = script().cut(bytes).0;
            let texts = cut.iter().filter_map(|s| match s {
                Step::Write(bytes) => bytes.text(),
                _ => None,
            });
            assert_eq!(texts.collect::<Vec<_>>(), kept, "{bytes}");
        }
    }
}
