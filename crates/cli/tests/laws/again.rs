//! What is broken is tried once more at the end: a finding says how it was seen again, and what was not is in doubt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use plumb_model::event::Again;
use plumb_model::{Report, Verdict};
use plumb_runner::{Reach, Target};
use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::script::Script;
use plumb_wire::{Asked, Clock};
use serde_json::{Value, json};

use crate::judge;

const MISSING: &str = "base.meta.missing-meta";
const OVER_STDIO: &str = "base.meta.missing-stdio";

/// A server that serves requests without `_meta`, each so many times, and refuses them from then on.
async fn forgetful(times: usize) -> Server {
    let served: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let answer = move |asked: Asked| {
        let served = Arc::clone(&served);
        async move {
            let request: Value = serde_json::from_str(&asked.body().lossy()).unwrap_or(Value::Null);
            let (method, params) = (&request["method"], &request["params"]);
            let refused = {
                let mut served = served.lock().expect("no panic");
                let seen = served.entry(format!("{method} {params}")).or_default();
                *seen += 1;
                params["_meta"].is_null() && *seen > times
            };
            let id = &request["id"];
            let error = |status: u16, code: i32, message: &str| -> Script {
                let error = json!({"code": code, "message": message});
                let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
                Response { status, ..Response::json(&answer) }.into()
            };
            if refused {
                return error(400, -32602, "no _meta");
            }
            let result = match method.as_str() {
                Some("server/discover") => json!({
                    "resultType": "complete",
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}},
                }),
                Some("tools/list") => json!({"resultType": "complete", "tools": []}),
                _ => return error(404, -32601, "no such method"),
            };
            Script::from(Response::json(&json!({"jsonrpc": "2.0", "id": id, "result": result})))
        }
    };
    Server::start(answer, ServerOptions::default(), Clock::start()).await.expect("a free port")
}

async fn judged(times: usize) -> Report {
    let server = forgetful(times).await;
    let url = format!("http://{}/mcp", server.address());
    let target = Target::Url(Reach { url, ..Reach::default() });
    judge::report(judge::options(target, &[MISSING])).await
}

fn seen_again(report: &Report, id: &str) -> Vec<Again> {
    let check = report.checks.iter().find(|check| check.info.id == id).expect("it was judged");
    check.cases.iter().filter_map(|case| case.again).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_reproduced_alone_and_one_that_does_not_come_again_is_in_doubt() {
    let always = judged(usize::MAX).await;
    assert!(matches!(judge::verdict(&always, MISSING), Some(Verdict::Violated { .. })));
    let seen = seen_again(&always, MISSING);
    assert!(seen.contains(&Again::Alone), "{seen:?}");
    // Among others and by itself between its controls: twice, and then not again.
    let twice = judged(2).await;
    let verdict = judge::verdict(&twice, MISSING);
    assert!(matches!(verdict, Some(Verdict::Inconclusive { .. })), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_only_behind_a_right_request_is_reproduced_only_there() {
    let target = judge::stdio_command(Some("stdio_requires_meta"));
    let report = judge::report(judge::options(target, &[OVER_STDIO])).await;
    let seen = seen_again(&report, OVER_STDIO);
    assert!(seen.contains(&Again::AfterControl), "{seen:?}");
}
