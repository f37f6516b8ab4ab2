//! What a run takes, whatever a target does: time, memory, room for reports; and there is always a report.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use plumb_reference::{Burden, Options, Reference, Riddle, Rules, SseMode};
use plumb_wire::Clock;
use plumb_wire::http::{Server, ServerOptions};
use plumb_wire::script::Step;
use serde_json::Value;
use tokio::process::Command;

/// `--budget`, seconds, and what a run may take beside it: a loaded machine starts, renders and stops slowly.
const BUDGET: u64 = 6;
const BESIDE: Duration = Duration::from_secs(6);

/// What Plumb itself may hold as data, MiB, reserved and not yet used included.
const MEMORY: u64 = 256;

/// What all files of a run may take, bytes.
const ROOM: u64 = 160 << 20;

/// What a right server may burden a run with.
const BURDENS: [Burden; 14] = [
    Burden::GrowingPages,
    Burden::LargePages,
    Burden::SlowPages,
    Burden::LongCursors,
    Burden::Tools(100_000),
    Burden::Zeros,
    Burden::Values,
    Burden::Comments,
    Burden::EmptyEvents,
    Burden::EndlessTasks,
    Burden::Riddle(Riddle::Doubling),
    Burden::Riddle(Riddle::Thousandfold),
    Burden::Riddle(Riddle::Enumeration),
    Burden::Riddle(Riddle::Properties),
];

/// The one that nothing can be asked of: the run ends without a report, and says why.
const UNREADABLE: Burden = Burden::Values;

#[tokio::test(flavor = "multi_thread")]
async fn no_target_makes_a_run_take_more_than_it_may() {
    let mut wrong = Vec::new();
    for burden in BURDENS {
        let streams = matches!(burden, Burden::Comments | Burden::EmptyEvents);
        let sse = if streams { SseMode::Always } else { SseMode::default() };
        let options = Options { burden: Some(burden), sse, ..Options::default() };
        let reference = Reference { rules: Rules::SPEC, options };
        let server = plumb_reference::spawn_http(reference).await.expect("a free port");
        let took = run(&server.url).await;
        drop(server);
        wrong.extend(took.wrong(&format!("{burden:?}"), burden == UNREADABLE));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_makes_a_run_take_no_more_than_it_may() {
    let silent = |_| async { Step::Hold };
    let server = Server::start(silent, ServerOptions::default(), Clock::start()).await;
    let server = server.expect("a free port");
    let wrong = run(&format!("http://{}/mcp", server.address())).await.wrong("silence", true);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a run took.
struct Took {
    wall: Duration,
    room: u64,
    code: Option<i32>,
    reported: bool,
    violated: Vec<String>,
    said: String,
}

impl Took {
    /// What is out of bounds. Nobody is blamed: a server is right, or none at all.
    fn wrong(&self, target: &str, unreadable: bool) -> Vec<String> {
        let codes: &[i32] = if unreadable { &[4] } else { &[0, 5] };
        let facts = [
            (self.wall > Duration::from_secs(BUDGET) + BESIDE, format!("took {:?}", self.wall)),
            (self.room > ROOM, format!("wrote {} bytes", self.room)),
            (
                !self.code.is_some_and(|c| codes.contains(&c)),
                format!("ended with {:?}, violated: {:?}: {}", self.code, self.violated, self.said),
            ),
            (self.reported == unreadable, format!("reported: {}", self.reported)),
        ];
        let wrong = facts.into_iter().filter(|(wrong, _)| *wrong);
        wrong.map(|(_, what)| format!("{target}: {what}")).collect()
    }
}

/// Judges what stands at an address, in a process to which the kernel gives no more memory: what asks for more dies of it.
async fn run(url: &str) -> Took {
    let out = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let output = Command::new("sh")
        .args(["-c", "ulimit -d $1; shift; exec \"$@\"", "sh"])
        .arg((MEMORY << 10).to_string())
        .arg(env!("CARGO_BIN_EXE_plumb"))
        .args(["run", "--quiet", "--allow-calls", "all", "--budget", &BUDGET.to_string()])
        .arg("--out")
        .arg(out.path())
        .arg(url)
        .output()
        .await
        .expect("it starts");
    let wall = begun.elapsed();
    let files = std::fs::read_dir(out.path()).expect("the folder");
    Took {
        wall,
        room: files.filter_map(|f| Some(f.ok()?.metadata().ok()?.len())).sum(),
        code: output.status.code(),
        reported: out.path().join("report.html").exists(),
        violated: violated(&out.path().join("report.json")),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What a report calls violated, each check with what was seen.
fn violated(report: &Path) -> Vec<String> {
    let text = std::fs::read(report).unwrap_or_default();
    let report: Value = serde_json::from_slice(&text).unwrap_or_default();
    let checks = report["checks"].as_array().into_iter().flatten();
    let violated = checks.filter(|check| check["verdict"] == "violated");
    violated.map(|check| format!("{}: {}", check["id"], check["actual"])).collect()
}
