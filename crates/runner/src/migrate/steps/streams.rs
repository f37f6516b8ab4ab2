//! Streams: the one that GET opens, ids of events, what is sent again, and the transport of 2024-11-05.

use std::time::Duration;

use plumb_model::{Carrier, Frame};
use plumb_wire::header;

use super::super::ask::Ask;
use super::Visit;
use crate::Observed;
use crate::polling::event_ids;

/// What is of HTTP alone.
const OF_HTTP: [&str; 5] = [
    "migrate.stream.get",
    "migrate.stream.event-ids",
    "migrate.stream.replay",
    "migrate.stream.retry-polling",
    "migrate.stream.http-sse-2024",
];

/// A stream that has something to say does so within this time.
const PATIENCE: Duration = Duration::from_millis(1_500);

impl Visit<'_> {
    /// Each of them.
    pub(super) async fn streams(&self) {
        if self.way.client().is_none() {
            return self.ground.findings.unseen_all(&OF_HTTP, "it is of HTTP alone");
        }
        self.get().await;
        self.ids();
        self.replay().await;
        self.of_2024().await;
    }

    async fn get(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.stream.get";
        if let Some(listener) = self.main.listening() {
            let status = listener.status.map_or("no answer".to_owned(), |s| format!("HTTP {s}"));
            let kind = if listener.streams { ", a stream of events" } else { "" };
            return findings.told(
                id,
                listener.streams,
                format!("GET: {status}{kind}"),
                &[listener.seq],
            );
        }
        match self.main.send(&Ask::verb(id, "GET").patience(PATIENCE)).await {
            Some(seen) => {
                let streams =
                    seen.exchange.answer.media_type().as_deref() == Some("text/event-stream");
                findings.told(
                    id,
                    streams,
                    format!("GET: {}", super::outcome(&seen)),
                    &[seen.seq()],
                );
            }
            None => findings.unseen(id, "GET was not answered"),
        }
    }

    fn ids(&self) {
        let findings = &self.ground.findings;
        let marks = self.ground.marks();
        let (ids, polling) = ("migrate.stream.event-ids", "migrate.stream.retry-polling");
        if let Some((seq, n)) = marks.with_ids {
            findings.found(ids, format!("{n} events of one stream carry an `id`"), &[seq]);
        }
        if let Some(seq) = marks.retry {
            findings.found(polling, "a stream tells by `retry` when to come back", &[seq]);
        }
        let Some(seq) = marks.stream else {
            findings.absent(ids, "every answer is one JSON body", &[]);
            return findings.absent(polling, "every answer is one JSON body", &[]);
        };
        findings.absent(ids, "no event of the audit carries an `id`", &[seq]);
        findings.absent(polling, "no stream of the audit told when to come back", &[seq]);
    }

    /// A stream with two events or more, from its first one on.
    async fn replay(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.stream.replay";
        let pages = self.lists.pages.iter();
        let seen: Vec<&Observed> = self.called.iter().map(|c| &c.seen).chain(pages).collect();
        let richest = seen.into_iter().max_by_key(|seen| ids(seen).len());
        let first = richest.and_then(|seen| ids(seen).into_iter().next());
        let (Some(stream), Some(first)) = (richest, first) else {
            return findings.absent(id, "no event carries an `id` to go on from", &[]);
        };
        let ask = Ask::verb(id, "GET").header(header::OLD_LAST_EVENT_ID, first).patience(PATIENCE);
        self.main.inbox.replays(true);
        let again = self.main.send(&ask).await;
        self.main.inbox.replays(false);
        let Some(again) = again else {
            return findings.unseen(id, "it was not answered");
        };
        let seqs = [stream.seq(), again.seq()];
        let frames = &again.exchange.answer.frames;
        let status = again.status().unwrap_or_default();
        let replayed = came_again(&stream.exchange.answer.frames, frames);
        match (status, frames.len()) {
            (200, _) if replayed > 0 => {
                findings.found(
                    id,
                    format!("GET with `Last-Event-ID`: {replayed} events came again"),
                    &seqs,
                );
            }
            (200, 1..) => {
                let what =
                    "GET with `Last-Event-ID`: a stream opens, and nothing came of the one before";
                findings.absent(id, what, &seqs);
            }
            (200, 0) if ids(stream).len() < 2 => {
                findings.unseen(id, "a stream opens, and nothing came after its only event");
            }
            _ => findings.absent(
                id,
                format!("GET with `Last-Event-ID`: HTTP {status}, no event"),
                &seqs,
            ),
        }
    }

    /// The stream of 2024-11-05 begins with the address that messages go to.
    async fn of_2024(&self) {
        let findings = &self.ground.findings;
        let id = "migrate.stream.http-sse-2024";
        let Some(endpoint) = self.way.client().map(plumb_wire::http::Client::endpoint) else {
            return;
        };
        let own = endpoint.target().to_owned();
        let path = own.split('?').next().unwrap_or_default();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut seqs = Vec::new();
        for target in [own.clone(), format!("{folder}/sse")] {
            let ask = Ask::verb(id, "GET").at(&target).patience(PATIENCE).alone();
            let Some(seen) = self.main.send(&ask).await else { continue };
            seqs.push(seen.seq());
            let begins = seen.exchange.answer.frames.first().map(|frame| &frame.carrier);
            if let Some(plumb_model::Carrier::Event { name: Some(name), .. }) = begins
                && name == "endpoint"
            {
                findings.found(
                    id,
                    format!("GET {target}: the event `endpoint` came"),
                    &[seen.seq()],
                );
            }
        }
        findings.absent(
            id,
            "neither the endpoint nor `sse` beside it begins with `endpoint`",
            &seqs,
        );
    }
}

/// How many events are of a stream that was read before: by their data, since ids may be others, or by their ids.
fn came_again(before: &[Frame], again: &[Frame]) -> usize {
    let id = |frame: &Frame| match &frame.carrier {
        Carrier::Event { id, .. } => id.clone(),
        _ => None,
    };
    let is_of = |frame: &&Frame| {
        let same = |other: &Frame| {
            let data = !frame.payload.is_empty() && frame.payload == other.payload;
            data || id(frame).is_some_and(|own| Some(own) == id(other))
        };
        before.iter().any(same)
    };
    again.iter().filter(is_of).count()
}

fn ids(seen: &Observed) -> Vec<String> {
    event_ids(&seen.exchange.answer)
}

#[cfg(test)]
mod tests {
    use plumb_model::Payload;

    use super::*;

    fn event(id: &str, data: &str) -> Frame {
        let carrier = Carrier::Event { name: None, id: Some(id.to_owned()) };
        Frame { at: 0, carrier, payload: Payload::from(data.as_bytes().to_vec()) }
    }

    #[test]
    fn a_stream_that_opens_is_not_the_one_before_sent_again() {
        let before = [event("a.1", ""), event("a.2", "{\"id\":1}")];
        assert_eq!(came_again(&before, &before[1..]), 1);
        assert_eq!(came_again(&before, &[event("b.9", "{\"id\":1}")]), 1, "under another id");
        assert_eq!(came_again(&before, &[event("b.1", "")]), 0, "the beginning of another stream");
    }
}
