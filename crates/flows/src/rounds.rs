//! Walking a flow of several round trips: who asks, for what, and answers that fit.

mod affinity;
pub mod tamper;
mod tasks;

pub use affinity::rounds_elsewhere;
pub use tasks::of_tasks;

use plumb_runner::{
    Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, asked_key, capable, sample,
};
use plumb_wire::method;
use serde_json::{Map, Value, json};

use crate::quiet::Quiet;

/// At most so many requests that ask for input are looked at.
const ASKERS: usize = 32;

/// The props that ask for input, beyond what the survey may call by itself.
const PROPS: [Prop; 10] = [
    Prop::ElicitTool,
    Prop::ElicitUrlTool,
    Prop::SamplingTool,
    Prop::SamplingToolsTool,
    Prop::RootsTool,
    Prop::MultiInputTool,
    Prop::MultiRoundTool,
    Prop::StateTool,
    Prop::CapabilityAwareTool,
    Prop::OnceTool,
];

/// A request that the target answers by asking for input when the client declares every capability.
#[derive(Clone, Debug)]
pub struct AskingRequest {
    /// The tool, prompt or resource.
    pub name: String,
    /// A short name for cases.
    pub slug: String,
    /// What it asked for in the survey, or just now.
    pub first: Round,
    /// The exchange in which it did.
    pub seq: u64,
    method: String,
    params: Value,
    schema: Value,
}

/// What an answer asks for.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The input requests, in order.
    pub inputs: Vec<Input>,
    /// The state to bring back.
    pub state: Option<Value>,
}

/// One request to the client.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its key.
    pub key: String,
    /// What is asked for.
    pub method: String,
    /// With what.
    pub params: Value,
}

/// The kinds of input that a client can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// `elicitation/create`, form mode.
    Form,
    /// `elicitation/create`, URL mode.
    Url,
    /// `sampling/createMessage`.
    Sampling,
    /// `roots/list`.
    Roots,
    /// None of these.
    Other,
}

impl Input {
    /// What is asked for.
    pub fn kind(&self) -> InputKind {
        match (self.method.as_str(), self.params["mode"].as_str()) {
            (method::ELICITATION_CREATE, Some("url")) => InputKind::Url,
            (method::ELICITATION_CREATE, _) => InputKind::Form,
            (method::SAMPLING_CREATE_MESSAGE, _) => InputKind::Sampling,
            (method::ROOTS_LIST, _) => InputKind::Roots,
            _ => InputKind::Other,
        }
    }

    /// The schema of the form.
    pub fn schema(&self) -> &Value {
        &self.params["requestedSchema"]
    }

    /// An answer that fits.
    pub fn answer(&self) -> Value {
        match self.kind() {
            InputKind::Form => json!({"action": "accept", "content": content(self.schema())}),
            InputKind::Url | InputKind::Other => json!({"action": "accept"}),
            InputKind::Sampling => completion(&json!({"type": "text", "text": "plumb"})),
            InputKind::Roots => {
                json!({"roots": [{"uri": "file:///home/user/project", "name": "project"}]})
            }
        }
    }
}

impl Round {
    /// What an answer asks for; `None` if it does not.
    pub fn of(seen: &Observed) -> Option<Self> {
        let Some(result) = seen.input_required() else {
            return if seen.response().is_none() { Self::asked(seen) } else { None };
        };
        Some(Self { state: result.get("requestState").cloned(), ..Self::of_task(result) })
    }

    /// What was asked by requests of the server, whatever came behind them.
    pub fn asked(seen: &Observed) -> Option<Self> {
        let input = |request: &Value| Input {
            key: asked_key(request),
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            params: request["params"].clone(),
        };
        let inputs: Vec<Input> = seen.asked().map(input).collect();
        (!inputs.is_empty()).then(|| Self { inputs, state: seen.sent_id().cloned() })
    }

    /// What a task asks for; nothing, perhaps.
    pub fn of_task(task: &Value) -> Self {
        let requests = task.get("inputRequests").and_then(Value::as_object);
        let inputs = requests.into_iter().flatten().map(|(key, request)| Input {
            key: key.clone(),
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            params: request["params"].clone(),
        });
        Self { inputs: inputs.collect(), state: None }
    }

    /// Answers that fit, by key.
    pub fn answers(&self) -> Map<String, Value> {
        self.inputs.iter().map(|i| (i.key.clone(), i.answer())).collect()
    }

    /// Whether another round asks for nothing but what this one did, under the same keys.
    pub fn is_again(&self, other: &Self) -> bool {
        let same = |one: &Input, other: &Input| one.key == other.key && one.method == other.method;
        self.inputs.len() == other.inputs.len()
            && self.inputs.iter().all(|one| other.inputs.iter().any(|other| same(one, other)))
    }

    /// Whether it asks for an input of this key.
    pub fn asks(&self, key: &str) -> bool {
        self.inputs.iter().any(|i| i.key == key)
    }

    /// Whether it asks for input of this kind.
    pub fn wants(&self, kind: InputKind) -> bool {
        self.inputs.iter().any(|i| i.kind() == kind)
    }
}

impl AskingRequest {
    /// Whether it is a prompt that asks.
    pub fn is_prompt(&self) -> bool {
        self.method == method::PROMPTS_GET
    }

    /// The request, with no client capability declared.
    pub fn bare(&self) -> Probe {
        Probe::request(&self.method, self.params.clone()).mirrored(&self.schema).in_rounds()
    }

    /// The request, with every client capability declared.
    pub fn probe(&self) -> Probe {
        capable(self.bare())
    }

    /// The request with answers and state.
    pub fn retry(&self, answers: impl Into<Value>, state: Option<&Value>) -> Probe {
        let probe = self.probe().param("inputResponses", answers);
        match state {
            Some(state) => probe.param("requestState", state.clone()),
            None => probe,
        }
    }

    /// The arguments' schema of the tool; null for prompts and resources.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The same with an argument of the tool replaced.
    pub fn with_argument(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut other = self.clone();
        if !other.params["arguments"].is_object() {
            other.params["arguments"] = json!({});
        }
        other.params["arguments"][name] = value.into();
        other
    }

    fn of(seen: &Observed, bench: &Bench) -> Option<Self> {
        let mut params = seen.params()?.clone();
        params.as_object_mut()?.remove("_meta");
        let name = params.get("name").or_else(|| params.get("uri"))?.as_str()?.to_owned();
        let method = seen.method()?.to_owned();
        let tool = bench.survey().tool(&name).filter(|_| method == method::TOOLS_CALL);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        Some(Self {
            slug: name.chars().map(plain).collect(),
            name,
            first: Round::of(seen).or_else(|| Round::asked(seen))?,
            seq: seen.seq(),
            method,
            params,
            schema: tool.map_or(Value::Null, |t| t["inputSchema"].clone()),
        })
    }
}

/// The requests that the target answers by asking for input: tools that may be called, prompts and resources.
pub async fn asking_requests(bench: &Bench) -> Vec<AskingRequest> {
    let survey = bench.survey();
    let tools = survey.callable.iter().filter_map(|c| c.shown.as_ref());
    let shown = tools.chain(&survey.fetched_prompts).chain(&survey.fetched_resources);
    let mut found: Vec<AskingRequest> =
        shown.filter_map(|seen| AskingRequest::of(seen, bench)).collect();
    for prop in PROPS.iter().filter_map(|p| survey.prop(*p)) {
        let surveyed = survey.callable.iter().any(|c| c.tool["name"] == prop.name);
        if surveyed || found.iter().any(|a| a.name == prop.name) {
            continue;
        }
        let call = bench.call_of(&prop.name, Value::Object(prop.arguments.clone()));
        if let Ok(seen) = bench.send(capable(call).in_rounds()).await {
            found.extend(AskingRequest::of(&seen, bench));
        }
    }
    // Those that differ most come first: tools with state, prompts, resources, then the rest.
    found.sort_by_key(|a| (a.first.state.is_none(), a.method == method::TOOLS_CALL));
    found.truncate(ASKERS);
    found
}

/// The requests that ask for input of a kind.
pub async fn asking_requests_for(bench: &Bench, kind: InputKind) -> Vec<AskingRequest> {
    let mut found = asking_requests(bench).await;
    found.retain(|a| a.first.wants(kind));
    found
}

/// A model's answer with this content.
pub fn completion(content: &Value) -> Value {
    let used = content.get(0).is_some_and(|c| c["type"] == "tool_use");
    json!({
        "role": "assistant",
        "content": content,
        "model": "plumb-model",
        "stopReason": if used { "toolUse" } else { "endTurn" },
    })
}

/// Content that fits the schema of a form: what is required, or the first field if nothing is.
pub fn content(schema: &Value) -> Value {
    let mut full = schema.clone();
    let names = |v: &Value| {
        v.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let all = names(&schema["properties"]);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(object) = full.as_object_mut() {
        let wanted = if required.is_empty() {
            all.into_iter().map(Value::from).take(1).collect()
        } else {
            required
        };
        object.insert("required".into(), Value::Array(wanted));
    }
    let built = sample::arguments(&full).or_else(|| sample::arguments(schema)).unwrap_or_default();
    Value::Object(built)
}

/// Whether a result says that all is done, and well.
pub fn done(seen: &Observed) -> bool {
    seen.complete().is_some_and(|r| r["isError"] != true)
}

/// Whether the target failed instead of answering: silence, a broken answer, an HTTP failure without a JSON-RPC error.
/// With one it is an answer, whatever the status: an internal error is a refusal, too.
pub fn failed_to_answer(seen: &Observed) -> bool {
    seen.response().is_none()
        && Round::of(seen).is_none()
        && !seen.status().is_some_and(|s| (400..500).contains(&s))
}

/// Judges an answer, if one came: what failed was neither taken nor refused.
pub fn judged(seen: &Observed, finding: impl FnOnce(&Observed) -> Finding) -> Judgement {
    if failed_to_answer(seen) { Err(Trouble::Setup(seen.describe())) } else { Ok(finding(seen)) }
}

/// The part of a result that a person sees, for comparing outcomes.
pub fn outcome(seen: &Observed) -> Option<Value> {
    let mut result = seen.complete()?.clone();
    result.as_object_mut()?.remove("_meta");
    Some(result)
}

/// The first round and the answer to its fitting retry, if the target takes it.
pub async fn accepted(
    bench: &Bench,
    asking: &AskingRequest,
) -> Result<Option<(Round, Observed)>, Trouble> {
    accepted_on(&Quiet::Run(bench), asking).await
}

/// The same, on a way of its own.
pub async fn accepted_on(
    lane: &Quiet<'_>,
    asking: &AskingRequest,
) -> Result<Option<(Round, Observed)>, Trouble> {
    let Some(first) = Round::of(&lane.send(asking.probe()).await?) else { return Ok(None) };
    let seen = lane.send(asking.retry(first.answers(), first.state.as_ref())).await?;
    let through = done(&seen)
        || Round::of(&seen).is_some_and(|r| first.inputs.iter().all(|i| !r.asks(&i.key)));
    Ok((through && !failed_to_answer(&seen)).then_some((first, seen)))
}

/// Whether the answer of this key was taken for one: all is done, or something else is asked for.
pub fn accepts_answer(seen: &Observed, key: &str) -> bool {
    done(seen) || Round::of(seen).is_some_and(|r| !r.inputs.is_empty() && !r.asks(key))
}

/// The finding over the cases, or that nothing asks for input.
pub fn concluded(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "nothing that may be called asks for input and goes on with an answer that fits",
            "offer a tool marked `readOnlyHint: true`, or a prompt, that does",
        )),
        finding => Ok(finding),
    }
}
