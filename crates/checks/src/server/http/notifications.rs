//! streamable-http#sending-messages: notifications that are posted.

use plumb_model::End;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use plumb_wire::{header, meta, method, notification};
use serde_json::{Value, json};

check! {
    /// **Observed:** notifications that are posted, known and unknown ones, with all headers: one that is accepted
    /// gets 202 and an empty body. None is left without an answer while requests get theirs.
    ///
    /// **Why:** a client that waits for a body, or parses one, hangs or fails; so does one that waits for any answer.
    ///
    /// **Fix:** answer with 202 and nothing else once the notification is taken.
    pub(crate) ACCEPTED_202 = "http.notif.accepted-202";
    since: "2025-03-26";
    applies: [Http];
    scenario: accepted_202
}

async fn accepted_202(bench: &Bench) -> Judgement {
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let notifications = [
        ("cancelled", notification::CANCELLED, json!({"requestId": "plumb-none"})),
        ("unknown", "notifications/plumb", json!({})),
        ("progress", notification::PROGRESS, json!({"progressToken": "plumb-none", "progress": 1})),
    ];
    for (slug, method, params) in notifications {
        let seen = bench.send(posted(bench, notification(bench, method, params), method)).await?;
        let finding = match seen.status() {
            Some(200..=299) => Finding::expect(
                seen.status() == Some(202) && is_empty(&seen),
                "202 without a body",
                || seen.describe(),
            ),
            None if seen.exchange.answer.end == End::TimedOut => {
                let finding = Finding::violated("202, or an HTTP error status", "no answer at all");
                bench.case(slug, format!("{method} is posted"), Ok(finding));
                break;
            }
            _ => Finding::unseen(
                format!("{method} was not accepted: {}", seen.describe()),
                "accept a notification",
            ),
        };
        bench.case(slug, format!("{method} is posted"), Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** notifications that no server can accept (params that are no object, a method that is no string,
    /// another JSON-RPC version) get an HTTP error status. A server that takes one without a word is not judged.
    ///
    /// **Why:** with a status of success the client believes that it was heard.
    ///
    /// **Fix:** answer with 400, with or without a JSON-RPC error in the body.
    pub(crate) REJECTED_4XX = "http.notif.rejected-4xx";
    since: "2025-03-26";
    applies: [Http];
    scenario: rejected_4xx
}

async fn rejected_4xx(bench: &Bench) -> Judgement {
    rejected(bench, |seen| {
        let quiet = seen.status() == Some(202) && is_empty(seen);
        match seen.status() {
            Some(400..) => Finding::Held,
            Some(_) if quiet => {
                Finding::unseen("the notification was accepted", "refuse malformed notifications")
            }
            _ => Finding::violated("an HTTP error status, or 202 without a body", seen.describe()),
        }
    })
    .await
}

check! {
    /// **Observed:** if the answer to a notification that cannot be accepted is a JSON-RPC error, it has no id (or
    /// `null`).
    ///
    /// **Why:** a notification has no id; one that the server makes up can be that of another request.
    ///
    /// **Fix:** leave the id out, or send no body.
    pub(crate) REJECTED_BODY = "http.notif.rejected-body";
    since: "2025-03-26";
    applies: [Http];
    scenario: rejected_body
}

async fn rejected_body(bench: &Bench) -> Judgement {
    rejected(bench, |seen| match seen.response() {
        Some(error) => {
            Finding::expect(error.id().is_none_or(Value::is_null), "no id in the error", || {
                seen.describe()
            })
        }
        None if seen.status().is_some_and(|s| s >= 400) => Finding::Held,
        None => {
            Finding::unseen("the notification was not rejected", "refuse malformed notifications")
        }
    })
    .await
}

async fn rejected(bench: &Bench, judge: impl Fn(&Observed) -> Finding) -> Judgement {
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let correct = notification(bench, "notifications/plumb", json!({}));
    let deviations = [
        ("params-text", "the params are a text", "params", json!("plumb")),
        ("method-number", "the method is a number", "method", json!(7)),
        ("json-rpc-1", "the JSON-RPC version is 1.0", "jsonrpc", json!("1.0")),
    ];
    for (slug, title, member, value) in deviations {
        let mut message = correct.clone();
        message[member] = value;
        let seen = bench.send(posted(bench, message, "notifications/plumb")).await?;
        let judgement = match seen.status() {
            Some(_) => Ok(judge(&seen)),
            None => Err(Trouble::Setup(seen.describe())),
        };
        bench.case(slug, format!("in a notification {title}"), judgement);
    }
    bench.conclude()
}

fn notification(bench: &Bench, method: &str, params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({meta::PROTOCOL_VERSION: bench.edition().revision});
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// The message with all headers of a correct one, so that none of them can be at fault.
fn posted(bench: &Bench, message: Value, method: &str) -> Probe {
    Probe::message(message)
        .header(header::PROTOCOL_VERSION, &bench.edition().revision)
        .header(header::METHOD, method)
}

fn is_empty(seen: &Observed) -> bool {
    seen.messages.is_empty() && seen.exchange.answer.body.is_empty()
}
