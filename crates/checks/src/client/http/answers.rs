//! basic/transports/streamable-http#receiving-messages, #case-sensitivity: how answers are read, and what is never posted.

use plumb_runner::client::{AFTER_LINES, Moment, PAGES, Provoked, Received, Scenario};
use plumb_runner::{Marks, check, clip};
use plumb_wire::method;

use crate::client::conduct::{expect_going_on, fails, vectors};

/// So many characters of a message are shown.
const SHOWN: usize = 80;

/// A list in pieces.
const PIECES: Scenario = Scenario::Provoked(Provoked::Pieces);

/// Lists in forms that few servers use.
const FORMS: Scenario = Scenario::Provoked(Provoked::Forms);

check! {
    /// **Observed:** a client that calls a tool after a list in JSON also does so after a list in an event stream, however that is
    /// written and cut into pieces, and after a result with a quoted parameter behind its media type; and one that does so after a
    /// list in an event stream also does after one in JSON. One that follows cursors to the last page follows the one that stands in
    /// an event of many lines.
    ///
    /// **Why:** the server chooses how it answers, request by request.
    ///
    /// **Fix:** look at `Content-Type`, and read the response from the stream's events.
    pub(crate) BOTH = "http.client.both-content-types";
    happening: |moment, marks| {
        vectors(moment, marks, "http.client.both-content-types");
        reads(moment, marks, Scenario::Streams, "an event stream");
        reads(moment, marks, PIECES, "an event stream in pieces, cut within CR LF and within a character");
        reads(moment, marks, FORMS, "a page with `charset=utf-8` and others in events of many lines");
        reads_json(moment, marks);
        follows(moment, marks);
    }
}

check! {
    /// **Observed:** a client that goes on after a list in an event stream also does so where the stream has comment lines.
    ///
    /// **Why:** servers keep connections open with them.
    ///
    /// **Fix:** skip lines that begin with a colon; an event without data is none.
    pub(crate) COMMENTS = "http.client.ignore-comments";
    happening: |moment, marks| reads(moment, marks, Scenario::Comments, "an event stream with comments")
}

check! {
    /// **Observed:** a client that calls a tool after a list also does so where the names of headers are in another case.
    ///
    /// **Why:** names of headers have no case, and proxies change it.
    ///
    /// **Fix:** compare them without case.
    pub(crate) NAMES = "http.header-names-client";
    happening: |moment, marks| reads(moment, marks, Scenario::HeaderNames, "headers such as `cOnTeNt-tYpE`")
}

/// That the client goes on after a list that is written in a legal but unusual way, as it does after a plain one.
fn reads(moment: &Moment<'_>, marks: &mut Marks, scenario: Scenario, way: &str) {
    // Comments are only judged of who reads streams, and what comes on later pages of who asks for them.
    let plain: &[Scenario] = match scenario {
        FORMS => &[Scenario::Streams, Scenario::Pages],
        Scenario::Comments | PIECES => &[Scenario::Streams],
        _ => &[Scenario::ToolsCall],
    };
    let goes_on = |plain: &Scenario| went_on(moment.of(*plain)) && !fails(moment, *plain);
    if plain.iter().all(goes_on) && is_first_list(moment, scenario) {
        expect_going_on(moment, marks, scenario, went_on(moment.of(scenario)), way);
    }
}

/// That a client that goes on after a list in an event stream, and ends well, does so after one in JSON as well. Whoever cannot read
/// JSON fails where a right client does not, so what its end says elsewhere tells nothing.
fn reads_json(moment: &Moment<'_>, marks: &mut Marks) {
    let ends_well = |scenario| moment.failed(scenario) != Some(true);
    let goes_on = |scenario| went_on(moment.of(scenario)) && ends_well(scenario);
    if is_first_list(moment, Scenario::ToolsCall) && goes_on(Scenario::Streams) {
        let expected = "the client goes on after a list in JSON";
        marks.expect(goes_on(Scenario::ToolsCall), expected, || {
            "it does so after one in an event stream alone".into()
        });
    }
}

/// Whether a client has called a tool after a list.
fn went_on(all: &[Received]) -> bool {
    let list = all.iter().position(lists);
    list.is_some_and(|at| all[at..].iter().any(|r| r.asks(method::TOOLS_CALL)))
}

/// Whether this is the first list of a scenario that the client ended by itself.
fn is_first_list(moment: &Moment<'_>, scenario: Scenario) -> bool {
    let here = moment.scenario == scenario && moment.is_whole();
    here && lists(moment.now()) && !moment.before().iter().any(lists)
}

/// That the cursor in an event of many lines is followed, by who follows cursors and has asked for that page.
fn follows(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(FORMS) else { return };
    let asks = |all: &[Received], cursor: &str| {
        all.iter().any(|r| lists(r) && r.param("cursor").is_some_and(|of| of == cursor))
    };
    let to_the_end = asks(moment.of(Scenario::Pages), PAGES[2]);
    if to_the_end && asks(all, PAGES[0]) {
        let expected = "a request with the cursor of the page that came in an event of many lines";
        marks.expect(asks(all, AFTER_LINES), expected, || "none".into());
    }
}

fn lists(received: &Received) -> bool {
    received.asks(method::TOOLS_LIST) && received.answered() == Some(200)
}

check! {
    /// **Observed:** the client posts no JSON-RPC response.
    ///
    /// **Why:** servers ask nothing in this revision, so there is nothing to respond to, and a response may be refused.
    ///
    /// **Fix:** send inputs that a result asks for with the request that is sent again.
    pub(crate) NO_RESPONSES = "http.client.no-responses";
    judges: ["transport.directions"];
    received: no_responses
}

fn no_responses(received: &Received, marks: &mut Marks) {
    let Some(message) = received.message() else { return };
    marks.expect(!message.is_response(), "a request or a notification", || {
        format!("a response: {}", clip(&message.raw.lossy(), SHOWN))
    });
}

check! {
    /// **Observed:** after a notification that it does not know, the client sends no response.
    ///
    /// **Why:** nobody waits for one.
    ///
    /// **Fix:** answer only what has an `id`, which in this revision is nothing that a server sends.
    pub(crate) NO_ANSWER = "base.notif.client-no-response";
    happening: no_answer
}

fn no_answer(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.scenario != Scenario::Notified {
        return;
    }
    let notified = |r: &Received| r.exchange.answer.frames.len() > 1;
    let response = moment.now().message().is_some_and(plumb_wire::jsonrpc::Message::is_response);
    if response && moment.before().iter().any(notified) {
        marks.breaks("no response to a notification", "a response was posted");
    } else if notified(moment.now()) {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client that ends with an error where a call is refused also does so where a call is answered 404 or 405
    /// without a message. What it does after 429, 503, 307 and 308 is left to it, and held against it nowhere.
    ///
    /// **Why:** what was not done is taken for done, or waited for without end: proxies answer so, whatever the server would say.
    ///
    /// **Fix:** give an error to who called where no response of JSON-RPC came.
    pub(crate) NO_MESSAGE = "http.client.no-message";
    happening: |moment, marks| vectors(moment, marks, "http.client.no-message")
}
