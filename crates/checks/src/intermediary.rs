//! Checks of what stands before a server: the same request asked of the server itself and through the gateway, and what
//! differs.

mod answer;
mod calls;
mod private;
mod request;
mod stream;

use plumb_model::pack::Base;
use plumb_runner::{Bench, Check, Finding, Judgement, Observed, Probe, Trouble};

pub(crate) const CHECKS: &[&Check] = &[
    &request::FORWARD,
    &request::ERROR_STATUS,
    &request::HEADERS,
    &request::VALIDATION,
    &request::BODY,
    &request::SIZE,
    &answer::STATUS,
    &answer::ERRORS,
    &answer::RESULTS,
    &answer::HEADERS,
    &answer::OWN_ID,
    &stream::IMMEDIATE,
    &stream::WHOLE,
    &stream::CANCEL,
    &stream::SUBSCRIPTION,
    &calls::ONCE,
    &calls::SLOW,
    &calls::CACHED,
    &private::PRIVATE,
    &private::TOKENS,
];

/// Whether what the server itself accepts is accepted through the gateway; a refusal there is asked for again, between
/// controls.
async fn accepted(bench: &Bench, probe: &Probe, expected: &str) -> Judgement {
    let direct = bench.send(probe.clone()).await?;
    if !direct.is_accepted() {
        return Ok(Finding::unseen(
            format!("the server itself does not accept it: {}", direct.describe()),
            "nothing: it is for the server to choose",
        ));
    }
    let crosses = |through: &Observed| through.is_accepted() && fails(through) == fails(&direct);
    if crosses(&bench.through(probe.clone()).await?) {
        return Ok(Finding::Held);
    }
    if let Some(why) = nothing_crosses(bench).await? {
        return Ok(why);
    }
    bench.control(probe.clone()).await?;
    let again = bench.through(probe.clone()).await?;
    Ok(Finding::expect(crosses(&again), expected, || {
        format!("through the gateway: {}", again.describe())
    }))
}

/// Whether a tool is said to have failed, as gateways say it of what the server refuses.
fn fails(seen: &Observed) -> bool {
    seen.result().is_some_and(|result| result["isError"] == true)
}

/// Why nothing can be said of one request, where the plainest one is refused through the gateway as well: that is one fact, and
/// `gateway.request.headers` tells it.
async fn nothing_crosses(bench: &Bench) -> Result<Option<Finding>, Trouble> {
    let Some(plain) = bench.base(Base::Discover) else { return Ok(None) };
    let seen = bench.through(plain).await?;
    Ok((!seen.is_accepted()).then(|| {
        Finding::unseen(
            format!(
                "through the gateway not even `server/discover` is answered: {}",
                seen.describe()
            ),
            "see `gateway.request.headers`",
        )
    }))
}
