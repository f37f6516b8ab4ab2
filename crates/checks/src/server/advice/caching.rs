//! server/utilities/caching#freshness-calculation: how long lists stay as they are.

use plumb_flows::listing::items;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check};
use plumb_wire::Capability;

check! {
    /// **Observed:** the lists of the survey are read again when all other checks are done. One that differs within the time
    /// that its `ttlMs` promised is announced: the server declares `listChanged`.
    ///
    /// **Why:** a client keeps the list for as long as it was told, and calls what is no longer there.
    ///
    /// **Fix:** hint at the time between two changes, or declare `listChanged` and notify.
    pub(crate) LIST_OUTLIVES_HINT = "advice.list-outlives-hint";
    isolation: Alone;
    scenario: outlives_hint
}

async fn outlives_hint(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let lists = [
        (Base::ToolsList, &survey.tools, Capability::ToolsListChanged),
        (Base::ResourcesList, &survey.resources, Capability::ResourcesListChanged),
        (Base::TemplatesList, &survey.templates, Capability::ResourcesListChanged),
        (Base::PromptsList, &survey.prompts, Capability::PromptsListChanged),
    ];
    for (base, listing, announcing) in lists {
        if let (Some(probe), Some(first)) = (bench.base(base), listing.pages.first()) {
            let now = bench.control(probe).await?;
            let announced = survey.declares(announcing);
            let finding = kept(first, &now, announced)?;
            bench.case(base.name(), format!("{} at the end of the run", base.name()), Ok(finding));
        }
    }
    bench.conclude()
}

fn kept(first: &Observed, now: &Observed, announced: bool) -> Result<Finding, Trouble> {
    let (Some(was), Some(is)) = (first.result(), now.result()) else {
        return Err(Trouble::Setup("the list cannot be read".into()));
    };
    let passed = now.exchange.answer.sent_at.saturating_sub(first.exchange.answer.sent_at) / 1_000;
    let promised = was["ttlMs"].as_u64().unwrap_or(0);
    let same = passed > promised || items(was) == items(is) || announced;
    Ok(Finding::expect(
        same,
        format!("a list that stays for the {promised} ms that `ttlMs` says, or `listChanged`"),
        || format!("another list after {passed} ms: {}", now.describe()),
    ))
}
