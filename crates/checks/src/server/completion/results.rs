//! server/utilities/completion#completion-results, #requesting-completions, #reference-types.

use plumb_flows::completion::{Completable, prompts, templates, values};
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, check, clip};
use plumb_wire::{Capability, codes, method};
use serde_json::{Value, json};

check! {
    /// **Observed:** a server that completes arguments has `completions` among its capabilities.
    ///
    /// **Why:** clients ask only for what is declared.
    ///
    /// **Fix:** add `"completions": {}` to the capabilities of `server/discover`.
    pub(crate) DECLARE = "completion.declare";
    since: "2025-03-26";
    scenario: declare
}

async fn declare(bench: &Bench) -> Judgement {
    if let Some(finding) = plumb_flows::listing::without_discovery(bench) {
        return Ok(finding);
    }
    if bench.survey().declares(Capability::Completions) {
        bench.survey().discover.iter().for_each(|discover| bench.note(discover));
        return Ok(Finding::Held);
    }
    let mut asked = false;
    for subject in prompts(bench).iter().chain(&templates(bench)).take(12) {
        let Some(argument) = subject.arguments.first() else { continue };
        let answer = bench.send(subject.probe(argument, "")).await?;
        asked = true;
        // Some frameworks answer every completion with none.
        if values(&answer).is_some_and(|values| !values.is_empty()) {
            return Ok(Finding::violated(
                "`completions` among the capabilities, since completion/complete is served",
                format!("not declared; {}", answer.describe()),
            ));
        }
    }
    if !asked {
        return Ok(Finding::unseen(
            "the target offers no argument that could be completed",
            "offer a prompt or a resource template with an argument",
        ));
    }
    Ok(Finding::Held)
}

check! {
    /// **Observed:** no answer has more than 100 values.
    ///
    /// **Why:** clients show a list while a user types.
    ///
    /// **Fix:** cut the values at 100, and say so with `hasMore` or `total`.
    pub(crate) MAX_100 = "completion.max-100";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    passive: max_100
}

fn max_100(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(values) = completion(seen).and_then(|c| c.get("values")).and_then(Value::as_array)
    else {
        return;
    };
    notes.expect(values.len() <= 100, "at most 100 values", || format!("{} values", values.len()));
}

check! {
    /// **Observed:** every result has `completion.values`, a list of strings; `total` is an integer from 0 and
    /// `hasMore` a boolean, if they are there.
    ///
    /// **Why:** it is what clients read.
    ///
    /// **Fix:** put plain strings into `values`; leave out what you do not know.
    pub(crate) SHAPE = "completion.result-shape";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    passive: shape
}

fn shape(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.complete().filter(|_| seen.method() == Some(method::COMPLETE)) else {
        return;
    };
    let flaw = match result.get("completion") {
        None => Some("no `completion`".to_owned()),
        Some(completion) => {
            let values = completion.get("values").and_then(Value::as_array);
            let strings = values.is_some_and(|v| v.iter().all(Value::is_string));
            let total = completion
                .get("total")
                .is_none_or(|t| t.as_f64().is_some_and(|t| t >= 0.0 && t.fract() == 0.0));
            let more = completion.get("hasMore").is_none_or(Value::is_boolean);
            (!(strings && total && more)).then(|| plumb_runner::brief(completion))
        }
    };
    match flaw {
        None => notes.fits(),
        Some(actual) => notes.breaks(
            "`completion` with `values` of strings, `total` and `hasMore` as the schema says",
            actual,
        ),
    }
}

check! {
    /// **Observed:** `total` is not below the number of values; `hasMore` says what `total` says; a list of 100 values
    /// that calls itself complete, by `hasMore: false` or by its `total`, is. That it is not is seen when a longer
    /// prefix brings a value that the full list left out. Both members are optional: one that is absent says nothing.
    ///
    /// **Why:** clients offer to narrow the search only if they know that there is more.
    ///
    /// **Fix:** count before cutting; set `hasMore` when something was cut.
    pub(crate) HAS_MORE = "completion.has-more";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    scenario: has_more
}

async fn has_more(bench: &Bench) -> Judgement {
    let subjects: Vec<Completable> = prompts(bench).into_iter().chain(templates(bench)).collect();
    let mut pairs: Vec<(&Completable, &str)> = Vec::new();
    for subject in &subjects {
        pairs.extend(subject.arguments.iter().map(|argument| (subject, argument.as_str())));
    }
    for (n, (subject, argument)) in pairs.into_iter().take(48).enumerate() {
        let answer = bench.send(subject.probe(argument, "")).await?;
        let Some(all) = values(&answer) else { continue };
        let Some(completion) = completion(&answer).filter(|c| says_how_many(c)) else { continue };
        let finding = match contradiction(completion) {
            Some(actual) => {
                Finding::violated("`total` and `hasMore` that agree with the values", actual)
            }
            None if all.len() == 100 && claims_to_be_complete(completion) => {
                match left_out(bench, subject, argument, &all).await? {
                    Some(value) => Finding::violated(
                        "`hasMore: true`, or a `total` above 100, where values were cut off",
                        format!("{} values, all there are; {value:?} was left out", all.len()),
                    ),
                    None => Finding::Held,
                }
            }
            None => Finding::Held,
        };
        bench.case(
            &format!("argument-{}", n + 1),
            format!("`{argument}` of {}", clip(&subject.name, 80)),
            Ok(finding),
        );
    }
    bench.conclude()
}

fn says_how_many(completion: &Value) -> bool {
    ["total", "hasMore"].iter().any(|member| completion.get(member).is_some())
}

fn contradiction(completion: &Value) -> Option<String> {
    let shown = completion.get("values")?.as_array()?.len() as u64;
    let (total, more) = (
        completion.get("total").and_then(Value::as_u64),
        completion.get("hasMore").and_then(Value::as_bool),
    );
    let wrong = match (total, more) {
        (Some(total), _) if total < shown => true,
        (Some(total), Some(false)) => total > shown,
        (Some(total), Some(true)) => total == shown,
        _ => false,
    };
    let say = |part: Option<String>| part.unwrap_or_else(|| "absent".into());
    let (total, more) = (say(total.map(|t| t.to_string())), say(more.map(|m| m.to_string())));
    wrong.then(|| format!("{shown} values, `total` {total}, `hasMore` {more}"))
}

/// Whether a list says in so many words that nothing is missing from it.
fn claims_to_be_complete(completion: &Value) -> bool {
    let shown = completion.get("values").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    completion.get("hasMore") == Some(&json!(false))
        || completion.get("total").and_then(Value::as_u64) == Some(shown)
}

/// A value that a longer prefix brings and that the list for no prefix left out.
async fn left_out(
    bench: &Bench,
    subject: &Completable,
    argument: &str,
    all: &[&str],
) -> Result<Option<String>, plumb_runner::Trouble> {
    let Some(last) = all.last().filter(|v| v.is_ascii() && v.len() > 1) else { return Ok(None) };
    for at in 0..last.len().min(12) {
        // The neighbour of the last value: the same beginning, and the character that follows.
        let next = char::from(last.as_bytes()[at].saturating_add(1));
        let prefix = format!("{}{next}", &last[..at]);
        let narrowed = bench.send(subject.probe(argument, &prefix)).await?;
        let new = values(&narrowed)
            .unwrap_or_default()
            .into_iter()
            .find(|v| v.starts_with(&prefix) && !all.contains(v));
        if let Some(new) = new {
            // Candidates may come and go: the full list still leaves it out.
            let again = bench.send(subject.probe(argument, "")).await?;
            let still = completion(&again).is_some_and(claims_to_be_complete)
                && values(&again).is_some_and(|all| !all.contains(&new));
            return Ok(still.then(|| new.to_owned()));
        }
    }
    Ok(None)
}

check! {
    /// **Observed:** completions of an argument that depends on another follow `context.arguments`: those of
    /// `test_prompt_with_context` (`framework` after `language`). Of other prompts it is not known whether their
    /// arguments depend on each other; one that is seen to do so holds.
    ///
    /// **Why:** suggestions that do not fit what was already chosen lead to calls that fail.
    ///
    /// **Fix:** read `context.arguments` before the candidates are looked up.
    pub(crate) CONTEXT = "completion.context";
    since: "2025-06-18";
    applies: [Declares(Completions)];
    scenario: context
}

async fn context(bench: &Bench) -> Judgement {
    let subjects = prompts(bench);
    let known = subjects.iter().find(|s| s.name == "test_prompt_with_context");
    for subject in
        known.into_iter().chain(subjects.iter().filter(|s| s.arguments.len() > 1).take(3))
    {
        let [first, second, ..] = subject.arguments.as_slice() else { continue };
        let choices = bench.send(subject.probe(first, "")).await?;
        let choices: Vec<String> =
            values(&choices).unwrap_or_default().into_iter().take(3).map(str::to_owned).collect();
        let mut seen: Vec<Vec<String>> = Vec::new();
        for choice in &choices {
            let probe: Probe = subject
                .probe(second, "")
                .param("context", json!({"arguments": {first.as_str(): choice}}));
            let answer = bench.send(probe).await?;
            let Some(values) = values(&answer) else { continue };
            seen.push(values.into_iter().map(str::to_owned).collect());
        }
        let differ = seen.windows(2).any(|w| w[0] != w[1]);
        let title = format!("`{second}` after `{first}` of {}", clip(&subject.name, 80));
        let finding = if differ {
            Finding::Held
        } else if known.is_some_and(|k| std::ptr::eq(k, subject)) && choices.len() > 1 {
            let same = seen.first().cloned().unwrap_or_default().join(", ");
            Finding::violated(
                format!("other values of `{second}` for other values of `{first}`"),
                format!("always {same:?}"),
            )
        } else {
            Finding::unseen(
                "no argument is known to depend on another",
                "offer test_prompt_with_context, with arguments `language` and `framework`",
            )
        };
        bench.case(&subject.name, title, Ok(finding));
        if differ {
            break;
        }
    }
    bench.conclude()
}

check! {
    /// **Observed:** references to listed prompts and to listed templates are both taken: the answer is a result, which
    /// may be empty, or error -32602, for an argument that has no completer. Any other error says that the kind of
    /// reference, or the method, is not there. Position: the text promises no completer for each argument.
    ///
    /// **Why:** the capability covers both kinds of reference.
    ///
    /// **Fix:** answer `{"values": []}` for what has no suggestions.
    pub(crate) REF_RESOURCE = "completion.ref-resource";
    since: "2025-03-26";
    applies: [Declares(Completions)];
    scenario: ref_resource
}

async fn ref_resource(bench: &Bench) -> Judgement {
    for (kind, subjects) in [("prompt", prompts(bench)), ("template", templates(bench))] {
        let mut judged: Option<Finding> = None;
        for subject in subjects.iter().take(12) {
            for argument in subject.arguments.iter().take(4) {
                let answer = bench.send(subject.probe(argument, "")).await?;
                judged = Some(worse(judged, taken(&answer)));
            }
        }
        if let Some(judged) = judged {
            bench.case(kind, format!("each argument of a listed {kind}"), Ok(judged));
        }
    }
    bench.conclude()
}

/// One reference that is taken shows that its kind is; one whose kind is unknown shows that it is not always.
fn worse(judged: Option<Finding>, next: Finding) -> Finding {
    match (judged, next) {
        (Some(violated @ Finding::Violated { .. }), _) => violated,
        (Some(Finding::Held), Finding::Unseen { .. }) => Finding::Held,
        (_, next) => next,
    }
}

/// Whether a reference to what is listed was taken.
fn taken(answer: &Observed) -> Finding {
    match answer.code() {
        _ if answer.is_accepted() => Finding::Held,
        Some(codes::INVALID_PARAMS) => Finding::unseen(
            "the argument has no completer, as far as -32602 tells",
            "complete an argument of each listed prompt and template",
        ),
        // What completes the argument fails.
        Some(codes::INTERNAL_ERROR) => {
            Finding::unseen("the completion failed: -32603", "complete the argument")
        }
        Some(codes::METHOD_NOT_FOUND | codes::INVALID_REQUEST) => {
            Finding::violated("a result with `completion`, or error -32602", answer.describe())
        }
        _ => Finding::unseen(answer.describe(), "complete the argument"),
    }
}

fn completion(seen: &Observed) -> Option<&Value> {
    seen.complete().filter(|_| seen.method() == Some(method::COMPLETE))?.get("completion")
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, error, stdio};

    #[test]
    fn what_is_said_of_the_rest_agrees_with_the_values() {
        let values = json!(["a", "b"]);
        for legal in [
            json!({"values": values}),
            json!({"values": values, "hasMore": true}),
            json!({"values": values, "total": 2, "hasMore": false}),
            json!({"values": values, "total": 7}),
            json!({"values": values, "total": 7, "hasMore": true}),
        ] {
            assert_eq!(contradiction(&legal), None, "{legal}");
        }
        for illegal in [
            json!({"values": values, "total": 1}),
            json!({"values": values, "total": 7, "hasMore": false}),
            json!({"values": values, "total": 2, "hasMore": true}),
        ] {
            assert!(contradiction(&illegal).is_some(), "{illegal}");
        }
    }

    #[test]
    fn an_absent_member_claims_nothing() {
        assert!(!claims_to_be_complete(&json!({"values": ["a"]})));
        assert!(!claims_to_be_complete(&json!({"values": ["a"], "total": 2})));
        assert!(claims_to_be_complete(&json!({"values": ["a"], "hasMore": false})));
        assert!(claims_to_be_complete(&json!({"values": ["a"], "total": 1})));
        assert!(!says_how_many(&json!({"values": ["a"]})));
    }

    #[test]
    fn a_reference_is_taken_by_a_result_and_not_refused_by_a_missing_completer() {
        let judged = |answer: &Value| {
            taken(&stdio("completion/complete", json!({}), std::slice::from_ref(answer)))
        };
        assert_eq!(judged(&complete(json!({"completion": {"values": []}}))), Finding::Held);
        for legal in [-32602, -32603, -32000] {
            assert!(matches!(judged(&error(legal)), Finding::Unseen { .. }), "{legal}");
        }
        for illegal in [-32601, -32600] {
            assert!(matches!(judged(&error(illegal)), Finding::Violated { .. }), "{illegal}");
        }
    }
}
