//! `basic/patterns`: who speaks first, and how long a subscription lasts.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Check, Finding, Judgement, Notes, Observed, Probe, Prop, Trouble, check, clip,
};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{method, notification};
use serde_json::json;

pub(crate) const CHECKS: &[&Check] = &[&NO_SERVER_REQUESTS, &LISTEN_SCOPE];

check! {
    /// **Observed:** no message of the server is a JSON-RPC request, on any stream and on standard output.
    ///
    /// **Why:** clients of this revision answer nothing, so the server waits for ever.
    ///
    /// **Fix:** ask for input by a result of type `input_required`.
    pub(crate) NO_SERVER_REQUESTS = "patterns.no-server-requests";
    judges: ["transport.directions"];
    passive: no_server_requests
}

fn no_server_requests(seen: &Observed, notes: &mut Notes<'_>) {
    // What a server of two eras sends unasked can belong to a session of the other one.
    if seen.request.is_none() && notes.survey.dual_era {
        return;
    }
    for message in seen.messages.iter() {
        // A notification with an id is judged as such.
        let is_request = matches!(message.kind, Kind::Request)
            && !message.method().is_some_and(|m| m.starts_with("notifications/"));
        notes.expect(!is_request, "no request from the server", || clip(&message.raw.lossy(), 200));
    }
}

check! {
    /// **Observed:** after a subscription was closed (over HTTP by dropping its stream, over standard streams by cancelling
    /// it) a change is made; the answers to later requests bring no notification of it.
    ///
    /// **Why:** a client that lost its stream subscribes again; what still comes for the old one has no addressee.
    ///
    /// **Fix:** keep the subscription's state in the handler of its request, and drop it with the stream.
    pub(crate) LISTEN_SCOPE = "patterns.listen-scope";
    applies: [Declares(ToolsListChanged)];
    needs: [ChangeTools];
    isolation: Alone;
    scenario: listen_scope
}

async fn listen_scope(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let finding = after_closing(bench, &quiet).await;
    quiet.leave().await;
    finding
}

async fn after_closing(bench: &Bench, quiet: &Quiet<'_>) -> Judgement {
    let listen =
        Probe::request(method::LISTEN, json!({"notifications": {"toolsListChanged": true}}));
    let mut open = quiet.open(listen).await?;
    let acknowledged = |m: &Message| m.method() == Some(notification::ACKNOWLEDGED);
    if open.until(Duration::from_secs(5), acknowledged).await.is_none() {
        return Err(Trouble::Setup(format!(
            "the subscription was not acknowledged: {}",
            bench.close(open).describe()
        )));
    }
    let discover = || Probe::request(method::DISCOVER, json!({}));
    if !bench.survey().transport.closing_cancels() {
        let id = open.id().unwrap_or_default();
        quiet.send(Probe::notification(notification::CANCELLED, json!({"requestId": id}))).await?;
        quiet.control(discover()).await?;
    }
    bench.close(open);
    quiet.control(discover()).await?;
    quiet.strays().await?;
    quiet.control(bench.call(Prop::ChangeTools)?).await?;
    let later = [
        Some(discover()),
        bench.base(Base::ToolsList),
        bench.base(Base::ToolsCall),
        Some(discover()),
    ];
    for probe in later.into_iter().flatten() {
        let seen = quiet.control(probe).await?;
        if let Some(change) = seen.messages.iter().find(|m| is_change(m)) {
            return Ok(unwanted(change, seen.method().unwrap_or("a request")));
        }
    }
    let strays = quiet.strays().await?;
    Ok(strays.iter().find(|m| is_change(m)).map_or(Finding::Held, |m| unwanted(m, "no request")))
}

fn is_change(message: &Message) -> bool {
    message.method() == Some(notification::TOOLS_CHANGED)
}

fn unwanted(change: &Message, with: &str) -> Finding {
    Finding::violated(
        "no notification, since the subscription was closed before the change",
        format!("{} with the answer to {with}", clip(&change.raw.lossy(), 160)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{holds, notification, streamed};

    #[test]
    fn a_request_of_the_server_is_one_on_any_stream() {
        let asks = json!({"jsonrpc": "2.0", "id": 9, "method": "roots/list"});
        let said =
            notification("notifications/progress", json!({"progressToken": 1, "progress": 1}));
        let right = streamed("tools/call", json!({}), std::slice::from_ref(&said));
        assert_eq!(holds(&NO_SERVER_REQUESTS, &right), Some(true));
        let wrong = streamed("subscriptions/listen", json!({}), &[said, asks]);
        assert_eq!(holds(&NO_SERVER_REQUESTS, &wrong), Some(false));
    }
}
