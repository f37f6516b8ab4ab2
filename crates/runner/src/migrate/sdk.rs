//! Which SDK a server is made with, as far as it shows that, and where that SDK goes.
//!
//! The packages and the first versions that speak the newest revision are those of npm and PyPI in November 2026: those of
//! `@modelcontextprotocol/server` and `mcp` were looked into, that of `fastmcp` follows from its version numbers.

use plumb_model::audit::Sdk;
use plumb_wire::method;
use serde_json::Value;

use super::steps::Visit;

/// An SDK of earlier revisions.
struct Known {
    package: &'static str,
    next: &'static str,
    /// What to do in it, by the beginning of an item's id; the longest that fits counts.
    remedies: &'static [(&'static str, &'static str)],
}

static TYPESCRIPT: Known = Known {
    package: "@modelcontextprotocol/sdk (npm)",
    next: "@modelcontextprotocol/server 2.0.0 or later (npm), which takes the place of @modelcontextprotocol/sdk 1.x",
    remedies: &[
        (
            "migrate.sdk.",
            "Install `@modelcontextprotocol/server` and `@modelcontextprotocol/node` (or `express`, `hono`, `fastify`) in place of `@modelcontextprotocol/sdk`; its documentation has a guide from 1.x.",
        ),
        (
            "migrate.core.",
            "`createMcpHandler` of `@modelcontextprotocol/server` 2.x makes a server for each request, answers `server/discover`, and reads `_meta`.",
        ),
        (
            "migrate.session.",
            "`sessionIdGenerator`, `onsessioninitialized` and the map of transports go; `createMcpHandler` keeps nothing between requests.",
        ),
        (
            "migrate.http.headers-unchecked",
            "The handler of 2.x compares the headers with the body.",
        ),
        ("migrate.stream.", "`eventStore`, and the routes for GET and DELETE, go."),
        (
            "migrate.push.",
            "`extra.sendRequest`, `server.createMessage` and `server.elicitInput` within a call become a result that asks for input.",
        ),
        ("migrate.restart.", "The map of transports is what a restart loses: it goes."),
        (
            "migrate.replica.session",
            "The map of transports is what another process does not have: it goes.",
        ),
        (
            "migrate.schema.draft07",
            "1.x writes schemas in draft-07; 2.x writes 2020-12 from any Standard Schema.",
        ),
    ],
};

static PYTHON: Known = Known {
    package: "mcp (PyPI)",
    next: "mcp 2.0.0 or later (PyPI)",
    remedies: &[
        ("migrate.sdk.", "Require `mcp>=2`; its release notes have a guide from 1.x."),
        (
            "migrate.core.",
            "`mcp` 2.x serves both eras at one endpoint, answers `server/discover` and reads `_meta`.",
        ),
        (
            "migrate.session.",
            "What a session held goes into arguments of tools; `stateless_http=True` of 1.x shows today what breaks without sessions.",
        ),
        ("migrate.http.headers-unchecked", "2.x compares the headers with the body."),
        ("migrate.stream.event-ids", "`event_store` goes."),
        ("migrate.stream.replay", "`event_store` goes."),
        (
            "migrate.push.",
            "`ctx.elicit`, `ctx.session.create_message` and `ctx.session.list_roots` within a call become a result that asks for input.",
        ),
    ],
};

static FASTMCP: Known = Known {
    package: "fastmcp (PyPI)",
    next: "fastmcp 4.0.0 or later (PyPI), which stands on mcp 2.x",
    remedies: &[
        ("migrate.sdk.", "Require `fastmcp>=4`."),
        (
            "migrate.core.",
            "`fastmcp` 4.x serves both eras at one endpoint, answers `server/discover` and reads `_meta`.",
        ),
        (
            "migrate.session.",
            "What `ctx` held for a session goes into arguments of tools; `stateless_http=True` shows today what breaks without sessions.",
        ),
        ("migrate.stream.event-ids", "`event_store` goes."),
        ("migrate.stream.replay", "`event_store` goes."),
        (
            "migrate.push.",
            "`ctx.elicit`, `ctx.sample` and `ctx.list_roots` within a call become a result that asks for input.",
        ),
    ],
};

static ALL: [&Known; 3] = [&TYPESCRIPT, &PYTHON, &FASTMCP];

/// The SDK of a server, if it shows one; tells the findings, too.
pub(super) fn recognised(visit: &Visit<'_>) -> Option<Sdk> {
    let findings = &visit.ground.findings;
    let id = "migrate.sdk.version";
    let era = visit.era();
    let Some((known, shown_by)) = shown(visit) else {
        match era {
            "legacy" => findings.unseen(id, "it does not show which SDK it is made with"),
            _ => findings.absent(id, "it speaks the newest revision", &[]),
        }
        return None;
    };
    let told = format!("{}: {shown_by}", known.package);
    findings.told(id, era == "legacy", told, &[visit.main.welcome.seq()]);
    Some(Sdk {
        package: known.package.to_owned(),
        version: None,
        shown_by,
        next: known.next.to_owned(),
    })
}

/// What to do about an item in this SDK, over HTTP or standard streams.
pub(super) fn remedy(sdk: &Sdk, item: &str, over_http: bool) -> Option<String> {
    let known = ALL.into_iter().find(|known| known.package == sdk.package)?;
    // What is told or asked outside of a call does not become a result of one.
    if ["migrate.push.list-changed", "migrate.push.outside-call"].contains(&item) {
        return None;
    }
    let fitting = known.remedies.iter().filter(|(prefix, _)| item.starts_with(prefix));
    let (_, text) = fitting.max_by_key(|(prefix, _)| prefix.len())?;
    let of_http = OF_HTTP.iter().any(|word| text.contains(word));
    (over_http || !of_http).then(|| (*text).to_owned())
}

/// Parts of the SDKs that serve HTTP alone.
const OF_HTTP: [&str; 4] =
    ["createMcpHandler", "sessionIdGenerator", "map of transports", "stateless_http"];

/// By what its lists and errors look like, never by its name: that is the author's.
fn shown(visit: &Visit<'_>) -> Option<(&'static Known, String)> {
    let tools = visit.lists.of(method::TOOLS_LIST);
    let tagged =
        |tool: &Value| ["_fastmcp", "fastmcp"].iter().any(|key| !tool["_meta"][*key].is_null());
    if tools.iter().any(tagged) {
        return Some((&FASTMCP, "tools carry its `_meta`".into()));
    }
    let said = visit.ground.marks().messages;
    let says = |beginning: &str, within: &str| {
        said.iter().find(|m| m.starts_with(beginning) && m.contains(within))
    };
    for (known, beginning, within) in SAYINGS {
        if let Some(message) = says(beginning, within) {
            return Some((known, format!("an error says “{message}”")));
        }
    }
    None
}

/// How errors of the SDKs begin, and what they hold.
static SAYINGS: [(&Known, &str, &str); 6] = [
    (&TYPESCRIPT, "Bad Request: Unsupported protocol version", "(supported versions: "),
    (&TYPESCRIPT, "Bad Request: Server not initialized", ""),
    (&TYPESCRIPT, "MCP error -32", ""),
    (&PYTHON, "Bad Request: Unsupported protocol version", ". Supported versions: "),
    (&PYTHON, "Bad Request: Missing session ID", ""),
    (&PYTHON, "Invalid request parameters", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts() {
        let sdk = Sdk {
            package: TYPESCRIPT.package.into(),
            version: None,
            shown_by: String::new(),
            next: String::new(),
        };
        let said = remedy(&sdk, "migrate.replica.session", true).expect("a remedy");
        assert!(said.contains("another process"), "{said}");
        assert!(remedy(&sdk, "migrate.replica.session", false).is_none());
        assert!(remedy(&sdk, "migrate.names.title", true).is_none());
        for known in ALL {
            assert!(
                known.remedies.iter().all(|(_, text)| text.ends_with('.')),
                "{}",
                known.package
            );
        }
    }
}
