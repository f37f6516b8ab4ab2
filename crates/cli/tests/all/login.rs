//! `plumb run --login`: a person signs in at the authorization server that a target trusts, and the target is judged with what that
//! gave. A real one, in a real browser, is `interop/login/run`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use plumb_oauth::server::{Client, MethodsListed};
use plumb_oauth::{AuthorizationServer, Bind, Profile};
use plumb_reference::{Protection, Reference};
use serde_json::Value;

/// Redirects that a browser follows.
const HOPS: usize = 5;

/// The secret of clients that have one; others leave it alone.
const SECRET: &str = "a-secret-of-the-client";

/// What a browser does with an address: it follows redirects, to wherever they lead.
fn browse(address: &str) -> String {
    let mut address = address.to_owned();
    for _ in 0..HOPS {
        let rest = address.strip_prefix("http://").expect("plain HTTP");
        let (host, path) = rest.split_once('/').expect("a path");
        let mut stream = TcpStream::connect(host).expect("somebody listens");
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("read");
        let location = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        };
        match answer.lines().find_map(location) {
            Some(next) => address = next,
            None => return answer,
        }
    }
    panic!("too many redirects, the last to {address}");
}

/// Runs with `--login` as whoever is told the address to open; what the run ends with, and its report.
fn run(url: &str, folder: &Path, more: &[&str]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumb"));
    command.args(["run", "--login", "--login-wait", "60", "--login-file", "tokens", "--quiet"]);
    command.args(["--revision", "2026-07-28", "--suite", "auth", "--out", "out", url]).args(more);
    command.env("PLUMB_CLIENT_SECRET", SECRET);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut told = String::new();
    for line in BufReader::new(child.stderr.take().expect("piped")).lines() {
        let line = line.expect("text");
        let asked = line.strip_prefix("to sign in").and_then(|rest| rest.split_once(", open "));
        if let Some((_, address)) = asked {
            assert!(browse(address).contains("Signed in."), "{address}");
        }
        told.push_str(&line);
        told.push('\n');
    }
    let code = child.wait().expect("ends").code().unwrap_or(-1);
    let report = std::fs::read_to_string(folder.join("out/report.json"));
    let report = report.unwrap_or_else(|e| panic!("{e}: {told}"));
    (code, serde_json::from_str(&report).expect("a report"))
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["id"] == id);
    check.and_then(|check| check["verdict"].as_str()).unwrap_or("not judged")
}

/// A protected server, and the authorization server that it trusts.
async fn protected() -> (plumb_oauth::Running, plumb_reference::Running) {
    protected_by(AuthorizationServer::of(Profile::SPEC)).await
}

async fn protected_by(
    issuer: AuthorizationServer,
) -> (plumb_oauth::Running, plumb_reference::Running) {
    let issuer = issuer.serve(Bind::http()).await.expect("a port");
    let mut reference = Reference::default();
    reference.options.protection = Some(Protection {
        issuer: issuer.issuer().to_owned(),
        jwks: issuer.jwks_uri(),
        resource: String::new(),
        upstream: None,
    });
    let server = plumb_reference::spawn_http(reference).await.expect("a port");
    (issuer, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_as_the_metadata_say() {
    for methods_listed in [MethodsListed::All, MethodsListed::FormOnly] {
        let client = Client::confidential("known", SECRET, ["http://127.0.0.1:1/callback"]);
        let profile = Profile { methods_listed, ..Profile::SPEC };
        let (_issuer, server) = protected_by(AuthorizationServer::of(profile).client(client)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (url, path) = (server.url.clone(), folder.path().to_owned());
        let more = ["--login-client", "known", "--only", "auth.rs.invalid-401"];
        let ran = tokio::task::spawn_blocking(move || run(&url, &path, &more)).await.expect("runs");
        assert_eq!(
            (ran.0, verdict(&ran.1, "auth.rs.invalid-401")),
            (0, "held"),
            "{methods_listed:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_and_fewer_scopes_are_judged_by_real_tokens() {
    let (_issuer, server) = protected().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, path) = (server.url.clone(), folder.path().to_owned());
    let more = [
        "--suite",
        "full",
        "--only",
        "auth.*,tools.sec.*,resources.sec.*,tasks.sec.*,elicit.state.*,elicit.user.*,completion.sec.*,caching.*,base.meta.client-info-not-security",
        "--login-as",
        "alice,robert",
        "--auth-scope",
        "mcp:read",
        "--auth-scope",
        "mcp:write",
    ];
    let ran = tokio::task::spawn_blocking(move || run(&url, &path, &more)).await.expect("runs");
    let (code, report) = ran;
    let checks = report["checks"].as_array().expect("checks");
    let broken = |c: &&Value| {
        ["violated", "inconclusive"].contains(&c["verdict"].as_str().unwrap_or_default())
    };
    let broken: Vec<_> =
        checks.iter().filter(broken).map(|c| (&c["id"], &c["why"], &c["actual"])).collect();
    assert_eq!((code, broken), (0, Vec::new()));
    for id in [
        "tools.sec.access-control",
        "resources.sec.access-control",
        "tasks.sec.auth-binding",
        "elicit.state.user-from-credentials",
        "elicit.user.no-self-claim",
        "auth.rs.scope-403",
        "auth.rs.scope-error-code",
    ] {
        assert_eq!(verdict(&report, id), "held", "{id}");
    }
    for file in ["tokens", "tokens.robert"] {
        let kept = std::fs::read_to_string(folder.path().join(file)).expect("kept");
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        for name in ["access_token", "refresh_token"] {
            let secret = kept[name].as_str().expect("a token");
            let (_, signature) = secret.rsplit_once('.').unwrap_or(("", secret));
            for file in ["report.json", "report.html", "junit.xml", "run.jsonl"] {
                let text = std::fs::read_to_string(folder.path().join("out").join(file));
                assert!(!text.expect("written").contains(signature), "{name} in {file}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_judges_with_what_the_authorization_server_gave() {
    let (_issuer, server) = protected().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, path) = (server.url.clone(), folder.path().to_owned());
    let (code, report) =
        tokio::task::spawn_blocking(move || run(&url, &path, &[])).await.expect("runs");
    let checks = report["checks"].as_array().expect("checks");
    let broken = |c: &&Value| {
        ["violated", "inconclusive"].contains(&c["verdict"].as_str().unwrap_or_default())
    };
    let broken: Vec<_> =
        checks.iter().filter(broken).map(|c| (&c["id"], &c["why"], &c["actual"])).collect();
    assert_eq!((code, broken), (0, Vec::new()));
    for id in [
        "auth.rs.validate",
        "auth.rs.status-401",
        "auth.rs.query-token-refused",
        "auth.rs.reject-signature",
        "auth.rs.reject-garbage",
    ] {
        assert_eq!(verdict(&report, id), "held", "{id}");
    }
    // Nobody mints these for a person.
    for id in ["auth.rs.reject-expired", "auth.rs.reject-issuer"] {
        assert_eq!(verdict(&report, id), "unverified", "{id}");
    }
    let tokens = std::fs::read_to_string(folder.path().join("tokens")).expect("kept");
    let tokens: Value = serde_json::from_str(&tokens).expect("JSON");
    let secret = tokens["access_token"].as_str().expect("a token");
    for file in ["report.json", "report.html", "junit.xml", "run.jsonl"] {
        let text = std::fs::read_to_string(folder.path().join("out").join(file)).expect("written");
        assert!(!text.contains(secret), "{file}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let about = std::fs::metadata(folder.path().join("tokens")).expect("there");
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
}
