//! server/utilities/pagination#error-handling, #implementation-guidelines.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, facet};
use plumb_wire::codes;
use serde_json::json;

use super::cursors::offered;
use crate::listing::{List, Way, walk};

check! {
    /// **Observed:** cursors that no list gave are refused with error -32602, in all four lists.
    ///
    /// **Why:** a server that begins again at the first page sends its clients round in circles.
    ///
    /// **Fix:** check the cursor, with a signature or by its form, and refuse what is not yours, even if the list
    /// has one page only. The empty string is not judged: a list may use it.
    pub(crate) INVALID_CURSOR = "pagination.error.invalid-cursor";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** garbage, cursors of another list, cursors with a changed end and very long ones are answered,
    /// not with an internal error, and the list is served afterwards.
    ///
    /// **Why:** a cursor is input like any other; one that is decoded without a check takes the server down.
    ///
    /// **Fix:** catch what decoding throws; answer -32602.
    pub(crate) GRACEFUL = "pagination.invalid-graceful";
    scenario: graceful
}

async fn graceful(bench: &Bench) -> Judgement {
    let lists = offered(bench);
    let mut own: Vec<(List, String)> = Vec::new();
    for list in &lists {
        if let Some(cursor) = walk(bench, &Way::Shared, *list, 2).await?.cursors.into_iter().next()
        {
            own.push((*list, cursor));
        }
    }
    for list in lists {
        let mut cursors: Vec<(&str, String)> = vec![
            ("garbage", "plumb-no-cursor".into()),
            ("base64", "eyJwbHVtYiI6LTF9".into()),
            ("negative", "-1".into()),
            ("huge", "99999999999999999999".into()),
            ("quotes", "'\"; --\u{0}".into()),
            ("long", "A".repeat(20_000)),
        ];
        for (other, cursor) in &own {
            if *other == list {
                cursors.push(("changed", format!("{cursor}plumb")));
                cursors.push(("cut", cursor.chars().take(cursor.chars().count() / 2).collect()));
            } else {
                cursors.push(("of-another-list", cursor.clone()));
            }
        }
        for (slug, cursor) in cursors {
            let answer = bench.send(Probe::request(list.method, json!({"cursor": cursor}))).await?;
            bench.case(
                &format!("{}-{slug}", list.key),
                format!("{} with a cursor: {slug}", list.method),
                Ok(calm(&answer)),
            );
        }
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

fn calm(answer: &Observed) -> Finding {
    let crashed =
        answer.status().is_some_and(|s| s >= 500) || answer.code() == Some(codes::INTERNAL_ERROR);
    if !crashed && !answer.is_accepted() && !answer.is_refused() {
        return Finding::violated("an answer", answer.describe());
    }
    Finding::expect(!crashed, "an answer that is no internal error", || answer.describe())
}
