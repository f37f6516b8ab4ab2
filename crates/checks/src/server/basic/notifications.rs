//! basic#notifications: one-way messages in both directions.

use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Trouble, check, clip};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{meta, method, notification};
use serde_json::{Value, json};

check! {
    /// **Observed:** notifications (a cancellation of nothing, an unknown one, one without params, a method of requests
    /// without an id) get no JSON-RPC response. Over standard streams two requests follow, and every line is looked at;
    /// over HTTP an answer with an error status may carry an error without an id.
    ///
    /// **Why:** the answer to a notification has no request that it belongs to; a client takes it for the answer to another
    /// one, or closes the channel.
    ///
    /// **Fix:** look for the absence of `id` before dispatch, and drop what a notification's handler returns or throws.
    pub(crate) NO_RESPONSE = "base.notif.no-response";
    since: "2025-03-26";
    scenario: no_response
}

async fn no_response(bench: &Bench) -> Judgement {
    let revision = &bench.edition().revision;
    let own = json!({meta::PROTOCOL_VERSION: revision, meta::CLIENT_CAPABILITIES: {}});
    let notifications = [
        (
            "cancels-nothing",
            notification::CANCELLED,
            json!({"requestId": "plumb-nothing", "_meta": own}),
        ),
        ("unknown", "notifications/plumb/unknown", json!({"_meta": own})),
        ("without-params-of-its-own", notification::CANCELLED, json!({"_meta": own})),
        ("method-of-requests", method::TOOLS_LIST, json!({"_meta": own})),
    ];
    let discover = || Probe::request(method::DISCOVER, json!({}));
    // Requests on the quiet have ids from here on: a response under one of them answers it, however late it comes.
    let first = bench.fresh_id();
    let quiet = Quiet::quiet(bench).await?;
    quiet.control(discover()).await?;
    for (slug, method, params) in notifications {
        let sent = quiet.send(Probe::notification(method, params)).await?;
        let ours =
            |id: &Value| id.as_u64().is_some_and(|id| (first..bench.fresh_id()).contains(&id));
        let mut said = stray_answers(&sent, ours);
        if !bench.survey().transport.answers_apart() {
            // Answers come in any order: what a notification provoked shows up beside one of the next two answers.
            for _ in 0..2 {
                said.extend(stray_answers(&quiet.control(discover()).await?, ours));
            }
            let strays = quiet.strays().await?;
            let foreign = |m: &&Message| m.is_response() && !m.id().is_some_and(ours);
            said.extend(strays.iter().filter(foreign).map(|m| clip(&m.raw.lossy(), 160)));
        }
        let judgement = match said.first() {
            Some(said) => Ok(Finding::violated(
                format!("no response to the notification {method}"),
                said.clone(),
            )),
            None if sent.status().is_none() && bench.survey().transport.has_heads() => {
                Err(Trouble::Setup(sent.describe()))
            }
            None => Ok(Finding::Held),
        };
        bench.case(slug, format!("{method} is sent without an id"), judgement);
    }
    quiet.leave().await;
    bench.conclude()
}

/// Responses that answer no request: over HTTP, where a stream answers one message alone, all that answer not this one.
fn stray_answers(seen: &Observed, ours: impl Fn(&Value) -> bool) -> Vec<String> {
    let http = seen.status().is_some();
    let refused = seen.status().is_some_and(|s| s >= 400);
    let allowed =
        |m: &Message| refused && matches!(m.kind, Kind::Error) && m.id().is_none_or(Value::is_null);
    seen.responses()
        .filter(|m| seen.sent_id().is_none_or(|id| !m.answers(id)) && !allowed(m))
        .filter(|m| http || !m.id().is_some_and(&ours))
        .map(|m| clip(&m.raw.lossy(), 160))
        .collect()
}

check! {
    /// **Observed:** no notification of the server has an id.
    ///
    /// **Why:** with an id it is a request: the client has to answer it, and a server may not send any.
    ///
    /// **Fix:** build notifications from a type that has no id.
    pub(crate) SERVER_NO_ID = "base.notif.server-no-id";
    since: "2025-03-26";
    passive: server_no_id
}

fn server_no_id(seen: &Observed, notes: &mut Notes<'_>) {
    let notifications = seen
        .messages
        .iter()
        .filter(|m| m.method().is_some_and(|m| m.starts_with("notifications/")));
    for message in notifications {
        notes.expect(message.id().is_none(), "a notification without `id`", || {
            clip(&message.raw.lossy(), 160)
        });
    }
}

/// Notifications that only a subscription delivers.
const SUBSCRIBED: [&str; 5] = [
    notification::ACKNOWLEDGED,
    notification::TOOLS_CHANGED,
    notification::PROMPTS_CHANGED,
    notification::RESOURCES_CHANGED,
    notification::RESOURCE_UPDATED,
];

check! {
    /// **Observed:** notifications of a `subscriptions/listen` stream, the acknowledgment included, carry
    /// `io.modelcontextprotocol/subscriptionId` in `_meta`; over HTTP, where the stream tells whose it is, it is the id of that
    /// request. What comes on the stream of another request is judged by `http.sse.notifications-relate`.
    ///
    /// **Why:** over standard streams all subscriptions share one channel; without the id nobody knows whose change it is.
    ///
    /// **Fix:** keep the id of the listen request with the subscription, and write it into each of its notifications.
    pub(crate) SUBSCRIPTION_ID = "base.meta.subscription-id";
    passive: subscription_id
}

fn subscription_id(seen: &Observed, notes: &mut Notes<'_>) {
    // What a server of two eras sends unasked can belong to a session of the other one.
    if seen.request.is_none() && notes.survey.dual_era {
        return;
    }
    // Over HTTP the stream of a call is no subscription; over standard streams all share one channel.
    if seen.status().is_some() && seen.method() != Some(method::LISTEN) {
        return;
    }
    let delivered = |m: &&Message| m.method().is_some_and(|method| SUBSCRIBED.contains(&method));
    for message in seen.messages.iter().filter(delivered) {
        let id = message
            .params()
            .and_then(|p| p.get("_meta"))
            .and_then(|m| m.get(meta::SUBSCRIPTION_ID));
        let whose = seen.sent_id().filter(|_| seen.status().is_some());
        let fits = id.is_some_and(|id| whose.is_none_or(|whose| is_same(id, whose)));
        let expected = match whose {
            Some(whose) => format!("`io.modelcontextprotocol/subscriptionId` {whose} in `_meta`"),
            None => "`io.modelcontextprotocol/subscriptionId` in `_meta`".to_owned(),
        };
        notes.expect(fits, expected, || clip(&message.raw.lossy(), 200));
    }
}

/// Whether two ids are the same value; how a number is written does not matter.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

#[cfg(test)]
mod tests {
    use plumb_runner::Survey;

    use super::*;
    use plumb_recorded::{holds, holds_on, http, result, unasked};

    #[test]
    fn a_subscription_names_itself_and_the_stream_of_a_call_is_none() {
        let bare =
            json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {}});
        let mut named = bare.clone();
        named["params"] = json!({"_meta": {meta::SUBSCRIPTION_ID: 1}});
        let listen =
            |m: &Value| http("subscriptions/listen", json!({}), 200, std::slice::from_ref(m));
        assert_eq!(holds(&SUBSCRIPTION_ID, &listen(&bare)), Some(false));
        assert_eq!(holds(&SUBSCRIPTION_ID, &listen(&named)), Some(true));
        let mut another = bare.clone();
        another["params"] = json!({"_meta": {meta::SUBSCRIPTION_ID: "1"}});
        assert_eq!(holds(&SUBSCRIPTION_ID, &listen(&another)), Some(false));
        let call =
            http("tools/call", json!({"name": "a"}), 200, &[bare.clone(), result(json!({}))]);
        assert_eq!(holds(&SUBSCRIPTION_ID, &call), None);
        assert_eq!(holds(&SUBSCRIPTION_ID, &unasked(std::slice::from_ref(&bare))), Some(false));
        let survey = Survey { dual_era: true, ..Survey::default() };
        assert_eq!(holds_on(&survey, &SUBSCRIPTION_ID, &unasked(&[bare])), None);
    }

    #[test]
    fn the_late_answer_to_a_request_of_ours_answers_no_notification() {
        let under =
            |id: Value| json!({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete"}});
        let strays = |id: Value| {
            let seen = unasked(&[under(id)]);
            stray_answers(&seen, |id| id.as_u64().is_some_and(|id| (10..20).contains(&id))).len()
        };
        assert_eq!((strays(json!(12)), strays(json!(0)), strays(Value::Null)), (0, 1, 1));
        assert_eq!((strays(json!("12")), strays(json!(20))), (1, 1));
    }
}
