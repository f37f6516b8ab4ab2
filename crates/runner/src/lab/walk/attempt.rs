//! Sending one vector, and the request behind it.

use std::time::Duration;

use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::Session;
use plumb_wire::{method, notification};
use serde_json::json;
use tokio::time::Instant;

use super::AT_ONCE;
use crate::channel::{Channel, Open};
use crate::process::keeper::Keeper;
use crate::{Observed, Probe, Trouble};

/// Over standard streams, a line may be answered so long after the request behind it was: at first, and once the target
/// has left a line unanswered.
pub(super) const BEHIND: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(150)];

/// A process that closes its output is gone within so long.
const DYING: Duration = Duration::from_secs(1);

/// What became of a process that runs, and has answered before.
pub(super) const DEAF: &str = "it answers nothing any more";

/// The answer to a vector is awaited for so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What a target was seen to do with lines whose request cannot be told. It owes them no answer over standard streams, so the
/// request behind each is all that is waited for where it gives none; where it gives one, that may come behind the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Nameless {
    #[default]
    Untried,
    Silent,
    /// So long behind the answer to the request behind it, at most.
    Answered(Duration),
}

impl Nameless {
    /// How long such a line is waited for once the request behind it was answered. Of a target that answers some of them,
    /// none is to be taken for silent that comes a little later than those.
    fn wait(self) -> Duration {
        match self {
            Self::Untried => BEHIND[1],
            Self::Silent => AT_ONCE,
            Self::Answered(slowest) => (slowest.max(AT_ONCE) * 4).min(BEHIND[0]),
        }
    }

    /// Notes whether one was answered, and after which time.
    fn saw(&mut self, answered: Option<Duration>) {
        *self = match (*self, answered) {
            (Self::Answered(slowest), Some(after)) => Self::Answered(slowest.max(after)),
            (_, Some(after)) => Self::Answered(after),
            (Self::Untried, None) => Self::Silent,
            (seen, None) => seen,
        };
    }
}

/// Sends a vector between two controls; gives what was said before, to it, and behind it, and how the target ended, or fell silent, of it.
pub(super) async fn attempt(
    by: &str,
    before: Option<Observed>,
    control: impl Fn() -> Probe,
    probe: &Probe,
    channel: &Channel,
    silent: bool,
    nameless: &mut Nameless,
) -> Result<(Observed, Observed, (Observed, Option<&'static str>)), Trouble> {
    let before = match before {
        Some(before) => before,
        None => send(channel, by, &control()).await?,
    };
    if let Some(keeper) = channel.keeper()
        && probe.method() != Some(method::LISTEN)
    {
        let session = keeper.session().await?;
        // Such a line may go unanswered; the answer to the request behind it shows that it was read.
        let mut open = channel.open(by, &probe.clone().patience(PATIENCE)).await?;
        let wait = BEHIND[usize::from(silent)];
        if probe.asks() && open.until(wait / 2, Message::is_response).await.is_some() {
            // An answer that names another id, or none, does not end the exchange, and nothing more is to come.
            let done = if open.is_ended() { Err(open.finish().await) } else { Ok(open) };
            let after = behind((keeper, &session), channel, by, control).await?;
            return Ok((before, done.map_or_else(|sent| sent, Open::close), after));
        }
        let after = behind((keeper, &session), channel, by, control).await?;
        let wait = if probe.asks() { wait } else { nameless.wait() };
        let since = Instant::now();
        let came = open.until(wait, Message::is_response).await.is_some();
        if !probe.asks() {
            nameless.saw(came.then(|| since.elapsed()));
        }
        return Ok((before, open.close(), after));
    }
    let sent = send(channel, by, &probe.clone().patience(PATIENCE)).await?;
    let after = send(channel, by, &control()).await?;
    Ok((before, sent, (after, None)))
}

/// Sends the request behind a line, and tells how the target ended of the line, or that it answers nothing any more: it is
/// then started anew.
async fn behind(
    (keeper, session): (&Keeper, &Session),
    channel: &Channel,
    by: &str,
    control: impl Fn() -> Probe,
) -> Result<(Observed, Option<&'static str>), Trouble> {
    let first = send(channel, by, &control()).await;
    if first.as_ref().is_ok_and(|after| after.response().is_some()) {
        return Ok((first?, None));
    }
    let died = session.wait_exit(DYING).await.is_some();
    let second = send(channel, by, &control().patience(PATIENCE)).await?;
    if died || second.response().is_some() {
        return Ok((second, died.then_some("it closed its output")));
    }
    keeper.renew().await?;
    Ok((second, Some(DEAF)))
}

/// Sends a probe and waits for the whole answer; a subscription is closed once it is acknowledged, and what a GET opens once
/// it is there.
pub(super) async fn send(channel: &Channel, by: &str, probe: &Probe) -> Result<Observed, Trouble> {
    if probe.is_get() {
        let mut open = channel.open(by, probe).await?;
        if open.status().await.is_some_and(|status| status < 300) {
            // A body is there soon; a stream may have something to say for ever.
            open.next_within(AT_ONCE).await;
            if !open.is_ended() {
                return Ok(open.close());
            }
        }
        return Ok(open.finish().await);
    }
    if probe.method() != Some(method::LISTEN) {
        return channel.send(by, probe).await;
    }
    let mut open = channel.open(by, probe).await?;
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    let first = open.until(PATIENCE, |m| m.is_response() || acknowledged(m)).await;
    if !first.is_some_and(|m| acknowledged(&m)) {
        return Ok(open.finish().await);
    }
    if !channel.transport().closing_cancels() {
        // What the target still says of the subscription comes before its next answer.
        open.cancel().await;
        channel.send(by, &Probe::request(method::DISCOVER, json!({}))).await?;
    }
    Ok(open.close())
}
