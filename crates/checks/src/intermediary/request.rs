//! What becomes of requests: streamable-http#server-behavior-for-custom-headers, #server-validation, #request-metadata.

use plumb_flows::confirmation::Confirmation;
use plumb_flows::crossing;
use plumb_flows::rounds::{self, AskingRequest, Round};
use plumb_model::pack::{Base, ParamType};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use plumb_wire::{header, method};
use serde_json::{Value, json};

use super::{accepted, fails};

/// Sizes of requests that are no rarity, bytes: a picture in an argument is larger.
const SIZES: [(&str, usize); 2] = [("128-kib", 128 << 10), ("1200-kib", 1200 << 10)];

/// A request that is lost on its way is sent so often.
const LOOKS: usize = 2;

/// At most so many tools are asked to say what they were told.
const TOOLS: usize = 24;

/// What nobody who knows the protocol has in a header or in `_meta`.
const UNKNOWN: &str = "com.example/plumb";

/// Where a page of nobody's is.
const FOREIGN: &str = "https://plumb.invalid";

/// Text that a way which is not clean for UTF-8, or that mends what it carries, changes.
const TEXT: &str =
    "plumb \u{e9} \u{4e16}\u{754c} \u{1f600} \\u0041 \\\\ \" </script> %41 +  two spaces";

check! {
    /// **Observed:** a call of a tool with an annotated parameter, which the server itself takes with the header and
    /// refuses without it, is taken through the gateway, if that lists the tool; and a field `Mcp-Param-…` that nobody knows changes
    /// nothing.
    ///
    /// **Why:** a server refuses a call whose argument has no header: behind a gateway that drops what it does not know,
    /// such tools cannot be called at all.
    ///
    /// **Fix:** pass every header field on that is not hop-by-hop, whether its name is on a list or not.
    pub(crate) FORWARD = "http.param.intermediary-forward";
    crossing: forward
}

async fn forward(bench: &Bench) -> Judgement {
    if let Some(probe) = bench.base(Base::Discover) {
        let probe = probe.header("Mcp-Param-Plumb-Unknown", "of nobody's");
        let judged = accepted(bench, &probe, "a field that nobody knows, ignored").await;
        bench.case("unknown", "a field `Mcp-Param-Plumb-Unknown`", judged);
    }
    bench.case("annotated", "the field of an annotated parameter", annotated(bench).await);
    bench.conclude()
}

async fn annotated(bench: &Bench) -> Judgement {
    let Some(found) = bench.survey().annotated(ParamType::String).next() else {
        return Ok(Finding::unseen(
            "the server lists no tool with an annotated parameter that may be called",
            "offer a tool marked `readOnlyHint: true` whose parameter has `x-mcp-header`",
        ));
    };
    let mut arguments = Value::Object(found.arguments.clone());
    let Some((parent, name)) = found.pointer.rsplit_once('/') else {
        return Err(Trouble::Setup(format!("`{}` is no place of a parameter", found.pointer)));
    };
    if let Some(place) = arguments.pointer_mut(parent).and_then(Value::as_object_mut) {
        place.insert(name.to_owned(), json!("plumb"));
    }
    let tool = found.tool["name"].as_str().unwrap_or_default();
    let probe = bench.call_of(tool, arguments.clone());
    let bare = Probe::request(method::TOOLS_CALL, json!({"name": tool, "arguments": arguments}));
    let without = bench.send(bare).await?;
    if !without.is_refused() {
        return Ok(Finding::unseen(
            format!("the server itself takes the call without `{}`, too", found.header),
            "let the server refuse it, as the revision has it",
        ));
    }
    if !crossing::is_listed(bench, tool).await? {
        return Ok(Finding::unseen(
            format!("`{tool}` is not listed through the gateway"),
            "let the gateway offer the tool, by its name",
        ));
    }
    accepted(bench, &probe, &format!("`{}`, passed on", found.header)).await
}

check! {
    /// **Observed:** requests whose header fields differ from the body or are missing, which the server itself answers
    /// with an HTTP error status, are answered with one through the gateway. Which one it is, and what the body says, is
    /// the gateway's to choose.
    ///
    /// **Why:** clients, monitors and balancers tell by the status that a request was refused; with 200 in its place the
    /// refusal is counted as a success, and cached as one.
    ///
    /// **Fix:** hand the status of the server on, and answer 400 where the gateway itself refuses.
    pub(crate) ERROR_STATUS = "http.intermediary.error-status";
    crossing: error_status
}

async fn error_status(bench: &Bench) -> Judgement {
    for (slug, title, probe) in deviations(bench) {
        let direct = bench.send(probe.clone()).await?;
        if !direct.status().is_some_and(|s| (400..500).contains(&s)) {
            bench.forget();
            continue;
        }
        let through = bench.through(probe).await?;
        let judgement = match through.status() {
            Some(status) if status >= 400 => Ok(Finding::Held),
            Some(_) => Ok(Finding::violated(
                format!(
                    "an HTTP error status, as the server itself answers: {}",
                    direct.describe()
                ),
                format!("through the gateway: {}", through.describe()),
            )),
            None => Err(Trouble::Wire(through.describe())),
        };
        bench.case(slug, title, judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** requests with all their header fields, which the server itself accepts, are accepted through the
    /// gateway: every kind of request that the server offers.
    ///
    /// **Why:** the server refuses a request without `Mcp-Method`, `Mcp-Name` or `MCP-Protocol-Version`; behind a gateway
    /// that drops or changes one of them nothing works.
    ///
    /// **Fix:** pass the fields on as they came; a list of fields that are let through needs those of the revision.
    pub(crate) HEADERS = "gateway.request.headers";
    crossing: headers
}

async fn headers(bench: &Bench) -> Judgement {
    for (slug, probe) in crossing::requests(bench) {
        let title = format!("`{}` with all its fields", probe.method().unwrap_or(slug));
        bench.case(slug, title, crosses(bench, &probe).await);
    }
    bench.conclude()
}

async fn crosses(bench: &Bench, probe: &Probe) -> Judgement {
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        bench.control(probe.clone()).await?;
        let through = bench.through(probe.clone()).await?;
        let expected = "the request, accepted as by the server itself";
        confirmation.saw(Finding::expect(through.is_accepted(), expected, || {
            format!("through the gateway: {}", through.describe())
        }));
    }
    Ok(confirmation.finding())
}

check! {
    /// **Observed:** requests whose header fields differ from the body or are missing, or whose `Origin` is a stranger's, which the
    /// server itself refuses, are not accepted through the gateway.
    ///
    /// **Why:** whoever stands before the gateway has routed, allowed or counted the request by those fields. A gateway
    /// that makes them anew from the body hides the attempt from the server, which was to notice it.
    ///
    /// **Fix:** leave the fields as they came; compare, and refuse, where the body is read anyway.
    pub(crate) VALIDATION = "gateway.request.validation";
    crossing: validation
}

async fn validation(bench: &Bench) -> Judgement {
    for (slug, title, probe) in deviations(bench).into_iter().chain(foreign(bench)) {
        if !bench.send(probe.clone()).await?.is_refused() {
            bench.forget();
            continue;
        }
        let through = bench.through(probe).await?;
        let judged =
            Finding::expect(refuses(&through), "a refusal, as by the server itself", || {
                format!("through the gateway: {}", through.describe())
            });
        bench.case(slug, title, Ok(judged));
    }
    bench.conclude()
}

fn refuses(through: &Observed) -> bool {
    !through.is_accepted() || fails(through)
}

/// A request from a page of somebody else: a call, which no gateway may answer for the server.
fn foreign(bench: &Bench) -> Option<(&'static str, String, Probe)> {
    let probe = bench.base(Base::ToolsCall)?.header("Origin", FOREIGN);
    Some(("origin-foreign", format!("`Origin: {FOREIGN}`"), probe))
}

/// Requests that break one rule of the header fields each.
fn deviations(bench: &Bench) -> Vec<(&'static str, String, Probe)> {
    let named = bench.base(Base::ToolsCall).or_else(|| bench.base(Base::ResourcesRead));
    let Some(plain) = named.clone().or_else(|| bench.base(Base::Discover)) else {
        return Vec::new();
    };
    let differs = |probe: &Probe, name: &str, value: &str| {
        (
            format!("`{name}: {value}`, which the body does not say"),
            probe.clone().header(name, value),
        )
    };
    let missing =
        |probe: &Probe, name: &str| (format!("no `{name}`"), probe.clone().without_header(name));
    let mut all = vec![
        ("method-differs", differs(&plain, header::METHOD, "plumb/other")),
        ("method-missing", missing(&plain, header::METHOD)),
        ("version-differs", differs(&plain, header::PROTOCOL_VERSION, "2025-11-25")),
        ("version-missing", missing(&plain, header::PROTOCOL_VERSION)),
    ];
    if let Some(named) = &named {
        all.push(("name-differs", differs(named, header::NAME, "plumb-other")));
        all.push(("name-missing", missing(named, header::NAME)));
    }
    all.into_iter().map(|(slug, (title, probe))| (slug, title, probe)).collect()
}

check! {
    /// **Observed:** a `requestState` that the server gave out comes back to it through the gateway as it was, and one that
    /// came through the gateway is taken by the server itself; where a tool says what it was told, text beyond ASCII,
    /// escapes and markup come back as they do from the server itself.
    ///
    /// **Why:** a state is sealed, and one byte makes it worthless: all calls that ask for input fail. Text that was changed
    /// on the way is not noticed at all.
    ///
    /// **Fix:** pass bodies on byte by byte; where they must be read, do not write them anew.
    pub(crate) BODY = "gateway.request.body";
    crossing: body
}

async fn body(bench: &Bench) -> Judgement {
    let asking = rounds::asking_requests(bench).await;
    bench.forget();
    if let Some(asking) = asking.iter().find(|asking| asking.first.state.is_some()) {
        bench.case(
            "state-back",
            "a state of the server's, brought back",
            back(bench, asking).await,
        );
        bench.case("state-out", "a state that was handed on", handed_on(bench, asking).await);
    }
    if let Some(probe) = saying(bench).await? {
        let told = crossing::difference(bench, &probe, crossing::messages).await;
        let judged = told.map(|d| d.map_or(Finding::Held, |d| d.finding("the text")));
        bench.case("text", "text that a way may change", judged);
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no tool that may be called asks for input with a `requestState`, or says what it was told",
            "offer a tool marked `readOnlyHint: true` that does",
        )),
        finding => Ok(finding),
    }
}

async fn back(bench: &Bench, asking: &AskingRequest) -> Judgement {
    let Some(first) = Round::of(&bench.send(asking.probe()).await?) else {
        return Err(Trouble::Setup("the server itself asks for no input any more".into()));
    };
    let retry = asking.retry(first.answers(), first.state.as_ref());
    let through = bench.through(retry).await?;
    // Who was told neither the state nor the answers asks the same again.
    let again = Round::of(&through).filter(|next| first.is_again(next));
    if through.is_accepted() && again.is_none() {
        return Ok(Finding::Held);
    }
    if again.is_some() && asks_again(bench, asking).await? {
        return Ok(Finding::Held);
    }
    // Control: what the server itself does with a state of its own.
    if rounds::accepted(bench, asking).await?.is_none() {
        return Err(Trouble::Control("the server itself refuses its own state".into()));
    }
    let told = format!("through the gateway: {}", through.describe());
    Ok(Finding::violated("the state, taken as by the server itself", told))
}

/// Whether the server itself asks the same again when it is answered.
async fn asks_again(bench: &Bench, asking: &AskingRequest) -> Result<bool, Trouble> {
    let Some(first) = Round::of(&bench.send(asking.probe()).await?) else { return Ok(false) };
    let next = bench.send(asking.retry(first.answers(), first.state.as_ref())).await?;
    Ok(Round::of(&next).is_some_and(|next| first.is_again(&next)))
}

async fn handed_on(bench: &Bench, asking: &AskingRequest) -> Judgement {
    let through = bench.through(asking.probe()).await?;
    let Some(first) = Round::of(&through) else {
        let what = format!("through the gateway: {}", through.describe());
        return Ok(Finding::violated("a question with a state, as the server itself asks", what));
    };
    let direct = bench.send(asking.retry(first.answers(), first.state.as_ref())).await?;
    if direct.is_accepted() {
        return Ok(Finding::Held);
    }
    if rounds::accepted(bench, asking).await?.is_none() {
        return Err(Trouble::Control("the server itself refuses its own state".into()));
    }
    let told = format!("the server itself refuses what came through: {}", direct.describe());
    Ok(Finding::violated("a state that the server gave out", told))
}

/// A call of a tool that says what it was told, with text that a way may change.
async fn saying(bench: &Bench) -> Result<Option<Probe>, Trouble> {
    let mut tried = 0;
    for callable in &bench.survey().callable {
        let Some(parameter) = free_text(&callable.tool) else { continue };
        tried += 1;
        if tried > TOOLS {
            break;
        }
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let mut arguments = Value::Object(callable.arguments.clone());
        arguments[parameter] = json!(TEXT);
        let probe = bench.call_of(name, arguments);
        let seen = bench.send(probe.clone()).await?;
        if seen.complete().is_some_and(|result| says(result, TEXT)) {
            return Ok(Some(probe));
        }
        bench.forget();
    }
    Ok(None)
}

/// The first parameter of a tool that takes any text.
fn free_text(tool: &Value) -> Option<&str> {
    let limits = ["enum", "const", "pattern", "format", "maxLength"];
    let free = |s: &Value| s["type"] == "string" && limits.iter().all(|limit| s[*limit].is_null());
    let properties = tool.pointer("/inputSchema/properties")?.as_object()?;
    properties.iter().find(|(_, schema)| free(schema)).map(|(name, _)| name.as_str())
}

/// Whether a text stands somewhere in a value, as it is or as a string of JSON.
fn says(value: &Value, text: &str) -> bool {
    let quoted = Value::from(text).to_string();
    match value {
        Value::String(said) => said.contains(text) || said.contains(quoted.trim_matches('"')),
        Value::Array(all) => all.iter().any(|value| says(value, text)),
        Value::Object(all) => all.values().any(|value| says(value, text)),
        _ => false,
    }
}

check! {
    /// **Observed:** requests of 128 KiB and of 1200 KiB that the server itself accepts are accepted through the gateway.
    /// They hold nothing but a long value in `_meta`.
    ///
    /// **Why:** an image or a document in an argument is that large, and a widespread default ends at 1 MiB: calls fail with
    /// 413 that work in development.
    ///
    /// **Fix:** raise the gateway's limit to the server's (`client_max_body_size` in nginx).
    pub(crate) SIZE = "gateway.request.size";
    crossing: size
}

async fn size(bench: &Bench) -> Judgement {
    let Some(base) = bench.base(Base::Discover) else {
        return Ok(Finding::unseen("the server answers no `server/discover`", "let it"));
    };
    for (slug, bytes) in SIZES {
        let probe = base.clone().meta(UNKNOWN, "x".repeat(bytes));
        let judged = match accepted(bench, &probe, "a request as large as the server takes").await {
            // A gateway may close the connection before it has read all of it.
            Err(Trouble::Wire(why)) if bench.send(probe.clone()).await?.is_accepted() => {
                let told = format!("through the gateway: {why}");
                Ok(Finding::violated("a request as large as the server takes", told))
            }
            judged => judged,
        };
        bench.case(slug, format!("a request of {} KiB", bytes >> 10), judged);
    }
    bench.conclude()
}
