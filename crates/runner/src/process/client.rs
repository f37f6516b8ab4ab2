//! The client that a process over standard streams talks to, in the revisions in which a server asks by requests of its own.

use std::sync::Arc;

use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::{Question, Reply, WeakSession};
use tokio::sync::mpsc::Receiver;

use crate::record::Recorder;
use crate::{Probe, migrate, observe};

/// So many requests of one process are answered: who asks for more asks for ever.
const MOST: usize = 4096;

/// Answers what a process asks, as a client does that grants what it is asked, when it is asked: a server may wait for that
/// whatever else is in flight (a ping must be answered promptly, basic/utilities/ping). What has a reader who answers in rounds
/// of the check's own is left to that.
pub(super) async fn answer_as_client(
    session: WeakSession,
    mut questions: Receiver<Question>,
    recorder: Arc<Recorder>,
) {
    for _ in 0..MOST {
        let Some(Question { line, has_reader }) = questions.recv().await else { return };
        let message = Message::parse(&line.into());
        let Ok(asked) = &message.json else { continue };
        if has_reader && observe::asks_the_client(&message) {
            continue;
        }
        let answer = migrate::answer(asked).await;
        let answer = Probe::answer(answer).in_edition(&recorder.edition);
        let Some(session) = session.upgrade() else { return };
        // A process that has gone waits for nothing.
        if let Ok(live) = session.send(answer.payload(), Reply::Nothing).await {
            let (sent, answer) = live.close();
            recorder.record("reply", session.channel(), sent, answer);
        }
    }
}
