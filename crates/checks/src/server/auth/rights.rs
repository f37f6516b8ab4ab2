//! Rights follow from the token: not from what a client calls itself, from headers, or from what is listed.

use plumb_flows::auth::denied::{all_served, denied, served};
use plumb_flows::auth::lists::{items, only};
use plumb_runner::{Bench, Finding, Judgement, OTHER_PRINCIPAL, PRINCIPAL, check};
use plumb_wire::{meta, method};
use serde_json::{Value, json};

/// So many hidden tools are called with each token.
const HIDDEN: usize = 6;

check! {
    /// **Observed:** what a token grants too little for stays refused when the client calls itself `admin`, or by the name
    /// of the server.
    ///
    /// **Why:** `clientInfo` is whatever the client writes.
    ///
    /// **Fix:** decide by the token alone; use `clientInfo` for logs and statistics.
    pub(super) CLIENT_INFO = "base.meta.client-info-not-security";
    applies: [Auth];
    scenario: client_info
}

async fn client_info(bench: &Bench) -> Judgement {
    let denied = denied(bench).await?;
    let server = bench.survey().server.clone().unwrap_or_default();
    let server = server.split_whitespace().next().unwrap_or("server").to_owned();
    for denied in &denied {
        for name in ["admin", "root", server.as_str()] {
            let info = json!({"name": name, "version": "1.0.0"});
            let seen = bench.send(denied.again(bench)?.meta(meta::CLIENT_INFO, info)).await?;
            let finding = Finding::expect(
                !served(&seen),
                "a refusal, whatever the client calls itself",
                || seen.describe(),
            );
            bench.case(
                &format!("{}-{name}", denied.slug),
                format!("{} as {name:?}", denied.slug),
                Ok(finding),
            );
        }
    }
    if denied.is_empty() { Ok(all_served()) } else { bench.conclude() }
}

check! {
    /// **Observed:** a tool that a token grants too little for stays refused when `Mcp-Name` names a tool that it may call.
    ///
    /// **Why:** headers are for routing; whoever writes the request writes them.
    ///
    /// **Fix:** decide by the body that is worked on, and refuse headers that say something else.
    pub(super) HEADERS = "sep2243.security-no-trust";
    applies: [Auth];
    scenario: headers
}

async fn headers(bench: &Bench) -> Judgement {
    let mut calls = denied(bench).await?;
    calls.retain(|denied| denied.probe.method() == Some(method::TOOLS_CALL));
    for denied in &calls {
        let allowed = bench.survey().callable.iter().filter_map(|c| c.tool["name"].as_str());
        for (n, name) in allowed.take(3).enumerate() {
            let seen = bench.send(denied.again(bench)?.header("Mcp-Name", name)).await?;
            let finding =
                Finding::expect(!served(&seen), "a refusal, whatever the header names", || {
                    seen.describe()
                });
            bench.case(
                &format!("{}-{n}", denied.slug),
                format!("{} under the name {name:?}", denied.slug),
                Ok(finding),
            );
        }
    }
    if calls.is_empty() { Ok(all_served()) } else { bench.conclude() }
}

check! {
    /// **Observed:** a tool that is listed for a token of all scopes, and not for one of fewer scopes or of another
    /// principal, is refused to the latter when it is called.
    ///
    /// **Why:** a name that is not listed is no secret: it stands in caches, logs and source code.
    ///
    /// **Fix:** check the rights when a tool is called, not only when tools are listed.
    pub(super) TOOLS = "tools.sec.access-control";
    applies: [Auth, Declares(Tools)];
    scenario: tools
}

async fn tools(bench: &Bench) -> Judgement {
    let auth = bench.auth()?;
    let full = auth.scoped(PRINCIPAL, auth.scopes())?;
    let all = items(bench, method::TOOLS_LIST, "tools", full.as_str()).await?;
    let narrow = auth.scopes().iter().map(|s| (s.replace(':', "-"), PRINCIPAL, vec![s.clone()]));
    let other = ("other-principal".to_owned(), OTHER_PRINCIPAL, auth.scopes().to_vec());
    for (slug, principal, scopes) in narrow.chain([other]) {
        let Some(token) = auth.scoped_if_any(principal, &scopes)? else { continue };
        let seen = items(bench, method::TOOLS_LIST, "tools", token.as_str()).await?;
        if seen.is_empty() {
            continue;
        }
        let hidden = only(&all, &seen, "name");
        let callable = bench
            .survey()
            .callable
            .iter()
            .filter(|c| c.tool["name"].as_str().is_some_and(|n| hidden.contains(&n)));
        for callable in callable.take(HIDDEN) {
            let name = callable.tool["name"].as_str().unwrap_or_default();
            let probe = bench.call_of(name, Value::Object(callable.arguments.clone()));
            bench.control(probe.clone()).await?;
            let seen = bench.send(probe.bearer(token.as_str())).await?;
            let finding =
                Finding::expect(!served(&seen), "a refusal of the tool that is not listed", || {
                    seen.describe()
                });
            bench.case(&format!("{name}-{slug}"), format!("{name:?} by {slug}"), Ok(finding));
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "every token is shown the same tools, as far as they may be called",
            "mark a tool that only some may see `readOnlyHint: true`",
        )),
        finding => Ok(finding),
    }
}
