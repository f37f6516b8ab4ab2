//! However a run ends, no process of the target is left.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What is left is ended within so long.
const SOON: Duration = Duration::from_secs(20);

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

/// A named pipe that the target and all that it starts hold open: its end tells that none of them is left.
struct Held {
    folder: tempfile::TempDir,
    lines: mpsc::Receiver<Option<String>>,
}

impl Held {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("held");
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let text = std::io::BufReader::new(std::fs::File::open(path).expect("opens"));
            for line in std::io::BufRead::lines(text).map_while(Result::ok) {
                let _ = say.send(Some(line));
            }
            let _ = say.send(None);
        });
        Self { folder, lines }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a run whose target is this shell script.
    fn run(&self, script: &str) -> Child {
        let script = format!("exec 9>held; echo up >&9; {script}");
        Command::new(PLUMB)
            .args(["run", "--quiet", "--only", "base.response.*", "--", "sh", "-c", &script])
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs")
    }

    fn up(&self) {
        assert_eq!(self.lines.recv_timeout(SOON).expect("it starts").as_deref(), Some("up"));
    }

    /// Waits until nobody holds the pipe any more; a target may start several processes, each of which says so.
    fn assert_gone(&self) {
        while let Some(line) = self.lines.recv_timeout(SOON).expect("nothing is left") {
            assert_eq!(line, "up");
        }
    }
}

/// A server that never answers, minds no polite signal and has a child in the background.
const STUBBORN: &str = "trap '' TERM INT; sleep 600 & : {port}; while :; do sleep 1; done";

fn killed_by(signal: &str) {
    let held = Held::new();
    let mut run = held.run(STUBBORN);
    held.up();
    let sent = Command::new("kill").args([signal, &run.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    run.wait().expect("it ends");
    held.assert_gone();
}

#[test]
fn an_interrupt_leaves_nothing() {
    killed_by("-INT");
}

#[test]
fn a_polite_end_leaves_nothing() {
    killed_by("-TERM");
}

#[test]
fn a_kill_of_plumb_itself_leaves_nothing() {
    killed_by("-KILL");
}

#[test]
fn a_whole_run_leaves_nothing() {
    let held = Held::new();
    let mut run = held.run(&format!("sleep 600 & exec {PLUMB} serve reference --stdio"));
    held.up();
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    held.assert_gone();
}

/// What this starts has left its process group, minds no polite signal, and has no parent left.
#[cfg(target_os = "linux")]
const DAEMON: &str = "(setsid sh -c 'trap : TERM INT; while :; do sleep 600; done' &); ";

#[test]
#[cfg(target_os = "linux")]
fn what_has_left_its_group_is_ended_with_the_run() {
    let held = Held::new();
    let mut run = held.run(&format!("{DAEMON} exec {PLUMB} serve reference --stdio"));
    held.up();
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    held.assert_gone();
}

#[test]
#[cfg(target_os = "linux")]
fn what_has_left_its_group_is_ended_when_plumb_is_killed() {
    let held = Held::new();
    let mut run = held.run(&format!("{DAEMON} {STUBBORN}"));
    held.up();
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    held.assert_gone();
}
