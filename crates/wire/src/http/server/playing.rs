//! Playing a script on a connection, while a reader of ours records what it could read.

use std::time::Duration;

use plumb_model::{End, Payload};
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::Limits;
use crate::error::cause;
use crate::http::answer::{Afterwards, Record};
use crate::http::connection::{Connection, Shut};
use crate::http::head::Fault;
use crate::live::Recorder;
use crate::script::{Play, Step};

/// How much the recording reader may be behind, in bytes.
const BEHIND: usize = 64 << 10;

/// How a play ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Played {
    /// All of it was played.
    Over,
    /// It ends the connection.
    Shut(Shut),
    /// The other side is gone, or takes nothing: why.
    Gone(String),
}

/// Plays all steps, and watches meanwhile whether the other side is still there.
pub(super) async fn play(
    mut play: Play,
    connection: &mut Connection,
    tee: &mut Tee,
    limits: &Limits,
) -> Played {
    loop {
        let step = tokio::select! {
            biased;
            step = play.next() => step,
            why = connection.gone() => return Played::Gone(why),
        };
        let wait = match step {
            None => return Played::Over,
            Some(Step::Close) => return Played::Shut(Shut::Close),
            Some(Step::Reset) => return Played::Shut(Shut::Reset),
            Some(Step::Hold) => return Played::Gone(connection.gone().await),
            Some(Step::Wait(millis)) => Duration::from_millis(millis),
            Some(Step::Write(bytes)) => match write(&bytes, connection, tee, limits).await {
                Ok(()) => continue,
                Err(why) => return Played::Gone(why),
            },
            Some(Step::Repeat(bytes)) => loop {
                if let Err(why) = write(&bytes, connection, tee, limits).await {
                    return Played::Gone(why);
                }
                // Also where nothing is written, others have their turn.
                tokio::task::yield_now().await;
            },
        };
        tokio::select! {
            () = sleep(wait) => {}
            why = connection.gone() => return Played::Gone(why),
        }
    }
}

async fn write(
    bytes: &Payload,
    connection: &mut Connection,
    tee: &mut Tee,
    limits: &Limits,
) -> Result<(), String> {
    tee.recorder.writing();
    match timeout(limits.answer, connection.put(bytes.bytes())).await {
        Ok(Ok(())) => {
            tee.put(bytes.bytes()).await;
            Ok(())
        }
        Ok(Err(e)) => Err(format!("the connection failed: {}", cause(&e))),
        Err(_) => Err(format!("the client reads nothing for {} ms", limits.answer.as_millis())),
    }
}

/// The way to a reader that gets the same bytes as the client, and records what they say.
pub(super) struct Tee {
    recorder: Recorder,
    copy: DuplexStream,
    reader: JoinHandle<Result<Afterwards, Fault>>,
}

impl Tee {
    /// Begins a recording; `bodiless` if the answer has no body whatever its head says.
    pub(super) fn new(recorder: Recorder, limits: Limits, bodiless: bool) -> Self {
        let (copy, end) = tokio::io::duplex(BEHIND);
        let ours = recorder.clone();
        let reader = tokio::spawn(async move {
            let mut connection = Connection::named(Box::new(end), String::new());
            let record = Record { recorder: &recorder, limits: &limits, bodiless };
            let read = record.all(&mut connection).await;
            // A second answer to one request is of nobody's.
            read
        });
        Self { recorder: ours, copy, reader }
    }

    async fn put(&mut self, bytes: &[u8]) {
        // A reader that has had enough has closed its end.
        let _ = self.copy.write_all(bytes).await;
    }

    /// What a reader makes of all bytes, and whether it could go on to another answer.
    pub(super) async fn end(self) -> (End, Afterwards) {
        drop(self.copy);
        match self.reader.await {
            Ok(Ok(afterwards)) => (End::Complete, afterwards),
            Ok(Err(fault)) => (fault.into(), Afterwards::Spent),
            Err(_) => (End::Broken("its recording failed".to_owned()), Afterwards::Spent),
        }
    }
}
