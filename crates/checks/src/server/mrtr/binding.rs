//! basic/patterns/mrtr#server-requirements-basic-workflow: the `requestState` of one request on another.

use plumb_flows::rounds::{AskingRequest, judged};
use plumb_runner::{Bench, Finding, Judgement, Trouble, check};
use serde_json::Value;

use super::state::{StatefulRequest, fresh, stepped, subjects};

/// The states of at most so many others are shown to each request.
const OTHERS: usize = 3;

check! {
    /// **Observed:** a state is of no use on another request: that of one tool or prompt on another, that of one call
    /// on a call with another value of a required argument. It counts only where the other request goes no further without
    /// a state, or with what was never one; and where its own state is another text.
    ///
    /// **Why:** an answer to a harmless question would count as the answer to a dangerous one.
    ///
    /// **Fix:** put the method and a digest of the arguments into the state, and compare.
    pub(crate) REQUEST_BINDING = "mrtr.state-request-binding";
    scenario: request_binding
}

async fn request_binding(bench: &Bench) -> Judgement {
    let subjects = subjects(bench).await?;
    for to in subjects.iter().filter(|s| s.needs_state || s.reads_state) {
        let others = subjects.iter().filter(|s| s.asking.name != to.asking.name);
        for from in others.take(if to.needs_state { usize::MAX } else { OTHERS }) {
            let Some(state) = fresh(bench, &from.asking).await?.and_then(|r| r.state) else {
                continue;
            };
            let title = format!("the state of {:?} on {:?}", from.asking.name, to.asking.name);
            let slug = format!("{}-on-{}", from.asking.slug, to.asking.slug);
            foreign(bench, &to.asking, &state, &slug, title).await?;
        }
        let Some(argument) = free_argument(to) else { continue };
        let Some(state) = fresh(bench, &to.asking).await?.and_then(|r| r.state) else { continue };
        let other = to.asking.with_argument(&argument, "plumb-other");
        let title = format!("the state of {:?} with another {argument:?}", to.asking.name);
        let slug = format!("{}-other-arguments", to.asking.slug);
        foreign(bench, &other, &state, &slug, title).await?;
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no request that gives a `requestState` lets see whether it reads the state that comes back, beside another one",
            "offer two tools marked `readOnlyHint: true` that keep their place in `requestState`",
        )),
        finding => Ok(finding),
    }
}

async fn foreign(
    bench: &Bench,
    asking: &AskingRequest,
    state: &Value,
    slug: &str,
    title: String,
) -> Result<(), Trouble> {
    let Some(round) = fresh(bench, asking).await? else { return Ok(()) };
    // A state that says nothing but how far it came is the same for both.
    if round.state.as_ref() == Some(state) {
        return Ok(());
    }
    let seen = bench.send(asking.retry(round.answers(), Some(state))).await?;
    let further = stepped(&seen, &round);
    let judgement = judged(&seen, |seen| {
        Finding::expect(!further, "the state refused, or input asked for anew", || seen.describe())
    });
    bench.case(slug, title, judgement);
    Ok(())
}

/// A string argument that may hold anything; a required one, where the request would go on without a state: which others
/// matter is the server's to say.
fn free_argument(to: &StatefulRequest) -> Option<String> {
    let schema = to.asking.schema();
    let properties = schema.get("properties")?.as_object()?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let free = |name: &str, s: &Value| {
        s["type"] == "string"
            && (to.needs_state || required.iter().any(|r| r == name))
            && ["enum", "pattern", "format", "const"].iter().all(|k| s.get(*k).is_none())
    };
    properties.iter().find(|(name, s)| free(name, s)).map(|(name, _)| name.clone())
}
