//! server/tools#tool, #x-mcp-header: what a definition says about its arguments.

use std::future::{Ready, ready};

use plumb_flows::schema::{Fit, well_formed};
use plumb_runner::{Bench, Finding, Judgement, Prop, brief, check, clip};
use plumb_wire::header;
use serde_json::{Value, json};

check! {
    /// **Observed:** every `inputSchema` is a JSON object and valid by the meta-schema of the dialect that it
    /// declares, 2020-12 if it declares none; its references lead to a place in it. A dialect that Plumb does not know,
    /// and a schema that rests on a document elsewhere, cannot be judged; nothing is fetched.
    ///
    /// **Why:** clients compile the schema; one broken definition often costs the whole list.
    ///
    /// **Fix:** validate the schema against its meta-schema; a tool without parameters has
    /// `{"type": "object", "additionalProperties": false}`. Put what a schema refers to into its `$defs`.
    pub(crate) VALID_OBJECT = "tools.schema.valid-object";
    since: "2025-11-25";
    fact: "schema.tool.shape";
    applies: [Declares(Tools)];
    scenario: valid_object
}

fn valid_object(bench: &Bench) -> Ready<Judgement> {
    let tools = &bench.survey().tools.items;
    let mut unknown = None;
    for tool in tools {
        bench.note_seq(tool.seq);
        match input_schema(&tool.value) {
            Finding::Held => {}
            unseen @ Finding::Unseen { .. } => unknown = Some(unseen),
            violated @ Finding::Violated { .. } => return ready(Ok(violated)),
        }
    }
    ready(Ok(if tools.is_empty() { none_listed() } else { unknown.unwrap_or(Finding::Held) }))
}

fn input_schema(tool: &Value) -> Finding {
    let schema = tool.get("inputSchema").unwrap_or(&Value::Null);
    if !schema.is_object() {
        return Finding::violated(
            "`inputSchema` is a JSON Schema object",
            format!("{}: {}", named(tool), brief(schema)),
        );
    }
    match well_formed(schema) {
        Fit::Yes => Finding::Held,
        Fit::No(why) => Finding::violated(
            "a valid schema by the meta-schema of its dialect",
            format!("inputSchema of {}: {why}", named(tool)),
        ),
        Fit::Unknown(why) => Finding::unseen(
            format!("{}: {why}", named(tool)),
            "use a schema of a known dialect that rests on nothing else",
        ),
    }
}

check! {
    /// **Observed:** every `inputSchema` that is an object has `"type": "object"` at its root.
    ///
    /// **Why:** arguments are always an object, and clients read the properties from the root.
    ///
    /// **Fix:** add `"type": "object"`, beside `oneOf` or `$ref` if need be.
    pub(crate) ROOT_OBJECT = "tools.schema.root-object";
    since: "2025-03-26";
    fact: "schema.tool.shape";
    applies: [Declares(Tools)];
    scenario: root_object
}

fn root_object(bench: &Bench) -> Ready<Judgement> {
    let tools = &bench.survey().tools.items;
    let flawed = tools.iter().find(|tool| {
        let schema = tool.value.get("inputSchema");
        schema.is_some_and(|s| s.is_object() && s.get("type") != Some(&json!("object")))
    });
    ready(Ok(match flawed {
        _ if tools.is_empty() => none_listed(),
        None => {
            for tool in tools {
                bench.note_seq(tool.seq);
            }
            Finding::Held
        }
        Some(tool) => {
            bench.note_seq(tool.seq);
            let found = tool
                .value
                .pointer("/inputSchema/type")
                .map_or_else(|| "no `type`".into(), |t| format!("type {t}"));
            Finding::violated(
                "`inputSchema` has type \"object\"",
                format!("{}: {found}", named(&tool.value)),
            )
        }
    }))
}

check! {
    /// **Observed:** the tool whose schema uses the keywords of 2020-12 (`json_schema_2020_12_tool`, or the one
    /// named as prop) is listed with all of them: `$schema`, `$defs`, `$anchor`, `allOf` or `anyOf`,
    /// `if` with `then` or `else`, `additionalProperties`.
    ///
    /// **Why:** frameworks that know only some keywords drop the rest, and models then send what is refused.
    ///
    /// **Fix:** pass schemas on as they are; do not rebuild them from a type that knows a few keywords.
    pub(crate) KEYWORDS_KEPT = "tools.schema.keywords-kept";
    applies: [Declares(Tools)];
    needs: [Schema2020Tool];
    scenario: keywords_kept
}

async fn keywords_kept(bench: &Bench) -> Judgement {
    let name = &bench.prop(Prop::Schema2020Tool)?.name;
    let listed = plumb_flows::listing::walk(
        bench,
        &plumb_flows::listing::Connection::Shared,
        plumb_flows::listing::TOOLS,
        60,
    )
    .await?;
    let Some(tool) = listed.items().find(|t| t.get("name").is_some_and(|n| n == name.as_str()))
    else {
        return Ok(Finding::unseen(format!("{name} is not listed"), "list it"));
    };
    let schema = tool.get("inputSchema").unwrap_or(&Value::Null);
    let has = |keyword: &str| holds(schema, keyword, 0);
    let missing: Vec<&str> = [
        ("$schema", has("$schema")),
        ("$defs", has("$defs")),
        ("$anchor", has("$anchor")),
        ("allOf or anyOf", has("allOf") || has("anyOf")),
        ("if", has("if")),
        ("then or else", has("then") || has("else")),
        ("additionalProperties", has("additionalProperties")),
    ]
    .into_iter()
    .filter_map(|(keyword, there)| (!there).then_some(keyword))
    .collect();
    Ok(Finding::expect(missing.is_empty(), "every keyword of the schema in the list", || {
        format!("{name} is listed without {}", missing.join(", "))
    }))
}

fn holds(value: &Value, keyword: &str, depth: usize) -> bool {
    match value {
        _ if depth > 16 => false,
        Value::Object(map) => {
            map.contains_key(keyword) || map.values().any(|v| holds(v, keyword, depth + 1))
        }
        Value::Array(items) => items.iter().any(|v| holds(v, keyword, depth + 1)),
        _ => false,
    }
}

check! {
    /// **Observed:** no parameter whose name says that it is a password, key or token carries `x-mcp-header`.
    /// Told by name, so `max_tokens` or `page_token` do not count.
    ///
    /// **Why:** header fields are logged by every proxy on the way.
    ///
    /// **Fix:** leave the annotation off; better still, take secrets from the request's authorization.
    pub(crate) SENSITIVE = "tools.xmcp.sensitive";
    applies: [Declares(Tools)];
    scenario: sensitive
}

fn sensitive(bench: &Bench) -> Ready<Judgement> {
    let mut seen = false;
    for tool in &bench.survey().tools.items {
        let mut annotated = Vec::new();
        collect(tool.value.get("inputSchema").unwrap_or(&Value::Null), &mut annotated, 0);
        seen |= !annotated.is_empty();
        let secret = annotated.iter().find(|(name, schema)| is_secret(name, schema));
        if let Some((name, _)) = secret {
            bench.note_seq(tool.seq);
            let actual = format!("{}: `{}` is mirrored", named(&tool.value), clip(name, 60));
            return ready(Ok(Finding::violated(
                "no password, key or token in a header field",
                actual,
            )));
        }
    }
    ready(Ok(if seen {
        Finding::Held
    } else {
        Finding::unseen("no parameter is annotated with `x-mcp-header`", "annotate one")
    }))
}

fn collect<'a>(schema: &'a Value, into: &mut Vec<(&'a str, &'a Value)>, depth: usize) {
    let Some(properties) =
        schema.get("properties").and_then(Value::as_object).filter(|_| depth < 16)
    else {
        return;
    };
    for (name, property) in properties {
        if property.get(header::ANNOTATION).is_some() {
            into.push((name, property));
        }
        collect(property, into, depth + 1);
    }
}

fn is_secret(name: &str, schema: &Value) -> bool {
    if schema.get("format").is_some_and(|f| f == "password") {
        return true;
    }
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|w| !w.is_empty());
    let alone = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "ssn",
        "credential",
        "credentials",
    ];
    let pairs = [
        ["api", "key"],
        ["private", "key"],
        ["secret", "key"],
        ["access", "token"],
        ["auth", "token"],
        ["bearer", "token"],
        ["refresh", "token"],
        ["credit", "card"],
    ];
    words.iter().any(|w| alone.contains(&w.as_str()))
        || words.windows(2).any(|w| pairs.iter().any(|p| w[0] == p[0] && w[1] == p[1]))
        || words == ["token"]
}

/// A tool by its name, or as much of it as there is.
pub(crate) fn named(tool: &Value) -> String {
    tool.get("name")
        .and_then(Value::as_str)
        .map_or_else(|| brief(tool), |name| format!("tool {:?}", clip(name, 80)))
}

/// The finding when there is no tool to look at.
fn none_listed() -> Finding {
    Finding::unseen("no tool is listed", "list a tool")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_schemas_are_valid_objects() {
        let judged = |schema: Value| input_schema(&json!({"name": "t", "inputSchema": schema}));
        for legal in [
            json!({"type": "object"}),
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                "properties": {"a": {"type": "string", "pattern": "]?"}}}),
        ] {
            assert_eq!(judged(legal.clone()), Finding::Held, "{legal}");
        }
        for illegal in [
            Value::Null,
            json!(true),
            json!({"type": "objekt"}),
            json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}),
        ] {
            assert!(matches!(judged(illegal.clone()), Finding::Violated { .. }), "{illegal}");
        }
        let elsewhere = json!({"properties": {"a": {"$ref": "https://example.com/a"}}});
        assert!(matches!(judged(elsewhere), Finding::Unseen { .. }));
    }

    #[test]
    fn secrets_are_told_from_what_only_sounds_like_them() {
        for name in [
            "password",
            "apiKey",
            "API_KEY",
            "db-password",
            "accessToken",
            "token",
            "client_secret",
        ] {
            assert!(is_secret(name, &Value::Null), "{name}");
        }
        for name in [
            "max_tokens",
            "page_token",
            "tokenCount",
            "region",
            "primary_key",
            "secretary",
            "keyboard",
        ] {
            assert!(!is_secret(name, &Value::Null), "{name}");
        }
    }
}
