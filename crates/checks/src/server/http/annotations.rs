//! streamable-http#schema-extension: the `x-mcp-header` annotations of the tools that are listed.

use plumb_runner::{Bench, Finding, Judgement, check};
use plumb_wire::header;
use serde_json::Value;

/// The largest integer that JavaScript holds exactly.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// Keywords whose value is a schema.
const SCHEMA: [&str; 11] = [
    "items",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
];

/// Keywords whose value is a list of schemas.
const SCHEMAS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value is an object of schemas.
const NAMED_SCHEMAS: [&str; 5] =
    ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

check! {
    /// **Observed:** no `x-mcp-header` of a listed tool is the empty string. Clients leave out tools that break this.
    ///
    /// **Why:** `Mcp-Param-` alone names nothing.
    ///
    /// **Fix:** name the header, or remove the annotation.
    pub(crate) NOT_EMPTY = "http.xmcp.server-not-empty";
    scenario: not_empty
}

async fn not_empty(bench: &Bench) -> Judgement {
    each(bench, "a name in `x-mcp-header`", |found| found.value.as_str() != Some("")).await
}

check! {
    /// **Observed:** every `x-mcp-header` of a listed tool is a token: letters, digits and ``!#$%&'*+-.^_`|~``. Empty
    /// ones and control characters are judged elsewhere. Clients leave out tools that break this.
    ///
    /// **Why:** no other name can stand in an HTTP header.
    ///
    /// **Fix:** write `My-Region` for `My Region`.
    pub(crate) TOKEN = "http.xmcp.server-token";
    scenario: token
}

async fn token(bench: &Bench) -> Judgement {
    each(bench, "an `x-mcp-header` that is a token", |found| match found.value.as_str() {
        Some(name) => {
            name.is_empty() || name.chars().any(char::is_control) || header::is_token(name)
        }
        None => false,
    })
    .await
}

check! {
    /// **Observed:** no `x-mcp-header` of a listed tool holds a control character. Clients leave out tools that break
    /// this.
    ///
    /// **Why:** a line end in a header's name lets the server write further headers into the client's requests.
    ///
    /// **Fix:** remove the characters.
    pub(crate) NO_CONTROL = "http.xmcp.server-no-control";
    scenario: no_control
}

async fn no_control(bench: &Bench) -> Judgement {
    each(bench, "no control character in `x-mcp-header`", |found| {
        found.value.as_str().is_none_or(|name| !name.chars().any(char::is_control))
    })
    .await
}

check! {
    /// **Observed:** the `x-mcp-header` values of each listed tool differ, whatever their case, nested ones included.
    /// Clients leave out tools that break this.
    ///
    /// **Why:** header names have no case: two parameters would share one header.
    ///
    /// **Fix:** give each parameter a header of its own.
    pub(crate) UNIQUE = "http.xmcp.server-unique";
    scenario: unique
}

async fn unique(bench: &Bench) -> Judgement {
    judged(bench, |found| {
        let mut names: Vec<String> = Vec::new();
        for annotation in found {
            let Some(name) = annotation.value.as_str().map(str::to_lowercase) else { continue };
            if names.contains(&name) {
                return Finding::violated(
                    "each `x-mcp-header` once",
                    format!("{name:?} once more {}", annotation.place()),
                );
            }
            names.push(name);
        }
        Finding::Held
    })
    .await
}

check! {
    /// **Observed:** `x-mcp-header` stands only on parameters of type string, integer or boolean. `null` beside one of
    /// them is fine; `number`, objects, arrays and parameters without a type are not. Clients leave out tools that
    /// break this.
    ///
    /// **Why:** other values have no single form in a header that two parties could compare.
    ///
    /// **Fix:** declare the type, or remove the annotation.
    pub(crate) PRIMITIVE = "http.xmcp.server-primitive";
    scenario: primitive
}

async fn primitive(bench: &Bench) -> Judgement {
    each(bench, "`x-mcp-header` on a string, an integer or a boolean", |found| {
        !found.reachable || is_primitive(found.schema)
    })
    .await
}

/// Whether a schema admits strings, integers, booleans and `null` only, as far as it can be told.
fn is_primitive(schema: &Value) -> bool {
    let known = |t: &Value| matches!(t.as_str(), Some("string" | "integer" | "boolean" | "null"));
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().all(known) && types.iter().any(|t| t != "null"),
        Some(one) => known(one) && one != "null",
        None => {
            let branches = SCHEMAS.iter().filter_map(|k| schema.get(*k)?.as_array()).flatten();
            let mut branches = branches.filter(|b| b["type"] != "null").peekable();
            let plain = |v: &Value| {
                v.is_string() || v.is_boolean() || v.is_i64() || v.is_u64() || v.is_null()
            };
            let values = schema.get("enum").and_then(Value::as_array);
            if let Some(values) = values {
                return values.iter().all(plain);
            }
            if let Some(value) = schema.get("const") {
                return plain(value);
            }
            // What a reference leads to is judged as reachability.
            schema.get("$ref").is_some()
                || (branches.peek().is_some() && branches.all(is_primitive))
        }
    }
}

check! {
    /// **Observed:** no annotated integer parameter of a listed tool admits, by its own bounds or values, integers beyond
    /// 2^53-1 or below -(2^53-1). A parameter without bounds is fine. Clients leave out tools that break this.
    ///
    /// **Why:** JavaScript rounds such numbers, and the header no longer equals the argument.
    ///
    /// **Fix:** set `minimum` and `maximum` within the safe range, or use a string.
    pub(crate) SAFE_INTEGER = "http.xmcp.server-safe-integer";
    scenario: safe_integer
}

async fn safe_integer(bench: &Bench) -> Judgement {
    each(bench, "an annotated integer within the safe range", |found| {
        let bounds =
            ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "const", "default"];
        let bounds = bounds.iter().filter_map(|k| found.schema.get(*k));
        let values = found.schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let integer = found.schema["type"] == "integer";
        // An exclusive bound may lie one beyond.
        let beyond = |v: &Value| v.as_f64().is_some_and(|n| n.abs() > SAFE);
        let exclusive = |v: &Value| v.as_f64().is_some_and(|n| n.abs() <= SAFE + 1.0);
        let only_exclusive = |v: &&Value| {
            ["exclusiveMinimum", "exclusiveMaximum"]
                .iter()
                .any(|k| found.schema.get(*k) == Some(*v))
                && exclusive(v)
        };
        !integer || !bounds.filter(|v| !only_exclusive(v)).chain(values).any(beyond)
    })
    .await
}

check! {
    /// **Observed:** every `x-mcp-header` of a listed tool stands on a property that is reached from the schema's root
    /// through `properties` alone; not below `items`, a composition, a condition or a definition. Clients leave out
    /// tools that break this.
    ///
    /// **Why:** elsewhere there may be no value, or several.
    ///
    /// **Fix:** move the parameter, or remove the annotation.
    pub(crate) REACHABLE = "http.xmcp.server-reachable";
    scenario: reachable
}

async fn reachable(bench: &Bench) -> Judgement {
    each(bench, "`x-mcp-header` on a property that `properties` alone lead to", |found| {
        found.reachable
    })
    .await
}

/// An annotation and where it stands.
struct Annotation<'a> {
    value: &'a Value,
    schema: &'a Value,
    path: String,
    reachable: bool,
}

impl Annotation<'_> {
    fn place(&self) -> String {
        format!("at {} of the inputSchema", self.path)
    }
}

async fn each(bench: &Bench, expected: &str, fits: impl Fn(&Annotation<'_>) -> bool) -> Judgement {
    judged(bench, |found| match found.iter().find(|a| !fits(a)) {
        Some(annotation) => {
            Finding::violated(expected, format!("{} {}", annotation.value, annotation.place()))
        }
        None => Finding::Held,
    })
    .await
}

/// Judges the annotations of each listed tool that has some; a case for each tool that breaks the rule.
#[expect(
    clippy::unused_async,
    reason = "a scenario is a future, though the survey has listed the tools already"
)]
async fn judged(bench: &Bench, judge: impl Fn(&[Annotation<'_>]) -> Finding) -> Judgement {
    let mut seen = 0;
    for item in &bench.survey().tools.items {
        let Some(schema) = item.value.get("inputSchema") else { continue };
        let mut found = Vec::new();
        collect(schema, "", Some(true), &mut found);
        if found.is_empty() {
            continue;
        }
        seen += 1;
        let finding = judge(&found);
        if finding != Finding::Held {
            let name = item.value["name"].as_str().unwrap_or("without a name");
            bench.note_seq(item.seq);
            bench.case(name, format!("the tool {name:?}"), Ok(finding));
        }
    }
    if seen == 0 {
        return Ok(Finding::unseen(
            "no listed tool has an `x-mcp-header`",
            "annotate a parameter, if gateways need it",
        ));
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::Held),
        finding => Ok(finding),
    }
}

/// Collects all annotations of a schema. `chain` says how this place was reached: `Some(true)` at the root, and
/// `Some(false)` at a property, both through `properties` alone; `None` any other way.
fn collect<'a>(
    schema: &'a Value,
    path: &str,
    chain: Option<bool>,
    found: &mut Vec<Annotation<'a>>,
) {
    if let Some(value) = schema.get(header::ANNOTATION) {
        let path = if path.is_empty() { "the root".to_owned() } else { path.to_owned() };
        found.push(Annotation { value, schema, path, reachable: chain == Some(false) });
    }
    for keyword in NAMED_SCHEMAS {
        for (name, inner) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            let chain = chain.filter(|_| keyword == "properties").map(|_| false);
            collect(inner, &format!("{path}/{keyword}/{name}"), chain, found);
        }
    }
    for keyword in SCHEMA {
        if let Some(inner) = schema.get(keyword).filter(|v| v.is_object()) {
            collect(inner, &format!("{path}/{keyword}"), None, found);
        }
    }
    for keyword in SCHEMAS {
        for (n, inner) in
            schema.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            collect(inner, &format!("{path}/{keyword}/{n}"), None, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(schema: &Value) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        collect(schema, "", Some(true), &mut found);
        found.into_iter().map(|a| (a.path, a.reachable)).collect()
    }

    #[test]
    fn only_chains_of_properties_reach_an_annotation() {
        let deep = json!({"properties": {"a": {"properties": {"b": {"x-mcp-header": "B"}}}}});
        assert_eq!(places(&deep), [("/properties/a/properties/b".to_owned(), true)]);
        let item = json!({"properties": {"a": {"items": {"x-mcp-header": "B"}}}});
        assert_eq!(places(&item), [("/properties/a/items".to_owned(), false)]);
        let defined = json!({"$defs": {"a": {"x-mcp-header": "B"}}});
        assert_eq!(places(&defined), [("/$defs/a".to_owned(), false)]);
        let named = json!({"properties": {"x-mcp-header": {"type": "string"}}, "default": {"x-mcp-header": 1}});
        assert_eq!(places(&named), []);
        assert_eq!(places(&json!({"x-mcp-header": "Root"})), [("the root".to_owned(), false)]);
    }

    #[test]
    fn an_optional_string_is_a_primitive() {
        for schema in [
            json!({"type": "string"}),
            json!({"type": ["integer", "null"]}),
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!({"enum": ["a", "b"]}),
        ] {
            assert!(is_primitive(&schema), "{schema}");
        }
        for schema in [
            json!({"type": "number"}),
            json!({"type": "null"}),
            json!({"type": ["string", "array"]}),
            json!({}),
        ] {
            assert!(!is_primitive(&schema), "{schema}");
        }
    }
}
