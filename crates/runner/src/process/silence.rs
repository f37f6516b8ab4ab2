//! Whether a process that runs still hears anybody.

use std::sync::{Mutex, PoisonError};

/// So many requests are left unanswered by who hears nobody.
const REQUESTS: u32 = 3;

/// Without a line for so long, and for twice the time that the first of them had, microseconds: what is only slow has said
/// something by then, or is of no use.
const LASTS: u64 = 10_000_000;

/// What the process that runs now has left unanswered since its last line.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<Row>);

/// Requests that were left unanswered; times in microseconds since the run's start.
#[derive(Debug, Default)]
struct Row {
    channel: String,
    /// When the first was sent, and how long it was waited for.
    sent: u64,
    within: u64,
    /// When the time of the last was up.
    ended: u64,
    unanswered: u32,
    began_with: String,
}

impl Silence {
    /// The time of a request was up that `by` sent. `heard` is when the process last wrote a line.
    pub(crate) fn keeps(
        &self,
        channel: &str,
        heard: Option<u64>,
        (sent, ended): (u64, u64),
        by: &str,
    ) {
        let mut row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard_since = |time: u64| heard.is_some_and(|heard| heard >= time);
        if row.channel != channel || heard_since(row.sent) {
            *row = Row { channel: channel.to_owned(), ..Row::default() };
        }
        if heard_since(sent) {
            return;
        }
        if row.unanswered == 0 || sent < row.sent {
            (row.sent, row.within) = (sent, ended.saturating_sub(sent));
            by.clone_into(&mut row.began_with);
        }
        row.unanswered += 1;
        row.ended = row.ended.max(ended);
    }

    /// What the silence of this process began with, if it hears nobody any more. One that has said nothing yet may still be
    /// starting, and is waited for by who knows how long that takes.
    pub(crate) fn is_lasting(&self, channel: &str, heard: Option<u64>) -> Option<String> {
        let row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = row.ended.saturating_sub(row.sent) >= LASTS.max(2 * row.within);
        let lasts = lasts && row.channel == channel && row.unanswered >= REQUESTS;
        let lasts = lasts && heard.is_some_and(|heard| heard < row.sent);
        lasts.then(|| row.began_with.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests to one process, with when they were sent and when their time was up, in seconds.
    fn kept(silence: &Silence, heard: Option<u64>, times: &[(u64, u64)]) {
        for (sent, ended) in times {
            let times = (sent * 1_000_000, ended * 1_000_000);
            silence.keeps("stdio-1", heard.map(|s| s * 1_000_000), times, &format!("check {sent}"));
        }
    }

    fn lasting(silence: &Silence, channel: &str, heard: u64) -> Option<String> {
        silence.is_lasting(channel, Some(heard * 1_000_000))
    }

    #[test]
    fn who_says_nothing_for_twice_as_long_as_is_waited_hears_nobody() {
        let silence = Silence::default();
        kept(&silence, Some(5), &[(10, 20), (11, 21), (12, 22)]);
        assert_eq!(lasting(&silence, "stdio-1", 5), None, "it may be slow");
        kept(&silence, Some(5), &[(20, 30)]);
        assert_eq!(lasting(&silence, "stdio-1", 5).as_deref(), Some("check 10"));
        assert_eq!(lasting(&silence, "stdio-2", 5), None, "another process");
        assert_eq!(lasting(&silence, "stdio-1", 31), None, "it has said something since");
        assert_eq!(silence.is_lasting("stdio-1", None), None, "it may be starting");
        let two = Silence::default();
        kept(&two, None, &[(10, 20), (20, 30)]);
        assert_eq!(lasting(&two, "stdio-1", 5), None, "two requests");
        let short = Silence::default();
        kept(&short, None, &[(10, 12), (12, 14), (14, 16)]);
        assert_eq!(lasting(&short, "stdio-1", 5), None, "six seconds");
    }

    #[test]
    fn a_line_in_between_begins_it_anew() {
        let slow = Silence::default();
        kept(&slow, None, &[(10, 20), (20, 30)]);
        kept(&slow, Some(35), &[(31, 41), (41, 51), (51, 61)]);
        assert_eq!(lasting(&slow, "stdio-1", 35), None);
        kept(&slow, Some(35), &[(61, 71)]);
        assert_eq!(lasting(&slow, "stdio-1", 35).as_deref(), Some("check 41"));
    }
}
