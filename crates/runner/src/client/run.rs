//! A run against a client: each scenario is played, and then all that was received is judged.

use plumb_model::Verdict;
use plumb_model::event::CaseFinished;
use plumb_wire::Served;
use plumb_wire::process::{Process, Stopped};
use tokio::time::Instant;

use super::ClientCommand;
use super::conversation;
use super::known::Client;
use super::received::Received;
use super::scenario::Scenario;
use super::server::{self, ENDPOINT};
use crate::Check;
use crate::check::Body;
use crate::errors::{ContactError, RunError, TargetError};
use crate::options::Options;
use crate::process::mortal::{GRACE, ending, last_words};
use crate::record::Recorder;
use crate::scenes::emit;
use crate::tally::{Marks, Tally};

/// Everything that a client sent, and what that tells of it.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) client: Client,
    received: Vec<Received>,
    /// How it ended in scenarios where it did not end well, a line each.
    endings: Vec<String>,
}

impl Heard {
    /// Plays all scenarios, one after the other.
    pub(crate) async fn play(
        command: &ClientCommand,
        options: &Options,
        recorder: &Recorder,
        deadline: Instant,
    ) -> Result<Self, RunError> {
        let mut heard = Self::default();
        for scenario in Scenario::ALL {
            if Instant::now() >= deadline {
                heard.endings.push(format!("there was no time left for `{}`", scenario.name()));
                continue;
            }
            let played = played(command, scenario, options, recorder, deadline).await?;
            let record = |served| recorder.record_served(served, scenario.name());
            let exchanges = played.served.into_iter().map(record).collect();
            let (received, versions) = conversation::read(exchanges, &recorder.edition);
            heard.client.learn(scenario.name(), &received, versions);
            heard.received.extend(received);
            heard.endings.extend(played.ending);
        }
        heard.spoke(recorder)?;
        for ending in &heard.endings {
            recorder.remark(ending.clone());
        }
        Ok(heard)
    }

    /// That there is something to judge.
    fn spoke(&self, recorder: &Recorder) -> Result<(), ContactError> {
        let edition = &recorder.edition;
        let how = recorder.blot_text(&self.endings.join("; "));
        if self.received.is_empty() {
            return Err(ContactError::Silent(if how.is_empty() {
                "it ended with exit code 0 each time".into()
            } else {
                how
            }));
        }
        if self.received.iter().any(|received| received.message().is_some()) {
            return Ok(());
        }
        let spoken = if self.client.versions.is_empty() {
            "no message of the protocol came".to_owned()
        } else {
            format!("it spoke {}", self.client.versions.join(", "))
        };
        Err(ContactError::OtherClient { revision: edition.revision.clone(), spoken })
    }

    /// Judges everything that came.
    pub(crate) fn judge(&self, selected: &[&'static Check], recorder: &Recorder) {
        for &check in selected {
            let Body::Received(body) = check.body else { continue };
            let mut tally = Tally::default();
            for received in &self.received {
                let mut marks = Marks::default();
                body(received, &mut marks);
                tally.add(marks, &received.exchange.by, received.exchange.seq);
            }
            let (verdict, cases) = tally.finish(check.id).unwrap_or_else(never_seen);
            emit(recorder, check, verdict, cases);
        }
    }
}

/// One scenario.
struct Played {
    served: Vec<Served>,
    /// How the client ended, if not by itself and well.
    ending: Option<String>,
}

async fn played(
    command: &ClientCommand,
    scenario: Scenario,
    options: &Options,
    recorder: &Recorder,
    deadline: Instant,
) -> Result<Played, RunError> {
    let (edition, limits) = (&recorder.edition, &options.limits);
    let server = server::start(edition, scenario, limits, recorder.clock).await;
    let server = server.map_err(|error| TargetError::Address(error.to_string()))?;
    let url = format!("http://{}{ENDPOINT}", server.address());
    let launch = command.of(scenario, &url, &edition.revision);
    let process = Process::spawn(&launch, limits).map_err(TargetError::Start)?;
    let patience = command.patience.min(deadline.saturating_duration_since(Instant::now()));
    let in_time = process.wait_exit(patience).await;
    let Stopped { exit, .. } = process.stop(GRACE).await;
    let lost = server.lost();
    let all = server.stop(GRACE).await;
    let name = scenario.name();
    let words = last_words(&process.stderr_tail());
    let mut ending = match (in_time, exit) {
        (Some(exit), _) if exit.code == Some(0) => None,
        (Some(exit), _) => Some(format!(
            "in `{name}` the client ended with {}; its last words: {words}",
            self::ending(exit)
        )),
        (None, Some(_)) => Some(format!(
            "in `{name}` the client did not end within {} s and was ended; its last words: {words}",
            patience.as_secs()
        )),
        (None, None) => Some(format!("in `{name}` the client could not be ended")),
    };
    if lost > 0 {
        let told = format!(
            "in `{name}` the client sent more than is kept: {lost} requests are not judged"
        );
        ending = Some(ending.map_or_else(|| told.clone(), |ending| format!("{ending}; {told}")));
    }
    Ok(Played { served: all, ending })
}

fn never_seen() -> (Verdict, Vec<CaseFinished>) {
    let verdict = Verdict::Unverified {
        why: "nothing that the client sent showed what the requirement speaks of".into(),
        how_to_enable: "have the client do what each scenario names: call `add_numbers`; list, call, read and get a \
                        prompt; list tools"
            .into(),
    };
    (verdict, Vec::new())
}
