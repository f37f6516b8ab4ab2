//! server/utilities/caching#cacheable-results: where hints stand, and where not.

use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::method;

use super::cacheable;

check! {
    /// **Observed:** every complete result of server/discover has `ttlMs` and `cacheScope`. Position: the caching page says
    /// so, although the list of changes omits this method.
    ///
    /// **Why:** clients ask before every session; without hints they can neither keep the answer nor share it.
    ///
    /// **Fix:** add both to the result, `"ttlMs": 0` if it should not be kept.
    pub(crate) DISCOVER = "caching.hints-discover";
    passive: |seen, notes| hinted(seen, notes, method::DISCOVER)
}

check! {
    /// **Observed:** every complete result of tools/list, on every page, has `ttlMs` and `cacheScope`.
    ///
    /// **Why:** without hints clients list before every turn, and proxies cannot help.
    ///
    /// **Fix:** add both to each page, `"ttlMs": 0` if it should not be kept.
    pub(crate) TOOLS_LIST = "caching.hints-tools-list";
    applies: [Declares(Tools)];
    passive: |seen, notes| hinted(seen, notes, method::TOOLS_LIST)
}

check! {
    /// **Observed:** every complete result of prompts/list, on every page, has `ttlMs` and `cacheScope`.
    ///
    /// **Why:** without hints clients list before every turn, and proxies cannot help.
    ///
    /// **Fix:** add both to each page, `"ttlMs": 0` if it should not be kept.
    pub(crate) PROMPTS_LIST = "caching.hints-prompts-list";
    applies: [Declares(Prompts)];
    passive: |seen, notes| hinted(seen, notes, method::PROMPTS_LIST)
}

check! {
    /// **Observed:** every complete result of resources/list, on every page, has `ttlMs` and `cacheScope`.
    ///
    /// **Why:** without hints clients list before every turn, and proxies cannot help.
    ///
    /// **Fix:** add both to each page, `"ttlMs": 0` if it should not be kept.
    pub(crate) RESOURCES_LIST = "caching.hints-resources-list";
    applies: [Declares(Resources)];
    passive: |seen, notes| hinted(seen, notes, method::RESOURCES_LIST)
}

check! {
    /// **Observed:** every complete result of resources/templates/list, on every page, has `ttlMs` and `cacheScope`.
    ///
    /// **Why:** without hints clients list before every turn, and proxies cannot help.
    ///
    /// **Fix:** add both to each page, `"ttlMs": 0` if it should not be kept.
    pub(crate) TEMPLATES_LIST = "caching.hints-templates-list";
    applies: [Declares(Resources)];
    passive: |seen, notes| hinted(seen, notes, method::TEMPLATES_LIST)
}

check! {
    /// **Observed:** every complete result of resources/read has `ttlMs` and `cacheScope`.
    ///
    /// **Why:** without a scope a shared cache cannot know whether one user's content may be shown to another.
    ///
    /// **Fix:** add both; `"cacheScope": "private"` unless everybody may see the content.
    pub(crate) RESOURCES_READ = "caching.hints-resources-read";
    applies: [Declares(Resources)];
    passive: |seen, notes| hinted(seen, notes, method::RESOURCES_READ)
}

fn hinted(seen: &Observed, notes: &mut Notes<'_>, method: &str) {
    let Some(result) = cacheable(seen).filter(|_| seen.method() == Some(method)) else { return };
    for hint in ["ttlMs", "cacheScope"] {
        let there = result.get(hint).is_some_and(|h| !h.is_null());
        notes.expect(there, format!("`{hint}` in every complete result of {method}"), || {
            brief(result)
        });
    }
}

check! {
    /// **Observed:** results of type `input_required` have neither `ttlMs` nor `cacheScope`.
    ///
    /// **Why:** a cache that keeps a question answers the next caller with it.
    ///
    /// **Fix:** add hints where the complete result is made, not around all results.
    pub(crate) NO_HINTS_INTERIM = "caching.no-hints-interim";
    passive: no_hints_interim
}

fn no_hints_interim(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.input_required() else { return };
    let hint = ["ttlMs", "cacheScope"].into_iter().find(|hint| result.get(*hint).is_some());
    notes.expect(hint.is_none(), "a result that requires input without caching hints", || {
        format!(
            "`{}` in the interim result of {}",
            hint.unwrap_or_default(),
            seen.method().unwrap_or("a request")
        )
    });
}
