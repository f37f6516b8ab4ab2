//! Flows that checks of several areas start: a slow call, and the journal of what it did.

use std::time::Duration;

use plumb_runner::survey::{Callable, speaks_of_time, unit_of_name};
use plumb_runner::{Bench, Finding, Found, Observed, Probe, Prop, Trouble, with_token};
use serde_json::{Map, Value, json};

/// A call of the slow tool, and how long it takes.
pub struct Slow {
    /// The call.
    pub probe: Probe,
    /// How long it takes when nobody interrupts it.
    pub lasts: Duration,
    /// The progress token that it carries.
    pub token: Value,
}

/// A call of the slow tool that takes `wanted` if the tool can be told, with a progress token of its own.
pub fn slow(bench: &Bench, wanted: Duration) -> Result<Slow, Trouble> {
    slow_with(bench, wanted, None)
}

/// As [`slow`], writing down what it does under a key of the journal.
pub fn slow_in_journal(bench: &Bench, wanted: Duration, key: &str) -> Result<Slow, Trouble> {
    slow_with(bench, wanted, Some(key))
}

fn slow_with(bench: &Bench, wanted: Duration, key: Option<&str>) -> Result<Slow, Trouble> {
    let found = bench.prop(Prop::SlowTool)?;
    // What happens meanwhile must have the time to.
    let wanted = bench.lengthen(wanted);
    let told = bench.survey().timed(&found.name).map(|timed| timed.lasting(wanted));
    let (mut arguments, lasts) = match told.or_else(|| by_name(found, wanted)) {
        // What the user gave beside the duration stays.
        Some((told, lasts)) => (found.arguments.clone().into_iter().chain(told).collect(), lasts),
        None => (found.arguments.clone(), shown_to_last(bench, found)),
    };
    if let Some(key) = key {
        arguments.insert("key".to_owned(), json!(key));
    }
    let token = json!(format!("plumb-{}", bench.fresh_id()));
    let probe = with_token(bench.call_of(&found.name, Value::Object(arguments)), token.clone());
    Ok(Slow { probe, lasts, token })
}

/// The arguments of a tool that the user named, told by the name of one of them how long to take; seconds if the name
/// has no unit.
fn by_name(found: &Found, wanted: Duration) -> Option<(Map<String, Value>, Duration)> {
    let (name, _) = found.arguments.iter().find(|(n, v)| v.is_number() && speaks_of_time(n))?;
    let unit = unit_of_name(name).unwrap_or(1_000);
    let units = u64::try_from(wanted.as_millis()).unwrap_or(u64::MAX).div_ceil(unit);
    let told = Map::from_iter([(name.clone(), json!(units))]);
    Some((told, Duration::from_millis(units.saturating_mul(unit))))
}

fn shown_to_last(bench: &Bench, found: &Found) -> Duration {
    let callable = bench.survey().callable.iter().find(|c| c.tool["name"] == found.name.as_str());
    let shown = callable.and_then(|c| c.shown.as_ref());
    shown.map_or(Duration::from_secs(3), |shown| shown.exchange.answer.took())
}

/// Why the journal cannot show what the slow tool does, if it cannot.
pub fn no_journal(bench: &Bench) -> Option<Finding> {
    let survey = bench.survey();
    let slow = survey.prop(Prop::SlowTool).and_then(|found| survey.tool(&found.name));
    let keyed = slow.is_some_and(|tool| tool.pointer("/inputSchema/properties/key").is_some());
    (!keyed || survey.prop(Prop::Journal).is_none()).then(|| {
        Finding::unseen(
            "the target offers no slow tool whose work a `journal` tool shows",
            "offer a slow tool with an argument `key`, and a tool `journal` that returns what was done under a `key`",
        )
    })
}

/// What the journal holds under a key: how many entries.
pub async fn journal(bench: &Bench, key: &str) -> Result<usize, Trouble> {
    let name = bench.prop(Prop::Journal)?.name.clone();
    let seen = bench.control(bench.call_of(&name, json!({"key": key}))).await?;
    let result = seen.result().cloned().unwrap_or_default();
    let entries =
        result.pointer("/structuredContent/entries").and_then(Value::as_array).map(Vec::len);
    entries.ok_or_else(|| Trouble::Setup("the journal has no `structuredContent.entries`".into()))
}

/// Whether a call of a tool gave a result without a pause of the tool's own, and without asking the client for anything, which
/// would have to be answered: the way to the target may be long.
pub fn answers_at_once(bench: &Bench, callable: &Callable) -> bool {
    let quiet = |shown: &&Observed| shown.asked().next().is_none();
    let complete = callable.shown.as_ref().filter(quiet).is_some_and(|s| s.complete().is_some());
    complete && bench.survey().is_quick(callable)
}
