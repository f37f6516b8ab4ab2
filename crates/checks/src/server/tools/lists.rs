//! server/tools#capabilities, #list-changed-notification.

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
    let differs = |other: &listing::Walk| {
        let names = other.names(TOOLS);
        let mut same: Vec<&String> = order.iter().take(names.len()).collect();
        let mut there: Vec<&String> = names.iter().collect();
        same.sort();
        there.sort();
        // Another set is another check's business.
        let at =
            (same == there).then(|| order.iter().zip(&names).position(|(a, b)| a != b)).flatten();
        at.map(|at| format!("place {at} holds {:?}, then {:?}", order[at], names[at]))
    };
    let readings = (30 / first.pages.len().max(1)).clamp(3, 9);
    for n in 0..readings {
        let way =
            if n % 2 == 0 { Connection::Shared } else { Connection::Named(format!("order-{n}")) };
        // The first page alone every third time, so that no rhythm of requests hides a rhythm of orders.
        let pages = if n % 3 == 0 { 1 } else { 4 };
        if let Some(actual) = differs(&walk(bench, &way, TOOLS, pages).await?) {
            return once_or_often(bench, &way, actual).await;
        }
    }
    if bench.has_replicas()
        && let Some(actual) = differs(&walk(bench, &Connection::Elsewhere, TOOLS, 4).await?)
    {
        let actual = format!("on another replica {actual}");
        return once_or_often(bench, &Connection::Elsewhere, actual).await;
    }
    if bench.survey().transport.shares_processes() {
        return Ok(Finding::Held);
    }
    let own = bench.ready_instance().await?;
    let way = Connection::Own(&own);
    let judged = match walk(bench, &way, TOOLS, 4).await {
        Ok(there) => match differs(&there) {
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

/// An order that changed once and then stays, on every connection, is another list, not a random order.
async fn once_or_often(bench: &Bench, way: &Connection<'_>, actual: String) -> Judgement {
    let mut orders = Vec::new();
    for read in [&Connection::Shared, way, way, &Connection::Shared, way, &Connection::Shared] {
        orders.push(walk(bench, read, TOOLS, 1).await?.names(TOOLS));
    }
    Ok(if orders.windows(2).all(|pair| pair[0] == pair[1]) {
        Finding::unseen(format!("the order changed once: {actual}"), "nothing")
    } else {
        Finding::violated("the same order every time", actual)
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
