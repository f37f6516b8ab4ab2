//! server/utilities/caching: what a client asks for again, and what it keeps. Those that follow steps show it.

use plumb_runner::client::protected::Scene;
use plumb_runner::client::{FRESH_PAGE, Moment, Provoked, Received, STALE_PAGE, Scenario, WATCHED};
use plumb_runner::{Check, Marks, check};
use plumb_wire::{codes, method, notification};
use serde_json::Value;

use super::conduct::vectors;

pub(crate) const CHECKS: &[&Check] = &[
    &POSITIVE,
    &KEY,
    &NOT_SHARED,
    &ZERO,
    &NEGATIVE,
    &ABSENT,
    &ROUNDS,
    &STALE,
    &NO_POLLING,
    &INVALIDATE,
    &PAGE,
    &CURSOR,
];

/// Within so many microseconds a client has read what it is told.
const READS: u64 = 150_000;

const HERE: Scenario = Scenario::Provoked(Provoked::Caching);

check! {
    /// **Observed:** of two reads of a resource with a `ttlMs` of ten minutes, the second asks for nothing.
    ///
    /// **Why:** the server has said that nothing will have changed, and would answer for nothing.
    ///
    /// **Fix:** keep results by method and parameters, for `ttlMs`.
    pub(crate) POSITIVE = "caching.client.ttl-positive";
    happening: |moment, marks| reads(moment, marks, "plumb:fresh", 1)
}

check! {
    /// **Observed:** a client that keeps results asks for another resource all the same, also for one whose URI differs by case, and
    /// for each page of a list by its cursor.
    ///
    /// **Why:** it would show one thing for another.
    ///
    /// **Fix:** make the parameters part of the key.
    pub(crate) KEY = "caching.client.key";
    happening: key
}

fn key(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    if of(all, "plumb:fresh").count() == 1 {
        // It is read once more after it was updated.
        let listened = all.iter().position(|r| r.asks(method::LISTEN)).unwrap_or(all.len());
        let asked = of(&all[..listened], "plumb:other").count();
        marks.expect(asked > 0, "a request for `plumb:other`", || {
            "none: what was kept of `plumb:fresh` was taken".into()
        });
        if asked > 0 && moment.follows_steps() {
            let asked = of(all, "plumb:Fresh").count();
            marks.expect(asked > 0, "a request for `plumb:Fresh`", || {
                "none: what was kept of `plumb:fresh` was taken".into()
            });
        }
    }
    pages(moment, marks, all);
}

check! {
    /// **Observed:** a client that keeps results asks once more for a private list that it was given for a token of one
    /// authorization server, once it has a token of another.
    ///
    /// **Why:** what one principal may see is shown to another.
    ///
    /// **Fix:** make the authorization part of the key of what is private, or drop it with the token.
    pub(crate) NOT_SHARED = "caching.scope-private-not-shared";
    happening: not_shared
}

fn not_shared(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::Protected(Scene::Migration)) else { return };
    let keeps = of(moment.of(HERE), "plumb:fresh").count() == 1;
    let called = all.iter().position(|r| r.asks(method::TOOLS_CALL) && r.result().is_some());
    let lists = |r: &Received| r.asks(method::TOOLS_LIST) && r.result().is_some();
    let Some(called) = called.filter(|at| keeps && all[..*at].iter().any(lists)) else { return };
    if moment.follows_steps() {
        // Some list once more before they call.
        let token = all[called].token();
        let asked = all.iter().any(|r| lists(r) && r.token() == token);
        marks.expect(
            asked,
            "`tools/list` with the token of the other authorization server",
            || "none: what was kept for the former one was taken".into(),
        );
    }
}

/// That each page of a list is asked for by who follows cursors where nothing may be kept.
fn pages(moment: &Moment<'_>, marks: &mut Marks, all: &[Received]) {
    let lists = |r: &Received| r.asks(method::RESOURCES_LIST) && r.result().is_some();
    let follows = |r: &Received| lists(r) && r.param("cursor").is_some();
    let elsewhere = moment.of(Scenario::Provoked(Provoked::MorePages)).iter().any(follows);
    let asked = |cursor: Option<&str>| {
        let named = cursor.map(|cursor| Value::String(cursor.to_owned()));
        all.iter().any(|r| lists(r) && r.param("cursor") == named.as_ref())
    };
    if elsewhere && asked(None) {
        marks.expect(asked(Some(FRESH_PAGE)), "a request with the cursor of the next page", || {
            "none: what was kept of the first page was taken".into()
        });
    }
    if asked(Some(FRESH_PAGE)) {
        let last = all.iter().any(stale_page);
        marks.expect(last, "a request with the cursor of the last page", || {
            "none: what was kept of the page before was taken".into()
        });
    }
}

check! {
    /// **Observed:** a resource with a `ttlMs` of 0 is asked for at each of two reads.
    ///
    /// **Why:** the server has said that it changes all the time.
    ///
    /// **Fix:** take a `ttlMs` of 0 for stale, not for missing.
    pub(crate) ZERO = "caching.client.ttl-zero";
    happening: |moment, marks| reads(moment, marks, "plumb:zero", 2)
}

check! {
    /// **Observed:** a resource with a negative `ttlMs` is asked for at each of two reads, and a list of tools with one at each of
    /// two looks. The list is used all the same.
    ///
    /// **Why:** as an unsigned number it would be for ever.
    ///
    /// **Fix:** take what is below 0 for 0.
    pub(crate) NEGATIVE = "caching.client.ttl-negative";
    happening: |moment, marks| {
        vectors(moment, marks, "caching.client.ttl-negative");
        reads(moment, marks, "plumb:negative", 2);
        lists_again(moment, marks);
    }
}

/// That a list that is stale at once is asked for as often as the steps say.
fn lists_again(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let asked = all.iter().filter(|r| r.asks(method::TOOLS_LIST) && r.result().is_some()).count();
    if asked > 0 && moment.follows_steps() && read_on(all) {
        marks.expect(asked > 1, "2 of two looks at the tools ask for them", || {
            format!("{asked} did")
        });
    }
}

check! {
    /// **Observed:** a resource without `ttlMs` is asked for at each of two reads.
    ///
    /// **Why:** earlier servers say nothing, and promise nothing.
    ///
    /// **Fix:** take a missing `ttlMs` for 0.
    pub(crate) ABSENT = "caching.client.ttl-absent";
    happening: |moment, marks| reads(moment, marks, "plumb:absent", 2)
}

check! {
    /// **Observed:** a client that keeps results keeps none of a request that was sent again with a state: the same read asks
    /// once more.
    ///
    /// **Why:** such a result depends on what is not part of the key.
    ///
    /// **Fix:** keep nothing that came for a request with `inputResponses` or `requestState`.
    pub(crate) ROUNDS = "caching.client.no-mrtr-cache";
    happening: rounds
}

fn rounds(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let (again, first): (Vec<_>, Vec<_>) =
        of(all, "plumb:asked").partition(|read| read.param("requestState").is_some());
    // Keeping is what the check needs; a client that does not send again shows nothing.
    if of(all, "plumb:fresh").count() == 1 && !again.is_empty() {
        marks.expect(first.len() > 1, "a request at the second read", || "none".into());
    }
}

check! {
    /// **Observed:** a resource with a `ttlMs` of 800 is asked for again by a read more than a second later, though it was read in
    /// between: its time begins when it came.
    ///
    /// **Why:** it may have changed by then.
    ///
    /// **Fix:** compare the time with that of the result.
    pub(crate) STALE = "caching.client.stale-refetch";
    happening: stale
}

fn stale(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let asked = of(all, "plumb:short").count();
    if asked > 0 && read_on(all) {
        marks.expect(asked > 1, "a request for what is stale", || "none".into());
    }
}

check! {
    /// **Observed:** while nothing is read, a result that goes stale is not asked for.
    ///
    /// **Why:** all clients of a server would poll it.
    ///
    /// **Fix:** look at the age of a result when it is needed.
    pub(crate) NO_POLLING = "caching.client.no-polling";
    happening: no_polling
}

fn no_polling(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let asked = of(all, "plumb:short").count();
    if asked > 0 && read_on(all) {
        marks.expect(asked <= 3, "a request for each of three reads at most", || {
            format!("{asked} requests")
        });
    }
}

check! {
    /// **Observed:** a client that keeps a list of prompts for an hour asks for it again once it was told that it changed.
    ///
    /// **Why:** it was told so that it need not wait.
    ///
    /// **Fix:** drop what is kept of a list where its `list_changed` comes in.
    pub(crate) INVALIDATE = "caching.client.invalidate";
    happening: invalidate
}

fn invalidate(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let Some(at) = all.iter().position(|r| r.asks(method::LISTEN)) else { return };
    let (before, after) = (&all[..at], &all[at..]);
    // On a busy machine a client may have gone on before it has read what it was told.
    let next = after[1..].iter().find(|r| r.request().is_some());
    let late = |told: u64| next.is_none_or(|r| r.exchange.answer.sent_at >= told + READS);
    let lists = |all: &[Received]| all.iter().any(|r| r.asks(method::PROMPTS_LIST));
    let updated = told_at(&all[at], notification::RESOURCE_UPDATED);
    if let Some(told) = updated.filter(|_| of(before, WATCHED).count() > 0) {
        let asked = of(after, WATCHED).count() > 0;
        if asked || late(told) {
            let expected = format!("a request for `{WATCHED}` after the change");
            marks.expect(asked, expected, || "none".into());
        }
    }
    let changed = told_at(&all[at], notification::PROMPTS_CHANGED);
    let keeps = lists(before) && of(all, "plumb:fresh").count() == 1;
    if let Some(told) = changed.filter(|_| keeps) {
        let again = lists(after);
        if again || late(told) {
            marks.expect(again, "`prompts/list` after the change", || "none".into());
        }
    }
}

/// When a client that listens was told this.
fn told_at(listening: &Received, notified: &str) -> Option<u64> {
    let tells = |payload: &[u8]| {
        let message: Value = serde_json::from_slice(payload).unwrap_or_default();
        message["method"] == notified
    };
    let mut frames = listening.exchange.answer.frames.iter();
    frames.find(|frame| tells(frame.payload.bytes())).map(|frame| frame.at)
}

check! {
    /// **Observed:** a client that lists twice asks for a page that went stale in between by its cursor.
    ///
    /// **Why:** each page has an age of its own.
    ///
    /// **Fix:** keep pages by their cursors.
    pub(crate) PAGE = "caching.client.page-refetch";
    happening: page
}

fn page(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let asked = all.iter().filter(|r| stale_page(r)).count();
    if asked > 0 && all.iter().any(|r| r.asks(method::PROMPTS_LIST)) {
        marks.expect(asked > 1, "a request with the cursor of the stale page", || "none".into());
    }
}

check! {
    /// **Observed:** a client whose cursor is refused lists from the beginning.
    ///
    /// **Why:** the pages that it keeps belong to a list that is no more.
    ///
    /// **Fix:** on an error for a cursor, drop all pages and ask without one.
    pub(crate) CURSOR = "caching.client.cursor-invalid";
    happening: cursor
}

fn cursor(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let refused = |r: &Received| {
        stale_page(r) && r.response().is_some_and(|m| m["error"]["code"] == codes::INVALID_PARAMS)
    };
    let Some(at) = all.iter().position(refused) else { return };
    let begins = |r: &Received| r.asks(method::RESOURCES_LIST) && r.param("cursor").is_none();
    marks.expect(all[at..].iter().any(begins), "`resources/list` without a cursor", || {
        "none".into()
    });
}

fn stale_page(received: &Received) -> bool {
    received.asks(method::RESOURCES_LIST)
        && received.param("cursor").is_some_and(|cursor| cursor == STALE_PAGE)
}

/// That a resource, which is read twice, is asked for so often.
fn reads(moment: &Moment<'_>, marks: &mut Marks, uri: &str, times: usize) {
    let Some(all) = moment.whole_of(HERE) else { return };
    let asked = of(all, uri).count();
    if asked > 0 && read_on(all) {
        marks.expect(asked == times, format!("{times} of all reads of `{uri}` ask for it"), || {
            format!("{asked} did")
        });
    }
}

/// Requests for a resource.
fn of<'a>(all: &'a [Received], uri: &'a str) -> impl Iterator<Item = &'a Received> {
    // What was refused was not read, and there is nothing to keep of it.
    let named =
        move |r: &&Received| r.param("uri").is_some_and(|of| of == uri) && r.result().is_some();
    all.iter().filter(|r| r.asks(method::RESOURCES_READ)).filter(named)
}

/// Whether the client went through its steps: the lists come after all reads.
fn read_on(all: &[Received]) -> bool {
    all.iter().any(|r| r.asks(method::RESOURCES_LIST) || r.asks(method::PROMPTS_LIST))
}
