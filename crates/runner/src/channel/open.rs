//! An answer while it comes in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plumb_model::{Answer, Carrier, End, Exchange, Frame, Initiator, Sent};
use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::Reply;
use plumb_wire::{Live, method, notification};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::{Channel, Parts, Way};
use crate::pace;
use crate::process::mortal::Mortal;
use crate::{Observed, Probe};

/// An answer that is still coming in. Dropping it closes and records it.
///
/// A request that the target turns away for its rate is sent again, so that nobody who reads the answer sees that. All
/// waits are written for a quick target and stretched as this one needs.
pub struct Open {
    pub(super) live: Option<Live>,
    pub(super) process: Option<Mortal>,
    pub(super) by: String,
    pub(super) channel: Channel,
    pub(super) probe: Probe,
    /// How often the target has turned it away.
    pub(super) tries: u32,
    /// Whether the process was told that nobody listens any more.
    pub(super) cancelled: bool,
    /// What came of it on streams that were closed before it was whole.
    pub(super) parts: Parts,
}

impl Open {
    /// The next message, or `None` at the end of the answer or of its time.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            let frame = self.live.as_mut()?.next().await;
            if let Some(message) = self.read(frame).await {
                return message;
            }
        }
    }

    /// The next message within `wait`, or `None`; the answer stays open.
    pub async fn next_within(&mut self, wait: Duration) -> Option<Message> {
        self.started().await;
        self.next_by(Instant::now() + self.channel.stretch(wait)).await
    }

    /// The first message that `wanted` picks, within `wait`; others are passed over (and recorded).
    pub async fn until(
        &mut self,
        wait: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        self.started().await;
        let deadline = Instant::now() + self.channel.stretch(wait);
        loop {
            let message = self.next_by(deadline).await?;
            if wanted(&message) {
                return Some(message);
            }
        }
    }

    /// A time as long as it must be for this target now.
    pub(crate) fn stretch(&self, wait: Duration) -> Duration {
        self.channel.stretch(wait)
    }

    /// The HTTP status, once the head is there.
    pub async fn status(&mut self) -> Option<u16> {
        if let Some(first) = self.parts.first() {
            return first.status();
        }
        loop {
            let status = self.live.as_mut()?.head().await?.status;
            if !pace::turns_away(status) || !self.again(None).await {
                return Some(status);
            }
        }
    }

    /// Whether the answer has come to its end.
    pub fn is_ended(&self) -> bool {
        self.live.as_ref().is_none_or(Live::is_ended)
    }

    /// The id that was sent.
    pub fn id(&self) -> Option<Value> {
        let first = self.parts.first().and_then(|first| first.sent_id().cloned());
        first.or_else(|| id_of(self.live.as_ref()?))
    }

    /// Reads to the end.
    pub async fn finish(mut self) -> Observed {
        loop {
            if !self.has_the_rest() {
                self.hear().await;
            }
            if self.has_the_rest() {
                // A stream that GET has opened may stay open for ever.
                return self.close();
            }
            // Boxed, as it is rare and large: what awaits this stands deep in the stack.
            if Box::pin(self.goes_on()).await {
                continue;
            }
            let Some(live) = self.live.take() else { return self.nothing() };
            let channel = live.channel().to_owned();
            let (sent, answer) = live.finish().await;
            let seen = self.record(&channel, sent, answer);
            let message = seen.response().filter(|m| pace::tells_of_rate(m));
            let away = seen.status().is_some_and(pace::turns_away);
            if !(away || message.is_some()) || self.probe.is_once() || !self.parts.is_empty() {
                self.channel.recorder.pace.served();
                return seen;
            }
            let header = |name: &'static str| seen.header(name).next();
            let told = pace::retry_after(header("retry-after"), header("date"), message);
            if !self.send_again(seen.status(), told).await {
                return seen;
            }
        }
    }

    /// Answers what the target asks before its answer ends, where the revision lets it ask.
    async fn hear(&mut self) {
        if !self.channel.edition().has_handshake() {
            return;
        }
        while let Some(live) = self.live.as_mut() {
            let Some(frame) = live.next().await else { break };
            let message = Message::parse(&frame.payload);
            self.channel.reply(&message, Some(&self.probe)).await;
            if message.is_response() && self.has_the_rest() {
                break;
            }
        }
    }

    /// Closes at once, which cancels the request: over HTTP the connection is dropped, and a subscription over standard
    /// streams is cancelled by a notification (basic/patterns/subscriptions#cancellation).
    pub fn close(mut self) -> Observed {
        self.leave().unwrap_or_else(|| self.nothing())
    }

    fn leave(&mut self) -> Option<Observed> {
        if let (Some(farewell), Ok(runtime)) = (self.farewell(), Handle::try_current()) {
            runtime.spawn(farewell);
        }
        let live = self.live.take()?;
        let channel = live.channel().to_owned();
        let (sent, answer) = live.close();
        Some(self.record(&channel, sent, answer))
    }

    /// Cancels a subscription over standard streams, and waits until that is written; the answer stays open, for what the
    /// target still says. Over HTTP nothing but closing cancels.
    pub async fn cancel(&mut self) {
        if let Some(farewell) = self.farewell() {
            farewell.await;
        }
    }

    /// Tells the process, once, that nobody listens any more: a stream that is only left would stay open in it, until it
    /// has as many as it can bear.
    fn farewell(&mut self) -> Option<impl Future<Output = ()> + use<>> {
        let live = self.live.as_ref()?;
        let Some(Mortal::Session(session)) = self.process.clone() else { return None };
        if self.cancelled || live.is_ended() || self.probe.method() != Some(method::LISTEN) {
            return None;
        }
        let id = id_of(live)?;
        self.cancelled = true;
        let notice = Probe::notification(notification::CANCELLED, json!({"requestId": id}));
        let (recorder, by) = (Arc::clone(&self.channel.recorder), self.by.clone());
        Some(async move {
            // A process that has gone listens to nobody.
            if let Ok(live) = session.send(notice.payload(), Reply::Nothing).await {
                let (sent, answer) = live.close();
                recorder.record(&by, session.channel(), sent, answer);
            }
        })
    }

    /// What came so far.
    pub fn so_far(&self) -> Answer {
        self.parts.before(self.live.as_ref().map(Live::so_far).unwrap_or_default())
    }

    /// What came behind the first `read` frames, and how many there are now.
    pub(crate) fn since(&self, read: usize) -> (Observed, usize) {
        let Some(live) = self.live.as_ref() else { return (self.nothing(), read) };
        let mut answer = self.so_far();
        let all = answer.frames.len();
        answer.frames.drain(..read.min(all));
        let first = self.parts.first().map_or(live.sent(), |first| &first.exchange.sent);
        let (by, channel, sent) = (self.by.clone(), live.channel().to_owned(), first.clone());
        let exchange = Exchange { seq: 0, by, channel, initiator: Initiator::Us, sent, answer };
        (Observed::new(exchange), all)
    }

    /// Waits for a process that was just started: until it has said its first word, silence tells nothing.
    async fn started(&self) {
        let Some(Mortal::Session(session)) = &self.process else { return };
        if session.first_word().is_none() {
            session.wait_first_word(self.channel.recorder.tempo.starts_within()).await;
        }
    }

    async fn next_by(&mut self, deadline: Instant) -> Option<Message> {
        let mut deadline = deadline;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let frame = self.live.as_mut()?.next_within(left).await;
            let before = (self.tries, self.parts.len(), Instant::now());
            if let Some(message) = self.read(frame).await {
                return message;
            }
            if self.tries > before.0 || self.parts.len() > before.1 {
                // What the target asked us to wait is no part of its time.
                deadline += before.2.elapsed();
            }
        }
    }

    /// What a frame, or its lack, means to whoever waits; `None` if the request was sent again, or if it says nothing:
    /// readers drop an event with empty data.
    async fn read(&mut self, frame: Option<Frame>) -> Option<Option<Message>> {
        let silent = |f: &Frame| matches!(f.carrier, Carrier::Event { .. }) && f.payload.is_empty();
        if frame.as_ref().is_some_and(silent) {
            return None;
        }
        let message = frame.map(|f| Message::parse(&f.payload));
        if let Some(message) = &message {
            self.channel.reply(message, Some(&self.probe)).await;
        }
        let live = self.live.as_ref()?;
        let ended = live.is_ended();
        let status = live.head_so_far().map(|h| h.status);
        let away = status.is_some_and(pace::turns_away) && (message.is_some() || ended);
        if (away || message.as_ref().is_some_and(pace::tells_of_rate))
            && self.again(message.as_ref()).await
        {
            return None;
        }
        if message.is_none() && ended && Box::pin(self.goes_on()).await {
            return None;
        }
        if message.is_none() && !ended {
            self.channel.watch.waits_in_vain();
        }
        Some(message)
    }

    /// Records the refusal and sends the request again after the time that it asks for; says whether it did.
    async fn again(&mut self, message: Option<&Message>) -> bool {
        if !self.parts.is_empty() {
            return false; // It was taken; only its rest is not to be had now.
        }
        let Some(live) = self.live.take() else { return false };
        let head = live.head_so_far();
        let header = |name: &str| {
            let mut fields = head.into_iter().flat_map(|h| &h.headers);
            fields.find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.value.as_str())
        };
        let told = pace::retry_after(header("retry-after"), header("date"), message);
        let status = head.map(|h| h.status);
        let channel = live.channel().to_owned();
        if !self.channel.recorder.pace.may_try(self.tries + 1) {
            self.live = Some(live);
            return false;
        }
        let (sent, answer) = live.close();
        self.record(&channel, sent, answer);
        self.send_again(status, told).await
    }

    async fn send_again(&mut self, status: Option<u16>, told: Option<Duration>) -> bool {
        let pace = &self.channel.recorder.pace;
        self.tries += 1;
        let Some(wait) = pace.turned_away(self.tries, status, told) else { return false };
        tokio::time::sleep(wait).await;
        match self.channel.transmit(&self.probe).await {
            Ok((live, process)) => {
                (self.live, self.process) = (Some(live), process);
                true
            }
            Err(_) => false,
        }
    }

    /// Records the last part, and gives the whole.
    fn record(&mut self, channel: &str, sent: Sent, answer: Answer) -> Observed {
        let last = self.record_part(channel, sent, answer);
        self.parts.whole(last, &self.channel.recorder)
    }

    /// The process that was asked, if its end says anything of the request.
    fn whose_end_tells(&self, end: &End) -> Option<Mortal> {
        let broken = matches!(end, End::Broken(_));
        let tells = |process: &Mortal| match process {
            Mortal::Session(session) if broken => self.channel.recorder.voices.tell_of(session),
            _ => true,
        };
        self.process.clone().filter(tells)
    }

    pub(super) fn record_part(&self, channel: &str, sent: Sent, answer: Answer) -> Observed {
        if let Some(Mortal::Session(session)) = &self.process
            && let Some(after) = session.first_word()
        {
            self.channel.recorder.tempo.started(after);
            self.channel.recorder.voices.hear(session);
        }
        if let (Some(Mortal::Session(session)), Some(keeper)) =
            (&self.process, self.channel.keeper())
            && answer.end == End::TimedOut
            && answer.frames.is_empty()
        {
            keeper.left_unanswered(session, &self.by, &answer);
        }
        self.channel.watch.see(&answer.end, self.whose_end_tells(&answer.end));
        let recorder = &self.channel.recorder;
        let seen = match self.parts.last() {
            Some(last) => recorder.record_rest(&self.by, channel, (sent, answer), last),
            None => recorder.record(&self.by, channel, sent, answer),
        };
        if seen.is_starved()
            && let Way::Http(client, _) = &self.channel.way
        {
            client.trim(recorder.pace.starved());
        }
        if seen.tells_of_a_failure() {
            self.channel.watch.stumbled.store(true, Ordering::Relaxed);
        }
        seen
    }

    fn nothing(&self) -> Observed {
        if let Some(whole) = self.parts.so_far(&self.channel.recorder) {
            return whole;
        }
        let by = self.by.clone();
        let (channel, sent, answer) = ("none".to_owned(), Sent::Nothing, Answer::default());
        Observed::new(Exchange { seq: 0, by, channel, initiator: Initiator::Us, sent, answer })
    }
}

/// The id of a request that was sent.
fn id_of(live: &Live) -> Option<Value> {
    let bytes = match live.sent() {
        Sent::Http { body, .. } => body.bytes(),
        Sent::Stdio { line } => line.bytes(),
        Sent::Nothing => return None,
    };
    serde_json::from_slice::<Value>(bytes).ok()?.get("id").cloned()
}

impl Drop for Open {
    fn drop(&mut self) {
        self.leave();
    }
}
