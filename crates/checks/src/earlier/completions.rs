//! client/elicitation#completion-notifications-for-url-mode-elicitation: who is told that a page was done with, and how.

use std::sync::Arc;
use std::time::Duration;

use plumb_flows::rounds::Input;
use plumb_runner::survey::Callable;
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Observed, Open, Probe, Session, Trouble, capable, check,
};
use plumb_wire::method;
use plumb_wire::notification::OLD_ELICITATION_COMPLETE as COMPLETE;
use serde_json::{Value, json};

use super::changes;

/// At most so many tools that send their user to a page are called.
const TOOLS: usize = 2;

/// What is told behind the answer comes within so long.
const BEHIND: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** tools that elicit by URL are called in a session whose client agrees. Where `notifications/elicitation/complete`
    /// comes in it, its `elicitationId` is that of an elicitation of this session.
    ///
    /// **Why:** the client goes on with what had to wait for that page, and knows it by the id.
    ///
    /// **Fix:** keep the id that you asked with, and send it.
    pub(crate) ID = "elicit.complete.id";
    since: "2025-11-25";
    until: "2025-11-25";
    scenario: id
}

async fn id(bench: &Bench) -> Judgement {
    let heard = heard(bench).await?;
    heard.asker.iter().for_each(|seen| bench.note(seen));
    let mut told = completed(&heard.asker).peekable();
    if told.peek().is_none() {
        return Ok(none());
    }
    let asked = asked(&heard.asker);
    let wrong =
        told.find(|params| !params.get("elicitationId").is_some_and(|id| asked.contains(&id)));
    Ok(Finding::expect(wrong.is_none(), format!("one of the ids {}", json!(asked)), || {
        wrong.map(plumb_runner::brief).unwrap_or_default()
    }))
}

check! {
    /// **Observed:** two sessions have the stream of GET open, and tools that elicit by URL are called in the one. Where
    /// `notifications/elicitation/complete` comes in the other, its `elicitationId` is of none of these elicitations.
    ///
    /// **Why:** what one user does elsewhere is no business of another's client.
    ///
    /// **Fix:** keep the session that you asked with the id, and tell that one alone.
    pub(crate) CLIENT = "elicit.complete.client";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Http];
    scenario: client
}

async fn client(bench: &Bench) -> Judgement {
    let heard = heard(bench).await?;
    heard.asker.iter().chain(&heard.other).for_each(|seen| bench.note(seen));
    if heard.other.is_none()
        || completed(&heard.asker).chain(completed(&heard.other)).next().is_none()
    {
        return Ok(none());
    }
    let asked = asked(&heard.asker);
    let stray = completed(&heard.other)
        .find(|params| params.get("elicitationId").is_some_and(|id| asked.contains(&id)));
    Ok(Finding::expect(stray.is_none(), "nothing in the session that was not asked", || {
        stray.map(plumb_runner::brief).unwrap_or_default()
    }))
}

fn none() -> Finding {
    Finding::unseen(
        "no tool told that an elicitation by URL is complete",
        "nothing: a page is visited by a person, whom no run has",
    )
}

/// What came in a session whose client was sent to pages, and in another.
struct Heard {
    asker: Vec<Observed>,
    other: Option<Observed>,
}

/// The ids of the elicitations that were asked, or that an error listed.
fn asked(seen: &[Observed]) -> Vec<&Value> {
    let questions = seen.iter().flat_map(Observed::asked).map(|request| &request["params"]);
    let listed = seen.iter().filter_map(|s| s.error()?.pointer("/data/elicitations")?.as_array());
    questions.chain(listed.flatten()).filter_map(|one| one.get("elicitationId")).collect()
}

/// The parameters of each notification that one is complete.
fn completed<'a>(seen: impl IntoIterator<Item = &'a Observed>) -> impl Iterator<Item = &'a Value> {
    let told = seen.into_iter().flat_map(|seen| seen.notifications(COMPLETE));
    told.map(|message| message.params().unwrap_or(&Value::Null))
}

async fn heard(bench: &Bench) -> Result<Arc<Heard>, Trouble> {
    bench.shared("elicitations-complete", || listened(bench)).await
}

async fn listened(bench: &Bench) -> Result<Heard, Trouble> {
    let tools: Vec<&Callable> =
        bench.survey().callable.iter().filter(|c| asks_by_url(c)).take(TOOLS).collect();
    let mut heard = Heard { asker: Vec::new(), other: None };
    if tools.is_empty() {
        return Ok(heard);
    }
    let session = bench.session(Declared::Everything).await?;
    let mut ear = changes::ear(bench, &session).await;
    let (other, mut far) = match ear {
        Some(_) => {
            let other = bench.session(Declared::Everything).await?;
            let far = changes::ear(bench, &other).await;
            (Some(other), far)
        }
        None => (None, None),
    };
    let called = called(bench, &session, &tools, &mut heard).await;
    for ear in [&mut ear, &mut far].into_iter().flatten() {
        ear.until(BEHIND, |_| false).await;
    }
    heard.asker.extend(session.strays().await);
    heard.asker.extend(ear.map(|ear: Open| bench.close(ear)));
    heard.other = far.map(|far| bench.close(far));
    session.end().await;
    if let Some(other) = other {
        other.end().await;
    }
    called.map(|()| heard)
}

async fn called(
    bench: &Bench,
    session: &Session<'_>,
    tools: &[&Callable],
    heard: &mut Heard,
) -> Result<(), Trouble> {
    for callable in tools {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let call = bench.call_of(name, Value::Object(callable.arguments.clone()));
        let mut open = session.open(capable(call).in_rounds()).await?;
        while let Some(message) = open.next().await {
            if message.is_response() {
                break;
            }
            if let (Some(method), Some(id)) = (message.method(), message.id()) {
                session.send(agreed(method, id, message.params())).await?;
            }
        }
        heard.asker.push(bench.finish(open).await);
    }
    Ok(())
}

/// The answer of a client that agrees to what it is asked.
fn agreed(method: &str, id: &Value, params: Option<&Value>) -> Probe {
    let params = params.cloned().unwrap_or_default();
    let input = Input { key: String::new(), method: method.to_owned(), params };
    let result = if method == method::OLD_PING { json!({}) } else { input.answer() };
    Probe::answer(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// Whether a call of a tool sent its user to a page.
fn asks_by_url(callable: &Callable) -> bool {
    let by_url = |request: &Value| request["params"]["mode"] == "url";
    callable.shown.as_ref().is_some_and(|shown| shown.asked().any(by_url))
}
