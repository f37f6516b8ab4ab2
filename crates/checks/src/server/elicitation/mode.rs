//! client/elicitation#capabilities: only modes that the client supports.

use plumb_flows::rounds::of_tasks;
use plumb_flows::rounds::{InputKind, Round, asking_requests, judged};
use plumb_runner::survey::plainly_capable;
use plumb_runner::{Bench, Finding, Judgement, Observed, check};
use serde_json::json;

check! {
    /// **Observed:** before a client that declares `"elicitation": {}`, what asks by a form still asks, and what asks in
    /// URL mode does not.
    ///
    /// **Why:** the empty object is what clients of the time before URL mode declare.
    ///
    /// **Fix:** read `{}` as `{"form": {}}`.
    pub(crate) EMPTY_MEANS_FORM = "elicit.empty-means-form";
    since: "2025-11-25";
    scenario: empty_means_form
}

async fn empty_means_form(bench: &Bench) -> Judgement {
    for asking in asking_requests(bench).await {
        let (form, url) = (asking.first.wants(InputKind::Form), asking.first.wants(InputKind::Url));
        let alone = asking
            .first
            .inputs
            .iter()
            .all(|i| matches!(i.kind(), InputKind::Form | InputKind::Url));
        if !form && !url {
            continue;
        }
        let seen = bench.send(asking.bare().capabilities(plainly_capable())).await?;
        let asked = Round::of(&seen);
        let judgement = judged(&seen, |seen| match asked {
            Some(round) if round.wants(InputKind::Url) => {
                Finding::violated("no request in URL mode", seen.describe())
            }
            None if form && !url && alone && seen.is_refused() => {
                Finding::violated("the form shown to a client that declares {}", seen.describe())
            }
            _ => Finding::Held,
        });
        // A refusal is one of `{}` only beside the same question, still asked of who declares all.
        let judgement = match judgement {
            Ok(refused @ Finding::Violated { .. }) if seen.is_refused() => {
                bench.control(asking.probe()).await.map(|_| refused)
            }
            judgement => judgement,
        };
        bench.case(
            &asking.slug,
            format!("{:?} before a client with the elicitation capability {{}}", asking.name),
            judgement,
        );
    }
    concluded(bench)
}

check! {
    /// **Observed:** what asks by a form, tasks included, does not do so before a client that declares URL mode alone, and
    /// the other way round. An error (-32021) and doing without are both right.
    ///
    /// **Why:** the client cannot show it, and the user cannot answer.
    ///
    /// **Fix:** look at the mode within the capability, not only at the capability.
    pub(crate) SUPPORTED = "elicit.server.mode-supported";
    since: "2025-11-25";
    fact: "base.meta.no-rely-undeclared";
    scenario: supported
}

async fn supported(bench: &Bench) -> Judgement {
    for asking in asking_requests(bench).await {
        for (slug, declared, other) in [
            ("url", json!({"url": {}}), InputKind::Form),
            ("form", json!({"form": {}}), InputKind::Url),
        ] {
            if !asking.first.wants(other) {
                continue;
            }
            let declared = json!({"elicitation": declared, "sampling": {"tools": {}, "context": {}}, "roots": {}});
            let seen = bench.send(asking.bare().capabilities(declared)).await?;
            let judgement = judged(&seen, |seen| {
                Finding::expect(
                    !asks(seen, other),
                    format!("no request in a mode but {slug}"),
                    || seen.describe(),
                )
            });
            let title = format!("{:?} before a client with the mode {slug} alone", asking.name);
            bench.case(&format!("{}-{slug}", asking.slug), title, judgement);
        }
    }
    for (slug, declared, other) in [
        ("url", json!({"url": {}}), InputKind::Form),
        ("form", json!({"form": {}}), InputKind::Url),
    ] {
        let declared = json!({"elicitation": declared, "sampling": {}, "roots": {}});
        of_tasks(bench, slug, &declared, |kind| kind == other).await?;
    }
    concluded(bench)
}

fn asks(seen: &Observed, kind: InputKind) -> bool {
    Round::of(seen).is_some_and(|r| r.wants(kind))
}

fn concluded(bench: &Bench) -> Judgement {
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "nothing that may be called elicits",
            "offer a tool marked `readOnlyHint: true`, or a prompt, that elicits",
        )),
        finding => Ok(finding),
    }
}
