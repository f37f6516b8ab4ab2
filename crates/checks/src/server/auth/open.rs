//! basic/authorization#token-handling: requests without a token, and what must not happen before a token is good.

use std::time::Duration;

use plumb_flows::work;
use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Finding, Judgement, Observed, Probe, Prop, TokenDeviation, Trouble, capable, check,
};
use plumb_wire::{method, notification};
use serde_json::json;

/// What every protected server is asked without a token, if it offers it.
const BASES: [Base; 9] = [
    Base::Discover,
    Base::ToolsList,
    Base::ToolsCall,
    Base::ResourcesList,
    Base::ResourcesRead,
    Base::PromptsList,
    Base::PromptsGet,
    Base::Complete,
    Base::Listen,
];

/// A subscription that is taken against the rules is given so long to show it.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// The connection on which bad tokens stand behind valid ones.
const CONNECTION: &str = "auth-each-request";

/// So many tools are called without a token.
const CALLS: usize = 8;

/// The answer to a probe; a subscription is closed after its first message.
pub(super) async fn ask(bench: &Bench, probe: Probe) -> Result<Observed, Trouble> {
    if probe.method() != Some(method::LISTEN) {
        return bench.send(probe).await;
    }
    let mut open = bench.open(probe).await?;
    if open.status().await.is_some_and(|status| status >= 400) {
        let seen = bench.finish(open).await;
        seen.settled()?;
        return Ok(seen);
    }
    open.next_within(FIRST_WORD).await;
    Ok(bench.close(open))
}

/// How a server took what came without a token.
enum Took {
    /// It served it, as a server may.
    Open,
    /// It served it.
    Served,
    Refused,
}

/// Judges what comes without a token, method by method, and a notification.
async fn without_token(bench: &Bench, judge: impl Fn(Took, &Observed) -> Judgement) -> Judgement {
    for base in BASES {
        let Some(probe) = bench.base(base) else { continue };
        let control = ask(bench, probe.clone()).await?;
        if !control.is_accepted() {
            return Err(Trouble::Control(control.describe()));
        }
        let seen = ask(bench, probe.without_token()).await?;
        let took = match (seen.is_accepted(), base) {
            (true, Base::Discover) => Took::Open,
            (true, _) => Took::Served,
            (false, _) => Took::Refused,
        };
        let judged = seen.settled().and_then(|seen| judge(took, seen));
        bench.case(base.name(), format!("{} without a token", base.name()), judged);
    }
    let probe = cancels_nothing(bench);
    if is_taken(&bench.send(probe.clone()).await?) {
        let seen = bench.send(probe.without_token()).await?;
        let took = if is_taken(&seen) { Took::Served } else { Took::Refused };
        let judged = seen.settled().and_then(|seen| judge(took, seen));
        bench.case("notification", "a notification without a token", judged);
    }
    bench.conclude()
}

/// A notification that cancels what was never asked. A server need not know it, and is told nothing more then.
fn cancels_nothing(bench: &Bench) -> Probe {
    Probe::notification(notification::CANCELLED, json!({"requestId": bench.fresh_id()}))
}

fn is_taken(seen: &Observed) -> bool {
    seen.status() == Some(202)
}

check! {
    /// **Observed:** no method but `server/discover` is served to a request without a token, and no notification is taken.
    ///
    /// **Why:** whoever reaches the port would have what the tokens protect.
    ///
    /// **Fix:** let one layer ask for the token before any method is looked at.
    pub(super) AUTHENTICATE = "http.authenticate";
    since: "2025-03-26";
    applies: [Auth];
    scenario: authenticate
}

async fn authenticate(bench: &Bench) -> Judgement {
    let judge = |took, seen: &Observed| {
        let refused = !matches!(took, Took::Served);
        Ok(Finding::expect(refused, "a refusal of what has no token", || seen.describe()))
    };
    without_token(bench, judge).await
}

check! {
    /// **Observed:** every method that is refused to a request without a token is refused with HTTP 401, and so is a notification.
    /// **Position:** a server may leave `server/discover` open to everybody.
    ///
    /// **Why:** 401 is the status that tells a client to get a token.
    ///
    /// **Fix:** answer 401 with a Bearer challenge, on each method and for each transport error path.
    pub(super) NO_TOKEN = "auth.rs.no-token";
    applies: [Auth];
    scenario: no_token
}

async fn no_token(bench: &Bench) -> Judgement {
    let judge = |took, seen: &Observed| match took {
        Took::Open => Ok(Finding::Held),
        Took::Served => Err(Trouble::served_to_everybody()),
        Took::Refused => {
            Ok(Finding::expect(seen.status() == Some(401), "HTTP 401", || seen.describe()))
        }
    };
    without_token(bench, judge).await
}

check! {
    /// **Observed:** on one kept-alive connection, after requests with a valid token, requests without one, with an
    /// expired one and with one for another server are refused, and so are notifications with the latter two; valid ones in
    /// between are served.
    ///
    /// **Why:** a proxy sends requests of many users over one connection.
    ///
    /// **Fix:** validate the token of each request; remember nothing with the connection.
    pub(super) EACH_REQUEST = "auth.rs.each-request";
    applies: [Auth];
    scenario: each_request
}

async fn each_request(bench: &Bench) -> Judgement {
    let auth = bench.auth()?;
    let (Some(probe), broken) = (
        bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover)),
        [
            ("absent", None),
            ("expired", Some(TokenDeviation::Expired)),
            ("audience-other", Some(TokenDeviation::AudienceOther)),
            ("signature-bad", Some(TokenDeviation::SignatureBad)),
        ],
    ) else {
        return Ok(Finding::unseen("the target offers no request to send", "declare a capability"));
    };
    let probe = probe.on(CONNECTION);
    for (slug, deviation) in broken {
        bench.control(probe.clone()).await?;
        let bad = match deviation {
            Some(deviation) => probe.clone().bearer(auth.broken(deviation)?.as_str()),
            None => probe.clone().without_token(),
        };
        let seen = bench.send(bad).await?;
        let refused = seen.is_refused() || seen.is_challenge();
        let judged = if !refused && deviation.is_none() && is_open(bench, &probe).await? {
            Err(Trouble::served_to_everybody())
        } else {
            Ok(Finding::expect(
                refused,
                "a refusal, whatever came before on the connection",
                || seen.describe(),
            ))
        };
        bench.case(slug, format!("a {slug} token behind a valid one"), judged);
    }
    bench.control(probe).await?;
    each_notification(bench).await?;
    bench.conclude()
}

/// Judges notifications by the token that they have, unless they need none: what is open to everybody looks at no token, and
/// that it is open is judged elsewhere.
async fn each_notification(bench: &Bench) -> Result<(), Trouble> {
    let auth = bench.auth()?;
    let open = cancels_nothing(bench).without_token();
    if is_taken(&bench.send(open).await?) {
        return Ok(());
    }
    for (slug, deviation) in
        [("expired", TokenDeviation::Expired), ("audience-other", TokenDeviation::AudienceOther)]
    {
        let probe = cancels_nothing(bench).on(CONNECTION);
        if !is_taken(&bench.send(probe.clone()).await?) {
            return Ok(());
        }
        let seen = bench.send(probe.bearer(auth.broken(deviation)?.as_str())).await?;
        let judged = seen.settled().map(|seen| {
            Finding::expect(!is_taken(seen), "a refusal, of a notification as well", || {
                seen.describe()
            })
        });
        bench.case(
            &format!("notification-{slug}"),
            format!("a notification, {slug} token"),
            judged,
        );
    }
    Ok(())
}

/// Whether a request is served without a token on a connection that has never seen one.
async fn is_open(bench: &Bench, probe: &Probe) -> Result<bool, Trouble> {
    Ok(bench.send(probe.clone().without_token().fresh()).await?.is_accepted())
}

check! {
    /// **Observed:** a call of the slow tool with an expired token, or without one, leaves no trace in the journal, and
    /// the refusal of `tools/list` names no tool.
    ///
    /// **Why:** what was done before the refusal is done.
    ///
    /// **Fix:** validate the token before the body is read, and stop there.
    pub(super) VALIDATE_BEFORE = "auth.rs.validate-before";
    applies: [Auth];
    scenario: validate_before
}

async fn validate_before(bench: &Bench) -> Judgement {
    let auth = bench.auth()?;
    let expired = auth.broken(TokenDeviation::Expired)?;
    if let Some(list) = bench.base(Base::ToolsList) {
        let seen = bench.send(list.bearer(expired.as_str())).await?;
        let body = seen.body_text();
        let names = bench
            .survey()
            .tools
            .items
            .iter()
            .filter_map(|i| i.value["name"].as_str().map(str::to_owned));
        // Some names are words that may stand in any sentence: they tell when quoted alone.
        let told = names.filter(|name| name.len() >= 8).find(|name| {
            body.contains(&format!("\"{name}\""))
                || (is_coined(name) && body.contains(name.as_str()))
        });
        let finding = Finding::expect(told.is_none(), "a refusal that tells nothing", || {
            format!("the answer names the tool {:?}", told.unwrap_or_default())
        });
        bench.case("tools-list", "tools/list with an expired token", Ok(finding));
    }
    if work::no_journal(bench).is_none() {
        for (slug, token) in [("expired", Some(&expired)), ("absent", None)] {
            let key = format!("auth-{slug}-{}", bench.fresh_id());
            let slow = work::slow_in_journal(bench, Duration::from_millis(10), &key)?;
            let probe = match token {
                Some(token) => slow.probe.bearer(token.as_str()),
                None => slow.probe.without_token(),
            };
            bench.send(probe).await?;
            // Nothing but time shows that nothing was done.
            bench.pause(Duration::from_millis(150)).await;
            let entries = work::journal(bench, &key).await?;
            let finding =
                Finding::expect(entries == 0, "nothing done before the token is validated", || {
                    format!("the journal has {entries} entries of the refused call")
                });
            bench.case(&format!("call-{slug}"), format!("tools/call, token {slug}"), Ok(finding));
        }
    }
    bench.conclude()
}

/// Whether a name is no word of a sentence about authorization.
fn is_coined(name: &str) -> bool {
    let oauth = ["token", "auth", "scope", "error", "resource", "client", "grant", "invalid"];
    let word = name.chars().all(|c| c.is_ascii_lowercase());
    !word && !oauth.iter().any(|part| name.to_ascii_lowercase().contains(part))
}

check! {
    /// **Observed:** calls without a token are refused, and not answered by asking the user to log in at a URL.
    ///
    /// **Why:** a login by elicitation leaves the client without a token, and the user open to phishing.
    ///
    /// **Fix:** answer 401 with a challenge; elicit URLs only for the authorization of third parties.
    pub(super) NOT_SELF_AUTH = "elicit.url.not-self-auth";
    applies: [Auth];
    needs: [Tool];
    scenario: not_self_auth
}

async fn not_self_auth(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let url = survey.prop(Prop::ElicitUrlTool).map(|found| found.name.as_str());
    let mut callable: Vec<_> = survey.callable.iter().collect();
    callable.sort_by_key(|c| c.tool["name"].as_str() != url);
    for callable in callable.into_iter().take(CALLS) {
        let name = callable.tool["name"].as_str().unwrap_or_default();
        let probe = capable(bench.call_of(name, json!(callable.arguments))).without_token();
        let seen = bench.send(probe).await?;
        let finding = Finding::expect(
            seen.input_required().is_none(),
            "a refusal, no request for input",
            || seen.describe(),
        );
        bench.case(&format!("call-{name}"), format!("{name:?} without a token"), Ok(finding));
    }
    bench.conclude()
}
