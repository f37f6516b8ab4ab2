//! streamable-http#sending-messages, streamable-http#receiving-messages: judged over every answer of the run.

use plumb_model::{Carrier, End, Sent};
use plumb_runner::{Notes, Observed, brief, check, clip};
use plumb_wire::jsonrpc::{Kind, Message};
use serde_json::value::RawValue;

/// A stream that ran out of time is held to have stayed open if its response was there for so long, in microseconds.
const WATCHED: u64 = 2_000_000;

check! {
    /// **Observed:** every answer to a posted request that succeeds, and every error that carries a JSON-RPC message,
    /// is `application/json` or `text/event-stream`; parameters and case do not matter.
    ///
    /// **Why:** clients choose how to read the body by this header, and drop what they do not know.
    ///
    /// **Fix:** set `Content-Type` on every answer with a message in it, errors included.
    pub(crate) CONTENT_TYPE = "http.request.content-type";
    since: "2025-03-26";
    applies: [Http];
    passive: content_type
}

fn content_type(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(status) = seen.status().filter(|_| is_posted_request(seen)) else { return };
    let known =
        matches!(media_type(seen).as_deref(), Some("application/json" | "text/event-stream"));
    let says_json_rpc = seen.response().is_some();
    if known && (says_json_rpc || !seen.messages.is_empty()) {
        notes.fits();
    } else if !known && (says_json_rpc || (200..300).contains(&status)) {
        notes.breaks("an answer of type application/json or text/event-stream", {
            let header = seen.exchange.answer.header("content-type");
            header.map_or_else(
                || format!("HTTP {status} without a type"),
                |h| format!("HTTP {status}, {h}"),
            )
        });
    }
}

check! {
    /// **Observed:** every answer of type `application/json` to a posted request is one JSON object: no array, nothing
    /// behind it, not empty.
    ///
    /// **Why:** clients parse the body as one message.
    ///
    /// **Fix:** answer with the response alone; several messages go into an event stream.
    pub(crate) SINGLE_OBJECT = "http.request.json-single-object";
    since: "2025-06-18";
    applies: [Http];
    passive: single_object
}

fn single_object(seen: &Observed, notes: &mut Notes<'_>) {
    let json = media_type(seen).as_deref() == Some("application/json");
    if !is_posted_request(seen) || !json || !seen.is_whole() {
        return;
    }
    // As it came: what is read of it passes over an array around a response.
    let mut frames = seen.exchange.answer.frames.iter();
    let body = frames.find(|frame| frame.carrier == Carrier::Body).map(|frame| &frame.payload);
    match body {
        Some(body) if is_object(body.bytes()) => notes.fits(),
        Some(body) => notes.breaks("one JSON object", clip(&body.lossy(), 160)),
        None if seen.status().is_some_and(|s| s < 300) => {
            notes.breaks("one JSON object", "an empty body");
        }
        None => {}
    }
}

/// Whether these bytes are one JSON object; nothing of it is kept.
fn is_object(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok_and(|raw| raw.get().starts_with('{'))
}

check! {
    /// **Observed:** every event stream can be read by a strict reader: UTF-8, each event ended by a blank line, and
    /// the data of each event is one JSON-RPC message. Comments, `event:` lines, CRLF and data over several lines are
    /// fine; so are events with empty data, which readers drop, and batches by 2025-03-26.
    ///
    /// **Why:** readers of event streams drop what is not ended, and join what is not separated.
    ///
    /// **Fix:** write `data: ` and the message, then an empty line; one message for each event.
    pub(crate) WELL_FORMED = "http.sse.well-formed";
    since: "2025-03-26";
    applies: [Http];
    passive: well_formed
}

fn well_formed(seen: &Observed, notes: &mut Notes<'_>) {
    if !is_posted_request(seen) {
        return;
    }
    if let Some(facts) = &seen.exchange.answer.stream {
        if facts.invalid_utf8 {
            notes.breaks("an event stream in UTF-8", "a line that is no UTF-8");
        }
        if facts.cut_off && seen.is_whole() {
            notes.breaks("a blank line after each event", "the stream ends within an event");
        }
        if let Some(field) = facts.unknown_fields.iter().find(|f| f.contains(['{', '"'])) {
            notes.breaks("messages in `data:` lines", format!("a line that starts with {field:?}"));
        }
    }
    for message in events(seen).filter(|m| !m.raw.is_empty()) {
        let batch = notes.edition.has_batches() && message.is_batch();
        match &message.kind {
            Kind::Invalid(why) if !batch => {
                let data = clip(&message.raw.lossy(), 160);
                notes.breaks(
                    "one JSON-RPC message as the data of an event",
                    format!("{why}: {data}"),
                );
            }
            _ => notes.fits(),
        }
    }
}

check! {
    /// **Observed:** no event of any stream is a JSON-RPC request, also while tools run that need input from the
    /// client, with every client capability declared.
    ///
    /// **Why:** clients of this revision answer nothing: the server waits for ever.
    ///
    /// **Fix:** end the stream with an `InputRequiredResult`; the client repeats its request with the answers.
    pub(crate) NO_REQUESTS = "http.sse.no-requests";
    fact: "patterns.no-server-requests";
    applies: [Http];
    passive: no_requests
}

fn no_requests(seen: &Observed, notes: &mut Notes<'_>) {
    for message in events(seen) {
        match (&message.kind, &message.json) {
            (Kind::Request, Ok(json)) => notes.breaks("no request on an event stream", brief(json)),
            (Kind::Invalid(_), _) => {}
            _ => notes.fits(),
        }
    }
}

check! {
    /// **Observed:** an event stream ends by itself after the response to its request, and nothing comes in between. How
    /// long that takes is not judged: proxies hold streams open for a while.
    ///
    /// **Why:** clients and proxies keep a connection for every stream that stays open.
    ///
    /// **Fix:** end the HTTP answer right after the event with the response.
    pub(crate) FINAL_TERMINATES = "http.sse.final-terminates";
    since: "2025-03-26";
    applies: [Http];
    passive: final_terminates
}

fn final_terminates(seen: &Observed, notes: &mut Notes<'_>) {
    let answer = &seen.exchange.answer;
    let at = seen.sent_id().and_then(|id| seen.messages.iter().position(|m| m.answers(id)));
    let Some(frame) =
        at.and_then(|at| answer.frames.get(at)).filter(|f| f.carrier != Carrier::Body)
    else {
        return;
    };
    let behind = seen.messages.len() - at.unwrap_or_default() - 1;
    if behind > 0 {
        notes.breaks("the response is the last event", format!("{behind} more behind it"));
        return;
    }
    let waited = answer.ended_at.saturating_sub(frame.at);
    match answer.end {
        End::Complete => notes.fits(),
        End::TimedOut if waited > WATCHED => {
            notes.breaks(
                "the stream ends with the response",
                format!("still open {} ms later", waited / 1000),
            );
        }
        _ => {}
    }
}

check! {
    /// **Observed:** every event stream comes with `X-Accel-Buffering: no`.
    ///
    /// **Why:** nginx and its kin collect an answer before they pass it on, and events arrive late or all at once.
    ///
    /// **Fix:** set the header beside `Content-Type: text/event-stream`.
    pub(crate) X_ACCEL_BUFFERING = "http.sse.x-accel-buffering";
    applies: [Http];
    passive: x_accel_buffering
}

fn x_accel_buffering(seen: &Observed, notes: &mut Notes<'_>) {
    if media_type(seen).as_deref() != Some("text/event-stream") || !is_posted_request(seen) {
        return;
    }
    let header = seen.exchange.answer.header("x-accel-buffering");
    notes.expect(
        header.is_some_and(|h| h.trim().eq_ignore_ascii_case("no")),
        "`X-Accel-Buffering: no`",
        || {
            let method = seen.method().unwrap_or("a request");
            header.map_or_else(
                || format!("no such header on the stream of {method}"),
                |h| format!("`{h}`"),
            )
        },
    );
}

fn media_type(seen: &Observed) -> Option<String> {
    seen.exchange.answer.media_type()
}

/// Whether a request was posted that accepts both types of answer, and the target answered it: what a limit or a
/// gateway says is theirs.
fn is_posted_request(seen: &Observed) -> bool {
    let Sent::Http { method, headers, .. } = &seen.exchange.sent else { return false };
    let accepts =
        headers.iter().filter(|h| h.name.eq_ignore_ascii_case("accept")).map(|h| h.value.as_str());
    let accepts = accepts.collect::<Vec<_>>().join(",");
    let both = accepts.contains("application/json") && accepts.contains("text/event-stream");
    let asks = seen.is_request() && seen.says_version();
    method == "POST" && both && asks && !seen.is_trouble()
}

fn events(seen: &Observed) -> impl Iterator<Item = &Message> {
    let frames = seen.exchange.answer.frames.iter().zip(seen.messages.iter());
    frames
        .filter(|(frame, _)| matches!(frame.carrier, Carrier::Event { .. }))
        .map(|(_, message)| message)
}

#[cfg(test)]
mod tests {
    use plumb_model::Header;
    use plumb_recorded::{holds, http};
    use serde_json::json;

    use super::*;

    /// A request of this version of JSON-RPC, answered by 202 without a body.
    fn taken_for_a_notification(version: &str) -> Observed {
        let mut exchange = http("ping", json!({}), 202, &[]).exchange.as_ref().clone();
        if let Sent::Http { headers, body, .. } = &mut exchange.sent {
            headers.push(Header::new("Accept", "application/json, text/event-stream"));
            *body = json!({"jsonrpc": version, "id": 1, "method": "ping"}).to_string().into();
        }
        Observed::new(exchange)
    }

    #[test]
    fn what_is_no_request_of_json_rpc_needs_no_answer_of_a_type() {
        assert_eq!(holds(&CONTENT_TYPE, &taken_for_a_notification("2.0")), Some(false));
        assert_eq!(holds(&CONTENT_TYPE, &taken_for_a_notification("1.0")), None);
    }
}
