//! The stateless core: no handshake, no session, no request by the server.

use plumb_model::audit::Effort::{Large, Medium, Small};
use plumb_model::audit::Phase::Core;

use super::Entry;

/// The earliest removal of roots, sampling and logging.
const IN_A_YEAR: &str = "the first revision on or after 2027-07-28";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(Core, Small, "migrate.core.discover", "`server/discover` is not answered").to(
        "versioning.server-discover",
        "Answer `server/discover` with the versions, the capabilities and the identity that `initialize` answers with today.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.core.request-meta",
        "a request that carries its version and the client's capabilities itself is not served",
    )
    .to(
        "base.stateless.no-prior-requests",
        "Take version and capabilities from `_meta` of each request, and nothing from what came before it.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.core.handshake-required",
        "nothing is served before `initialize`",
    )
    .to(
        "base.stateless.no-prior-requests",
        "Move what is set up at `initialize` to the start of the process or into each request; serve the handshake beside it for \
         as long as earlier clients need it.",
    ),
    Entry::new(Core, Small, "migrate.core.result-type", "results have no `resultType`").to(
        "base.response.result-type",
        "Add `resultType: \"complete\"` to every result.",
    ),
    Entry::new(Core, Medium, "migrate.session.minted", "the server gives out a session id").to(
        "http.legacy.session-not-minted",
        "Send no `Mcp-Session-Id` to clients of the newest revision; what it stood for becomes an argument of tools, minted by \
         one and taken by others.",
    ),
    Entry::new(Core, Large, "migrate.session.required", "a request without a session id is refused")
        .to(
            "http.legacy.session-ignored",
            "Serve each request by itself; authenticate it by its token, and never by a session.",
        ),
    Entry::new(
        Core,
        Small,
        "migrate.session.unknown-status",
        "a request with a session id that nobody knows is refused",
    )
    .to(
        "http.legacy.session-ignored",
        "Ignore the header in requests of the newest revision: a client that was moved here may still send it.",
    ),
    Entry::new(Core, Small, "migrate.session.ended-by-client", "DELETE ends a session").to(
        "http.legacy.delete-405",
        "Answer DELETE with 405; what it cleaned up needs a time of its own to expire.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.session.capability-bound",
        "what is served depends on what the client declared in the handshake",
    )
    .to(
        "base.stateless.no-remembered-capabilities",
        "List the same tools for everybody, and look at `_meta` of the call: without the capability, refuse it with -32021.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.session.list-bound",
        "two sessions of the same client see different lists",
    )
    .to(
        "tools.list.no-connection-variance",
        "Make lists a function of the authorized user alone; what appears by use becomes a handle that tools take.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.session.result-bound",
        "the same call gives one result in one session and another in the other",
    )
    .to(
        "base.stateless.explicit-state-id",
        "Give what is kept between calls a name that the client sends as an argument, and check who may use it.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.session.cursor-bound",
        "a cursor of one session is refused in another",
    )
    .to(
        "base.stateless.no-connection-affinity",
        "Put the position itself into the cursor, sealed if it must not be changed.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.session.subscription-bound",
        "subscriptions are kept with the session",
    )
    .to(
        "subs.no-state-across-reconnect",
        "Keep them with the stream of `subscriptions/listen` that asks for them, and forget them when it ends.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.session.log-level-bound",
        "the log level is kept with the session",
    )
    .to(
        "logging.no-remembered-level",
        "Read the level from `_meta` of each request, and log nothing to a client that names none.",
    )
    .removed(IN_A_YEAR),
    Entry::new(
        Core,
        Large,
        "migrate.session.single-client",
        "a second client cannot begin while the first is there",
    )
    .to(
        "base.stateless.multi-conversation",
        "Make nothing global of what belongs to one client: one transport or server object for all of them cannot serve two.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.session.interleaved",
        "two clients that ask at once under the same id do not each get their answer",
    )
    .to(
        "base.response.ids-apart",
        "Correlate by the request and not by its id, which is unique for one client only.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.push.sampling",
        "tools ask the client for sampling while they run",
    )
    .to(
        "mrtr.use-mrtr",
        "Return `input_required` with the request among `inputRequests`, and all that is needed to go on in `requestState`; the \
         client calls again with `inputResponses`. Better: ask a model of your own, since sampling is deprecated.",
    )
    .removed(IN_A_YEAR),
    Entry::new(
        Core,
        Large,
        "migrate.push.elicitation",
        "tools ask the user while they run",
    )
    .to(
        "mrtr.use-mrtr",
        "Return `input_required` with the request among `inputRequests`, and all that is needed to go on in `requestState`; the \
         client calls again with `inputResponses`.",
    ),
    Entry::new(Core, Medium, "migrate.push.roots", "tools ask for the client's roots while they run")
        .to(
            "mrtr.use-mrtr",
            "Take folders as arguments, as addresses of resources or from the configuration; until then, `roots/list` can stand \
             among `inputRequests`.",
        )
        .removed(IN_A_YEAR),
    Entry::new(
        Core,
        Large,
        "migrate.push.outside-call",
        "the server asks the client outside of any call",
    )
    .to(
        "patterns.no-server-requests",
        "Ask within the call that needs it, by `input_required`: no other way to a client is left.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.push.list-changed",
        "changes are told to whoever has a session",
    )
    .to(
        "subs.supported",
        "Answer `subscriptions/listen`, and tell its streams what they asked for, with their id in `_meta`.",
    ),
    Entry::new(Core, Medium, "migrate.stream.get", "GET opens a stream").to(
        "http.legacy.get-405",
        "Answer GET with 405; what went out there goes to `subscriptions/listen`, or to the answer of the request that it \
         belongs to.",
    ),
    Entry::new(Core, Small, "migrate.stream.event-ids", "events carry ids").to(
        "http.sse.not-resumable",
        "Send events without `id`: a stream that breaks is not resumed, the request is sent again.",
    ),
    Entry::new(Core, Medium, "migrate.stream.replay", "a stream is resumed by `Last-Event-ID`").to(
        "http.legacy.last-event-id-ignored",
        "Drop the store of events. Make calls that must not run twice idempotent by an argument, or long ones tasks.",
    ),
    Entry::new(
        Core,
        Large,
        "migrate.stream.retry-polling",
        "a stream is closed before the answer, to be fetched later",
    )
    .to(
        "http.sse.not-resumable",
        "Keep the stream open until the answer, or answer with a task (extension `io.modelcontextprotocol/tasks`) and have it \
         polled.",
    ),
    Entry::new(
        Core,
        Medium,
        "migrate.stream.http-sse-2024",
        "the transport of 2024-11-05 is served (HTTP+SSE)",
    )
    .to(
        "http.legacy.sse-migrate",
        "Move its clients to the one endpoint, and switch it off.",
    )
    .removed("three months after SEP-2596 reaches Final"),
    Entry::new(Core, Small, "migrate.method.ping", "`ping` is answered").to(
        "http.method-not-found.removed-rpcs",
        "Refuse it with -32601 in the newest revision; whether a server is there, any request tells.",
    ),
    Entry::new(Core, Small, "migrate.method.logging-set-level", "`logging/setLevel` is answered")
        .to(
            "http.method-not-found.removed-rpcs",
            "Refuse it with -32601 in the newest revision; the level comes with each request.",
        ),
    Entry::new(
        Core,
        Medium,
        "migrate.method.resources-subscribe",
        "`resources/subscribe` is answered",
    )
    .to(
        "http.method-not-found.removed-rpcs",
        "Refuse it with -32601 in the newest revision; resources to watch are named in `subscriptions/listen`.",
    ),
    Entry::new(
        Core,
        Small,
        "migrate.method.roots-list-changed",
        "the server asks for roots again when they have changed",
    )
    .to(
        "patterns.no-server-requests",
        "Ask for roots when they are needed: `notifications/roots/list_changed` no longer comes.",
    ),
    Entry::new(
        Core,
        Small,
        "migrate.method.elicitation-complete",
        "the server tells when a user is done with a URL",
    )
    .to(
        "schema.removed-members",
        "Drop `notifications/elicitation/complete` and `elicitationId`: the client asks again, and `requestState` tells which.",
    ),
    Entry::new(Core, Large, "migrate.tasks.core", "tasks of the core protocol are served").to(
        "tasks.compat.migrate",
        "Declare the extension `io.modelcontextprotocol/tasks`, answer calls with a task where it is worth one, drop \
         `tasks/list` and `tasks/result`, and take input by `tasks/update`.",
    ),
    Entry::new(Core, Small, "migrate.batch.accepted", "a batch is served").to(
        "base.jsonrpc.no-batch",
        "Refuse an array with -32600: one message, one request.",
    ),
    Entry::new(
        Core,
        Small,
        "migrate.log.unasked",
        "log messages come though the client set no level",
    )
    .to(
        "logging.no-level-no-logs",
        "Log to the client only in answers to requests whose `_meta` names a level; else to standard error or by OpenTelemetry.",
    )
    .removed(IN_A_YEAR),
    Entry::new(
        Core,
        Large,
        "migrate.replica.session",
        "another process does not know the session",
    )
    .to(
        "base.stateless.no-connection-affinity",
        "Keep nothing in one process that a later request needs; then any balancer will do, without affinity.",
    ),
    Entry::new(Core, Medium, "migrate.replica.lists", "another process lists something else").to(
        "tools.list.no-connection-variance",
        "Make lists a function of what all processes share; while two versions are deployed, keep `ttlMs` short.",
    ),
    Entry::new(Core, Large, "migrate.restart.session", "a session does not outlive a restart").to(
        "base.stateless.no-prior-requests",
        "Keep nothing in memory that a later request needs; what must last has a handle and a store.",
    ),
    Entry::new(Core, Medium, "migrate.restart.cursor", "a cursor does not outlive a restart").to(
        "base.stateless.no-connection-affinity",
        "Put the position itself into the cursor, sealed by a key that outlives the process.",
    ),
    Entry::new(Core, Medium, "migrate.deprecated.sampling", "sampling is used").to(
        "sampling.deprecated-migrate",
        "Ask a model of your own.",
    )
    .removed(IN_A_YEAR),
    Entry::new(Core, Medium, "migrate.deprecated.roots", "roots are used").to(
        "roots.deprecated-migrate",
        "Take folders as arguments, as addresses of resources or from the configuration.",
    )
    .removed(IN_A_YEAR),
    Entry::new(Core, Small, "migrate.deprecated.logging", "logging is declared").to(
        "logging.deprecated-migrate",
        "Log to standard error, or by OpenTelemetry.",
    )
    .removed(IN_A_YEAR),
    Entry::new(
        Core,
        Small,
        "migrate.deprecated.include-context",
        "sampling asks for the context of servers",
    )
    .to("sampling.server.avoid-context", "Leave `includeContext` out, or say `none`.")
    .removed("with sampling"),
    Entry::new(
        Core,
        Large,
        "migrate.sdk.version",
        "the SDK at hand does not speak the newest revision",
    )
    .to(
        "versioning.server-discover",
        "Move to the version of the SDK that does; it takes most of this list with it.",
    ),
];
