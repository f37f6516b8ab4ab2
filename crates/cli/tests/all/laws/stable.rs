//! Law 8: the same target gives the same verdicts, idle or with every core busy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plumb_model::{Report, Verdict};
use plumb_reference::{Features, Options, Reference, Rules};

use super::judge;
use crate::judging;

/// A server that is soon judged.
fn small() -> Options {
    let tools = ["test_simple_text", "slow", "test_tool_with_progress", "strict_arguments"];
    let features = Features { completions: false, tasks: false, ..Features::default() };
    let only_tools = Some(tools.map(str::to_owned).to_vec());
    Options { features, only_tools, ..Options::default() }
}

/// Three runs of the tests; `just stable` makes more of them, of every kind.
#[tokio::test(flavor = "multi_thread")]
async fn three_runs_of_a_small_server_agree_idle_and_busy() {
    let mut runs = Vec::new();
    for busy in [false, false, true] {
        let spinning = busy.then(Spinning::start);
        runs.push(verdicts(&judge::in_process(Rules::SPEC, small(), &[]).await));
        drop(spinning);
    }
    let mut flipped = Vec::new();
    for (id, first) in &runs[0] {
        let others: Vec<&str> = runs[1..].iter().filter_map(|run| run.get(id)).copied().collect();
        // What could not be seen is nothing that anybody was blamed for.
        if others.iter().any(|other| other != first && *other != "inconclusive") {
            flipped.push(format!("{id}: {first}, {others:?}"));
        }
    }
    assert!(flipped.is_empty(), "{flipped:#?}");
}

/// A list that differs by connection is told from one that changes by itself, whichever connection came first.
#[tokio::test(flavor = "multi_thread")]
async fn what_differs_by_connection_does_so_whoever_connected_before() {
    let check = "tools.list.no-connection-variance";
    let rules = Rules { tools_same_on_every_connection: false, ..Rules::SPEC };
    for before in 0..2 {
        let reference = Reference { rules, options: small() };
        let running = plumb_reference::spawn_http(reference).await.expect("starts");
        let address = running.url.trim_start_matches("http://").trim_end_matches("/mcp");
        let _others: Vec<_> =
            (0..before).map(|_| std::net::TcpStream::connect(address).expect("connects")).collect();
        let report = judge::report(judge::options(judging::at(&running.url), &[check])).await;
        let verdict = judge::verdict(&report, check);
        assert!(matches!(verdict, Some(Verdict::Violated { .. })), "{before} before: {verdict:?}");
    }
}

/// A server whose process ends whenever a line says `"jsonrpc":"1.0"`, whatever else it is asked.
#[cfg(unix)]
fn brittle() -> plumb_runner::Target {
    let script = format!(
        r#"while IFS= read -r line; do case $line in *'"jsonrpc":"1.0"'*) exit 3;; esac; printf '%s\n' "$line"; done \
           | exec '{}' serve reference --stdio"#,
        judge::binary()
    );
    in_a_shell(script)
}

/// What a shell runs.
#[cfg(unix)]
fn in_a_shell(script: String) -> plumb_runner::Target {
    plumb_runner::Target::Stdio(plumb_wire::process::Launch {
        program: "sh".into(),
        args: vec!["-c".into(), script],
        ..plumb_wire::process::Launch::default()
    })
}

/// A death is seen late, by whatever is sent next: that is not to blame for it.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn a_server_that_dies_of_some_lines_is_blamed_for_those_alone() {
    for busy in [false, true] {
        let spinning = busy.then(Spinning::start);
        let report = judge::report(judge::options(brittle(), &["base.jsonrpc.*"])).await;
        drop(spinning);
        let cases = report.checks.iter().flat_map(|check| &check.cases);
        let blamed: Vec<&str> = cases
            .filter(|case| matches!(case.verdict, Verdict::Violated { .. }))
            .map(|case| case.case.as_str())
            .collect();
        assert!(!blamed.is_empty(), "it dies");
        assert!(blamed.iter().all(|case| case.starts_with("version-old@")), "{blamed:?}");
    }
}

/// A server whose answers to lines whose request cannot be told come behind those to what was sent after them.
#[cfg(unix)]
fn tardy() -> plumb_runner::Target {
    let script = format!(
        r#"'{}' serve reference --stdio | while IFS= read -r line; do case $line in \
           *'"id":null'*) {{ sleep 0.06; printf '%s\n' "$line"; }} & ;; *) printf '%s\n' "$line";; esac; done"#,
        judge::binary()
    );
    in_a_shell(script)
}

/// Over standard streams such an answer is owed to nobody, so nothing tells when it no longer comes.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn answers_without_an_id_are_waited_for_where_they_come() {
    for busy in [false, true] {
        let spinning = busy.then(Spinning::start);
        let only = ["base.jsonrpc.invalid-request", "base.jsonrpc.no-batch"];
        let seen = verdicts(&judge::report(judge::options(tardy(), &only)).await);
        drop(spinning);
        assert!(seen.len() == only.len() && seen.values().all(|v| *v == "held"), "{seen:?}");
    }
}

fn verdicts(report: &Report) -> BTreeMap<String, &'static str> {
    let kind = |verdict: &Verdict| match verdict {
        Verdict::Held => "held",
        Verdict::Violated { .. } => "violated",
        Verdict::Unverified { .. } => "unverified",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::NotApplicable { .. } => "not applicable",
    };
    report.checks.iter().map(|check| (check.info.id.clone(), kind(&check.verdict))).collect()
}

/// Keeps every core busy until it is dropped.
struct Spinning(Arc<AtomicBool>);

impl Spinning {
    fn start() -> Self {
        let on = Arc::new(AtomicBool::new(true));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..cores {
            let on = Arc::clone(&on);
            std::thread::spawn(move || {
                while on.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(on)
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
