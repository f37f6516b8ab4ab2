//! What hears of changes while tools are called: a subscription of the newest revision; before it the stream that GET opens, or
//! what a process says of itself.

use std::collections::VecDeque;
use std::time::Duration;

use plumb_wire::jsonrpc::Message;
use plumb_wire::{Transport, method, notification};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use super::changes::{Heard, TOLD, filter};
use crate::channel::{Channel, Open};
use crate::{Observed, Probe, Prop, Survey};

/// A subscription is acknowledged within so long.
const ACKNOWLEDGED: Duration = Duration::from_secs(3);

/// Another request is answered within so long while a subscription is open.
const ATTENDED: Duration = Duration::from_secs(3);

/// What a process says of itself is looked for so often.
const LOOKED: Duration = Duration::from_millis(20);

/// Whoever listens for changes that no prop brings yet.
pub(super) struct Ears {
    ear: Ear,
    /// The resources that are subscribed to by requests of their own.
    watched: Vec<Value>,
}

enum Ear {
    /// A stream that stays open.
    Stream(Box<Open>),
    /// Standard streams of a revision with sessions, and what was heard there and not asked for yet.
    Strays(Channel, VecDeque<Heard>),
}

/// Listens for the declared kinds of changes that no tool is known to bring; `None` if there are none, or no way to hear.
pub(super) async fn listen(survey: &Survey, channel: &Channel) -> Option<Ears> {
    let filter = filter(survey)?;
    if channel.edition().has_handshake() {
        return listen_in_session(&filter, channel).await;
    }
    let probe = Probe::request(method::LISTEN, json!({"notifications": filter}));
    let mut open = channel.open("survey", &probe).await.ok()?;
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    let first = open.until(ACKNOWLEDGED, |m| m.is_response() || acknowledged(m)).await?;
    let ears = Ears { ear: Ear::Stream(Box::new(open)), watched: Vec::new() };
    let ears = acknowledged(&first).then_some(ears)?;
    // Where a subscription keeps everything else waiting, nothing would be learnt while it is open.
    let other = Probe::request(method::DISCOVER, json!({})).patience(ATTENDED);
    let attended = channel.send("survey", &other).await.is_ok_and(|seen| seen.response().is_some());
    if attended {
        return Some(ears);
    }
    ears.close(channel).await;
    None
}

/// The stream of GET in the session of the run, or its process, and a subscription to each resource.
async fn listen_in_session(filter: &Value, channel: &Channel) -> Option<Ears> {
    let ear = match channel.transport() {
        Transport::Stdio => Ear::Strays(channel.clone(), VecDeque::new()),
        Transport::StreamableHttp => {
            let mut open = channel.open("survey", &Probe::bodiless("GET")).await.ok()?;
            if open.status().await != Some(200) {
                open.close();
                return None;
            }
            Ear::Stream(Box::new(open))
        }
    };
    let uris = filter["resourceSubscriptions"].as_array().into_iter().flatten();
    let watched: Vec<Value> = uris.cloned().collect();
    subscribe(method::OLD_SUBSCRIBE, &watched, channel).await;
    if matches!(ear, Ear::Strays(..)) {
        // What a process told of before, as many do once a session begins, is no call's doing.
        strays(channel).await;
    }
    Some(Ears { ear, watched })
}

async fn subscribe(method: &str, uris: &[Value], channel: &Channel) {
    for uri in uris {
        // Who refuses it tells of no change of it.
        let _ = channel.send("survey", &Probe::request(method, json!({"uri": uri}))).await;
    }
}

impl Ears {
    /// What was heard, and goes on being heard for a while: until nothing comes for as long, or what comes does not end.
    pub(super) async fn heard(&mut self, wait: Duration) -> Vec<Heard> {
        let mut heard = Vec::new();
        let until = Instant::now() + self.stretch(wait) * 2;
        match &mut self.ear {
            Ear::Stream(open) => {
                while let Ok(Some(message)) = timeout_at(until, open.next_within(wait)).await {
                    heard.extend(Heard::of(&message));
                }
            }
            Ear::Strays(channel, before) => {
                sleep(channel.stretch(wait)).await;
                heard.extend(before.drain(..));
                heard.extend(strays(channel).await);
            }
        }
        heard
    }

    /// Whether silence takes its whole time behind each call: nothing wakes who looks at what a process says of itself.
    pub(super) fn wait_for_each(&self) -> bool {
        matches!(self.ear, Ear::Strays(..))
    }

    /// The first change of a kind that is sought, and that does not come by itself: with the answer to the call or beside it.
    pub(super) async fn next(
        &mut self,
        answer: &Observed,
        sought: &[Prop],
        live: &[Heard],
    ) -> Option<Heard> {
        let wanted = |heard: &Heard| sought.contains(&heard.prop) && !live.contains(heard);
        match &mut self.ear {
            Ear::Stream(open) => {
                if let Some(heard) = Heard::in_answer(answer).into_iter().find(wanted) {
                    return Some(heard);
                }
                let wanted = |m: &Message| Heard::of(m).is_some_and(|heard| wanted(&heard));
                open.until(TOLD, wanted).await.and_then(|m| Heard::of(&m))
            }
            Ear::Strays(channel, before) => {
                before.extend(Heard::in_answer(answer));
                let until = Instant::now() + channel.stretch(TOLD);
                loop {
                    if let Some(at) = before.iter().position(wanted) {
                        return before.remove(at);
                    }
                    before.clear();
                    if Instant::now() >= until {
                        return None;
                    }
                    sleep(LOOKED).await;
                    before.extend(strays(channel).await);
                }
            }
        }
    }

    /// Ends it; over standard streams a subscription must be told so, and where resources are subscribed to one by one, the end
    /// of each.
    pub(super) async fn close(mut self, channel: &Channel) {
        subscribe(method::OLD_UNSUBSCRIBE, &self.watched, channel).await;
        if let Ear::Stream(open) = &mut self.ear {
            open.cancel().await;
        }
    }

    fn stretch(&self, wait: Duration) -> Duration {
        match &self.ear {
            Ear::Stream(open) => open.stretch(wait),
            Ear::Strays(channel, _) => channel.stretch(wait),
        }
    }
}

/// The changes that a process told of by itself since it was last looked.
async fn strays(channel: &Channel) -> Vec<Heard> {
    channel.strays("survey").await.map(|seen| Heard::in_answer(&seen)).unwrap_or_default()
}
