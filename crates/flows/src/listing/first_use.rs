//! Telling whether a list changes behind the first requests that a process gets, and never again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use plumb_runner::{Bench, Finding, Instance, Judgement, Trouble};

use super::harmless::{by_itself, expected, harmless};
use super::rest::{read, restless};
use super::{ALL, Connection, List, difference};

/// A process that was just started gets so long before its list is read the second time.
const SETTLING: Duration = Duration::from_millis(300);

/// A list that changes behind first requests must do so in so many processes.
const PROCESSES: usize = 2;

/// What became of a list in a process.
enum Course {
    Same,
    Restless,
    Changed { before: BTreeSet<String>, after: BTreeSet<String>, took: Duration },
}

/// Whether the list of a new process changes behind its first requests, of those that change nothing by their own account:
/// in one process after the other, and not in one that is asked for nothing.
pub(super) async fn unchanged_by_first_use(bench: &Bench, list: List) -> Judgement {
    let steady = bench.shared("first use", || steady(bench)).await?;
    if steady.contains(&list.method) {
        return Ok(Finding::Held);
    }
    let mut seen = None;
    for _ in 0..PROCESSES {
        let own = bench.fresh_instance().await?;
        let course = course(bench, list, &own).await;
        own.leave().await;
        match course? {
            Course::Same => return Ok(Finding::Held),
            Course::Restless => return Ok(by_itself(list)),
            Course::Changed { before, after, took } => seen = Some((before, after, took)),
        }
    }
    let Some((before, after, took)) = seen else { return Ok(Finding::Held) };
    if changes_when_idle(bench, list, took).await? {
        return Ok(by_itself(list));
    }
    let actual =
        format!("behind the first requests of each process: {}", difference(&before, &after));
    Ok(Finding::violated(expected(list), actual))
}

/// The lists of a new process that its first requests do not change.
async fn steady(bench: &Bench) -> Result<Vec<&'static str>, Trouble> {
    let own = bench.fresh_instance().await?;
    let way = Connection::Own(&own);
    let mut before = Vec::new();
    for list in ALL.into_iter().filter(|l| bench.survey().declares(l.capability)) {
        // What cannot be read is looked at by the check of that list.
        if let Ok(items) = read(bench, &way, list).await {
            before.push((list, items));
        }
    }
    for probe in harmless(bench) {
        way.send(bench, probe).await?;
    }
    let mut steady = Vec::new();
    for (list, before) in before {
        if read(bench, &way, list).await? == before {
            steady.push(list.method);
        }
    }
    own.leave().await;
    Ok(steady)
}

async fn course(bench: &Bench, list: List, own: &Instance<'_>) -> Result<Course, Trouble> {
    let way = Connection::Own(own);
    let first = read(bench, &way, list).await?;
    bench.pause(SETTLING).await;
    let since = Instant::now();
    let before = read(bench, &way, list).await?;
    if first != before {
        return Ok(Course::Restless);
    }
    for probe in harmless(bench) {
        way.send(bench, probe).await?;
    }
    let after = read(bench, &way, list).await?;
    if after == before {
        return Ok(Course::Same);
    }
    let took = since.elapsed();
    if restless(bench, list, &way, since).await? {
        return Ok(Course::Restless);
    }
    Ok(Course::Changed { before, after, took })
}

/// Whether a new process changes its list while it is left alone for longer than the requests took.
async fn changes_when_idle(bench: &Bench, list: List, took: Duration) -> Result<bool, Trouble> {
    let own = bench.fresh_instance().await?;
    let idle = async {
        let way = Connection::Own(&own);
        let before = read(bench, &way, list).await?;
        bench.pause(SETTLING + took * 2).await;
        Ok::<_, Trouble>(read(bench, &way, list).await? != before)
    };
    let changes = idle.await;
    own.leave().await;
    changes
}
