//! What is broken is tried once more at the end: a finding says how it was seen again.

use plumb_model::event::Again;
use plumb_model::{Report, Verdict};
use plumb_runner::{Reach, Target};
use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::process::Launch;
use plumb_wire::script::Script;
use plumb_wire::{Asked, Clock};
use serde_json::{Value, json};

use super::judge;

const MISSING: &str = "base.meta.missing-meta";
const OVER_STDIO: &str = "base.meta.missing-stdio";

/// A server that serves requests without `_meta`.
async fn forgetful() -> Server {
    let answer = |asked: Asked| async move {
        let request: Value = serde_json::from_str(&asked.body().lossy()).unwrap_or(Value::Null);
        let id = &request["id"];
        let error = |status: u16, code: i32, message: &str| -> Script {
            let error = json!({"code": code, "message": message});
            let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
            Response { status, ..Response::json(&answer) }.into()
        };
        let result = match request["method"].as_str() {
            Some("server/discover") => json!({
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
            }),
            Some("tools/list") => json!({"resultType": "complete", "tools": []}),
            _ => return error(404, -32601, "no such method"),
        };
        Script::from(Response::json(&json!({"jsonrpc": "2.0", "id": id, "result": result})))
    };
    Server::start(answer, ServerOptions::default(), Clock::start()).await.expect("a free port")
}

async fn judged() -> Report {
    let server = forgetful().await;
    let url = format!("http://{}/mcp", server.address());
    let target = Target::Url(Reach { url, ..Reach::default() });
    judge::report(judge::options(target, &[MISSING])).await
}

fn seen_again(report: &Report, id: &str) -> Vec<Again> {
    let check = report.checks.iter().find(|check| check.info.id == id).expect("it was judged");
    check.cases.iter().filter_map(|case| case.again).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_always_is_reproduced_alone() {
    let always = judged().await;
    assert!(matches!(judge::verdict(&always, MISSING), Some(Verdict::Violated { .. })));
    let seen = seen_again(&always, MISSING);
    assert!(seen.contains(&Again::Alone), "{seen:?}");
}

/// How a check's violations were seen again. On a busy machine there may be no time for that, so it is judged once more.
async fn tried(target: Target, check: &str) -> Vec<Again> {
    for _ in 0..4 {
        let report = judge::report(judge::options(target.clone(), &[check])).await;
        let seen = seen_again(&report, check);
        if !seen.is_empty() {
            return seen;
        }
    }
    panic!("nothing was tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_only_behind_a_right_request_is_reproduced_only_there() {
    let seen = tried(judge::stdio_command(Some("stdio_requires_meta")), OVER_STDIO).await;
    // On a busy machine processes start slowly, and those that are tried again share one.
    let behind = |seen: &Again| matches!(seen, Again::AfterControl | Again::AfterOthers);
    assert!(!seen.contains(&Again::Alone) && seen.iter().any(behind), "{seen:?}");
}

/// The target, half a second later.
fn late(target: Target) -> Target {
    let Target::Stdio(launch) = target else { panic!("over standard streams") };
    let words = ["-c", "sleep 0.5; exec \"$0\" \"$@\""].map(str::to_owned);
    let args = words.into_iter().chain([launch.program]).chain(launch.args).collect();
    Target::Stdio(Launch { program: "sh".into(), args, ..Launch::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shares_its_process_with_others_is_not_reproduced_alone() {
    let target = late(judge::stdio_command(Some("unknown_method_code")));
    let seen = tried(target, "base.jsonrpc.method-not-found").await;
    assert!(seen.iter().all(|seen| *seen == Again::AfterOthers), "{seen:?}");
}
