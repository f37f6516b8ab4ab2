//! Law 4: against servers that answer nothing of worth, nothing is held that takes an answer, and the run ends in its
//! budget. Some have manners: they say what they are and what tool they have, and do no more.

use std::time::{Duration, Instant};

use plumb_model::{Report, Verdict};
use plumb_runner::{Body, Reach, Target};
#[cfg(unix)]
use plumb_wire::process::Launch;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::judge;

/// What an animal does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Animal {
    Refuses,
    Silent,
    Status500,
    Status429,
    NullForAll,
    Echo,
    ClosesMidStream,
    Floods,
    Dribbles,
    NeverEnds,
}

const ALL: [Animal; 10] = [
    Animal::Refuses,
    Animal::Silent,
    Animal::Status500,
    Animal::Status429,
    Animal::NullForAll,
    Animal::Echo,
    Animal::ClosesMidStream,
    Animal::Floods,
    Animal::Dribbles,
    Animal::NeverEnds,
];

/// Those that can be told apart from a stranger with manners in a second.
const MANNERED: [Animal; 4] =
    [Animal::Silent, Animal::Status500, Animal::NullForAll, Animal::ClosesMidStream];

/// What whoever answers discovery and one list well may hold: it speaks of these two alone, or of what must *not* come.
const EXCUSED: &[&str] = &[
    "base.meta.client-info-optional",
    "base.meta.no-assumptions",
    "base.meta.server-ignores-client-info",
    "base.notif.no-response",
    "base.stateless.multi-conversation",
    "cancel.invalid.completed-id",
    "cancel.invalid.malformed",
    "cancel.invalid.unknown-id",
    "cancel.race-server",
    "discover.no-params",
    "discover.stable-across-requests",
    "http.bind-localhost",
    "http.header-names-server",
    "http.legacy.last-event-id-ignored",
    "http.legacy.session-ignored",
    "http.legacy.sse-not-adopted",
    "http.notif.rejected-4xx",
    "http.notif.rejected-body",
    "http.single-endpoint",
    "http.validate.ows",
    "pagination.continue",
    "pagination.invalid-graceful",
    "prompts.declare",
    "resources.declare",
    "stdio.server-exit-on-eof",
    "tasks.reserved",
    "tools.declare",
    "tools.list.deterministic",
    "tools.list.no-connection-variance",
    "tools.list.no-side-effect",
    "tools.list.respond",
    "tools.name.charset",
    "tools.name.length",
    "tools.name.no-special",
    "tools.name.unique",
    "tools.schema.root-object",
    "tools.schema.valid-object",
    "versioning.no-discover-needed",
    "versioning.server-discover",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_held_against_the_zoo_and_every_run_ends() {
    let strangers = ALL.map(|animal| (animal, false));
    let mannered = MANNERED.map(|animal| (animal, true));
    let runs = strangers.into_iter().chain(mannered).map(|(animal, manners)| async move {
        let (listener, url) = listen().await;
        let keeper = tokio::spawn(keep(animal, manners, listener));
        let name = format!("{animal:?} over HTTP{}", if manners { ", with manners" } else { "" });
        let outcome = judged(Target::Url(Reach { url, ..Reach::default() }), name).await;
        keeper.abort();
        outcome
    });
    let wrong: Vec<String> = futures_util::future::join_all(runs).await.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn nothing_is_held_against_the_zoo_over_stdio() {
    let strangers = SCRIPTS.iter().map(|(name, script)| (*name, (*script).to_owned()));
    let mannered = MANNERED_SCRIPTS
        .iter()
        .map(|(name, otherwise)| (*name, MANNERS.replace("OTHERWISE", otherwise)));
    let runs = strangers.chain(mannered).map(|(name, script)| async move {
        let launch =
            Launch { program: "sh".into(), args: vec!["-c".into(), script], ..Launch::default() };
        judged(Target::Stdio(launch), format!("{name} over stdio")).await
    });
    let wrong: Vec<String> = futures_util::future::join_all(runs).await.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Programs that answer nothing of worth.
#[cfg(unix)]
const SCRIPTS: [(&str, &str); 8] = [
    ("exits at once", "exit 3"),
    ("silent", "cat >/dev/null"),
    ("null for all", "while read -r line; do echo null; done"),
    ("echo", "cat"),
    ("exits at the first line", "read -r line; exit 0"),
    ("floods", "yes"),
    ("dribbles", "while :; do printf .; sleep 0.05; done"),
    ("a line without end", "while read -r line; do printf '{\"jsonrpc\": '; done"),
];

#[cfg(unix)]
const MANNERED_SCRIPTS: [(&str, &str); 3] = [
    ("mannered, then silent", ":"),
    ("mannered, then null", "echo null"),
    ("mannered, then gone", "exit 0"),
];

/// A program that says what it is and what tool it has.
#[cfg(unix)]
const MANNERS: &str = r#"while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9][0-9]*\).*/\1/p')
  case "$line" in
    *'"server/discover"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"zoo","version":"1"}}}}\n' "$id";;
    *'"tools/list"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","tools":[{"name":"test_simple_text","inputSchema":{"type":"object"}}],"ttlMs":0,"cacheScope":"public"}}\n' "$id";;
    *) OTHERWISE;;
  esac
done"#;

/// Judges an animal; gives what is wrong with the judgement.
async fn judged(target: Target, name: String) -> Vec<String> {
    let mut options = judge::options(target, &[]);
    options.limits.answer = Duration::from_secs(1);
    options.limits.body_bytes = 1 << 20;
    options.budget = Duration::from_secs(20);
    let begun = Instant::now();
    let outcome = judge::events(options).await;
    let mut wrong = Vec::new();
    if begun.elapsed() > Duration::from_secs(60) {
        wrong.push(format!("{name} kept the run for {:?}", begun.elapsed()));
    }
    let Ok(events) = outcome else { return wrong };
    let report = Report::fold(events).expect("a whole stream");
    wrong.extend(report.internal_faults.iter().map(|fault| format!("{name}: {fault}")));
    let mannered = name.contains("manner");
    for check in plumb_checks::all() {
        let excused = mannered && EXCUSED.contains(&check.id);
        let judged = !matches!(check.body, Body::Passive(_)) && !excused;
        if judged && judge::verdict(&report, check.id) == Some(&Verdict::Held) {
            wrong.push(format!("{name} holds {}", check.id));
        }
    }
    wrong
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    (listener, url)
}

async fn keep(animal: Animal, manners: bool, listener: TcpListener) {
    if matches!(animal, Animal::Refuses) {
        return;
    }
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(behave(animal, manners, stream));
    }
}

async fn behave(animal: Animal, manners: bool, mut stream: TcpStream) {
    let mut buffer = vec![0; 65_536];
    // One read is a whole request here: our client writes head and body at once.
    while let Ok(n) = stream.read(&mut buffer).await {
        if n == 0 {
            return;
        }
        let request = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
        let json = |text: &str| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            )
        };
        if let Some(result) = mannerly(&body).filter(|_| manners) {
            if stream.write_all(json(&result).as_bytes()).await.is_err() {
                return;
            }
            continue;
        }
        let sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        let wrote = match animal {
            Animal::Refuses => return,
            Animal::Silent => continue,
            Animal::Status500 => {
                stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n").await
            }
            Animal::Status429 => {
                stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").await
            }
            Animal::NullForAll => stream.write_all(json("null").as_bytes()).await,
            Animal::Echo => stream.write_all(json(&body).as_bytes()).await,
            Animal::ClosesMidStream => {
                let _ = stream.write_all(format!("{sse}data: {{\"jsonrpc\"").as_bytes()).await;
                return;
            }
            Animal::Floods => {
                let _ = stream.write_all(sse.as_bytes()).await;
                let chunk = vec![b'x'; 65_536];
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
            Animal::Dribbles => {
                let _ = stream.write_all(sse.as_bytes()).await;
                let mut tick = tokio::time::interval(Duration::from_millis(50));
                while stream.write_all(b":").await.is_ok() {
                    tick.tick().await;
                }
                return;
            }
            Animal::NeverEnds => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{").await
            }
        };
        if wrote.is_err() {
            return;
        }
    }
}

/// The answer of an animal with manners to what it understands.
fn mannerly(body: &str) -> Option<String> {
    let request: serde_json::Value = serde_json::from_str(body).ok()?;
    let result = match request["method"].as_str()? {
        "server/discover" => json!({
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}},
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "zoo", "version": "1"}},
        }),
        "tools/list" => {
            json!({"tools": [{"name": "test_simple_text", "inputSchema": {"type": "object"}}]})
        }
        _ => return None,
    };
    let mut result = result;
    result["resultType"] = json!("complete");
    result["ttlMs"] = json!(0);
    result["cacheScope"] = json!("public");
    Some(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string())
}
