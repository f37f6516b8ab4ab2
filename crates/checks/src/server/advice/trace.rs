//! basic#meta: trace context of OpenTelemetry in `_meta`.

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, check};
use plumb_wire::meta;

/// Trace contexts, each with a slug and a title: W3C Trace Context section 3.2.2.5 and 4.3 has what cannot be parsed
/// ignored, never refused.
const CONTEXTS: [(&str, &str, &str); 4] = [
    ("valid", "a valid traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    (
        "later-version",
        "a traceparent of a later version",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ),
    (
        "zeroes",
        "a traceparent of zeroes",
        "00-00000000000000000000000000000000-0000000000000000-00",
    ),
    ("garbage", "a traceparent that is none", "plumb"),
];

check! {
    /// **Observed:** a request whose `_meta` has a `traceparent` that is valid, of a later version, all zeroes or no trace
    /// context at all is served as without it.
    ///
    /// **Why:** a broken trace header of some proxy on the way takes the service down with it.
    ///
    /// **Fix:** start a new trace where the context cannot be read.
    pub(crate) TRACE_CONTEXT = "advice.trace-context";
    scenario: trace_context
}

async fn trace_context(bench: &Bench) -> Judgement {
    let bases = [Base::ToolsCall, Base::ResourcesRead, Base::PromptsGet, Base::Discover];
    let Some((base, probe)) = bases.into_iter().find_map(|b| Some((b, bench.base(b)?))) else {
        return Ok(Finding::unseen("the target accepts no request", "offer a tool"));
    };
    bench.control(probe.clone()).await?;
    for (slug, title, traceparent) in CONTEXTS {
        let seen = bench.send(probe.clone().meta(meta::TRACEPARENT, traceparent)).await?;
        let finding =
            Finding::expect(seen.is_accepted(), "served, as without it", || seen.describe());
        bench.case(slug, format!("{}: {title}", base.name()), Ok(finding));
    }
    bench.conclude()
}
