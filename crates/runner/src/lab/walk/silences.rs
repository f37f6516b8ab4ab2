//! Silence over standard streams: how long it takes to prove, and what was proven already.

use std::time::Duration;

use plumb_wire::jsonrpc::Message;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Trial;
use crate::Observed;
use crate::channel::Open;

/// What has been left open is read for so long at most, whatever the target's pace.
const LONG: Duration = Duration::from_secs(60);

/// Silence is proven by so many times the wait of a vector; where it was proven of the same vector in another place, and nothing
/// was ever answered late, by this part of that.
const PROVEN: u32 = 2;
const PROVEN_BEFORE: u32 = 4;

/// What the lanes of a run know of their target's silence, each for all.
#[derive(Default)]
pub(crate) struct Silences(watch::Sender<Known>);

#[derive(Default)]
struct Known {
    /// Vectors that were never answered in some place.
    silent: Vec<Trial>,
    /// Whether one that was left open was answered later than is waited for what was silent elsewhere.
    answers_late: bool,
}

impl Known {
    fn tells_of(&self, trial: &Trial) -> bool {
        !self.answers_late && self.silent.iter().any(|silent| silent.is_of(trial))
    }
}

impl Silences {
    /// Waits for the answer to a vector that was sent at `since`, until its silence is proven: for twice as long as `wait`, or
    /// less where another place has shown it, be it meanwhile. Says whether it came.
    pub(super) async fn answered(
        &self,
        trial: &Trial,
        open: &mut Open,
        since: Instant,
        wait: Duration,
    ) -> bool {
        let mut known = self.0.subscribe();
        let shown_elsewhere = async {
            sleep_until(since + wait * PROVEN / PROVEN_BEFORE).await;
            // Who tells it lives as long as this.
            let _ = known.wait_for(|known| known.tells_of(trial)).await;
        };
        tokio::select! {
            biased;
            answer = open.until(LONG, Message::is_response) => answer.is_some(),
            () = shown_elsewhere => false,
            () = sleep_until(since + wait * PROVEN) => false,
        }
    }

    /// Learns from what a vector came to that was waited for so.
    pub(super) fn learn(&self, trial: &Trial, came: bool, sent: &Observed, wait: Duration) {
        let late = sent.exchange.answer.took() > wait * PROVEN / PROVEN_BEFORE;
        self.0.send_if_modified(|known| {
            let silent = !came && !sent.is_broken_off() && !known.tells_of(trial);
            if silent {
                known.silent.push(trial.clone());
            }
            known.answers_late |= came && late;
            silent || (came && late)
        });
    }
}
