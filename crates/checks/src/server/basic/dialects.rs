//! basic#json-schema-usage: the dialects of schemas, as arguments that only one dialect refuses show them.

use jsonschema::Draft;
use plumb_flows::parts;
use plumb_flows::schema::{Fit, well_formed};
use plumb_runner::sample::{Validator, by_dialect};
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, check, clip};
use plumb_wire::method;
use serde_json::{Map, Value, json};

/// At most so many calls of one check.
const CALLS: usize = 12;

const DIALECTS: [(&str, Draft); 5] = [
    ("draft/2020-12/schema", Draft::Draft202012),
    ("draft/2019-09/schema", Draft::Draft201909),
    ("draft-07/schema", Draft::Draft7),
    ("draft-06/schema", Draft::Draft6),
    ("draft-04/schema", Draft::Draft4),
];

/// The dialect that a schema declares, 2020-12 by default; `None` for one that we do not know.
fn dialect(schema: &Value) -> Option<Draft> {
    match schema.get("$schema") {
        None => Some(Draft::Draft202012),
        Some(declared) => {
            let declared = declared.as_str()?.trim_end_matches('#');
            DIALECTS.iter().find(|(end, _)| declared.ends_with(end)).map(|(_, draft)| *draft)
        }
    }
}

fn reader(schema: &Value, draft: Draft) -> Option<Validator> {
    let mut schema = schema.clone();
    schema.as_object_mut()?.remove("$schema");
    by_dialect(&schema, draft)
}

/// Arguments that `by` refuses and `other` lets through, each a small change of arguments that a tool accepts. A schema
/// that `other` cannot read lets everything through for a server that shrugs it off.
fn telling(callable: &Callable, by: Draft, other: Draft) -> Vec<Map<String, Value>> {
    let schema = &callable.tool["inputSchema"];
    let Some(by) = reader(schema, by) else { return Vec::new() };
    let other = reader(schema, other);
    let tells = |arguments: &Map<String, Value>| {
        let arguments = Value::Object(arguments.clone());
        !by.is_valid(&arguments) && other.as_ref().is_none_or(|other| other.is_valid(&arguments))
    };
    changes(schema, &callable.arguments).into_iter().filter(tells).collect()
}

/// Changes that keywords on which dialects differ speak of: tuples, dependent properties, unevaluated properties.
fn changes(schema: &Value, accepted: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let with = |name: &str, value: Value| {
        let mut arguments = accepted.clone();
        arguments.insert(name.to_owned(), value);
        arguments
    };
    let mut changed = Vec::new();
    for (name, property) in
        schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        for tuple in
            ["prefixItems", "items"].iter().filter_map(|key| property.get(*key)?.as_array())
        {
            let strange = json!({"plumb": "fits no position"});
            changed.push(with(name, Value::Array(vec![strange; tuple.len().clamp(1, 16)])));
        }
    }
    for (name, _) in
        schema.get("dependentRequired").and_then(Value::as_object).into_iter().flatten()
    {
        changed.push(with(name, json!("plumb")));
    }
    changed.push(with("plumbUnknown", json!(true)));
    changed
}

/// Calls tools with arguments that their dialect refuses and another one accepts.
async fn refusals(
    bench: &Bench,
    tools: Vec<&Callable>,
    by: impl Fn(&Value) -> Draft,
    other: Draft,
) -> Judgement {
    let mut calls = 0;
    for callable in tools {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let arguments = telling(callable, by(&callable.tool["inputSchema"]), other);
        if arguments.is_empty() || calls >= CALLS {
            continue;
        }
        bench.control(bench.call_of(name, Value::Object(callable.arguments.clone()))).await?;
        for (n, arguments) in arguments.into_iter().enumerate() {
            calls += 1;
            let arguments = Value::Object(arguments);
            let seen = bench.send(bench.call_of(name, arguments.clone())).await?;
            let refused = seen.is_refused() || seen.result().is_some_and(|r| r["isError"] == true);
            let title = format!("{name} is called with {}", clip(&arguments.to_string(), 120));
            let expected = "a refusal or `isError`, since the dialect of the schema does not allow the arguments";
            let finding = Finding::expect(refused, expected, || seen.describe());
            bench.case(&format!("{name}-{}", n + 1), title, Ok(finding));
        }
    }
    if calls > 0 {
        return bench.conclude();
    }
    Ok(Finding::unseen(
        "no tool that may be called has a schema on which dialects differ",
        "offer a harmless tool whose inputSchema has `prefixItems` or `dependentRequired`, or draft-07 tuples",
    ))
}

fn tools(bench: &Bench, wanted: impl Fn(&Value) -> bool) -> Vec<&Callable> {
    bench.survey().callable.iter().filter(|c| wanted(&c.tool["inputSchema"])).collect()
}

check! {
    /// **Observed:** tools with a schema of 2020-12 refuse arguments that `prefixItems`, `dependentRequired` or
    /// `unevaluatedProperties` forbid, which older dialects do not know. Position: `isError` is a refusal.
    ///
    /// **Why:** a validator of an older dialect silently ignores these keywords, so the tool runs on what its author excluded.
    ///
    /// **Fix:** use a validator of JSON Schema 2020-12.
    pub(crate) MIN_DIALECT = "base.schema.min-dialect";
    since: "2025-11-25";
    fact: "tools.sec.validate-inputs";
    applies: [Declares(Tools)];
    scenario: min_dialect
}

async fn min_dialect(bench: &Bench) -> Judgement {
    let newest = |schema: &Value| dialect(schema) == Some(Draft::Draft202012);
    let mut of = tools(bench, |schema| newest(schema) && schema.get("$schema").is_some());
    if of.iter().all(|c| telling(c, Draft::Draft202012, Draft::Draft7).is_empty()) {
        of = tools(bench, newest);
    }
    refusals(bench, of, |_| Draft::Draft202012, Draft::Draft7).await
}

check! {
    /// **Observed:** tools whose schema has no `$schema` refuse arguments that 2020-12 forbids and draft-07 allows.
    ///
    /// **Why:** clients read such a schema as 2020-12; a server that reads it otherwise accepts what they never send, and
    /// refuses what they may.
    ///
    /// **Fix:** set the validator's default dialect to 2020-12.
    pub(crate) DEFAULT_2020_12 = "base.schema.server-2020-12-default";
    since: "2025-11-25";
    fact: "tools.sec.validate-inputs";
    applies: [Declares(Tools)];
    scenario: default_2020_12
}

async fn default_2020_12(bench: &Bench) -> Judgement {
    let of = tools(bench, |schema| schema.get("$schema").is_none());
    refusals(bench, of, |_| Draft::Draft202012, Draft::Draft7).await
}

check! {
    /// **Observed:** tools whose schema declares another dialect refuse arguments that this dialect forbids and 2020-12
    /// allows, such as a wrong draft-07 tuple.
    ///
    /// **Why:** a keyword means different things in different dialects; the wrong reading lets everything through.
    ///
    /// **Fix:** choose the validator by `$schema`, or publish the schema in 2020-12.
    pub(crate) VALIDATE_DIALECT = "base.schema.server-validate-dialect";
    since: "2025-11-25";
    fact: "tools.sec.validate-inputs";
    applies: [Declares(Tools)];
    scenario: validate_dialect
}

async fn validate_dialect(bench: &Bench) -> Judgement {
    let of = tools(bench, |schema| dialect(schema).is_some_and(|d| d != Draft::Draft202012));
    refusals(bench, of, |schema| dialect(schema).unwrap_or(Draft::Draft7), Draft::Draft202012).await
}

/// The schemas of listed tools, each with what it is.
pub(super) fn published(seen: &Observed) -> impl Iterator<Item = (String, &Value)> {
    parts::items(seen, method::TOOLS_LIST, "tools").flat_map(|tool| {
        ["inputSchema", "outputSchema"]
            .into_iter()
            .filter_map(move |member| {
                let of = crate::server::tools::definitions::named(tool);
                Some((format!("{member} of {of}"), tool.get(member)?))
            })
            .filter(|(_, schema)| schema.is_object())
    })
}

check! {
    /// **Observed:** every inputSchema and outputSchema of a listed tool is valid by the meta-schema of its dialect, and
    /// its references lead to a place in it.
    ///
    /// **Why:** clients compile the schemas; one that does not compile makes the tool unusable, in some clients all of them.
    ///
    /// **Fix:** validate your schemas against the meta-schema in your own tests.
    pub(crate) VALID = "base.schema.valid";
    since: "2025-11-25";
    fact: "schema.tool.shape";
    applies: [Declares(Tools)];
    passive: valid
}

fn valid(seen: &Observed, notes: &mut Notes<'_>) {
    for (what, schema) in published(seen) {
        match well_formed(schema) {
            Fit::Yes => notes.fits(),
            Fit::No(why) => notes.breaks(
                "a valid schema by the meta-schema of its dialect",
                format!("{what}: {why}"),
            ),
            Fit::Unknown(_) => {}
        }
    }
}

check! {
    /// **Observed:** no listed tool has a schema that declares a dialect older than draft-07. Position: the text recommends
    /// 2020-12 and itself shows draft-07 as a dialect to declare, so that one and 2019-09 pass.
    ///
    /// **Why:** few clients still carry validators for older drafts.
    ///
    /// **Fix:** publish schemas of 2020-12, and leave `$schema` out.
    pub(crate) RECOMMEND_2020_12 = "base.schema.recommend-2020-12";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    passive: recommend_2020_12
}

fn recommend_2020_12(seen: &Observed, notes: &mut Notes<'_>) {
    for (what, schema) in published(seen) {
        let old = matches!(dialect(schema), Some(Draft::Draft4 | Draft::Draft6));
        notes.expect(!old, "schemas of JSON Schema 2020-12", || {
            format!("{what} declares {}", schema["$schema"])
        });
    }
}
