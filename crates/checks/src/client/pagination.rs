//! server/utilities/pagination: pages are followed by their cursors, whatever those look like.

use std::collections::BTreeSet;

use plumb_runner::client::{AFTER_UNKNOWN, MORE, Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::method;
use serde_json::Value;

use super::conduct::vectors;

/// So many characters of a cursor are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] =
    &[&OPAQUE, &EMPTY, &END, &UNKNOWN, &SIZES, &BOTH, &PROMPTS, &TOKEN];

check! {
    /// **Observed:** every cursor that the client sends is one that it was given, character by character; one looks like
    /// JSON, one like Base64, one like a number.
    ///
    /// **Why:** only the server knows what its cursors mean.
    ///
    /// **Fix:** keep `nextCursor` as the string that came.
    pub(crate) OPAQUE = "pagination.client-opaque";
    happening: opaque
}

fn opaque(moment: &Moment<'_>, marks: &mut Marks) {
    let here = [Scenario::Pages, Scenario::Provoked(Provoked::MorePages)];
    let sent = moment.now().param("cursor").filter(|_| here.contains(&moment.scenario));
    let Some(cursor) = sent else { return };
    let given = moment.before().iter().any(|r| next(r).as_ref() == Some(cursor));
    // That null is sent at the end is judged by another check.
    if !cursor.is_null() {
        marks.expect(given, "a cursor that was given, as it came", || {
            clip(&cursor.to_string(), SHOWN)
        });
    }
}

check! {
    /// **Observed:** a client that follows cursors also follows one that is the empty string.
    ///
    /// **Why:** what follows would be missing from its list.
    ///
    /// **Fix:** ask whether `nextCursor` is there, not whether it is true.
    pub(crate) EMPTY = "pagination.client-empty-cursor";
    happening: empty
}

fn empty(moment: &Moment<'_>, marks: &mut Marks) {
    let followed = cursor(moment).is_some() && moment.is_whole();
    if !followed || next(moment.now()).is_none_or(|next| next != "") {
        return;
    }
    let asked = |r: &Received| r.param("cursor").is_some_and(|cursor| cursor == "");
    marks.expect(moment.after().iter().any(asked), "a request with `cursor: \"\"`", || {
        "the list was followed so far, and no further".into()
    });
}

check! {
    /// **Observed:** after a page without `nextCursor`, the client asks for no further one.
    ///
    /// **Why:** it is the last one.
    ///
    /// **Fix:** end where the member is missing, and send no `cursor` that is null.
    pub(crate) END = "pagination.client-missing-end";
    happening: end
}

fn end(moment: &Moment<'_>, marks: &mut Marks) {
    let here = moment.scenario == Scenario::Pages && moment.now().asks(method::TOOLS_LIST);
    if !here || moment.now().answered() != Some(200) || next(moment.now()).is_some() {
        return;
    }
    let later = moment.after().iter().find(|r| r.asks(method::TOOLS_LIST));
    let further = later.and_then(|r| r.param("cursor"));
    marks.expect(further.is_none(), "no further page after the last one", || {
        format!("`cursor` is {}", further.map(Value::to_string).unwrap_or_default())
    });
}

check! {
    /// **Observed:** a client that follows cursors does not follow the one in a result of an undefined `resultType`; one that ends with
    /// an error where a call is refused also does so where the result of a call, or of a read, is of such a type; and one that follows tasks, where
    /// that of `tasks/get` is, whatever status it tells.
    ///
    /// **Why:** what such a result means is not known; its members may mean something else.
    ///
    /// **Fix:** treat any `resultType` but those of the revision and of extensions in use as an invalid response.
    pub(crate) UNKNOWN = "base.result-type.unknown-invalid";
    happening: unknown
}

fn unknown(moment: &Moment<'_>, marks: &mut Marks) {
    vectors(moment, marks, "base.result-type.unknown-invalid");
    looked_at(moment, marks);
    let follows = moment.of(Scenario::Pages).iter().any(|r| r.param("cursor").is_some());
    let first = moment.before().iter().all(|r| !r.asks(method::TOOLS_LIST));
    if moment.scenario != Scenario::UnknownResult || !follows || !first {
        return;
    }
    if !moment.now().asks(method::TOOLS_LIST) || moment.now().answered() != Some(200) {
        return;
    }
    let used = |r: &Received| r.param("cursor").is_some_and(|cursor| cursor == AFTER_UNKNOWN);
    marks.expect(!moment.after().iter().any(used), "a result of unknown type is not used", || {
        "its `nextCursor` was followed".into()
    });
}

/// That a look at a task which is answered by a result of an undefined type does not end well, as one at a task that is done does.
fn looked_at(moment: &Moment<'_>, marks: &mut Marks) {
    let done = moment.failed(Scenario::Provoked(Provoked::Task)) == Some(false);
    let here = Scenario::Provoked(Provoked::TaskUndefined);
    let Some(all) = moment.whole_of(here).filter(|_| done && moment.tells_errors()) else { return };
    if all.iter().any(|r| r.asks(method::TASKS_GET) && r.result().is_some()) {
        let expected =
            "a task that is told of by a result of unknown type is an error to who called";
        marks
            .expect(moment.failed(here) == Some(true), expected, || "the client ended well".into());
    }
}

check! {
    /// **Observed:** a client that follows cursors, by whatever name it sends them, follows them to the end, over pages of one
    /// item, of none, and of several; and it goes on where a list has no pages.
    ///
    /// **Why:** an empty page is no end: what follows would be missing.
    ///
    /// **Fix:** go by `nextCursor` alone.
    pub(crate) SIZES = "pagination.client-page-size";
    happening: |moment, marks| to_the_end(moment, marks, method::RESOURCES_LIST)
}

check! {
    /// **Observed:** a client that is told by its steps to list all, to the last page, follows the cursor of a list that has pages;
    /// and one that has followed any follows them to the end.
    ///
    /// **Why:** servers decide how much they give at once; what is on later pages is as if it were not there.
    ///
    /// **Fix:** ask again with `nextCursor` until there is none; use the method of the library that does so.
    pub(crate) BOTH = "pagination.client-both-flows";
    happening: both
}

fn both(moment: &Moment<'_>, marks: &mut Marks) {
    let scenario = Scenario::Provoked(Provoked::MorePages);
    let Some(all) = moment.whole_of(scenario) else { return };
    let lists = |r: &Received| r.asks(method::RESOURCES_LIST) || r.asks(method::PROMPTS_LIST);
    let given: Vec<Value> = all.iter().filter(|r| lists(r)).filter_map(next).collect();
    if moment.follows_steps() && !given.is_empty() {
        let followed = all.iter().any(|r| asks_for_more(r, &given));
        marks.expect(followed, "a request with the cursor of a list that has pages", || {
            "none: of each list, the first page alone".into()
        });
    }
    to_the_end(moment, marks, method::RESOURCES_LIST);
}

check! {
    /// **Observed:** a client that follows the cursors of other lists follows those of prompts to the end.
    ///
    /// **Why:** prompts would be missing.
    ///
    /// **Fix:** read all lists through the same code.
    pub(crate) PROMPTS = "prompts.client-pagination";
    happening: |moment, marks| to_the_end(moment, marks, method::PROMPTS_LIST)
}

/// That a client that follows any cursor of a scenario reads one of its lists to the end.
fn to_the_end(moment: &Moment<'_>, marks: &mut Marks, list: &str) {
    let Some(all) = moment.whole_of(Scenario::Provoked(Provoked::MorePages)) else { return };
    let given: Vec<Value> = all.iter().filter_map(next).collect();
    let follows = all.iter().any(|r| asks_for_more(r, &given));
    // A page that comes twice is one.
    let pages: BTreeSet<String> = all
        .iter()
        .filter(|r| r.asks(list))
        .map(|r| r.param("cursor").map(Value::to_string).unwrap_or_default())
        .collect();
    let pages = pages.len();
    if follows && pages > 0 {
        marks.expect(pages >= MORE.len(), format!("{} pages of {list}", MORE.len()), || {
            format!("{pages}")
        });
    }
}

/// Whether a request brings a cursor, rightly or by another name than `cursor`.
fn asks_for_more(received: &Received, given: &[Value]) -> bool {
    let params = received.request().and_then(|request| request["params"].as_object());
    params.is_some_and(|params| {
        params.contains_key("cursor") || params.values().any(|of| given.contains(of))
    })
}

check! {
    /// **Observed:** a `progressToken` is a string or an integer.
    ///
    /// **Why:** a server cannot send another back.
    ///
    /// **Fix:** count tokens, and send the count.
    pub(crate) TOKEN = "progress.token-type";
    received: token
}

fn token(received: &Received, marks: &mut Marks) {
    let Some(token) = received.meta(plumb_wire::meta::PROGRESS_TOKEN) else { return };
    let whole =
        token.is_i64() || token.is_u64() || token.as_f64().is_some_and(|n| n.fract() == 0.0);
    marks.expect(token.is_string() || whole, "a string or an integer", || {
        clip(&token.to_string(), SHOWN)
    });
}

/// The cursor of this request, if it asks for a page of the list that has some.
fn cursor<'a>(moment: &Moment<'a>) -> Option<&'a Value> {
    let here = moment.scenario == Scenario::Pages && moment.now().asks(method::TOOLS_LIST);
    moment.now().param("cursor").filter(|_| here)
}

/// The cursor of the next page that the answer named.
fn next(received: &Received) -> Option<Value> {
    received.response()?["result"].get("nextCursor").cloned()
}
