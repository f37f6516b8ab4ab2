//! server/tools#structured-content, #output-schema, #embedded-resources.

use plumb_flows::schema::{Fit, fits};
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, brief, check};
use plumb_wire::{Capability, method};
use serde_json::{Value, json};

use super::definitions::named;

check! {
    /// **Observed:** a server whose tools embed resources declares `resources`.
    ///
    /// **Why:** clients read, refresh and watch embedded resources by their URIs.
    ///
    /// **Fix:** implement `resources`, or answer with text or a resource link.
    pub(crate) EMBEDDED_CAPABILITY = "tools.result.embedded-capability";
    since: "2025-06-18";
    passive: embedded_capability
}

fn embedded_capability(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = called(seen) else { return };
    let embedded = blocks(result).any(|block| block.get("type").is_some_and(|t| t == "resource"));
    let opening = if notes.edition.has_handshake() {
        &notes.survey.initialize
    } else {
        &notes.survey.discover
    };
    let discovered = opening.as_ref().is_some_and(|d| d.complete().is_some());
    if embedded && discovered {
        let declares = notes.survey.declares(Capability::Resources);
        notes.expect(declares, "the capability `resources` beside embedded resources", || {
            format!("{} embeds a resource; `resources` is not declared", tool_of(seen))
        });
    }
}

check! {
    /// **Observed:** a result with `structuredContent` also has a text block that, read as JSON, is the same
    /// value. A text that is a string value itself, without quotes, is accepted for it.
    ///
    /// **Why:** clients that know nothing of structured content show the text.
    ///
    /// **Fix:** add a text block with the serialized value; for arrays and primitives SEP-2106 asks for it strongly.
    pub(crate) TEXT_COPY = "tools.structured.text-copy";
    since: "2025-06-18";
    passive: text_copy
}

fn text_copy(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = called(seen).filter(|r| !is_error(r)) else { return };
    let Some(value) = result.get("structuredContent") else { return };
    let mut texts = blocks(result).filter_map(|b| b.get("text").and_then(Value::as_str));
    let copied = texts.any(|text| {
        serde_json::from_str::<Value>(text).is_ok_and(|copy| same(&copy, value))
            || value.as_str() == Some(text)
    });
    notes.expect(copied, format!("a text block that reads as {}", brief(value)), || {
        format!("{}: {}", tool_of(seen), brief(result.get("content").unwrap_or(&Value::Null)))
    });
}

/// Whether two values are the same, numbers by what they are worth.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a == b
                || a.as_f64()
                    .zip(b.as_f64())
                    .is_some_and(|(a, b)| (a - b).abs() <= f64::EPSILON * a.abs().max(1.0))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

check! {
    /// **Observed:** a tool with an `outputSchema` that succeeds gives `structuredContent`. Results with `isError`,
    /// and those that ask for input, need none; `null` is a value.
    ///
    /// **Why:** clients that were promised structure have nothing to fall back to.
    ///
    /// **Fix:** fill `structuredContent`, or drop the `outputSchema`.
    pub(crate) PRESENT = "tools.output.present";
    since: "2025-06-18";
    passive: present
}

fn present(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = called(seen).filter(|r| !is_error(r)) else { return };
    let tool = seen
        .params()
        .and_then(|p| p.get("name"))
        .and_then(Value::as_str)
        .and_then(|n| notes.survey.tool(n));
    if tool.is_some_and(|t| t.get("outputSchema").is_some_and(Value::is_object)) {
        notes.expect(
            result.get("structuredContent").is_some(),
            "`structuredContent`, as the `outputSchema` promises",
            || format!("{}: {}", tool_of(seen), brief(result)),
        );
    }
}

check! {
    /// **Observed:** what tools with an `outputSchema` give as `structuredContent` fits it, in the dialect that it
    /// declares: for the arguments of the survey and for a few generated ones. Formats are not asserted;
    /// a schema that Plumb cannot compile is not judged; nothing is fetched.
    ///
    /// **Why:** clients validate, and typed ones fail on what does not fit.
    ///
    /// **Fix:** derive the schema from the type that is serialized, and test it with absent and null members.
    pub(crate) CONFORM = "tools.output.conform";
    since: "2025-06-18";
    applies: [Declares(Tools)];
    scenario: conform
}

async fn conform(bench: &Bench) -> Judgement {
    let structured = bench
        .survey()
        .callable
        .iter()
        .filter(|c| c.tool.get("outputSchema").is_some_and(Value::is_object));
    for callable in structured.take(24) {
        let Some(schema) = callable.tool.get("outputSchema") else { continue };
        let slug = callable.tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut shown: Vec<Observed> = callable.shown.iter().cloned().collect();
        for seen in &shown {
            bench.note(seen);
        }
        shown.extend(super::generated::accepted(bench, callable).await?);
        let mut finding = None;
        for seen in &shown {
            let Some(result) = seen.complete().filter(|r| !is_error(r)) else { continue };
            let Some(value) = result.get("structuredContent") else { continue };
            finding = match fits(schema, value).await {
                Fit::Yes => finding.or(Some(Finding::Held)),
                Fit::Unknown(why) => finding
                    .or_else(|| Some(Finding::unseen(why, "use a schema that Plumb can compile"))),
                Fit::No(why) => {
                    let sent = seen
                        .params()
                        .and_then(|p| p.get("arguments"))
                        .cloned()
                        .unwrap_or_else(|| json!({}));
                    Some(Finding::violated(
                        "`structuredContent` fits the `outputSchema`",
                        format!("{} called with {}: {why}", named(&callable.tool), brief(&sent)),
                    ))
                }
            };
            if matches!(finding, Some(Finding::Violated { .. })) {
                break;
            }
        }
        if let Some(finding) = finding {
            bench.case(slug, format!("a result of {slug}"), Ok(finding));
        }
    }
    bench.conclude()
}

/// The complete result of a tool call.
fn called(seen: &Observed) -> Option<&Value> {
    seen.complete().filter(|_| seen.method() == Some(method::TOOLS_CALL))
}

fn is_error(result: &Value) -> bool {
    result.get("isError") == Some(&json!(true))
}

fn blocks(result: &Value) -> impl Iterator<Item = &Value> {
    result.get("content").and_then(Value::as_array).into_iter().flatten()
}

fn tool_of(seen: &Observed) -> String {
    seen.params().map_or_else(|| "a tool".into(), named)
}
