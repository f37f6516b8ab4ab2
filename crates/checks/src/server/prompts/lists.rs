//! server/prompts#capabilities, #list-changed-notification.

use plumb_flows::listing::changes::Announced;
use plumb_flows::listing::stability::{same_on_every_connection, without_side_effect};
use plumb_flows::listing::{self, PROMPTS};
use plumb_runner::{Bench, Judgement, Prop, check};
use plumb_wire::notification;

check! {
    /// **Observed:** a server that lists prompts has `prompts` among its capabilities.
    ///
    /// **Why:** clients ask only for what is declared.
    ///
    /// **Fix:** add `"prompts": {}` to the capabilities of `server/discover`. An empty list without the
    /// capability is not counted as support.
    pub(crate) DECLARE = "prompts.declare";
    since: "2025-03-26";
    scenario: declare
}

async fn declare(bench: &Bench) -> Judgement {
    listing::declared(bench, &[PROMPTS]).await
}

check! {
    /// **Observed:** `prompts/list` is answered with `prompts`, whatever the id's type, on a fresh
    /// connection, with unknown `_meta` and with every client capability.
    ///
    /// **Why:** the capability promises the list.
    ///
    /// **Fix:** answer with an empty list at least.
    pub(crate) RESPOND = "prompts.list.respond";
    applies: [Declares(Prompts)];
    scenario: respond
}

async fn respond(bench: &Bench) -> Judgement {
    listing::responds(bench, PROMPTS).await
}

check! {
    /// **Observed:** connections beside each other (over standard streams: processes) get the same prompts; a
    /// difference counts when every connection repeats its own list.
    ///
    /// **Why:** a client may use any number of connections, and a gateway spreads them over replicas.
    ///
    /// **Fix:** build the list from what there is and the request's authorization, never from the connection.
    pub(crate) NO_CONNECTION_VARIANCE = "prompts.list.no-connection-variance";
    applies: [Declares(Prompts)];
    scenario: no_connection_variance
}

async fn no_connection_variance(bench: &Bench) -> Judgement {
    same_on_every_connection(bench, PROMPTS).await
}

check! {
    /// **Observed:** the list is the same before and after ordinary requests on a connection. A tool that
    /// exists to change the list is not called here; a list that changes by itself is not judged.
    /// Processes that we start are looked at before their first such requests, too.
    ///
    /// **Why:** what was read or called before is no input of a list; clients cache it.
    ///
    /// **Fix:** do not unlock or hide prompts by requests on the connection.
    pub(crate) NO_SIDE_EFFECT = "prompts.list.no-side-effect";
    applies: [Declares(Prompts)];
    waits: true;
    scenario: no_side_effect
}

async fn no_side_effect(bench: &Bench) -> Judgement {
    without_side_effect(bench, PROMPTS).await
}

check! {
    /// **Observed:** when the list of prompts changes, a stream that asked for `promptsListChanged` is told. The change is made by the
    /// tool that exists for it, or it comes while the tools that may be called are called.
    ///
    /// **Why:** clients that were promised notifications do not poll.
    ///
    /// **Fix:** send `notifications/prompts/list_changed` on every such stream, or do not declare `listChanged`.
    pub(crate) LIST_CHANGED = "prompts.list-changed";
    applies: [Declares(PromptsListChanged)];
    isolation: Alone;
    scenario: list_changed
}

async fn list_changed(bench: &Bench) -> Judgement {
    let changes = Announced {
        list: PROMPTS,
        by: Prop::ChangePrompts,
        flag: "promptsListChanged",
        notification: notification::PROMPTS_CHANGED,
    };
    changes.are_told(bench).await
}
