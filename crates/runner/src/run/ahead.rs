//! Processes of a target that starts slowly, started while it is looked at: a run over standard streams uses several, and
//! whoever wants one would wait for it.

use tokio::time::{Instant, sleep_until};

use crate::check::{Body, Isolation};
use crate::tempo::Tempo;
use crate::{Check, Target};

/// At most so many, one after the other: the target's own start is no slower for it on two cores.
const MOST: usize = 3;

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
        for _ in 0..wanted {
            let began = Instant::now();
            start();
            sleep_until(began + tempo.measured().await).await;
        }
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = ahead, if wanted > 0 => {}
    }
    work.await
}
