//! `server/discover`: versions and capabilities, asked for before anything else.

use std::collections::BTreeSet;

use plumb_model::REVISION;
use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Check, Finding, Judgement, Notes, Observed, Probe, Trouble, brief, check,
};
use plumb_wire::{codes, meta};
use serde_json::{Value, json};

use crate::basic::capabilities::everything;
use crate::versioning::{EARLIER, of_version};

pub(crate) const CHECKS: &[&Check] =
    &[&NO_PARAMS, &RESULT_SHAPE, &LISTS_SERVED_VERSION, &STABLE_ACROSS_REQUESTS];

fn discover() -> Probe {
    Probe::request("server/discover", json!({}))
}

check! {
    /// **Observed:** server/discover is served when its params hold `_meta` with the two required fields, and nothing else.
    ///
    /// **Why:** it is the first thing that a client sends, before it knows anything that it could say.
    ///
    /// **Fix:** require no parameter.
    pub(crate) NO_PARAMS = "discover.no-params";
    scenario: no_params
}

async fn no_params(bench: &Bench) -> Judgement {
    let seen = bench.send(discover().without_meta(meta::CLIENT_INFO)).await?;
    if !seen.is_accepted() && !seen.is_refused() {
        return Err(Trouble::Setup(seen.describe()));
    }
    Ok(Finding::expect(seen.complete().is_some(), "a complete result", || seen.describe()))
}

check! {
    /// **Observed:** the result has `supportedVersions`, a non-empty array of strings, an object `capabilities`, and
    /// `resultType`, `ttlMs` and `cacheScope`; `instructions` is a string.
    ///
    /// **Why:** every later decision of the client rests on this result.
    ///
    /// **Fix:** generate it from a type of the schema.
    pub(crate) RESULT_SHAPE = "discover.result-shape";
    passive: result_shape
}

fn result_shape(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.complete().filter(|_| seen.method() == Some("server/discover")) else {
        return;
    };
    let versions = result.get("supportedVersions").and_then(Value::as_array);
    notes.expect(
        versions.is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string)),
        "`supportedVersions` that is a non-empty array of strings",
        || result.get("supportedVersions").map_or_else(|| "none".into(), ToString::to_string),
    );
    notes.expect(
        result.get("capabilities").is_some_and(Value::is_object),
        "an object `capabilities`",
        || brief(result),
    );
    notes.expect(
        result.get("instructions").is_none_or(Value::is_string),
        "`instructions` that is a string",
        || result.get("instructions").map(ToString::to_string).unwrap_or_default(),
    );
    for member in ["resultType", "ttlMs", "cacheScope"] {
        notes
            .expect(result.get(member).is_some(), format!("a member `{member}`"), || brief(result));
    }
}

check! {
    /// **Observed:** `supportedVersions` lists this revision, and no earlier revision that it does not list is served in this
    /// one's form; what it lists is served.
    ///
    /// **Why:** clients choose from the list; a version that is served but not listed is one that nobody tests.
    ///
    /// **Fix:** build the list and the check of versions from the same constant.
    pub(crate) LISTS_SERVED_VERSION = "discover.lists-served-version";
    applies: [ModernOnly];
    scenario: lists_served_version
}

async fn lists_served_version(bench: &Bench) -> Judgement {
    let seen = bench.control(discover()).await?;
    let listed = seen.result().and_then(|r| r.get("supportedVersions")).and_then(Value::as_array);
    let listed: BTreeSet<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    let judge =
        |fits: bool| Finding::expect(fits, format!("a list with {REVISION}"), || seen.describe());
    bench.case(
        "this-revision",
        "this revision was just served",
        Ok(judge(listed.contains(REVISION))),
    );
    let later = listed.iter().filter(|v| !EARLIER.contains(v)).copied().take(4);
    for version in EARLIER.into_iter().chain(later) {
        for probe in [Some(discover()), bench.base(Base::ToolsList)].into_iter().flatten() {
            let method = probe.method().unwrap_or_default().to_owned();
            let seen = bench.send(of_version(probe, version)).await?;
            let finding = match (listed.contains(version), seen.code()) {
                (false, _) => Finding::expect(
                    !seen.is_accepted(),
                    format!("{version} is not served, since it is not listed"),
                    || seen.describe(),
                ),
                // The target answers no handshake, so a version of the other era is served nowhere.
                (true, Some(codes::UNSUPPORTED_VERSION)) => Finding::violated(
                    format!("{version} is served, since it is listed"),
                    seen.describe(),
                ),
                _ => Finding::Held,
            };
            let slug = format!("{version}-{}", method.replace('/', "-"));
            bench.case(&slug, format!("{method} of version {version}"), Ok(finding));
        }
    }
    bench.conclude()
}

check! {
    /// **Observed:** capabilities and versions are the same again and again: on other connections, to other declared
    /// capabilities, after a tool call, and after a refused request.
    ///
    /// **Why:** clients cache the result and act on it for hours.
    ///
    /// **Fix:** compute it from the configuration only.
    pub(crate) STABLE_ACROSS_REQUESTS = "discover.stable-across-requests";
    scenario: stable_across_requests
}

async fn stable_across_requests(bench: &Bench) -> Judgement {
    let first = facts(&bench.control(discover().on("stable")).await?);
    let mut looks = vec![
        ("again", "asked again on the same connection", discover().on("stable")),
        ("elsewhere", "asked on another connection", discover().fresh()),
        (
            "capable",
            "asked by a client with every capability",
            discover().capabilities(everything()).on("stable"),
        ),
    ];
    if let Some(call) = bench.base(Base::ToolsCall) {
        bench.send(call.on("stable")).await?;
        looks.push(("after-a-call", "asked after a tool call", discover().on("stable")));
    }
    for (slug, title, probe) in looks {
        let seen = bench.control(probe).await?;
        let finding =
            Finding::expect(facts(&seen) == first, "the same capabilities and versions", || {
                seen.describe()
            });
        bench.case(slug, title, Ok(finding));
    }
    if bench.has_replicas() {
        let seen = bench.elsewhere(discover()).await?;
        let finding =
            Finding::expect(facts(&seen) == first, "the same capabilities and versions", || {
                seen.describe()
            });
        bench.case("replica", "asked on another replica", Ok(finding));
    }
    bench.send(of_version(discover(), "1900-01-01").on("stable")).await?;
    let seen = bench.control(discover().on("stable")).await?;
    let finding =
        Finding::expect(facts(&seen) == first, "the same capabilities and versions", || {
            seen.describe()
        });
    bench.case("after-a-refusal", "asked after a refused request", Ok(finding));
    bench.conclude()
}

fn facts(seen: &Observed) -> Option<(Value, Value)> {
    let result = seen.result()?;
    Some((result.get("capabilities")?.clone(), result.get("supportedVersions")?.clone()))
}
