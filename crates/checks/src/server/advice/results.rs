//! server/tools#output-schema: results that programs read.

use plumb_runner::{Bench, Finding, Judgement, brief, check};
use serde_json::Value;

check! {
    /// **Observed:** each tool that answered the survey with `structuredContent`, or with text that is a JSON object or array,
    /// has an `outputSchema`.
    ///
    /// **Why:** without one, neither a model nor a program knows what will come, and nobody notices when it changes.
    ///
    /// **Fix:** describe the result in `outputSchema`, and return it as `structuredContent`.
    pub(crate) OUTPUT_SCHEMA = "advice.output-schema";
    applies: [Declares(Tools)];
    scenario: output_schema
}

async fn output_schema(bench: &Bench) -> Judgement {
    for callable in &bench.survey().callable {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let Some(seen) = &callable.shown else { continue };
        let Some(result) = seen.complete().filter(|r| r["isError"] != true) else { continue };
        if let Some(data) = structured(result) {
            bench.note(seen);
            let described = callable.tool.get("outputSchema").is_some();
            let finding =
                Finding::expect(described, "an outputSchema for what is returned", || {
                    format!("none; the tool returned {}", brief(&data))
                });
            bench.case(name, format!("the result of {name}"), Ok(finding));
        }
    }
    bench.conclude()
}

/// The data of a result, if it is made for programs.
fn structured(result: &Value) -> Option<Value> {
    if let Some(data) = result.get("structuredContent") {
        return Some(data.clone());
    }
    let text = |block: &Value| {
        let parsed: Value = serde_json::from_str(block["text"].as_str()?).ok()?;
        (parsed.is_object() || parsed.is_array()).then_some(parsed)
    };
    result["content"].as_array()?.iter().find_map(text)
}
