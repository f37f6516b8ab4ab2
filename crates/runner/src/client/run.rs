//! A run against a client: each scenario is played, and then all that was received is judged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use plumb_model::{Edition, Verdict};
use plumb_wire::process::{Process, Stopped};
use plumb_wire::stdio::Life;
use plumb_wire::{Held, Served, Transport};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::conversation;
use super::ending::Ending;
use super::known::Client;
use super::listening::{Came, Listening};
use super::moment::{Moment, Play};
use super::received::Received;
use super::scenario::Scenario;
use super::servers::{Servers, Took};
use super::taken;
use super::{ClientCommand, Drive};
use crate::Check;
use crate::check::{Applies, Body};
use crate::errors::{ContactError, RunError, TargetError};
use crate::options::Options;
use crate::process::mortal::{GRACE, ending, last_words};
use crate::record::Recorder;
use crate::scenes::emit;
use crate::tally::{Marks, Tally};

/// So many scenarios are played at once: a client that starts slowly waits for its machine most of the time.
const AT_ONCE: usize = 3;

/// After the client has ended, the processes that it started get so long to end as well.
const SETTLES: Duration = Duration::from_millis(400);

/// A client that has sent so many requests in a scenario does not stop by itself: those that are right send far
/// fewer.
const REQUESTS: u64 = 5_000;

/// A client that spoke other revisions alone in so many scenarios, and this one in none, does not speak this one.
const OTHERWISE: usize = 6;

/// So long judging may take where the scenarios have used up the budget.
const JUDGING: Duration = Duration::from_secs(1);

/// Of a client that asked for nothing, so many things that befell are told.
const TOLD: usize = 3;

/// Everything that a client sent, and what that tells of it.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) client: Client,
    /// What makes it act, if we start it.
    drive: Option<Drive>,
    plays: Vec<Play>,
    /// How it ended in scenarios where it did not end well.
    endings: Vec<Ending>,
    /// What all of this takes of the memory of the run.
    held: Vec<Arc<Held>>,
    /// Whether scenarios were not played, since the run was to stop.
    interrupted: bool,
}

impl Heard {
    /// Plays all scenarios, a few at once.
    pub(crate) async fn play(
        command: &ClientCommand,
        options: &Options,
        recorder: &Recorder,
        deadline: Instant,
    ) -> Result<Self, RunError> {
        let client = Client { transport: command.over, ..Client::default() };
        let mut heard = Self { client, drive: Some(command.drive), ..Self::default() };
        let scenarios = command.scenarios();
        // What waits most begins first, so that the others are played meanwhile.
        let mut order: Vec<usize> = (0..scenarios.len()).collect();
        order.sort_by_key(|at| !scenarios[*at].takes_long());
        let plays = order.into_iter().map(|at| {
            let scenario = scenarios[at];
            async move {
                if Instant::now() >= deadline {
                    return Ok((at, None));
                }
                let played = played(command, scenario, options, recorder, deadline).await?;
                Ok::<_, RunError>((at, Some(played)))
            }
        });
        let mut plays = Box::pin(stream::iter(plays).buffer_unordered(AT_ONCE));
        // What came is told in the order of the scenarios, whichever ended first.
        let (mut ended, mut next) = (BTreeMap::new(), 0);
        let (mut spoke, mut otherwise) = (false, 0);
        while let Some(play) = tokio::select! {
            play = plays.next() => play,
            () = command.stop.asked() => None,
        } {
            let (at, play) = play?;
            match play.as_ref().and_then(|play| play.speaks(&recorder.edition)) {
                Some(true) => spoke = true,
                Some(false) => otherwise += 1,
                None => {}
            }
            ended.insert(at, play);
            while let Some(play) = ended.remove(&next) {
                heard.take_or_miss(scenarios[next], play, recorder);
                next += 1;
            }
            if !spoke && otherwise == OTHERWISE {
                break;
            }
        }
        // What is still played ends its processes here.
        drop(plays);
        for (at, play) in ended {
            heard.take_or_miss(scenarios[at], play, recorder);
        }
        let missing = scenarios.len() - heard.plays.len();
        heard.interrupted = command.stop.was_asked() && missing > 0;
        if heard.interrupted {
            recorder
                .remark(format!("the run was interrupted: {missing} scenarios were not played"));
        }
        heard.told(recorder)
    }

    /// Waits for a client that somebody else leads.
    pub(crate) async fn await_client(
        listening: &Listening,
        recorder: &Recorder,
        deadline: Instant,
    ) -> Result<Self, RunError> {
        let client = Client { transport: listening.over, ..Client::default() };
        let mut heard = Self { client, ..Self::default() };
        let came = listening.heard(deadline).await;
        let (met, all) = (came.len(), listening.visits().len());
        for came in came {
            let scenario = came.scenario;
            heard.take(scenario, Played::of(came), recorder);
        }
        if met == 0 {
            let how = "nobody came to any of the addresses".to_owned();
            heard.endings.push(Ending { scenario: None, how });
        } else if met < all {
            let how = format!("the client came to {met} of {all} addresses");
            heard.endings.push(Ending { scenario: None, how });
        }
        heard.told(recorder)
    }

    /// What befell is told, if there is something to judge.
    fn told(self, recorder: &Recorder) -> Result<Self, RunError> {
        self.spoke(recorder)?;
        for line in Ending::lines(&self.endings) {
            recorder.remark(line);
        }
        Ok(self)
    }

    /// Takes in what came in a scenario, or that there was no time for it.
    fn take_or_miss(&mut self, scenario: Scenario, played: Option<Played>, recorder: &Recorder) {
        let Some(played) = played else {
            self.befell(scenario, "there was no time left".to_owned());
            return;
        };
        self.take(scenario, played, recorder);
    }

    /// Takes in what came in a scenario.
    fn take(&mut self, scenario: Scenario, mut played: Played, recorder: &Recorder) {
        let record = |served| recorder.record_served(served, scenario.label());
        for how in std::mem::take(&mut played.endings) {
            self.befell(scenario, how);
        }
        for secret in &played.took.secrets {
            recorder.add_secret(secret.as_bytes());
        }
        self.held.extend(played.took.served.iter().map(Served::held));
        let exchanges = played.took.served.into_iter().map(record).collect();
        let (received, versions) = conversation::read(exchanges, &recorder.edition);
        self.client.learn(scenario.label(), &received, versions);
        let Played { whole, exit, said, lives, .. } = played;
        let facts = played.took.facts;
        let stepping = self.drive == Some(Drive::Steps);
        self.plays.push(Play { scenario, received, whole, said, facts, lives, exit, stepping });
    }

    fn befell(&mut self, scenario: Scenario, how: String) {
        self.endings.push(Ending { scenario: Some(scenario.label()), how });
    }

    /// Everything that came, whatever the scenario.
    fn each(&self) -> impl Iterator<Item = &Received> {
        self.plays.iter().flat_map(|play| &play.received)
    }

    /// Why what is not seen may be there all the same.
    fn cut_short(&self) -> Option<&'static str> {
        let failed = |play: &Play| play.exit.is_some_and(|code| code != 0);
        if self.interrupted {
            Some("the run was interrupted before all scenarios were played")
        } else if self.drive.is_some() && self.plays.iter().all(failed) {
            Some("the client ended with an error in every scenario, and showed nothing of this")
        } else {
            None
        }
    }

    /// That there is something to judge.
    fn spoke(&self, recorder: &Recorder) -> Result<(), ContactError> {
        let edition = &recorder.edition;
        let lines = Ending::lines(&self.endings);
        let how = recorder.blot_text(&lines[..lines.len().min(TOLD)].join("; "));
        if self.each().next().is_none() {
            return Err(ContactError::Silent(if how.is_empty() {
                "it ended with exit code 0 each time".into()
            } else {
                how
            }));
        }
        if self.each().any(|received| received.message().is_some()) {
            return Ok(());
        }
        let spoken = if self.client.versions.is_empty() {
            "no message of the protocol came".to_owned()
        } else {
            let spoken = self.client.versions.join(", ");
            format!("it spoke {spoken}, and no client is judged by earlier revisions")
        };
        Err(ContactError::OtherClient { revision: edition.revision.clone(), spoken })
    }

    /// Judges everything that came, as far as there is time: until the deadline, and for a second at least. Between checks, who
    /// runs it may end it.
    pub(crate) async fn judge(
        &self,
        selected: &[&'static Check],
        recorder: &Recorder,
        deadline: Instant,
    ) {
        let until = deadline.max(Instant::now() + JUDGING);
        let cut_short = self.cut_short();
        for &check in selected {
            yield_now().await;
            if let Some(why) = elsewhere(check, self.client.transport, &recorder.edition) {
                emit(recorder, check, Verdict::NotApplicable { why }, Vec::new());
                continue;
            }
            let mut tally = Tally::default();
            let mut late = false;
            for play in &self.plays {
                for (at, one) in play.received.iter().enumerate() {
                    late = late || Instant::now() >= until;
                    if late {
                        break;
                    }
                    let mut marks = Marks::default();
                    let moment = Moment { scenario: play.scenario, all: &self.plays[..], at };
                    match check.body {
                        Body::Received(body) => body(one, &mut marks),
                        Body::Happening(body) => body(&moment, &mut marks),
                        _ => {}
                    }
                    taken::given(&moment, &mut marks, check.id);
                    tally.add(marks, &one.exchange.by, one.exchange.seq);
                }
            }
            let seen = tally.finish(check.id);
            let (verdict, cases) = match seen {
                Some((verdict, cases)) if !late || !cases.is_empty() => (verdict, cases),
                _ if late => (Verdict::inconclusive("there was no time left to judge"), Vec::new()),
                _ => (cut_short.map_or_else(never_seen, Verdict::inconclusive), Vec::new()),
            };
            emit(recorder, check, verdict, cases);
        }
    }
}

/// One scenario.
#[derive(Default)]
struct Played {
    took: Took,
    /// What the client wrote, the end of it; `None` if somebody else started it.
    said: Option<String>,
    /// The processes of the server that it started.
    lives: Vec<Life>,
    /// Whether it ended by itself.
    whole: bool,
    /// Its exit code, if it ended by itself.
    exit: Option<i32>,
    /// How the client ended, if not by itself and well, and what else befell.
    endings: Vec<String>,
}

impl Played {
    fn of(came: Came) -> Self {
        let missing = (!came.missing.is_empty()).then(|| came.missing.join("; "));
        let missing = missing.filter(|_| !came.whole);
        let ending = missing.map(|missing| format!("this was not seen: {missing}"));
        let endings = ending.into_iter().chain(unkept(came.lost)).collect();
        let Came { took, lives, whole, .. } = came;
        Self { took, lives, whole, endings, ..Self::default() }
    }

    /// Whether the client spoke this revision, and not others alone; `None` if it spoke none.
    fn speaks(&self, edition: &Edition) -> Option<bool> {
        let sent: Vec<_> = self.took.served.iter().map(|served| &served.asked.sent).collect();
        conversation::is_spoken(&sent, edition)
    }
}

/// That requests were not kept.
fn unkept(lost: u64) -> Option<String> {
    (lost > 0).then(|| format!("the client sent more than is kept: {lost} requests are not judged"))
}

async fn played(
    command: &ClientCommand,
    scenario: Scenario,
    options: &Options,
    recorder: &Recorder,
    deadline: Instant,
) -> Result<Played, RunError> {
    let (edition, limits) = (&recorder.edition, &options.limits);
    let servers = Servers::start(edition, scenario, command.over, 0, limits, recorder.clock).await;
    let mut servers = servers.map_err(|error| TargetError::Address(error.to_string()))?;
    let launch = command.at(scenario, &servers, &edition.revision);
    let process = Process::spawn(&launch, limits).map_err(TargetError::Start)?;
    let patience = command.patience.min(deadline.saturating_duration_since(Instant::now()));
    let mut overrun = false;
    let in_time = tokio::select! {
        in_time = process.wait_exit(patience) => in_time,
        () = servers.overrun(REQUESTS) => {
            overrun = true;
            None
        }
    };
    // What a client has left running, it has left for good: signals of ours are none of its own.
    let lives = servers.settle(SETTLES).await;
    let Stopped { exit, .. } = process.stop(GRACE).await;
    let lost = servers.lost();
    let took = servers.stop(GRACE).await;
    let words = last_words(&process.stderr_tail());
    let ending = match (&in_time, exit) {
        (Some(exit), _) if exit.code == Some(0) => None,
        (Some(exit), _) if exit.code.is_some() && scenario.may_fail() => None,
        (Some(exit), _) => {
            Some(format!("the client ended with {}; its last words: {words}", self::ending(*exit)))
        }
        (None, Some(_)) if overrun => Some(format!(
            "the client did not stop asking: after {REQUESTS} requests it was ended; its last words: {words}"
        )),
        (None, Some(_)) => Some(format!(
            "the client did not end within {} s and was ended; its last words: {words}",
            patience.as_secs()
        )),
        (None, None) => Some("the client could not be ended".to_owned()),
    };
    let endings = ending.into_iter().chain(unkept(lost)).collect();
    let said = [process.stdout_tail(), process.stderr_tail()];
    let said = Some(said.map(|of| of.lossy().into_owned()).concat());
    let exit = in_time.and_then(|exit| exit.code);
    Ok(Played { took, said, lives, whole: in_time.is_some() && lost == 0, exit, endings })
}

/// Why a check does not concern a client that speaks over this transport: what its page is about.
fn elsewhere(check: &Check, over: Transport, edition: &Edition) -> Option<String> {
    let page = edition.ledger.requirement(check.id).map_or("", |row| row.page.as_str());
    let own = if check.applies.contains(&Applies::Http) || is_posted(page) {
        Transport::StreamableHttp
    } else if check.applies.contains(&Applies::Stdio) || page == "basic/transports/stdio" {
        Transport::Stdio
    } else {
        return None;
    };
    let way = match over {
        Transport::StreamableHttp => "Streamable HTTP: see `plumb client --stdio`",
        Transport::Stdio => "standard streams",
    };
    (own != over).then(|| format!("the client speaks over {way}"))
}

/// Whether a page is about HTTP, and what is built on it.
fn is_posted(page: &str) -> bool {
    ["basic/transports/streamable-http", "basic/authorization", "ext:auth"]
        .iter()
        .any(|begin| page.starts_with(begin))
}

fn never_seen() -> Verdict {
    Verdict::Unverified {
        why: "nothing that the client sent showed what the requirement speaks of".into(),
        how_to_enable: "have the client do what each scenario names: call `add_numbers`; list, call, read and get a \
                        prompt; list tools; make the calls of the context; call all tools that are left in a list"
            .into(),
    }
}
