//! basic/lifecycle: the handshake, versions, and what was negotiated.

use std::sync::Arc;
use std::time::Duration;

use plumb_runner::{
    Bench, Declared, Finding, Judgement, Notes, Observed, Probe, Trouble, brief, check,
};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{Capability, method, notification};
use serde_json::Value;

use super::NEVER;

/// A server that does not wait for the notification speaks within so long.
const EARLY: Duration = Duration::from_millis(400);

/// At most so many requests are sent again, each of which may take so long.
const LOOKED_AT: usize = 6;
const PATIENCE: Duration = Duration::from_secs(2);

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
    isolation: Opening;
    scenario: version_same
}

async fn version_same(bench: &Bench) -> Judgement {
    let own = bench.edition().revision.clone();
    let offer = offered(bench, 0).await?.version.clone();
    let mut cases = vec![(own.clone(), first(bench).await?)];
    if let Some(offer) = offer.filter(|offer| *offer != own && *offer != NEVER[0].1) {
        let welcome =
            bench.shared("lifecycle.offer", || welcomed(bench, &offer, Declared::Nothing)).await?;
        bench.note(&welcome.seen);
        cases.push((offer.clone(), welcome));
    }
    for (version, welcome) in cases {
        let finding = match &welcome.version {
            Some(answered) => Finding::expect(
                *answered == version,
                format!("the version {version}, which it negotiated before"),
                || answered.to_owned(),
            ),
            None => Finding::unseen(
                format!("a further session was not granted: {}", welcome.seen.describe()),
                "serve more than one client",
            ),
        };
        bench.note(&welcome.seen);
        bench.case(&version, format!("a client asks for {version}"), Ok(finding));
    }
    bench.conclude()
}

/// What a client that asked for a version was answered with.
struct Welcome {
    version: Option<String>,
    seen: Observed,
    /// What came before the notification that the session is open.
    asked: Option<Message>,
}

/// Asks for a version that never was, once for all checks.
async fn offered(bench: &Bench, at: usize) -> Result<Arc<Welcome>, Trouble> {
    let (name, declared) = [
        ("lifecycle.past", Declared::Nothing),
        ("lifecycle.future", Declared::Everything),
        ("lifecycle.no-date", Declared::Plainly),
    ][at];
    let welcome = bench.shared(name, || welcomed(bench, NEVER[at].1, declared)).await?;
    bench.note(&welcome.seen);
    Ok(welcome)
}

/// What a client that asks for a version and declares this is answered with. The session goes on for other checks.
async fn welcomed(bench: &Bench, version: &str, declared: Declared) -> Result<Welcome, Trouble> {
    let session = bench.initialize(version, declared).await?;
    let (version, seen) = (session.version().map(str::to_owned), session.welcome.clone());
    session.leave().await;
    Ok(Welcome { version, seen, asked: None })
}

/// A further client of the revision that declares everything and does not say that it is ready, once for all checks.
async fn first(bench: &Bench) -> Result<Arc<Welcome>, Trouble> {
    let welcome = bench.shared("lifecycle.first", || unready(bench)).await?;
    bench.note(&welcome.seen);
    Ok(welcome)
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
    isolation: Opening;
    scenario: version_other
}

async fn version_other(bench: &Bench) -> Judgement {
    for (at, (slug, version)) in NEVER.into_iter().enumerate() {
        let welcome = offered(bench, at).await?;
        let finding = match &welcome.version {
            Some(answered) => {
                Finding::expect(answered != version, "a version that the server supports", || {
                    format!("{answered}, as was asked")
                })
            }
            None => Finding::unseen(
                format!("no version was answered: {}", welcome.seen.describe()),
                "answer with a version of yours",
            ),
        };
        bench.case(slug, format!("a client asks for {version}"), Ok(finding));
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
    isolation: Opening;
    scenario: version_latest
}

async fn version_latest(bench: &Bench) -> Judgement {
    let offered = offered(bench, 1).await?;
    let Some(offer) = offered.version.clone() else {
        let why = format!("no version was offered: {}", offered.seen.describe());
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
    isolation: Opening;
    scenario: initialized_first
}

async fn initialized_first(bench: &Bench) -> Judgement {
    let first = first(bench).await?;
    Ok(Finding::expect(
        first.asked.is_none(),
        "no request before `notifications/initialized`",
        || first.asked.as_ref().map(|m| m.raw.lossy().into_owned()).unwrap_or_default(),
    ))
}

async fn unready(bench: &Bench) -> Result<Welcome, Trouble> {
    let revision = bench.edition().revision.clone();
    let session = bench.initialize(&revision, Declared::Everything).await?;
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
    let (version, seen) = (session.version().map(str::to_owned), session.welcome.clone());
    session.leave().await;
    Ok(Welcome { version, seen, asked })
}

check! {
    /// **Observed:** of what may be called and fetched, what asks a client that declares every capability is called again by
    /// one that declares none. No request comes but `ping`.
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
    undeclared(bench, |_| true).await
}

check! {
    /// **Observed:** what asks for the roots of a client that declares every capability is called again by one that declares
    /// none: it does not ask.
    ///
    /// **Why:** such a client has no roots to name, and the call may never end.
    ///
    /// **Fix:** look at `capabilities.roots` of `initialize`, and do without.
    pub(crate) ROOTS = "roots.server.check-capability";
    fact: "lifecycle.capabilities.requests";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: roots
}

async fn roots(bench: &Bench) -> Judgement {
    undeclared(bench, |method| method == method::ROOTS_LIST).await
}

/// Judges whatever asked for something of this kind, before a client that declares nothing.
async fn undeclared(bench: &Bench, kind: impl Fn(&str) -> bool) -> Judgement {
    let survey = bench.survey();
    let called = survey.callable.iter().filter_map(|c| c.shown.as_ref());
    let fetched = survey.fetched_resources.iter().chain(&survey.fetched_prompts);
    let all: Vec<&Observed> = called.chain(fetched).collect();
    if all.is_empty() {
        return Ok(Finding::unseen("nothing could be called or fetched", "offer a tool"));
    }
    let asks = |m: &Message| {
        let asked = m.method().filter(|method| *method != method::OLD_PING && kind(method));
        m.kind == Kind::Request && asked.is_some()
    };
    let asking = all.iter().filter(|seen| seen.messages.iter().any(asks)).take(LOOKED_AT);
    let asking: Vec<Probe> = asking.filter_map(|seen| again(seen)).collect();
    if asking.is_empty() {
        for seen in &all {
            bench.note(seen);
        }
        return Ok(Finding::unseen(
            "nothing that was called asks the client",
            "offer a tool that does, marked `readOnlyHint: true`",
        ));
    }
    let session = bench.session(Declared::Nothing).await?;
    let mut asked = None;
    for probe in asking {
        let seen = session.send(probe.patience(PATIENCE)).await;
        asked = asked.or(seen.ok().and_then(|s| s.messages.iter().find(|m| asks(m)).cloned()));
    }
    session.end().await;
    Ok(Finding::expect(asked.is_none(), "no request to a client that declares nothing", || {
        asked.as_ref().map(|m| m.raw.lossy().into_owned()).unwrap_or_default()
    }))
}

/// The same request once more.
fn again(seen: &Observed) -> Option<Probe> {
    let mut params = seen.params()?.clone();
    params.as_object_mut()?.remove("_meta");
    Some(Probe::request(seen.method()?, params))
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
    /// **Observed:** what asks the client is called three times in one session: no two requests of the server have one id.
    ///
    /// **Why:** of two questions with one id, one is never answered.
    ///
    /// **Fix:** count the requests of a session.
    pub(crate) ID_UNIQUE = "base.request.id-unique";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: id_unique
}

async fn id_unique(bench: &Bench) -> Judgement {
    let asking = bench.survey().callable.iter().filter_map(|c| c.shown.as_ref());
    let asking: Vec<Probe> =
        asking.filter(|seen| seen.asked().next().is_some()).filter_map(again).take(2).collect();
    if asking.is_empty() {
        let why = "no tool that was called asks the client";
        return Ok(Finding::unseen(why, "offer one that does, marked `readOnlyHint: true`"));
    }
    let session = bench.session(Declared::Everything).await?;
    let mut ids = Vec::new();
    for probe in asking.iter().cycle().take(3) {
        let seen = session.send(probe.clone().patience(PATIENCE)).await;
        let requests = seen.into_iter().flat_map(|seen| seen.messages.to_vec());
        let requests = requests.filter(|m| m.kind == Kind::Request);
        ids.extend(requests.filter_map(|m| m.id().cloned()));
    }
    session.end().await;
    if ids.len() < 2 {
        return Ok(Finding::unseen(
            "the client was asked once",
            "offer a tool that asks each time",
        ));
    }
    let twice = ids.iter().enumerate().find(|(n, id)| ids[..*n].contains(id));
    Ok(Finding::expect(twice.is_none(), "an id for each request", || {
        twice.map(|(_, id)| format!("two requests are {id}")).unwrap_or_default()
    }))
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
