//! basic#statelessness: requests of many conversations at once.

use std::time::Duration;

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Probe, Trouble, check};
use plumb_wire::method;
use serde_json::{Value, json};

use super::capabilities::everything;
use super::responses::CONTENT;
use crate::server::subscriptions::end;

/// So many requests are in flight at once.
const AT_ONCE: usize = 10;

/// A request is answered within so long, whatever else goes on.
const ANSWERED: Duration = Duration::from_secs(3);

check! {
    /// **Observed:** ten requests of different methods, ids and capabilities, sent before the first is answered, are all
    /// answered, each with what it asked for. So is `server/discover` while a subscription is open. That
    /// one request waits for another that will end is not judged: the text does not say that work is done at once.
    ///
    /// **Why:** a process or a connection serves several conversations; one that waits for another looks dead.
    ///
    /// **Fix:** handle each request in a task of its own, with no state between them.
    pub(crate) MULTI_CONVERSATION = "base.stateless.multi-conversation";
    isolation: Alone;
    scenario: multi_conversation
}

async fn multi_conversation(bench: &Bench) -> Judgement {
    let bases = [
        Base::Discover,
        Base::ToolsList,
        Base::ToolsCall,
        Base::ResourcesList,
        Base::ResourcesRead,
        Base::TemplatesList,
        Base::PromptsList,
        Base::PromptsGet,
        Base::Complete,
    ];
    let probes: Vec<Probe> = bases.iter().filter_map(|base| bench.base(*base)).collect();
    for probe in &probes {
        bench.control(probe.clone()).await?;
    }
    let mut open = Vec::new();
    for (n, probe) in probes.iter().cycle().take(AT_ONCE).enumerate() {
        let number = bench.fresh_id();
        let id: Value =
            if n % 2 == 0 { json!(format!("conversation-{number}")) } else { json!(number) };
        let capabilities = if n % 3 == 0 { everything() } else { json!({}) };
        open.push(bench.open(probe.clone().id(id).capabilities(capabilities)).await?);
    }
    for (n, open) in open.into_iter().enumerate() {
        let seen = bench.finish(open).await;
        let method = seen.method().unwrap_or_default().to_owned();
        let content =
            CONTENT.iter().find(|(m, _)| *m == method).map_or("resultType", |(_, content)| content);
        let answered =
            seen.response().is_some_and(|m| seen.sent_id().is_some_and(|id| m.answers(id)));
        let fits = answered && seen.result().is_some_and(|r| r.get(content).is_some());
        let finding =
            Finding::expect(fits, format!("the answer to {method}, with `{content}`"), || {
                seen.describe()
            });
        bench.case(
            &format!("request-{}", n + 1),
            format!("{method} among {AT_ONCE} requests at once"),
            Ok(finding),
        );
    }
    beside_a_subscription(bench).await?;
    bench.conclude()
}

/// Something else is asked while a subscription is open, which may be for ever; what is not answered by itself either shows
/// nothing.
async fn beside_a_subscription(bench: &Bench) -> Result<(), Trouble> {
    let Some(listen) = bench.base(Base::Listen) else { return Ok(()) };
    let mut open = bench.open(listen).await?;
    let acknowledged = open.next_within(ANSWERED).await.is_some();
    let seen = bench.send(discover()).await?;
    end(bench, open).await;
    if !acknowledged {
        return Ok(());
    }
    if seen.response().is_none() {
        bench.control(discover()).await?;
    }
    let finding = Finding::expect(
        seen.response().is_some(),
        "an answer that does not wait for the end of a subscription",
        || seen.describe(),
    );
    bench.case(
        "beside-a-subscription",
        "server/discover while a subscription is open",
        Ok(finding),
    );
    Ok(())
}

fn discover() -> Probe {
    Probe::request(method::DISCOVER, json!({})).patience(ANSWERED)
}
