//! streamable-http#value-encoding, streamable-http#server-behavior-for-custom-headers: annotated parameters.

use plumb_runner::facet::{Tried, code, outcome, status};
use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check, sample};
use plumb_wire::{codes, header, method};
use serde_json::{Value, json};

/// At most so many annotated parameters are looked at.
const LOOKED_AT: usize = 6;

/// Whether the call was served or refused as the vector demands. Position: where the argument itself is not the one
/// of the control, -32602 is the tool's word on the value and says nothing of the header.
pub(crate) fn served_or_refused_by_header(tried: &Tried) -> Judgement {
    if is_about_the_value(tried) { Ok(value_refused()) } else { outcome(tried) }
}

fn refused_by_header_as_named(tried: &Tried) -> Judgement {
    match status(tried)? {
        _ if is_about_the_value(tried) => Ok(value_refused()),
        Finding::Held => code(tried),
        finding => Ok(finding),
    }
}

fn is_about_the_value(tried: &Tried) -> bool {
    let arguments = |seen: &Observed| seen.params().and_then(|p| p.get("arguments")).cloned();
    arguments(&tried.before) != arguments(&tried.sent)
        && tried.sent.code() == Some(codes::INVALID_PARAMS)
}

fn value_refused() -> Finding {
    Finding::unseen(
        "the tool refuses the argument itself",
        "offer a tool that takes any string, integer or boolean in a parameter with `x-mcp-header`",
    )
}

check! {
    /// **Observed:** the markers `=?base64?` and `?=` count only as written, in lower case: with other letters a value
    /// is compared as it stands.
    ///
    /// **Why:** the markers are case-sensitive; a party that folds case reads another value than one that does not.
    ///
    /// **Fix:** compare the markers byte by byte.
    pub(crate) SENTINEL_EXACT = "http.param.sentinel-exact";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** headers of annotated parameters in the Base64 sentinel form are accepted when they decode to the
    /// argument: text beyond ASCII, edge white space, line ends, values that look like the form itself, numbers.
    ///
    /// **Why:** such values have no other way into a header.
    ///
    /// **Fix:** decode `=?base64?…?=` before the comparison.
    pub(crate) DECODE = "http.param.server-decode";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** headers of annotated parameters with raw bytes beyond ASCII or control characters are refused,
    /// and so are markers around what is outside the Base64 alphabet or no UTF-8. Position: missing or superfluous
    /// padding, and the URL-safe alphabet, may be accepted or refused.
    ///
    /// **Why:** parties that repair such a value in different ways act on different values.
    ///
    /// **Fix:** refuse what does not decode strictly.
    pub(crate) INVALID_CHARS = "http.param.server-invalid-chars";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** headers of annotated parameters are compared with the arguments: equal strings, integers and
    /// booleans are served, different ones are refused.
    ///
    /// **Why:** a gateway routes or bills by the header while the tool works with the argument.
    ///
    /// **Fix:** compare every annotated argument with its decoded header before the tool runs.
    pub(crate) VALIDATE = "http.param.server-validate";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** every refusal because of an annotated parameter's header has the status 400 and the error -32020.
    ///
    /// **Why:** by the code a client knows that its list of tools is out of date, and asks for it again.
    ///
    /// **Fix:** answer as for the standard headers.
    pub(crate) REFUSAL = "http.param.server-400";
    applies: [Http];
    cases: refused_by_header_as_named
}

check! {
    /// **Observed:** calls with an annotated argument and no header for it are refused; empty, zero and false are
    /// values too.
    ///
    /// **Why:** leaving the header out would be enough to get past a gateway.
    ///
    /// **Fix:** demand the header of every annotated argument that is there and not `null`.
    pub(crate) MISSING = "http.param.server-missing-header";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** a call whose integer 42 is mirrored as `42.0` is served.
    ///
    /// **Why:** some languages write whole numbers like that; the two are the same number.
    ///
    /// **Fix:** read both as numbers before they are compared.
    pub(crate) INTEGER_NUMERIC = "http.validate.integer-numeric";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** calls whose annotated argument is `null`, without a header for it, are not refused with -32020.
    ///
    /// **Why:** clients leave the header out for `null`; a server that expects one can never be called so.
    ///
    /// **Fix:** take `null` for no value when headers are checked.
    pub(crate) NULL_NOT_EXPECTED = "http.param.server-null-not-expected";
    applies: [Http];
    scenario: null_not_expected
}

async fn null_not_expected(bench: &Bench) -> Judgement {
    not_expected(bench, Some(&Value::Null)).await
}

check! {
    /// **Observed:** calls without an annotated argument that is optional, and without a header for it, are served.
    ///
    /// **Why:** clients leave the header out where there is no value; a server that expects one makes every annotated
    /// parameter required.
    ///
    /// **Fix:** check headers only for arguments that are there.
    pub(crate) ABSENT_NOT_EXPECTED = "http.param.server-absent-not-expected";
    applies: [Http];
    scenario: absent_not_expected
}

async fn absent_not_expected(bench: &Bench) -> Judgement {
    not_expected(bench, None).await
}

async fn not_expected(bench: &Bench, value: Option<&Value>) -> Judgement {
    let mut parameters: Vec<Parameter> =
        bench.survey().callable.iter().flat_map(|c| annotated(c, value)).collect();
    parameters.sort_by_key(|p| !p.valid);
    for parameter in parameters.into_iter().filter(|p| p.valid || value.is_some()).take(LOOKED_AT) {
        let header = parameter.header;
        bench.control(parameter.control).await?;
        let seen = bench.send(parameter.probe).await?;
        let judgement = match seen.code() {
            Some(codes::HEADER_MISMATCH) => {
                Ok(Finding::violated(format!("no `{header}` is expected"), seen.describe()))
            }
            _ if seen.is_accepted() => Ok(Finding::Held),
            // The tool may refuse the value, or want one in some cases: that says nothing of the header.
            Some(_) => Ok(value_refused()),
            None if !seen.is_refused() => Err(Trouble::Setup(seen.describe())),
            None if value.is_some() => Ok(value_refused()),
            None => Ok(Finding::violated("the call is served", seen.describe())),
        };
        bench.case(&header.to_lowercase(), format!("there is no `{header}`"), judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** between two calls without an annotated argument that is optional, which are served without a header for it, the
    /// same call with a header is refused with the status 400 and the error -32020. Position: a header that speaks of an argument
    /// that is not there says what the body does not.
    ///
    /// **Why:** a gateway routes, bills or forbids by that header, and the tool does something else: what is left out.
    ///
    /// **Fix:** refuse the header of an annotated parameter that has no value in the body.
    pub(crate) EXTRA = "http.param.server-extra-header";
    applies: [Http];
    scenario: extra
}

async fn extra(bench: &Bench) -> Judgement {
    let all = bench.survey().callable.iter().flat_map(|c| annotated(c, None));
    for parameter in all.filter(|p| p.valid).take(LOOKED_AT) {
        let Parameter { header, probe, .. } = parameter;
        // Whether it is served says another check.
        if !bench.send(probe.clone()).await?.is_accepted() {
            continue;
        }
        let seen = bench.send(probe.clone().header(&header, &parameter.value)).await?;
        bench.control(probe).await?;
        let refused = seen.code() == Some(codes::HEADER_MISMATCH) && seen.status() == Some(400);
        let judgement = seen
            .settled()
            .map(|seen| Finding::expect(refused, "status 400, error -32020", || seen.describe()));
        let title = format!("`{header}: {}`, and no such argument", parameter.value);
        bench.case(&header.to_lowercase(), title, judgement);
    }
    bench.conclude()
}

/// A call with all annotated arguments, and the same without one of them, or with another value for it.
struct Parameter {
    header: String,
    /// What the header says of the argument of the control.
    value: String,
    control: Probe,
    probe: Probe,
    /// Whether the tool's schema takes the call.
    valid: bool,
}

/// The annotated parameters of a tool that may be called.
fn annotated(callable: &Callable, value: Option<&Value>) -> Vec<Parameter> {
    let (schema, name) = (&callable.tool["inputSchema"], &callable.tool["name"]);
    let mut annotations = Vec::new();
    collect(schema, "", &mut annotations);
    let whole =
        with_all(schema, &annotations).unwrap_or_else(|| Value::Object(callable.arguments.clone()));
    let call = |arguments: &Value| {
        Probe::request(method::TOOLS_CALL, json!({"name": name, "arguments": arguments}))
            .mirrored(schema)
    };
    let parameter = |(pointer, annotation): &(String, String)| {
        let mut arguments = whole.clone();
        let mirrored = match whole.pointer(pointer)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (parent, key) = pointer.rsplit_once('/')?;
        let parent = arguments.pointer_mut(parent)?.as_object_mut()?;
        match value {
            Some(value) => parent.insert(key.to_owned(), value.clone()),
            None => parent.remove(key),
        };
        Some(Parameter {
            header: format!("{}{annotation}", header::PARAM_PREFIX),
            value: mirrored,
            control: call(&whole),
            probe: call(&arguments),
            valid: sample::validator(schema).is_none_or(|v| v.is_valid(&arguments)),
        })
    };
    annotations.iter().filter_map(parameter).collect()
}

/// The JSON pointers of annotated parameters within the arguments, and their annotations.
fn collect(schema: &Value, at: &str, found: &mut Vec<(String, String)>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{key}");
        if let Some(annotation) = property[header::ANNOTATION].as_str() {
            found.push((pointer.clone(), annotation.to_owned()));
        }
        collect(property, &pointer, found);
    }
}

/// Arguments that hold a value for each of these parameters.
fn with_all(schema: &Value, annotations: &[(String, String)]) -> Option<Value> {
    let mut schema = schema.clone();
    for (pointer, _) in annotations {
        let mut at = &mut schema;
        for key in pointer.split('/').skip(1) {
            let mut required = at["required"].as_array().cloned().unwrap_or_default();
            if !required.iter().any(|r| r == key) {
                required.push(json!(key));
            }
            at["required"] = Value::Array(required);
            at = at.get_mut("properties")?.get_mut(key)?;
        }
    }
    sample::arguments(&schema).map(Value::Object)
}
