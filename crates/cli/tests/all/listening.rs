//! A client that nobody starts from a command line is led by a page to servers that wait for it, and judged.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

/// A run that waits for a client, and its page.
struct Waiting {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    page: String,
    folder: tempfile::TempDir,
}

impl Waiting {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(PLUMB)
            .args(["client", "--listen", "127.0.0.1:0"])
            .args(args)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        let page = line.split(' ').next().unwrap_or_default().to_owned();
        assert!(page.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, said, page, folder }
    }

    /// The servers by the labels of their scenarios.
    fn servers(&self) -> BTreeMap<String, Value> {
        let all: Value = serde_json::from_str(&self.get("servers.json")).expect("JSON");
        let all = all["mcpServers"].as_object().expect("an object");
        let named = |(name, of): (&String, &Value)| {
            (name.trim_start_matches("plumb ").to_owned(), of.clone())
        };
        all.iter().map(named).collect()
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET /{path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.host()))
    }

    /// Says that the client does no more at one of them.
    fn leave(&self, at: usize) -> String {
        let body = format!("at={at}");
        self.ask(&format!(
            "POST /leave HTTP/1.0\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host(),
            body.len()
        ))
    }

    fn host(&self) -> &str {
        self.page.trim_start_matches("http://").trim_end_matches('/')
    }

    /// The body of what is answered, or its head if it has none.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.host()).expect("it listens");
        stream.write_all(request.as_bytes()).expect("taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        if body.is_empty() { head.to_owned() } else { body.to_owned() }
    }

    /// Waits until the run ends, and gives its code and what it said.
    fn ended(mut self) -> (Option<i32>, String, tempfile::TempDir) {
        let mut out = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
        self.said.read_to_string(&mut out).expect("text");
        (self.child.wait().expect("ours").code(), out, self.folder)
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("it runs").success());
    }
}

/// Our client at a server, as if somebody led it.
fn leads(label: &str, server: &Value, broken: Option<&str>) {
    let mut client = Command::new(PLUMB);
    client.arg("reference-client").args(broken.iter().flat_map(|rule| ["--break", rule]));
    client.env("MCP_CONFORMANCE_SCENARIO", label.split('#').next().unwrap_or(label));
    if let Some(url) = server["url"].as_str() {
        client.arg(url);
    } else {
        let args = server["args"].as_array().expect("a command");
        let args = args.iter().map(|arg| arg.as_str().expect("words"));
        client.args(["--", server["command"].as_str().expect("a command")]).args(args);
    }
    client.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it runs");
}

fn report(folder: &Path) -> Value {
    let report = std::fs::read(folder.join("reports/report.json")).expect("written");
    serde_json::from_slice(&report).expect("JSON")
}

fn verdict(report: &Value, id: &str) -> String {
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["id"] == id).expect("it is judged");
    check["verdict"].to_string()
}

#[test]
fn a_right_client_is_ticked_off_and_holds_what_it_showed() {
    let labels =
        ["tools_call", "tools_call#pages", "tools_call#asked-again", "auth/metadata-default"];
    let args: Vec<&str> = labels.iter().flat_map(|label| ["--scenario", label]).collect();
    let waiting = Waiting::start(&args);
    let before = waiting.get("");
    assert!(before.contains("0</b> of 4") && !before.contains("✓"), "{before}");
    let servers = waiting.servers();
    assert!(servers.values().all(|server| before.contains(server["url"].as_str().expect("one"))));
    for label in labels {
        leads(label, &servers[label], None);
    }
    let (code, said, folder) = waiting.ended();
    assert_eq!(code, Some(0), "{said}");
    let report = report(folder.path());
    assert_eq!(report["target"]["role"], "client");
    for id in ["http.client.accept", "pagination.client-opaque", "client.pkce.s256"] {
        assert!(verdict(&report, id).contains("held"), "{id}: {}", verdict(&report, id));
    }
    for file in ["run.jsonl", "report.html", "junit.xml"] {
        assert!(folder.path().join("reports").join(file).is_file(), "no {file}");
    }
}

#[test]
fn a_broken_client_is_judged_when_somebody_interrupts() {
    let args = ["--scenario", "tools_call#pages", "--scenario", "tools_call#streams"];
    let waiting = Waiting::start(&args);
    let servers = waiting.servers();
    leads("tools_call#pages", &servers["tools_call#pages"], Some("keeps_cursors"));
    let page = waiting.get("");
    assert!(page.contains("✓ seen") && page.contains("0</b> of 2"), "{page}");
    waiting.interrupt();
    let (code, said, folder) = waiting.ended();
    assert_eq!(code, Some(1), "{said}");
    let report = report(folder.path());
    assert!(verdict(&report, "pagination.client-opaque").contains("violated"), "{report}");
    // What was left out keeps things unverified, and nothing more.
    assert!(verdict(&report, "http.client.both-content-types").contains("unverified"));
    assert!(said.contains("the client came to 1 of 2 addresses"), "{said}");
    assert!(said.contains("plumb serve mock --scenario 'tools_call#pages'"), "{said}");
}

#[test]
fn a_client_that_does_no_more_is_judged_by_what_it_left() {
    let waiting = Waiting::start(&[
        "--stdio",
        "--scenario",
        "tools_call",
        "--scenario",
        "tools_call#asked-again",
    ]);
    let servers = waiting.servers();
    leads("tools_call", &servers["tools_call"], None);
    // It does not send the call again, and so never comes to its end.
    leads("tools_call#asked-again", &servers["tools_call#asked-again"], Some("sends_state"));
    assert!(waiting.leave(1).contains("303"), "led back to the page");
    let (code, said, folder) = waiting.ended();
    assert_eq!(code, Some(1), "{said}");
    let verdict = verdict(&report(folder.path()), "mrtr.client-echo-state");
    assert!(verdict.contains("violated"), "{verdict}");
}

#[test]
fn nobody_else_is_answered_and_nobody_is_led_where_the_clock_decides() {
    let waiting = Waiting::start(&["--scenario", "tools_call"]);
    let foreign = waiting.ask("GET / HTTP/1.0\r\nHost: plumb.example\r\n\r\n");
    assert!(foreign.starts_with("HTTP/1.0 403"), "{foreign}");
    let host = waiting.host().to_owned();
    let other = waiting.ask(&format!(
        "POST /leave HTTP/1.0\r\nHost: {host}\r\nOrigin: http://plumb.example\r\nContent-Length: 4\r\n\r\nat=0"
    ));
    assert!(other.starts_with("HTTP/1.0 403"), "{other}");
    let taken = Command::new(PLUMB).args(["client", "--listen", &host]).output().expect("it runs");
    assert_eq!(taken.status.code(), Some(4), "{}", String::from_utf8_lossy(&taken.stderr));
    waiting.interrupt();
    let (code, said, _) = waiting.ended();
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("nobody came to any of the addresses"), "{said}");
    for args in [["--scenario", "plumb-steps#caching"], ["--listen", "0.0.0.0:9000"]] {
        let args = ["client", "--listen", "127.0.0.1:0"].iter().chain(&args);
        let refused = Command::new(PLUMB).args(args).output().expect("it runs");
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[test]
fn a_run_that_nobody_ends_ends_with_its_budget() {
    let waiting = Waiting::start(&[
        "--budget",
        "2",
        "--scenario",
        "tools_call",
        "--scenario",
        "tools_call#pages",
    ]);
    let servers = waiting.servers();
    leads("tools_call", &servers["tools_call"], None);
    let (code, said, _) = waiting.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the client came to 1 of 2 addresses"), "{said}");
}
