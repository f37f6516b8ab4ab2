//! streamable-http#protocol-version-header.

use std::time::Duration;

use plumb_model::pack::Base;
use plumb_runner::facet::refused_as_named;
use plumb_runner::{Bench, Finding, Judgement, Probe, Trouble, check};
use plumb_wire::{codes, meta, method};
use serde_json::json;

/// Versions that no server can support.
const UNKNOWN: [&str; 3] = ["2099-01-01", "1999-12-31", "latest"];

check! {
    /// **Observed:** requests whose `MCP-Protocol-Version` differs from the version in `_meta`, either way, get 400
    /// and -32020: versions that nobody knows, and those of earlier revisions, also at a server that answers the
    /// handshake of those, since a `_meta` of this revision chooses it there, whatever the header says
    /// (basic/versioning#backward-compatibility-with-initialization-based-versions). Position: as one of the two may be
    /// a version that the server does not implement, -32022 is accepted too.
    ///
    /// **Why:** a gateway that goes by the header applies other rules than the server.
    ///
    /// **Fix:** compare the two before anything else is done with the request.
    pub(crate) MISMATCH = "http.version-header.mismatch";
    applies: [Http];
    cases: refused_as_named
}

check! {
    /// **Observed:** requests of a version that the server does not implement, the same in header and body, get 400
    /// and -32022: unknown versions on every method, and the earlier revisions if the server answers no handshake.
    ///
    /// **Why:** by status and code a client knows that another version will do, and which.
    ///
    /// **Fix:** compare the version with your list before the method is looked up.
    pub(crate) UNSUPPORTED = "http.version-header.unsupported-400";
    fact: "versioning.unknown-version";
    applies: [Http];
    scenario: unsupported
}

async fn unsupported(bench: &Bench) -> Judgement {
    let survey = bench.survey();
    let discover = || Probe::request(method::DISCOVER, json!({}));
    bench.control(discover()).await?;
    // A server of two eras may take an earlier revision for what it says.
    let earlier = bench.edition().earlier.iter().rev().filter(|_| !survey.dual_era);
    let versions = UNKNOWN.into_iter().chain(earlier.map(String::as_str));
    for version in versions.filter(|v| !survey.versions.iter().any(|own| own == v)) {
        let judgement = refused(bench, discover().meta(meta::PROTOCOL_VERSION, version)).await;
        bench.case(
            &format!("discover-{version}"),
            format!("server/discover of version {version}"),
            judgement,
        );
    }
    let bases = [
        Base::ToolsList,
        Base::ToolsCall,
        Base::ResourcesList,
        Base::TemplatesList,
        Base::ResourcesRead,
    ];
    for base in bases.into_iter().chain([Base::PromptsList, Base::PromptsGet, Base::Complete]) {
        let Some(probe) = bench.base(base) else { continue };
        let judgement = match bench.control(probe.clone()).await {
            Ok(_) => refused(bench, probe.meta(meta::PROTOCOL_VERSION, UNKNOWN[0])).await,
            Err(trouble) => Err(trouble),
        };
        bench.case(base.name(), format!("{} of version {}", base.name(), UNKNOWN[0]), judgement);
    }
    let listen =
        Probe::request(method::LISTEN, json!({"notifications": {"toolsListChanged": true}}));
    let judgement = refused(bench, listen.meta(meta::PROTOCOL_VERSION, UNKNOWN[0])).await;
    bench.case("listen", format!("subscriptions/listen of version {}", UNKNOWN[0]), judgement);
    bench.conclude()
}

async fn refused(bench: &Bench, probe: Probe) -> Judgement {
    let mut open = bench.open(probe).await?;
    // A subscription that is served stays open: its first message tells.
    open.next_within(Duration::from_secs(5)).await;
    let seen = bench.close(open);
    seen.settled()?;
    if seen.status().is_none() {
        return Err(Trouble::Setup(seen.describe()));
    }
    let fits = seen.status() == Some(400) && seen.code() == Some(codes::UNSUPPORTED_VERSION);
    Ok(Finding::expect(fits, "HTTP 400 with error -32022", || seen.describe()))
}

check! {
    /// **Observed:** requests without `MCP-Protocol-Version` get 400 and -32020, whatever their method; where `_meta` is
    /// missing too, -32602 will do. A server that also answers the handshake of earlier revisions may take them for one
    /// of those, and is not judged.
    ///
    /// **Why:** a gateway that goes by the header lets through what it cannot place.
    ///
    /// **Fix:** refuse a request without the header with 400 and -32020.
    pub(crate) MISSING = "http.version-header.missing-reject";
    applies: [Http, ModernOnly];
    cases: refused_as_named
}
