//! Law 4: against servers that answer nothing of worth, nothing is held that takes an answer, and the run ends in its
//! budget. Some have manners: they say what they are and what tool they have, and do no more.

use std::time::{Duration, Instant};

use plumb_model::{Payload, Report, Verdict};
use plumb_runner::{Body, Reach, Target};
use plumb_wire::http::{Framing, Response, Server, ServerOptions};
#[cfg(unix)]
use plumb_wire::process::Launch;
use plumb_wire::script::{Script, Step};
use plumb_wire::{Asked, Clock};
use serde_json::{Value, json};

use super::judge;

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
    "base.stateless.no-prior-requests",
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
        let (server, url) = settle(animal, manners).await;
        let name = format!("{animal:?} over HTTP{}", if manners { ", with manners" } else { "" });
        let outcome = judged(Target::Url(Reach { url, ..Reach::default() }), name).await;
        drop(server);
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
    options.budget = Duration::from_secs(20).into();
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

/// An animal, and where it lives; nobody lives at the address of one that refuses.
async fn settle(animal: Animal, manners: bool) -> (Option<Server>, String) {
    let behave = move |asked: Asked| async move {
        let body = asked.body();
        match mannerly(&body.lossy()).filter(|_| manners) {
            Some(answer) => Response::json(&answer).into(),
            None => behave(animal, &body),
        }
    };
    let server = Server::start(behave, ServerOptions::default(), Clock::start()).await;
    let server = server.expect("a free port");
    let url = format!("http://{}/mcp", server.address());
    ((animal != Animal::Refuses).then_some(server), url)
}

fn behave(animal: Animal, body: &Payload) -> Script {
    let json =
        |text: Payload| Response::new(200).header("Content-Type", "application/json").body(text);
    let events =
        Response::new(200).header("Content-Type", "text/event-stream").framed(Framing::None);
    let events = Script::from(events);
    match animal {
        Animal::Refuses | Animal::Silent => Step::Hold.into(),
        Animal::Status500 => Response::new(500).into(),
        Animal::Status429 => Response::new(429).into(),
        Animal::NullForAll => json("null".into()).into(),
        Animal::Echo => json(body.clone()).into(),
        Animal::ClosesMidStream => events.write("data: {\"jsonrpc\""),
        Animal::Floods => events.then(Step::Repeat(vec![b'x'; 65_536].into())),
        Animal::Dribbles => {
            (0..10_000).fold(events, |script, _| script.write(":").wait(Duration::from_millis(50)))
        }
        Animal::NeverEnds => {
            Script::from(json("{".into()).framed(Framing::DeclaredLength(99_999_999)))
                .then(Step::Hold)
        }
    }
}

/// The answer of an animal with manners to what it understands.
fn mannerly(body: &str) -> Option<Value> {
    let request: Value = serde_json::from_str(body).ok()?;
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
    Some(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
}
