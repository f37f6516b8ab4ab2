//! basic/patterns/mrtr: only what the client declared is asked for.

use plumb_flows::rounds::{AskingRequest, InputKind, Round, asking_requests, judged};
use plumb_runner::survey::every_capability;
use plumb_runner::{Bench, Finding, Judgement, Observed, check};
use serde_json::{Value, json};

check! {
    /// **Observed:** everything that asks for an elicitation is asked again by a client that declares no capability,
    /// and by one that declares all but `elicitation`; later rounds are looked at, too.
    ///
    /// **Why:** such a client cannot answer, and its user is stuck.
    ///
    /// **Fix:** look at the capabilities of this very request before asking; do without, or refuse with -32021.
    pub(crate) ELICITATION = "mrtr.respect-elicitation";
    fact: "base.meta.no-rely-undeclared";
    scenario: elicitation
}

async fn elicitation(bench: &Bench) -> Judgement {
    undeclared(bench, "elicitation", &[InputKind::Form, InputKind::Url]).await
}

check! {
    /// **Observed:** everything that asks for a completion is asked again by a client that declares no capability, and
    /// by one that declares all but `sampling`; later rounds are looked at, too.
    ///
    /// **Why:** such a client has no model to offer, and the call can never end.
    ///
    /// **Fix:** look at the capabilities of this very request before asking; do without, or refuse with -32021.
    pub(crate) SAMPLING = "mrtr.respect-sampling";
    fact: "base.meta.no-rely-undeclared";
    scenario: sampling
}

async fn sampling(bench: &Bench) -> Judgement {
    undeclared(bench, "sampling", &[InputKind::Sampling]).await
}

check! {
    /// **Observed:** everything that asks for the roots is asked again by a client that declares no capability, and by
    /// one that declares all but `roots`; later rounds are looked at, too.
    ///
    /// **Why:** such a client has no roots to name, and the call can never end.
    ///
    /// **Fix:** look at the capabilities of this very request before asking; do without, or refuse with -32021.
    pub(crate) ROOTS = "mrtr.respect-roots";
    judges: ["roots.server.check-capability"];
    fact: "base.meta.no-rely-undeclared";
    scenario: roots
}

async fn roots(bench: &Bench) -> Judgement {
    undeclared(bench, "roots", &[InputKind::Roots]).await
}

/// Judges every request that asks for one of these kinds, before a client that did not declare the capability.
async fn undeclared(bench: &Bench, capability: &str, kinds: &[InputKind]) -> Judgement {
    let all = asking_requests(bench).await;
    // One connection for all, on which the client declares everything first: a server may keep that.
    let way = format!("undeclared-{capability}");
    for asking in &all {
        let first = kinds.iter().any(|k| asking.first.wants(*k));
        // Who asks for something else first may come to ask for this.
        let later = asking.first.state.is_some() && !asking.first.inputs.is_empty();
        if first || later {
            later_round(bench, asking, &way, capability, kinds).await?;
        }
        if first {
            for (slug, capabilities) in lacking(capability) {
                let probe = asking.bare().capabilities(capabilities).on(&way);
                let seen = bench.send(probe).await?;
                let title = format!(
                    "{:?} before a client that declares {}",
                    asking.name,
                    slug.replace('-', " ")
                );
                bench.case(
                    &format!("{}-{slug}", asking.slug),
                    title,
                    judged(&seen, |seen| unasked(seen, capability, kinds)),
                );
            }
        }
    }
    if !all.iter().any(|a| kinds.iter().any(|k| a.first.wants(*k))) {
        return Ok(Finding::unseen(
            format!("nothing that may be called asks for {capability}"),
            "offer a tool marked `readOnlyHint: true`, or a prompt, that asks for it",
        ));
    }
    bench.conclude()
}

/// The first round with every capability, the second without this one: the declaration of each request counts.
async fn later_round(
    bench: &Bench,
    asking: &AskingRequest,
    way: &str,
    capability: &str,
    kinds: &[InputKind],
) -> Result<(), plumb_runner::Trouble> {
    let first = bench.send(asking.probe().on(way)).await?;
    let Some(first) = Round::of(&first) else { return Ok(()) };
    let Some((_, capabilities)) = lacking(capability).pop() else { return Ok(()) };
    // Answering nothing makes the target ask again, if it did not look.
    let probe = asking.retry(json!({}), first.state.as_ref()).capabilities(capabilities);
    let probe = probe.on(way);
    let seen = bench.send(probe).await?;
    let title = format!("{:?} in its second round, declared in the first only", asking.name);
    bench.case(
        &format!("{}-second-round", asking.slug),
        title,
        judged(&seen, |seen| unasked(seen, capability, kinds)),
    );
    Ok(())
}

/// Capabilities without this one: none at all, and all others.
fn lacking(capability: &str) -> Vec<(&'static str, Value)> {
    let mut others = every_capability();
    if let Some(others) = others.as_object_mut() {
        others.remove(capability);
    }
    vec![("nothing", json!({})), ("all-others", others)]
}

fn unasked(seen: &Observed, capability: &str, kinds: &[InputKind]) -> Finding {
    let asked = Round::of(seen).is_some_and(|r| kinds.iter().any(|k| r.wants(*k)));
    Finding::expect(
        !asked,
        format!("no request for {capability}, which this request does not declare"),
        || seen.describe(),
    )
}
