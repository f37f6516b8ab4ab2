//! Values that complete a template, and how a server looks them up.

use plumb_model::Verdict;
use plumb_runner::{Reach, Target};
use plumb_wire::http::{Response, Server, ServerOptions};
use plumb_wire::script::Script;
use plumb_wire::{Asked, Clock};
use serde_json::{Value, json};

use super::judge;

const EXPAND: &str = "resources.templates.expand";

/// Whether there is a book behind what stands for its title in a URI.
type Shelf = fn(&str) -> bool;

/// A server of books, whose titles it completes.
async fn library(has: Shelf) -> Server {
    let answer = move |asked: Asked| async move {
        let request: Value = serde_json::from_str(&asked.body().lossy()).unwrap_or(Value::Null);
        let id = &request["id"];
        let result = match request["method"].as_str() {
            Some("server/discover") => json!({
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"resources": {}, "completions": {}},
            }),
            Some("resources/list") => json!({"resources": []}),
            Some("resources/templates/list") => {
                json!({"resourceTemplates": [{"uriTemplate": "t://book/{title}", "name": "book"}]})
            }
            Some("completion/complete") => {
                json!({"completion": {"values": ["emma", "war and peace"]}})
            }
            Some("resources/read") => {
                let uri = request["params"]["uri"].as_str().unwrap_or_default();
                if !uri.strip_prefix("t://book/").is_some_and(has) {
                    return refused(id, 200, -32602);
                }
                json!({"contents": [{"uri": uri, "text": "Once upon a time"}]})
            }
            _ => return refused(id, 404, -32601),
        };
        let mut result = result;
        result["resultType"] = json!("complete");
        Script::from(Response::json(&json!({"jsonrpc": "2.0", "id": id, "result": result})))
    };
    Server::start(answer, ServerOptions::default(), Clock::start()).await.expect("a free port")
}

fn refused(id: &Value, status: u16, code: i32) -> Script {
    let error = json!({"code": code, "message": "there is no such thing"});
    let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
    Response { status, ..Response::json(&answer) }.into()
}

async fn judged(has: Shelf) -> Option<Verdict> {
    let server = library(has).await;
    let url = format!("http://{}/mcp", server.address());
    let target = Target::Url(Reach { url, ..Reach::default() });
    let report = judge::report(judge::options(target, &[EXPAND])).await;
    judge::verdict(&report, EXPAND).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_only_without_its_escapes_is_looked_up_with_them() {
    let verdict = judged(|title| ["emma", "war and peace"].contains(&title)).await;
    let Some(Verdict::Violated { expected, .. }) = verdict else { panic!("{verdict:?}") };
    assert!(expected.contains("t://book/war%20and%20peace"), "{expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_up_without_its_escapes_or_is_not_there_at_all_is_held_against_nobody() {
    let decodes: Shelf = |title| ["emma", "war%20and%20peace"].contains(&title);
    let lacks_it: Shelf = |title| title == "emma";
    for has in [decodes, lacks_it] {
        let verdict = judged(has).await;
        assert!(matches!(verdict, Some(Verdict::Held)), "{verdict:?}");
    }
}
