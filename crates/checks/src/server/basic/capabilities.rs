//! basic#meta: capabilities that the client does not declare.

use plumb_flows::rounds::of_tasks;
use plumb_runner::survey::every_capability;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Prop, Trouble, check, clip};
use plumb_wire::schema::part;
use plumb_wire::{codes, meta};
use serde_json::{Map, Value, json};

/// At most so many requests that ask for input are tried.
const ASKERS: usize = 32;

/// At most so many capabilities are found missing one after the other.
const ROUNDS: usize = 4;

/// Every client capability of the core protocol.
pub(crate) fn everything() -> Value {
    every_capability()
}

/// Requests that asked for input when every client capability was declared, and those known to need one; each with what
/// it is.
pub(crate) fn asking_requests(bench: &Bench) -> Vec<(String, Probe)> {
    let survey = bench.survey();
    let mut asking_requests = Vec::new();
    let known = [
        Prop::NeedsCapabilityTool,
        Prop::ElicitTool,
        Prop::ElicitUrlTool,
        Prop::SamplingTool,
        Prop::RootsTool,
    ];
    for found in known.iter().filter_map(|p| survey.prop(*p)) {
        let probe = bench.call_of(&found.name, Value::Object(found.arguments.clone()));
        asking_requests.push((format!("tool {}", found.name), probe));
    }
    for callable in survey
        .callable
        .iter()
        .filter(|c| c.shown.as_ref().is_some_and(|s| s.input_required().is_some()))
    {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        asking_requests.push((
            format!("tool {name}"),
            bench.call_of(name, Value::Object(callable.arguments.clone())),
        ));
    }
    for seen in survey
        .fetched_resources
        .iter()
        .chain(&survey.fetched_prompts)
        .filter(|s| s.input_required().is_some())
    {
        let (Some(method), Some(params)) = (seen.method(), seen.params()) else { continue };
        let mut params = params.clone();
        params.as_object_mut().and_then(|p| p.remove("_meta"));
        let of = params
            .get("uri")
            .or_else(|| params.get("name"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        asking_requests.push((format!("{method} of {of}"), Probe::request(method, params)));
    }
    let mut told = std::collections::BTreeSet::new();
    asking_requests.retain(|(what, _)| told.insert(what.clone()));
    asking_requests.truncate(ASKERS);
    asking_requests
}

/// A case's slug for what is asked.
pub(crate) fn slug(what: &str) -> String {
    let plain: String = what
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    plain.trim_matches('-').to_owned()
}

/// A request that declares these capabilities, over a connection on which this check has declared no others: whether a
/// server remembers those of other requests is a question of its own, and a connection of the run may have declared any.
fn declaring(probe: &Probe, capabilities: &Value, connection: &str) -> Probe {
    probe.clone().capabilities(capabilities.clone()).on(connection)
}

/// The methods of the input that a result asks for.
pub(crate) fn asked(seen: &Observed) -> Vec<&str> {
    let requests =
        seen.input_required().and_then(|r| r.get("inputRequests")).and_then(Value::as_object);
    requests
        .into_iter()
        .flatten()
        .filter_map(|(_, request)| request.get("method")?.as_str())
        .collect()
}

fn none_asks() -> Finding {
    Finding::unseen(
        "nothing that the target offers asked for input or needed a client capability",
        "offer a tool that does, marked `readOnlyHint: true`, or name one in plumb.toml: [props.needs-capability-tool]",
    )
}

check! {
    /// **Observed:** what asked for input when every capability was declared, tasks included, asks for none when the request
    /// declares none, and asks only for what is declared when it declares the others.
    ///
    /// **Why:** a client cannot answer what it did not declare; the request is stuck.
    ///
    /// **Fix:** read the capabilities of the request at hand before asking; do without, or answer -32021.
    pub(crate) NO_RELY_UNDECLARED = "base.meta.no-rely-undeclared";
    scenario: no_rely_undeclared
}

async fn no_rely_undeclared(bench: &Bench) -> Judgement {
    for (what, probe) in asking_requests(bench) {
        let all = probe.clone().capabilities(everything());
        bench.control(all.clone()).await?;
        let mut refused = false;
        let mut findings = Vec::new();
        for (declares, capabilities) in [
            ("nothing", json!({})),
            ("roots-only", json!({"roots": {}})),
            ("elicitation-only", json!({"elicitation": {"form": {}, "url": {}}})),
        ] {
            let seen = bench.send(declaring(&probe, &capabilities, declares)).await?;
            refused |= seen.is_refused();
            let finding = relied(&seen, &capabilities)?;
            findings.push((declares, capabilities, finding));
        }
        // What is refused says nothing beside a request that is refused by now whatever it declares.
        let after = if refused { bench.control(all).await.err() } else { None };
        for (declares, capabilities, finding) in findings {
            let held = finding == Finding::Held;
            bench.case(
                &format!("{}-{declares}", slug(&what)),
                format!("{what} by a client that declares {capabilities}"),
                after.clone().filter(|_| held).map_or(Ok(finding), Err),
            );
        }
    }
    of_tasks(bench, "nothing", &json!({}), |_| true).await?;
    or_unseen(bench)
}

/// Whether an answer asks for what its request did not declare.
fn relied(seen: &Observed, capabilities: &Value) -> Judgement {
    let undeclared = asked(seen).into_iter().find(|method| {
        let (capability, _) = method.split_once('/').unwrap_or((method, ""));
        capabilities.get(capability).is_none()
    });
    match undeclared {
        Some(method) => Ok(Finding::violated(
            format!("no input request beyond the declared capabilities {capabilities}"),
            format!("an input request {method}"),
        )),
        None if seen.is_accepted() || seen.is_refused() => Ok(Finding::Held),
        None => Err(Trouble::Setup(seen.describe())),
    }
}

fn or_unseen(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(none_asks()),
        finding => Ok(finding),
    }
}

check! {
    /// **Observed:** what asked for input, or is known to need a capability, is answered with error -32021 when the request
    /// declares no capability, unless it can do without and answers completely.
    ///
    /// **Why:** by this code a client learns that the user could help if it were allowed to ask.
    ///
    /// **Fix:** check capabilities where the input is asked for, and raise this error there on every method.
    pub(crate) MISSING_CAPABILITY_ERROR = "base.meta.missing-capability-error";
    scenario: missing_capability_error
}

async fn missing_capability_error(bench: &Bench) -> Judgement {
    let needy =
        bench.survey().prop(Prop::NeedsCapabilityTool).map(|found| format!("tool {}", found.name));
    for (what, probe) in asking_requests(bench) {
        bench.control(probe.clone().capabilities(everything())).await?;
        let seen = bench.send(declaring(&probe, &json!({}), "nothing")).await?;
        if seen.result().is_some() && needy.as_ref() != Some(&what) {
            continue;
        }
        bench.control(probe.clone().capabilities(everything())).await?;
        let fits = seen.code() == Some(codes::MISSING_CLIENT_CAPABILITY);
        let expected = "error -32021, since the request declares no capability";
        let finding = Finding::expect(fits, expected, || seen.describe());
        bench.case(&slug(&what), format!("{what} by a client that declares nothing"), Ok(finding));
    }
    or_unseen(bench)
}

check! {
    /// **Observed:** the data of each error -32021 has `requiredCapabilities`, an object in the form of client capabilities;
    /// when exactly these are declared, the same request is no longer refused for want of them.
    ///
    /// **Why:** clients declare what they read there and try again; an incomplete or misshapen list makes them give up.
    ///
    /// **Fix:** write the missing capabilities as the client would declare them: `{"sampling": {}}`, not a list of names.
    pub(crate) MISSING_CAPABILITY_DATA = "base.meta.missing-capability-data";
    scenario: missing_capability_data
}

async fn missing_capability_data(bench: &Bench) -> Judgement {
    for (what, probe) in asking_requests(bench) {
        bench.control(probe.clone().capabilities(everything())).await?;
        let refused = bench.send(declaring(&probe, &json!({}), "nothing")).await?;
        if refused.code() != Some(codes::MISSING_CLIENT_CAPABILITY) {
            continue;
        }
        let data = refused.error().and_then(|e| e.get("data")).cloned().unwrap_or(Value::Null);
        let required = data.get("requiredCapabilities").and_then(Value::as_object);
        let finding = match required {
            Some(required) if !required.is_empty() => suffices(bench, &probe, required).await?,
            _ => Finding::violated(
                "`data.requiredCapabilities` is an object that names the missing capabilities",
                format!("data {}", clip(&data.to_string(), 160)),
            ),
        };
        bench.case(&slug(&what), format!("{what} by a client that declares nothing"), Ok(finding));
    }
    or_unseen(bench)
}

/// Declares what each refusal names until there is none; a server may find one missing capability after the other.
async fn suffices(
    bench: &Bench,
    probe: &Probe,
    required: &Map<String, Value>,
) -> Result<Finding, Trouble> {
    let mut declared = required.clone();
    for _ in 0..ROUNDS {
        let capabilities = Value::Object(declared.clone());
        if let Some(mismatch) = part::client_capabilities(&capabilities).first() {
            let expected = "`requiredCapabilities` has the form of client capabilities";
            return Ok(Finding::violated(expected, mismatch.to_string()));
        }
        let seen = bench.send(probe.clone().capabilities(capabilities.clone())).await?;
        if seen.code() != Some(codes::MISSING_CLIENT_CAPABILITY) {
            return Ok(Finding::Held);
        }
        let more = seen
            .error()
            .and_then(|e| e.pointer("/data/requiredCapabilities"))
            .and_then(Value::as_object);
        let before = declared.len();
        declared.extend(
            more.cloned().into_iter().flatten().filter(|(name, _)| !required.contains_key(name)),
        );
        if declared.len() == before {
            let expected = format!("no error -32021 once {capabilities} is declared");
            return Ok(Finding::violated(expected, seen.describe()));
        }
    }
    Err(Trouble::Setup("each round of declared capabilities led to another missing one".into()))
}

check! {
    /// **Observed:** over HTTP each error -32021 comes with status 400, unless messages of the request preceded it.
    ///
    /// **Why:** gateways and clients tell by the status that retrying the same request is no use.
    ///
    /// **Fix:** decide about capabilities before the response starts, and map the error to 400 on every method.
    pub(crate) MISSING_CAPABILITY_400 = "base.meta.missing-capability-400";
    applies: [Http];
    passive: missing_capability_400
}

fn missing_capability_400(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(status) = seen.status() else { return };
    let first = seen.messages.first().and_then(plumb_wire::jsonrpc::Message::code);
    if first == Some(codes::MISSING_CLIENT_CAPABILITY)
        && seen.sent_meta(meta::CLIENT_CAPABILITIES).is_some()
    {
        notes.expect(status == 400, "HTTP 400 with error -32021", || format!("HTTP {status}"));
    }
}
