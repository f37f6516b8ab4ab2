//! basic/patterns/mrtr#error-handling: what a server does with the answers that a retry brings.

use plumb_flows::rounds::{
    AskingRequest, Input, InputKind, Round, accepted, accepts_answer, asking_requests, concluded,
    done, judged,
};
use plumb_runner::{Bench, Finding, Judgement, Trouble, check, facet};
use serde_json::{Map, Value, json};

/// At most so many requests are retried by one check.
const LOOKED_AT: usize = 12;

check! {
    /// **Observed:** a retry that is accepted with fitting answers is not accepted with a broken one in place of each:
    /// a number, a string, a list, an unknown action, roots that are no list. An error, an `isError` result and a renewed
    /// request are all right. With another form that the schema allows the same answer leads to no JSON-RPC error: a
    /// completion whose content is a list of one block, whose `stopReason` is none of the known ones or that has `_meta`;
    /// a root without a name, or with `_meta`.
    ///
    /// **Why:** what comes back has passed through a client, and an answer that was never given must not count as one. A
    /// client that answers in a form that the schema allows has done nothing wrong.
    ///
    /// **Fix:** read each answer as the result type of what was asked, in every form of it; ask again or refuse if it is
    /// none.
    pub(crate) VALIDATE_RESPONSES = "mrtr.validate-responses";
    scenario: validate_responses
}

async fn validate_responses(bench: &Bench) -> Judgement {
    for asking in
        asking_requests(bench).await.iter().filter(|a| !a.first.inputs.is_empty()).take(LOOKED_AT)
    {
        let Some((first, _)) = accepted(bench, asking).await? else { continue };
        let Some(input) = first.inputs.first() else { continue };
        for (slug, answer) in broken_answers(&first) {
            let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
            let mut answers = round.answers();
            answers.insert(input.key.clone(), answer.clone());
            let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
            let expected = format!(
                "no acceptance of {answer} as the answer to {} {:?}",
                input.method, input.key
            );
            let judgement = judged(&seen, |seen| {
                Finding::expect(!accepts_answer(seen, &input.key), expected, || seen.describe())
            });
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?} answered with {answer}", asking.name),
                judgement,
            );
        }
        for (slug, answer) in other_forms(input) {
            read(bench, asking, &input.key, slug, answer).await?;
        }
    }
    concluded(bench)
}

/// Answers as before, one of them in another form: what the tool makes of it is its own affair, but it is no error of the
/// protocol.
async fn read(
    bench: &Bench,
    asking: &AskingRequest,
    key: &str,
    slug: &str,
    answer: Value,
) -> Result<(), Trouble> {
    let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { return Ok(()) };
    let mut answers = round.answers();
    let title = format!("{:?} answered with {answer}", asking.name);
    answers.insert(key.to_owned(), answer);
    let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
    let judgement = judged(&seen, |seen| {
        let expected = "no JSON-RPC error: the answer has a form that the schema allows";
        Finding::expect(seen.code().is_none(), expected, || seen.describe())
    });
    bench.case(&format!("{}-{slug}", asking.slug), title, judgement);
    Ok(())
}

/// Forms of the answer that say the same and that the schema allows, too.
fn other_forms(input: &Input) -> Vec<(&'static str, Value)> {
    let with = |pointer: &str, member: &str, value: Value| {
        let mut answer = input.answer();
        if let Some(place) = answer.pointer_mut(pointer).and_then(Value::as_object_mut) {
            place.insert(member.to_owned(), value);
        }
        answer
    };
    let meta = || json!({"com.example/plumb": true});
    match input.kind() {
        InputKind::Sampling => vec![
            ("content-list", with("", "content", json!([input.answer()["content"]]))),
            ("stop-reason", with("", "stopReason", json!("plumbStopped"))),
            ("meta", with("", "_meta", meta())),
        ],
        InputKind::Roots => vec![
            ("nameless", json!({"roots": [{"uri": "file:///home/user/project"}]})),
            ("meta", with("/roots/0", "_meta", meta())),
        ],
        InputKind::Form | InputKind::Url | InputKind::Other => Vec::new(),
    }
}

/// Answers that fit nothing, for the first input of a round.
fn broken_answers(round: &Round) -> Vec<(&'static str, Value)> {
    let mut broken = vec![("number", json!(5)), ("string", json!("yes")), ("list", json!([]))];
    if let Some(input) = round.inputs.first() {
        match input.kind() {
            InputKind::Form | InputKind::Url => {
                broken.push(("unknown-action", json!({"action": "perhaps"})));
            }
            InputKind::Roots => broken.push(("roots-no-list", json!({"roots": 5}))),
            InputKind::Sampling => broken.push(("empty-completion", json!({}))),
            InputKind::Other => {}
        }
    }
    broken
}

check! {
    /// **Observed:** `inputResponses` that is no object is refused with a JSON-RPC error.
    ///
    /// **Why:** a client whose message is broken has to learn it, instead of showing the same form again and again.
    ///
    /// **Fix:** validate the parameters before the tool runs, and answer -32602.
    pub(crate) PROTOCOL_ERROR = "mrtr.protocol-error";
    cases: facet::outcome
}

check! {
    /// **Observed:** a retry with fitting answers is accepted just as well with an answer to a question that nobody
    /// asked beside them.
    ///
    /// **Why:** clients keep answers of earlier rounds, and must not be punished for sending them.
    ///
    /// **Fix:** look for the keys that are needed, and pass over the rest.
    pub(crate) IGNORE_UNEXPECTED = "mrtr.ignore-unexpected";
    scenario: ignore_unexpected
}

async fn ignore_unexpected(bench: &Bench) -> Judgement {
    for asking in asking_requests(bench).await.iter().take(LOOKED_AT) {
        let Some((_, control)) = accepted(bench, asking).await? else { continue };
        let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
        let mut answers = round.answers();
        answers.insert(
            "plumb_unasked".into(),
            json!({"action": "accept", "content": {"plumb": "unasked"}}),
        );
        let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
        let same = seen.is_accepted() && done(&seen) == done(&control);
        let judgement = judged(&seen, |seen| {
            Finding::expect(same, "the same as without it: a result", || seen.describe())
        });
        bench.case(
            &asking.slug,
            format!("{:?} with an answer that was not asked for", asking.name),
            judgement,
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** a retry that leaves out answers is asked for them again: all of them, and each one where several
    /// were asked for. A result is fine, too, where the answer is not needed.
    ///
    /// **Why:** an error would lose the call and what was already entered.
    ///
    /// **Fix:** return another `InputRequiredResult` with what is missing.
    pub(crate) MISSING_REREQUEST = "mrtr.missing-rerequest";
    scenario: missing_rerequest
}

async fn missing_rerequest(bench: &Bench) -> Judgement {
    for asking in
        asking_requests(bench).await.iter().filter(|a| !a.first.inputs.is_empty()).take(LOOKED_AT)
    {
        let mut left_out: Vec<Option<String>> = vec![None];
        if asking.first.inputs.len() > 1 {
            left_out.extend(asking.first.inputs.iter().take(4).map(|i| Some(i.key.clone())));
        }
        for key in left_out {
            let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
            let mut answers = round.answers();
            match &key {
                Some(key) => drop(answers.remove(key)),
                None => answers = Map::new(),
            }
            let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
            let what = key.as_deref().unwrap_or("everything");
            let again = match (Round::of(&seen), &key) {
                (Some(round), Some(key)) => round.asks(key) || round.inputs.is_empty(),
                (Some(_), None) => true,
                (None, _) => seen.complete().is_some(),
            };
            let judgement = judged(&seen, |seen| {
                Finding::expect(again, format!("{what} asked for again"), || seen.describe())
            });
            let slug = format!(
                "{}-without-{}",
                asking.slug,
                what.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
            );
            bench.case(
                &slug.to_lowercase(),
                format!("{:?} answered without {what}", asking.name),
                judgement,
            );
        }
    }
    concluded(bench)
}
