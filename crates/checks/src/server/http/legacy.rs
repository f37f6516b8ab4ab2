//! streamable-http#earlier-streamable-http-revisions, streamable-http#httpsse-transport-2024-11-05.

use std::time::Duration;

use plumb_model::{Carrier, Sent};
use plumb_runner::facet::outcome;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Trouble, check};
use plumb_wire::{header, method};
use serde_json::json;

/// A stream that GET opens says what it is at once.
const QUIET: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** GET at the endpoint gets 405, alone and with the headers of an earlier client.
    ///
    /// **Why:** a client of an earlier revision takes 405 as "no stream of that kind" and goes on without it.
    ///
    /// **Fix:** answer every method but POST with 405 and `Allow: POST`.
    pub(crate) GET_405 = "http.legacy.get-405";
    applies: [Http, ModernOnly];
    scenario: get_405
}

async fn get_405(bench: &Bench) -> Judgement {
    not_allowed(bench, "GET").await
}

check! {
    /// **Observed:** DELETE at the endpoint gets 405, alone and with the session id of an earlier client.
    ///
    /// **Why:** there are no sessions to end; a client of an earlier revision takes 405 for just that.
    ///
    /// **Fix:** answer every method but POST with 405 and `Allow: POST`.
    pub(crate) DELETE_405 = "http.legacy.delete-405";
    applies: [Http, ModernOnly];
    scenario: delete_405
}

async fn delete_405(bench: &Bench) -> Judgement {
    not_allowed(bench, "DELETE").await
}

async fn not_allowed(bench: &Bench, method: &str) -> Judgement {
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let plain = Probe::bodiless(method);
    let earlier = Probe::bodiless(method)
        .header("Accept", "text/event-stream")
        .header(header::PROTOCOL_VERSION, bench.edition().last_with_handshake())
        .header(header::OLD_SESSION_ID, "5c1f7b1e-plumb-0000");
    for (slug, title, probe) in
        [("plain", "without more", plain), ("earlier", "as an earlier client sends it", earlier)]
    {
        let mut open = bench.open(probe).await?;
        let status = open.status().await;
        let seen = bench.close(open);
        seen.settled()?;
        let judgement = match status {
            Some(status) => {
                Ok(Finding::expect(status == 405, format!("HTTP 405 for {method}"), || {
                    seen.describe()
                }))
            }
            None => Err(Trouble::Setup(seen.describe())),
        };
        bench.case(slug, format!("{method} {title}"), judgement);
    }
    bench.conclude()
}

check! {
    /// **Observed:** requests with an `Mcp-Session-Id` are served as without, whatever their method.
    ///
    /// **Why:** clients of earlier revisions, and proxies made for them, still send the header.
    ///
    /// **Fix:** do not look at it.
    pub(crate) SESSION_IGNORED = "http.legacy.session-ignored";
    applies: [Http, ModernOnly];
    cases: outcome
}

check! {
    /// **Observed:** no answer of the run carries an `Mcp-Session-Id`, also when the request had one.
    ///
    /// **Why:** a client of an earlier revision would start to send it back, and a gateway to route by it.
    ///
    /// **Fix:** remove the header; what must last beyond a request has a handle in its result.
    pub(crate) SESSION_NOT_MINTED = "http.legacy.session-not-minted";
    applies: [Http, ModernOnly];
    passive: session_not_minted
}

fn session_not_minted(seen: &Observed, notes: &mut Notes<'_>) {
    if seen.status().is_none() || !matches!(seen.exchange.sent, Sent::Http { .. }) {
        return;
    }
    let minted = seen.exchange.answer.header(header::OLD_SESSION_ID);
    notes.expect(minted.is_none(), "no `Mcp-Session-Id` in an answer", || {
        format!("one in the answer to {}", seen.method().unwrap_or("a request without a method"))
    });
}

check! {
    /// **Observed:** requests with a `Last-Event-ID` are served as without, whatever their method.
    ///
    /// **Why:** readers of event streams send the header by themselves when they connect again.
    ///
    /// **Fix:** do not look at it.
    pub(crate) LAST_EVENT_ID_IGNORED = "http.legacy.last-event-id-ignored";
    applies: [Http, ModernOnly];
    cases: outcome
}

check! {
    /// **Observed:** GET at the endpoint opens no stream whose first event is `endpoint`, which is how the transport
    /// of 2024-11-05 begins.
    ///
    /// **Why:** that transport is deprecated; it ties a client to one process.
    ///
    /// **Fix:** serve Streamable HTTP alone.
    pub(crate) SSE_NOT_ADOPTED = "http.legacy.sse-not-adopted";
    applies: [Http];
    scenario: sse_not_adopted
}

async fn sse_not_adopted(bench: &Bench) -> Judgement {
    let mut open = bench.open(Probe::bodiless("GET").header("Accept", "text/event-stream")).await?;
    open.status().await;
    open.next_within(QUIET).await;
    let seen = bench.close(open);
    let first = seen.exchange.answer.frames.first();
    let adopted = first.is_some_and(
        |f| matches!(&f.carrier, Carrier::Event { name: Some(n), .. } if n == "endpoint"),
    );
    Ok(Finding::expect(!adopted, "no stream of the transport of 2024-11-05", || {
        "an event `endpoint`".into()
    }))
}
