//! Processes that have left the group that they were started in, as daemons do with setsid(2): known by a variable of their
//! environment, which children inherit. Only Linux shows it (`/proc/<pid>/environ`); elsewhere none is found.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memchr::memmem;
use plumb_model::Payload;
use tokio::time::{Instant, sleep};

use super::group::Group;
use super::{KILL, LOOK, Signal};

/// The variable that tells of which launch a process is.
pub(super) const VARIABLE: &str = "PLUMB_LAUNCH";

/// What tells the processes of one launch, or of all of a Plumb, from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    /// What the marks of every launch of this process begin with.
    pub(super) fn ours() -> Self {
        static OURS: OnceLock<String> = OnceLock::new();
        let ours = OURS.get_or_init(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("{}-{:x}-", std::process::id(), now.as_nanos())
        });
        Self(ours.clone())
    }

    /// The mark of the next launch.
    pub(super) fn next() -> Self {
        static LAUNCHES: AtomicU64 = AtomicU64::new(0);
        let number = LAUNCHES.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}{number}.", Self::ours().0))
    }

    /// What a process says without the number of its launch, which is ours, and no two processes have in common: whoever shows
    /// its environment would say something else in each.
    pub(crate) fn alike(said: Payload) -> Payload {
        let ours = Self::ours().0;
        let finder = memmem::Finder::new(ours.as_bytes());
        if finder.find(said.bytes()).is_none() {
            return said;
        }
        let mut bytes = said.bytes().to_vec();
        let ends: Vec<usize> =
            finder.find_iter(&said.bytes()[..]).map(|at| at + ours.len()).collect();
        for end in ends {
            let number = bytes[end..].iter_mut().take_while(|b| b.is_ascii_digit());
            number.for_each(|digit| *digit = b'0');
        }
        Payload::from(bytes)
    }

    pub(super) fn told(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The processes of it that are alive, each as if it were a group of its own.
    pub(super) fn found(&self) -> Vec<i32> {
        let marked = format!("{VARIABLE}={}", self.0).into_bytes();
        let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
        let ids = processes.flatten().filter_map(|p| p.file_name().to_str()?.parse::<i32>().ok());
        // Those of others cannot be read, and have not our variables; the dead have none.
        ids.filter(|id| {
            std::fs::read(format!("/proc/{id}/environ")).is_ok_and(|variables| {
                variables.split(|b| *b == 0).any(|variable| variable.starts_with(&marked))
            })
        })
        .collect()
    }

    /// Asks what is left of it to end, and kills what does not.
    pub(super) async fn end(&self, grace: Duration) {
        for (signal, patience) in [(Signal::Terminate, grace), (Signal::Kill, KILL)] {
            let until = Instant::now() + patience;
            let mut left = self.found();
            Group::signal_each(&left, signal);
            while !left.is_empty() && Instant::now() < until {
                sleep(LOOK).await;
                left = self.found();
            }
            if left.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_the_environment_says_the_same_in_each_process() {
        let shown = |mark: &Mark| {
            Payload::from(format!("{{{VARIABLE}: {}, {}}}", mark.text(), mark.text()))
        };
        let said = [Mark::next(), Mark::next()].map(|mark| Mark::alike(shown(&mark)));
        assert_eq!(said[0], said[1]);
        let other = Payload::from("12-34-5.".to_owned());
        assert_eq!(Mark::alike(other.clone()), other);
    }
}
