//! ext:apps#server-behavior: what tools with an interface answer, for those who show it and those who do not.

use plumb_runner::{Bench, Declared, Finding, Judgement, Observed, Probe, Trouble, brief, check};
use plumb_wire::apps;
use serde_json::{Value, json};

use super::slug;

/// At most so many tools are called.
const CALLS: usize = 16;

check! {
    /// **Observed:** each tool with an interface that may be called, called by a client that does not declare
    /// `io.modelcontextprotocol/ui`: the content has a block of text that is not blank. Tools that only the interface may call are
    /// left out, and so are answers of another kind: errors, questions, tasks.
    ///
    /// **Why:** who shows no interface has nothing else; most clients are of that kind.
    ///
    /// **Fix:** tell in a block of text what the interface shows.
    pub(super) TEXT_FALLBACK = "apps.text-fallback";
    since: "2025-03-26";
    applies: [Apps];
    scenario: text_fallback
}

async fn text_fallback(bench: &Bench) -> Judgement {
    let for_models = |tool: &Value| {
        let visibility = apps::of_tool(tool).and_then(|ui| ui["visibility"].as_array());
        visibility.is_none_or(|all| all.iter().any(|who| who == "model"))
    };
    each_call(bench, for_models, Shows::Nothing, |content| {
        let text = content.iter().any(is_text);
        Finding::expect(text, "a block of text", || brief(&json!(content)))
    })
    .await
}

check! {
    /// **Observed:** each tool with an interface that may be called, called by a client that declares `io.modelcontextprotocol/ui`: the
    /// content is not empty, and not only blank text.
    ///
    /// **Why:** the interface is for the user; the model still works with the content.
    ///
    /// **Fix:** fill `content` beside `structuredContent`.
    pub(super) CONTENT_ARRAY = "apps.content-array";
    since: "2025-03-26";
    applies: [Apps];
    scenario: content_array
}

async fn content_array(bench: &Bench) -> Judgement {
    each_call(
        bench,
        |_| true,
        Shows::Interfaces,
        |content| {
            let meaningful = content.iter().any(|block| block["type"] != "text" || is_text(block));
            Finding::expect(meaningful, "content that is not empty", || brief(&json!(content)))
        },
    )
    .await
}

fn is_text(block: &Value) -> bool {
    block["type"] == "text" && block["text"].as_str().is_some_and(|text| !text.trim().is_empty())
}

/// What the client that calls can show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Interfaces,
    Nothing,
}

/// Calls each tool that has an interface and may be called, and judges the content of its answer.
async fn each_call(
    bench: &Bench,
    wanted: impl Fn(&Value) -> bool,
    shows: Shows,
    judge: impl Fn(&[Value]) -> Finding,
) -> Judgement {
    let survey = bench.survey();
    let mut any = false;
    let linked = survey.apps.linked().map(|(item, _)| &item.value).filter(|tool| wanted(tool));
    for tool in linked.take(CALLS) {
        let callable =
            survey.callable.iter().find(|callable| callable.tool["name"] == tool["name"]);
        let Some(callable) = callable else { continue };
        any = true;
        let name = tool["name"].as_str().unwrap_or_default();
        let call = bench.call_of(name, Value::Object(callable.arguments.clone()));
        let judgement = called(bench, call, shows).await.map(|seen| {
            bench.forget();
            bench.note(&seen);
            let result = seen.complete().filter(|result| result["isError"] != true);
            match result.and_then(|result| result["content"].as_array()) {
                Some(content) => judge(content),
                None => unanswered(&seen),
            }
        });
        bench.case(&slug(name), format!("{name:?} is called"), judgement);
    }
    if any { bench.conclude() } else { Ok(uncalled()) }
}

/// Calls as a client that can show so much.
async fn called(bench: &Bench, call: Probe, shows: Shows) -> Result<Observed, Trouble> {
    match shows {
        Shows::Interfaces => bench.send(call.capabilities(apps::declared(json!({})))).await,
        Shows::Nothing if bench.edition().has_handshake() => {
            let session = bench.session(Declared::Nothing).await?;
            let seen = session.send(call).await;
            session.end().await;
            seen
        }
        Shows::Nothing => bench.send(call.capabilities(json!({}))).await,
    }
}

fn unanswered(seen: &Observed) -> Finding {
    Finding::unseen(
        format!("the call gave no result of its own: {}", seen.describe()),
        "let a tool with an interface succeed with simple arguments",
    )
}

fn uncalled() -> Finding {
    Finding::unseen(
        "no tool with an interface may be called",
        "mark one as `readOnlyHint`, or name it by `--allow-calls`",
    )
}
