//! Processes of a target that starts slowly, started while it is looked at: a run over standard streams uses several, and
//! whoever wants one would wait for it.

use tokio::time::{Instant, sleep_until};

use crate::aside::AT_ONCE;
use crate::check::{Body, Isolation};
use crate::tempo::Tempo;
use crate::{Check, Target};

/// At most so many: one beside the target's own start, which is no slower for it on two cores, and then as many at once as of others.
const MOST: usize = 5;

/// So many checks by vectors have use for a second process.
const MANY: usize = 10;

/// How many processes beside the run's own are worth starting before anybody wants one.
pub(super) fn wanted(target: &Target, selected: &[&'static Check]) -> usize {
    if !matches!(target, Target::Stdio(_)) {
        return 0;
    }
    let vectors = selected.iter().filter(|check| matches!(check.body, Body::Cases(_))).count();
    let own = |check: &&&Check| {
        matches!(check.isolation, Isolation::Opening | Isolation::OwnProcess | Isolation::Alone)
    };
    let own = selected.iter().filter(own).count();
    (usize::from(vectors > 0) + usize::from(vectors >= MANY) + own).min(MOST)
}

/// Does `work`, and from `begun` on starts so many processes meanwhile, if the target turns out to start slowly.
pub(super) async fn beside<T>(
    work: impl Future<Output = T>,
    (wanted, begun): (usize, impl Future<Output = ()>),
    tempo: &Tempo,
    start: impl Fn(),
) -> T {
    let ahead = async {
        begun.await;
        if !tempo.turns_out_slow().await {
            return;
        }
        let (mut started, mut at_once) = (0, 1);
        while started < wanted {
            let since = Instant::now();
            let now = at_once.min(wanted - started);
            (0..now).for_each(|_| start());
            (started, at_once) = (started + now, AT_ONCE);
            sleep_until(since + tempo.measured().await).await;
        }
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = ahead, if wanted > 0 => {}
    }
    work.await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    /// How many were started while the target, whose own start took so long, was looked at until so many were.
    async fn started(took: Duration, until: usize) -> usize {
        let tempo = Tempo::new(Duration::from_secs(10));
        tempo.started(took);
        let (count, enough) = (AtomicUsize::new(0), Notify::new());
        let start = || {
            if count.fetch_add(1, Ordering::Relaxed) + 1 == until {
                enough.notify_one();
            }
        };
        let work = async {
            // Who starts none lets the work go on.
            if until > 0 {
                enough.notified().await;
            } else {
                tokio::task::yield_now().await;
            }
        };
        beside(work, (3, std::future::ready(())), &tempo, start).await;
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_slow_start_has_others_started_by_one_first() {
        let began = Instant::now();
        assert_eq!(started(Duration::from_millis(400), 3).await, 3);
        assert!(began.elapsed() >= Duration::from_millis(400), "all at once");
    }

    #[tokio::test]
    async fn a_quick_one_has_none() {
        assert_eq!(started(Duration::from_millis(20), 0).await, 0);
    }
}
