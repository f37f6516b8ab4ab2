//! basic/versioning#extension-negotiation.

use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, check};
use plumb_wire::meta::Key;
use plumb_wire::method;
use serde_json::{Value, json};

/// At most so many tools are called.
const CALLS: usize = 16;

check! {
    /// **Observed:** each identifier in `capabilities.extensions` is a key name as `_meta` has them, with a prefix.
    ///
    /// **Why:** without a prefix two vendors' extensions of the same name cannot be told apart.
    ///
    /// **Fix:** name the extension under a domain of yours: `com.example/name`.
    pub(crate) ID_FORMAT = "versioning.ext-id-format-server";
    applies: [Declares(Extensions)];
    passive: id_format
}

fn id_format(seen: &Observed, notes: &mut Notes<'_>) {
    let result = seen.complete().filter(|_| seen.method() == Some(method::DISCOVER));
    let extensions =
        result.and_then(|r| r.pointer("/capabilities/extensions")).and_then(Value::as_object);
    for id in extensions.into_iter().flatten().map(|(id, _)| id) {
        let fits = Key::parse(id).is_ok_and(|key| !key.labels.is_empty());
        notes.expect(
            fits,
            "an extension identifier `prefix/name` by the rules of `_meta` keys",
            || format!("{id:?}"),
        );
    }
}

check! {
    /// **Observed:** calls by a client that declares no extension are answered with results of the core protocol, or refused;
    /// no answer has a `resultType` that only an extension defines.
    ///
    /// **Why:** a client without the extension cannot read its results.
    ///
    /// **Fix:** look into the capabilities of the request before an extension takes over; otherwise answer as if it did not
    /// exist, or with -32021.
    pub(crate) FALLBACK = "versioning.ext-fallback-server";
    applies: [Declares(Extensions)];
    needs: [Tool];
    scenario: fallback
}

async fn fallback(bench: &Bench) -> Judgement {
    for callable in bench.survey().callable.iter().take(CALLS) {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let call = bench.call_of(name, Value::Object(callable.arguments.clone()));
        let seen = bench.send(call.capabilities(json!({}))).await?;
        let kind = seen.result().and_then(|r| r.get("resultType")).and_then(Value::as_str);
        let finding = match kind {
            Some("complete" | "input_required") => Finding::Held,
            Some(_) => {
                Finding::violated("a result of the core protocol, or an error", seen.describe())
            }
            // A missing `resultType` is judged elsewhere, and silence is no answer.
            None if seen.is_refused() || seen.is_accepted() => Finding::Held,
            None => continue,
        };
        bench.case(name, format!("{name} is called by a client without extensions"), Ok(finding));
    }
    bench.conclude()
}
