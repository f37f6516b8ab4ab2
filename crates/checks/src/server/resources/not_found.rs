//! server/resources#error-handling and SEP-2164: what is not there, and what is no URI.

use plumb_model::pack::Outcome;
use plumb_runner::facet::{self, Tried};
use plumb_runner::{Finding, Judgement, check};
use plumb_wire::codes;
use serde_json::{Value, json};

check! {
    /// **Observed:** reading what does not exist, in schemes known and unknown, gives error -32602. The unknown
    /// neighbour of a listed resource counts only if it is refused, since a template may stand behind it.
    ///
    /// **Why:** this revision retired -32002; clients that look for -32602 take anything else for a failure
    /// worth a retry.
    ///
    /// **Fix:** answer -32602 with the URI in `data`.
    pub(crate) NOT_FOUND = "resources.not-found";
    applies: [Declares(Resources)];
    cases: not_found
}

fn not_found(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    let expected = "error -32602, since the resource does not exist";
    if is_empty(tried) {
        return Ok(Finding::unseen(
            "an empty result, which resources.no-empty-contents judges",
            "refuse the request",
        ));
    }
    if sent.is_accepted() && tried.allowed.outcome == Outcome::Either {
        return Ok(Finding::unseen("the target has a resource there", "nothing"));
    }
    if !sent.is_accepted() && !sent.is_refused() {
        return Ok(Finding::unseen(
            format!("neither served nor refused: {}", sent.describe()),
            "answer the request",
        ));
    }
    Ok(Finding::expect(sent.code() == Some(codes::INVALID_PARAMS), expected, || sent.describe()))
}

check! {
    /// **Observed:** reading what does not exist never gives a result with empty `contents`.
    ///
    /// **Why:** a client cannot tell an empty resource from none.
    ///
    /// **Fix:** answer -32602; an empty resource has one content with an empty text.
    pub(crate) NO_EMPTY_CONTENTS = "resources.no-empty-contents";
    applies: [Declares(Resources)];
    cases: no_empty_contents
}

fn no_empty_contents(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    if !sent.is_accepted() && !sent.is_refused() {
        return Ok(Finding::unseen(
            format!("neither served nor refused: {}", sent.describe()),
            "answer the request",
        ));
    }
    Ok(Finding::expect(!is_empty(tried), "no result with empty `contents`", || sent.describe()))
}

/// Whether a result without contents came.
fn is_empty(tried: &Tried) -> bool {
    let result = tried.sent.complete();
    result.is_some_and(|r| r.get("contents").is_none_or(|c| *c == json!([]) || c.is_null()))
}

check! {
    /// **Observed:** the error for a resource that does not exist has the URI in `data.uri`, as it was asked for.
    ///
    /// **Why:** in a log, or behind a proxy, the error is all there is.
    ///
    /// **Fix:** add `"data": {"uri": …}`. The page has it in its example, SEP-2164 as a SHOULD.
    pub(crate) DATA_URI = "resources.not-found-data-uri";
    applies: [Declares(Resources)];
    cases: data_uri
}

fn data_uri(tried: &Tried) -> Judgement {
    tried.answer()?;
    let Some(error) = tried.sent.error() else {
        return Ok(Finding::unseen("the request was not refused with an error", "refuse it"));
    };
    let wanted = tried.sent.params().and_then(|p| p.get("uri")).unwrap_or(&Value::Null);
    let named = error.pointer("/data/uri");
    Ok(Finding::expect(named == Some(wanted), format!("`data.uri` is {wanted}"), || {
        error.get("data").map_or_else(|| "no `data`".into(), |data| format!("data {data}"))
    }))
}

check! {
    /// **Observed:** what is no URI (empty, relative, with control characters or spaces, no string at all) and what
    /// is far too long is refused, with any JSON-RPC error or an HTTP status below 500. Where the value cannot
    /// stand in `Mcp-Name`, the refusal may be due to the header.
    ///
    /// **Why:** what is not parsed first ends up in file and host names as it is.
    ///
    /// **Fix:** parse `uri` before anything looks it up.
    pub(crate) VALIDATE_URIS = "resources.sec.validate-uris";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    cases: facet::unharmed
}
