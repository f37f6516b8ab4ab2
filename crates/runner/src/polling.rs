//! Streams that a server of an earlier revision closes before their answer, and whose rest is fetched by GET
//! (basic/transports#sending-messages-to-the-server of 2025-11-25).

use std::time::Duration;

use plumb_model::{Answer, Carrier, End};
use tokio::time::Instant;

/// Who was not told when to come back does so after this.
const UNTOLD: Duration = Duration::from_millis(500);

/// A stream that brings nothing so many times in a row, and does not say when to come back, is over.
const IN_VAIN: u32 = 8;

/// A stream that was closed so many times is over, whatever it brings.
const PARTS: u32 = 500;

/// How a stream is gone on with.
#[derive(Debug)]
pub(crate) struct Polling {
    deadline: Instant,
    last: Option<String>,
    in_vain: u32,
    parts: u32,
}

/// When a stream is fetched again, and behind which of its events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// After this time, with this `Last-Event-ID`.
    Fetch(Duration, String),
    /// Not before the time is over.
    TooLate,
    /// There is nothing to be fetched.
    Over,
}

impl Polling {
    /// Goes on until then.
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, last: None, in_vain: 0, parts: 0 }
    }

    /// What follows a part that holds no answer yet: the request's own stream, or one that GET has opened.
    pub(crate) fn next(&mut self, part: &Answer) -> Next {
        if part.end != End::Complete || part.media_type().as_deref() != Some("text/event-stream") {
            return Next::Over;
        }
        let ids = event_ids(part);
        let told = part.stream.as_ref().and_then(|facts| facts.retry_ms);
        self.parts += 1;
        self.in_vain = if ids.is_empty() && told.is_none() { self.in_vain + 1 } else { 0 };
        self.last = ids.into_iter().next_back().or(self.last.take());
        let Some(last) = self.last.clone().filter(|_| self.in_vain < IN_VAIN && self.parts < PARTS)
        else {
            return Next::Over;
        };
        let wait = told.map_or(UNTOLD, Duration::from_millis);
        let in_time = Instant::now().checked_add(wait).is_some_and(|then| then < self.deadline);
        if in_time { Next::Fetch(wait, last) } else { Next::TooLate }
    }
}

/// The ids of events, in order. What cannot stand in a header is no id to go on from.
pub(crate) fn event_ids(answer: &Answer) -> Vec<String> {
    let ids = answer.frames.iter().filter_map(|frame| match &frame.carrier {
        Carrier::Event { id, .. } => id.clone(),
        _ => None,
    });
    ids.filter(|id| !id.is_empty() && id.bytes().all(|b| (0x20..0x7f).contains(&b))).collect()
}

#[cfg(test)]
mod tests {
    use plumb_model::{Frame, Head, Header, Payload, StreamFacts};

    use super::*;

    fn part(ids: &[&str], retry_ms: Option<u64>) -> Answer {
        let frames = ids.iter().map(|id| Frame {
            at: 0,
            carrier: Carrier::Event { name: None, id: Some((*id).to_owned()) },
            payload: Payload::default(),
        });
        let headers = vec![Header::new("Content-Type", "text/event-stream")];
        Answer {
            head: Some(Head { status: 200, headers }),
            frames: frames.collect(),
            stream: Some(StreamFacts { retry_ms, ..StreamFacts::default() }),
            ..Answer::default()
        }
    }

    fn fetch(wait: u64, id: &str) -> Next {
        Next::Fetch(Duration::from_millis(wait), id.into())
    }

    #[tokio::test]
    async fn a_stream_is_fetched_behind_its_last_event_when_it_says_and_no_longer_than_it_lives() {
        let mut polling = Polling::until(Instant::now() + Duration::from_secs(5));
        assert_eq!(polling.next(&part(&["a", "b"], Some(20))), fetch(20, "b"));
        assert_eq!(polling.next(&part(&[], Some(30))), fetch(30, "b"));
        for _ in 1..IN_VAIN {
            assert_eq!(polling.next(&part(&[], None)), fetch(500, "b"));
        }
        assert_eq!(polling.next(&part(&[], None)), Next::Over);
        assert_eq!(polling.next(&part(&["c"], Some(60_000))), Next::TooLate);
        let mut endless = Polling::until(Instant::now() + Duration::from_secs(5));
        let fetched =
            (0..2 * PARTS).filter(|_| endless.next(&part(&["e"], Some(0))) == fetch(0, "e"));
        assert_eq!(fetched.count(), PARTS as usize - 1, "who never ends is ended");
        let broken = Answer { end: End::Broken("reset".into()), ..part(&["d"], None) };
        assert_eq!(polling.next(&broken), Next::Over);
        assert_eq!(Polling::until(Instant::now()).next(&part(&[], None)), Next::Over);
    }
}
