//! basic#messages, basic#responses: one request, one response, and under which of the odd ids.

use plumb_flows::echo;
use plumb_model::Sent;
use plumb_model::pack::Outcome;
use plumb_runner::facet::{self, Tried};
use plumb_runner::{Finding, Judgement, Notes, Observed, check, clip};
use plumb_wire::jsonrpc::Message;
use plumb_wire::method;
use serde_json::Value;

use crate::server::transport::unasked_by_another_era;

check! {
    /// **Observed:** a request is answered by one response: no stream and no body has a second one, and over standard
    /// streams no response comes under the id of a request that was answered before, or of none. Nor does the server end
    /// an event stream without one; that of a subscription is judged elsewhere.
    ///
    /// **Why:** a client has forgotten the request when the second response comes, or has given its id to another one.
    /// One to whom none comes does not know whether the work was done.
    ///
    /// **Fix:** return from the handler after the answer is written; let a failure in the clean-up go to the log. Answer
    /// a failure of the work with an error, on the stream that is open.
    pub(crate) ONCE = "base.response.once";
    since: "2025-03-26";
    passive: once
}

fn once(seen: &Observed, notes: &mut Notes<'_>) {
    if seen.exchange.sent == Sent::Nothing {
        if unasked_by_another_era(seen, notes) {
            return;
        }
        for message in seen.responses().filter(|m| m.id().is_some_and(is_own)) {
            let actual =
                format!("answered before, or never sent: {}", clip(&message.raw.lossy(), 160));
            notes.breaks("a response to a request that awaits one", actual);
        }
        return;
    }
    if !seen.is_request() {
        return;
    }
    match echo::own(seen).count() {
        0 if ended_without_one(seen, notes) => notes.breaks(
            "a response to a request before its event stream ends",
            format!("the stream ended behind {}", told(seen)),
        ),
        0 => {}
        1 => notes.fits(),
        more => notes.breaks("one response to a request", {
            let method = seen.method().unwrap_or("a request");
            format!("{more} responses to {method}")
        }),
    }
}

/// Whether the target ended the stream that it answered a request by, and no response was in it. In the revisions with
/// a handshake a stream can go on elsewhere, and a notice can have cancelled the request.
fn ended_without_one(seen: &Observed, notes: &Notes<'_>) -> bool {
    let stream = seen.exchange.answer.media_type().as_deref() == Some("text/event-stream");
    stream
        && seen.is_whole()
        && seen.status() == Some(200)
        && seen.responses().next().is_none()
        && seen.method() != Some(method::LISTEN)
        && !notes.edition.has_handshake()
}

fn told(seen: &Observed) -> String {
    match seen.messages.last() {
        None => "nothing".into(),
        Some(last) => clip(&last.raw.lossy(), 160),
    }
}

/// Whether an id can be one of those that we send: a string, or an integer that nobody has to round.
fn is_own(id: &Value) -> bool {
    id.is_string() || (id.is_number() && !id.is_f64() && !echo::is_large(id))
}

check! {
    /// **Observed:** an integer id beyond 2^53 comes back as it was sent, or the request is refused under that id or none.
    ///
    /// **Why:** read into a double it becomes its neighbour, which is the id of another request.
    ///
    /// **Fix:** keep the id as the text that came, or in a type of 64 bits. Position: JSON leaves such numbers to the
    /// reader, so that a changed one warns.
    pub(crate) LARGE_ID = "base.response.large-id";
    since: "2025-03-26";
    passive: large_id
}

fn large_id(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(sent) = echo::sent(seen).filter(|id| echo::is_large(id)) else { return };
    let nameless = |m: &Message| m.id().is_none_or(Value::is_null) && m.error().is_some();
    for message in seen.responses() {
        let id = message.id().map_or_else(|| "none".into(), ToString::to_string);
        notes.expect(
            message.answers(sent) || nameless(message),
            format!("a response under the id {sent}"),
            || format!("one under the id {id}"),
        );
    }
}

check! {
    /// **Observed:** an array of requests, each of which would be served alone, is refused as a whole.
    ///
    /// **Why:** the batches of earlier revisions are gone: gateways that read headers and one body check nothing of what an
    /// array holds, and their rules are passed by.
    ///
    /// **Fix:** refuse what is no object before you look into it.
    pub(crate) NO_BATCH = "base.jsonrpc.no-batch";
    applies: [ModernOnly];
    cases: no_batch
}

fn no_batch(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    let served = |m: &Message| {
        let json = m.json.as_ref().ok();
        let all = json.and_then(Value::as_array);
        m.result().is_some() || all.into_iter().flatten().any(|one| one.get("result").is_some())
    };
    let refused = tried.allowed.outcome == Outcome::Refused;
    if let Some(message) = sent.messages.iter().find(|m| refused && served(m)) {
        return Ok(Finding::violated("the array refused", clip(&message.raw.lossy(), 160)));
    }
    facet::outcome(tried)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use plumb_recorded::{holds, http, result, stdio, unasked};

    #[test]
    fn a_second_response_is_found_wherever_it_comes() {
        let answer = result(json!({"resultType": "complete"}));
        let (one, two) = ([answer.clone()], [answer.clone(), answer.clone()]);
        for seen in [http, stdio_as_http] {
            assert_eq!(holds(&ONCE, &seen("tools/list", json!({}), 200, &one)), Some(true));
            assert_eq!(holds(&ONCE, &seen("tools/list", json!({}), 200, &two)), Some(false));
        }
        assert_eq!(holds(&ONCE, &unasked(&one)), Some(false));
        let nameless = json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": "no"}});
        assert_eq!(holds(&ONCE, &unasked(&[nameless])), None);
        let other = json!({"jsonrpc": "2.0", "id": 4, "result": {}});
        assert_eq!(holds(&ONCE, &stdio("tools/list", json!({}), &[answer, other])), Some(true));
    }

    fn stdio_as_http(method: &str, params: Value, _: u16, messages: &[Value]) -> Observed {
        stdio(method, params, messages)
    }

    #[test]
    fn what_a_double_holds_is_no_large_id() {
        for (id, large) in [
            (json!(1_u64 << 53), false),
            (json!((1_u64 << 53) + 1), true),
            (json!(-((1_i64 << 53) + 1)), true),
            (json!(1.5), false),
            (json!("9007199254740993"), false),
        ] {
            assert_eq!(echo::is_large(&id), large, "{id}");
        }
    }
}
