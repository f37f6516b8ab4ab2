//! Changes of lists and of resources, told in a session, and messages that come once.

use std::time::Duration;

use plumb_runner::{
    Bench, Declared, Finding, Judgement, Open, Probe, Prop, Session, Trouble, check,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{method, notification};
use serde_json::{Value, json};

/// What has changed is told within so long.
const TOLD: Duration = Duration::from_millis(1_500);

/// What comes twice comes again within so long.
const AGAIN: Duration = Duration::from_millis(300);

/// So long after the head of its answer a server may take to note that there is a stream more to tell.
const NOTED: Duration = Duration::from_millis(100);

check! {
    /// **Observed:** a session is open, over HTTP with the stream of GET; a tool that changes the list of tools is called, and
    /// `notifications/tools/list_changed` comes.
    ///
    /// **Why:** the client goes on with the list that it has.
    ///
    /// **Fix:** send the notification to every session when the list changes, or do not declare `listChanged`.
    pub(crate) TOOLS = "tools.list-changed.session";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(ToolsListChanged)];
    needs: [ChangeTools];
    scenario: tools
}

async fn tools(bench: &Bench) -> Judgement {
    told(bench, Prop::ChangeTools, notification::TOOLS_CHANGED, None).await
}

check! {
    /// **Observed:** a session is open, over HTTP with the stream of GET; a tool that changes the list of resources is called,
    /// and `notifications/resources/list_changed` comes.
    ///
    /// **Why:** the client goes on with the list that it has.
    ///
    /// **Fix:** send the notification to every session when the list changes, or do not declare `listChanged`.
    pub(crate) RESOURCES = "resources.list-changed.session";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(ResourcesListChanged)];
    needs: [ChangeResources];
    scenario: resources
}

async fn resources(bench: &Bench) -> Judgement {
    told(bench, Prop::ChangeResources, notification::RESOURCES_CHANGED, None).await
}

check! {
    /// **Observed:** a session is open, over HTTP with the stream of GET; a tool that changes the list of prompts is called,
    /// and `notifications/prompts/list_changed` comes.
    ///
    /// **Why:** the client goes on with the list that it has.
    ///
    /// **Fix:** send the notification to every session when the list changes, or do not declare `listChanged`.
    pub(crate) PROMPTS = "prompts.list-changed.session";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(PromptsListChanged)];
    needs: [ChangePrompts];
    scenario: prompts
}

async fn prompts(bench: &Bench) -> Judgement {
    told(bench, Prop::ChangePrompts, notification::PROMPTS_CHANGED, None).await
}

check! {
    /// **Observed:** the resource that a tool is known to change is subscribed to, over HTTP with the stream of GET open; the
    /// tool is called, and `notifications/resources/updated` comes.
    ///
    /// **Why:** that is what the subscription was for.
    ///
    /// **Fix:** remember by session which resources are subscribed to, and tell their changes there.
    pub(crate) UPDATES = "resources.subscribe.updates";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Declares(ResourcesSubscribe)];
    needs: [UpdateResource];
    scenario: updates
}

async fn updates(bench: &Bench) -> Judgement {
    let uri = updated(bench)?;
    told(bench, Prop::UpdateResource, notification::RESOURCE_UPDATED, Some(&uri)).await
}

/// The resource that the tool updates.
pub(super) fn updated(bench: &Bench) -> Result<String, Trouble> {
    let found = bench.prop(Prop::UpdateResource)?;
    let given = found.arguments.get("uri").and_then(Value::as_str);
    given.or(found.about.as_deref()).map(str::to_owned).ok_or_else(|| Trouble::Absent {
        why: "it is not known which resource the tool updates".into(),
        how_to_enable: Prop::UpdateResource.how_to_enable(),
    })
}

/// Judges whether a change is told.
async fn told(bench: &Bench, cause: Prop, method: &str, watched: Option<&str>) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let ear = ear(bench, &session).await;
    let judged = changed(bench, &session, ear, (cause, method, watched)).await;
    session.end().await;
    judged
}

async fn changed(
    bench: &Bench,
    session: &Session<'_>,
    ear: Option<Open>,
    (cause, method, watched): (Prop, &str, Option<&str>),
) -> Judgement {
    if let Some(uri) = watched {
        session.control(Probe::request(method::OLD_SUBSCRIBE, json!({"uri": uri}))).await?;
    }
    let is_told = |m: &Message| m.method() == Some(method);
    let seen = session.control(bench.call(cause)?).await?;
    if seen.messages.iter().any(is_told) {
        ear.map(|ear| bench.close(ear));
        return Ok(Finding::Held);
    }
    let heard = match ear {
        Some(mut ear) => {
            let heard = ear.until(TOLD, is_told).await.is_some();
            bench.close(ear);
            heard
        }
        None if bench.survey().transport.has_heads() => {
            return Ok(Finding::unseen("there is no stream to hear of changes", "answer GET"));
        }
        None => stray(bench, session, TOLD, is_told).await,
    };
    Ok(Finding::expect(heard, method, || "nothing of the kind".into()))
}

/// The stream of GET, over HTTP, if there is one.
pub(super) async fn ear(bench: &Bench, session: &Session<'_>) -> Option<Open> {
    if !bench.survey().transport.has_heads() {
        return None;
    }
    let mut open = session.open(Probe::bodiless("GET")).await.ok()?;
    if open.status().await == Some(200) {
        bench.pause(NOTED).await;
        return Some(open);
    }
    bench.close(open);
    None
}

/// Whether a message comes outside of answers within this time, over standard streams.
pub(super) async fn stray(
    bench: &Bench,
    session: &Session<'_>,
    within: Duration,
    wanted: impl Fn(&Message) -> bool,
) -> bool {
    for _ in 0..10 {
        bench.pause(within / 10).await;
        if session.strays().await.is_some_and(|seen| seen.messages.iter().any(&wanted)) {
            return true;
        }
    }
    false
}

check! {
    /// **Observed:** while the stream of GET is open, and a second one where a session may have two, a tool that changes the list of
    /// tools is called. The notification comes on one of these streams or on the one of the call, and not on several, twice in a row:
    /// what a stream begins with is none of it.
    ///
    /// **Why:** the client takes what comes twice for two changes.
    ///
    /// **Fix:** choose one stream for each message.
    pub(crate) ONE_STREAM = "http.streams.one";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http, Declares(ToolsListChanged)];
    needs: [ChangeTools];
    isolation: Alone;
    scenario: one_stream
}

async fn one_stream(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let mut ears = Vec::new();
    for _ in 0..2 {
        ears.extend(ear(bench, &session).await);
    }
    let judged = once(bench, &session, &mut ears).await;
    for ear in ears {
        bench.close(ear);
    }
    session.end().await;
    judged
}

async fn once(bench: &Bench, session: &Session<'_>, ears: &mut [Open]) -> Judgement {
    if ears.is_empty() {
        return Ok(Finding::unseen("there is no second stream", "answer GET with one"));
    }
    let mut told = heard(bench, session, ears).await?;
    if told > 1 {
        for ear in &mut *ears {
            ear.until(AGAIN, |_| false).await;
        }
        told = heard(bench, session, ears).await?;
    }
    Ok(match told {
        0 => Finding::unseen("the change was not told", "tell it"),
        1 => Finding::Held,
        _ => Finding::violated("the notification on one stream", format!("it came on {told}")),
    })
}

/// On how many streams a change is told.
async fn heard(bench: &Bench, session: &Session<'_>, ears: &mut [Open]) -> Result<usize, Trouble> {
    let is_told = |m: &Message| m.method() == Some(notification::TOOLS_CHANGED);
    let seen = session.control(bench.call(Prop::ChangeTools)?).await?;
    let mut told = usize::from(seen.messages.iter().any(is_told));
    for ear in ears {
        told += usize::from(ear.until(AGAIN, is_told).await.is_some());
    }
    Ok(told)
}
