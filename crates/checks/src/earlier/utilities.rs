//! basic/utilities, server/utilities and server/resources: what the newest revision took away or changed.

use std::collections::BTreeSet;

use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Notes, Observed, Probe, Prop, Session, Trouble, check,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{codes, method, notification};
use serde_json::{Value, json};

/// The levels, the least severe first.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// At most so many levels that a tool logs at are shut out.
const NEXT: usize = 3;

/// A resource that nobody has.
const NOWHERE: &str = "plumb://not/there";

check! {
    /// **Observed:** `ping` is answered by an empty result, whatever the type of its id.
    ///
    /// **Why:** clients that hear nothing, or an error, take the connection for dead and close it.
    ///
    /// **Fix:** answer every `ping` with `{}`.
    pub(crate) PING = "ping.answered";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: ping
}

async fn ping(bench: &Bench) -> Judgement {
    let plain = super::ping;
    for (slug, probe) in
        [("integer", plain()), ("string", plain().id(format!("plumb-{}", bench.fresh_id())))]
    {
        let seen = bench.send(probe).await?;
        let judgement = seen.settled().map(|seen| {
            Finding::expect(seen.result().is_some_and(is_empty), "an empty result", || {
                seen.describe()
            })
        });
        bench.case(slug, format!("ping with an id that is a {slug}"), judgement);
    }
    bench.conclude()
}

/// Whether a result says nothing; every result may have `_meta`.
fn is_empty(result: &Value) -> bool {
    result.as_object().is_some_and(|members| members.keys().all(|name| name == "_meta"))
}

check! {
    /// **Observed:** every `notifications/cancelled` names an id under which the server has asked the client something in the
    /// run.
    ///
    /// **Why:** a client looks among what it was asked, and finds nothing, or the wrong thing.
    ///
    /// **Fix:** cancel by the ids of your own requests only.
    pub(crate) CANCEL_OWN = "cancel.own-requests";
    since: "2025-03-26";
    until: "2025-11-25";
    passive: cancel_own
}

fn cancel_own(seen: &Observed, notes: &mut Notes<'_>) {
    for cancelled in seen.notifications(notification::CANCELLED) {
        let id = cancelled.params().and_then(|params| params.get("requestId"));
        notes.expect_asked(id.unwrap_or(&Value::Null), cancelled.raw.lossy());
    }
}

check! {
    /// **Observed:** a server that declares `logging` answers `logging/setLevel` by an empty result, for each of the eight levels.
    ///
    /// **Why:** the capability promises it; clients set the level when they connect.
    ///
    /// **Fix:** take all eight levels of RFC 5424.
    pub(crate) SET_LEVEL = "logging.set-level.answered";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(Logging)];
    scenario: set_level
}

async fn set_level(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    for level in LEVELS {
        let seen = session.send(at(level)).await?;
        let judgement = seen.settled().map(|seen| {
            Finding::expect(seen.result().is_some_and(is_empty), "an empty result", || {
                seen.describe()
            })
        });
        bench.case(level, format!("the level {level}"), judgement);
    }
    session.end().await;
    bench.conclude()
}

check! {
    /// **Observed:** between two levels that are taken, one that is none is refused with -32602.
    ///
    /// **Why:** a client that misspells a level would otherwise believe that it is set.
    ///
    /// **Fix:** compare with the eight names before setting anything.
    pub(crate) SET_LEVEL_INVALID = "logging.set-level.invalid";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(Logging)];
    scenario: set_level_invalid
}

async fn set_level_invalid(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = levels(bench, &session).await;
    session.end().await;
    judged?;
    bench.conclude()
}

async fn levels(bench: &Bench, session: &Session<'_>) -> Result<(), Trouble> {
    takes_levels(session).await?;
    for (slug, level) in [("word", json!("loud")), ("case", json!("DEBUG")), ("number", json!(7))] {
        session.control(at("info")).await?;
        let seen = session.send(at(level.clone())).await?;
        session.control(at("info")).await?;
        let judgement = seen.settled().map(|seen| {
            Finding::expect(seen.code() == Some(codes::INVALID_PARAMS), "error -32602", || {
                seen.describe()
            })
        });
        bench.case(slug, format!("the level {level}"), judgement);
    }
    Ok(())
}

check! {
    /// **Observed:** a tool that logs when the level is debug says nothing below emergency when that is set, and nothing at the
    /// levels that it logs at when the next one is.
    ///
    /// **Why:** the client set the level because it has no place for more.
    ///
    /// **Fix:** compare each message with the level of its session.
    pub(crate) SET_LEVEL_THRESHOLD = "logging.set-level.threshold";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(Logging)];
    needs: [LoggingTool];
    scenario: threshold
}

async fn threshold(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = logged(bench, &session).await;
    session.end().await;
    judged
}

async fn logged(bench: &Bench, session: &Session<'_>) -> Judgement {
    takes_levels(session).await?;
    session.control(at("debug")).await?;
    let loud = session.control(bench.call(Prop::LoggingTool)?).await?;
    session.control(at("emergency")).await?;
    let quiet = session.control(bench.call(Prop::LoggingTool)?).await?;
    if loud.notifications(notification::MESSAGE).next().is_none() {
        let why = "the tool did not log when the level was debug";
        return Ok(Finding::unseen(why, "offer a tool that logs"));
    }
    if let Some(below) = below(&quiet, LEVELS.len() - 1) {
        return Ok(Finding::violated("nothing below emergency", below));
    }
    let told: BTreeSet<usize> =
        loud.notifications(notification::MESSAGE).filter_map(severity).collect();
    for next in told.into_iter().map(|told| told + 1).filter(|n| *n < LEVELS.len() - 1).take(NEXT) {
        session.control(at(LEVELS[next])).await?;
        let seen = session.control(bench.call(Prop::LoggingTool)?).await?;
        if let Some(below) = below(&seen, next) {
            return Ok(Finding::violated(format!("nothing below {}", LEVELS[next]), below));
        }
    }
    Ok(Finding::Held)
}

/// A message below a level, if one came.
fn below(seen: &Observed, least: usize) -> Option<String> {
    let is_below = |m: &&Message| severity(m).is_none_or(|severity| severity < least);
    let below = seen.notifications(notification::MESSAGE).find(is_below);
    below.map(|message| message.raw.lossy().into_owned())
}

/// How severe a message is, as a place among the levels.
fn severity(message: &Message) -> Option<usize> {
    let level = &message.params()?["level"];
    LEVELS.iter().position(|name| level == name)
}

/// That a server which declares `logging` has the method is judged once, by `logging.set-level.answered`.
async fn takes_levels(session: &Session<'_>) -> Result<(), Trouble> {
    let seen = session.send(at("info")).await?;
    if seen.code() == Some(codes::METHOD_NOT_FOUND) {
        return Err(Trouble::Absent {
            why: "the server has no `logging/setLevel`".into(),
            how_to_enable: "serve it".into(),
        });
    }
    Ok(())
}

fn at(level: impl Into<Value>) -> Probe {
    Probe::request(method::OLD_SET_LEVEL, json!({"level": level.into()}))
}

check! {
    /// **Observed:** between two reads of a resource that is there, the read of one that is not is refused with -32002.
    ///
    /// **Why:** clients tell a missing resource from a wrong request by this code.
    ///
    /// **Fix:** throw the error of that code where the URI is not found.
    pub(crate) NOT_FOUND_CODE = "resources.not-found-code";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(Resources)];
    scenario: not_found
}

async fn not_found(bench: &Bench) -> Judgement {
    let there = bench.base(Base::ResourcesRead);
    let Some(there) = there else {
        return Ok(Finding::unseen("no resource can be read", "list one"));
    };
    bench.control(there.clone()).await?;
    let seen = bench.send(Probe::request(method::RESOURCES_READ, json!({"uri": NOWHERE}))).await?;
    bench.control(there).await?;
    let code = seen.settled()?.code();
    Ok(Finding::expect(code == Some(codes::OLD_RESOURCE_NOT_FOUND), "error -32002", || {
        seen.describe()
    }))
}

check! {
    /// **Observed:** a server that declares `resources.subscribe` takes a subscription to a listed resource, and its end.
    ///
    /// **Why:** the capability promises it.
    ///
    /// **Fix:** answer both methods with `{}`, or do not declare it.
    pub(crate) SUBSCRIBE = "resources.subscribe.answered";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(ResourcesSubscribe)];
    needs: [Resource];
    scenario: subscribe
}

async fn subscribe(bench: &Bench) -> Judgement {
    let uri = bench.prop(Prop::Resource)?.name.clone();
    let session = bench.session(Declared::Nothing).await?;
    for method in [method::OLD_SUBSCRIBE, method::OLD_UNSUBSCRIBE] {
        let seen = session.send(Probe::request(method, json!({"uri": uri}))).await?;
        let judgement = seen
            .settled()
            .map(|seen| Finding::expect(seen.result().is_some(), "a result", || seen.describe()));
        let slug = method.rsplit('/').next().unwrap_or(method);
        bench.case(slug, format!("{method} of a listed resource"), judgement);
    }
    session.end().await;
    bench.conclude()
}

check! {
    /// **Observed:** every elicitation in URL mode has a `message`, a `url` and an `elicitationId`, all of them strings.
    ///
    /// **Why:** by the id a client knows which page the user has done with.
    ///
    /// **Fix:** make an id for each page.
    pub(crate) ELICITATION_ID = "elicit.url.elicitation-id";
    since: "2025-11-25";
    until: "2025-11-25";
    passive: elicitation_id
}

fn elicitation_id(seen: &Observed, notes: &mut Notes<'_>) {
    for params in seen.asked().map(|request| &request["params"]).filter(|p| p["mode"] == "url") {
        let missing =
            ["message", "url", "elicitationId"].into_iter().find(|m| !params[*m].is_string());
        notes.expect(missing.is_none(), "message, url and elicitationId, as strings", || {
            format!("no {}", missing.unwrap_or_default())
        });
    }
}

check! {
    /// **Observed:** every error -32042 lists elicitations, each of mode `url` with an `elicitationId`, a `url` and a message.
    ///
    /// **Why:** the client opens the pages and then repeats its request; without them it has nothing to do.
    ///
    /// **Fix:** put each elicitation into `data.elicitations` as it would be asked.
    pub(crate) URL_REQUIRED = "elicit.required.list";
    since: "2025-11-25";
    until: "2025-11-25";
    passive: url_required
}

fn url_required(seen: &Observed, notes: &mut Notes<'_>) {
    if seen.code() != Some(codes::OLD_URL_ELICITATION_REQUIRED) {
        return;
    }
    let all = seen.error().and_then(|e| e.pointer("/data/elicitations")?.as_array());
    let whole = |one: &Value| {
        let texts = ["elicitationId", "url", "message"];
        one["mode"] == "url" && texts.iter().all(|member| one[*member].is_string())
    };
    let fits = all.is_some_and(|all| !all.is_empty() && all.iter().all(whole));
    notes.expect(fits, "elicitations by URL in data.elicitations", || seen.describe());
}

check! {
    /// **Observed:** a server that declares no tasks for tools answers a call that asks for one as it answers the same call
    /// without.
    ///
    /// **Why:** a client may ask anyone; who knows no tasks is to ignore the wish.
    ///
    /// **Fix:** pass over the member `task` of the parameters.
    pub(crate) TASKS_UNDECLARED = "core-tasks.undeclared-ignored";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Lacks(CoreTasks)];
    needs: [Tool];
    scenario: undeclared
}

async fn undeclared(bench: &Bench) -> Judgement {
    bench.control(bench.call(Prop::Tool)?).await?;
    let seen = bench.send(bench.call(Prop::Tool)?.param("task", json!({"ttl": 60_000}))).await?;
    bench.control(bench.call(Prop::Tool)?).await?;
    let served = seen.settled()?.result().is_some_and(|result| result["content"].is_array());
    Ok(Finding::expect(served, "the result of the call", || seen.describe()))
}

check! {
    /// **Observed:** `tasks/get` for a task that never was is refused with -32602.
    ///
    /// **Why:** a client tells by the code that the task is gone, and not the method.
    ///
    /// **Fix:** refuse ids that you do not know as invalid parameters.
    pub(crate) TASKS_UNKNOWN = "core-tasks.errors";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Declares(CoreTasks)];
    scenario: unknown_task
}

async fn unknown_task(bench: &Bench) -> Judgement {
    bench.control(super::ping()).await?;
    let probe = Probe::request(method::TASKS_GET, json!({"taskId": "plumb-no-task"}));
    let seen = bench.send(probe).await?;
    Ok(Finding::expect(
        seen.settled()?.code() == Some(codes::INVALID_PARAMS),
        "error -32602",
        || seen.describe(),
    ))
}
