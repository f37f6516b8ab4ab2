//! basic/transports: what is posted, what GET opens, and how streams begin and end.

use std::time::Duration;

use plumb_model::{Carrier, End, Sent};
use plumb_runner::{
    Bench, Declared, Finding, Judgement, Notes, Observed, Open, Probe, Session, Trouble, check,
};
use plumb_wire::{Capability, header, method};
use serde_json::json;

use super::ping;

/// The status of a server that has as many streams as it allows.
const CONFLICT: u16 = 409;

/// A stream of another check is open for so long, and there are at most so many of them.
const OPEN: Duration = Duration::from_millis(500);
const OTHERS: usize = 8;

/// What goes astray comes within so long.
const ASTRAY: Duration = Duration::from_millis(400);

check! {
    /// **Observed:** GET in a session is answered by a stream of events, or by 405. Where the answer is 409, as of servers that
    /// allow one stream, which another check may have open, it is asked again for some seconds, and then in a process of its own,
    /// where nobody else has a stream. Of a server at an address, where another client may have it, 409 shows nothing.
    ///
    /// **Why:** clients open the stream after the handshake, and take anything else for a fault of the connection.
    ///
    /// **Fix:** answer 405 if there is no stream.
    pub(crate) GET_ANSWER = "http.get.answer";
    judges: ["http.endpoint.both"];
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: get_answer
}

async fn get_answer(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let mut gotten = Gotten::of(bench, session.open(Probe::bodiless("GET")).await?).await;
    for _ in 0..OTHERS {
        if gotten.status != Some(CONFLICT) {
            break;
        }
        bench.pause(OPEN).await;
        gotten = Gotten::of(bench, session.open(Probe::bodiless("GET")).await?).await;
    }
    session.end().await;
    if gotten.status == Some(CONFLICT) {
        gotten = where_nobody_else_listens(bench).await?;
    }
    gotten.judged()
}

/// What GET comes to in a process that nobody but this check knows.
async fn where_nobody_else_listens(bench: &Bench) -> Result<Gotten, Trouble> {
    if !bench.is_command() || bench.listens() {
        let why = "HTTP 409 for some seconds: somebody else may have the one stream that the server allows";
        return Err(Trouble::Setup(why.into()));
    }
    let instance = bench.instance().await?;
    let gotten = match instance.open(Probe::bodiless("GET")).await {
        Ok(open) => Ok(Gotten::of(bench, open).await),
        Err(trouble) => Err(trouble),
    };
    instance.stop().await;
    gotten
}

/// What GET is answered by.
struct Gotten {
    status: Option<u16>,
    media: Option<String>,
    seen: Observed,
}

impl Gotten {
    async fn of(bench: &Bench, mut open: Open) -> Self {
        let status = open.status().await;
        let media = open.so_far().media_type();
        Self { status, media, seen: bench.close(open) }
    }

    fn judged(self) -> Judgement {
        let Self { status, media, seen } = self;
        let streams = status == Some(200) && media.as_deref() == Some("text/event-stream");
        seen.settled()?;
        Ok(Finding::expect(
            streams || status == Some(405),
            "a stream of events, or HTTP 405",
            || {
                let media = media.unwrap_or_else(|| "no media type".into());
                status.map_or_else(|| seen.describe(), |status| format!("HTTP {status}, {media}"))
            },
        ))
    }
}

check! {
    /// **Observed:** while the stream of GET is open, requests are posted and answered; no response comes on that stream.
    ///
    /// **Why:** a client awaits the answer where it asked, and would take it twice or not at all.
    ///
    /// **Fix:** send a response on the stream of its request.
    pub(crate) GET_NO_RESPONSE = "http.get.no-response";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: get_no_response
}

async fn get_no_response(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = listened(bench, &session).await;
    session.end().await;
    judged
}

async fn listened(bench: &Bench, session: &Session<'_>) -> Judgement {
    let mut open = session.open(Probe::bodiless("GET")).await?;
    if open.status().await != Some(200) {
        bench.close(open);
        return Ok(Finding::unseen("the server has no stream of GET", "nothing: it need not"));
    }
    let mut asked = Vec::new();
    asked.push(session.send(ping()).await?);
    if bench.survey().declares(Capability::Tools) {
        asked.push(session.send(Probe::request(method::TOOLS_LIST, json!({}))).await?);
    }
    let astray = open.until(ASTRAY, plumb_wire::jsonrpc::Message::is_response).await;
    bench.close(open);
    Ok(Finding::expect(astray.is_none(), "no response on the stream of GET", || {
        astray.as_ref().map(|m| m.raw.lossy().into_owned()).unwrap_or_default()
    }))
}

check! {
    /// **Observed:** a response that answers nothing is posted in a session: 202 without a body, or an error status.
    ///
    /// **Why:** a client that waits for a body, or parses one, hangs or fails.
    ///
    /// **Fix:** answer 202 and nothing else once it is taken.
    pub(crate) RESPONSE_ACCEPTED = "http.response.accepted";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: response_accepted
}

async fn response_accepted(bench: &Bench) -> Judgement {
    bench.control(ping()).await?;
    let response = json!({"jsonrpc": "2.0", "id": "plumb-none", "result": {}});
    let seen = bench.send(Probe::message(response)).await?;
    let empty = seen.messages.is_empty() && seen.exchange.answer.body.is_empty();
    let fits = match seen.settled()?.status() {
        Some(202) => empty,
        Some(status) => status >= 400,
        None => return Ok(Finding::unseen(seen.describe(), "answer it")),
    };
    Ok(Finding::expect(fits, "202 without a body, or an error status", || seen.describe()))
}

check! {
    /// **Observed:** every stream that a posted request is answered by, and that ends, has the response in it; unless an event
    /// before had an id, behind which the rest can be fetched, or the session turns out to have ended.
    ///
    /// **Why:** the client waits until its timeout for what does not come.
    ///
    /// **Fix:** close the stream behind the response.
    pub(crate) RESPONSE_IN_STREAM = "http.sse.response";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    passive: response_in_stream
}

fn response_in_stream(seen: &Observed, notes: &mut Notes<'_>) {
    if !is_stream_of_request(seen) || seen.exchange.answer.end != End::Complete {
        return;
    }
    if seen.response().is_some() {
        notes.fits();
    } else if !has_ids(seen) {
        notes.breaks_in_session(seen, "a response before the stream ends", seen.describe());
    }
}

check! {
    /// **Observed:** every stream that a posted request is answered by, and whose events have ids, begins with an event that
    /// has an id and no data. A server whose events have none cannot be come back to, and is not judged; nor is a stream whose request
    /// does not say that it is of this revision: clients of those before it stumble over an event without data.
    ///
    /// **Why:** a client whose connection breaks before the first message has an id to come back with.
    ///
    /// **Fix:** write `id: …` and an empty `data:` before anything else.
    pub(crate) PRIME = "http.sse.prime";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Http];
    passive: prime
}

fn prime(seen: &Observed, notes: &mut Notes<'_>) {
    if !is_stream_of_request(seen) || !has_ids(seen) || !is_of(seen, &notes.edition.revision) {
        return;
    }
    let Some(first) = seen.exchange.answer.frames.first() else { return };
    let has_id = matches!(&first.carrier, Carrier::Event { id: Some(_), .. });
    notes.expect(
        has_id && first.payload.is_empty(),
        "a first event with an id and no data",
        || {
            let id = if has_id { "with an id" } else { "without an id" };
            format!("{id}: {}", plumb_runner::clip(&first.payload.lossy(), 80))
        },
    );
}

check! {
    /// **Observed:** a stream whose connection was closed before the response, and that went on when it was fetched by GET with
    /// `Last-Event-ID`, had told by `retry` when to come back. One that ends for good, as with its session, is not judged.
    ///
    /// **Why:** clients that do not know come back at once, or late.
    ///
    /// **Fix:** write `retry: …`, in milliseconds, before you close.
    pub(crate) RETRY = "http.sse.retry";
    since: "2025-11-25";
    until: "2025-11-25";
    applies: [Http];
    passive: retry
}

fn retry(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(before) = seen.resumes().filter(|_| !seen.messages.is_empty()) else { return };
    let told = before.answer.stream.as_ref().is_some_and(|facts| facts.retries > 0);
    notes.expect(told, "`retry` before the connection is closed", || "no such field".into());
}

check! {
    /// **Observed:** two pings in one array are both answered.
    ///
    /// **Why:** the revision lets clients send batches, so every server has to take them.
    ///
    /// **Fix:** take each message of an array by itself, and answer with an array or a stream.
    pub(crate) BATCH = "http.batch.received";
    since: "2025-03-26";
    until: "2025-03-26";
    applies: [Http];
    scenario: batch
}

async fn batch(bench: &Bench) -> Judgement {
    let one = |id: &str| json!({"jsonrpc": "2.0", "id": id, "method": method::OLD_PING});
    bench.control(ping()).await?;
    let both = json!([one("plumb-one"), one("plumb-two")]);
    let like = ping();
    let seen = bench.send(Probe::bytes(&like, both.to_string())).await?;
    let text = seen.settled()?.body_text();
    let answered = |id: &str| text.contains(id) && text.contains("result");
    let fits = answered("plumb-one") && answered("plumb-two");
    Ok(Finding::expect(fits, "an answer to each of two pings", || seen.describe()))
}

/// Whether a request says that it is of this revision: in its field, or as the version that it wants.
fn is_of(seen: &Observed, revision: &str) -> bool {
    if seen.method() == Some(method::OLD_INITIALIZE) {
        return seen.params().is_some_and(|params| params["protocolVersion"] == revision);
    }
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return false };
    headers.iter().any(|field| {
        field.name.eq_ignore_ascii_case(header::PROTOCOL_VERSION) && field.value == revision
    })
}

fn has_ids(seen: &Observed) -> bool {
    let frames = &seen.exchange.answer.frames;
    frames.iter().any(|f| matches!(&f.carrier, Carrier::Event { id: Some(_), .. }))
}

/// Whether a request was posted, and a stream is the answer. What was cancelled need not be answered.
fn is_stream_of_request(seen: &Observed) -> bool {
    let posted = matches!(&seen.exchange.sent, Sent::Http { method, .. } if method == "POST");
    let streams = seen.exchange.answer.media_type().as_deref() == Some("text/event-stream");
    let cancelled = seen.exchange.by.starts_with("cancel.");
    !cancelled
        && posted
        && seen.resumes().is_none()
        && streams
        && seen.is_request()
        && seen.status() == Some(200)
}
