//! basic#meta: who speaks, by their own account.

use std::collections::BTreeSet;

use plumb_flows::echo;
use plumb_flows::listing::{self, List, canonical, difference};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, Trouble, check};
use plumb_wire::jsonrpc::Message;
use plumb_wire::meta;
use serde_json::{Value, json};

check! {
    /// **Observed:** every result has `io.modelcontextprotocol/serverInfo` in its `_meta`.
    ///
    /// **Why:** there is no handshake any more: this is how logs and debuggers on the way know who answered.
    ///
    /// **Fix:** add it where all results are written. A server configured to withhold it can list this check as known.
    pub(crate) SERVER_INFO = "base.meta.server-info";
    passive: server_info
}

fn server_info(seen: &Observed, notes: &mut Notes<'_>) {
    let own = echo::own(seen).find_map(Message::result);
    let Some(result) = own.filter(|r| r.is_object()) else { return };
    let info = result.get("_meta").and_then(|m| m.get(meta::SERVER_INFO));
    notes.expect(
        info.is_some(),
        "`io.modelcontextprotocol/serverInfo` in the result's `_meta`",
        || format!("none in the result of {}", seen.method().unwrap_or("a request")),
    );
}

/// Names by which clients are known; none of them earns another answer.
const CLIENTS: [&str; 4] = ["claude-ai", "Visual Studio Code", "cursor-vscode", "plumb/другой"];

/// A difference counts if it comes so often again, between requests that get what they got before.
const AGAIN: usize = 2;

check! {
    /// **Observed:** discovery, the first page of each list, the items of all pages and whether a call succeeds are the
    /// same for clients of different names and for one that gives none. What differs does so each time.
    ///
    /// **Why:** clientInfo is self-reported; a server that goes by it breaks for every client that its author did not know.
    ///
    /// **Fix:** decide by declared capabilities, never by the client's name or version.
    pub(crate) IGNORES_CLIENT_INFO = "base.meta.server-ignores-client-info";
    scenario: ignores_client_info
}

async fn ignores_client_info(bench: &Bench) -> Judgement {
    let bases =
        [Base::Discover, Base::ToolsList, Base::ResourcesList, Base::PromptsList, Base::ToolsCall];
    for base in bases {
        let Some(plain) = bench.base(base) else { continue };
        let shape =
            |seen: &Observed| if base == Base::ToolsCall { success(seen) } else { content(seen) };
        let first = shape(&bench.control(plain.clone()).await?);
        // What differs from one request to the next says nothing about the client.
        if shape(&bench.control(plain.clone()).await?) != first {
            continue;
        }
        let names = CLIENTS.iter().map(|name| (*name, named(&plain, name)));
        let anonymous = ("no client", plain.clone().without_meta(meta::CLIENT_INFO));
        let mut finding = Finding::Held;
        for (name, probe) in names.chain([anonymous]) {
            let seen = bench.send(probe.clone()).await?;
            let other = shape(&seen);
            // What comes now and then comes for everybody.
            let mut lasts = other != first;
            for _ in 0..AGAIN {
                lasts = lasts
                    && shape(&bench.control(plain.clone()).await?) == first
                    && shape(&bench.send(probe.clone()).await?) == other;
            }
            if lasts {
                finding = Finding::violated(
                    format!("the same answer as for plumb, given {name:?}"),
                    seen.describe(),
                );
                break;
            }
        }
        // It may have changed for everybody in the meantime.
        let changed = shape(&bench.control(plain).await?) != first;
        if finding == Finding::Held || !changed {
            bench.case(
                base.name(),
                format!("{} for clients of several names", base.name()),
                Ok(finding),
            );
        }
    }
    for list in listing::ALL {
        further_pages(bench, list).await?;
    }
    bench.conclude()
}

/// Who asks.
type By = fn(Probe) -> Probe;

/// Compares what all pages of a list hold together, where it has more than one.
async fn further_pages(bench: &Bench, list: List) -> Result<(), Trouble> {
    if !bench.survey().declares(list.capability) {
        return Ok(());
    }
    let plain: By = |probe| probe;
    let Some((pages, first)) = listed(bench, list, plain).await? else { return Ok(()) };
    if pages < 2 || listed(bench, list, plain).await?.is_none_or(|(_, again)| again != first) {
        return Ok(());
    }
    let mut finding = Finding::Held;
    let anonymous: By = |probe| probe.without_meta(meta::CLIENT_INFO);
    let known: By = |probe| named(&probe, CLIENTS[0]);
    for (name, by) in [("no client", anonymous), (CLIENTS[0], known)] {
        let seen = listed(bench, list, by).await?;
        let Some((_, items)) = seen.filter(|(_, items)| *items != first) else { continue };
        let mut lasts = true;
        for _ in 0..AGAIN {
            lasts = lasts
                && listed(bench, list, plain).await?.is_some_and(|(_, now)| now == first)
                && listed(bench, list, by).await?.is_some_and(|(_, now)| now == items);
        }
        if lasts {
            finding = Finding::violated(
                format!("the same items as for plumb, given {name:?}"),
                difference(&first, &items),
            );
        }
    }
    let changed = listed(bench, list, plain).await?.is_none_or(|(_, last)| last != first);
    if finding == Finding::Held || !changed {
        let title = format!("all pages of {} for clients of several names", list.method);
        bench.case(&format!("{}-pages", list.key), title, Ok(finding));
    }
    Ok(())
}

/// At most so many pages of a list are compared.
const PAGES: usize = 8;

/// How many pages of a list were read, and what they hold; nothing if a page is refused.
async fn listed(
    bench: &Bench,
    list: List,
    by: By,
) -> Result<Option<(usize, BTreeSet<String>)>, Trouble> {
    let (mut params, mut items) = (json!({}), BTreeSet::new());
    for page in 1..=PAGES {
        let seen = bench.send(by(Probe::request(list.method, params))).await?;
        let Some(result) = seen.complete() else { return Ok(None) };
        let more = result.get(list.key).and_then(Value::as_array);
        items.extend(more.into_iter().flatten().map(canonical));
        let Some(cursor) = result.get("nextCursor").filter(|c| c.is_string()) else {
            return Ok(Some((page, items)));
        };
        params = json!({"cursor": cursor});
    }
    Ok(Some((PAGES, items)))
}

fn named(probe: &Probe, name: &str) -> Probe {
    probe.clone().meta(meta::CLIENT_INFO, json!({"name": name, "version": "1.0.0"}))
}

/// The result without what may change from one moment to the next.
fn content(seen: &Observed) -> Option<Value> {
    let mut result = seen.result()?.clone();
    let members = result.as_object_mut()?;
    for volatile in ["_meta", "ttlMs", "nextCursor"] {
        members.remove(volatile);
    }
    Some(result)
}

fn success(seen: &Observed) -> Option<Value> {
    let result = seen.result()?;
    Some(json!([result.get("resultType"), result["isError"] == true]))
}
