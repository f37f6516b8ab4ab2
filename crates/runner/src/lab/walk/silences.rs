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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plumb_model::pack::{Allowed, Base, Edit, Kind, Over, Vector};
    use plumb_model::{Answer, End, Exchange};

    use super::super::tried::nothing;
    use super::*;

    const WAIT: Duration = Duration::from_secs(2);

    fn vector(slug: &str) -> Arc<Vector> {
        let (title, flags, bases) = (slug.to_owned(), Vec::new(), vec![Base::Discover]);
        let kind = Kind::Edit(Edit::default());
        let (over, answer, judges) = (Over::default(), Allowed::default(), Vec::new());
        Arc::new(Vector { slug: slug.to_owned(), title, flags, bases, over, kind, answer, judges })
    }

    fn at(base: Base, vector: &Arc<Vector>) -> Trial {
        let address = format!("{}@{base:?}", vector.slug);
        let (vector, judges) = (Arc::clone(vector), Vec::new());
        let pack = "a-pack".to_owned();
        Trial { address, pack, base, parameter: 0, vector, judges, rank: 0, by_itself: false }
    }

    /// An answer that ended so, and so long after it was sent.
    fn ended(end: End, after: Duration) -> Observed {
        let exchange = nothing("survey").exchange.as_ref().clone();
        let ended_at = u64::try_from(after.as_micros()).expect("seconds");
        Observed::new(Exchange {
            answer: Answer { end, ended_at, ..Answer::default() },
            ..exchange
        })
    }

    #[test]
    fn silence_in_one_place_tells_of_the_same_vector_in_others() {
        let (silences, mute, other) = (Silences::default(), vector("mute"), vector("other"));
        silences.learn(&at(Base::Discover, &mute), false, &ended(End::ClosedByUs, WAIT * 2), WAIT);
        let known = silences.0.borrow();
        assert!(known.tells_of(&at(Base::ToolsList, &mute)));
        assert!(!known.tells_of(&at(Base::Discover, &other)));
    }

    #[test]
    fn a_death_is_no_silence_and_a_late_answer_takes_back_what_silence_told() {
        let (silences, mute, late) = (Silences::default(), vector("mute"), vector("late"));
        let died = ended(End::Broken("the process closed its standard output".into()), WAIT);
        silences.learn(&at(Base::Discover, &mute), false, &died, WAIT);
        assert!(!silences.0.borrow().tells_of(&at(Base::ToolsList, &mute)));
        silences.learn(&at(Base::Discover, &mute), false, &ended(End::ClosedByUs, WAIT * 2), WAIT);
        silences.learn(&at(Base::Discover, &late), true, &ended(End::Complete, WAIT), WAIT);
        assert!(!silences.0.borrow().tells_of(&at(Base::ToolsList, &mute)));
    }
}
