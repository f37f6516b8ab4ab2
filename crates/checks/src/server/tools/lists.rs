//! server/tools#capabilities, #list-changed-notification.

use std::collections::HashSet;

use plumb_flows::listing::changes::Announced;
use plumb_flows::listing::stability::{same_on_every_connection, without_side_effect};
use plumb_flows::listing::{self, Connection, TOOLS, walk};
use plumb_runner::{Bench, Finding, Judgement, Prop, check};
use plumb_wire::notification;

check! {
    /// **Observed:** a server that lists tools has `tools` among its capabilities.
    ///
    /// **Why:** clients ask only for what is declared; undeclared tools are never used.
    ///
    /// **Fix:** add `"tools": {}` to the capabilities of `server/discover`. An empty list without the
    /// capability is not counted as support.
    pub(crate) DECLARE = "tools.declare";
    since: "2025-03-26";
    scenario: declare
}

async fn declare(bench: &Bench) -> Judgement {
    listing::declared(bench, &[TOOLS]).await
}

check! {
    /// **Observed:** `tools/list` is answered with `tools`, whatever the id's type, on a fresh connection, with
    /// unknown `_meta` and with every client capability.
    ///
    /// **Why:** the capability promises the list.
    ///
    /// **Fix:** answer with `{"resultType": "complete", "tools": []}` at least.
    pub(crate) RESPOND = "tools.list.respond";
    applies: [Declares(Tools)];
    scenario: respond
}

async fn respond(bench: &Bench) -> Judgement {
    listing::responds(bench, TOOLS).await
}

check! {
    /// **Observed:** connections beside each other (over standard streams: processes) get the same tools; a
    /// difference counts when every connection repeats its own list.
    ///
    /// **Why:** a client may use any number of connections, and a gateway spreads them over replicas.
    ///
    /// **Fix:** build the list from configuration and the request's authorization, never from the connection.
    pub(crate) NO_CONNECTION_VARIANCE = "tools.list.no-connection-variance";
    applies: [Declares(Tools)];
    scenario: no_connection_variance
}

async fn no_connection_variance(bench: &Bench) -> Judgement {
    same_on_every_connection(bench, TOOLS).await
}

check! {
    /// **Observed:** the list is the same before and after ordinary requests on a connection (calls, reads,
    /// completions, refused requests). A tool that exists to change the list is not called here.
    /// Processes that we start are looked at before their first such requests, too.
    ///
    /// **Why:** clients cache the list; one that changes behind calls is stale as soon as it arrives.
    ///
    /// **Fix:** do not unlock or hide tools as a consequence of requests on the connection.
    pub(crate) NO_SIDE_EFFECT = "tools.list.no-side-effect";
    applies: [Declares(Tools)];
    waits: true;
    scenario: no_side_effect
}

async fn no_side_effect(bench: &Bench) -> Judgement {
    without_side_effect(bench, TOOLS).await
}

check! {
    /// **Observed:** ten readings of the list, over connections and, if Plumb can start one, over another
    /// process, give the same tools in the same order.
    ///
    /// **Why:** a list in random order defeats the caches of clients and of language models.
    ///
    /// **Fix:** sort the list, or keep the tools in an ordered map.
    pub(crate) DETERMINISTIC = "tools.list.deterministic";
    applies: [Declares(Tools)];
    scenario: deterministic
}

async fn deterministic(bench: &Bench) -> Judgement {
    let first = walk(bench, &Connection::Shared, TOOLS, 4).await?;
    let order = first.names(TOOLS);
    let readings = (30 / first.pages.len().max(1)).clamp(3, 9);
    let mut compared = order.len() < 2;
    for n in 0..readings {
        let way =
            if n % 2 == 0 { Connection::Shared } else { Connection::Named(format!("order-{n}")) };
        // The first page alone every third time, so that no rhythm of requests hides a rhythm of orders.
        let pages = if n % 3 == 0 { 1 } else { 4 };
        let names = walk(bench, &way, TOOLS, pages).await?.names(TOOLS);
        if let Some(actual) = turned(&order, &names) {
            return once_or_often(bench, &way, actual).await;
        }
        compared |= in_both(&order, &names).len() > 1;
    }
    if !compared {
        return Ok(Finding::unseen(
            "no two tools came twice",
            "let the list rest for the time of a run",
        ));
    }
    if bench.has_replicas() {
        let names = walk(bench, &Connection::Elsewhere, TOOLS, 4).await?.names(TOOLS);
        if let Some(actual) = turned(&order, &names) {
            let actual = format!("on another replica {actual}");
            return once_or_often(bench, &Connection::Elsewhere, actual).await;
        }
    }
    if bench.survey().transport.shares_processes() {
        return Ok(Finding::Held);
    }
    let own = bench.ready_instance().await?;
    let way = Connection::Own(&own);
    let judged = match walk(bench, &way, TOOLS, 4).await {
        Ok(there) => match turned(&order, &there.names(TOOLS)) {
            Some(actual) => {
                once_or_often(bench, &way, format!("in another process {actual}")).await
            }
            None => Ok(Finding::Held),
        },
        Err(trouble) => Err(trouble),
    };
    own.leave().await;
    judged
}

/// The names of the one that are in the other as well, in the order of the one, each once.
fn in_both<'a>(one: &'a [String], other: &[String]) -> Vec<&'a String> {
    let mut common: HashSet<&String> = other.iter().collect();
    one.iter().filter(|name| common.remove(name)).collect()
}

/// Where two readings have the same tools in another order. What is in one of them alone is another check's business: the list may
/// have changed, and an order made anew for each page shows other tools each time.
fn turned(before: &[String], after: &[String]) -> Option<String> {
    let (was, is) = (in_both(before, after), in_both(after, before));
    let at = was.iter().zip(&is).position(|(a, b)| a != b)?;
    Some(format!("of what was listed both times {:?} comes where {:?} was", is[at], was[at]))
}

/// An order that changed once and then stays, on every connection, is another list, not a random order.
async fn once_or_often(bench: &Bench, way: &Connection<'_>, actual: String) -> Judgement {
    let mut orders = Vec::new();
    for read in [&Connection::Shared, way, way, &Connection::Shared, way, &Connection::Shared] {
        orders.push(walk(bench, read, TOOLS, 1).await?.names(TOOLS));
    }
    Ok(if orders.windows(2).any(|pair| turned(&pair[0], &pair[1]).is_some()) {
        Finding::violated("the same order every time", actual)
    } else {
        Finding::unseen(format!("the order changed once: {actual}"), "nothing")
    })
}

check! {
    /// **Observed:** when the list of tools changes, a stream that asked for `toolsListChanged` is told. The change is made by the
    /// tool that exists for it, or it comes while the tools that may be called are called.
    ///
    /// **Why:** clients that were promised notifications do not poll.
    ///
    /// **Fix:** send `notifications/tools/list_changed` on every such stream, or do not declare `listChanged`.
    pub(crate) LIST_CHANGED = "tools.list-changed";
    applies: [Declares(ToolsListChanged)];
    isolation: Alone;
    scenario: list_changed
}

async fn list_changed(bench: &Bench) -> Judgement {
    let changes = Announced {
        list: TOOLS,
        by: Prop::ChangeTools,
        flag: "toolsListChanged",
        notification: notification::TOOLS_CHANGED,
    };
    changes.are_told(bench).await
}

#[cfg(test)]
mod tests {
    use super::turned;

    fn names(all: &str) -> Vec<String> {
        all.chars().map(String::from).collect()
    }

    #[test]
    fn the_order_of_what_is_listed_both_times_is_compared() {
        assert!(turned(&names("abcd"), &names("abdc")).is_some());
        // An order made anew before it is cut in pages: other tools, and some of them twice.
        assert!(turned(&names("abcd"), &names("dxayd")).is_some());
    }

    #[test]
    fn a_list_that_gains_and_loses_tools_keeps_its_order() {
        assert_eq!(turned(&names("abcd"), &names("abcd")), None);
        assert_eq!(turned(&names("abcd"), &names("xbyd")), None);
        assert_eq!(turned(&names("abcd"), &names("ab")), None);
        assert_eq!(turned(&names("abab"), &names("ab")), None);
        assert_eq!(turned(&names("abcd"), &names("wxyz")), None);
    }
}
