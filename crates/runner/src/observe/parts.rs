//! An answer that came in several exchanges: its stream was closed before it was whole, and fetched again.

use std::sync::Arc;

use plumb_model::{End, Exchange};

use super::Observed;

/// Where an answer stands whose stream was closed before it was whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    before: Option<Arc<Exchange>>,
    behind: Arc<[u64]>,
}

impl Observed {
    /// The rest of the answer to the request of another exchange, whose stream was closed before.
    pub(crate) fn behind(self, before: &Self) -> Self {
        let (sent, request) = (before.exchange.sent.clone(), before.request.clone());
        let exchange = Arc::new(Exchange { sent, ..self.exchange.as_ref().clone() });
        let before = Some(Arc::clone(&before.exchange));
        Self { exchange, request, parts: Parts { before, ..self.parts }, ..self }
    }

    /// The exchange whose stream this one goes on with: its answer was not whole when the stream was closed.
    pub fn resumes(&self) -> Option<&Exchange> {
        self.parts.before.as_deref()
    }

    /// Whether a stream of events came.
    pub(crate) fn is_stream(&self) -> bool {
        let streams = self.exchange.answer.media_type().as_deref() == Some("text/event-stream");
        streams && self.status() == Some(200)
    }

    /// An answer of which these are the parts, in order; the first one is the request's own.
    pub(crate) fn whole(parts: &[Self]) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        let mut exchange = first.exchange.as_ref().clone();
        for part in rest {
            let answer = &part.exchange.answer;
            exchange.answer.frames.extend(answer.frames.iter().cloned());
            exchange.answer.ended_at = answer.ended_at;
            exchange.answer.end = answer.end.clone();
        }
        if exchange.answer.end == End::ClosedByUs && !rest.is_empty() {
            // The stream of GET may stay open behind the answer, and nobody waits for more.
            exchange.answer.end = End::Complete;
        }
        let whole = Self::new(exchange);
        let behind = rest.iter().map(Self::seq).collect();
        Some(Self { parts: Parts { behind, ..Parts::default() }, ..whole })
    }

    /// The numbers of all exchanges that it was seen in.
    pub(crate) fn seqs(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.seq()).chain(self.parts.behind.iter().copied())
    }
}
