//! server/utilities/pagination#pagination-model, #request-format.

use std::collections::BTreeMap;

use plumb_flows::listing::{ALL, Connection, List, Walk, canonical, name, walk};
use plumb_runner::survey::Listing;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Trouble, check, clip};
use serde_json::{Value, json};

check! {
    /// **Observed:** `nextCursor` of every list result is a string or absent.
    ///
    /// **Why:** clients take any value that is not null for a cursor, and the text speaks of an optional field:
    /// Plumb counts `null` as a violation of the schema.
    ///
    /// **Fix:** leave `nextCursor` out of the last page.
    pub(crate) CURSOR_STRING = "pagination.cursor-string";
    since: "2025-03-26";
    passive: cursor_string
}

fn cursor_string(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen
        .complete()
        .filter(|_| seen.method().is_some_and(|m| ALL.iter().any(|l| l.method == m)))
    else {
        return;
    };
    let cursor = result.get("nextCursor");
    notes.expect(
        cursor.is_none_or(Value::is_string),
        "`nextCursor` is a string, or absent",
        || format!("{} in {}", cursor.unwrap_or(&Value::Null), seen.method().unwrap_or_default()),
    );
}

/// A cursor that leads elsewhere is used so often again, between two walks of the list.
const AGAIN: usize = 3;

/// Lists of more pages are walked so far.
const PAGES: usize = 40;

/// A list is walked twice so often until two walks agree.
const PAIRS: usize = 4;

check! {
    /// **Observed:** all four lists are walked page by page, twice, the second time on another connection. No item
    /// comes twice, no cursor comes again, and the walk ends. What no page shows cannot be missed from outside.
    /// Nothing promises that pages fit each other while a list changes, so only what two walks agree on counts.
    ///
    /// **Why:** what lies between two pages is never seen by any client.
    ///
    /// **Fix:** let the cursor name the place where the next page begins, in an order that does not change.
    pub(crate) CONTINUE = "pagination.continue";
    since: "2025-03-26";
    scenario: continues
}

async fn continues(bench: &Bench) -> Judgement {
    for list in offered(bench) {
        bench.case(list.key, format!("all pages of {}", list.method), walked(bench, list).await);
    }
    bench.conclude()
}

/// Walks a list until two walks after each other agree, and judges what they agree on.
async fn walked(bench: &Bench, list: List) -> Judgement {
    let elsewhere = Connection::Named(format!("walk-{}", list.key));
    let mut refused = Vec::new();
    for _ in 0..PAIRS {
        let one = walk(bench, &Connection::Shared, list, PAGES).await;
        let other = walk(bench, &elsewhere, list, PAGES).await;
        match (one, other) {
            (Ok(one), Ok(other)) if one.outline(list) == other.outline(list) => {
                return Ok(judge(list, &one));
            }
            (Ok(_), Ok(_)) => {}
            // The first page was served, or there would be no list; a walk that is refused has been begun anew.
            (Err(Trouble::Control(what)), _) | (_, Err(Trouble::Control(what))) => {
                refused.push(what);
            }
            (Err(trouble), _) | (_, Err(trouble)) => return Err(trouble),
        }
    }
    Ok(match refused.pop().filter(|_| refused.len() + 1 == PAIRS) {
        Some(what) => Finding::violated("the next page, for the cursor of the last", what),
        None => Finding::unseen(
            format!("no two walks of {} agree: the list changes by itself", list.method),
            "let the list rest for the time of a run",
        ),
    })
}

fn judge(list: List, walk: &Walk) -> Finding {
    if walk.circles {
        return Finding::violated(
            "a cursor that leads on",
            "a cursor that had led to an earlier page",
        );
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (n, page) in walk.pages.iter().enumerate() {
        for item in page {
            let earlier = seen.insert(canonical(item), n).filter(|earlier| *earlier != n);
            if let Some(earlier) = earlier {
                let what = format!(
                    "{:?} is on pages {} and {}",
                    clip(&name(list, item), 80),
                    earlier + 1,
                    n + 1
                );
                return Finding::violated("every item once", what);
            }
        }
    }
    if walk.complete {
        return Finding::Held;
    }
    let pages = walk.pages.len();
    if walk.pages.iter().all(Vec::is_empty) {
        return Finding::violated(
            "pages with items, or an end",
            format!("{pages} pages without an item, and no end"),
        );
    }
    Finding::unseen(format!("the list goes on after {pages} pages"), "nothing")
}

check! {
    /// **Observed:** the cursor of a page, used twice and on another connection, leads to the same items each time.
    /// The last cursor of a list is tried as well as the first.
    ///
    /// **Why:** clients try again after a broken connection, and a gateway sends the next request elsewhere.
    ///
    /// **Fix:** put the place into the cursor rather than into memory.
    pub(crate) STABLE_CURSORS = "pagination.stable-cursors";
    since: "2025-03-26";
    scenario: stable_cursors
}

async fn stable_cursors(bench: &Bench) -> Judgement {
    for list in offered(bench) {
        let walked = match walk(bench, &Connection::Shared, list, PAGES).await {
            Ok(walked) => walked,
            // The survey walked the same list to its end.
            Err(Trouble::Control(what)) if walked_before(bench, list) => {
                let finding = Finding::violated("a page for a cursor that was given before", what);
                bench.case(list.key, format!("walking {} again", list.method), Ok(finding));
                continue;
            }
            Err(trouble) => return Err(trouble),
        };
        let elsewhere = Connection::Named(format!("cursor-{}", list.key));
        let last = walked.cursors.len().saturating_sub(1);
        for (n, cursor) in walked.cursors.iter().enumerate().filter(|(n, _)| *n == 0 || *n == last)
        {
            let Some(items) = walked.pages.get(n + 1) else { continue };
            for (slug, way) in [("again", &Connection::Shared), ("elsewhere", &elsewhere)] {
                let probe = Probe::request(list.method, json!({"cursor": cursor}));
                let answer = way.send(bench, probe).await?;
                let page =
                    answer.complete().and_then(|r| r.get(list.key)).and_then(Value::as_array);
                let fits = page.is_some_and(|page| same(list, page, items));
                let finding = if fits {
                    Finding::Held
                } else if rests(bench, way, list, n, items, cursor).await? {
                    Finding::violated(format!("the same {} items", items.len()), answer.describe())
                } else {
                    Finding::unseen(
                        format!("{} changed between two readings", list.method),
                        "let the list rest for the time of a run",
                    )
                };
                let title = format!("cursor {} of {}, {slug}", n + 1, list.method);
                bench.case(&format!("{}-{}-{slug}", list.key, n + 1), title, Ok(finding));
            }
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => {
            Ok(Finding::unseen("no list has a second page", "list more than one page holds"))
        }
        finding => Ok(finding),
    }
}

/// Whether a list stays as it was, while its cursor does not lead to the items that it led to. A list that differs between
/// connections is another check's business, and so is one that changes: it may have changed back when it is read again.
async fn rests(
    bench: &Bench,
    way: &Connection<'_>,
    list: List,
    n: usize,
    items: &[Value],
    cursor: &str,
) -> Result<bool, Trouble> {
    for _ in 0..AGAIN {
        let now = walk(bench, way, list, n + 2).await?;
        if !now.pages.get(n + 1).is_some_and(|page| same(list, page, items)) {
            return Ok(false);
        }
        let answer =
            way.send(bench, Probe::request(list.method, json!({"cursor": cursor}))).await?;
        let page = answer.complete().and_then(|r| r.get(list.key)).and_then(Value::as_array);
        if page.is_some_and(|page| same(list, page, items)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two pages hold the same items, whatever else is said of them.
fn same(list: List, one: &[Value], other: &[Value]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| name(list, one) == name(list, other))
}

/// Whether the survey walked over more than one page of a list.
fn walked_before(bench: &Bench, list: List) -> bool {
    let listing = listing(bench, list);
    listing.complete && listing.pages.len() > 1
}

fn listing(bench: &Bench, list: List) -> &Listing {
    let survey = bench.survey();
    match list.key {
        "tools" => &survey.tools,
        "resources" => &survey.resources,
        "resourceTemplates" => &survey.templates,
        _ => &survey.prompts,
    }
}

/// The lists that the target serves.
pub(super) fn offered(bench: &Bench) -> Vec<List> {
    let served = |list: &List| {
        let first = listing(bench, *list).pages.first();
        bench.survey().declares(list.capability) && first.is_some_and(Observed::is_accepted)
    };
    ALL.into_iter().filter(served).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_flows::listing::TOOLS;

    fn walk_of(pages: &[&[&str]], complete: bool) -> Walk {
        let page = |names: &&[&str]| names.iter().map(|name| json!({"name": name})).collect();
        Walk { pages: pages.iter().map(page).collect(), complete, ..Walk::default() }
    }

    #[test]
    fn an_item_on_two_pages_is_told_from_pages_that_continue() {
        for legal in [
            walk_of(&[&["a", "b"], &["c"]], true),
            walk_of(&[&[]], true),
            walk_of(&[&[], &["a"], &[]], true),
            walk_of(&[&[], &[]], true),
            // The same name twice on one page is another requirement.
            walk_of(&[&["a", "a"], &["b"]], true),
        ] {
            assert_eq!(judge(TOOLS, &legal), Finding::Held, "{legal:?}");
        }
        for illegal in [
            walk_of(&[&["a", "b"], &["b", "c"]], true),
            walk_of(&[&[], &[], &[]], false),
            Walk { circles: true, ..walk_of(&[&["a"], &["b"]], false) },
        ] {
            assert!(matches!(judge(TOOLS, &illegal), Finding::Violated { .. }), "{illegal:?}");
        }
        let long = walk_of(&[&["a"], &["b"]], false);
        assert!(matches!(judge(TOOLS, &long), Finding::Unseen { .. }));
    }
}
