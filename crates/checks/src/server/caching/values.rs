//! server/utilities/caching#cacheable-model: what the hints say.

use plumb_runner::survey::Listing;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, check};
use plumb_wire::method;
use serde_json::Value;

use super::cacheable;

check! {
    /// **Observed:** `ttlMs` is never negative.
    ///
    /// **Why:** clients ignore a negative one, so what should be kept is asked for again.
    ///
    /// **Fix:** write 0 for what should not be kept.
    pub(crate) TTL_NON_NEGATIVE = "caching.ttl-non-negative";
    passive: ttl_non_negative
}

fn ttl_non_negative(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(ttl) = cacheable(seen).and_then(|r| r.get("ttlMs")).and_then(Value::as_f64) {
        notes.expect(ttl >= 0.0, "`ttlMs` of at least 0", || of(seen, &ttl.to_string()));
    }
}

check! {
    /// **Observed:** `ttlMs` is a whole number of milliseconds. Position: 60000.0 is the same number as 60000, and passes.
    ///
    /// **Why:** typed clients reject a string or a fraction, and with it the whole result.
    ///
    /// **Fix:** compute in integer milliseconds.
    pub(crate) TTL_INTEGER = "caching.ttl-integer";
    passive: ttl_integer
}

fn ttl_integer(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(ttl) = cacheable(seen).and_then(|r| r.get("ttlMs")) {
        let whole =
            ttl.is_i64() || ttl.is_u64() || ttl.as_f64().is_some_and(|ms| ms.fract() == 0.0);
        notes.expect(whole, "`ttlMs` that is an integer", || of(seen, &ttl.to_string()));
    }
}

check! {
    /// **Observed:** `cacheScope` is `public` or `private`.
    ///
    /// **Why:** a cache cannot act on any other word, and may choose the wrong one.
    ///
    /// **Fix:** write one of the two, in lower case.
    pub(crate) SCOPE_VALID = "caching.scope-valid";
    passive: scope_valid
}

fn scope_valid(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(scope) = cacheable(seen).and_then(|r| r.get("cacheScope")) {
        notes.expect(
            scope == "public" || scope == "private",
            "`cacheScope` \"public\" or \"private\"",
            || of(seen, &scope.to_string()),
        );
    }
}

fn of(seen: &Observed, value: &str) -> String {
    format!("{value} in a result of {}", seen.method().unwrap_or("a request"))
}

check! {
    /// **Observed:** all pages of a list have the same `cacheScope`.
    ///
    /// **Why:** a list of which one page may be shared and another not is shared half.
    ///
    /// **Fix:** choose the scope for the list, and write it into each page.
    pub(crate) PAGE_SAME_SCOPE = "caching.page-same-scope";
    scenario: page_same_scope
}

async fn page_same_scope(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let lists = [
        (method::TOOLS_LIST, &survey.tools),
        (method::RESOURCES_LIST, &survey.resources),
        (method::TEMPLATES_LIST, &survey.templates),
        (method::PROMPTS_LIST, &survey.prompts),
    ];
    for (method, listing) in lists.into_iter().filter(|(_, listing)| listing.pages.len() > 1) {
        bench.case(
            &method.replace('/', "-"),
            format!("{method}, all pages"),
            Ok(one_scope(bench, listing)),
        );
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no list of the target has a second page",
            "let a list have more than one page",
        )),
        finding => Ok(finding),
    }
}

fn one_scope(bench: &Bench, listing: &Listing) -> Finding {
    let scope = |page: &Observed| page.result().and_then(|r| r.get("cacheScope")).cloned();
    let scopes: Vec<Value> = listing.pages.iter().filter_map(scope).collect();
    listing.pages.iter().take(8).for_each(|page| bench.note(page));
    let other = scopes.iter().enumerate().find(|(_, scope)| Some(*scope) != scopes.first());
    match other {
        Some((page, scope)) => Finding::violated(
            format!("`cacheScope` {} on every page, as on the first", scopes[0]),
            format!("{scope} on page {}", page + 1),
        ),
        None => Finding::Held,
    }
}
