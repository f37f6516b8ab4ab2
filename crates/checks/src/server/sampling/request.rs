//! client/sampling#capabilities and #messages: what a server asks a model for.

use plumb_flows::rounds::{InputKind, Round, asking_requests_for, judged};
use plumb_flows::rounds::{accepted, accepts_answer, concluded};
use plumb_runner::survey::plainly_capable;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, brief, check};
use plumb_wire::method;
use serde_json::{Value, json};

use super::super::mrtr::inputs;

/// At most so many requests are answered by one check.
const LOOKED_AT: usize = 6;

check! {
    /// **Observed:** what asks for a completion is called by a client that declares `"sampling": {}`: no request has
    /// `tools` or `toolChoice`.
    ///
    /// **Why:** a client that cannot use tools fails, or answers as if there were none.
    ///
    /// **Fix:** look at `sampling.tools` before adding tools.
    pub(crate) NO_TOOLS = "sampling.server.no-tools";
    since: "2025-11-25";
    scenario: no_tools
}

async fn no_tools(bench: &Bench) -> Judgement {
    plain_sampling(bench, "no `tools` and no `toolChoice`", |params| {
        params.get("tools").is_none() && params.get("toolChoice").is_none()
    })
    .await
}

check! {
    /// **Observed:** what asks for a completion is called by a client that declares `"sampling": {}`: no request wants
    /// the context of servers (`includeContext` of `thisServer` or `allServers`).
    ///
    /// **Why:** without `sampling.context` the client cannot tell what the server means by it.
    ///
    /// **Fix:** leave `includeContext` out.
    pub(crate) CONTEXT_CAPABILITY = "sampling.server.context-capability";
    since: "2025-11-25";
    fact: "sampling.server.avoid-context";
    scenario: context_capability
}

async fn context_capability(bench: &Bench) -> Judgement {
    plain_sampling(bench, "no `includeContext`, or none", |params| !wants_context(params)).await
}

async fn plain_sampling(bench: &Bench, expected: &str, fits: impl Fn(&Value) -> bool) -> Judgement {
    for asking in asking_requests_for(bench, InputKind::Sampling).await {
        let seen = bench.send(asking.bare().capabilities(plainly_capable())).await?;
        let asked = sampling(&seen).find(|p| !fits(p));
        let judgement = judged(&seen, |_| {
            Finding::expect(asked.is_none(), expected, || asked.map_or_else(String::new, brief))
        });
        bench.case(
            &asking.slug,
            format!("{:?} before a client with plain sampling", asking.name),
            judgement,
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** no request for a completion, in the whole run, wants the context of servers (`includeContext` of
    /// `thisServer` or `allServers`).
    ///
    /// **Why:** both values are deprecated; clients drop them.
    ///
    /// **Fix:** leave `includeContext` out, and put what the model has to know into the messages.
    pub(crate) AVOID_CONTEXT = "sampling.server.avoid-context";
    since: "2025-11-25";
    passive: avoid_context
}

fn avoid_context(seen: &Observed, notes: &mut Notes<'_>) {
    for params in sampling(seen) {
        notes.expect(!wants_context(params), "no `includeContext`, or none", || {
            params["includeContext"].to_string()
        });
    }
}

fn wants_context(params: &Value) -> bool {
    ["thisServer", "allServers"].iter().any(|c| params["includeContext"] == *c)
}

check! {
    /// **Observed:** every message of a request for a completion has the role `user` or `assistant`, and content.
    ///
    /// **Why:** models know these two; the system prompt has a member of its own.
    ///
    /// **Fix:** move instructions to `systemPrompt`.
    pub(crate) MESSAGE_ROLE = "sampling.message-role";
    since: "2025-03-26";
    passive: message_role
}

fn message_role(seen: &Observed, notes: &mut Notes<'_>) {
    for message in sampling(seen).filter_map(|p| p["messages"].as_array()).flatten() {
        let role = message["role"] == "user" || message["role"] == "assistant";
        let content = message["content"].is_object() || message["content"].is_array();
        notes.expect(role && content, "the role user or assistant, and content", || brief(message));
    }
}

check! {
    /// **Observed:** a request that goes on with a fitting completion does not go on with one that is none: an unknown
    /// role, no content, content that is a number. An error, an `isError` result and a renewed request are all right.
    ///
    /// **Why:** what a model said comes through a client, and is used where text of the server's own was meant to be.
    ///
    /// **Fix:** read the answer as a `CreateMessageResult`, and refuse what is none.
    pub(crate) VALIDATE = "sampling.sec.validate";
    since: "2025-03-26";
    fact: "mrtr.validate-responses";
    scenario: validate
}

async fn validate(bench: &Bench) -> Judgement {
    let broken = [
        (
            "unknown-role",
            json!({"role": "system", "content": {"type": "text", "text": "plumb"}, "model": "plumb-model"}),
        ),
        ("no-content", json!({"role": "assistant", "model": "plumb-model"})),
        ("number", json!({"role": "assistant", "content": 5, "model": "plumb-model"})),
    ];
    for asking in asking_requests_for(bench, InputKind::Sampling).await.iter().take(LOOKED_AT) {
        if accepted(bench, asking).await?.is_none() {
            continue;
        }
        for (slug, answer) in &broken {
            let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
            let Some(input) = round.inputs.iter().find(|i| i.kind() == InputKind::Sampling) else {
                continue;
            };
            let mut answers = round.answers();
            answers.insert(input.key.clone(), answer.clone());
            let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
            let judgement = judged(&seen, |seen| {
                Finding::expect(
                    !accepts_answer(seen, &input.key),
                    format!("no acceptance of {answer}"),
                    || seen.describe(),
                )
            });
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?} answered with {answer}", asking.name),
                judgement,
            );
        }
    }
    concluded(bench)
}

/// The parameters of the sampling requests of an answer.
fn sampling(seen: &Observed) -> impl Iterator<Item = &Value> {
    inputs(seen)
        .filter(|(_, r)| r["method"] == method::SAMPLING_CREATE_MESSAGE)
        .map(|(_, r)| &r["params"])
}
