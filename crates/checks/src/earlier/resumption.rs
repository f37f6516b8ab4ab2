//! basic/transports#resumability-and-redelivery.

use std::collections::BTreeSet;
use std::time::Duration;

use plumb_model::Carrier;
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Observed, Probe, Prop, Session, Trouble, check, with_token,
};
use plumb_wire::{Capability, header, method};
use serde_json::json;

/// What most servers answer on a stream: tools that say something before their answer.
const TELLING: [Prop; 2] = [Prop::ProgressTool, Prop::LoggingTool];

/// What is sent again comes within so long.
const AGAIN: Duration = Duration::from_millis(600);

check! {
    /// **Observed:** the ids of events over the streams of several requests of one session, among them calls of a tool that says
    /// something before its answer: none stands twice.
    ///
    /// **Why:** the id is all by which a broken stream is found again.
    ///
    /// **Fix:** count over the session, or put the stream into the id.
    pub(crate) IDS_UNIQUE = "http.event-ids.unique";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: ids_unique
}

async fn ids_unique(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let answers = several(bench, &session).await;
    session.end().await;
    let mut seen = BTreeSet::new();
    let ids: Vec<String> = answers?.iter().flat_map(ids).collect();
    if ids.is_empty() {
        return without_ids();
    }
    let twice = ids.into_iter().find(|id| !seen.insert(id.clone()));
    Ok(Finding::expect(twice.is_none(), "each id once in a session", || {
        twice.as_ref().map(|id| format!("{id:?} twice")).unwrap_or_default()
    }))
}

check! {
    /// **Observed:** behind the first event of a stream whose request was answered, and after another request was, GET with
    /// `Last-Event-ID` brings no response to another request than that of the stream.
    ///
    /// **Why:** a client takes what is sent again for the rest of the stream that it lost.
    ///
    /// **Fix:** keep events by the stream that they belong to.
    pub(crate) OWN_STREAM = "http.replay.own-stream";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: own_stream
}

async fn own_stream(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = resumed(bench, &session).await;
    session.end().await;
    judged
}

async fn resumed(bench: &Bench, session: &Session<'_>) -> Judgement {
    let answers = several(bench, session).await?;
    let streams = answers.iter();
    let Some((stream, last)) = streams.into_iter().find_map(|s| Some((s, ids(s).next()?))) else {
        return without_ids();
    };
    let probe = Probe::bodiless("GET").header(header::OLD_LAST_EVENT_ID, &last);
    let mut open = session.open(probe).await?;
    if open.status().await != Some(200) {
        let seen = bench.close(open);
        let why = format!("nothing is sent again: {}", seen.describe());
        return Ok(Finding::unseen(why, "nothing: it need not be"));
    }
    let own = stream.sent_id().cloned();
    let foreign = |m: &plumb_wire::jsonrpc::Message| {
        m.is_response() && !own.as_ref().is_some_and(|id| m.answers(id))
    };
    let foreign = open.until(AGAIN, foreign).await;
    bench.close(open);
    Ok(Finding::expect(foreign.is_none(), "nothing of another stream", || {
        foreign.as_ref().map(|m| m.raw.lossy().into_owned()).unwrap_or_default()
    }))
}

/// Several requests, answered one after the other: lists, and a tool that says something before its answer, twice.
async fn several(bench: &Bench, session: &Session<'_>) -> Result<Vec<Observed>, Trouble> {
    let lists = [
        (Capability::Tools, method::TOOLS_LIST),
        (Capability::Resources, method::RESOURCES_LIST),
        (Capability::Prompts, method::PROMPTS_LIST),
    ];
    let declared = lists.into_iter().filter(|(feature, _)| bench.survey().declares(*feature));
    let mut methods: Vec<&str> = declared.map(|(_, method)| method).collect();
    methods.extend([method::OLD_PING, method::OLD_PING]);
    let mut answers = Vec::new();
    for method in methods.into_iter().take(3) {
        answers.push(session.send(Probe::request(method, json!({}))).await?);
    }
    if let Some(call) = TELLING.into_iter().find_map(|prop| bench.call(prop).ok()) {
        for _ in 0..2 {
            let token = json!(format!("plumb-{}", bench.fresh_id()));
            answers.push(session.send(with_token(call.clone(), token)).await?);
        }
    }
    Ok(answers)
}

fn ids(seen: &Observed) -> impl Iterator<Item = String> {
    let frames = seen.exchange.answer.frames.iter();
    let ids = frames.filter_map(|frame| match &frame.carrier {
        Carrier::Event { id, .. } => id.clone(),
        _ => None,
    });
    ids.collect::<Vec<_>>().into_iter()
}

fn without_ids() -> Judgement {
    Ok(Finding::unseen("no event has an id", "nothing: they need not"))
}
