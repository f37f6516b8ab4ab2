//! The course of a load: who asks when, and what becomes of it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plumb_model::load::{FaultExample, FaultKind, Load, MARK};
use plumb_wire::http::{HttpRequest, Which};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::balancer::{Balancer, Replica};
use super::judge::{Shown, judge};
use super::mix::{Mix, Shot, Shows};
use super::tally::Tally;
use super::{MOST, Options, Rhythm};
use crate::observe::clip;

/// So many replicas are killed in a load, if any are.
const KILLS: u32 = 6;

/// They are killed no sooner than so long one after the other.
const APART: Duration = Duration::from_millis(700);

/// A kind of request is tried at most so often to be answered twice.
const TRIES: usize = 5;

/// So much of a request is told.
const TOLD: usize = 300;

/// What is told of a request that went over two connections.
const SENT_AGAIN: &str = "sent again on a new connection: the one before, which had been used, ended without a byte of the answer";

/// A load in its course.
pub(super) struct Course {
    mix: Mix,
    balancer: Balancer,
    tally: Mutex<Tally>,
    next: AtomicU64,
    begun: Instant,
    duration: Duration,
    rhythm: Rhythm,
    kill: bool,
    patience: Duration,
}

/// How it ended.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) took: Duration,
    pub(super) interrupted: bool,
}

impl Course {
    /// What of the mix the first replica takes twice, and by what the answers are known.
    pub(super) async fn of(mix: Mix, balancer: Balancer, options: &Options) -> Self {
        let mut course = Self {
            tally: Mutex::new(Tally::of(0)),
            mix: Mix::default(),
            balancer,
            next: AtomicU64::new(1),
            begun: Instant::now(),
            duration: options.duration,
            rhythm: options.rhythm,
            kill: options.kill,
            patience: options.limits.answer,
        };
        for shot in mix.shots {
            course.mix.shots.extend(course.known(shot).await);
        }
        course.tally = Mutex::new(Tally::of(course.mix.shots.len()));
        course.begun = Instant::now();
        course
    }

    /// What it asks.
    pub(super) fn mix(&self) -> &Mix {
        &self.mix
    }

    /// The kind of request as its answers show themselves; `None` if it is refused. A server that shows nothing of what an
    /// answer is known by need not; one that answers under another id is at fault, and will be told so.
    async fn known(&self, shot: Shot) -> Option<Shot> {
        let replica = self.balancer.replicas.first()?;
        for shows in [shot.shows.clone(), Shows::Id] {
            let shot = Shot { shows, ..shot.clone() };
            let mut right = 0;
            for _ in 0..TRIES {
                match self.ask(replica, &shot, &self.mark()).await {
                    Shown::Right => right += 1,
                    Shown::Fault { kind: FaultKind::Swapped, .. } => return Some(shot),
                    Shown::Fault { .. } if shot.shows == Shows::Id => return Some(shot),
                    Shown::Fault { .. } => break,
                    // It may be busy.
                    _ => {}
                }
                if right == 2 {
                    return Some(shot);
                }
            }
        }
        None
    }

    fn mark(&self) -> String {
        format!("{MARK}{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks until the time is over or `stop` resolves, and waits for the answers to what was asked.
    pub(super) async fn run(self: &Arc<Self>, stop: impl Future<Output = ()>) -> Ended {
        let until = self.begun + self.duration;
        let killer = tokio::spawn(Arc::clone(self).killed(until));
        let asking = async {
            match self.rhythm {
                Rhythm::AtOnce(n) => self.at_once(n, until).await,
                Rhythm::EachSecond(rate) => self.each_second(rate, until).await,
            }
        };
        let interrupted = tokio::select! {
            () = asking => false,
            () = stop => true,
        };
        let took = self.begun.elapsed().min(self.duration);
        killer.abort();
        // A replica that was being started is ended with the rest.
        let _ = killer.await;
        Ended { took, interrupted }
    }

    async fn at_once(self: &Arc<Self>, workers: usize, until: Instant) {
        let mut asking = JoinSet::new();
        for _ in 0..workers {
            let course = Arc::clone(self);
            asking.spawn(async move {
                while Instant::now() < until {
                    course.shoot(Instant::now(), until).await;
                }
            });
        }
        while asking.join_next().await.is_some() {}
    }

    /// Asks by the clock: what comes too late is measured from when it was due.
    async fn each_second(self: &Arc<Self>, rate: f64, until: Instant) {
        let room = Arc::new(Semaphore::new(MOST));
        let mut asking = JoinSet::new();
        let mut due = self.begun;
        while due < until {
            tokio::time::sleep_until(due).await;
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
            let course = Arc::clone(self);
            asking.spawn(async move {
                course.shoot(due, until).await;
                drop(place);
            });
            while asking.try_join_next().is_some() {}
            due += Duration::from_secs_f64(rate.recip());
        }
        while asking.join_next().await.is_some() {}
    }

    /// Kills a replica of ours now and then, by turns.
    async fn killed(self: Arc<Self>, until: Instant) {
        if !self.kill {
            return;
        }
        let pause = (self.duration / (KILLS + 1)).max(APART);
        for replica in self.balancer.replicas.iter().cycle() {
            tokio::time::sleep(pause).await;
            if Instant::now() + pause / 2 >= until {
                return;
            }
            if let Err(error) = replica.kill().await {
                self.tally().error(&format!("a killed replica did not come back: {error}"));
            }
        }
    }

    /// One request, and what becomes of it. It is measured from when it was `due`.
    async fn shoot(&self, due: Instant, until: Instant) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let kinds = self.mix.shots.len();
        let kind = usize::try_from(number).unwrap_or_default() % kinds;
        let shot = &self.mix.shots[kind];
        let mark = format!("{MARK}{number}");
        let Ok(turn) = tokio::time::timeout_at(until, self.balancer.next()).await else { return };
        let replica = &self.balancer.replicas[turn];
        let (epoch, at) = (replica.epoch(), self.begun.elapsed());
        replica.asked.fetch_add(1, Ordering::Relaxed);
        self.tally().asked(kind);
        let shown = self.ask(replica, shot, &mark).await;
        let took = due.elapsed();
        let shown = self.explained(replica, epoch, shown).await;
        let mut tally = self.tally();
        match shown {
            Shown::Right => tally.right(kind, took),
            Shown::Error(what) | Shown::Nothing(what) | Shown::Untaken(what) => tally.error(&what),
            Shown::Fault { kind, expected, came } => {
                let sent = clip(&shot.message(&mark).to_string(), TOLD);
                let at = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
                let name = shot.name.clone();
                let example = FaultExample { at, replica: turn, kind: name, sent, expected, came };
                tally.fault(kind, example);
            }
        }
    }

    /// What it means where no answer came: nothing, if the replica was down meanwhile, or did not take the request.
    async fn explained(&self, replica: &Replica, epoch: u64, shown: Shown) -> Shown {
        let (Shown::Nothing(why) | Shown::Untaken(why)) = &shown else { return shown };
        let taken = matches!(shown, Shown::Nothing(_));
        let lost = |came: String| Shown::Fault {
            kind: FaultKind::Lost,
            expected: "an answer of a replica that nobody had killed".into(),
            came,
        };
        let died = replica.epoch() == epoch && replica.has_died(epoch).await;
        if died && taken {
            return lost(format!("{why}; its process ended by itself"));
        }
        if replica.epoch() != epoch {
            return Shown::Error("fell with its replica, which was killed".into());
        }
        let control = self.mix.shots.first().filter(|_| taken);
        let alive = match control {
            Some(control) => self.ask(replica, control, &self.mark()).await == Shown::Right,
            None => false,
        };
        if alive && replica.epoch() == epoch {
            lost(why.clone())
        } else {
            Shown::Error(why.clone())
        }
    }

    /// Asks a replica. What may be repeated goes over any connection of its, and is sent again where one that was used before ends
    /// without a byte: the server may have closed it. What may not gets a connection of its own, so that nobody is in doubt.
    async fn ask(&self, replica: &Replica, shot: &Shot, mark: &str) -> Shown {
        let mut request = HttpRequest::new("POST", shot.message(mark).to_string());
        for field in shot.headers(mark) {
            request = request.header(field.name, field.value);
        }
        request.connection = if shot.idempotent { Which::Pooled } else { Which::Fresh };
        request.answer_within = Some(self.patience);
        match replica.client.send(request).await {
            Ok(live) => {
                let first = live.channel().to_owned();
                live.head().await;
                if live.channel() != first {
                    self.tally().error(SENT_AGAIN);
                }
                judge(shot, mark, &self.mix.shots, &live.finish().await.1)
            }
            Err(error) => Shown::Untaken(error.to_string()),
        }
    }

    /// What it came to.
    pub(super) fn told(&self) -> Load {
        Load { replicas: self.balancer.told(), ..self.tally().told(&self.mix.shots) }
    }

    /// Ends what was started.
    pub(super) async fn end(self: Arc<Self>) {
        // Whoever still asked was dropped with the course.
        if let Some(course) = Arc::into_inner(self) {
            course.balancer.stop().await;
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
