//! changelog: shapes of drafts of this revision that still circulate.

use plumb_model::pack::{Base, HeaderEdit};
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Probe, check};
use plumb_wire::{codes, header, meta, method};
use serde_json::json;

/// The keys of `_meta` in drafts, which had no prefix, and those of the final text.
const KEYS: [(&str, &str); 3] = [
    ("protocolVersion", meta::PROTOCOL_VERSION),
    ("clientInfo", meta::CLIENT_INFO),
    ("clientCapabilities", meta::CLIENT_CAPABILITIES),
];

/// Error codes of drafts, and those of the final text: changelog#minor-changes.
const CODES: [(i64, &str, i64); 3] = [
    (-32_001, "HeaderMismatch", codes::HEADER_MISMATCH),
    (-32_003, "MissingRequiredClientCapability", codes::MISSING_CLIENT_CAPABILITY),
    (-32_004, "UnsupportedProtocolVersion", codes::UNSUPPORTED_VERSION),
];

check! {
    /// **Observed:** a request whose `_meta` has the keys without their prefix, as drafts had it (`protocolVersion`), and not
    /// with it, is not served.
    ///
    /// **Why:** clients that were written against a draft seem to work here, and nowhere else.
    ///
    /// **Fix:** read `io.modelcontextprotocol/protocolVersion` and its like only.
    pub(crate) META_KEYS = "advice.prerelease-meta-keys";
    scenario: meta_keys
}

async fn meta_keys(bench: &Bench) -> Judgement {
    let Some(probe) = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover)) else {
        return Ok(Finding::unseen("the target accepts no request", "serve server/discover"));
    };
    bench.control(probe.clone()).await?;
    let mut draft = probe;
    for (old, new) in KEYS {
        let value = draft.message_mut().and_then(|m| m["params"]["_meta"].get(new).cloned());
        draft = draft.without_meta(new).meta(old, value.unwrap_or_else(|| json!({})));
    }
    if bench.survey().transport.has_heads() {
        draft = draft.header(header::PROTOCOL_VERSION, &bench.edition().revision);
    }
    let seen = bench.send(draft).await?;
    Ok(Finding::expect(!seen.is_accepted(), "refused: the keys have a prefix", || seen.describe()))
}

check! {
    /// **Observed:** no result has the `cacheScope` of drafts, `session`.
    ///
    /// **Why:** there are no sessions any more; a client takes the value for an error, or for anything.
    ///
    /// **Fix:** write `private`.
    pub(crate) CACHE_SCOPE = "advice.prerelease-cache-scope";
    passive: cache_scope
}

fn cache_scope(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(scope) = seen.result().and_then(|r| r.get("cacheScope")) {
        notes.expect(scope != "session", "`private` or `public`", || {
            "`session`, the pre-release word for `private`".into()
        });
    }
}

check! {
    /// **Observed:** the errors for an unsupported version and, over HTTP, for headers that disagree with the body have no
    /// code of drafts: -32001, -32003 or -32004.
    ///
    /// **Why:** clients of the final revision look for -32020, -32021 and -32022, and take the old ones for unknown.
    ///
    /// **Fix:** write the codes of the final revision.
    pub(crate) ERROR_CODES = "advice.prerelease-error-codes";
    scenario: error_codes
}

async fn error_codes(bench: &Bench) -> Judgement {
    let probe = || Probe::request(method::DISCOVER, json!({}));
    let version = probe().meta(meta::PROTOCOL_VERSION, "1900-01-01");
    let mut provoking = vec![("version", "a version that nobody speaks", version)];
    if bench.survey().transport.has_heads() {
        let mismatch =
            probe().edit(HeaderEdit::Set("Mcp-Method".into(), method::TOOLS_LIST.into()));
        provoking.push(("header", "another method in the header", mismatch));
    }
    for (slug, title, probe) in provoking {
        let seen = bench.send(probe).await?;
        let old = CODES.iter().find(|(old, ..)| seen.code() == Some(*old));
        let finding = match old {
            Some((old, name, new)) => Finding::violated(
                format!("{new} where {name} is meant"),
                format!("{old}, the pre-release code of {name}"),
            ),
            None if seen.code().is_some() => Finding::Held,
            None => Finding::unseen("no error came", "refuse what cannot be served"),
        };
        bench.case(slug, title, Ok(finding));
    }
    bench.conclude()
}
