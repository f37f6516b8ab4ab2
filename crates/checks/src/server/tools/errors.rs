//! server/tools#error-handling.

use plumb_runner::{Bench, Finding, Judgement, Observed, Prop, check, facet};
use plumb_wire::{codes, header};
use serde_json::{Value, json};

check! {
    /// **Observed:** calls of tools that do not exist, by all kinds of names, are refused with error -32602.
    /// The code stands in the example only; Plumb takes it for the rule.
    ///
    /// **Why:** a result with `isError` makes the model try again what can never work, and names such as
    /// `__proto__` find things in a table that nobody put there.
    ///
    /// **Fix:** look the name up among the listed tools before anything else; answer -32602 if it is not there.
    pub(crate) UNKNOWN_TOOL = "tools.error.unknown-tool";
    since: "2025-03-26";
    applies: [Declares(Tools)];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** calls that do not satisfy the schema of `tools/call` (arguments that are no object, a name
    /// that is missing or no string) are refused with a JSON-RPC error, -32602 or -32600. Over HTTP a call
    /// without a readable name also lacks a header, so -32020 is right as well.
    ///
    /// **Why:** such a call is a fault of the client's code, which a model cannot mend.
    ///
    /// **Fix:** check the types of `params` before the tool is looked up.
    pub(crate) MALFORMED = "tools.error.malformed";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** the tool that fails (`test_error_handling`, or the one named as prop) answers with a result
    /// whose `isError` is true.
    ///
    /// **Why:** models see results, and mend their calls by them; protocol errors mostly never reach them.
    ///
    /// **Fix:** catch what the tool throws and answer `{"content": […], "isError": true}`.
    pub(crate) EXECUTION = "tools.error.execution";
    since: "2025-03-26";
    applies: [Declares(Tools)];
    needs: [ErrorTool];
    scenario: execution
}

async fn execution(bench: &Bench) -> Judgement {
    let answer = bench.send(bench.call(Prop::ErrorTool)?).await?;
    let told = answer.complete().is_some_and(|r| r.get("isError") == Some(&json!(true)));
    Ok(Finding::expect(told, "a result with `isError: true`", || answer.describe()))
}

check! {
    /// **Observed:** calls with an argument of the wrong type are not served, and the refusal is a result with
    /// `isError` or error -32602. Both are accepted: the page says the one, the schema the other.
    ///
    /// **Why:** a model mends its arguments when it is told what is wrong with them; from an internal error it
    /// learns nothing.
    ///
    /// **Fix:** validate the arguments by the `inputSchema` and say in an `isError` result what does not fit.
    pub(crate) INPUT_VALIDATION = "tools.error.input-validation";
    since: "2025-11-25";
    fact: "tools.sec.validate-inputs";
    applies: [Declares(Tools)];
    needs: [Tool];
    scenario: input_validation
}

async fn input_validation(bench: &Bench) -> Judgement {
    for subject in super::calls::subjects(bench, 24).await? {
        let properties = subject.schema().get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten().take(6) {
            // A mirrored argument of another type would break the rules of its header as well.
            let mirrored = property.get(header::ANNOTATION).is_some();
            let Some(value) = of_another_type(property).filter(|_| !mirrored) else { continue };
            let arguments = subject.with(name, value.clone());
            if !subject.refuses(&arguments).await {
                continue;
            }
            let answer = bench.send(bench.call_of(&subject.name, arguments)).await?;
            let title = format!("{} with {value} as `{name}`", subject.name);
            bench.case(&format!("{}-{name}", subject.name), title, Ok(form(&answer)));
        }
    }
    bench.conclude()
}

fn form(answer: &Observed) -> Finding {
    let expected = "a result with `isError: true`, or error -32602";
    if let Some(result) = answer.complete() {
        return Finding::expect(result.get("isError") == Some(&json!(true)), expected, || {
            answer.describe()
        });
    }
    match answer.code() {
        Some(codes::INVALID_PARAMS) => Finding::Held,
        Some(_) => Finding::violated(expected, answer.describe()),
        None => Finding::unseen(
            format!("neither served nor refused: {}", answer.describe()),
            "answer the call",
        ),
    }
}

/// A value that a property of one plain type does not take.
fn of_another_type(property: &Value) -> Option<Value> {
    Some(match property.get("type")?.as_str()? {
        "string" => json!({"plumb": 7}),
        "object" | "array" | "integer" | "number" | "boolean" => json!("plumb"),
        _ => return None,
    })
}
