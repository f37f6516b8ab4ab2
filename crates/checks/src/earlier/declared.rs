//! basic/lifecycle#operation: what a server declares is there.

use plumb_flows::listing::{List, PROMPTS, RESOURCES, TOOLS};
use plumb_runner::{Bench, Finding, Judgement, Probe, check};
use serde_json::{Value, json};

const LISTS: [List; 3] = [TOOLS, RESOURCES, PROMPTS];

check! {
    /// **Observed:** `tools/list`, `resources/list` and `prompts/list` are answered with the list where the server declares what is
    /// listed.
    ///
    /// **Why:** a client asks for what is declared, and takes an error for a server that is out of order.
    ///
    /// **Fix:** declare only what has a handler, or answer with an empty list.
    pub(crate) ANSWERED = "lifecycle.capabilities.answered";
    since: "2025-03-26";
    until: "2025-11-25";
    scenario: answered
}

async fn answered(bench: &Bench) -> Judgement {
    let declared: Vec<List> =
        LISTS.into_iter().filter(|list| bench.survey().declares(list.capability)).collect();
    for list in &declared {
        let seen = bench.send(Probe::request(list.method, json!({}))).await;
        let judgement = seen.and_then(|seen| {
            let seen = seen.settled()?;
            let listed = seen.result().and_then(|r| r.get(list.key)).is_some_and(Value::is_array);
            Ok(Finding::expect(listed, format!("a result with `{}`", list.key), || seen.describe()))
        });
        bench.case(
            list.key,
            format!("{} of a server that declares `{}`", list.method, list.capability),
            judgement,
        );
    }
    if declared.is_empty() {
        return Ok(Finding::unseen("nothing that has a list is declared", "declare `tools`"));
    }
    bench.conclude()
}
