//! client/elicitation#response-actions, #error-handling and #form-mode-security: what comes of an answer.

use plumb_flows::rounds::{
    AskingRequest, Input, InputKind, Round, asking_requests, content, failed_to_answer, judged,
};
use plumb_flows::rounds::{accepted, accepts_answer, concluded};
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check, sample};
use plumb_wire::codes;
use serde_json::{Map, Value, json};

/// At most so many requests are answered by one check.
const LOOKED_AT: usize = 12;

check! {
    /// **Observed:** a form whose content shows in the result when it is accepted is declined and cancelled, without content,
    /// as clients do: what comes is not what an acceptance gives with the content missing (`Hello, null!`). Where the
    /// content does not show, or stands as a value behind a label (`name: None` says well that there is none), the
    /// answers are only seen to be handled. An action that is refused by -32602 without content is not refused with it.
    ///
    /// **Why:** the user said no.
    ///
    /// **Fix:** look at `action` before looking at `content`.
    pub(crate) HANDLE_ACTIONS = "elicit.server.handle-actions";
    scenario: handle_actions
}

async fn handle_actions(bench: &Bench) -> Judgement {
    for asking in eliciting(bench).await {
        for action in ["decline", "cancel"] {
            let marker = format!("plumb{}", bench.fresh_id());
            let Some(accepted) = answered(bench, &asking, "accept", Some(&marker)).await? else {
                continue;
            };
            let Some(refused) = answered(bench, &asking, action, None).await? else { continue };
            let wants_content = refused.code() == Some(codes::INVALID_PARAMS)
                && answered(bench, &asking, action, Some(&marker))
                    .await?
                    .is_some_and(|with| with.code() != Some(codes::INVALID_PARAMS));
            let finding = if failed_to_answer(&refused) || wants_content {
                Finding::violated(format!("{action} handled"), refused.describe())
            } else {
                let alike = accepted
                    .complete()
                    .zip(refused.complete())
                    .is_some_and(|(yes, no)| fills_the_gap(&said(yes), &said(no), &marker));
                Finding::expect(
                    !alike,
                    format!("another outcome of {action} than of accept without its content"),
                    || refused.describe(),
                )
            };
            bench.case(
                &format!("{}-{action}", asking.slug),
                format!("{:?} answered with {action}", asking.name),
                Ok(finding),
            );
        }
    }
    concluded(bench)
}

/// What a tool's result, a prompt or a resource says, without the envelope.
fn said(result: &Value) -> String {
    let said: Map<_, _> = ["content", "structuredContent", "isError", "messages", "contents"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), result.get(name)?.clone())))
        .collect();
    Value::Object(said).to_string()
}

fn common<'a>(pairs: impl Iterator<Item = (&'a char, &'a char)>) -> usize {
    pairs.take_while(|(a, b)| a == b).count()
}

/// Whether two outcomes are the same but for the place where the one has the marker and the other nothing, as
/// programming languages write it.
fn fills_the_gap(with: &str, without: &str, marker: &str) -> bool {
    const NOTHING: [&str; 8] =
        ["null", "undefined", "None", "nil", "<nil>", "NaN", "{}", "[object Object]"];
    let (with, without): (Vec<char>, Vec<char>) =
        (with.chars().collect(), without.chars().collect());
    let start = common(with.iter().zip(&without));
    let left = with.len().min(without.len()) - start;
    let end = common(with.iter().rev().zip(without.iter().rev())).min(left);
    // A text that is nothing else says nothing of how it was made.
    let whole = start > 0 && with[start - 1] == '"' && with.get(with.len() - end) == Some(&'"');
    let given: String = with[start..with.len() - end].iter().collect();
    let gap: String = without[start..without.len() - end].iter().collect();
    // Behind a label, the word for nothing says what there is; but not in place of all that the form holds.
    let before: String = with[..start].iter().collect();
    let before = before.trim_end_matches(['\\', '"', '\'', ' ']);
    let is_key = before.trim_end_matches(':').ends_with('"');
    let after: String = with[with.len() - end..].iter().collect();
    let ends = after.trim_start_matches(['\\', '"', '\'', ' ']).starts_with([',', '}', ']']);
    let labelled =
        before.ends_with([':', '=']) && if is_key { ends } else { !given.starts_with('{') };
    !whole
        && !labelled
        && given.contains(marker)
        && NOTHING.contains(&gap.trim_matches(['\\', '"', ' ']))
}

check! {
    /// **Observed:** elicitations are declined and cancelled: the answer is no internal error (-32603).
    ///
    /// **Why:** a user who declines is nothing unforeseen.
    ///
    /// **Fix:** write down what happens then, and return it: a result, an `isError` result, or another question.
    pub(crate) NO_ASSUME_SUCCESS = "elicit.server.no-assume-success";
    scenario: no_assume_success
}

async fn no_assume_success(bench: &Bench) -> Judgement {
    for asking in eliciting(bench).await {
        for action in ["decline", "cancel"] {
            let Some(seen) = answered(bench, &asking, action, None).await? else { continue };
            let failed = seen.code() == Some(codes::INTERNAL_ERROR);
            let judgement = judged(&seen, |seen| {
                Finding::expect(!failed, format!("{action} taken for an answer"), || {
                    seen.describe()
                })
            });
            bench.case(
                &format!("{}-{action}", asking.slug),
                format!("{:?} answered with {action}", asking.name),
                judgement,
            );
        }
    }
    concluded(bench)
}

check! {
    /// **Observed:** elicitations are declined, cancelled, and not answered at all: each time there is an answer, and the
    /// request is served afterwards as before. **Position:** a JSON-RPC error is an answer, whatever its code and status.
    ///
    /// **Why:** dialogs are closed, and clients fail to show them.
    ///
    /// **Fix:** handle every answer that is not an acceptance, the missing one included.
    pub(crate) HANDLE_FAILURE = "elicit.server.handle-failure";
    scenario: handle_failure
}

async fn handle_failure(bench: &Bench) -> Judgement {
    for asking in eliciting(bench).await {
        for action in ["decline", "cancel", "nothing"] {
            let seen = if action == "nothing" {
                let state = Round::of(&bench.send(asking.probe()).await?).and_then(|r| r.state);
                Some(bench.send(asking.retry(json!({}), state.as_ref())).await?)
            } else {
                answered(bench, &asking, action, None).await?
            };
            let Some(seen) = seen else { continue };
            let finding = Finding::expect(!failed_to_answer(&seen), "a result or an error", || {
                seen.describe()
            });
            bench.case(
                &format!("{}-{action}", asking.slug),
                format!("{:?} answered with {action}", asking.name),
                Ok(finding),
            );
        }
        let after = bench.send(asking.probe()).await?;
        let asks = Round::of(&after).is_some();
        bench.case(
            &format!("{}-afterwards", asking.slug),
            format!("{:?} asked again, afterwards", asking.name),
            judged(&after, |after| {
                Finding::expect(asks, "input asked for, as before", || after.describe())
            }),
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** a form that is accepted with fitting content is not accepted with content that its own schema
    /// refuses: none at all, a missing required field, a value of another type, out of range, or none of the options. An error, an
    /// `isError` result and a renewed request are all right.
    ///
    /// **Why:** the content comes from a client, and the schema was only a request to it.
    ///
    /// **Fix:** validate the content with the schema that was sent.
    pub(crate) SERVER_VALIDATE = "elicit.form.server-validate";
    since: "2025-11-25";
    fact: "mrtr.validate-responses";
    scenario: server_validate
}

async fn server_validate(bench: &Bench) -> Judgement {
    for asking in eliciting(bench).await {
        if accepted(bench, &asking).await?.is_none() {
            continue;
        }
        let Some(input) = form(&asking.first) else { continue };
        for (slug, title, broken) in misfits(input.schema()) {
            let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { continue };
            let mut answers = round.answers();
            let answer = match &broken {
                Value::Null => json!({"action": "accept"}),
                content => json!({"action": "accept", "content": content}),
            };
            let expected = format!("no acceptance of {answer}");
            answers.insert(input.key.clone(), answer);
            let seen = bench.send(asking.retry(answers, round.state.as_ref())).await?;
            let judgement = judged(&seen, |seen| {
                Finding::expect(!accepts_answer(seen, &input.key), expected, || seen.describe())
            });
            bench.case(
                &format!("{}-{slug}", asking.slug),
                format!("{:?}: {title}", asking.name),
                judgement,
            );
        }
    }
    concluded(bench)
}

/// What elicits by a form or in URL mode.
async fn eliciting(bench: &Bench) -> Vec<AskingRequest> {
    let elicits =
        |a: &AskingRequest| a.first.wants(InputKind::Form) || a.first.wants(InputKind::Url);
    asking_requests(bench).await.into_iter().filter(elicits).take(LOOKED_AT).collect()
}

fn form(round: &Round) -> Option<&Input> {
    round.inputs.iter().find(|i| i.kind() == InputKind::Form)
}

/// Asks, and answers every elicitation with this action, the rest as is fitting; a form with a marker has content, as the
/// schema has it.
async fn answered(
    bench: &Bench,
    asking: &AskingRequest,
    action: &str,
    marker: Option<&str>,
) -> Result<Option<Observed>, Trouble> {
    let Some(round) = Round::of(&bench.send(asking.probe()).await?) else { return Ok(None) };
    let mut answers: Map<String, Value> = round.answers();
    for input in &round.inputs {
        let answer = match (input.kind(), marker) {
            (InputKind::Form, Some(marker)) => {
                json!({"action": action, "content": marked(input.schema(), marker)})
            }
            (InputKind::Form | InputKind::Url, _) => json!({"action": action}),
            _ => continue,
        };
        answers.insert(input.key.clone(), answer);
    }
    Ok(Some(bench.send(asking.retry(answers, round.state.as_ref())).await?))
}

/// Fitting content, with the marker in every field that takes it.
fn marked(schema: &Value, marker: &str) -> Value {
    let mut content = content(schema);
    let validator = sample::validator(schema);
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    for name in fields.iter().filter(|(_, f)| f["type"] == "string").map(|(n, _)| n) {
        let mut with = content.clone();
        with[name] = json!(marker);
        let plain = ["enum", "oneOf", "format"].iter().all(|k| fields[name].get(*k).is_none());
        if plain && validator.as_ref().is_none_or(|v| v.is_valid(&with)) {
            content = with;
        }
    }
    content
}

/// Contents that the schema refuses, each for one reason; null stands for none at all.
fn misfits(schema: &Value) -> Vec<(String, String, Value)> {
    let Some(validator) = sample::validator(schema) else { return Vec::new() };
    let fits = content(schema);
    if !validator.is_valid(&fits) {
        return Vec::new();
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<(String, String, Value)> = Vec::new();
    if let Some(name) = required.first().and_then(Value::as_str) {
        let mut without = fits.clone();
        without.as_object_mut().map(|c| c.remove(name));
        found.push(("missing".into(), format!("the required field {name:?} is missing"), without));
        found.push(("no-content".into(), "there is no content".into(), Value::Null));
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten().take(8) {
        let mut with = |slug: &str, what: &str, value: Value| {
            let mut content = fits.clone();
            content[name] = value;
            let plain = name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            found.push((
                format!("{plain}-{slug}"),
                format!("the field {name:?} is {what}"),
                content,
            ));
        };
        match field["type"].as_str() {
            Some("string") => with("number", "a number", json!(5)),
            _ => with("object", "an object", json!({"plumb": 5})),
        }
        if let Some(maximum) = field["maximum"].as_f64() {
            with("above", "above its maximum", json!(maximum + 1.0));
        }
        if field.get("enum").is_some() || field.get("oneOf").is_some() {
            with("no-option", "none of the options", json!("plumb: no option"));
        }
    }
    found.retain(|(_, _, content)| !validator.is_valid(content));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_of_nothing_is_told_from_an_answer_to_no() {
        let alike = |with: &str, without: &str| {
            let said = |text: &str| said(&json!({"content": [{"type": "text", "text": text}]}));
            fills_the_gap(&said(with), &said(without), "plumb1")
        };
        for without in ["Hello, null!", "Hello, undefined!", "Hello, None!"] {
            assert!(alike("Hello, plumb1!", without), "{without}");
        }
        assert!(alike("You are {\"name\":\"plumb1\",\"n\":5}.", "You are null."));
        assert!(alike("The form says: {\"name\":\"plumb1\",\"n\":5}", "The form says: null"));
        assert!(alike("plumb1: done", "\"null\": done"));
        for without in
            ["Hello, nobody!", "No name, no greeting.", "Hello, !", "null", "Hello, plumb1!"]
        {
            assert!(!alike("Hello, plumb1!", without), "{without}");
        }
        assert!(!alike("Thank you.", "Thank you."));
        for (with, without) in [
            ("Context: plumb1", "Context: None"),
            ("{\"name\": \"plumb1\", \"n\": 5}", "{\"name\": null, \"n\": 5}"),
            ("name='plumb1'", "name='None'"),
            ("{\"answer\": {\"name\":\"plumb1\"}}", "{\"answer\": null}"),
        ] {
            assert!(!alike(with, without), "a label and its value: {without}");
        }
    }
}
