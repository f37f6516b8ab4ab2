//! Runs that end before their end, and runs that meet.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PLUMB);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn plumb(folder: &Path, args: &[&str]) -> (i32, String) {
    said(&command(folder, args).output().expect("the binary runs"))
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// A run that goes on until it is ended: the reference, over standard streams, whose every answer takes a while.
fn long_run(folder: &Path) -> Child {
    let options = r#"{"answer_delay":{"secs":0,"nanos":100000000}}"#;
    let args =
        ["run", "--out", "out", "--", PLUMB, "serve", "reference", "--stdio", "--options", options];
    command(folder, &args).spawn().expect("the binary runs")
}

/// Waits until the run is announced.
fn until_recorded(folder: &Path) {
    let path = folder.join("out/run.part");
    let start = Instant::now();
    while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < 1 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is recorded");
        std::thread::yield_now();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn two_runs_do_not_write_into_one_folder_and_a_killed_one_leaves_no_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = long_run(folder.path());
    until_recorded(folder.path());
    let second = ["run", "--out", "out", "--only", "base.response.same-id"];
    let (code, text) = plumb(folder.path(), &second);
    assert_eq!(code, 7, "{text}");
    assert!(text.contains("another run writes into out") && text.contains("--out"), "{text}");
    signal(&first, "-KILL");
    first.wait().expect("it ends");
    let (code, text) = plumb(folder.path(), &second);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn an_interrupted_run_leaves_whole_reports_that_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = long_run(folder.path());
    until_recorded(folder.path());
    signal(&run, "-INT");
    let (code, text) = said(&run.wait_with_output().expect("it ends"));
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("the run was interrupted") && text.contains("no verdict"), "{text}");
    for file in ["report.html", "report.json", "junit.xml"] {
        let report =
            std::fs::read_to_string(folder.path().join("out").join(file)).expect("written");
        assert!(report.contains("the run was interrupted"), "{file}");
    }
}

/// The lines that are written into a named pipe at this path, as they come.
fn lines_of_pipe(path: &Path) -> mpsc::Receiver<String> {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    // Open for both, it has no end between two writers.
    let pipe = std::fs::File::options().read(true).write(true).open(path).expect("a pipe");
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.map(|line| sender.send(line)).take_while(Result::is_ok).count()
    });
    lines
}

#[test]
fn an_interrupted_run_against_a_client_judges_what_was_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    // The reference client in one scenario; whoever else is started waits.
    let slowly = "mkdir first 2>/dev/null || { echo waits > told; exec sleep 60; }; exec \"$0\" reference-client \"$1\"";
    let args = ["client", "--steps", "--timeout", "60", "--out", "out", "--", "sh", "-c", slowly];
    let waits = lines_of_pipe(&folder.path().join("told"));
    let run = command(folder.path(), &[&args[..], &[PLUMB]].concat()).spawn();
    let run = run.expect("the binary runs");
    // Three are played at once: who waits in the place of the first comes when that was taken in.
    for _ in 0..3 {
        waits.recv_timeout(Duration::from_secs(60)).expect("a scenario is played");
    }
    signal(&run, "-INT");
    let (code, text) = said(&run.wait_with_output().expect("it ends"));
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("scenarios were not played"), "{text}");
    let report = std::fs::read_to_string(folder.path().join("out/report.json")).expect("written");
    assert!(report.contains("interrupted before all scenarios") && report.contains("\"held\""));
}

#[test]
fn a_recording_cut_anywhere_renders_as_interrupted() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = ["run", "--only", "base.response.*"];
    assert_eq!(plumb(folder.path(), &run).0, 0);
    let path = folder.path().join("reports/run.jsonl");
    let bytes = std::fs::read(&path).expect("written");
    let begun = bytes.iter().position(|b| *b == b'\n').expect("a line") + 1;
    for part in [2, 3, 7] {
        let cut = begun + (bytes.len() - begun) / part;
        std::fs::write(&path, &bytes[..cut]).expect("writes");
        let (code, text) =
            plumb(folder.path(), &["report", "reports/run.jsonl", "--html", "x.html"]);
        assert_eq!(code, 5, "{text}");
        assert!(text.contains("the run was interrupted"), "{text}");
        assert!(folder.path().join("x.html").is_file());
    }
    std::fs::write(&path, &bytes[..10]).expect("writes");
    let (code, text) = plumb(folder.path(), &["report", "reports/run.jsonl"]);
    assert_eq!(code, 2, "{text}");
}

#[test]
fn an_interrupt_while_a_server_starts_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let never = "touch started; sleep 60 # {port}";
    let args = ["load", "--timeout", "60", "--", "sh", "-c", never];
    let child = command(folder.path(), &args).spawn().expect("the binary runs");
    let start = Instant::now();
    while !folder.path().join("started").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is started");
        std::thread::yield_now();
    }
    signal(&child, "-TERM");
    let (code, text) = said(&child.wait_with_output().expect("it ends"));
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("interrupted before anything was asked"), "{text}");
}

#[test]
fn an_interrupt_while_somebody_signs_in_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/mcp", silent.local_addr().expect("a port"));
    let child = command(folder.path(), &["run", "--login", &url]).spawn().expect("the binary runs");
    let _asked = silent.accept().expect("somebody asks");
    signal(&child, "-INT");
    let (code, text) = said(&child.wait_with_output().expect("it ends"));
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("interrupted before anybody had signed in"), "{text}");
}
