//! ext:server-card#consistency-with-runtime-behavior: what a card says, beside what the server says of itself.

use std::collections::BTreeSet;

use plumb_runner::survey::remotes_at;
use plumb_runner::{Bench, Finding, Judgement, brief, check};
use plumb_wire::meta;
use serde_json::Value;

use super::{each_card, title};

/// What the server says of itself at run time; its own exchange is evidence beside the card.
fn server_info(bench: &Bench) -> Option<&Value> {
    let survey = bench.survey();
    let discovered = survey.discover.as_ref().and_then(|seen| {
        let info = seen.complete()?.get("_meta")?.get(meta::SERVER_INFO)?;
        Some((seen, info))
    });
    let welcomed = survey.initialize.as_ref().and_then(|seen| {
        let info = seen.result()?.get("serverInfo")?;
        Some((seen, info))
    });
    let (seen, info) = discovered.or(welcomed)?;
    bench.note(seen);
    Some(info)
}

fn silent() -> Finding {
    Finding::unseen("the server says nothing of itself", "send `serverInfo`")
}

check! {
    /// **Observed:** the `name` of each card beside the `name` of `serverInfo`. **Position:** a card's name has a namespace, that
    /// of `serverInfo` often has none: they contradict each other where both have one and differ, or where they have no word in
    /// common, titles included.
    ///
    /// **Why:** a card under another name leads clients to a server that they did not choose.
    ///
    /// **Fix:** tell the same name in both, with its namespace.
    pub(super) NAME = "card.consistent.name";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: name
}

async fn name(bench: &Bench) -> Judgement {
    let Some(info) = server_info(bench) else { return Ok(silent()) };
    each_card(bench, |card| {
        let card = &card.document.value;
        let (Some(told), Some(real)) = (card["name"].as_str(), info["name"].as_str()) else {
            return Finding::unseen("the card or `serverInfo` has no name", "give both one");
        };
        let contradicts = if real.contains('/') && !told.eq_ignore_ascii_case(real) {
            true
        } else {
            let told = words([told, card["title"].as_str().unwrap_or_default()]);
            let real = words([real, info["title"].as_str().unwrap_or_default()]);
            told.is_disjoint(&real)
        };
        Finding::expect(!contradicts, format!("the name of `serverInfo`, {real:?}"), || {
            format!("{told:?}")
        })
    })
}

/// The words of names, in lower case.
fn words<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    let all = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
    all.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

check! {
    /// **Observed:** the `version` of each card is that of `serverInfo`.
    ///
    /// **Why:** a card that was not renewed with a deployment tells of a server that is gone.
    ///
    /// **Fix:** build the card from the same constant.
    pub(super) VERSION = "card.consistent.version";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: version
}

async fn version(bench: &Bench) -> Judgement {
    let Some(info) = server_info(bench) else { return Ok(silent()) };
    each_card(bench, |card| same(&card.document.value["version"], &info["version"], "version"))
}

check! {
    /// **Observed:** the `title` of each card is that of `serverInfo`, where both have one. Descriptions are not compared: which of
    /// two texts say the same takes a person to tell.
    ///
    /// **Why:** people choose servers by their titles.
    ///
    /// **Fix:** build the card from the same constant.
    pub(super) TITLE = "card.consistent.title";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: titles
}

async fn titles(bench: &Bench) -> Judgement {
    let Some(info) = server_info(bench) else { return Ok(silent()) };
    each_card(bench, |card| same(&card.document.value["title"], &info["title"], "title"))
}

/// Whether a card tells the same as `serverInfo` does.
fn same(told: &Value, real: &Value, member: &str) -> Finding {
    let (Some(told), Some(real)) = (told.as_str(), real.as_str()) else {
        let why = format!("the card or `serverInfo` has no {member}");
        return Finding::unseen(why, format!("give both a {member}"));
    };
    let fits = told.trim() == real.trim();
    Finding::expect(fits, format!("the {member} of `serverInfo`, {real:?}"), || format!("{told:?}"))
}

check! {
    /// **Observed:** of the remote whose URL is that of this server, `supportedProtocolVersions` beside the `supportedVersions` of
    /// server/discover. **Position:** they contradict each other if the card claims a version that the server does not list, or
    /// none of those that it lists; a version that opens with a handshake counts as served if the server answers a handshake.
    ///
    /// **Why:** a card that overstates versions leads clients into an error, one that understates them into an old revision.
    ///
    /// **Fix:** build the card from the list that server/discover answers with.
    pub(super) PROTOCOL = "card.consistent.protocol";
    applies: [Http, Card];
    scenario: protocol
}

async fn protocol(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let Some(discover) = survey.discover.as_ref().filter(|_| !survey.versions.is_empty()) else {
        return Ok(Finding::unseen("the server lists no versions", "serve server/discover"));
    };
    let by_handshake = survey.dual_era || survey.era_undecided;
    let serves = |version: &str| {
        let earlier = by_handshake && bench.edition().is_earlier(version);
        earlier || survey.versions.iter().any(|served| served == version)
    };
    each_remote(bench, |remote| {
        bench.note(discover);
        let claimed = remote["supportedProtocolVersions"].as_array();
        let claimed: Option<Vec<&str>> =
            claimed.map(|c| c.iter().filter_map(Value::as_str).collect());
        let Some(claimed) = claimed.filter(|claimed| !claimed.is_empty()) else {
            return Finding::unseen("the remote tells no versions", "list those that are served");
        };
        let common = claimed.iter().any(|version| survey.versions.iter().any(|v| v == version));
        let fits = common && claimed.iter().all(|version| serves(version));
        let expected = format!("versions of server/discover: {}", survey.versions.join(", "));
        Finding::expect(fits, expected, || claimed.join(", "))
    })
}

check! {
    /// **Observed:** the remote whose URL is that of this server has the type `streamable-http`, which was spoken there.
    ///
    /// **Why:** a client opens a connection by the type: by the other one it waits for a stream that never comes.
    ///
    /// **Fix:** correct the type.
    pub(super) TRANSPORT = "card.consistent.transport";
    since: "2025-03-26";
    applies: [Http, Card];
    scenario: transport
}

async fn transport(bench: &Bench) -> Judgement {
    each_remote(bench, |remote| {
        let fits = remote["type"] == "streamable-http";
        Finding::expect(fits, "`type` is streamable-http", || brief(&remote["type"]))
    })
}

/// Judges the remotes of the cards that are this server.
fn each_remote(bench: &Bench, judge: impl Fn(&Value) -> Finding) -> Judgement {
    let url = bench.url().unwrap_or_default();
    let mut any = false;
    for card in &bench.survey().cards.cards {
        let remotes: Vec<&Value> = remotes_at(&card.document.value, url).collect();
        for (n, remote) in remotes.iter().enumerate() {
            any = true;
            bench.note(&card.document.seen);
            let slug = format!("{}-remote-{}", card.slug, n + 1);
            let title = format!("the remote {url} of {}", title(card));
            let finding = judge(remote);
            bench.case(&slug, title, Ok(finding));
        }
    }
    if any { bench.conclude() } else { Ok(unnamed(url)) }
}

fn unnamed(url: &str) -> Finding {
    Finding::unseen(
        format!("no remote of the card is {url}"),
        "judge the server at the URL that its card names",
    )
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_share_words_whatever_joins_them() {
        let told = words(["com.example/weather-station", ""]);
        assert!(!told.is_disjoint(&words(["Weather_MCP", ""])));
        assert!(told.is_disjoint(&words(["docs", "Documentation"])));
    }
}
