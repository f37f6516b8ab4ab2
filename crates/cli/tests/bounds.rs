//! What a run takes, whatever a target does: time, memory, room for reports; and there is always a report.

#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::script::Script;
use plumb_wire::{Asked, Clock};
use serde_json::{Map, Value, json};
use tokio::process::Command;

/// `--budget`, seconds, and what a run may take beside it: a loaded machine starts, renders and stops slowly.
const BUDGET: u64 = 6;
const BESIDE: Duration = Duration::from_secs(6);

/// What Plumb itself may hold as data, MiB, reserved and not yet used included.
const MEMORY: u64 = 256;

/// What all files of a run may take, bytes.
const ROOM: u64 = 160 << 20;

/// A way to make whoever reads answers use up time, memory or room.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Glutton {
    /// A list that grows from page to page, and never ends.
    GrowingList,
    /// Endless pages of a megabyte.
    LargePages,
    /// Endless pages, each after a second.
    SlowPages,
    /// A cursor of 100 kB on every page.
    LongCursors,
    /// A hundred thousand tools.
    ManyTools,
    /// Seven megabytes of text beside each result.
    PaddedText,
    /// A million numbers beside each result.
    PaddedValues,
    /// A megabyte of notifications before each response.
    Preludes,
    /// A schema whose validation doubles at each of sixty steps.
    Doubling,
    /// A schema that needs a thousand properties, each of them the same.
    Thousandfold,
    /// An enumeration of half a million.
    LongEnumeration,
    /// A schema of fifty thousand properties.
    ManyProperties,
    /// Nothing ever comes.
    Silence,
}

const ALL: [Glutton; 13] = [
    Glutton::GrowingList,
    Glutton::LargePages,
    Glutton::SlowPages,
    Glutton::LongCursors,
    Glutton::ManyTools,
    Glutton::PaddedText,
    Glutton::PaddedValues,
    Glutton::Preludes,
    Glutton::Doubling,
    Glutton::Thousandfold,
    Glutton::LongEnumeration,
    Glutton::ManyProperties,
    Glutton::Silence,
];

/// Those that nothing can be asked of: the run ends without a report, and says why.
const UNREADABLE: [Glutton; 2] = [Glutton::PaddedValues, Glutton::Silence];

#[tokio::test(flavor = "multi_thread")]
async fn no_target_makes_a_run_take_more_than_it_may() {
    let mut wrong = Vec::new();
    for glutton in ALL {
        let behave = move |asked: Asked| async move { answer(glutton, &asked.body().lossy()) };
        let server = Server::start(behave, ServerOptions::default(), Clock::start()).await;
        let server = server.expect("a free port");
        let url = format!("http://{}/mcp", server.address());
        let took = run(&url).await;
        drop(server);
        wrong.extend(took.wrong(glutton));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a run took.
struct Took {
    wall: Duration,
    room: u64,
    code: Option<i32>,
    reported: bool,
    said: String,
}

impl Took {
    fn wrong(&self, glutton: Glutton) -> Vec<String> {
        let unreadable = UNREADABLE.contains(&glutton);
        let codes: &[i32] = if unreadable { &[4] } else { &[0, 1, 5] };
        let facts = [
            (self.wall > Duration::from_secs(BUDGET) + BESIDE, format!("took {:?}", self.wall)),
            (self.room > ROOM, format!("wrote {} bytes", self.room)),
            (
                !self.code.is_some_and(|c| codes.contains(&c)),
                format!("ended with {:?}: {}", self.code, self.said),
            ),
            (self.reported == unreadable, format!("reported: {}", self.reported)),
        ];
        let wrong = facts.into_iter().filter(|(wrong, _)| *wrong);
        wrong.map(|(_, what)| format!("{glutton:?}: {what}")).collect()
    }
}

/// Judges what stands at an address, in a process to which the kernel gives no more memory: what asks for more dies of it.
async fn run(url: &str) -> Took {
    let out = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let output = Command::new("sh")
        .args(["-c", "ulimit -d $1; shift; exec \"$@\"", "sh"])
        .arg((MEMORY << 10).to_string())
        .arg(env!("CARGO_BIN_EXE_plumb"))
        .args(["run", "--quiet", "--allow-calls", "all", "--budget", &BUDGET.to_string()])
        .arg("--out")
        .arg(out.path())
        .arg(url)
        .output()
        .await
        .expect("it starts");
    let wall = begun.elapsed();
    let files = std::fs::read_dir(out.path()).expect("the folder");
    Took {
        wall,
        room: files.filter_map(|f| Some(f.ok()?.metadata().ok()?.len())).sum(),
        code: output.status.code(),
        reported: out.path().join("report.html").exists(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn answer(glutton: Glutton, body: &str) -> Script {
    if glutton == Glutton::Silence {
        return plumb_wire::script::Step::Hold.into();
    }
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(id) = asked.get("id").filter(|_| asked["method"].is_string()) else {
        return Response::new(if asked["method"].is_string() { 202 } else { 400 }).into();
    };
    let cursor = asked.pointer("/params/cursor").and_then(Value::as_str);
    let page: usize = cursor.and_then(|c| c.split('.').next()?.parse().ok()).unwrap_or(0);
    let result = match asked["method"].as_str().unwrap_or_default() {
        "server/discover" => discovery(),
        "tools/list" => tools(glutton, page),
        "tools/call" => json!({"content": [{"type": "text", "text": "ok"}]}),
        _ => {
            let error =
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}});
            let error = Response::new(404)
                .header("Content-Type", "application/json")
                .body(error.to_string());
            return error.into();
        }
    };
    let slow = glutton == Glutton::SlowPages && page > 0;
    let pause = if slow { Script::new().wait(Duration::from_secs(1)) } else { Script::new() };
    pause.and(padded(glutton, id, result))
}

fn discovery() -> Value {
    json!({
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "glutton", "version": "1"}},
    })
}

fn tools(glutton: Glutton, page: usize) -> Value {
    let tool = |n: usize| json!({"name": format!("tool_{n}"), "annotations": {"readOnlyHint": true}, "inputSchema": schema(glutton)});
    let (from, number, last) = match glutton {
        Glutton::GrowingList => (0, ((page + 1) * 200).min(4_000), false),
        Glutton::ManyTools => (page * 200, 200, page >= 499),
        Glutton::LargePages | Glutton::SlowPages | Glutton::LongCursors => (page * 4, 4, false),
        _ => (0, 1, true),
    };
    let mut listed: Vec<Value> = (from..from + number).map(tool).collect();
    if glutton == Glutton::LargePages {
        for tool in &mut listed {
            tool["title"] = "x".repeat(250_000).into();
        }
    }
    let mut result = json!({"tools": listed});
    if !last {
        let tail =
            if glutton == Glutton::LongCursors { "c".repeat(100_000) } else { String::new() };
        result["nextCursor"] = format!("{}.{tail}", page + 1).into();
    }
    result
}

fn schema(glutton: Glutton) -> Value {
    let name = |n: usize| format!("p{n}");
    match glutton {
        Glutton::Doubling => {
            let next = |n: usize| json!({"$ref": format!("#/$defs/a{}", n + 1)});
            let twice = |n: usize| (format!("a{n}"), json!({"anyOf": [next(n), next(n)]}));
            let mut steps: Map<String, Value> = (0..60).map(twice).collect();
            steps.insert("a60".into(), json!({"type": "string"}));
            json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/a0"}}, "required": ["x"], "$defs": steps})
        }
        Glutton::Thousandfold => {
            let names: Vec<String> = (0..1_000).map(name).collect();
            let property = |p: &String| (p.clone(), json!({"$ref": "#/$defs/all"}));
            let properties: Map<String, Value> = names.iter().map(property).collect();
            let all = json!({"type": "object", "properties": properties, "required": names});
            json!({"type": "object", "$defs": {"all": all}, "properties": properties, "required": names})
        }
        Glutton::LongEnumeration => {
            let values: Vec<String> = (0..500_000).map(name).collect();
            json!({"type": "object", "properties": {"a": {"enum": values}}, "required": ["a"]})
        }
        Glutton::ManyProperties => {
            let property = |n: usize| (name(n), json!({"type": "string"}));
            json!({"type": "object", "properties": (0..50_000).map(property).collect::<Map<_, _>>()})
        }
        _ => json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
    }
}

/// The response, with what makes it heavy.
fn padded(glutton: Glutton, id: &Value, mut result: Value) -> Script {
    result["resultType"] = json!("complete");
    result["ttlMs"] = json!(1_000);
    result["cacheScope"] = json!("public");
    let mut response = json!({"jsonrpc": "2.0", "id": id, "result": result});
    match glutton {
        Glutton::PaddedText => response["padding"] = "0".repeat(7 << 20).into(),
        Glutton::PaddedValues => response["padding"] = vec![json!(0); 1_000_000].into(),
        Glutton::Preludes => {
            let log = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}});
            let events =
                format!("data: {log}\n\n").repeat(9_000) + &format!("data: {response}\n\n");
            return Response::new(200)
                .header("Content-Type", "text/event-stream")
                .body(events)
                .into();
        }
        _ => {}
    }
    Response::json(&response).into()
}
