//! What a user meets on the command line: exit codes, errors that name the cause, files that are left.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn plumb(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    plumb_in(folder.path(), args)
}

fn plumb_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn said(output: &Output) -> (i32, String) {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code().unwrap_or(-1), text)
}

/// A server that answers every connection with the same bytes.
fn answering(bytes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 65_536];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(bytes.as_bytes());
        }
    });
    url
}

#[test]
fn a_run_without_a_target_judges_the_reference_and_leaves_four_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = plumb_in(folder.path(), &["run", "--only", "base.*"]);
    assert_eq!(said(&output).0, 0, "{}", said(&output).1);
    for file in ["run.jsonl", "report.json", "report.html", "junit.xml"] {
        assert!(folder.path().join("reports").join(file).is_file(), "no {file}");
    }
}

#[test]
fn a_recording_renders_to_the_same_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = plumb_in(folder.path(), &["run", "--only", "base.*", "--html", "live.html"]);
    assert_eq!(run.status.code(), Some(0));
    let again = plumb_in(folder.path(), &["report", "reports/run.jsonl", "--html", "again.html"]);
    assert_eq!(said(&again).0, 0, "{}", said(&again).1);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("live.html"), read("again.html"));
}

#[test]
fn a_run_that_does_not_begin_leaves_one_error_for_ci_and_the_recording_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = plumb_in(folder.path(), &["run", "--only", "base.response.*"]);
    assert_eq!(run.status.code(), Some(0));
    let ignored = std::fs::read_to_string(folder.path().join("reports/.gitignore"));
    assert_eq!(ignored.expect("written"), "*\n");
    let before = std::fs::read(folder.path().join("reports/run.jsonl")).expect("recorded");
    for (args, code) in [
        (&["run", "http://127.0.0.1:1/mcp"][..], 4),
        (&["run", "--known", "missing.toml"], 2),
        (&["run", "--only", "no.such"], 3),
    ] {
        assert_eq!(said(&plumb_in(folder.path(), args)).0, code);
        let junit = std::fs::read_to_string(folder.path().join("reports/junit.xml"));
        let junit = junit.expect("written");
        assert!(junit.contains("errors=\"1\"") && junit.contains("not started"), "{junit}");
        let after = std::fs::read(folder.path().join("reports/run.jsonl")).expect("kept");
        assert!(before == after, "{args:?}");
        assert!(!folder.path().join("reports/run.part").exists());
    }
}

#[test]
fn two_runs_are_compared_and_violations_become_a_known_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let only = ["--only", "base.response.*", "--quiet"];
    let right = [&["run", "--out", "right"], &only[..]].concat();
    let wrong = [&["run", "--out", "wrong", "--mutant", "echo_id_type"], &only[..]].concat();
    assert_eq!(plumb_in(folder.path(), &right).status.code(), Some(0));
    assert_eq!(plumb_in(folder.path(), &wrong).status.code(), Some(1));
    let (code, text) = said(&plumb_in(folder.path(), &["diff", "right", "wrong"]));
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("broke:") && text.contains("base.response.same-id: held → failure"));
    let (code, text) = said(&plumb_in(folder.path(), &["diff", "wrong", "right/run.jsonl"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("healed:") && text.contains("not conformant → conformant"), "{text}");
    let (_, known) = said(&plumb_in(folder.path(), &["known", "wrong"]));
    assert!(known.contains("\"base.response.same-id\" = \"\""), "{known}");
    let filled = known.replace("= \"\"", "= \"issue 12\"");
    std::fs::write(folder.path().join("known.toml"), filled).expect("writes");
    let accepted = [&wrong[..], &["--known", "known.toml"]].concat();
    let (code, text) = said(&plumb_in(folder.path(), &accepted));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("passes with") && !text.contains("conformant"), "{text}");
}

#[test]
fn a_dead_port_is_one_error_and_exit_4() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let (code, text) = said(&plumb(&["run", &format!("http://127.0.0.1:{port}/mcp")]));
    assert_eq!(code, 4);
    assert!(text.contains("was not reached") && text.contains("refused"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_page_of_html_is_one_error_and_exit_4() {
    let url = answering(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Hello.</h1>",
    );
    let (code, text) = said(&plumb(&["run", &url]));
    assert_eq!(code, 4);
    assert!(text.contains("not as an MCP server") && text.contains("text/html"), "{text}");
}

#[test]
fn a_command_is_judged_where_the_address_before_it_says_that_it_serves() {
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().to_str().expect("UTF-8");
    let plumb_itself = env!("CARGO_BIN_EXE_plumb");
    let server =
        [plumb_itself, "serve", "reference", "--break", "echo_id_type", "--port", "{port}"];
    let run = |url: &str, command: &[&str]| {
        let options = ["run", "--only", "base.response.same-id", "--out", folder, url, "--"];
        said(&plumb(&[&options[..], command].concat()))
    };
    let (code, text) = run("http://localhost:{port}/mcp", &server);
    assert_eq!(code, 1, "{text}");
    let report = std::fs::read_to_string(out.path().join("report.json")).expect("a report");
    assert!(report.contains("http://localhost:") && !report.contains("http://127.0.0.1:"));
    for (url, command, remedy) in [
        ("http://localhost:8080/mcp", &server[..], "write `{port}` into the address"),
        ("http://localhost:{port}/mcp", &server[..3], "write `{port}` into an argument"),
        ("http://example.com:{port}/mcp", &server[..], "no address of a command"),
    ] {
        let (code, text) = run(url, command);
        assert!(code == 2 && text.contains(remedy), "{code}: {text}");
    }
    let url = answering("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n");
    let (code, text) = said(&plumb(&["run", &url]));
    assert!(code == 4 && text.contains("http://localhost:{port}/mcp"), "{code}: {text}");
}

#[test]
fn a_server_that_dies_at_start_is_one_error_with_its_last_words() {
    let (code, text) = said(&plumb(&["run", "--", "sh", "-c", "echo no database >&2; exit 3"]));
    assert_eq!(code, 4);
    assert!(text.contains("exit code 3") && text.contains("no database"), "{text}");
    // Most runtimes take longer than that to find out.
    let late = "sleep 0.3; echo no database >&2; exit 3";
    for revision in ["2026-07-28", "2025-11-25"] {
        let (code, text) = said(&plumb(&["run", "--revision", revision, "--", "sh", "-c", late]));
        assert_eq!(code, 4);
        assert!(text.contains("exit code 3") && text.contains("no database"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn a_server_that_dies_when_it_is_audited_is_told_with_its_last_words() {
    for ending in ["", "sleep 0.3; ", "read line; exec 1>&-; sleep 0.2; "] {
        let script = format!("{ending}echo no database >&2; exit 3");
        let (code, text) = said(&plumb(&["migrate", "--", "sh", "-c", &script]));
        assert_eq!(code, 4, "{script}: {text}");
        assert!(text.contains("exit code 3") && text.contains("no database"), "{script}: {text}");
        assert_eq!(text.lines().count(), 1, "{script}: {text}");
    }
}

#[test]
fn a_dying_server_commands_neither_the_terminal_nor_the_keeper_of_its_log() {
    let script = "printf '::error::pwned\\n##[group]x\\n\\033[31mred\\n' >&2; exit 1";
    let (code, text) = said(&plumb(&["run", "--", "sh", "-c", script]));
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("pwned"), "its last words are told: {text}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    assert!(!text.contains("##[") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_legacy_server_is_one_violation_of_the_newest_revision_and_exit_1() {
    let handshake = r#"HTTP/1.1 200 OK
Content-Type: application/json
Connection: close

{"jsonrpc":"2.0","id":"legacy-initialize","result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"old","version":"1"}}}"#;
    let bare = r#"HTTP/1.1 400 Bad Request
Content-Type: application/json
Connection: close

{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}"#;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 65_536];
            let n = stream.read(&mut buffer).unwrap_or(0);
            let opening = String::from_utf8_lossy(&buffer[..n]).contains("\"initialize\"");
            let answer = if opening { handshake } else { bare };
            let _ = stream.write_all(answer.replace('\n', "\r\n").as_bytes());
        }
    });
    let (code, text) = said(&plumb(&["run", "--revision", "2026-07-28", &url]));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("2025-11-25") && text.contains("1 failure"), "{text}");
}

#[test]
fn wrong_arguments_are_named_with_a_remedy() {
    let cases: [(&[&str], &str); 7] = [
        (&["run", "ftp://x"], "a command goes after `--`"),
        (&["run", "--suite", "nonsense"], "core, quick, full"),
        (&["run", "--header", "nonsense"], "Name: value"),
        (&["run", "--mutant", "nonsense"], "serve reference --rules"),
        (&["run", "--known", "missing.toml"], "missing.toml could not be read"),
        (&["explain", "base.respons"], "base.response.same-id"),
        (&["vectors", "lint", "missing.json"], "missing.json could not be read"),
    ];
    for (args, wanted) in cases {
        let (code, text) = said(&plumb(args));
        assert_eq!(code, 2, "{args:?}: {text}");
        assert!(text.contains(wanted), "{args:?}: {text}");
    }
    let (code, text) = said(&plumb(&["run", "--only", "nonsense"]));
    assert_eq!(code, 3, "{text}");
}

#[test]
fn a_configuration_with_a_mistake_names_file_and_place() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plumb.toml"), "allow_calls = []\nprop = 1\n")
        .expect("writes");
    let (code, text) = said(&plumb_in(folder.path(), &["run"]));
    assert_eq!(code, 2);
    assert!(
        text.contains("plumb.toml") && text.contains("line 2") && text.contains("prop"),
        "{text}"
    );
}

#[test]
fn a_secret_of_the_command_line_reaches_no_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "s3cr3t-of-the-user";
    let header = format!("X-Key: {secret}");
    let args = ["run", "--only", "base.*", "--bearer", "t0ken-of-the-user", "--header", &header];
    let output = plumb_in(folder.path(), &args);
    let mut texts = vec![said(&output).1];
    for entry in std::fs::read_dir(folder.path().join("reports")).expect("reports") {
        texts.push(std::fs::read_to_string(entry.expect("a file").path()).expect("text"));
    }
    for text in texts {
        assert!(!text.contains(secret) && !text.contains("t0ken-of-the-user"));
    }
}

#[test]
fn a_known_violation_passes_and_a_stale_one_is_exit_6() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = "[known]\n'base.response.same-id' = 'issue 12'\n";
    std::fs::write(folder.path().join("known.toml"), known).expect("writes");
    let args = ["run", "--only", "base.response.same-id", "--known", "known.toml"];
    let (code, text) = said(&plumb_in(folder.path(), &args));
    assert_eq!(code, 6, "{text}");
    assert!(text.contains("base.response.same-id"), "{text}");
}

#[test]
fn what_is_inferred_warns_and_fails_if_strict_unless_its_position_is_disputed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run =
        ["run", "--only", "discover.lists-served-version", "--mutant", "served_versions_listed"];
    let (code, text) = said(&plumb_in(folder.path(), &run));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 warning") && text.contains("no-keyword"), "{text}");
    let strict = [&run[..], &["--strict"]].concat();
    assert_eq!(said(&plumb_in(folder.path(), &strict)).0, 1);
    let other_side = "[positions]\nno-keyword = 'only capitalised words bind'\n";
    std::fs::write(folder.path().join("plumb.toml"), other_side).expect("writes");
    let (code, text) = said(&plumb_in(folder.path(), &strict));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 disputed") && text.contains("only capitalised words bind"), "{text}");
}

#[test]
fn a_position_that_does_not_exist_is_named_with_its_line_and_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plumb.toml"), "[positions]\naffinity = 'x'\n")
        .expect("writes");
    let (code, text) = said(&plumb_in(folder.path(), &["run"]));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("plumb.toml:2") && text.contains("task-affinity"), "{text}");
}

#[test]
fn requirements_that_one_fact_breaks_are_one_failure() {
    let (code, text) = said(&plumb(&["run", "--only", "progress.*", "--mutant", "progress_stops"]));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 failure of 2 requirements"), "{text}");
    assert!(text.contains("also progress.stop (MUST)"), "{text}");
}

#[test]
fn explain_tells_force_position_and_what_is_judged_with_it() {
    let explained = |id: &str| said(&plumb(&["explain", id])).1;
    let tool = explained("tools.error.unknown-tool");
    assert!(
        tool.contains("inferred") && tool.contains("position error-codes-by-example"),
        "{tool}"
    );
    assert!(explained("progress.stop").contains("judges progress.only-in-progress"));
    assert!(explained("task-affinity").contains("tasks.durable-restart"));
}

#[test]
fn coverage_counts_by_revision_and_role_and_nothing_of_the_newest_is_open() {
    let (code, text) = said(&plumb(&["coverage"]));
    assert_eq!(code, 0, "{text}");
    let counts = |revision: &str, role: &str| -> Vec<String> {
        let line = text.lines().find(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(revision) && words.next() == Some(role)
        });
        let line = line.unwrap_or_else(|| panic!("no line of {revision} and {role}: {text}"));
        line.split_whitespace().skip(2).map(str::to_owned).collect()
    };
    for role in ["server", "client", "authorization-server"] {
        let newest = counts("2026-07-28", role);
        assert_eq!((newest.len(), newest[2].as_str()), (3, "0"), "{role}: {newest:?}");
    }
    for revision in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        assert_eq!(counts(revision, "server").len(), 3, "{revision}");
        assert_eq!(counts(revision, "client"), ["not", "judged"], "{revision}");
    }
    let (code, text) = said(&plumb(&["coverage", "--revision", "2025-11-25", "--role", "client"]));
    assert_eq!((code, text.contains("is not judged by 2025-11-25")), (0, true), "{text}");
    let (_, text) = said(&plumb(&["coverage", "--revision", "2025-06-18"]));
    assert!(!text.contains("2026-07-28") && text.contains("2025-06-18"), "{text}");
}

#[test]
fn init_writes_a_configuration_that_run_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, text) = said(&plumb_in(folder.path(), &["init"]));
    assert_eq!(code, 0, "{text}");
    assert_eq!(said(&plumb_in(folder.path(), &["init"])).0, 2, "an existing file is left alone");
    let (code, text) = said(&plumb_in(folder.path(), &["run", "--only", "base.response.*"]));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn init_finds_what_a_server_of_an_earlier_revision_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["init", "--", env!("CARGO_BIN_EXE_plumb"), "serve", "handshake", "--stdio"];
    let (code, text) = said(&plumb_in(folder.path(), &args));
    assert_eq!(code, 0, "{text}");
    let written = std::fs::read_to_string(folder.path().join("plumb.toml")).expect("it is written");
    let found = "# [props.progress-tool]\n# name = \"test_tool_with_progress\"";
    assert!(written.contains(found), "{text}{written}");
}

#[test]
fn help_teaches_with_examples() {
    let (code, text) = said(&plumb(&["--help"]));
    assert_eq!(code, 0);
    assert!(text.contains("plumb run -- node server.js") && text.contains("Exit codes"), "{text}");
}
