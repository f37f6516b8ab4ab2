//! How much is asked of the target at once, and how fast: as much as it shows that it can bear.

mod limits;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

pub(crate) use limits::{retry_after, tells_of_rate, turns_away};

/// So many requests are in flight at first.
const FIRST: usize = 4;

/// Answers that take so many times what the quickest ones took, and so much longer, tell of too many requests at once.
const CROWDED: u32 = 8;
const CROWD: Duration = Duration::from_millis(40);

/// The median of the last answers tells how quick they are: of so many, and of so few at least. One answer alone tells
/// nothing of a target whose answers differ by nature.
const LAST: usize = 5;
const FEWEST: usize = 3;

/// The median of so many answers, with no more than a few in flight, tells what answers take where nobody crowds the target.
const CALM: usize = 9;
const FEW: usize = 2;

/// A request that the target turns away for its rate is sent again at most so often.
const TRIES: u32 = 6;

/// The first of the pauses before a request is sent again, each twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(250);

/// No pause is longer, whatever `Retry-After` says: the run has a budget.
const LONGEST: Duration = Duration::from_secs(15);

/// So many requests turned away with none served between them: the target serves nobody, and is not waited for.
const HOPELESS: u32 = 24;

/// However little was served lately, the next request goes out within so long.
const SLOWEST: Duration = Duration::from_millis(200);

/// After so many requests served with none turned away, the pace quickens.
const EASING: u32 = 20;

/// The rate is that of the last requests, within this time.
const WINDOW: Duration = Duration::from_secs(1);

/// How much is asked of the target at once, and how fast.
#[derive(Debug)]
pub(crate) struct Pace {
    turns: Arc<Semaphore>,
    /// The time between two requests that the user asked for.
    asked: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many requests may be in flight at most.
    most: usize,
    /// How many requests may be in flight.
    limit: usize,
    /// Turns to be withheld when they are given back.
    owed: usize,
    /// The quickest median of a few answers so far.
    quickest: Option<Duration>,
    /// What the last quick requests took.
    last: VecDeque<Duration>,
    /// What they took since a few are in flight at most.
    calm: Vec<Duration>,
    /// What they take then: no crowd makes answers slow that are as slow without one.
    uncrowded: Duration,
    changed: Instant,
    /// The time between two requests, once the target has asked for one.
    interval: Duration,
    /// The next request goes out then at the earliest.
    next: Instant,
    /// When requests were served lately.
    served: VecDeque<Instant>,
    /// How many were turned away since the last one served.
    refused: u32,
    /// How many were served since the last one was turned away.
    since: u32,
    /// How many were turned away in all.
    limited: u32,
}

impl State {
    /// Takes in what a quick request took; gives what is typical by now.
    fn learn(&mut self, after: Duration) -> Option<Duration> {
        if self.limit > FEW {
            self.calm.clear();
        } else {
            self.calm.push(after);
        }
        if self.calm.len() == CALM {
            self.uncrowded = median(std::mem::take(&mut self.calm));
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(after);
        if self.last.len() < FEWEST {
            return None;
        }
        let typical = median(self.last.iter().copied().collect());
        self.quickest = Some(self.quickest.map_or(typical, |quickest| quickest.min(typical)));
        Some(typical)
    }

    /// Whether such answers tell of too many requests at once.
    fn is_crowded(&self, typical: Duration) -> bool {
        let usual = self.quickest.unwrap_or_default().max(self.uncrowded);
        typical > usual * CROWDED + CROWD
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The right to have requests in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    pace: Arc<Pace>,
    permit: Option<OwnedSemaphorePermit>,
}

/// Whoever sends: all that it has in flight at once is one turn, so that it never waits for itself.
#[derive(Debug, Default)]
pub(crate) struct Sender(tokio::sync::Mutex<Weak<Turn>>);

impl Pace {
    /// At most so many requests at once, and, if the user says so, so many a second.
    pub(crate) fn new(most: usize, rate: Option<f64>) -> Arc<Self> {
        let (most, now) = (most.max(1), Instant::now());
        let limit = FIRST.min(most);
        let interval = rate.filter(|r| *r > 0.0).map(|r| Duration::from_secs_f64(1.0 / r));
        Arc::new(Self {
            turns: Arc::new(Semaphore::new(limit)),
            asked: interval.unwrap_or_default(),
            state: Mutex::new(State {
                most,
                limit,
                owed: 0,
                quickest: None,
                last: VecDeque::new(),
                calm: Vec::new(),
                uncrowded: Duration::ZERO,
                changed: now,
                interval: interval.unwrap_or_default(),
                next: now,
                served: VecDeque::new(),
                refused: 0,
                since: 0,
                limited: 0,
            }),
        })
    }

    /// Waits until the next request may go out.
    pub(crate) async fn slot(&self) {
        let at = {
            let mut state = self.lock();
            let at = state.next.max(Instant::now());
            state.next = at + state.interval;
            at
        };
        if at > Instant::now() {
            sleep_until(at).await;
        }
    }

    /// A quick request was answered after this time.
    pub(crate) fn answered(&self, after: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        let Some(typical) = state.learn(after) else { return };
        if now - state.changed < after {
            return;
        }
        if state.is_crowded(typical) {
            let fewer = (state.limit * 3 / 4).max(1);
            self.shrink(&mut state, fewer);
            state.changed = now;
            state.last.clear();
        } else if state.limit < state.most {
            state.limit += 1;
            state.changed = now;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.turns.add_permits(1);
            }
        }
    }

    /// A request was served, at whatever speed.
    pub(crate) fn served(&self) {
        let now = Instant::now();
        let mut state = self.lock();
        state.refused = 0;
        state.served.push_back(now);
        while state.served.front().is_some_and(|at| now - *at > WINDOW) {
            state.served.pop_front();
        }
        state.since += 1;
        if state.since.is_multiple_of(EASING) && state.interval > self.asked {
            state.interval = (state.interval * 4 / 5).max(self.asked);
        }
    }

    /// A request got no answer at all: fewer at once may help. Gives how many may be in flight from now on.
    pub(crate) fn starved(&self) -> usize {
        let mut state = self.lock();
        let half = state.limit.div_ceil(2);
        state.most = half;
        self.shrink(&mut state, half);
        state.limit
    }

    /// Whether a request that was turned away may be sent for the `tries`th time more.
    pub(crate) fn may_try(&self, tries: u32) -> bool {
        tries <= TRIES && self.lock().refused < HOPELESS
    }

    /// A request was turned away for the `tries`th time; gives how long to wait before it is sent again, if it is to be.
    /// Where more than now and then one is turned away, all requests are slowed to what was served lately.
    pub(crate) fn turned_away(
        &self,
        tries: u32,
        status: Option<u16>,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.lock();
        state.since = 0;
        state.limited += 1;
        state.refused += 1;
        if tries > TRIES || state.refused >= HOPELESS {
            return None;
        }
        let wait = retry_after.unwrap_or(PAUSE * 2_u32.pow(tries.saturating_sub(1))).min(LONGEST);
        if state.refused > 1 || tries > 1 {
            if matches!(status, Some(502..=504)) && state.limit > 1 {
                // Out of order is what a server says that can bear no more at once.
                let fewer = state.limit - 1;
                state.most = fewer;
                self.shrink(&mut state, fewer);
            } else {
                let lately = u32::try_from(state.served.len()).unwrap_or(u32::MAX).max(1);
                state.interval = state.interval.max(WINDOW / lately).min(SLOWEST);
                state.next = state.next.max(now + wait);
            }
        }
        Some(wait)
    }

    /// How many requests the target turned away for their rate.
    pub(crate) fn limited(&self) -> u32 {
        self.lock().limited
    }

    fn shrink(&self, state: &mut State, fewer: usize) {
        let withheld = state.limit.saturating_sub(fewer);
        state.limit -= withheld;
        let free = self.turns.forget_permits(withheld);
        state.owed += withheld - free;
    }

    /// A turn of its own.
    pub(crate) async fn turn(self: &Arc<Self>) -> Turn {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok();
        Turn { pace: Arc::clone(self), permit }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the counts as they are, and they are still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    /// A share in the sender's turn, which is waited for if it has none.
    pub(crate) async fn turn(&self, pace: &Arc<Pace>) -> Arc<Turn> {
        let mut own = self.0.lock().await;
        if let Some(turn) = own.upgrade() {
            return turn;
        }
        let turn = Arc::new(pace.turn().await);
        *own = Arc::downgrade(&turn);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.pace.lock();
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn what_one_sends_at_once_is_one_turn() {
        let pace = Pace::new(1, None);
        let (one, other) = (Sender::default(), Sender::default());
        let (first, second) = (one.turn(&pace).await, one.turn(&pace).await);
        let waiting = tokio::time::timeout(10 * MS, other.turn(&pace)).await;
        assert!(waiting.is_err(), "another sender waits");
        drop((first, second));
        other.turn(&pace).await;
    }

    #[test]
    fn slow_answers_shrink_the_crowd_and_quick_ones_let_it_grow() {
        let pace = Pace::new(12, None);
        // The last change is long ago each time.
        let answered = |after: Duration| {
            pace.lock().changed -= after + MS;
            pace.answered(after);
        };
        (0..20).for_each(|_| answered(MS));
        assert_eq!(pace.lock().limit, 12);
        (0..20).for_each(|_| answered(500 * MS));
        assert_eq!((pace.lock().limit, pace.turns.available_permits()), (1, 1));
        // What is as slow for one alone is not made slow by others.
        (0..40).for_each(|_| answered(500 * MS));
        assert_eq!(pace.lock().limit, 12);
    }

    #[test]
    fn answers_that_differ_by_two_orders_are_no_crowd_for_long() {
        let pace = Pace::new(12, None);
        let mut limits = Vec::new();
        for n in 0..600_usize {
            // Without a pattern, and the same in each run.
            let after = [0, 10, 50, 200, 600][(n.wrapping_mul(2_654_435_761) >> 20) % 5] * MS;
            pace.lock().changed -= after + MS;
            pace.answered(after);
            limits.push(pace.lock().limit);
        }
        let late = &limits[300..];
        assert!(late.iter().sum::<usize>() / late.len() >= 6, "{late:?}");
    }

    #[test]
    fn answers_that_differ_by_nature_are_no_crowd() {
        let pace = Pace::new(12, None);
        for ms in [1, 90, 40, 70, 2, 60, 95, 30, 80, 50].into_iter().cycle().take(60) {
            let after = ms * MS;
            pace.lock().changed -= after + MS;
            pace.answered(after);
        }
        assert_eq!(pace.lock().limit, 12);
    }

    #[test]
    fn one_request_turned_away_waits_alone_and_many_slow_all() {
        let pace = Pace::new(12, None);
        assert_eq!(
            pace.turned_away(1, Some(429), Some(Duration::from_secs(1))),
            Some(Duration::from_secs(1))
        );
        assert_eq!(pace.lock().interval, Duration::ZERO);
        for _ in 0..10 {
            pace.served();
        }
        pace.turned_away(1, Some(429), None);
        pace.turned_away(1, Some(429), None);
        assert_eq!(pace.lock().interval, WINDOW / 10);
        (0..EASING).for_each(|_| pace.served());
        assert!(pace.lock().interval < WINDOW / 10, "the pace quickens again");
        for _ in 0..HOPELESS {
            pace.turned_away(1, Some(429), None);
        }
        assert_eq!(pace.turned_away(1, Some(429), None), None, "nobody is served");
    }
}
