//! An answer in parts: a server of an earlier revision may close a stream before the answer, which is then fetched by GET.

use std::time::Duration;

use plumb_model::{Answer, Sent};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{Live, header};
use serde_json::Value;
use tokio::time::Instant;

use super::{Channel, Open, Way};
use crate::polling::{Next, Polling};
use crate::record::Recorder;
use crate::{Observed, Probe};

/// What came on streams that were closed.
#[derive(Default)]
pub(super) struct Parts {
    seen: Vec<Observed>,
    polling: Option<Polling>,
}

impl Parts {
    /// The answer to the request itself.
    pub(super) fn first(&self) -> Option<&Observed> {
        self.seen.first()
    }

    /// What came last.
    pub(super) fn last(&self) -> Option<&Observed> {
        self.seen.last()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// All frames up to now, where `last` is what comes on the stream that is open.
    pub(super) fn before(&self, last: Answer) -> Answer {
        let Some((first, rest)) = self.seen.split_first() else { return last };
        let mut answer = first.exchange.answer.clone();
        let parts = rest.iter().map(|part| &part.exchange.answer).chain([&last]);
        answer.frames.extend(parts.flat_map(|part| part.frames.iter().cloned()));
        answer
    }

    /// The whole, whose last part this is.
    pub(super) fn whole(&mut self, last: Observed, recorder: &Recorder) -> Observed {
        if self.is_empty() {
            return last;
        }
        self.seen.push(last.clone());
        self.so_far(recorder).unwrap_or(last)
    }

    /// What there is of it.
    pub(super) fn so_far(&self, recorder: &Recorder) -> Option<Observed> {
        recorder.whole(&self.seen)
    }
}

impl Open {
    /// Goes on with an answer whose stream was closed before it was whole; says whether it does.
    pub(super) async fn goes_on(&mut self) -> bool {
        let Some((wait, last)) = self.rest() else { return false };
        let Some(live) = self.live.take() else { return false };
        let channel = live.channel().to_owned();
        let (sent, answer) = live.close();
        let part = self.record_part(&channel, sent, answer);
        self.parts.seen.push(part);
        tokio::time::sleep(wait).await;
        let Some(probe) = self.parts.first().map(|first| self.fetching(first, &last)) else {
            return false;
        };
        if let Ok((live, process)) = self.channel.write(&probe, None).await {
            (self.live, self.process) = (Some(live), process);
            return true;
        }
        false
    }

    /// Whether the answer has come on a stream that GET has opened.
    pub(super) fn has_the_rest(&self) -> bool {
        let Some(live) = self.live.as_ref().filter(|_| !self.parts.is_empty()) else {
            return false;
        };
        self.id().is_some_and(|id| answers(&live.so_far(), &id))
    }

    /// When and behind which event the rest of the answer is to be fetched, if there is any.
    fn rest(&mut self) -> Option<(Duration, String)> {
        let streams = |live: &&Live| live.is_ended() && live.head_so_far().is_some();
        if !self.channel.edition().has_handshake() || !matches!(self.channel.way, Way::Http(..)) {
            return None;
        }
        let (live, id) = (self.live.as_ref().filter(streams)?, self.id()?);
        let answer = live.so_far();
        if answers(&answer, &id) {
            return None;
        }
        let patience = self.channel.usual_patience(&self.probe);
        let polling =
            self.parts.polling.get_or_insert_with(|| Polling::until(Instant::now() + patience));
        match polling.next(&answer) {
            Next::Fetch(wait, last) => Some((wait, last)),
            Next::Over => None,
            Next::TooLate => {
                self.channel.watch.waits_in_vain();
                None
            }
        }
    }

    /// The request that fetches what stands behind an event, in the session of the one that began it.
    fn fetching(&self, first: &Observed, last: &str) -> Probe {
        let probe = Probe::bodiless("GET").outside().header("Accept", "text/event-stream");
        let probe = probe.header(header::OLD_LAST_EVENT_ID, last).authorized_like(&self.probe);
        let Sent::Http { headers, .. } = &first.exchange.sent else { return probe };
        let of_session = [header::OLD_SESSION_ID, header::PROTOCOL_VERSION];
        let own = headers
            .iter()
            .filter(|field| of_session.iter().any(|name| field.name.eq_ignore_ascii_case(name)));
        own.fold(probe, |probe, field| probe.header(&field.name, &field.value))
    }
}

/// Whether a response under this id is among what came.
fn answers(answer: &Answer, id: &Value) -> bool {
    answer.frames.iter().any(|frame| Message::parse(&frame.payload).answers(id))
}

impl Channel {
    /// How long the answer to a probe may take.
    pub(super) fn usual_patience(&self, probe: &Probe) -> Duration {
        let given = probe.patience.map(|patience| self.stretch(patience));
        let Way::Http(client, _) = &self.way else { return given.unwrap_or_default() };
        let usual = self.recorder.tempo.patient(client.limits().answer) * self.patience;
        given.unwrap_or(usual)
    }
}
