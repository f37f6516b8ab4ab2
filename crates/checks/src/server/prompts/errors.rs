//! server/prompts#error-handling, #implementation-considerations.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, facet, required_arguments};
use plumb_wire::{codes, method};
use serde_json::{Map, Value, json};

check! {
    /// **Observed:** getting prompts that do not exist, by all kinds of names, gives error -32602.
    ///
    /// **Why:** a client drops the prompt then; after an internal error it tries again.
    ///
    /// **Fix:** look the name up among the listed prompts before anything else.
    pub(crate) UNKNOWN = "prompts.error.unknown";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** listed prompts with required arguments are got without each of them, and without
    /// `arguments` at all; the answer is error -32602. Only prompts that take Plumb's values are judged.
    ///
    /// **Why:** a prompt with a hole in it goes to the model unnoticed.
    ///
    /// **Fix:** compare the given arguments with the required ones; name the missing one in the message.
    pub(crate) MISSING_ARGS = "prompts.error.missing-args";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    needs: [PromptWithArguments];
    scenario: missing_args
}

async fn missing_args(bench: &Bench) -> Judgement {
    for (name, arguments) in subjects(bench).await? {
        let mut without: Vec<(String, Probe)> = Vec::new();
        for missing in arguments.keys().take(3) {
            let mut rest = arguments.clone();
            rest.shift_remove(missing);
            without.push((missing.clone(), get(&name, Value::Object(rest))));
        }
        without.push(("all".into(), get(&name, json!({}))));
        without
            .push(("arguments".into(), Probe::request(method::PROMPTS_GET, json!({"name": name}))));
        for (missing, probe) in without {
            let answer = bench.send(probe).await?;
            let finding = Finding::expect(
                answer.code() == Some(codes::INVALID_PARAMS),
                "error -32602",
                || answer.describe(),
            );
            bench.case(
                &format!("{name}-{missing}"),
                format!("{name:?} without {missing}"),
                Ok(finding),
            );
        }
    }
    bench.conclude()
}

check! {
    /// **Observed:** a prompt that exists and fails is refused with error -32603. Needs one:
    /// `test_failing_prompt`, told from a prompt that does not exist by another message.
    ///
    /// **Why:** a client drops what does not exist, and tries again what failed.
    ///
    /// **Fix:** answer -32602 for faults of the request only.
    pub(crate) INTERNAL = "prompts.error.internal";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    scenario: internal
}

async fn internal(bench: &Bench) -> Judgement {
    let probe = |name: &str| get(name, json!({"input": "plumb"}));
    let failing = bench.send(probe("test_failing_prompt")).await?;
    let names = ["test_missing_prompt", "test_nothing_prompt"];
    let unknown = [bench.send(probe(names[0])).await?, bench.send(probe(names[1])).await?];
    let what = "a prompt `test_failing_prompt` that fails";
    Ok(plumb_flows::listing::failing(bench, &failing, "test_failing_prompt", &unknown, names, what))
}

check! {
    /// **Observed:** values of a declared argument that are no strings, and `arguments` that are no object, are
    /// refused; by which error the page does not say. Only prompts that take Plumb's text values are judged.
    ///
    /// **Why:** what is pasted into a prompt as `[object Object]` is noticed by nobody but the model.
    ///
    /// **Fix:** check that `arguments` is an object of strings.
    pub(crate) VALIDATE_ARGS = "prompts.validate-args";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    needs: [PromptWithArguments];
    scenario: validate_args
}

async fn validate_args(bench: &Bench) -> Judgement {
    for (name, arguments) in subjects(bench).await?.into_iter().take(4) {
        let Some(first) = arguments.keys().next() else { continue };
        let with = |value: Value| {
            let mut changed = arguments.clone();
            changed.insert(first.clone(), value);
            Value::Object(changed)
        };
        let broken = [
            ("number", with(json!(7))),
            ("boolean", with(json!(true))),
            ("object", with(json!({"plumb": "x"}))),
            ("list", with(json!(["plumb"]))),
            ("arguments-as-list", json!(["plumb"])),
            ("arguments-as-text", json!("plumb")),
        ];
        for (slug, arguments) in broken {
            let answer = bench.send(get(&name, arguments)).await?;
            let finding = Finding::expect(answer.is_refused(), "a refusal", || answer.describe());
            bench.case(&format!("{name}-{slug}"), format!("{name:?} with {slug}"), Ok(finding));
        }
    }
    bench.conclude()
}

/// At most so many prompts are looked at.
const SUBJECTS: usize = 12;

/// Prompts with required arguments that just gave messages for them.
pub(super) async fn subjects(
    bench: &Bench,
) -> Result<Vec<(String, Map<String, Value>)>, plumb_runner::Trouble> {
    let mut subjects = Vec::new();
    for prompt in bench.survey().prompts.items.iter().map(|p| &p.value) {
        let arguments = required_arguments(prompt);
        let Some(name) =
            prompt.get("name").and_then(Value::as_str).filter(|_| !arguments.is_empty())
        else {
            continue;
        };
        if subjects.len() == SUBJECTS {
            break;
        }
        let shown = bench
            .survey()
            .fetched_prompts
            .iter()
            .find(|g| g.params().and_then(|p| p.get("name")).is_some_and(|n| n == name));
        if shown.is_some_and(|s| s.complete().is_none()) {
            continue;
        }
        let control: Observed = bench.send(get(name, Value::Object(arguments.clone()))).await?;
        if control.complete().is_some() {
            subjects.push((name.to_owned(), arguments));
        }
    }
    Ok(subjects)
}

/// The request for a prompt.
pub(super) fn get(name: &str, arguments: impl Into<Value>) -> Probe {
    Probe::request(method::PROMPTS_GET, json!({"name": name, "arguments": arguments.into()}))
}
