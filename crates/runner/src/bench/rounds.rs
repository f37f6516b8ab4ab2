//! Requests that the target answers in several rounds, in the revisions in which it asks by requests of its own: what it
//! asks ends a round, and the answers that go back begin the next one. A check sees the same as in the newest revision,
//! where the request itself is sent again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plumb_wire::{codes, method};
use serde_json::{Value, json};
use tokio::sync::Mutex as Turn;

use super::Bench;
use crate::aside::{Loan, OwnProcess};
use crate::channel::Channel;
use crate::observe::{asked_key, asks_the_client};
use crate::survey::{every_capability, plainly_capable};
use crate::target::Running;
use crate::{Observed, Open, Probe, Trouble};

/// A server that has opened a session answers a ping within this, or is not waited for.
const SETTLING: Duration = Duration::from_secs(2);

/// The rounds of one check.
#[derive(Default)]
pub(super) struct Rounds {
    /// The ways to the target, by what their sessions declare.
    ways: Turn<BTreeMap<String, Channel>>,
    /// The processes of these ways, over standard streams, and who uses them afterwards.
    processes: Mutex<Vec<(Running, Next)>>,
    /// Requests whose answer waits for one of ours, by their ids.
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

/// Who uses a process when a check is done with it.
enum Next {
    /// Whoever wants one: its client declares everything.
    Anybody(Option<Loan>),
    /// Who has the next turn: its client declares less.
    Turn(OwnProcess),
    /// Nobody.
    Nobody,
}

/// A request that the target has not answered yet.
struct Waiting {
    open: Open,
    channel: Channel,
    /// So many frames belong to rounds before.
    read: usize,
    /// What the target asks, by its key and its id.
    asked: Vec<(String, Value)>,
}

impl Bench {
    /// Sends a request, or answers what the target asked when it worked on one, and waits until it asks or answers.
    pub(super) async fn round(&self, probe: Probe) -> Result<Observed, Trouble> {
        let params = probe.message_value().map(|message| message["params"].clone());
        let params = params.unwrap_or_default();
        let Some(answers) = params.get("inputResponses") else {
            let channel = self.way(&probe.declared()).await?;
            let probe = self.numbered(probe);
            let open = channel.open(self.check, &probe).await?;
            return self.read(Waiting { open, channel, read: 0, asked: Vec::new() }).await;
        };
        let state = params["requestState"].to_string();
        let waiting = self.waiting().remove(&state);
        let Some(mut waiting) = waiting else {
            return Err(Trouble::Setup("the request that asked is over".into()));
        };
        for (key, id) in std::mem::take(&mut waiting.asked) {
            let answer = answered(&id, answers.get(&key));
            let seen = waiting.channel.send(self.check, &Probe::answer(answer)).await?;
            self.note(&seen);
        }
        self.read(waiting).await
    }

    /// Reads on until the target asks, or has answered.
    async fn read(&self, mut waiting: Waiting) -> Result<Observed, Trouble> {
        while let Some(message) = waiting.open.next().await {
            if message.is_response() {
                break;
            }
            if !asks_the_client(&message) {
                continue;
            }
            if let (Ok(request), Some(id)) = (&message.json, message.id()) {
                waiting.asked.push((asked_key(request), id.clone()));
            }
            let (seen, read) = waiting.open.since(waiting.read);
            waiting.read = read;
            let id = waiting.open.id().unwrap_or_default();
            self.waiting().insert(id.to_string(), waiting);
            return Ok(seen);
        }
        let seen = waiting.open.finish().await;
        self.note(&seen);
        super::served(seen)
    }

    /// The way to a session of a client that declares this much: over standard streams, where nothing tells to which
    /// request a question belongs, that of a process in which nobody else has asked for anything.
    async fn way(&self, declared: &Value) -> Result<Channel, Trouble> {
        let mut ways = self.rounds.ways.lock().await;
        let key = declared.to_string();
        if let Some(channel) = ways.get(&key) {
            return Ok(channel.clone());
        }
        let all = *declared == every_capability();
        let channel = if self.channel.keeper().is_some() {
            self.process(&key, declared, all).await?
        } else if all {
            self.channel.clone()
        } else {
            self.channel.declaring(declared.clone())
        };
        ways.insert(key, channel.clone());
        Ok(channel)
    }

    /// The way to a process in which nobody else has asked for anything, with its session.
    async fn process(&self, key: &str, declared: &Value, all: bool) -> Result<Channel, Trouble> {
        let aside = &self.context.aside;
        // Who has a turn or a loan waits for no other one: who has that may wait for this.
        let has_turn = self.processes().iter().any(|(_, next)| matches!(next, Next::Turn(_)));
        let (idle, next) = if self.tried > 0 {
            (None, if all { Next::Anybody(None) } else { Next::Nobody })
        } else if all {
            let loan = if has_turn { None } else { self.loan().await };
            (aside.idle().await, Next::Anybody(loan))
        } else {
            match aside.declaring(key, !has_turn && !self.borrows()).await {
                Some(mut turn) => {
                    let idle = match turn.take() {
                        // That is what an opening leaves.
                        None if *declared == plainly_capable() => aside.left_declaring(key).await,
                        used => used,
                    };
                    (idle, Next::Turn(turn))
                }
                None => (None, Next::Nobody),
            }
        };
        let running = if let Some(mut running) = idle.filter(Running::is_alive) {
            self.watch().used_what_another_used();
            running.channel = running.channel.of(&self.channel);
            running
        } else {
            let (mut running, start) = self.instance().await?.into_running();
            if !all {
                running.channel = running.channel.declaring(declared.clone());
            }
            // It is past its start once its session is open.
            running.channel.session().await?;
            drop(start);
            self.let_ask(&running.channel).await;
            running
        };
        let channel = running.channel.clone();
        self.processes().push((running, next));
        Ok(channel)
    }

    /// Some servers ask for roots whenever a session opens: that has come, and was answered as by any client, once something
    /// that was sent later is answered, and passes for the question of no request.
    async fn let_ask(&self, channel: &Channel) {
        let ping = Probe::request(method::OLD_PING, json!({})).patience(SETTLING);
        // Whether it is answered is judged elsewhere.
        let _ = channel.send(self.check, &self.numbered(ping)).await;
    }

    /// Gives up what still waits for an answer: who asked is told that none comes, so that nothing waits for ever.
    pub(super) fn abandon(&self) {
        for (_, waiting) in std::mem::take(&mut *self.waiting()) {
            let Waiting { open, channel, asked, .. } = waiting;
            self.note(&open.close());
            let check = self.check;
            tokio::spawn(async move {
                for (_, id) in asked {
                    // A target that is gone waits for nothing.
                    let _ = channel.send(check, &Probe::answer(answered(&id, None))).await;
                }
            });
        }
    }

    /// Gives the processes back.
    pub(super) fn part(&self) {
        let aside = &self.context.aside;
        for (running, next) in std::mem::take(&mut *self.processes()) {
            match next {
                Next::Anybody(_loan) => aside.keep(running),
                Next::Turn(mut turn) => *turn = Some(running),
                Next::Nobody => aside.end(running),
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Waiting>> {
        self.rounds.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn processes(&self) -> std::sync::MutexGuard<'_, Vec<(Running, Next)>> {
        self.rounds.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to what the target asked, or that there is none.
fn answered(id: &Value, answer: Option<&Value>) -> Value {
    if let Some(result) = answer {
        return json!({"jsonrpc": "2.0", "id": id, "result": result});
    }
    let error = json!({"code": codes::INTERNAL_ERROR, "message": "nobody answers"});
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}
