//! What comes for a request that was cancelled.

use std::time::{Duration, Instant};

use plumb_flows::confirmation::Confirmation;
use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, check, with_token};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{method, notification};
use serde_json::json;

use super::work::{GRACE, NOW, answered_before};

/// An answer to a cancelled call is looked at so often, and so is how long the call takes: a session that ends meanwhile takes its
/// cancellation with it, and a busy machine makes anything long.
const LOOKS: usize = 2;

check! {
    /// **Observed:** a slow call is cancelled by its notification: for a second no error comes for it, and no result in less
    /// than a third of the time that the call takes. A result that crossed the cancellation, or that comes in the end because the
    /// call cannot be cancelled, is right. Over HTTP, in revisions with a handshake, an answer on a stream is judged; one that is a
    /// single JSON object is not, since the request must be answered by one.
    ///
    /// **Why:** the client has dropped the id; an answer to it is noise, or is taken for another's.
    ///
    /// **Fix:** end the request without an answer.
    pub(crate) NO_RESPONSE = "cancel.server-no-response";
    since: "2025-03-26";
    applies: [CancelledByMessage];
    needs: [SlowTool];
    scenario: no_response
}

async fn no_response(bench: &Bench) -> Judgement {
    let mut confirmation = Confirmation::by(LOOKS);
    while confirmation.is_open() {
        let quiet = Quiet::quiet(bench).await?;
        let judged = silent(bench, &quiet).await;
        quiet.leave().await;
        confirmation.saw(judged?);
    }
    Ok(confirmation.finding())
}

async fn silent(bench: &Bench, quiet: &Quiet<'_>) -> Judgement {
    let begun = Instant::now();
    let mut open =
        quiet.open(with_token(bench.call(Prop::SlowTool)?, json!("plumb-cancelled"))).await?;
    let id = open.id().unwrap_or_default();
    // It is under way once it reports, or once the next request has been served.
    quiet.control(Probe::request(method::DISCOVER, json!({}))).await?;
    if open.until(NOW, Message::is_response).await.is_some() {
        return Ok(answered_before());
    }
    quiet
        .send(Probe::notification(
            notification::CANCELLED,
            json!({"requestId": id, "reason": "plumb"}),
        ))
        .await?;
    let answer = open.until(GRACE, Message::is_response).await;
    let took = begun.elapsed();
    let seen = bench.close(open);
    Ok(match answer {
        Some(_) if seen.exchange.answer.media_type().as_deref() == Some("application/json") => {
            Finding::unseen("the answer had to be one JSON object", "answer calls by streams")
        }
        Some(answer) if matches!(answer.kind, Kind::Error) || early(bench, quiet, took).await? => {
            let expected = format!("no response to the cancelled request {id}");
            Finding::violated(expected, answer.raw.lossy())
        }
        _ => Finding::Held,
    })
}

/// Whether a result that came so soon is none of the call's own, which takes more than three times as long when nobody cancels it.
async fn early(bench: &Bench, quiet: &Quiet<'_>, took: Duration) -> Result<bool, Trouble> {
    for _ in 0..LOOKS {
        let begun = Instant::now();
        quiet.control(bench.call(Prop::SlowTool)?).await?;
        if took * 3 >= begun.elapsed() {
            return Ok(false);
        }
    }
    Ok(true)
}
