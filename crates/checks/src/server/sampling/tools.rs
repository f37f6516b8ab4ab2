//! client/sampling#message-content-constraints and #security-considerations: loops in which a model uses tools.

use plumb_flows::rounds::{
    AskingRequest, Input, InputKind, Round, asking_requests_for, completion, judged,
};
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, brief, check, sample};
use serde_json::{Value, json};

/// A loop that goes on after so many rounds has no limit that saves anybody anything.
const ROUNDS: usize = 256;

/// So many rounds that ask for something else are answered before the first one with tools.
const BEFORE: usize = 4;

/// At most so many loops are run.
const LOOPS: usize = 2;

check! {
    /// **Observed:** in every request for a completion, the first one of a call as well, and the one that follows when two
    /// tool uses are given as the answer: a message with a tool result holds nothing but tool results.
    ///
    /// **Why:** the models' own interfaces have a role for tool results, in which nothing else can be said.
    ///
    /// **Fix:** put text into a message of its own, after the results.
    pub(crate) RESULT_ONLY = "sampling.tool-result-only";
    since: "2025-11-25";
    scenario: result_only
}

async fn result_only(bench: &Bench) -> Judgement {
    of_first_requests(bench, |messages| holds(messages, "tool_result").then(|| unmixed(messages)))
        .await;
    after_tool_uses(bench, |messages, _| unmixed(messages)).await
}

fn unmixed(messages: &[Value]) -> Finding {
    let mixed = messages.iter().find(|m| {
        let blocks = blocks(m);
        let results = blocks.iter().filter(|b| b["type"] == "tool_result").count();
        results > 0 && results < blocks.len()
    });
    Finding::expect(mixed.is_none(), "nothing but tool results in a message with one", || {
        mixed.map_or_else(String::new, brief)
    })
}

check! {
    /// **Observed:** in every request for a completion, the first one of a call as well, and the one that follows when two
    /// tool uses are given as the answer: each message with tool uses is followed by a user message that consists of
    /// tool results, one for each use.
    ///
    /// **Why:** models refuse a conversation in which a tool use stays unanswered.
    ///
    /// **Fix:** answer every use of a message in the one message that follows, with an error result if need be.
    pub(crate) BALANCE = "sampling.balance";
    since: "2025-11-25";
    scenario: balance
}

async fn balance(bench: &Bench) -> Judgement {
    of_first_requests(bench, |messages| holds(messages, "tool_use").then(|| balanced(messages)))
        .await;
    after_tool_uses(bench, |messages, _| {
        if holds(messages, "tool_use") {
            return balanced(messages);
        }
        // A server may begin a conversation of its own; then there is nothing to balance.
        Finding::unseen(
            "the next request does not repeat the tool uses",
            "continue the conversation",
        )
    })
    .await
}

/// Whether every message with tool uses is followed by a user message of results alone, one for each use.
fn balanced(messages: &[Value]) -> Finding {
    let using =
        messages.iter().enumerate().filter(|(_, m)| holds(std::slice::from_ref(m), "tool_use"));
    for (at, message) in using {
        let used = blocks(message).into_iter().filter(|b| b["type"] == "tool_use");
        let used: Vec<Value> = used.map(|b| b["id"].clone()).collect();
        let answered = messages.get(at + 1).is_some_and(|next| {
            let results = blocks(next);
            next["role"] == "user"
                && results.iter().all(|b| b["type"] == "tool_result")
                && used.iter().all(|id| results.iter().any(|b| b["toolUseId"] == *id))
        });
        if !answered {
            let ids = Value::Array(used);
            return Finding::violated(
                format!("a user message of tool results for {ids} after their uses"),
                messages.get(at + 1).map_or_else(|| "no further message".into(), brief),
            );
        }
    }
    Finding::Held
}

/// Whether a message has a block of this type.
fn holds(messages: &[Value], kind: &str) -> bool {
    messages.iter().flat_map(blocks).any(|b| b["type"] == kind)
}

/// Judges the conversations that requests for a completion begin with, of calls and of tasks.
async fn of_first_requests(bench: &Bench, judge: impl Fn(&[Value]) -> Option<Finding>) {
    let tasks = bench.survey().tasks.iter();
    let of_tasks = tasks.map(|t| (t.name.clone(), t.created.seq(), Round::of_task(&t.last)));
    let asking = asking_requests_for(bench, InputKind::Sampling).await;
    let of_calls = asking.into_iter().map(|a| (a.slug, a.seq, a.first));
    for (name, seq, round) in of_calls.chain(of_tasks) {
        for (n, input) in
            round.inputs.iter().filter(|i| i.kind() == InputKind::Sampling).enumerate()
        {
            let messages = input.params["messages"].as_array().map_or(&[][..], Vec::as_slice);
            let Some(finding) = judge(messages) else { continue };
            bench.note_seq(seq);
            let title = format!("what {name:?} asks a model at first");
            bench.case(&format!("{name}-first-{}", n + 1), title, Ok(finding));
        }
    }
}

check! {
    /// **Observed:** a request for a completion with tools is answered with two tool uses. The tool results of the next
    /// request carry their ids, each once, and no other.
    ///
    /// **Why:** by the id the model knows which of its calls gave what.
    ///
    /// **Fix:** copy `id` of the use to `toolUseId` of its result.
    pub(crate) MATCH_RESULTS = "sampling.sec.match-results";
    since: "2025-11-25";
    scenario: match_results
}

async fn match_results(bench: &Bench) -> Judgement {
    after_tool_uses(bench, |messages, ids| {
        let all = messages.iter().flat_map(blocks).filter(|b| b["type"] == "tool_result");
        let mut named: Vec<String> =
            all.map(|b| b["toolUseId"].as_str().unwrap_or_default().to_owned()).collect();
        if named.is_empty() {
            return Finding::unseen(
                "the next request has no tool results",
                "continue the conversation",
            );
        }
        named.sort();
        let foreign = named.iter().any(|n| !ids.contains(n));
        let unanswered = ids.iter().any(|id| !named.contains(id));
        Finding::expect(!foreign && !unanswered, format!("results for {ids:?}"), || {
            format!("results for {named:?}")
        })
    })
    .await
}

/// Answers with two tool uses, and judges the messages of the request that follows.
async fn after_tool_uses(
    bench: &Bench,
    judge: impl Fn(&[Value], &[String]) -> Finding,
) -> Judgement {
    for asking in with_tools(bench).await {
        let Some(round) = Round::of(&up_to_tools(bench, &asking).await?) else { continue };
        let (answers, ids) = uses(&round, 2, 0);
        let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
        let finding = match Round::of(&seen)
            .and_then(|r| r.inputs.iter().find(|i| i.kind() == InputKind::Sampling).cloned())
        {
            Some(next) => {
                judge(next.params["messages"].as_array().map_or(&[], Vec::as_slice), &ids)
            }
            None => Finding::unseen(
                "the tool uses were not followed by another request",
                "go on with the tool results",
            ),
        };
        bench.case(
            &asking.slug,
            format!("{:?} answered with two tool uses", asking.name),
            Ok(finding),
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** a model that answers every request with another tool use gets to an end: within 256 rounds there is
    /// a result, an error, or a request without tools (or with the choice `none`). **Position:** the text names no
    /// number; a server whose limit is higher can list this check as known.
    ///
    /// **Why:** each round costs the user a call of a model, and a model in a loop does not stop by itself.
    ///
    /// **Fix:** count the rounds, in the state; ask without tools in the last one.
    pub(crate) ITERATION_LIMIT = "sampling.sec.iteration-limit";
    since: "2025-11-25";
    scenario: iteration_limit
}

async fn iteration_limit(bench: &Bench) -> Judgement {
    for asking in with_tools(bench).await.into_iter().take(LOOPS) {
        let judgement = looped(bench, &asking).await;
        bench.case(
            &asking.slug,
            format!("{:?} answered with tool uses for ever", asking.name),
            judgement,
        );
    }
    concluded(bench)
}

async fn looped(bench: &Bench, asking: &AskingRequest) -> Judgement {
    let mut seen = up_to_tools(bench, asking).await?;
    let asks = |seen: &Observed| Round::of(seen).filter(|r| r.inputs.iter().any(offers_tools));
    if asks(&seen).is_none() {
        return Err(Trouble::Setup(format!("no tools offered this time: {}", seen.describe())));
    }
    for n in 0..ROUNDS {
        let Some(round) = asks(&seen) else {
            bench.note(&seen);
            return judged(&seen, |_| Finding::Held);
        };
        let (answers, _) = uses(&round, 1, n);
        seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
        // Of a loop its ends are evidence enough.
        bench.forget();
    }
    bench.note(&seen);
    judged(&seen, |seen| {
        Finding::expect(asks(seen).is_none(), format!("an end within {ROUNDS} rounds"), || {
            seen.describe()
        })
    })
}

/// The first answer that asks for a completion with tools; what is asked before that is answered.
async fn up_to_tools(bench: &Bench, asking: &AskingRequest) -> Result<Observed, Trouble> {
    let mut seen = bench.send(asking.probe()).await?;
    for _ in 0..BEFORE {
        let other = Round::of(&seen).filter(|round| !round.inputs.iter().any(offers_tools));
        let Some(round) = other else { break };
        seen = bench.send(asking.retry(round.answers(), round.state.as_ref())).await?;
    }
    Ok(seen)
}

/// What asks for a completion with tools.
async fn with_tools(bench: &Bench) -> Vec<AskingRequest> {
    let mut found = asking_requests_for(bench, InputKind::Sampling).await;
    found.retain(|a| a.first.inputs.iter().any(offers_tools));
    found
}

fn offers_tools(input: &Input) -> bool {
    let offered = input.params["tools"].as_array().is_some_and(|t| !t.is_empty());
    input.kind() == InputKind::Sampling && offered && input.params["toolChoice"]["mode"] != "none"
}

/// Answers with so many uses of the first tool that is offered, and their ids.
fn uses(round: &Round, count: usize, salt: usize) -> (serde_json::Map<String, Value>, Vec<String>) {
    let mut answers = round.answers();
    let mut ids = Vec::new();
    for input in round.inputs.iter().filter(|i| offers_tools(i)) {
        let tool = &input.params["tools"][0];
        let arguments = sample::arguments(&tool["inputSchema"]).unwrap_or_default();
        ids = (1..=count).map(|n| format!("plumb_use_{salt}_{n}")).collect();
        let blocks: Vec<Value> = ids
            .iter()
            .map(|id| json!({"type": "tool_use", "id": id, "name": tool["name"], "input": arguments}))
            .collect();
        answers.insert(input.key.clone(), completion(&Value::Array(blocks)));
    }
    (answers, ids)
}

fn blocks(message: &Value) -> Vec<Value> {
    match &message["content"] {
        Value::Array(blocks) => blocks.clone(),
        block => vec![block.clone()],
    }
}

fn concluded(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { why, .. } => Ok(Finding::unseen(
            why,
            "offer a tool marked `readOnlyHint: true` that asks for a completion with tools and goes on",
        )),
        finding => Ok(finding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: &str, blocks: &[(&str, &str)]) -> Value {
        let block = |(kind, id): &(&str, &str)| match *kind {
            "tool_use" => json!({"type": kind, "id": id, "name": "t", "input": {}}),
            "tool_result" => json!({"type": kind, "toolUseId": id, "content": []}),
            _ => json!({"type": kind, "text": id}),
        };
        let mut blocks: Vec<Value> = blocks.iter().map(block).collect();
        let content = if blocks.len() == 1 { blocks.remove(0) } else { Value::Array(blocks) };
        json!({"role": role, "content": content})
    }

    #[test]
    fn uses_are_balanced_by_the_message_that_follows() {
        let asks = message("user", &[("text", "weather?")]);
        let uses =
            message("assistant", &[("text", "let me see"), ("tool_use", "a"), ("tool_use", "b")]);
        let both = message("user", &[("tool_result", "b"), ("tool_result", "a")]);
        let says = message("assistant", &[("text", "fine")]);
        let legal = [asks.clone(), uses.clone(), both.clone(), says.clone()];
        assert_eq!(balanced(&legal), Finding::Held);
        assert_eq!(balanced(&[asks.clone(), says.clone()]), Finding::Held);
        let one = message("user", &[("tool_result", "a")]);
        let mixed =
            message("user", &[("tool_result", "a"), ("tool_result", "b"), ("text", "there")]);
        let by_model = message("assistant", &[("tool_result", "a"), ("tool_result", "b")]);
        for after in [vec![], vec![one], vec![mixed], vec![by_model], vec![says, both]] {
            let illegal: Vec<Value> =
                [asks.clone(), uses.clone()].into_iter().chain(after).collect();
            assert!(matches!(balanced(&illegal), Finding::Violated { .. }), "{illegal:?}");
        }
    }

    #[test]
    fn results_stand_alone_in_their_message() {
        assert_eq!(unmixed(&[message("user", &[("tool_result", "a")])]), Finding::Held);
        let mixed = message("user", &[("text", "here"), ("tool_result", "a")]);
        assert!(matches!(unmixed(&[mixed]), Finding::Violated { .. }));
    }
}
