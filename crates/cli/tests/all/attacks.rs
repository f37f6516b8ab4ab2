//! Nothing of a target's text acts: on a terminal, in a log, in any report, or in a shell.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quick_junit::Report;

use crate::echo;
use serde_json::Value;

const REPORTS: [&str; 8] =
    ["--sarif", "x.sarif", "--markdown", "x.md", "--junit", "x.xml", "--html", "x.html"];

/// A listener that counts who comes: a page that acts would.
struct Bait {
    address: String,
    caught: Arc<AtomicUsize>,
}

impl Bait {
    fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let caught = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&caught);
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { address, caught }
    }
}

/// Texts that attack whoever shows them.
fn attacks(bait: &str) -> Vec<String> {
    let act = format!("fetch('http://{bait}/script');document.title='owned'");
    vec![
        "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}evil\u{2066}\u{200b}\u{9b}31m".to_owned(),
        "\r\n::error::owned\n::set-output name=x::y\n##[error]owned\n##vso[task.setvariable variable=x]y\n##teamcity[x]".to_owned(),
        "::warning::owned ##[group]x ##vso[task]".to_owned(),
        format!("<script>{act}</script>"),
        format!("</script><script>{act}</script><!--"),
        format!("</style><style>@import url(http://{bait}/style);</style>"),
        format!("\"'><img src=http://{bait}/image onerror=\"{act}\"><svg onload=\"{act}\">"),
        format!("</textarea></title><meta http-equiv=refresh content=\"0;url=http://{bait}/meta\">"),
        format!("<iframe src=\"http://{bait}/frame\"></iframe><link rel=stylesheet href=http://{bait}/link>"),
        "]]> <!ENTITY x SYSTEM \"file:///etc/passwd\"> &x; </failure></testcase>".to_owned(),
        format!("![x](http://{bait}/markdown) [click](javascript:alert(1)) http://{bait}/bare www.{bait}.example @everyone | a | b |"),
        "`touch pwned` $(touch pwned) ' ; touch pwned ; ' \" ; touch pwned #".to_owned(),
        "'\\''$(touch pwned)`touch pwned`\n touch pwned\n".to_owned(),
        "{{ 7 * 7 }} {% raw %} ${7*7} %{owned} \\u0000".to_owned(),
    ]
}

/// Runs Plumb in a folder; gives how it ended, and all that it said.
fn plumb(folder: &Path, args: &[&str]) -> (ExitStatus, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plumb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8(said).expect("text"))
}

/// Everything that one run wrote about a server whose every string attacks.
struct Written {
    folder: tempfile::TempDir,
    said: String,
    bait: Bait,
}

fn written() -> Written {
    let bait = Bait::lay();
    let server = echo::Server::saying(attacks(&bait.address));
    let folder = tempfile::tempdir().expect("a folder");
    let url = server.url("");
    let mut args = vec!["run", url.as_str(), "--timeout", "2", "--budget", "20", "--verbose"];
    args.extend(REPORTS);
    args.extend([
        "--only",
        "base.*",
        "--only",
        "tools.*",
        "--only",
        "http.*",
        "--only",
        "discover.*",
    ]);
    let (status, said) = plumb(folder.path(), &args);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("owned") && server.heard() > 10, "what attacks is told");
    Written { folder, said, bait }
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect(name)
}

#[test]
fn nothing_of_a_target_acts_anywhere() {
    let Written { folder, said, bait } = written();
    let folder = folder.path();
    let html = read(folder, "x.html");
    for text in [&said, &read(folder, "x.md"), &read(folder, "x.xml"), &html] {
        let acts = |c: char| plumb_report::text::misleads(c) && c != '\n' && c != '\t';
        let around = text.find(acts).map(|at| text[at..].chars().take(40).collect::<String>());
        assert_eq!(around, None);
    }
    let commands = ["##[", "##vso[", "##teamcity["];
    let commands = |text: &str| {
        let line =
            |l: &&str| l.trim_start().starts_with("::") || commands.iter().any(|c| l.contains(c));
        text.lines().find(line).map(str::to_owned)
    };
    assert_eq!(commands(&said), None);
    assert_eq!(commands(&read(folder, "x.md")), None);
    assert!(Report::deserialize_from_str(&read(folder, "x.xml")).is_ok());
    sarif(&read(folder, "x.sarif"));
    markdown(&read(folder, "x.md"));
    page(folder, "x.html", &bait);
    shell(folder, &said);
}

fn sarif(text: &str) {
    let log: Value = serde_json::from_str(text).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(!results.is_empty());
    for result in results {
        let message = result["message"]["text"].as_str().expect("a message");
        assert!(!message.contains("]("), "{message}");
    }
}

/// No markup, and no link but those to the specification.
fn markdown(text: &str) {
    for line in text.lines() {
        // What stands between backticks is shown as it is.
        let outside: String = line.split('`').step_by(2).collect();
        assert_eq!(line.matches('`').count() % 2, 0, "{line}");
        for (at, _) in outside.match_indices("](") {
            assert!(outside[at..].starts_with("](https://modelcontextprotocol.io/"), "{line}");
        }
        let rest = outside.replace("](https://", "");
        for bad in ["<", "://", "www.", "@", "!["] {
            assert!(!rest.contains(bad), "{bad} in {line}");
        }
    }
}

/// In a real browser, if there is one that starts here: no script of the target ran, and no request left. That it would be
/// noticed is shown by a page that does act.
fn page(folder: &Path, name: &str, bait: &Bait) {
    let control = Bait::lay();
    let acts = format!("<title>ours</title><img src=http://{}/image>", control.address);
    std::fs::write(folder.join("control.html"), acts).expect("writes");
    if browsed(folder, "control.html").is_none() || control.caught.load(Ordering::Relaxed) == 0 {
        return;
    }
    let dom = browsed(folder, name).expect("it started before");
    assert!(dom.contains("<title>") && !dom.contains("<title>owned"), "the title is ours");
    assert_eq!(bait.caught.load(Ordering::Relaxed), 0, "no request left the page");
}

/// The page as a browser sees it once it has settled.
fn browsed(folder: &Path, name: &str) -> Option<String> {
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let page = format!("file://{}", folder.join(name).display());
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|browser| {
        let output = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--virtual-time-budget=3000", "--dump-dom", &profile, &page])
            .output();
        let dom = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
        Some(dom).filter(|dom| !dom.trim().is_empty())
    })
}

/// The lines that reproduce are read by a shell, and nothing in them is carried out.
fn shell(folder: &Path, said: &str) {
    let lines: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("reproduce: "))
        .map(|(_, line)| line)
        .collect();
    assert!(!lines.is_empty());
    for line in lines.iter().filter(|line| line.starts_with("curl") || line.starts_with("printf")) {
        let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}; {line}");
        let output = Command::new("bash").args(["-c", &script]).current_dir(folder).output();
        let output = output.expect("a shell");
        assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!folder.join("pwned").exists(), "nothing was carried out");
}

#[test]
fn the_error_path_commands_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let attacks = attacks("127.0.0.1:9");
    let attack = attacks[..3].concat();
    let toml = format!("[known]\n\"{}\" = 1\n", attack.replace('"', ""));
    for (name, text) in [
        ("known.toml", toml.as_str()),
        ("plumb.toml", "\u{1b}[31m::error::x\n##[x]"),
        ("run.jsonl", &attack),
    ] {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    std::fs::write(folder.path().join("pack.json"), format!("{{\"pack\": \"{attack}\"}}"))
        .expect("writes");
    let dies = "cat run.jsonl >&2; exit 3";
    let cases: [&[&str]; 7] = [
        &["run", "--config", "known.toml"],
        &["run"],
        &["run", "--config", "/dev/null", "--known", "known.toml"],
        &["run", "--config", "/dev/null", "--", "sh", "-c", dies],
        &["init", "--config", "/dev/null", "--write", "new.toml", "--", "sh", "-c", dies],
        &["report", "run.jsonl"],
        &["vectors", "lint", "pack.json"],
    ];
    for args in cases {
        let (status, said) = plumb(folder.path(), args);
        assert!(!status.success() && !said.is_empty(), "{args:?}");
        let acts = |c: char| plumb_report::text::misleads(c) && c != '\n';
        assert_eq!(said.find(acts), None, "{args:?}: {said:?}");
        let command = |line: &str| {
            line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[")
        };
        assert!(!said.lines().any(command), "{args:?}: {said}");
    }
}
