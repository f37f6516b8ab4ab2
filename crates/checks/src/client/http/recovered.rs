//! basic/transports/streamable-http#client-behavior, #backward-compatibility, changelog: what a client does after a request got
//! no result.

use plumb_runner::client::{Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check};
use plumb_wire::{codes, header, method};
use serde_json::Value;

use crate::client::conduct::{EARLIER, calls};

pub(super) const CHECKS: &[&Check] = &[&METADATA, &REFRESH, &FALLBACK, &NEW_ID, &TOO_LARGE];

check! {
    /// **Observed:** every posted request has `MCP-Protocol-Version` and `Mcp-Method`, and `Mcp-Name` where its method has one:
    /// what is sent again, too.
    ///
    /// **Why:** a server refuses a request without them, and gateways route by them.
    ///
    /// **Fix:** write them where requests become HTTP, whoever asks for the request.
    pub(crate) METADATA = "http.client.metadata-headers";
    received: metadata
}

fn metadata(received: &Received, marks: &mut Marks) {
    let Some(request) = received.request() else { return };
    let named = header::standard_headers(request).iter().any(|field| field.name == header::NAME);
    let mut wanted = vec![header::PROTOCOL_VERSION, header::METHOD];
    wanted.extend(named.then_some(header::NAME));
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|name| received.header(name).is_none()).collect();
    marks.expect(missing.is_empty(), wanted.join(", "), || format!("no {}", missing.join(", ")));
}

check! {
    /// **Observed:** after a call was refused for its headers (-32020), the client lists tools again and calls with the headers
    /// of the new list.
    ///
    /// **Why:** what is mirrored has changed since the list was read; without it, the tool cannot be called any more.
    ///
    /// **Fix:** on -32020, drop what you keep of the list, read it again, and send the call once more.
    pub(crate) REFRESH = "http.param.refresh-on-mismatch";
    happening: refresh
}

fn refresh(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::Changed)) else { return };
    let mismatched = |r: &Received| {
        calls(r) && r.response().is_some_and(|m| m["error"]["code"] == codes::HEADER_MISMATCH)
    };
    let Some(at) = all.iter().position(mismatched) else { return };
    let listed = all[at..].iter().position(|r| r.asks(method::TOOLS_LIST));
    let again = |r: &Received| calls(r) && r.param("name") == all[at].param("name");
    let called = listed.is_some_and(|list| all[at + list..].iter().any(again));
    marks.expect(called, "`tools/list`, and the call again", || {
        if listed.is_some() { "no call" } else { "no `tools/list`" }.into()
    });
}

check! {
    /// **Observed:** a client that falls back to `initialize` after one kind of refusal does so after each: status 400 with a
    /// JSON-RPC error of no meaning, with a page, and without a body.
    ///
    /// **Why:** earlier servers refuse in many ways, and all of them mean the same.
    ///
    /// **Fix:** fall back on every 400 whose body is no error of this revision.
    pub(crate) FALLBACK = "http.compat.fallback";
    happening: fallback
}

fn fallback(moment: &Moment<'_>, marks: &mut Marks) {
    let here = EARLIER.map(Scenario::Provoked).into_iter().find(|of| *of == moment.scenario);
    let Some(all) = here.and_then(|here| moment.whole_of(here)) else { return };
    let opens = |all: &[Received]| all.iter().any(Received::opens);
    let refused = all.iter().any(|r| r.request().is_some() && r.answered() == Some(400));
    let does = EARLIER.iter().any(|of| {
        let all = moment.of(Scenario::Provoked(*of));
        let refused = all.iter().position(|r| r.answered() == Some(400));
        refused.is_some_and(|at| opens(&all[at..]))
    });
    if refused && does {
        marks.expect(opens(all), "`initialize` after the refusal", || "none came".into());
    }
}

check! {
    /// **Observed:** a request that is sent again, after the stream of its answer broke, has another id.
    ///
    /// **Why:** streams are not resumed in this revision: what is sent again is a request of its own.
    ///
    /// **Fix:** send it through the code that counts requests.
    pub(crate) NEW_ID = "http.client.reissue-new-id";
    applies: [Http];
    happening: new_id
}

fn new_id(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    let first = moment.before().iter().all(|r| !r.asks(method::TOOLS_LIST));
    if moment.scenario != Scenario::Provoked(Provoked::Cut)
        || !now.asks(method::TOOLS_LIST)
        || !first
    {
        return;
    }
    let id = |r: &Received| r.request().map(|request| request["id"].clone());
    // A `Last-Event-ID` is no fault: who speaks earlier revisions, too, may try it, and a server of this one ignores it.
    for later in moment.after().iter().filter(|r| r.asks(method::TOOLS_LIST)) {
        marks.expect(id(later) != id(now), "another `id` than that of the request", || {
            format!("`id` is {} again", id(later).unwrap_or(Value::Null))
        });
    }
}

check! {
    /// **Observed:** a client whose call is answered with 413, or with 431, ends, and does not send the call over and over.
    ///
    /// **Why:** what is too large stays so.
    ///
    /// **Fix:** give an error to who called.
    pub(crate) TOO_LARGE = "sep2243.limits-413-431";
    applies: [Http];
    happening: too_large
}

fn too_large(moment: &Moment<'_>, marks: &mut Marks) {
    for provoked in [Provoked::TooLarge, Provoked::FieldsTooLarge] {
        let Some(all) = moment.whole_of(Scenario::Provoked(provoked)) else { continue };
        let sent = all.iter().filter(|r| calls(r)).count();
        if sent > 0 {
            // Once more, perhaps with less, is no loop.
            marks.expect(sent <= 5, "the call is given up", || format!("it was sent {sent} times"));
        }
    }
}
