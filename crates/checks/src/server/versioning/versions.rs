//! basic/versioning#protocol-version-negotiation.

use std::collections::BTreeSet;

use plumb_model::Edition;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check, clip, facet};
use plumb_wire::{codes, header, meta, method};
use serde_json::{Value, json};

use crate::server::basic::codes::supports_what_it_refuses;

/// A request that declares a version; over HTTP the header follows.
pub(crate) fn of_version(probe: Probe, version: &str) -> Probe {
    probe.meta(meta::PROTOCOL_VERSION, version)
}

check! {
    /// **Observed:** requests of versions that do not exist, near to this revision and far from it, are answered with error
    /// -32022.
    ///
    /// **Why:** by this code, and no other, a client knows that the server is of this era and that another version may do.
    ///
    /// **Fix:** compare the version with the list of those that you implement, exactly and not by order.
    pub(crate) UNKNOWN_VERSION = "versioning.unknown-version";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** requests in the form of this revision that declare an earlier one, which the server does not list in
    /// `supportedVersions`, are answered with error -32022.
    ///
    /// **Why:** a server that serves them by the rules of another revision gives answers that the client misreads.
    ///
    /// **Fix:** treat known and unknown versions alike: what is not implemented is refused.
    pub(crate) KNOWN_UNSUPPORTED_VERSION = "versioning.known-unsupported-version";
    fact: "versioning.unknown-version";
    applies: [ModernOnly];
    scenario: known_unsupported_version
}

async fn known_unsupported_version(bench: &Bench) -> Judgement {
    for base in [Base::Discover, Base::ToolsList, Base::ResourcesList, Base::PromptsList] {
        let Some(probe) = bench.base(base) else { continue };
        bench.control(probe.clone()).await?;
        let served = &bench.survey().versions;
        for version in bench.edition().earlier.iter().filter(|v| !served.contains(v)) {
            let seen = bench.send(of_version(probe.clone(), version)).await?;
            let fits = seen.code() == Some(codes::UNSUPPORTED_VERSION);
            let finding = Finding::expect(fits, "error -32022", || seen.describe());
            let title = format!("{} of version {version}", base.name());
            bench.case(&format!("{}-{version}", base.name()), title, Ok(finding));
        }
    }
    bench.conclude()
}

check! {
    /// **Observed:** the data of error -32022 echoes the version that was asked for in `requested`, and `supported` lists this
    /// revision and every later one that server/discover advertises, and never the version that was asked for. Position:
    /// earlier revisions may stand in either list.
    ///
    /// **Why:** the client chooses its next version from this list; an old or a shorter one makes it give up.
    ///
    /// **Fix:** build both lists from the same constant, and echo the string that came.
    pub(crate) ERROR_DATA = "versioning.error-data";
    scenario: error_data
}

async fn error_data(bench: &Bench) -> Judgement {
    let edition = bench.edition();
    let modern = |versions: BTreeSet<String>| -> BTreeSet<String> {
        versions.into_iter().filter(|v| !edition.is_earlier(v)).collect()
    };
    let advertised = modern(bench.survey().versions.iter().cloned().collect());
    for base in [
        Base::Discover,
        Base::ToolsList,
        Base::ToolsCall,
        Base::ResourcesRead,
        Base::PromptsGet,
        Base::Complete,
    ] {
        let Some(probe) = bench.base(base) else { continue };
        let version = "1900-01-01";
        let seen = bench.send(of_version(probe, version)).await?;
        if seen.code() != Some(codes::UNSUPPORTED_VERSION) {
            continue;
        }
        let data = seen.error().and_then(|e| e.get("data")).cloned().unwrap_or(Value::Null);
        let supported: Option<BTreeSet<String>> = data["supported"]
            .as_array()
            .and_then(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        let supported = supported.map(modern);
        let listed = supported.as_ref().is_some_and(|s| {
            s.contains(&edition.revision) && (advertised.is_empty() || *s == advertised)
        });
        let fits = listed && data["requested"] == version;
        let expected =
            format!("`requested` {version:?} and `supported` with {}", names(&advertised, edition));
        let finding =
            Finding::expect(fits, expected, || format!("data {}", clip(&data.to_string(), 200)));
        bench.case(base.name(), format!("{} of version {version}", base.name()), Ok(finding));
    }
    listed_versions(bench).await?;
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no request of an unknown version was refused with -32022",
            "refuse it so",
        )),
        finding => Ok(finding),
    }
}

/// Requests that name an earlier version which the target lists, in the header, the body or both: how they are answered
/// is free, but for an error -32022 that lists the version which it refuses.
async fn listed_versions(bench: &Bench) -> Result<(), Trouble> {
    let Some(probe) = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover)) else {
        return Ok(());
    };
    let edition = bench.edition();
    for version in bench.survey().versions.iter().filter(|v| edition.is_earlier(v)) {
        let of_this = || of_version(probe.clone(), version);
        let mut named = vec![("header-and-body", of_this())];
        if bench.survey().transport.has_heads() {
            named.push(("body", of_this().header(header::PROTOCOL_VERSION, &edition.revision)));
            named.push(("header", probe.clone().header(header::PROTOCOL_VERSION, version)));
        }
        for (place, probe) in named {
            let seen = bench.send(probe).await?;
            let Some(error) =
                seen.response().filter(|_| seen.code() == Some(codes::UNSUPPORTED_VERSION))
            else {
                continue;
            };
            let finding = Finding::expect(
                !supports_what_it_refuses(error),
                "no version in `supported` that is refused",
                || {
                    format!(
                        "data {}",
                        clip(&error.data().map(Value::to_string).unwrap_or_default(), 200)
                    )
                },
            );
            let title = format!("the listed version {version} in {place}");
            bench.case(&format!("{version}-{place}"), title, Ok(finding));
        }
    }
    Ok(())
}

fn names(versions: &BTreeSet<String>, edition: &Edition) -> String {
    if versions.is_empty() {
        return edition.revision.clone();
    }
    versions.iter().cloned().collect::<Vec<_>>().join(", ")
}

check! {
    /// **Observed:** the version is checked on every method that the server offers, subscriptions included.
    ///
    /// **Why:** there is no handshake: a handler that does not look at the version has no version.
    ///
    /// **Fix:** check it before dispatch.
    pub(crate) ALL_METHODS = "versioning.all-methods";
    fact: "versioning.unknown-version";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** over standard streams too, a version that the server does not implement is answered with error -32022.
    ///
    /// **Why:** there is no header and no status there: the error is all that the client learns.
    ///
    /// **Fix:** check the version of `_meta` on all transports.
    pub(crate) STDIO_UNSUPPORTED = "versioning.stdio-unsupported";
    applies: [Stdio];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** server/discover is answered with a complete result that has `supportedVersions` and `capabilities`.
    ///
    /// **Why:** it is how clients find out what a server is, and over standard streams of which era.
    ///
    /// **Fix:** implement it; it needs no state.
    pub(crate) SERVER_DISCOVER = "versioning.server-discover";
    scenario: server_discover
}

async fn server_discover(bench: &Bench) -> Judgement {
    let seen = bench.send(Probe::request(method::DISCOVER, json!({}))).await?;
    let whole = |result: &Value| {
        result.get("supportedVersions").is_some() && result.get("capabilities").is_some()
    };
    let fits = seen.is_accepted() && seen.complete().is_some_and(whole);
    if fits || seen.is_refused() || seen.is_accepted() {
        return Ok(Finding::expect(
            fits,
            "a result with `supportedVersions` and `capabilities`",
            || seen.describe(),
        ));
    }
    Err(Trouble::Setup(seen.describe()))
}

check! {
    /// **Observed:** the first request that a fresh process gets is a list or another ordinary one, and it is served.
    ///
    /// **Why:** discovery is optional for clients; so is every other opening.
    ///
    /// **Fix:** depend on nothing that an earlier request set up.
    pub(crate) NO_DISCOVER_NEEDED = "versioning.no-discover-needed";
    isolation: OwnProcess;
    scenario: no_discover_needed
}

async fn no_discover_needed(bench: &Bench) -> Judgement {
    let bases = [Base::ToolsList, Base::ResourcesList, Base::PromptsList];
    let Some((base, probe)) = bases.iter().find_map(|b| Some((b.name(), bench.base(*b)?))) else {
        return Ok(Finding::unseen(
            "the target offers no list",
            "offer tools, resources or prompts",
        ));
    };
    let instance = bench.instance().await?;
    let seen: Observed = instance.send(probe).await?;
    instance.leave().await;
    Ok(Finding::expect(
        seen.is_accepted(),
        format!("{base} is served as the first request"),
        || seen.describe(),
    ))
}
