//! A target over standard streams.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::{Answer, Sent};
use plumb_wire::process::Launch;
use plumb_wire::stdio::Session;
use plumb_wire::{Limits, WireError};
use tokio::sync::Mutex;

use super::client::answer_as_client;
use super::mortal::{DYING, GRACE, LEAVING, Mortal, RESTARTS, ending, last_words};
use super::silence::Silence;
use crate::errors::TargetError;
use crate::record::Recorder;

/// A server over standard streams that is started again when it has died.
pub(crate) struct Keeper {
    launch: Launch,
    limits: Limits,
    recorder: Arc<Recorder>,
    current: Mutex<(Session, u32)>,
    /// The session whose process was waited for when its output had ended.
    leaving: Mutex<Option<String>>,
    silence: Silence,
}

impl Keeper {
    pub(crate) async fn start(
        launch: Launch,
        limits: Limits,
        recorder: Arc<Recorder>,
    ) -> Result<Self, TargetError> {
        let session = spawn(&launch, &limits, &recorder).map_err(TargetError::Start)?;
        // A program that cannot run says so at once; a server waits for its first line.
        if let Some(exit) = session.wait_exit(Duration::from_millis(20)).await {
            let stderr = last_words(&session.stderr_tail());
            return Err(TargetError::Died { status: ending(exit), stderr });
        }
        Ok(Self {
            launch,
            limits,
            recorder,
            current: Mutex::new((session, 0)),
            leaving: Mutex::default(),
            silence: Silence::default(),
        })
    }

    pub(crate) async fn session(&self) -> Result<Session, WireError> {
        self.revived().await.map(|(session, _)| session)
    }

    /// The time of a request to this process was up.
    pub(crate) fn left_unanswered(&self, session: &Session, by: &str, answer: &Answer) {
        let times = (answer.sent_at, answer.ended_at);
        self.silence.keeps(session.channel(), session.last_word(), times, by);
    }

    /// The process, and the one before it, if that is found to have ended only now. One that runs and hears nobody any more
    /// is replaced; whoever still waits for it waits on, if two can run at a time.
    pub(crate) async fn revived(&self) -> Result<(Session, Option<Session>), WireError> {
        let mut current = self.current.lock().await;
        self.wait_while_it_leaves(&current.0).await;
        let mut ended = None;
        let process = current.0.process();
        let gone = process.exited().is_some() && !process.is_dismissed();
        let deaf = self.silence.is_lasting(current.0.channel(), current.0.last_word());
        if let Some(began_with) = deaf.as_ref().filter(|_| !gone) {
            self.recorder.fell_silent(began_with);
            self.recorder.pace.starved();
            if !self.recorder.voices.are_together() {
                process.stop(Duration::ZERO).await;
            }
        }
        if gone || deaf.is_some() {
            if current.1 >= RESTARTS {
                let cause = format!("the process was started anew {RESTARTS} times, and no more");
                return Err(WireError::Closed { channel: current.0.channel().to_owned(), cause });
            }
            self.record_stray(&current.0);
            let next = spawn(&self.launch, &self.limits, &self.recorder)?;
            let restarts = current.1 + 1;
            let before = std::mem::replace(&mut *current, (next, restarts)).0;
            ended = Some(before).filter(|_| gone);
        }
        Ok((current.0.clone(), ended))
    }

    /// Ends the process, and starts another in its place.
    pub(crate) async fn renew(&self) -> Result<(), WireError> {
        let mut current = self.current.lock().await;
        current.0.process().stop(Duration::ZERO).await;
        self.record_stray(&current.0);
        let next = spawn(&self.launch, &self.limits, &self.recorder)?;
        *current = (next, current.1 + 1);
        Ok(())
    }

    /// A process that has closed its output is on its way out, as a rule: it is waited for, once.
    async fn wait_while_it_leaves(&self, session: &Session) {
        let running = session.process().exited().is_none();
        if !running || !session.wait_output_end(Duration::ZERO).await {
            return;
        }
        let mut leaving = self.leaving.lock().await;
        if leaving.as_deref() != Some(session.channel()) {
            *leaving = Some(session.channel().to_owned());
            session.wait_exit(DYING).await;
        }
    }

    /// How long an answer may take.
    pub(crate) fn answer(&self) -> Duration {
        self.limits.answer
    }

    /// Whether the process runs, as far as can be told: who sends it something meanwhile will see.
    pub(crate) fn is_alive(&self) -> bool {
        let current = self.current.try_lock();
        current.map_or(true, |current| current.0.process().exited().is_none())
    }

    /// Whether the process has ended without a word: it has not started.
    pub(crate) async fn has_not_started(&self) -> bool {
        let current = self.current.lock().await;
        let ended = current.0.wait_output_end(Duration::ZERO).await;
        ended && current.0.first_word().is_none() && current.0.wait_exit(DYING).await.is_some()
    }

    /// How the process ended and its last words, if it has closed its output.
    pub(crate) async fn epitaph(&self) -> Option<String> {
        let session = self.current.lock().await.0.clone();
        if !session.wait_output_end(Duration::ZERO).await {
            return None;
        }
        Mortal::Session(session).epitaph().await
    }

    /// What the process wrote to its standard error last.
    pub(crate) async fn last_words(&self) -> String {
        last_words(&self.current.lock().await.0.stderr_tail())
    }

    /// One process answers, and did not start beside another one.
    pub(crate) fn runs_once(&self) {
        self.recorder.voices.run_once();
    }

    /// Records what the process wrote unasked: whoever uses it next has nothing to do with it.
    pub(crate) async fn rest(&self) {
        let current = self.current.lock().await;
        self.record_stray(&current.0);
    }

    /// Ends the process and records what it wrote unasked.
    pub(crate) async fn stop(&self) {
        let current = self.current.lock().await;
        let tempo = &self.recorder.tempo;
        current.0.close_stdin().await;
        if current.0.wait_exit(tempo.parting(LEAVING)).await.is_none() {
            tempo.lingered();
        }
        current.0.process().stop(GRACE).await;
        current.0.wait_output_end(GRACE).await;
        self.record_stray(&current.0);
    }

    fn record_stray(&self, session: &Session) {
        let frames = session.take_strays();
        if !frames.is_empty() {
            let answer = Answer { frames, ..Answer::default() };
            self.recorder.record("stdout", session.channel(), Sent::Nothing, answer);
        }
    }
}

/// Starts a process, which is answered as by a client where the revision lets servers ask.
fn spawn(launch: &Launch, limits: &Limits, recorder: &Arc<Recorder>) -> Result<Session, WireError> {
    let session = Session::spawn(launch, limits.clone(), recorder.clock)?;
    if recorder.edition.has_handshake() {
        let questions = session.questions();
        tokio::spawn(answer_as_client(session.downgrade(), questions, Arc::clone(recorder)));
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use plumb_model::{Edition, Secrets};

    use super::*;
    use crate::pace::Pace;
    use crate::published::Published;
    use crate::tempo::Tempo;

    /// A process that waits for a line, and then does so.
    async fn keeper(script: &str) -> Keeper {
        let limits = Limits::default();
        let recorder = Recorder::new(
            Arc::new(Edition::latest()),
            Secrets::default(),
            Box::new(|_| {}),
            Tempo::new(limits.answer),
            Pace::new(1, None),
            limits.account.clone(),
            Published::within(usize::MAX),
        );
        let args = ["-c".to_owned(), format!("read line; {script}")].to_vec();
        let launch = Launch { program: "sh".into(), args, ..Launch::default() };
        Keeper::start(launch, limits, Arc::new(recorder)).await.expect("it starts")
    }

    #[tokio::test]
    async fn a_process_that_has_closed_its_output_is_waited_for_until_its_last_words_are_in() {
        let keeper = keeper("exec 1>&-; sleep 0.2; echo no database >&2; exit 3").await;
        assert_eq!(keeper.epitaph().await, None, "it runs");
        let session = keeper.session().await.expect("it runs");
        session.close_stdin().await;
        assert!(session.wait_output_end(GRACE).await);
        let told = keeper.epitaph().await;
        assert_eq!(told.as_deref(), Some("exit code 3; its last words: no database"));
    }

    #[tokio::test]
    async fn a_process_that_hears_nobody_any_more_is_replaced_and_that_is_told() {
        let keeper = keeper("echo; sleep 60").await;
        let deaf = keeper.session().await.expect("it runs");
        let asked = deaf.send("{}", plumb_wire::stdio::Reply::Nothing).await;
        asked.expect("it reads").finish().await;
        deaf.wait_first_word(GRACE).await;
        for sent in [100, 120, 140] {
            let answer = Answer {
                sent_at: sent * 1_000_000,
                ended_at: (sent + 20) * 1_000_000,
                ..Answer::default()
            };
            let same = keeper.session().await.expect("it runs");
            assert_eq!(same.channel(), deaf.channel(), "it may be slow");
            keeper.left_unanswered(&deaf, &format!("check.{sent}"), &answer);
        }
        let (next, ended) = keeper.revived().await.expect("another");
        assert!(next.channel() != deaf.channel() && ended.is_none(), "it did not end by itself");
        assert!(deaf.wait_exit(GRACE).await.is_some(), "no two were seen to run at a time");
        let remarks = keeper.recorder.remarks().concat();
        assert!(
            remarks.contains("answered nothing any more") && remarks.contains("check.100"),
            "{remarks}"
        );
        next.process().stop(Duration::ZERO).await;
    }

    #[tokio::test]
    async fn a_process_that_keeps_ending_is_not_started_anew_for_ever() {
        let keeper = keeper("exit 1").await;
        for (restarts, starts) in [(0, true), (RESTARTS, false)] {
            let session = keeper.current.lock().await.0.clone();
            keeper.current.lock().await.1 = restarts;
            let sent = session.send("{}", plumb_wire::stdio::Reply::Nothing).await;
            sent.expect("it reads").finish().await;
            assert!(session.wait_exit(GRACE).await.is_some());
            match keeper.session().await {
                Ok(next) => assert!(starts && next.channel() != session.channel()),
                Err(error) => {
                    let told = error.to_string();
                    assert!(!starts && told.contains("started anew 48 times"), "{told}");
                }
            }
        }
    }
}
