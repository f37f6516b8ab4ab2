//! Certificates and fleets, as people use them: what is refused, what is asked for, what two runs have in common, and what a
//! kill leaves.

use std::path::Path;
use std::process::{Command, Output};

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

fn plumb(folder: &Path, args: &[&str]) -> Output {
    Command::new(PLUMB).args(args).current_dir(folder).output().expect("the binary runs")
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[test]
fn a_certificate_takes_nothing_that_narrows_or_excuses() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = folder.path().join("known.toml");
    std::fs::write(&known, "[known]\n'base.response.same-id' = 'issue 12'\n").expect("written");
    for args in [
        ["--only", "base.response.same-id"],
        ["--known", "known.toml"],
        ["--suite", "quick"],
        ["--vectors", "."],
        ["--revision", "2025-11-25"],
    ] {
        let refused = plumb(folder.path(), &[&["certify"][..], &args].concat());
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {}", told(&refused));
        assert!(told(&refused).contains("excuses nothing"), "{}", told(&refused));
    }
    let config = folder.path().join("plumb.toml");
    std::fs::rename(known, &config).expect("renamed");
    assert_eq!(plumb(folder.path(), &["certify"]).status.code(), Some(2), "a list in plumb.toml");
    std::fs::write(&config, "[run]\nonly = ['tools.*']\n").expect("written");
    assert_eq!(plumb(folder.path(), &["certify"]).status.code(), Some(2), "a part in plumb.toml");
    std::fs::write(&config, "[target]\nurl = 'http://127.0.0.1:1/mcp'\n").expect("written");
    let elsewhere = plumb(folder.path(), &["certify"]);
    assert_eq!(elsewhere.status.code(), Some(4), "that of plumb.toml: {}", told(&elsewhere));
}

#[test]
fn an_entry_that_needs_answers_asks_for_them_and_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let entry = r#"{"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.example/a", "version": "1.0.0", "packages": [{"registryType": "npm", "identifier": "no-such", "version": "1.0.0",
        "transport": {"type": "stdio"}, "environmentVariables": [{"name": "KEY", "isRequired": true, "isSecret": true}]}]}"#;
    std::fs::write(folder.path().join("server.json"), entry).expect("written");
    let asked = plumb(folder.path(), &["certify", "server.json"]);
    assert_eq!(asked.status.code(), Some(8), "{}", told(&asked));
    assert!(told(&asked).contains("\"KEY\" = { env = \"KEY\" }"), "{}", told(&asked));
}

#[cfg(unix)]
#[test]
fn an_archive_of_other_bytes_than_its_entry_says_is_not_unpacked() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("asked");
        let _ = stream.read(&mut [0; 4096]);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil";
        stream.write_all(answer).expect("answered");
    });
    let entry = format!(
        r#"{{"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.example/a", "version": "1.0.0", "packages": [{{"registryType": "mcpb", "identifier": "http://127.0.0.1:{port}/a.mcpb",
        "fileSha256": "{}", "transport": {{"type": "stdio"}}}}]}}"#,
        "0".repeat(64)
    );
    std::fs::write(folder.path().join("server.json"), entry).expect("written");
    // An engine that is there; whatever it is told to do, it leaves a trace.
    let engine = folder.path().join("bwrap");
    std::fs::write(&engine, "#!/bin/sh\n: > ran\n").expect("written");
    std::fs::set_permissions(&engine, PermissionsExt::from_mode(0o755)).expect("executable");
    let refused = Command::new(PLUMB)
        .args(["certify", "--sandbox", "bwrap", "server.json"])
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .output()
        .expect("the binary runs");
    served.join().expect("served");
    assert_eq!(refused.status.code(), Some(4), "{}", told(&refused));
    assert!(told(&refused).contains("and its entry says 0000"), "{}", told(&refused));
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn two_certificates_of_one_server_differ_in_times_and_addresses_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let certified = |out: &str| {
        let server =
            ["--", PLUMB, "serve", "reference", "--port", "{port}", "--break", "ttl_integer"];
        let args = ["certify", "--quiet", "--out", out];
        let output = plumb(folder.path(), &[&args[..], &server].concat());
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let [bundle, s, r] =
            ["bundle.json", "s.json", "r.html"].map(|name| format!("{out}/{name}"));
        let verify = ["verify", "--quiet", "--statement", &s, "--html", &r, &bundle];
        let verified = plumb(folder.path(), &verify);
        assert_eq!(verified.status.code(), Some(1), "{}", told(&verified));
        assert!(told(&verified).contains("every digest is right"), "{}", told(&verified));
        assert!(folder.path().join(r).metadata().expect("a report").len() > 10_000);
        let statement = std::fs::read(folder.path().join(s)).expect("a statement");
        serde_json::from_slice::<serde_json::Value>(&statement).expect("JSON")
    };
    let (mut one, two) = std::thread::scope(|both| {
        let (one, two) = (both.spawn(|| certified("one")), both.spawn(|| certified("two")));
        (one.join().expect("no panic"), two.join().expect("no panic"))
    });
    assert_eq!(one["predicate"]["result"], "FAILED");
    assert!(one["predicate"]["failedTests"].as_array().is_some_and(|failed| !failed.is_empty()));
    one["predicate"]["occasion"] = two["predicate"]["occasion"].clone();
    let (first, second) = (one["predicate"].as_object(), two["predicate"].as_object());
    for (name, value) in first.expect("a predicate") {
        assert_eq!(Some(value), second.and_then(|second| second.get(name)), "{name}");
    }
    assert_eq!(one, two);
    let path = folder.path().join("one/bundle.json");
    let mut bytes = std::fs::read(&path).expect("a bundle");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let verified = plumb(folder.path(), &["verify", "one/bundle.json"]);
    assert_eq!(verified.status.code(), Some(1), "{}", told(&verified));
    assert!(told(&verified).contains("is not verified"), "{}", told(&verified));
}

/// A list of servers that never come up, each in no time.
fn targets(folder: &Path) {
    let line = |n: usize| {
        let area = ["Files", "Weather", ""][n % 3];
        format!(
            "{{\"name\":\"io.example/s{n}\",\"version\":\"1.{n}\",\"area\":\"{area}\",\"command\":[\"false\"]}}\n"
        )
    };
    std::fs::write(folder.join("targets.jsonl"), (0..9).map(line).collect::<String>())
        .expect("written");
}

#[test]
fn parts_of_a_fleet_and_a_fleet_that_was_killed_fold_to_the_matrix_of_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    targets(folder);
    let merged = |folders: &[&str], out: &str| {
        let output = plumb(folder, &[&["fleet", "merge", "--out", out], folders].concat());
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        std::fs::read(folder.join(out)).expect("a matrix")
    };
    let run = ["fleet", "run", "targets.jsonl", "--jobs", "2", "--out"];
    for part in 0..3_u32 {
        let (index, out) = (part.to_string(), format!("part-{part}"));
        let mut command = Command::new(PLUMB);
        command.args(run).args([&out, "--parts", "3"]).env("JOB_COMPLETION_INDEX", index);
        assert!(command.current_dir(folder).status().expect("the binary runs").success());
    }
    let mut killed =
        Command::new(PLUMB).args(run).arg("whole").current_dir(folder).spawn().expect("it starts");
    while !std::fs::read_dir(folder.join("whole")).is_ok_and(|mut results| results.next().is_some())
    {
        std::thread::yield_now();
    }
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");
    let whole = plumb(folder, &[&run[..], &["whole"]].concat());
    assert_eq!(whole.status.code(), Some(0), "{}", told(&whole));
    assert!(told(&whole).contains("9 servers: 9 never reached"), "{}", told(&whole));
    let parts = merged(&["part-0", "part-1", "part-2"], "parts.json");
    assert_eq!(
        String::from_utf8_lossy(&parts),
        String::from_utf8_lossy(&merged(&["whole"], "whole.json"))
    );
    let site = plumb(folder, &["fleet", "site", "whole.json", "--before", "parts.json"]);
    assert_eq!(site.status.code(), Some(0), "{}", told(&site));
    assert_eq!(std::fs::read_dir(folder.join("site/servers")).expect("pages").count(), 9);
}

#[test]
fn each_server_of_a_fleet_is_held_to_the_set_of_its_own_revision() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let few = r#"{"only_tools": ["test_simple_text"]}"#;
    let new = ["serve", "reference", "--port", "{port}", "--options", few];
    let old = ["serve", "handshake", "--port", "{port}"];
    let bad = [&new[..], &["--break", "header_failure_status_400"]].concat();
    let line = |(name, command): (&str, &[&str])| {
        let command = [&[PLUMB], command].concat();
        format!("{}\n", serde_json::json!({"name": name, "command": command}))
    };
    let servers = [("new", &new[..]), ("old", &old[..]), ("very bad", &bad[..])];
    let list: String = servers.into_iter().map(line).collect();
    std::fs::write(folder.join("targets.jsonl"), list).expect("written");
    for args in [["fleet", "run", "targets.jsonl"], ["fleet", "merge", "fleet"]] {
        let output = plumb(folder, &args);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
    let matrix = std::fs::read(folder.join("matrix.json")).expect("a matrix");
    let matrix: serde_json::Value = serde_json::from_slice(&matrix).expect("JSON");
    assert_eq!(matrix["sets"], serde_json::json!(["2026-07-28/1", "2025-11-25/1"]));
    let judgement = |row: usize, of: &str| matrix["servers"][row]["judgement"][of].clone();
    assert_eq!(judgement(0, "set"), "2026-07-28/1");
    assert_eq!(judgement(1, "set"), "2025-11-25/1");
    for row in 0..2 {
        let violated = judgement(row, "violated");
        assert_eq!(violated, serde_json::json!([]), "{violated}");
    }
    let ids: Vec<&str> = matrix["requirements"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|r| r["id"].as_str())
        .collect();
    assert!(
        ids.contains(&"lifecycle.initialize.result")
            && ids.contains(&"discover.lists-served-version")
    );
    let site = plumb(folder, &["fleet", "site", "matrix.json", "--results", "fleet"]);
    assert_eq!(site.status.code(), Some(0), "{}", told(&site));
    let files = |name: &str| -> Vec<String> {
        let files = std::fs::read_dir(folder.join(name)).expect("a folder").flatten();
        files.map(|file| file.path().display().to_string()).collect()
    };
    assert_eq!(files("site/bundles").len(), 3);
    let of_bad = |all: Vec<String>| all.into_iter().find(|path| path.contains("very-bad"));
    let page = of_bad(files("site/servers")).expect("a page");
    let page = std::fs::read_to_string(page).expect("text");
    assert!(page.contains("came: HTTP 200, error -32020") && page.contains("Fix: "), "{page}");
    assert!(page.contains("href=\"https://modelcontextprotocol.io/specification/"), "{page}");
    let bundle = of_bad(files("site/bundles")).expect("a bundle");
    let verified = plumb(folder, &["verify", &bundle]);
    assert!(told(&verified).contains("every digest is right"), "{}", told(&verified));
}

#[test]
fn a_manifest_names_the_parts_and_quotes_what_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["fleet", "plan", "--emit", "k8s", "--parts", "3", "--image", "a\"b@sha256:0"];
    let manifest = told(&plumb(folder.path(), &args));
    assert!(
        manifest.contains("completions: 3") && manifest.contains(r#"image: "a\"b@sha256:0""#),
        "{manifest}"
    );
}

#[test]
fn what_a_bundle_says_of_its_target_does_not_act() {
    use plumb_certificate::{About, Bundle, Confinement, Set};
    use plumb_model::{Edition, Report};

    let sample = include_str!("../../../../reports/sample/run.jsonl");
    let hostile = r"a\n::error::b\u001b[2J\u202e##[group]";
    let report = Report::from_jsonl(&sample.replace("everything 2.3.1", &format!("{hostile} 1")));
    let report = report.expect("a recording");
    assert!(report.run.target.server.as_ref().is_some_and(|name| name.contains("\n::error::b")));
    let edition = Edition::latest();
    let set = Set::latest_of(&edition.revision).expect("a set");
    let judgement = set.judge(&report, &edition);
    let about = About { entry: None, confinement: Confinement::None };
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = Bundle::seal(&report, judgement, about, None);
    std::fs::write(folder.path().join("bundle.json"), bundle).expect("written");
    let text = told(&plumb(folder.path(), &["verify", "bundle.json"]));
    assert!(text.contains("target: a\\n::error::b"), "{text}");
    let acts = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.lines().any(acts), "{text}");
}
