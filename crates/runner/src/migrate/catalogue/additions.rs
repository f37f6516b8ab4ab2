//! Headers, caching, scopes and output schemas: what can be added today, since clients of earlier revisions do not mind it.

use plumb_model::audit::Effort::{Medium, Small};
use plumb_model::audit::Phase::Additions;

use super::Entry;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        Additions,
        Small,
        "migrate.http.headers-unchecked",
        "a request whose `Mcp-Method` contradicts its body is served",
    )
    .to(
        "http.validate.method-mismatch",
        "Compare `Mcp-Method` and `Mcp-Name` with the body where they are sent, and refuse what disagrees with HTTP 400 and \
         -32020; what balances or filters in front of the server may route by them.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.http.version-unchecked",
        "a request with a version in its `MCP-Protocol-Version` that nobody knows is served",
    )
    .to(
        "http.version-header.unsupported-400",
        "Refuse a version that is not served with HTTP 400, -32022 and the list of those that are.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.http.unknown-method-status",
        "a method that does not exist is answered with another status than 404",
    )
    .to(
        "http.method-not-found-404",
        "Answer -32601 with HTTP 404 to requests of the newest revision, so that intermediaries see the failure.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.http.cors",
        "browsers may not send the headers that requests now have",
    )
    .to(
        "http.client.mcp-method",
        "Allow `Mcp-Method`, `Mcp-Name` and `MCP-Protocol-Version` (and `Mcp-Param-*` where tools mirror parameters) in the answer \
         to the preflight request.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.card.superseded",
        "a description of the server is at a place that was superseded",
    )
    .to(
        "card.place.well-known",
        "Serve a Server Card at `ENDPOINT/server-card` and name it in `/.well-known/ai-catalog.json`; the extension is experimental, so \
         keep the old place while clients ask for it.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.card.versions",
        "the Server Card does not name the newest revision",
    )
    .to(
        "card.consistent.protocol",
        "Build `supportedProtocolVersions` from the list that server/discover answers with, so that the card follows the server.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.cache.facts",
        "lists and contents do not say how long and for whom they hold",
    )
    .to(
        "caching.hints-tools-list",
        "Add `ttlMs` and `cacheScope` to lists, to resources that are read and to discovery; `ttlMs: 0` and `private` are always \
         true.",
    ),
    Entry::new(
        Additions,
        Medium,
        "migrate.cache.list-changes",
        "a list changed while the audit looked",
    )
    .to(
        "caching.ttl-non-negative",
        "Give such a list a `ttlMs` that is shorter than it stays the same, or 0; tell of changes by `subscriptions/listen`.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.cache.order",
        "the same list came in another order",
    )
    .to(
        "tools.list.deterministic",
        "Sort the list by something that stays: what is cached, and the prompt that a model reads, is then the same each time.",
    ),
    Entry::new(
        Additions,
        Medium,
        "migrate.tools.output-schema",
        "tools give structured results that no output schema describes",
    )
    .to(
        "tools.output.conform",
        "Declare an `outputSchema` for them, and give what conforms as `structuredContent`, which may now be any JSON value.",
    ),
    Entry::new(
        Additions,
        Small,
        "migrate.auth.scopes",
        "the challenge does not say which scopes are needed",
    )
    .to(
        "auth.rs.scope-challenge",
        "Name the scopes for the request at hand in `WWW-Authenticate: Bearer … scope=\"…\"`; clients ask for exactly those.",
    ),
];
