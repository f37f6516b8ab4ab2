//! server/utilities/completion#error-handling, #security.

use plumb_flows::completion::complete;
use plumb_model::pack::Outcome;
use plumb_runner::facet::{self, Tried};
use plumb_runner::{Bench, Finding, Judgement, check};
use plumb_wire::codes;
use serde_json::json;

check! {
    /// **Observed:** a server that does not declare `completions` answers `completion/complete` with error -32601.
    ///
    /// **Why:** clients learn from that code that the feature is not there, rather than that they asked wrongly.
    ///
    /// **Fix:** leave the method out of the dispatch table; on HTTP the status is 404.
    pub(crate) UNSUPPORTED = "completion.error.unsupported";
    since: "2025-03-26";
    fact: "schema.mnf.capability-gated";
    applies: [Lacks(Completions), ModernOnly];
    scenario: unsupported
}

async fn unsupported(bench: &Bench) -> Judgement {
    if let Some(finding) = plumb_flows::listing::without_discovery(bench) {
        return Ok(finding);
    }
    let known = plumb_flows::completion::prompts(bench).into_iter().next();
    let probe = known.and_then(|k| Some(k.probe(k.arguments.first()?, "")));
    let unknown = || complete(&json!({"type": "ref/prompt", "name": "plumb"}), "plumb", "");
    let answer = bench.send(probe.unwrap_or_else(unknown)).await?;
    if answer.is_accepted() {
        return Ok(Finding::unseen(
            "completion/complete is served, which completion.declare judges",
            "declare it",
        ));
    }
    Ok(Finding::expect(answer.code() == Some(codes::METHOD_NOT_FOUND), "error -32601", || {
        answer.describe()
    }))
}

check! {
    /// **Observed:** completing an argument of a prompt that does not exist gives error -32602.
    ///
    /// **Why:** an empty list looks as if there were nothing to suggest.
    ///
    /// **Fix:** look the prompt up before its argument.
    pub(crate) UNKNOWN_PROMPT = "completion.error.unknown-prompt";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** requests without `ref`, without `argument`, or without one of their members give error -32602.
    ///
    /// **Why:** it is a fault of the client's code, which an empty list would hide.
    ///
    /// **Fix:** require the members of `CompleteRequest`.
    pub(crate) MISSING_ARGS = "completion.error.missing-args";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** a completer that fails is answered with error -32603. Needs one: an argument `input` of a
    /// prompt `test_failing_prompt`, told from a prompt that does not exist by another message.
    ///
    /// **Why:** a client tries again what failed.
    ///
    /// **Fix:** answer -32602 for faults of the request only.
    pub(crate) INTERNAL = "completion.error.internal";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    scenario: internal
}

async fn internal(bench: &Bench) -> Judgement {
    let probe = |name: &str| complete(&json!({"type": "ref/prompt", "name": name}), "input", "");
    let failing = bench.send(probe("test_failing_prompt")).await?;
    let names = ["test_missing_prompt", "test_nothing_prompt"];
    let unknown = [bench.send(probe(names[0])).await?, bench.send(probe(names[1])).await?];
    let what = "a prompt `test_failing_prompt` whose argument `input` has a completer that fails";
    Ok(plumb_flows::listing::failing(bench, &failing, "test_failing_prompt", &unknown, names, what))
}

check! {
    /// **Observed:** completing an argument that the prompt or template does not have is refused, by whatever error, or
    /// brings no values. The page asks for validation of all inputs, and names no error for this one.
    ///
    /// **Why:** a misspelt argument that brings another one's values leads to calls that fail.
    ///
    /// **Fix:** look the argument up among the listed ones.
    pub(crate) VALIDATE = "completion.validate";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    cases: validate
}

fn validate(tried: &Tried) -> Judgement {
    tried.controlled.clone()?;
    let sent = &tried.sent;
    if tried.allowed.outcome == Outcome::Accepted || sent.is_refused() {
        return facet::outcome(tried);
    }
    let Some(values) = plumb_flows::completion::values(sent) else {
        return Ok(Finding::unseen(
            format!("neither values nor a refusal: {}", sent.describe()),
            "answer the request",
        ));
    };
    Ok(Finding::expect(values.is_empty(), "a refusal, or no values", || sent.describe()))
}

check! {
    /// **Observed:** requests whose members have other types, or values of absurd length, are refused, by whatever
    /// error, and absurdly long values do no harm. The page says SHOULD in one section and MUST in the next;
    /// Plumb takes the MUST.
    ///
    /// **Why:** completers run at every key stroke, often against a database.
    ///
    /// **Fix:** check types and lengths before anything is looked up.
    pub(crate) SEC_VALIDATE = "completion.sec.validate";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    cases: facet::unharmed
}
