//! What a finding about a client names as its reproduction starts the server that the client met.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

/// The line of a report that tells how a finding is reproduced.
fn told(streams: bool) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut args = vec!["client", "--scenario", "tools_call#pages"];
    args.extend(streams.then_some("--stdio"));
    args.extend(["--", PLUMB, "reference-client", "--break", "keeps_cursors"]);
    args.extend(streams.then_some("--"));
    let output = Command::new(PLUMB).args(&args).current_dir(folder.path()).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let page = std::fs::read_to_string(folder.path().join("reports/report.html")).expect("HTML");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.split_once("plumb serve mock "));
    let line = format!("plumb serve mock {}", line.expect("a reproduction").1.trim());
    let escaped = line.replace('\'', "&#39;");
    assert!(page.contains(&line) || page.contains(&escaped), "{line} is not in the page");
    line
}

/// Starts what a line of a report says, and gives what it prints first: where a client goes.
fn started(line: &str) -> (Child, String) {
    let line = line.replacen("plumb", &format!("exec '{PLUMB}'"), 1);
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut place = String::new();
    let said = child.stderr.as_mut().expect("piped");
    let mut said = BufReader::with_capacity(1, said);
    said.read_line(&mut place).expect("a line");
    (child, place.trim().to_owned())
}

/// Ends it as a user does, and gives what it said meanwhile.
fn ended(mut child: Child) -> String {
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().expect("it is there");
    assert!(child.wait().expect("ours").success());
    let mut said = String::new();
    child.stderr.as_mut().expect("piped").read_to_string(&mut said).expect("text");
    said
}

fn meets(rule: Option<&str>, place: &[&str]) -> bool {
    let mut client = Command::new(PLUMB);
    client.arg("reference-client").args(rule.iter().flat_map(|rule| ["--break", rule]));
    client.args(place).env("MCP_CONFORMANCE_SCENARIO", "tools_call");
    client.stderr(Stdio::null()).status().expect("it runs").success()
}

#[test]
fn a_finding_over_http_is_seen_again_at_the_server_that_it_names() {
    let (server, url) = started(&told(false));
    assert!(meets(None, &[&url]), "the right client reads all pages");
    assert!(!meets(Some("keeps_cursors"), &[&url]), "the broken one is refused");
    let said = ended(server);
    assert!(said.contains("MCP_CONFORMANCE_SCENARIO=tools_call"), "{said}");
    assert!(said.contains("messages came"), "{said}");
}

#[test]
fn a_finding_over_standard_streams_is_seen_again_at_the_server_that_it_names() {
    let line = told(true);
    assert!(line.ends_with("--stdio"), "{line}");
    let (server, command) = started(&line);
    let command: Vec<&str> = ["--"].into_iter().chain(command.split(' ')).collect();
    assert!(meets(None, &command), "the right client reads all pages");
    assert!(!meets(Some("keeps_cursors"), &command), "the broken one is refused");
    ended(server);
}

#[test]
fn a_scenario_that_is_none_is_told() {
    let output = Command::new(PLUMB).args(["serve", "mock", "--scenario", "tools"]).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("tools_call#pages"), "{said}");
    let output = Command::new(PLUMB)
        .args(["serve", "mock", "--scenario", "tools_call#streams", "--stdio"])
        .output();
    assert_eq!(output.expect("it runs").status.code(), Some(2));
}
