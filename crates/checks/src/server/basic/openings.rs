//! basic#statelessness: any request can be the first one.

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use serde_json::{Value, json};

use super::remembered;

/// At most so many processes are started to be asked for one thing each.
const PROCESSES: usize = 3;

/// What is asked first, what a gate is put before most often at the front.
const FIRST: [Base; 8] = [
    Base::ToolsCall,
    Base::ResourcesRead,
    Base::PromptsGet,
    Base::ToolsList,
    Base::ResourcesList,
    Base::PromptsList,
    Base::TemplatesList,
    Base::Complete,
];

/// A process that has just started may have to settle; so long, in steps, it is asked again.
const SETTLING: [u64; 2] = [300, 1_500];

check! {
    /// **Observed:** each kind of request is served as the first one of a connection, and some as the first one of a process.
    /// What is refused first counts only if it is refused again, and served once `server/discover` and the lists were asked
    /// for on that connection. On a server of this revision alone, a bare `ping` as an old client opens with it changes
    /// nothing for a request that is served without it. Tools that repeat a text of their arguments are called beside themselves with a text
    /// each, and prompts with an optional argument and then without: an answer holds nothing of another request.
    ///
    /// **Why:** behind a load balancer the request before went to somebody else; on a shared connection it was somebody
    /// else's.
    ///
    /// **Fix:** keep no "ready", "listed" or "era" on the connection or in the process; read the request at hand.
    pub(crate) NO_PRIOR_REQUESTS = "base.stateless.no-prior-requests";
    scenario: no_prior_requests
}

async fn no_prior_requests(bench: &Bench) -> Judgement {
    let mut processes = 0;
    let mut served = None;
    for base in FIRST {
        let Some(probe) = opening(bench, base) else { continue };
        if bench.survey().transport.shares_processes() {
            let name = format!("opening-{}", base.name());
            let judgement = first(bench, &probe, |probe| bench.send(probe.on(&name))).await;
            served = served_by(&judgement, &probe).or(served);
            let title = format!("{} is the first request of a connection", base.name());
            bench.case(&format!("{}-on-a-connection", base.name()), title, judgement);
        }
        if bench.is_command() && processes < PROCESSES {
            processes += 1;
            let own = bench.instance().await?;
            let judgement = first(bench, &probe, |probe| own.send(probe)).await;
            own.leave().await;
            served = served_by(&judgement, &probe).or(served);
            let title = format!("{} is the first request of a process", base.name());
            bench.case(&format!("{}-of-a-process", base.name()), title, judgement);
        }
    }
    remembered::beside_each_other(bench).await?;
    remembered::left_out(bench).await?;
    if let Some(probe) = served.filter(|_| !bench.survey().dual_era) {
        behind_a_ping(bench, probe).await?;
    }
    bench.conclude()
}

/// A request of this kind. Behind a gate, no tool may have shown what it does.
fn opening(bench: &Bench, base: Base) -> Option<Probe> {
    let call = || {
        let callable = bench.survey().callable.first()?;
        let name = callable.tool.get("name")?.as_str()?;
        Some(bench.call_of(name, Value::Object(callable.arguments.clone())))
    };
    bench.base(base).or_else(|| if base == Base::ToolsCall { call() } else { None })
}

/// Whether a request needs others before it.
async fn first<F>(bench: &Bench, probe: &Probe, send: impl Fn(Probe) -> F) -> Judgement
where
    F: Future<Output = Result<Observed, Trouble>>,
{
    let mut refused = send(probe.clone()).await?;
    for pause in SETTLING {
        if is_served(&refused) {
            return Ok(Finding::Held);
        }
        bench.pause(std::time::Duration::from_millis(pause)).await;
        refused = send(probe.clone()).await?;
    }
    if is_served(&refused) {
        return Ok(Finding::unseen("it was served only after a while", "answer at once"));
    }
    for base in [Base::Discover, Base::ToolsList, Base::ResourcesList, Base::PromptsList] {
        if let Some(opener) = bench.base(base) {
            send(opener).await?;
        }
    }
    let after = send(probe.clone()).await?;
    if !is_served(&after) {
        return Ok(Finding::unseen("the request is not served behind others either", "serve it"));
    }
    Ok(Finding::violated(
        "a request that is served without others before it",
        format!("{}; served once others were asked", refused.describe()),
    ))
}

/// A request that was served as the first one, which shows what another one before it changes.
fn served_by(judgement: &Judgement, probe: &Probe) -> Option<Probe> {
    matches!(judgement, Ok(Finding::Held)).then(|| probe.clone())
}

/// Opens as a client of an earlier revision may, before its handshake.
async fn behind_a_ping(bench: &Bench, probe: Probe) -> Result<(), Trouble> {
    let ping = Probe::message(json!({"jsonrpc": "2.0", "id": "plumb-ping", "method": "ping"}))
        .without_header("Mcp-Method")
        .without_header("MCP-Protocol-Version");
    let seen = async {
        if bench.survey().transport.shares_processes() {
            bench.send(ping.on("pinged")).await?;
            return bench.send(probe.on("pinged")).await;
        }
        let own = bench.instance().await?;
        own.send(ping).await?;
        let seen = own.send(probe).await;
        own.stop().await;
        seen
    };
    let seen = seen.await;
    let judgement = match seen {
        Ok(seen) if is_served(&seen) => Ok(Finding::Held),
        Ok(seen) if seen.is_accepted() || seen.is_refused() => Ok(Finding::violated(
            "a request of this revision, served as one behind a `ping` of an earlier one",
            seen.describe(),
        )),
        Ok(seen) => Err(Trouble::Setup(seen.describe())),
        Err(trouble) => Err(trouble),
    };
    bench.case("behind-a-ping", "a connection or process is opened with a bare `ping`", judgement);
    Ok(())
}

/// Whether an answer is a result of this revision that tells of no failure.
fn is_served(seen: &Observed) -> bool {
    let result = seen.result().filter(|_| seen.is_accepted());
    result.is_some_and(|r| {
        r.get("resultType").is_some_and(Value::is_string) && r.get("isError") != Some(&json!(true))
    })
}
