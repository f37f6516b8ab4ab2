//! Working a list off: one process for each server, so that nothing of one can touch another.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plumb_certificate::Digest;
use plumb_wire::Limits;
use plumb_wire::process::{Launch, Process};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use crate::store::{Class, Outcome, Store};
use crate::target::Target;

/// A process that has not ended by itself after so long is ended: far beyond the longest budget of a run.
const LONGEST: Duration = Duration::from_secs(86_400);
/// Bytes of last words that are kept.
const SAID: usize = 2_000;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    /// This program.
    pub plumb: PathBuf,
    /// What `plumb certify` is told of every server.
    pub arguments: Vec<String>,
    /// Where results are kept.
    pub store: Store,
    /// How many are judged at once.
    pub jobs: usize,
    /// How many of one host.
    pub per_host: usize,
    /// What has no bundle is tried again, though it was tried before.
    pub retry: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done, those from before included.
    pub done: usize,
    /// Of so many.
    pub of: usize,
}

/// Who is told of each server that is done.
pub type Told = Arc<dyn Fn(Progress, &Outcome) + Send + Sync>;

/// Judges the servers of a list that are not yet done, and says what came of each in the order of the list.
pub async fn run(order: Order, targets: Vec<Target>, told: Told) -> io::Result<Vec<Outcome>> {
    order.store.sweep()?;
    let mut waiting = VecDeque::new();
    for target in &targets {
        match order.store.done(target) {
            Some(outcome) if !(order.retry && is_worth_retrying(outcome.class)) => {}
            _ => {
                order.store.forget(target)?;
                waiting.push_back((target.clone(), 1));
            }
        }
    }
    let progress = Progress { done: targets.len() - waiting.len(), of: targets.len() };
    let jobs = order.jobs.clamp(1, waiting.len().max(1));
    let desk = Arc::new(Desk {
        state: Mutex::new(State { waiting, working: 0, hosts: BTreeMap::new(), progress }),
        changed: Notify::new(),
        order,
        told,
    });
    let mut workers = JoinSet::new();
    for _ in 0..jobs {
        workers.spawn(work(Arc::clone(&desk)));
    }
    while let Some(worker) = workers.join_next().await {
        worker.map_err(io::Error::other)??;
    }
    Ok(targets.iter().filter_map(|target| desk.order.store.done(target)).collect())
}

fn is_worth_retrying(class: Class) -> bool {
    !matches!(class, Class::Judged | Class::Refused)
}

/// What the workers share.
struct Desk {
    state: Mutex<State>,
    changed: Notify,
    order: Order,
    told: Told,
}

struct State {
    /// Each with the number of its next try.
    waiting: VecDeque<(Target, u32)>,
    working: usize,
    /// How many are being judged of each host.
    hosts: BTreeMap<String, usize>,
    progress: Progress,
}

impl Desk {
    /// The next server whose host has room; `None` once nothing is left that could come back.
    async fn next(&self) -> Option<(Target, u32)> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state.lock().await;
                if let Some(next) = state.take(self.order.per_host.max(1)) {
                    return Some(next);
                }
                if state.waiting.is_empty() && state.working == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    async fn hand_back(&self, target: &Target, again: Option<u32>) -> Progress {
        let mut state = self.state.lock().await;
        state.working -= 1;
        if let Some(host) = target.host()
            && let Some(count) = state.hosts.get_mut(&host)
        {
            *count -= 1;
        }
        match again {
            // Behind all others: what was down may be up by then.
            Some(next) => state.waiting.push_back((target.clone(), next)),
            None => state.progress.done += 1,
        }
        self.changed.notify_waiters();
        state.progress
    }
}

impl State {
    fn take(&mut self, per_host: usize) -> Option<(Target, u32)> {
        let has_room = |(target, _): &(Target, u32)| {
            let load = target.host().and_then(|host| self.hosts.get(&host).copied());
            load.unwrap_or_default() < per_host
        };
        let at = self.waiting.iter().position(has_room)?;
        let next = self.waiting.remove(at)?;
        if let Some(host) = next.0.host() {
            *self.hosts.entry(host).or_default() += 1;
        }
        self.working += 1;
        Some(next)
    }
}

async fn work(desk: Arc<Desk>) -> io::Result<()> {
    while let Some((target, attempt)) = desk.next().await {
        let judged = judge(&desk.order, &target, attempt).await;
        let (outcome, workplace) = match judged {
            Ok(judged) => judged,
            Err(error) => {
                desk.hand_back(&target, None).await;
                return Err(error);
            }
        };
        if attempt < outcome.class.tries() {
            desk.hand_back(&target, Some(attempt + 1)).await;
            continue;
        }
        let kept = desk.order.store.keep(&workplace, &outcome);
        let progress = desk.hand_back(&target, None).await;
        kept?;
        (desk.told)(progress, &outcome);
    }
    Ok(())
}

/// Judges one server in a process of its own.
async fn judge(order: &Order, target: &Target, tries: u32) -> io::Result<(Outcome, PathBuf)> {
    let workplace = order.store.workplace(target)?;
    let reports = workplace.join("reports");
    let exit = certify(order, target, &workplace, &reports).await?;
    if reports.exists() {
        // Every report can be rendered from the bundle.
        std::fs::remove_dir_all(&reports)?;
    }
    let class = Class::of(exit.0);
    let bundle = match std::fs::File::open(workplace.join("bundle.json")) {
        Ok(bundle) => Some(Digest::of_reader(bundle)?),
        Err(_) => None,
    };
    let said = if bundle.is_some() { String::new() } else { exit.1 };
    let target = target.clone();
    Ok((Outcome { target, class, exit_code: exit.0, tries, bundle, said }, workplace))
}

async fn certify(
    order: &Order,
    target: &Target,
    workplace: &Path,
    reports: &Path,
) -> io::Result<(Option<i32>, String)> {
    let text = |path: &Path| path.display().to_string();
    let mut args = vec!["certify".to_owned(), "--quiet".to_owned()];
    args.extend(["--out".to_owned(), text(reports)]);
    args.extend(["--bundle".to_owned(), text(&workplace.join("bundle.json"))]);
    args.extend(order.arguments.iter().cloned());
    // What lies in this folder is about none of the list, and may hold a secret of another's.
    if !target.options.iter().any(|option| option.starts_with("--config")) {
        args.extend(["--config".to_owned(), "-".to_owned()]);
    }
    args.extend(target.arguments());
    let launch = Launch { program: text(&order.plumb), args, ..Launch::default() };
    let process = Process::spawn(&launch, &Limits::default()).map_err(io::Error::other)?;
    let exit = process.wait_exit(LONGEST).await;
    let said = process.stderr_tail().lossy().into_owned();
    let from = said.char_indices().rev().nth(SAID).map_or(0, |(at, _)| at);
    Ok((exit.and_then(|exit| exit.code), said[from..].to_owned()))
}
