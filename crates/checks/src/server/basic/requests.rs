//! basic#messages: what is no request, or asks for what is not there.

use plumb_runner::facet::Tried;
use plumb_runner::{Finding, Judgement, check, facet};
use plumb_wire::codes;
use serde_json::Value;

use super::required::of_either_era;

check! {
    /// **Observed:** bytes that are no JSON, in place of a request just accepted, are answered with error -32700.
    ///
    /// **Why:** a client whose message was damaged on the way must learn that it was not read at all.
    ///
    /// **Fix:** catch the parser's error where a message is read, and answer it; keep reading the next message. Position:
    /// the text names no HTTP status for it, so none is judged.
    pub(crate) PARSE_ERROR = "base.jsonrpc.parse-error";
    since: "2025-03-26";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** JSON that is no request object (another `jsonrpc`, no `method`, an id that is neither string nor
    /// number, a scalar) is answered with error -32600; requests with ids of every legal kind are served. Over HTTP a
    /// message without a method necessarily differs from its headers, so -32020 is accepted there. Position: a request
    /// whose id is null is not served; how it is turned away is free.
    ///
    /// **Why:** what one server forgives, the next one refuses; and a legal id that is refused breaks clients at random.
    ///
    /// **Fix:** check the envelope before dispatch: `jsonrpc` is "2.0", `method` a string, `id` any string or integer.
    pub(crate) INVALID_REQUEST = "base.jsonrpc.invalid-request";
    since: "2025-03-26";
    cases: invalid_request
}

/// What has a null id is neither a request nor a notification of this revision: it may be dropped as well.
fn invalid_request(tried: &Tried) -> Judgement {
    let null = tried.sent.request.as_ref().and_then(|r| r.get("id")).is_some_and(Value::is_null);
    if !null {
        return facet::refused_with_code(tried);
    }
    let sent = tried.answer()?;
    if sent.is_accepted() || sent.is_refused() {
        return Ok(Finding::expect(!sent.is_accepted(), "no result for the id null", || {
            sent.describe()
        }));
    }
    Ok(Finding::unseen(
        "the request whose id is null was dropped without a word",
        "answer it with -32600",
    ))
}

check! {
    /// **Observed:** methods that nobody defines, and known ones spelt a little otherwise, are answered with error -32601.
    ///
    /// **Why:** clients tell by this code that a feature is missing, and stop asking for it.
    ///
    /// **Fix:** compare method names exactly, and give every other name to one handler that answers -32601.
    pub(crate) METHOD_NOT_FOUND = "base.jsonrpc.method-not-found";
    since: "2025-03-26";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** params without a required member, or with a member of another type, are answered with error -32602.
    /// Over HTTP a missing name or URI necessarily differs from its header, so -32020 is accepted there; `params` that is
    /// no object at all may be -32600 as well. Without a version in them a server of two eras may not know the method.
    ///
    /// **Why:** -32602 tells a client that its call was wrong. An internal error says that the server is broken, and is
    /// retried in vain.
    ///
    /// **Fix:** validate params against the schema of the method before its handler sees them.
    pub(crate) INVALID_PARAMS = "base.jsonrpc.invalid-params";
    cases: invalid_params
}

fn invalid_params(tried: &Tried) -> Judgement {
    let unknown = tried.answer().is_ok_and(|seen| seen.code() == Some(codes::METHOD_NOT_FOUND));
    if unknown && tried.dual_era && !tried.sent.is_modern(&tried.edition) {
        return Ok(of_either_era());
    }
    facet::refused_with_code(tried)
}
