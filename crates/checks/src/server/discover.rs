//! `server/discover`: versions and capabilities, asked for before anything else.

use std::collections::BTreeSet;

use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Check, Finding, Judgement, Notes, Observed, Probe, Trouble, brief, check,
};
use plumb_wire::{codes, meta, method};
use serde_json::{Value, json};

use crate::server::basic::capabilities::everything;
use crate::server::versioning::of_version;

pub(crate) const CHECKS: &[&Check] =
    &[&NO_PARAMS, &RESULT_SHAPE, &LISTS_SERVED_VERSION, &STABLE_ACROSS_REQUESTS];

fn discover() -> Probe {
    Probe::request(method::DISCOVER, json!({}))
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
    let Some(result) = seen.complete().filter(|_| seen.method() == Some(method::DISCOVER)) else {
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
    let edition = bench.edition();
    let revision = edition.revision.as_str();
    let judge =
        |fits: bool| Finding::expect(fits, format!("a list with {revision}"), || seen.describe());
    bench.case(
        "this-revision",
        "this revision was just served",
        Ok(judge(listed.contains(revision))),
    );
    let later = listed.iter().filter(|v| !edition.is_earlier(v)).copied().take(4);
    for version in edition.earlier.iter().map(String::as_str).chain(later) {
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
    /// **Observed:** capabilities and versions are the same again and again: on other connections and replicas, after a
    /// tool call, and after a refused request. A client that declares every capability may be told of others than one
    /// that declares none, but each time of the same. Names and switches are compared, not texts or numbers.
    ///
    /// **Why:** clients cache the result and act on it for hours.
    ///
    /// **Fix:** compute it from the configuration and the request only.
    pub(crate) STABLE_ACROSS_REQUESTS = "discover.stable-across-requests";
    scenario: stable_across_requests
}

async fn stable_across_requests(bench: &Bench) -> Judgement {
    let bare = || discover().on("stable");
    let capable = |probe: Probe| probe.capabilities(everything());
    let first = facts(&bench.control(bare()).await?);
    let first_capable = facts(&bench.control(capable(bare())).await?);
    let mut looks = vec![
        ("again", "asked again on the same connection", bare(), &first),
        ("elsewhere", "asked on another connection", discover().fresh(), &first),
        (
            "capable",
            "asked again by a client with every capability",
            capable(discover().fresh()),
            &first_capable,
        ),
    ];
    if let Some(call) = bench.base(Base::ToolsCall) {
        bench.send(call.on("stable")).await?;
        looks.push(("after-a-call", "asked after a tool call", bare(), &first));
    }
    for (slug, title, probe, before) in looks {
        let judged = same_facts(bench, &probe, before).await;
        bench.case(slug, title, judged);
    }
    if bench.has_replicas() {
        let seen = bench.elsewhere(discover()).await?;
        let finding = Finding::expect(facts(&seen) == first, SAME, || seen.describe());
        bench.case("replica", "asked on another replica", Ok(finding));
    }
    bench.send(of_version(discover(), "1900-01-01").on("stable")).await?;
    let judged = same_facts(bench, &bare(), &first).await;
    bench.case("after-a-refusal", "asked after a refused request", judged);
    bench.conclude()
}

const SAME: &str = "the same capabilities and versions";

/// Asks once more.
async fn same_facts(bench: &Bench, probe: &Probe, before: &Facts) -> Judgement {
    let seen = bench.control(probe.clone()).await?;
    Ok(Finding::expect(facts(&seen) == *before, SAME, || seen.describe()))
}

/// What a client acts on.
type Facts = Option<(Value, BTreeSet<String>)>;

fn facts(seen: &Observed) -> Facts {
    let result = seen.result()?;
    let versions = result.get("supportedVersions")?.as_array()?;
    let versions = versions.iter().map(ToString::to_string).collect();
    Some((switches(result.get("capabilities")?), versions))
}

/// The names and switches of capabilities: texts and numbers in settings may tell the time.
fn switches(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), switches(v))).collect(),
        Value::Bool(_) | Value::Null => value.clone(),
        _ => json!("…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_count_and_settings_do_not() {
        let one =
            json!({"tools": {"listChanged": true}, "extensions": {"x/y": {"built": "12:00"}}});
        let later =
            json!({"extensions": {"x/y": {"built": "12:01"}}, "tools": {"listChanged": true}});
        assert_eq!(switches(&one), switches(&later));
        for other in [
            json!({"tools": {"listChanged": false}, "extensions": {"x/y": {"built": "12:00"}}}),
            json!({"tools": {"listChanged": true}}),
            json!({"tools": {}, "extensions": {"x/y": {"built": "12:00"}}}),
        ] {
            assert_ne!(switches(&one), switches(&other), "{other}");
        }
    }
}
