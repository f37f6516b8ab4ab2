//! Changes of a list, and who is told of them.

use std::collections::BTreeSet;
use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, Open, Probe, Prop, Trouble};
use plumb_wire::jsonrpc::Message;
use serde_json::{Value, json};

use super::rest::read;
use super::{Connection, List, difference};

/// A change is awaited for so long; the text gives no time, so silence is tried again before it counts.
const TOLD: Duration = Duration::from_secs(3);

/// So many tools are called to see whether one of them changes the list.
const CALLS: usize = 24;

/// A list whose changes are announced.
pub struct Announced {
    /// The list.
    pub list: List,
    /// The prop that changes it.
    pub by: Prop,
    /// The member of the filter.
    pub flag: &'static str,
    /// The notification.
    pub notification: &'static str,
}

impl Announced {
    fn filter(&self) -> Value {
        json!({ self.flag: true })
    }

    fn tells(&self, message: &Message) -> bool {
        message.method() == Some(self.notification)
    }

    /// Whether a change of the list is told to the streams that asked for it: one that a tool makes which exists for
    /// it, or one that comes while the tools are called that may be.
    pub async fn are_told(&self, bench: &Bench) -> Judgement {
        if bench.survey().prop(self.by).is_some() {
            self.made(bench).await
        } else {
            self.met(bench).await
        }
    }

    /// The list as one reader gets it, each time over one connection: what differs by connection did not change.
    async fn read(&self, bench: &Bench) -> Result<BTreeSet<String>, Trouble> {
        read(bench, &Connection::Named("reader".to_owned()), self.list).await
    }

    async fn made(&self, bench: &Bench) -> Judgement {
        let before = self.read(bench).await?;
        // Two clients, or one with two: each is told. Some servers have room for one.
        let (mut one, first) = bench.listen(self.filter()).await?;
        let (mut two, second) = match bench.listen(self.filter()).await {
            Ok((two, second)) => (Some(two), Some(second)),
            Err(Trouble::Setup(_)) => (None, None),
            Err(trouble) => return Err(trouble),
        };
        let mut call = bench.send(bench.call(self.by)?).await;
        let mut told = self.both(&mut one, two.as_mut()).await;
        if told != [true, true] {
            // The change may have come between an acknowledgment and what it acknowledges, or the news of it late.
            let more = bench.send(bench.call(self.by)?).await;
            let again = self.both(&mut one, two.as_mut()).await;
            told = if told == [false, false] {
                again
            } else {
                [told[0] || again[0], told[1] || again[1]]
            };
            call = more;
        }
        bench.close(one);
        if let Some(two) = two {
            bench.close(two);
        }
        let call = call?;
        let agreed = self.is_agreed(&first) && second.is_none_or(|second| self.is_agreed(&second));
        if told != [true, true] && !agreed {
            return Ok(self.not_agreed());
        }
        match told {
            [true, true] => return Ok(Finding::Held),
            [false, false] => {}
            [first, _] => {
                let which = if first { "first" } else { "second" };
                return Ok(Finding::violated(
                    format!("`{}` on each of two subscriptions", self.notification),
                    format!("it came on the {which} alone"),
                ));
            }
        }
        // Silence counts only beside a target that answers, and a change that shows. Two calls of a tool that turns
        // something on and off leave the list as it was: a third one shows whether it does anything.
        let after = self.read(bench).await?;
        let third = if after == before {
            bench.send(bench.call(self.by)?).await?;
            self.read(bench).await?
        } else {
            after
        };
        if third == before {
            let why = format!("the tool did not change {}: {}", self.list.method, call.describe());
            return Ok(Finding::unseen(why, "let the tool change the list"));
        }
        Ok(self.untold(&difference(&before, &third)))
    }

    /// No tool is known that changes the list: those that may be called are, and the list may change by itself.
    async fn met(&self, bench: &Bench) -> Judgement {
        let before = self.read(bench).await?;
        let (mut stream, ack) = bench.listen(self.filter()).await?;
        for probe in calls(bench) {
            bench.send(probe).await?;
        }
        let after = self.read(bench).await?;
        if after == before {
            bench.close(stream);
            return Ok(Finding::unseen(
                format!("nothing changed {}", self.list.method),
                self.by.how_to_enable(),
            ));
        }
        let mut told = stream.until(TOLD, |m| self.tells(m)).await.is_some();
        if !told {
            // The target answers: what it has to say of the change has had its time.
            bench.control(Probe::request(self.list.method, json!({}))).await?;
            told = stream.until(TOLD, |m| self.tells(m)).await.is_some();
        }
        bench.close(stream);
        Ok(match told {
            true => Finding::Held,
            false if !self.is_agreed(&ack) => self.not_agreed(),
            false => self.untold(&difference(&before, &after)),
        })
    }

    /// Whether an acknowledgment promises to tell of the list: a target may agree to less than it was asked for.
    fn is_agreed(&self, ack: &Message) -> bool {
        let agreed = ack.params().and_then(|p| p.get("notifications")?.get(self.flag));
        agreed == Some(&Value::Bool(true))
    }

    fn not_agreed(&self) -> Finding {
        let why = format!("the subscription to `{}` was not agreed to", self.flag);
        Finding::unseen(why, "acknowledge what is declared")
    }

    /// Whether each of two subscriptions is told; where there is one, that stands for both.
    async fn both(&self, one: &mut Open, two: Option<&mut Open>) -> [bool; 2] {
        let told = |m: &Message| self.tells(m);
        let Some(two) = two else { return [one.until(TOLD, told).await.is_some(); 2] };
        let (one, two) = tokio::join!(one.until(TOLD, told), two.until(TOLD, told));
        [one.is_some(), two.is_some()]
    }

    fn untold(&self, change: &str) -> Finding {
        Finding::violated(
            format!("`{}` on the stream that asked for `{}`", self.notification, self.flag),
            format!("the list changed, and nothing came: {change}"),
        )
    }
}

/// Calls of the tools that may be called and answered with a result.
fn calls(bench: &Bench) -> Vec<Probe> {
    let answered = |c: &&plumb_runner::survey::Callable| {
        c.shown.as_ref().is_some_and(|s| s.complete().is_some())
    };
    let call = |c: &plumb_runner::survey::Callable| {
        let name = c.tool.get("name").and_then(Value::as_str).unwrap_or_default();
        bench.call_of(name, Value::Object(c.arguments.clone()))
    };
    // Those that do not say that they are harmless come first: they change things, if any does.
    let harmless = |c: &plumb_runner::survey::Callable| {
        c.tool.pointer("/annotations/readOnlyHint") == Some(&json!(true))
    };
    let mut callable: Vec<_> = bench.survey().callable.iter().filter(answered).collect();
    callable.sort_by_key(|c| harmless(c));
    callable.into_iter().take(CALLS).map(call).collect()
}
