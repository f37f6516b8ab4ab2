//! server/utilities/pagination#error-handling, #implementation-guidelines.

use plumb_flows::listing::forged::{legible, negated};
use plumb_flows::listing::{Connection, List, Walk, canonical, walk};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, brief, check, facet};
use plumb_wire::codes;
use serde_json::{Value, json};

use super::cursors::offered;

check! {
    /// **Observed:** cursors that no list gave are refused with error -32602, in all four lists.
    ///
    /// **Why:** a server that begins again at the first page sends its clients round in circles.
    ///
    /// **Fix:** check the cursor, with a signature or by its form, and refuse what is not yours, even if the list
    /// has one page only. The empty string is not judged: a list may use it.
    pub(crate) INVALID_CURSOR = "pagination.error.invalid-cursor";
    since: "2025-03-26";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** garbage, cursors of another list, cursors with a changed end and very long ones are answered,
    /// not with an internal error, and the list is served afterwards. A cursor of another list gives no items of that
    /// list; where it names that list and the list's own cursors name theirs, it gives no further page of this one, on a
    /// server that refuses garbage. A server that refuses garbage also refuses its own cursor with a number in it made negative: where it is
    /// Base64, JSON or digits, Plumb decodes it and encodes it again.
    ///
    /// **Why:** a cursor is input like any other; one that is decoded without a check takes the server down, or reads
    /// what lies before the list.
    ///
    /// **Fix:** catch what decoding throws, check the bounds of what was decoded; answer -32602.
    pub(crate) GRACEFUL = "pagination.invalid-graceful";
    since: "2025-03-26";
    scenario: graceful
}

async fn graceful(bench: &Bench) -> Judgement {
    let mut walks = Vec::new();
    for list in offered(bench) {
        walks.push((list, walk(bench, &Connection::Shared, list, 4).await?));
    }
    for (list, walked) in &walks {
        let garbage = sent(bench, *list, "plumb-no-cursor").await?;
        bench.case(
            &format!("{}-garbage", list.key),
            format!("{} with a cursor: garbage", list.method),
            Ok(calm(&garbage)),
        );
        broken(bench, *list, walked).await?;
        forged(bench, *list, walked, &garbage).await?;
        foreign(bench, *list, &walks, &garbage).await?;
        let after = bench.send(Probe::request(list.method, json!({}))).await?;
        let served = Finding::expect(after.is_accepted(), "the list is served afterwards", || {
            after.describe()
        });
        bench.case(
            &format!("{}-afterwards", list.key),
            format!("{} afterwards", list.method),
            Ok(served),
        );
    }
    bench.conclude()
}

/// Cursors that no list can have given.
async fn broken(bench: &Bench, list: List, walked: &Walk) -> Result<(), Trouble> {
    let mut cursors: Vec<(String, String)> = [
        ("base64", "eyJwbHVtYiI6LTF9".into()),
        ("negative", "-1".into()),
        ("huge", "99999999999999999999".into()),
        ("quotes", "'\"; --\u{0}".into()),
        ("long", "A".repeat(20_000)),
    ]
    .map(|(slug, cursor): (&str, String)| (slug.to_owned(), cursor))
    .to_vec();
    if let Some(cursor) = walked.cursors.first() {
        let half = cursor.chars().count() / 2;
        cursors.push(("changed".into(), format!("{cursor}plumb")));
        cursors.push(("cut".into(), cursor.chars().take(half).collect()));
    }
    for (slug, cursor) in cursors {
        let answer = sent(bench, list, &cursor).await?;
        bench.case(
            &format!("{}-{slug}", list.key),
            format!("{} with a cursor: {slug}", list.method),
            Ok(calm(&answer)),
        );
    }
    Ok(())
}

/// The list's own cursor, with a number in it made negative.
async fn forged(
    bench: &Bench,
    list: List,
    walked: &Walk,
    garbage: &Observed,
) -> Result<(), Trouble> {
    for (n, forged) in walked.cursors.first().into_iter().flat_map(|c| negated(c)).enumerate() {
        let answer = sent(bench, list, &forged).await?;
        let finding = match calm(&answer) {
            Finding::Held if garbage.is_refused() => Finding::expect(
                !answer.is_accepted(),
                "a refusal of a cursor that no list gave, since others are refused",
                || answer.describe(),
            ),
            other => other,
        };
        bench.case(
            &format!("{}-forged-{}", list.key, n + 1),
            format!("{} with its cursor, a number in it negative", list.method),
            Ok(finding),
        );
    }
    Ok(())
}

/// Cursors that the other lists gave.
async fn foreign(
    bench: &Bench,
    list: List,
    walks: &[(List, Walk)],
    garbage: &Observed,
) -> Result<(), Trouble> {
    let own = walks.iter().find(|(own, _)| own.key == list.key).map(|(_, walk)| walk);
    for (other, foreign) in walks.iter().filter(|(other, _)| other.key != list.key) {
        let Some(cursor) = foreign.cursors.first() else { continue };
        let answer = sent(bench, list, cursor).await?;
        let finding = match calm(&answer) {
            Finding::Held => own_items(list, &answer, *other, foreign),
            other => other,
        };
        let finding = match own.filter(|_| garbage.is_refused() && finding == Finding::Held) {
            Some(own) => no_page((list, own), (*other, cursor), &answer),
            None => finding,
        };
        bench.case(
            &format!("{}-cursor-of-{}", list.key, other.key),
            format!("{} with a cursor of {}", list.method, other.method),
            Ok(finding),
        );
    }
    Ok(())
}

async fn sent(bench: &Bench, list: List, cursor: &str) -> Result<Observed, Trouble> {
    bench.send(Probe::request(list.method, json!({"cursor": cursor}))).await
}

/// Lists may share the form of their cursors, but not their items.
fn own_items(list: List, answer: &Observed, other: List, foreign: &Walk) -> Finding {
    let items = answer.complete().and_then(|r| r.get(list.key)).and_then(Value::as_array);
    let theirs: Vec<String> = foreign.items().map(canonical).collect();
    let stray = items.into_iter().flatten().find(|item| theirs.contains(&canonical(item)));
    Finding::expect(stray.is_none(), format!("no item of {}", other.method), || {
        stray.map(brief).unwrap_or_default()
    })
}

/// A cursor that names another list leads to no further page of one whose own cursors name it. Numbers may agree by chance,
/// and a sealed cursor says nothing.
fn no_page(
    (list, own): (List, &Walk),
    (other, cursor): (List, &str),
    answer: &Observed,
) -> Finding {
    let names = |cursor: &str, list: List| legible(cursor).contains(stem(list));
    let tells = names(cursor, other)
        && !names(cursor, list)
        && !own.cursors.is_empty()
        && own.cursors.iter().all(|own| names(own, list));
    let items = answer.complete().and_then(|r| r.get(list.key)).and_then(Value::as_array);
    // What comes behind a key that sorts before all others is the first page.
    let page = items.filter(|i| !i.is_empty() && own.pages.iter().skip(1).any(|page| page == *i));
    Finding::expect(
        !tells || page.is_none(),
        format!("a refusal of a cursor that names {}, since garbage is refused", other.key),
        || answer.describe(),
    )
}

/// What the names of a list and of its method have in common.
fn stem(list: List) -> &'static str {
    match list.key {
        "tools" => "tool",
        "prompts" => "prompt",
        "resources" => "resource",
        _ => "template",
    }
}

/// An internal error is none that a client could mend; which HTTP status goes with another one is not said.
fn calm(answer: &Observed) -> Finding {
    let crashed = answer.code() == Some(codes::INTERNAL_ERROR)
        || (answer.status().is_some_and(|s| s >= 500) && answer.error().is_none());
    if !crashed && !answer.is_accepted() && !answer.is_refused() {
        return Finding::unseen(
            format!("neither served nor refused: {}", answer.describe()),
            "answer the request",
        );
    }
    Finding::expect(!crashed, "an answer that is no internal error", || answer.describe())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_flows::listing::{PROMPTS, TOOLS};
    use plumb_recorded::{complete, error, http, stdio};

    #[test]
    fn only_a_crash_is_no_calm_answer() {
        let params = json!({"cursor": "x"});
        for legal in [
            stdio("tools/list", params.clone(), &[error(-32602)]),
            stdio("tools/list", params.clone(), &[complete(json!({"tools": []}))]),
            // Which status goes with an error is not said.
            http("tools/list", params.clone(), 500, &[error(-32602)]),
            http("tools/list", params.clone(), 400, &[]),
        ] {
            assert_eq!(calm(&legal), Finding::Held, "{}", legal.describe());
        }
        for illegal in [
            stdio("tools/list", params.clone(), &[error(-32603)]),
            http("tools/list", params.clone(), 500, &[]),
        ] {
            assert!(matches!(calm(&illegal), Finding::Violated { .. }), "{}", illegal.describe());
        }
    }

    #[test]
    fn a_cursor_that_names_another_list_leads_to_no_page() {
        let page = json!([{"name": "add"}]);
        let own = |cursor: &str| Walk {
            pages: vec![Vec::new(), page.as_array().cloned().unwrap_or_default()],
            cursors: vec![cursor.to_owned()],
            ..Walk::default()
        };
        let answer = stdio("tools/list", json!({}), &[complete(json!({"tools": page}))]);
        let judged = |own: &Walk, cursor: &str| no_page((TOOLS, own), (PROMPTS, cursor), &answer);
        assert!(matches!(judged(&own("tools:5"), "prompts:5"), Finding::Violated { .. }));
        for (mine, theirs) in
            [("tools:5", "tools:6"), ("5", "6"), ("add", "prompts"), ("5", "prompts:5")]
        {
            assert_eq!(judged(&own(mine), theirs), Finding::Held, "{theirs}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_brings_none_of_its_items() {
        let foreign = Walk { pages: vec![vec![json!({"name": "greet"})]], ..Walk::default() };
        let judged = |tools: Value| {
            let answer = stdio("tools/list", json!({}), &[complete(json!({"tools": tools}))]);
            own_items(TOOLS, &answer, PROMPTS, &foreign)
        };
        assert_eq!(judged(json!([{"name": "add"}])), Finding::Held);
        assert!(matches!(judged(json!([{"name": "greet"}])), Finding::Violated { .. }));
    }
}
