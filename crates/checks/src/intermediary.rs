//! Checks of what stands before a server: the same request asked of the server itself and through the gateway, and what
//! differs.

mod answer;
mod calls;
mod private;
mod request;
mod stream;

use plumb_runner::{Bench, Check, Finding, Judgement, Probe};

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
    if bench.through(probe.clone()).await?.is_accepted() {
        return Ok(Finding::Held);
    }
    bench.control(probe.clone()).await?;
    let again = bench.through(probe.clone()).await?;
    Ok(Finding::expect(again.is_accepted(), expected, || {
        format!("through the gateway: {}", again.describe())
    }))
}
