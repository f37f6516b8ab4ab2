//! basic/patterns/cancellation: the cancellations that a server sends.

use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, check};
use plumb_wire::{method, notification};

use crate::server::subscriptions::ending::tear_down;

const METHOD: &str = notification::CANCELLED;

check! {
    /// **Observed:** a target that ends in order (SIGTERM) announces the end of its open subscription with
    /// `notifications/cancelled`. **Position:** the pages differ on HTTP: there a closing result will do as well; over
    /// standard streams the notification is needed. A process that the signal ends at once tears nothing down.
    ///
    /// **Why:** a client that is not told waits for notifications that cannot come.
    ///
    /// **Fix:** on shutdown, send the notification for each open subscription before its stream ends.
    pub(crate) TEARDOWN = "cancel.server-teardown";
    isolation: OwnProcess;
    scenario: teardown
}

async fn teardown(bench: &Bench) -> Judgement {
    let teardown = tear_down(bench).await?;
    if let Some(finding) = teardown.abrupt() {
        return Ok(finding);
    }
    let enough = teardown.cancelled().is_some()
        || (bench.survey().transport.answers_apart() && teardown.result().is_some());
    Ok(Finding::expect(enough, format!("{METHOD} for the subscription {}", teardown.id), || {
        teardown.seen.describe()
    }))
}

check! {
    /// **Observed:** no answer of the run carries `notifications/cancelled`, but the streams of subscriptions.
    ///
    /// **Why:** clients do not expect the cancellation of their own requests from the server.
    ///
    /// **Fix:** answer a request that cannot be completed with an error.
    pub(crate) NO_OTHER = "cancel.server-no-other";
    passive: no_other
}

fn no_other(seen: &Observed, notes: &mut Notes<'_>) {
    if !seen.is_request() || seen.method() == Some(method::LISTEN) {
        return;
    }
    let own = |id: Option<&serde_json::Value>| {
        id.is_none() || id == seen.sent_id() || seen.exchange.channel.starts_with("http")
    };
    let cancelled =
        seen.notifications(METHOD).find(|m| own(m.params().and_then(|p| p.get("requestId"))));
    notes.expect(
        cancelled.is_none(),
        format!("no {METHOD}, since this is no subscription"),
        || cancelled.map_or_else(String::new, |m| m.raw.lossy().into_owned()),
    );
}

check! {
    /// **Observed:** the `notifications/cancelled` of a target that ends names the open subscription: the id of its
    /// `subscriptions/listen`, in value and type.
    ///
    /// **Why:** the id is the only thing by which the client can tell what ended.
    ///
    /// **Fix:** put the id of the request there as the JSON value that came.
    pub(crate) REFERENCES_LISTEN = "cancel.server-references-listen";
    isolation: OwnProcess;
    scenario: references_listen
}

async fn references_listen(bench: &Bench) -> Judgement {
    let teardown = tear_down(bench).await?;
    let Some(cancelled) = teardown.cancelled() else {
        return Ok(Finding::unseen(
            "the target sent no `notifications/cancelled`",
            "send it when a subscription ends",
        ));
    };
    let named = cancelled.params().and_then(|p| p.get("requestId"));
    Ok(Finding::expect(
        named == Some(&teardown.id),
        format!("the request id {}", teardown.id),
        || cancelled.raw.lossy().into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use plumb_recorded::{answered, holds, notification, streamed};

    #[test]
    fn only_a_subscription_is_announced_as_cancelled() {
        let cancelled = notification(METHOD, json!({"requestId": 1}));
        let call = |messages: &[serde_json::Value]| streamed("tools/call", json!({}), messages);
        assert_eq!(holds(&NO_OTHER, &answered("tools/call", json!({}), json!({}))), Some(true));
        assert_eq!(holds(&NO_OTHER, &call(std::slice::from_ref(&cancelled))), Some(false));
        let listen = streamed("subscriptions/listen", json!({}), &[cancelled]);
        assert_eq!(holds(&NO_OTHER, &listen), None);
    }
}
