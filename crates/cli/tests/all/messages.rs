//! What goes wrong with the world around a run is told in a sentence with a remedy, and ends with a code of the table.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PLUMB);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn plumb(args: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    said(&command(folder.path(), args).output().expect("the binary runs"))
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// A server that answers every request with the same bytes.
fn answering(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    answering_each(move |_| bytes.clone())
}

/// A server that answers a request with these bytes.
fn answering_each(bytes: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 65_536];
            let read = stream.read(&mut asked).unwrap_or_default();
            let _ = stream.write_all(&bytes(&String::from_utf8_lossy(&asked[..read])));
        }
    });
    url
}

fn http(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{fields}\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_target_that_turns_requests_away_is_told_with_a_remedy() {
    let cases = [
        (http("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", b""), "--bearer"),
        (
            http("307 Temporary Redirect", "Location: https://b.example/mcp\r\n", b""),
            "https://b.example/mcp",
        ),
        (http("403 Forbidden", "", b"no"), "-H"),
        (http("403 Forbidden", "", b"only as localhost"), "HTTP 403, \"only as localhost\": "),
        (http("404 Not Found", "", b"no"), "path"),
    ];
    for (answer, remedy) in cases {
        let (code, text) = plumb(&["run", &answering(answer)]);
        assert_eq!(code, 4, "{text}");
        assert!(text.contains("does not take requests: HTTP") && text.contains(remedy), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let (_, text) = plumb(&["run", "--bearer", "t0ken-t0ken", &answering(http("401 No", "", b""))]);
    assert!(text.contains("the credential is not accepted"), "{text}");
}

#[test]
fn a_server_of_the_transport_before_streamable_http_is_told_so() {
    let stream = "Content-Type: text/event-stream\r\n";
    let opened = http("200 OK", stream, b"event: endpoint\ndata: /messages?session=1\n\n");
    let url = answering_each(move |asked| {
        if asked.starts_with("GET ") { opened.clone() } else { http("404 Not Found", "", b"no") }
    });
    let (code, text) = plumb(&["run", &url]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("HTTP 404, \"no\": GET is answered by HTTP+SSE"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn an_answer_that_nobody_can_read_is_told_in_one_sentence_with_the_place() {
    let json = "Content-Type: application/json\r\n";
    let gzip = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let cases: [(&str, &[u8], &str); 4] = [
        (gzip, b"\x1f\x8b\x08\x00\x00\x00", "`Content-Encoding: gzip`"),
        (json, b"\x1f\x8b\x08\x00\x00\x00", "compressed (gzip)"),
        (json, b"{\"a\":\"\xff\xfe\"}", "byte 7 of it (0xFF) is no UTF-8"),
        (json, br#"{"a":1e999}"#, "a number that no double holds stands at line 1 column"),
    ];
    for (fields, body, wanted) in cases {
        let (code, text) = plumb(&["run", &answering(http("200 OK", fields, body))]);
        assert_eq!(code, 4, "{text}");
        assert!(text.contains(wanted), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn an_answer_of_the_wrong_length_is_told_by_its_framing() {
    let answer = |fields: &str, body: &str| {
        let json = "Content-Type: application/json\r\nConnection: close";
        format!("HTTP/1.1 200 OK\r\n{json}\r\n{fields}\r\n\r\n{body}").into_bytes()
    };
    let body = "{\"what\": \"anything but a message of the protocol\"}\r\n";
    let longer = format!("Content-Length: {}", body.len() + 4);
    for (fields, wanted) in [
        (longer.as_str(), "4 bytes before the end that `Content-Length` announces"),
        ("Content-Length: 30", "`Content-Length: 30` ends the body before its JSON ends"),
        ("Transfer-Encoding: chunked", "`Transfer-Encoding: chunked` announces chunks"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 36", "does not count"),
    ] {
        let (code, text) = plumb(&["run", &answering(answer(fields, body))]);
        assert_eq!(code, 4, "{fields}: {text}");
        assert!(text.contains(wanted), "{fields}: {text}");
    }
}

#[test]
fn metadata_that_are_too_large_are_not_held_against_an_authorization_server() {
    let mut large = br#"{"issuer":""#.to_vec();
    large.resize(9 << 20, b'a');
    let url = answering(http("200 OK", "Content-Type: application/json\r\n", &large));
    let (code, text) =
        plumb(&["run", "--authorization-server", &url, "--only", "auth.as.metadata"]);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("was not read to its end"), "{text}");
}

#[test]
fn an_address_without_a_scheme_is_told_with_one() {
    for (given, meant) in [
        ("localhost:3000/mcp", "http://localhost:3000/mcp"),
        ("127.0.0.1:3000/mcp", "http://127.0.0.1:3000/mcp"),
        ("example.com/mcp", "https://example.com/mcp"),
    ] {
        let (code, text) = plumb(&["run", given]);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(&format!("`{meant}`")), "{text}");
    }
}

#[test]
fn numbers_out_of_range_are_usage_errors() {
    let cases = [
        ["--timeout", "0"],
        ["--timeout", "18446744073709551615"],
        ["--budget", "0"],
        ["--budget", "18446744073709551615"],
        ["--jobs", "0"],
        ["--jobs", "18446744073709551615"],
        ["--rate", "0"],
        ["--rate", "1e-300"],
        ["--rate", "NaN"],
        ["--replicas", "17"],
        ["--auth-port", "65536"],
        ["--proxy", "proxy.example"],
        ["--ca", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
    ];
    for args in cases {
        let (code, text) = plumb(&["run", args[0], args[1], "http://127.0.0.1:1/mcp"]);
        assert_eq!(code, 2, "{args:?}: {text}");
    }
}

#[test]
#[cfg(unix)]
fn what_is_no_text_is_no_fault() {
    use std::os::unix::ffi::OsStringExt as _;
    let odd = std::ffi::OsString::from_vec(b"correct-\xffhorse".to_vec());
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| command(folder.path(), args);
    let output = run(&["run", "--out"]).arg(&odd).output().expect("the binary runs");
    let (code, text) = said(&output);
    assert!(code == 2 && text.contains("argument 3 is no UTF-8"), "{code}: {text}");
    // Any shell may hand on a variable that is none.
    let dies = ["run", "--", "sh", "-c", "echo $ODD_TOKEN >&2"];
    let output = run(&dies).env("ODD_TOKEN", &odd).output().expect("the binary runs");
    let (code, text) = said(&output);
    assert!(code == 4 && text.contains("last words: [redacted ODD_TOKEN]"), "{code}: {text}");
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_grow_is_exit_7_and_its_name_does_not_act() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |limit: &str| {
        let script = format!("{limit}exec \"$@\"");
        let words = [PLUMB, "run", "--only", "discover.result-shape", "--out", "o\n::error::x"];
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).args(words).current_dir(folder.path());
        said(&shell.stdin(Stdio::null()).output().expect("a shell"))
    };
    let (code, text) = run("ulimit -f 20; ");
    assert!(code == 7 && text.contains("could not be written"), "{code}: {text}");
    assert!(!folder.path().join("o\n::error::x/report.html.part").exists());
    let (code, text) = run("");
    assert!(code == 0 && text.contains("reports: o\\n::error::x"), "{code}: {text}");
}

#[test]
fn a_closed_pipe_is_no_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [&["list"][..], &["completions", "bash"], &["coverage", "--open"]] {
        let mut child = command(folder.path(), args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(said(&output), (0, String::new()), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_exit_7_and_the_summary_is_told_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = ["run", "--only", "base.response.same-id"];
    for report in ["--html", "--json", "--junit", "--sarif", "--markdown"] {
        let args = [&run[..], &[report, "/dev/full"]].concat();
        let (code, text) = said(&command(folder.path(), &args).output().expect("runs"));
        assert_eq!(code, 7, "{report}: {text}");
        assert!(
            text.contains("conformant") && text.contains("/dev/full could not be written"),
            "{text}"
        );
    }
    let full = std::fs::File::options().write(true).open("/dev/full").expect("opens");
    let output = command(folder.path(), &["list"]).stdout(full).output().expect("runs");
    assert_eq!(said(&output).0, 7, "{}", said(&output).1);
}

#[test]
fn whether_a_report_can_be_written_is_tried_before_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "kept").expect("writes");
    for (option, path) in [("--html", "."), ("--sarif", "file/x.sarif"), ("--out", "file")] {
        // Nobody listens there: a run would end with exit code 4.
        let args = ["run", option, path, "http://127.0.0.1:1/mcp"];
        let (code, text) = said(&command(folder.path(), &args).output().expect("runs"));
        assert_eq!(code, 7, "{option}: {text}");
    }
    let args = ["run", "--html", "file", "http://127.0.0.1:1/mcp"];
    assert_eq!(said(&command(folder.path(), &args).output().expect("runs")).0, 4);
    let kept = std::fs::read_to_string(folder.path().join("file")).expect("reads");
    assert_eq!(kept, "kept", "a run that reaches nobody leaves what was there");
}

#[test]
fn a_forgotten_dash_a_prefix_without_a_star_and_a_mistyped_placeholder_are_told() {
    let (code, text) = plumb(&["run", "--strict", "node", "server.js"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("plumb run --strict -- node server.js"), "{text}");
    let (code, text) = plumb(&["run", "--only", "base.response"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("do you mean `base.response.*`"), "{text}");
    let (_, text) = plumb(&["run", "--", "false", "--port", "{prot}"]);
    assert!(text.contains("do you mean `{port}`?"), "{text}");
    let (code, text) = plumb(&["list", "--color", "always", "base.response.*"]);
    assert!(code == 0 && text.contains("base.response.same-id"), "{text}");
}

#[test]
fn a_file_holds_what_a_command_line_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[run]\nonly = ['base.response.same-id', 'base.response.once']\n\
                [profile.ci]\nmarkdown = 'summary.md'\nquiet = true\n";
    std::fs::write(folder.path().join("plumb.toml"), text).expect("writes");
    let run = |args: &[&str]| said(&command(folder.path(), args).output().expect("runs"));
    let (code, text) = run(&["run", "--profile", "ci"]);
    assert!(code == 0 && text.contains("2 checks"), "{text}");
    assert!(folder.path().join("summary.md").is_file() && !text.contains("reports:"), "{text}");
    let (code, text) = run(&["run", "--profile", "no"]);
    assert!(code == 2 && text.contains("no profile `no`, but ci"), "{text}");
    std::fs::write(folder.path().join("plumb.toml"), "[run]\nsweet = 'core'\n").expect("writes");
    let (code, text) = run(&["run"]);
    assert!(code == 2 && text.contains("sweet"), "{text}");
}

#[test]
fn ids_that_do_not_exist_are_named_with_the_nearest() {
    let (code, text) =
        plumb(&["run", "--only", "base.response.same-id", "--only", "base.respones.once"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("`base.respones.once`: do you mean base.response.once?"), "{text}");
    let (code, text) = plumb(&["list", "nonsense.*"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("`nonsense.*`: see `plumb list`"), "{text}");
}

const PACK: &str = include_str!("../../../../vectors/pagination/pack.json");

#[test]
fn what_is_ignored_of_a_folder_of_packs_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["run", "--only", "base.response.same-id", "--vectors", "packs"];
    std::fs::create_dir(folder.path().join("packs")).expect("a folder");
    let (code, text) = said(&command(folder.path(), &args).output().expect("runs"));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("packs holds no pack.json"), "{text}");
    for name in ["packs/pack.json", "packs/other.json"] {
        std::fs::write(folder.path().join(name), PACK).expect("writes");
    }
    let (_, text) = said(&command(folder.path(), &args).output().expect("runs"));
    assert!(text.contains("packs/other.json is ignored"), "{text}");
}

#[test]
fn a_line_break_at_the_end_of_a_header_is_left_out_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["run", "--only", "base.response.same-id", "-H", "X-Key: abcd-1234\n"];
    let (code, text) = said(&command(folder.path(), &args).output().expect("runs"));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("--header X-Key: the line break at the end"), "{text}");
    for (field, wanted) in
        [("X Key: v", "its name"), ("X-Key: a\nb", "U+000A"), (": v", "its name")]
    {
        let (code, text) = plumb(&["run", "-H", field]);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(wanted), "{text}");
    }
}
