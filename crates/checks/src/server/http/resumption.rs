//! streamable-http#receiving-messages: streams end with their connection.

use std::time::Duration;

use plumb_flows::subscription;
use plumb_model::Carrier;
use plumb_runner::{Bench, Finding, Judgement, Observed, Open, Probe, Prop, Trouble, check};
use plumb_wire::{header, meta, method, notification};
use serde_json::{Value, json};

/// The end of patience with a GET that opens a stream and says nothing.
const QUIET: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** a stream is left in the middle; then `Last-Event-ID` with the last id that it had (or `1`) comes
    /// with a GET, a request and a subscription. None of them is told anything of the stream that was left.
    ///
    /// **Why:** a stream that others can take up again by an id that is easy to guess tells them what it held; clients
    /// of this revision repeat the request instead.
    ///
    /// **Fix:** keep no events for later, and do not look at the header.
    pub(crate) NOT_RESUMABLE = "http.sse.not-resumable";
    applies: [Http];
    waits: true;
    scenario: not_resumable
}

async fn not_resumable(bench: &Bench) -> Judgement {
    let Some(mut open) = some_stream(bench).await? else {
        return Ok(Finding::unseen(
            "the server streams nothing that could be left",
            Prop::ProgressTool.how_to_enable(),
        ));
    };
    open.next_within(Duration::from_secs(2)).await;
    let left = bench.close(open);
    let event = last_event_id(&left).unwrap_or_else(|| "1".to_owned());
    let with_id = |probe: Probe| probe.header(header::OLD_LAST_EVENT_ID, &event);

    let discover = bench.send(with_id(Probe::request(method::DISCOVER, json!({})))).await?;
    bench.case("request", "a request with Last-Event-ID", Ok(nothing_else(&discover)));
    if let Some(probe) = bench.base(plumb_model::pack::Base::ToolsCall) {
        let call = bench.send(with_id(probe)).await?;
        bench.case("call", "a tool call with Last-Event-ID", Ok(nothing_else(&call)));
    }
    let listen =
        Probe::request(method::LISTEN, json!({"notifications": {"toolsListChanged": true}}));
    let mut open = bench.open(with_id(listen)).await?;
    open.until(QUIET, |_| false).await;
    let listen = bench.close(open);
    bench.case("listen", "a subscription with Last-Event-ID", Ok(nothing_else(&listen)));

    let mut open =
        bench.open(with_id(Probe::bodiless("GET").header("Accept", "text/event-stream"))).await?;
    open.until(QUIET, |_| false).await;
    let get = bench.close(open);
    bench.case("get", "GET with Last-Event-ID", Ok(nothing_else(&get)));
    bench.conclude()
}

async fn some_stream(bench: &Bench) -> Result<Option<Open>, Trouble> {
    for prop in [Prop::SlowTool, Prop::ProgressTool] {
        if let Ok(call) = bench.call(prop) {
            let token = json!(format!("plumb-left-{}", bench.fresh_id()));
            return Ok(Some(bench.open(plumb_runner::with_token(call, token)).await?));
        }
    }
    subscription::acknowledged(bench, json!({"toolsListChanged": true})).await
}

fn last_event_id(left: &Observed) -> Option<String> {
    left.exchange.answer.frames.iter().rev().find_map(|frame| match &frame.carrier {
        Carrier::Event { id, .. } => {
            id.clone().filter(|id| id.bytes().all(|b| b.is_ascii_graphic()))
        }
        _ => None,
    })
}

/// Whether an answer holds only what belongs to its own request: no other stream is played back. None of these
/// requests asks for progress; that of others on a subscription is judged elsewhere.
fn nothing_else(seen: &Observed) -> Finding {
    let subscribed = seen.method() == Some(method::LISTEN);
    let own = seen.sent_id();
    let foreign = |id: Option<&Value>| id.is_some_and(|id| !id.is_null() && Some(id) != own);
    let replayed = seen.messages.iter().find(|m| {
        let subscription = m.meta().and_then(|meta| meta.get(meta::SUBSCRIPTION_ID));
        let reports = m.method() == Some(notification::PROGRESS) && !subscribed;
        reports || foreign(subscription) || (m.is_response() && foreign(m.id()))
    });
    Finding::expect(replayed.is_none(), "nothing of a stream that was left", || {
        replayed.map_or_else(String::new, |m| plumb_runner::clip(&m.raw.lossy(), 200))
    })
}
