//! server/resources#capabilities, #list-changed-notification.

use plumb_flows::listing::changes::Announced;
use plumb_flows::listing::stability::{same_on_every_connection, without_side_effect};
use plumb_flows::listing::{self, RESOURCES, TEMPLATES};
use plumb_runner::{Bench, Judgement, Prop, check};
use plumb_wire::notification;

check! {
    /// **Observed:** a server that lists resources or templates has `resources` among its capabilities.
    ///
    /// **Why:** clients ask only for what is declared.
    ///
    /// **Fix:** add `"resources": {}` to the capabilities of `server/discover`. An empty list without the
    /// capability is not counted as support.
    pub(crate) DECLARE = "resources.declare";
    since: "2025-03-26";
    scenario: declare
}

async fn declare(bench: &Bench) -> Judgement {
    listing::declared(bench, &[RESOURCES, TEMPLATES]).await
}

check! {
    /// **Observed:** `resources/list` is answered with `resources`, whatever the id's type, on a fresh
    /// connection, with unknown `_meta` and with every client capability.
    ///
    /// **Why:** the capability promises the list.
    ///
    /// **Fix:** answer with an empty list if there are only templates.
    pub(crate) RESPOND = "resources.list.respond";
    applies: [Declares(Resources)];
    scenario: respond
}

async fn respond(bench: &Bench) -> Judgement {
    listing::responds(bench, RESOURCES).await
}

check! {
    /// **Observed:** connections beside each other (over standard streams: processes) get the same resources; a
    /// difference counts when every connection repeats its own list.
    ///
    /// **Why:** a client may use any number of connections, and a gateway spreads them over replicas.
    ///
    /// **Fix:** build the list from what there is and the request's authorization, never from the connection.
    pub(crate) NO_CONNECTION_VARIANCE = "resources.list.no-connection-variance";
    applies: [Declares(Resources)];
    scenario: no_connection_variance
}

async fn no_connection_variance(bench: &Bench) -> Judgement {
    same_on_every_connection(bench, RESOURCES).await
}

check! {
    /// **Observed:** the list is the same before and after ordinary requests on a connection. A tool that
    /// exists to change the list is not called here; a list that changes by itself is not judged.
    /// Processes that we start are looked at before their first such requests, too.
    ///
    /// **Why:** what was read or called before is no input of a list; clients cache it.
    ///
    /// **Fix:** do not add what was read, and do not unlock resources by requests on the connection.
    pub(crate) NO_SIDE_EFFECT = "resources.list.no-side-effect";
    applies: [Declares(Resources)];
    waits: true;
    scenario: no_side_effect
}

async fn no_side_effect(bench: &Bench) -> Judgement {
    without_side_effect(bench, RESOURCES).await
}

check! {
    /// **Observed:** when the list of resources changes, a stream that asked for `resourcesListChanged` is told. The change is made by the
    /// tool that exists for it, or it comes while the tools that may be called are called.
    ///
    /// **Why:** clients that were promised notifications do not poll.
    ///
    /// **Fix:** send `notifications/resources/list_changed` on every such stream, or do not declare `listChanged`.
    pub(crate) LIST_CHANGED = "resources.list-changed";
    applies: [Declares(ResourcesListChanged)];
    isolation: Alone;
    scenario: list_changed
}

async fn list_changed(bench: &Bench) -> Judgement {
    let changes = Announced {
        list: RESOURCES,
        by: Prop::ChangeResources,
        flag: "resourcesListChanged",
        notification: notification::RESOURCES_CHANGED,
    };
    changes.are_told(bench).await
}
