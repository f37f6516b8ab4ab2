//! Where the events of tasks are kept: in memory, or in a directory that replicas share and that outlives the process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use serde_json::Value;
use tokio::sync::watch;

use super::record::Record;
use super::slips::Slips;
use crate::lock::lock;
use crate::message::RpcError;
use crate::shelf::Shelf;

/// The tasks of a server; replicas may share one.
pub(crate) struct Store {
    place: Place,
    changes: watch::Sender<()>,
    /// What only a broken server keeps.
    pub(super) slips: Slips,
    pub(super) serial: AtomicU64,
}

enum Place {
    Memory(Mutex<Shelf<Vec<Value>>>),
    /// A file for each task, an event on each line.
    Directory(PathBuf),
}

impl Store {
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        let place = directory.map_or_else(
            || Place::Memory(Mutex::default()),
            |path| Place::Directory(path.to_owned()),
        );
        Self {
            place,
            changes: watch::Sender::new(()),
            slips: Slips::default(),
            serial: AtomicU64::new(0),
        }
    }

    /// Writes an event down; it is there for good when this returns.
    pub(super) fn append(&self, id: &str, event: &Value) -> Result<(), RpcError> {
        match &self.place {
            Place::Memory(kept) => lock(kept).entry(id).push(event.clone()),
            Place::Directory(path) => write(path, id, event)
                .map_err(|error| RpcError::internal(format!("the task cannot be kept: {error}")))?,
        }
        self.changes.send_replace(());
        Ok(())
    }

    pub(super) fn read(&self, id: &str) -> Option<Record> {
        match &self.place {
            Place::Memory(kept) => Record::fold(id, lock(kept).get(id)?),
            Place::Directory(path) => {
                let text = fs::read_to_string(file(path, id)?).ok()?;
                // A line that was cut off when the process died was never acknowledged.
                let events: Vec<Value> =
                    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
                Record::fold(id, &events)
            }
        }
    }

    /// Tells of every event that this process writes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Whether others may write events, too.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Directory(_))
    }
}

fn write(path: &Path, id: &str, event: &Value) -> std::io::Result<()> {
    fs::create_dir_all(path)?;
    let file = file(path, id).ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    // The line break comes first, so that a line which was cut off spoils no other.
    file.write_all(format!("\n{event}").as_bytes())?;
    file.sync_data()
}

/// The file of a task, for ids that could be ours.
fn file(path: &Path, id: &str) -> Option<PathBuf> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (plain && !id.is_empty() && id.len() <= 64).then(|| path.join(format!("{id}.jsonl")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Store;
    use crate::seal::random_name;

    #[test]
    fn a_task_in_a_directory_outlives_its_process_and_is_the_same_for_a_replica() {
        let path = std::env::temp_dir().join(format!("plumb-tasks-{}", random_name()));
        let (one, other) = (Store::new(Some(&path)), Store::new(Some(&path)));
        let kept = one.append(
            "a-1",
            &json!({ "event": "created", "at": 1, "tool": "quick_job", "arguments": {} }),
        );
        assert!(kept.is_ok());
        assert!(other.append("a-1", &json!({ "event": "cancelled", "at": 2 })).is_ok());
        drop(one);
        let later = Store::new(Some(&path)).read("a-1");
        assert_eq!(later.and_then(|task| task.cancelled), Some(2));
        assert!(other.read("../a-1").is_none());
        assert!(std::fs::remove_dir_all(&path).is_ok());
    }
}
