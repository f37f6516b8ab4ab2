//! Whether verdicts change with the load of the machine: each server is judged alone, then all of them at once, and every
//! verdict of the one is held against the other. Verdicts that became a violation make the exit code 1.
//!
//! `crowd PLUMB [COUNT]`: the binary, and how many servers; the embedded reference, right or with one rule broken each, in
//! turn over HTTP and over standard streams.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use plumb_reference::MUTANTS;
use serde_json::Value;

/// So many servers, unless told.
const SERVERS: usize = 20;

/// A run on a crowded machine takes so many seconds at most.
const BUDGET: &str = "900";

/// A server to be judged.
struct Server {
    name: String,
    command: Vec<String>,
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let plumb = arguments.next().context("usage: crowd PLUMB [COUNT]")?;
    let count = arguments.next().map_or(Ok(SERVERS), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let servers = servers(&plumb, count);

    let mut alone = Vec::new();
    for server in &servers {
        let out = folder.path().join("alone").join(&server.name);
        alone.push(verdicts(started(&plumb, server, &out)?, server, &out)?);
    }
    let begun = Instant::now();
    let runs: Vec<(Child, PathBuf)> = servers
        .iter()
        .map(|server| {
            let out = folder.path().join("crowd").join(&server.name);
            Ok((started(&plumb, server, &out)?, out))
        })
        .collect::<anyhow::Result<_>>()?;
    let of = |((run, out), server): ((Child, PathBuf), &Server)| verdicts(run, server, &out);
    let crowd: Vec<_> = runs.into_iter().zip(&servers).map(of).collect::<anyhow::Result<_>>()?;
    println!("{count} runs at once took {:.0} s", begun.elapsed().as_secs_f64());

    let (mut changed, mut blamed) = (0, 0);
    for ((server, alone), crowd) in servers.iter().zip(&alone).zip(&crowd) {
        for (id, before) in alone {
            let now = crowd.get(id).map_or("absent", String::as_str);
            if now != before {
                println!("{} {id}: {before} alone, {now} in the crowd", server.name);
                changed += 1;
                blamed += usize::from(now == "violated");
            }
        }
    }
    let verdicts: usize = alone.iter().map(BTreeMap::len).sum();
    println!("{changed} of {verdicts} verdicts differ, {blamed} of them are violations");
    Ok(if blamed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The reference, right first, then with rules broken that lie as far apart as can be.
fn servers(plumb: &str, count: usize) -> Vec<Server> {
    let apart = (MUTANTS.len() / count.max(1)).max(1);
    let broken = MUTANTS.iter().step_by(apart).map(|mutant| Some(mutant.name));
    let rules = [None, None].into_iter().chain(broken).take(count);
    let server = |(at, rule): (usize, Option<&str>)| {
        let over: &[&str] = if at % 2 == 0 { &["--port", "{port}"] } else { &["--stdio"] };
        let broken = rule.iter().flat_map(|rule| ["--break", rule]);
        let command = [plumb, "serve", "reference"].into_iter().chain(broken);
        Server {
            name: format!("{at:02}-{}", rule.unwrap_or("right")),
            command: command.chain(over.iter().copied()).map(str::to_owned).collect(),
        }
    };
    rules.enumerate().map(server).collect()
}

fn started(plumb: &str, server: &Server, out: &Path) -> anyhow::Result<Child> {
    let mut command = Command::new(plumb);
    command.args(["run", "--quiet", "--allow-calls", "all", "--budget", BUDGET, "--out"]).arg(out);
    command.arg("--").args(&server.command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("{plumb} does not start"))
}

/// What a run came to, once it has ended: each check and its verdict. What did not run has none, and is told.
fn verdicts(run: Child, server: &Server, out: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let ended = run.wait_with_output()?;
    let Ok(text) = std::fs::read(out.join("report.json")) else {
        let said = String::from_utf8_lossy(&ended.stderr);
        println!("{} did not run ({}): {}", server.name, ended.status, said.trim());
        return Ok(BTreeMap::new());
    };
    let report: Value = serde_json::from_slice(&text)?;
    let checks = report["checks"].as_array().context("a report has checks")?;
    let said = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    Ok(checks.iter().map(|check| (said(&check["id"]), said(&check["verdict"]))).collect())
}
