//! What a run takes, and what it leaves.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::sleep;

/// How often a process is asked what it holds.
const LOOK: Duration = Duration::from_millis(20);
/// A run that has not ended so long after its budget is killed.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a run has started is gone so soon after its end.
const SOON: Duration = Duration::from_secs(2);
/// A variable of the environment that all processes of a run inherit: it names the folder of its reports.
const MARK: &str = "PLUMB_HOSTILE";

/// What a run took, and what came of it.
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    /// The most memory that its process has held, in bytes.
    pub(crate) memory: u64,
    /// The largest of its files, in bytes.
    pub(crate) largest: u64,
    /// None if it was killed.
    pub(crate) code: Option<i32>,
    /// Whether there is a report; of a run that did not begin, one error for CI.
    pub(crate) reported: bool,
    /// What was held against the target.
    pub(crate) blamed: Vec<String>,
    /// Processes that it has left behind.
    pub(crate) left: usize,
}

/// Judges a target.
pub(crate) async fn run(
    plumb: &str,
    budget: u64,
    out: &Path,
    target: &[String],
) -> anyhow::Result<Taken> {
    let mark = out.to_str().context("the folder's name is no text")?;
    let mut command = Command::new(plumb);
    command.args(["run", "--quiet", "--budget", &budget.to_string(), "--out"]).arg(out);
    command.args(target).env(MARK, mark).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().with_context(|| format!("{plumb} does not start"))?;
    let id = child.id().context("it has ended before it was looked at")?;
    let mut memory = 0;
    let status = loop {
        memory = peak(id).unwrap_or(memory).max(memory);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(budget) + PATIENCE {
            child.start_kill()?;
        }
        sleep(LOOK).await;
    };
    let wall = begun.elapsed();
    let code = status.code();
    let files: &[&str] = match code {
        Some(4) => &["junit.xml"],
        _ => &["run.jsonl", "report.json", "report.html", "junit.xml"],
    };
    let size = |file: &str| fs::metadata(out.join(file)).map_or(0, |meta| meta.len());
    Ok(Taken {
        wall,
        memory,
        largest: files.iter().map(|file| size(file)).max().unwrap_or_default(),
        code,
        reported: files.iter().all(|file| size(file) > 0),
        blamed: blamed(out)?,
        left: left(mark).await?,
    })
}

/// The most memory that a process has held, in bytes.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// What a report holds against the target; nothing where there is no report.
fn blamed(out: &Path) -> anyhow::Result<Vec<String>> {
    let Ok(text) = fs::read(out.join("report.json")) else { return Ok(Vec::new()) };
    let report: Value = serde_json::from_slice(&text)?;
    let checks = report["checks"].as_array().context("a report has checks")?;
    let violated = checks.iter().filter(|check| check["verdict"] == "violated");
    Ok(violated.map(|check| check["id"].as_str().unwrap_or_default().to_owned()).collect())
}

/// How many processes of a run are there still, once they had time to end.
async fn left(mark: &str) -> anyhow::Result<usize> {
    let mark = format!("{MARK}={mark}");
    let begun = Instant::now();
    loop {
        let marked = |entry: &fs::DirEntry| {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        };
        let left = fs::read_dir("/proc")?.filter_map(Result::ok).filter(marked).count();
        if left == 0 || begun.elapsed() > SOON {
            return Ok(left);
        }
        sleep(LOOK).await;
    }
}
