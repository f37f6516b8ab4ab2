//! basic/transports/streamable-http#sending-messages: each message is a POST of its own.

use plumb_runner::client::{ENDPOINT, Received};
use plumb_runner::{Marks, check, clip};
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

check! {
    /// **Observed:** every message comes by HTTP POST to the MCP endpoint, the very path that the client was given.
    ///
    /// **Why:** a server has one endpoint, and answers other methods and paths with 405 and 404.
    ///
    /// **Fix:** post to the URL as the user gave it, without adding to its path.
    pub(crate) POST = "http.client.post";
    received: post
}

fn post(received: &Received, marks: &mut Marks) {
    if received.message().is_none() {
        return;
    }
    let (method, path) = (received.http_method(), received.path());
    marks.expect(method == "POST" && path == ENDPOINT, format!("POST {ENDPOINT}"), || {
        format!("{method} {}", clip(path, SHOWN))
    });
}

check! {
    /// **Observed:** a message that is posted is said to be `application/json`, with or without parameters.
    ///
    /// **Why:** a server that looks at the media type answers 415, and one behind a browser's rules has to look.
    ///
    /// **Fix:** send `Content-Type: application/json`.
    pub(crate) CONTENT_TYPE = "http.client.content-type";
    received: content_type
}

fn content_type(received: &Received, marks: &mut Marks) {
    if received.request().is_none() {
        return;
    }
    let kind = received.header("Content-Type").unwrap_or("none");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    marks.expect(
        essence.eq_ignore_ascii_case("application/json"),
        "`Content-Type: application/json`",
        || format!("`Content-Type: {}`", clip(kind, SHOWN)),
    );
}

check! {
    /// **Observed:** the `Accept` header of every request lists both `application/json` and `text/event-stream`.
    ///
    /// **Why:** the server chooses between the two for each request, and may refuse a client that does not take both.
    ///
    /// **Fix:** send `Accept: application/json, text/event-stream`; `*/*` lists neither.
    pub(crate) ACCEPT = "http.client.accept";
    received: accept
}

fn accept(received: &Received, marks: &mut Marks) {
    if received.request().is_none() {
        return;
    }
    let all = received.headers("Accept").collect::<Vec<_>>().join(", ");
    marks.expect(lists_both(&all), "`Accept` with application/json and text/event-stream", || {
        if all.is_empty() {
            "no `Accept`".into()
        } else {
            format!("`Accept: {}`", clip(&all, SHOWN))
        }
    });
}

/// Whether both media types stand in the list, in any order, case and with any parameters: RFC 9110 section 12.5.1.
fn lists_both(accept: &str) -> bool {
    let essence = |part: &str| part.split(';').next().unwrap_or_default().trim().to_lowercase();
    // A weight of nothing means that it is not taken (RFC 9110 section 12.4.2).
    let refused = |part: &&str| {
        let mut parameters = part.split(';').skip(1).filter_map(|p| p.split_once('='));
        let weight = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        weight.is_some_and(|(_, value)| value.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
    };
    let types: Vec<String> = accept.split(',').filter(|p| !refused(p)).map(essence).collect();
    ["application/json", "text/event-stream"].iter().all(|t| types.iter().any(|listed| listed == t))
}

check! {
    /// **Observed:** the body of every POST is one message, and no array of them.
    ///
    /// **Why:** batches are gone from the protocol: a server has no way to answer one.
    ///
    /// **Fix:** post each message by itself; several can be in flight at once.
    pub(crate) SINGLE_MESSAGE = "http.client.single-message";
    received: single_message
}

fn single_message(received: &Received, marks: &mut Marks) {
    let Some(Ok(body)) = received.message().map(|message| &message.json) else { return };
    match body {
        Value::Array(batch) => {
            marks.breaks("one message", format!("an array of {}", batch.len()));
        }
        _ => marks.fits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_listed_in_any_order_case_and_with_parameters() {
        assert!(lists_both("text/event-stream;q=0.5,Application/JSON"));
        assert!(lists_both("*/*, application/json , text/event-stream"));
        for short in ["", "*/*", "application/json", "application/json, text/*"] {
            assert!(!lists_both(short), "{short}");
        }
    }
}
