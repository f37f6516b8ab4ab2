//! basic/lifecycle: the handshake, versions, and what was negotiated.

use std::time::Duration;

use plumb_runner::survey::every_capability;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, brief, check};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{Capability, method, notification};
use serde_json::{Value, json};

use super::NEVER;

/// A server that does not wait for the notification speaks within so long.
const EARLY: Duration = Duration::from_millis(400);

check! {
    /// **Observed:** the result of `initialize` has a `protocolVersion` that is a string, `capabilities` that are an object,
    /// and a `serverInfo` with `name` and `version`.
    ///
    /// **Why:** a client decides by these three what it may do in the session.
    ///
    /// **Fix:** return all of them from the handler of `initialize`.
    pub(crate) RESULT = "lifecycle.initialize.result";
    since: "2025-03-26";
    until: "2025-11-25";
    passive: result
}

fn result(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.result().filter(|_| seen.method() == Some(method::OLD_INITIALIZE))
    else {
        return;
    };
    let is_text = |pointer: &str| result.pointer(pointer).is_some_and(Value::is_string);
    let missing = ["/protocolVersion", "/serverInfo/name", "/serverInfo/version"]
        .into_iter()
        .find(|pointer| !is_text(pointer));
    let missing = missing.or_else(|| {
        let object = result.get("capabilities").is_some_and(Value::is_object);
        (!object).then_some("/capabilities")
    });
    notes.expect(missing.is_none(), "protocolVersion, capabilities and serverInfo", || {
        format!("no {} in {}", missing.unwrap_or_default(), brief(result))
    });
}

check! {
    /// **Observed:** a second client that asks for the version of the first is answered with it; so is one that asks for the
    /// version with which the server answered one that never was.
    ///
    /// **Why:** a client that is offered another version than the one both speak disconnects.
    ///
    /// **Fix:** answer with the version that was asked for whenever it is among yours.
    pub(crate) VERSION_SAME = "lifecycle.version.same";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: version_same
}

async fn version_same(bench: &Bench) -> Judgement {
    let mut spoken = vec![bench.edition().revision.clone()];
    let offered = bench.initialize(NEVER[0].1, &json!({})).await?;
    let offer = offered.version().map(str::to_owned);
    offered.end().await;
    spoken.extend(offer.filter(|offer| *offer != spoken[0] && *offer != NEVER[0].1));
    for version in spoken {
        let session = bench.initialize(&version, &json!({})).await?;
        let judgement = match session.version() {
            Some(answered) => Ok(Finding::expect(
                answered == version,
                format!("the version {version}, which it negotiated before"),
                || answered.to_owned(),
            )),
            None => Ok(Finding::unseen(
                format!("a further session was not granted: {}", session.welcome.describe()),
                "serve more than one client",
            )),
        };
        session.end().await;
        bench.case(&version, format!("a client asks for {version}"), judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** three versions that never were are each answered by another version, and not by the same. An error in
    /// place of a result is not judged: the page shows one as an example.
    ///
    /// **Why:** a server that agrees to anything makes a client believe that both speak something that neither does.
    ///
    /// **Fix:** look the version up among yours, and answer with your latest if it is not there.
    pub(crate) VERSION_OTHER = "lifecycle.version.other";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: version_other
}

async fn version_other(bench: &Bench) -> Judgement {
    for (slug, version) in NEVER {
        let session = bench.initialize(version, &json!({})).await?;
        let judgement = match session.version() {
            Some(answered) => Ok(Finding::expect(
                answered != version,
                "a version that the server supports",
                || format!("{answered}, as was asked"),
            )),
            None => Ok(Finding::unseen(
                format!("no version was answered: {}", session.welcome.describe()),
                "answer with a version of yours",
            )),
        };
        session.end().await;
        bench.case(slug, format!("a client asks for {version}"), judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** of the revisions that the server negotiates when they are asked for, none is later than the one with which
    /// it answers a version that never was.
    ///
    /// **Why:** a client that is newer than the server would get the best that both speak.
    ///
    /// **Fix:** answer with the first of your versions, sorted from the latest on.
    pub(crate) VERSION_LATEST = "lifecycle.version.latest";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: version_latest
}

async fn version_latest(bench: &Bench) -> Judgement {
    let offered = bench.initialize(NEVER[1].1, &json!({})).await?;
    let offer = offered.version().map(str::to_owned);
    let came = offered.welcome.describe();
    offered.end().await;
    let Some(offer) = offer else {
        let why = format!("no version was offered: {came}");
        return Ok(Finding::unseen(why, "answer with a version of yours"));
    };
    // Its revision is negotiated: the run is judged by it.
    let spoken = &bench.edition().revision;
    Ok(Finding::expect(offer >= *spoken, format!("{spoken} or later, which it speaks"), || offer))
}

check! {
    /// **Observed:** a client with every capability sends `initialize`, and for a moment nothing else; over HTTP it opens the
    /// stream of GET. No request but `ping` comes.
    ///
    /// **Why:** a client that has not said that it is ready may lose what comes, or answer it with an error.
    ///
    /// **Fix:** ask for roots and the like when `notifications/initialized` has come.
    pub(crate) INITIALIZED_FIRST = "lifecycle.initialized.first";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: initialized_first
}

async fn initialized_first(bench: &Bench) -> Judgement {
    let revision = bench.edition().revision.clone();
    let session = bench.initialize(&revision, &every_capability()).await?;
    let asks = |m: &Message| m.kind == Kind::Request && m.method() != Some(method::OLD_PING);
    let mut asked = session.welcome.messages.iter().find(|m| asks(m)).cloned();
    if bench.survey().transport.has_heads() {
        let mut open = session.open(Probe::bodiless("GET")).await?;
        if open.status().await == Some(200) && asked.is_none() {
            asked = open.until(EARLY, asks).await;
        }
        bench.close(open);
    } else {
        bench.pause(EARLY).await;
        let strays = session.strays().await;
        asked = asked.or(strays.and_then(|seen| seen.messages.iter().find(|m| asks(m)).cloned()));
    }
    session.end().await;
    Ok(Finding::expect(asked.is_none(), "no request before `notifications/initialized`", || {
        asked.as_ref().map(|m| m.raw.lossy().into_owned()).unwrap_or_default()
    }))
}

check! {
    /// **Observed:** in a session of a client that declares nothing, the tools that may be called are called, and resources and
    /// prompts fetched. No request comes but `ping`.
    ///
    /// **Why:** a client without the capability has nothing to answer with: the call fails, or waits for ever.
    ///
    /// **Fix:** look at the capabilities of `initialize` before asking, and do without.
    pub(crate) REQUESTS = "lifecycle.capabilities.requests";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: requests
}

async fn requests(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let called = survey.callable.iter().filter_map(|c| c.shown.as_ref());
    let fetched = survey.fetched_resources.iter().chain(&survey.fetched_prompts);
    let all: Vec<&Observed> = called.chain(fetched).collect();
    if all.is_empty() {
        return Ok(Finding::unseen("nothing could be called or fetched", "offer a tool"));
    }
    for seen in all {
        bench.note(seen);
        let asked = seen
            .messages
            .iter()
            .find(|m| m.kind == Kind::Request && m.method() != Some(method::OLD_PING));
        if let Some(asked) = asked {
            return Ok(Finding::violated(
                "no request to a client that declares no capability",
                asked.raw.lossy().into_owned(),
            ));
        }
    }
    Ok(Finding::Held)
}

check! {
    /// **Observed:** no change of a list or of a resource is announced by a server that does not declare that it does so.
    ///
    /// **Why:** a client that was promised nothing reads the list at other times, and takes the message for a fault.
    ///
    /// **Fix:** declare `listChanged` or `subscribe`, or say nothing.
    pub(crate) NOTIFICATIONS = "lifecycle.capabilities.notifications";
    since: "2025-03-26";
    until: "2025-11-25";
    passive: notifications
}

fn notifications(seen: &Observed, notes: &mut Notes<'_>) {
    let kinds = [
        (notification::TOOLS_CHANGED, Capability::ToolsListChanged),
        (notification::PROMPTS_CHANGED, Capability::PromptsListChanged),
        (notification::RESOURCES_CHANGED, Capability::ResourcesListChanged),
        (notification::RESOURCE_UPDATED, Capability::ResourcesSubscribe),
    ];
    for (method, capability) in kinds {
        if seen.notifications(method).next().is_some() {
            let declared = notes.survey.declares(capability);
            notes.expect(declared, format!("the capability `{capability}`"), || {
                format!("{method} without it")
            });
        }
    }
}

check! {
    /// **Observed:** every request of the server has an id that is a string or an integer.
    ///
    /// **Why:** the answer names the request by it; null names none.
    ///
    /// **Fix:** count the requests of a session.
    pub(crate) REQUEST_ID = "base.request.id";
    since: "2025-03-26";
    until: "2025-11-25";
    passive: request_id
}

fn request_id(seen: &Observed, notes: &mut Notes<'_>) {
    for message in seen.messages.iter().filter(|m| m.kind == Kind::Request) {
        let id = message.id();
        let fits = id.is_some_and(|id| id.is_string() || id.is_i64() || id.is_u64());
        notes.expect(fits, "an id that is a string or an integer", || {
            message.raw.lossy().into_owned()
        });
    }
}
