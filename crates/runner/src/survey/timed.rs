//! Tools that can be told how long to take, whatever their names: found by a parameter that speaks of time, believed
//! once two calls with two durations differ by about the difference.

use std::time::Duration;

use plumb_wire::meta;
use serde_json::{Map, Value, json};

use super::callable::{Callable, call, took};
use crate::channel::Channel;
use crate::{Observed, sample};

/// At most so many tools are timed.
const TOOLS: usize = 6;

/// A tool that can be told how long to take.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// The tool.
    pub name: String,
    /// Arguments that it accepts.
    pub arguments: Map<String, Value>,
    /// The argument that says how long it takes.
    pub argument: String,
    /// What one of it lasts, milliseconds.
    pub unit_ms: u64,
    /// Whether it takes whole ones only.
    pub whole: bool,
    /// The most that its schema takes.
    pub most: u64,
}

impl Timed {
    /// Arguments for a call that takes at least so long, or as long as the schema allows, and how long that is.
    pub fn lasting(&self, wanted: Duration) -> (Map<String, Value>, Duration) {
        let ms = u64::try_from(wanted.as_millis()).unwrap_or(u64::MAX);
        let units = ms.div_ceil(self.unit_ms).min(self.most);
        let whole = units.saturating_mul(self.unit_ms);
        let (value, lasts) = if self.whole || whole <= ms {
            (json!(units), whole)
        } else {
            (json!(wanted.as_secs_f64() / Duration::from_millis(self.unit_ms).as_secs_f64()), ms)
        };
        let mut arguments = self.arguments.clone();
        arguments.insert(self.argument.clone(), value);
        (arguments, Duration::from_millis(lasts))
    }
}

/// The unit of a duration's name, milliseconds, if the name tells it.
pub fn unit_of_name(argument: &str) -> Option<u64> {
    let words = words(argument);
    let said = |known: &[&str]| words.iter().any(|w| known.contains(&w.as_str()));
    if said(&["ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"]) {
        return Some(1);
    }
    said(&["s", "sec", "secs", "second", "seconds"]).then_some(1_000)
}

/// Whether a parameter of this name says how long something takes.
pub fn speaks_of_time(argument: &str) -> bool {
    let words = words(argument);
    let said = |known: &[&str]| words.iter().any(|w| known.contains(&w.as_str()));
    let bounds =
        ["timeout", "ttl", "max", "min", "interval", "timestamp", "expires", "since", "age"];
    !said(&bounds)
        && (unit_of_name(argument).is_some()
            || said(&["duration", "delay", "sleep", "wait", "pause", "latency"]))
}

/// The arguments with the longest of the durations that tools are timed with, where the schema leaves it to the tool how long it
/// takes: a survey waits no longer for a call than for the timing.
pub(super) fn told(callable: &Callable) -> Option<Map<String, Value>> {
    let candidate = Candidate::of(callable)?;
    if callable.arguments.contains_key(&candidate.argument) {
        return None;
    }
    let (_, long) = durations(*candidate.units.first()?, candidate.whole).into_iter().next()?;
    candidate.lasting(long).map(|callable| callable.arguments)
}

/// Whether a tool may be told how long to take.
pub(super) fn is_told(callable: &Callable) -> bool {
    Candidate::of(callable).is_some()
}

/// Times tools that may be told how long to take until one can; the second list is what showed no difference before.
pub(super) async fn time_each(
    callables: &[Callable],
    channel: &Channel,
) -> (Option<Timed>, Vec<Candidate>) {
    let mut candidates: Vec<Candidate> = callables.iter().filter_map(Candidate::of).collect();
    // Those that are told in small units take the least time to try.
    candidates.sort_by_key(|candidate| candidate.units.first().copied());
    candidates.truncate(TOOLS);
    let mut rest = Vec::new();
    for candidate in candidates {
        match candidate.time(channel, true).await {
            Some(timed) => return (Some(timed), rest),
            None => rest.push(candidate),
        }
    }
    (None, rest)
}

/// Times once more what showed no difference, one call after another, with nothing else in flight.
pub(super) async fn time_again(rest: &[Candidate], channel: &Channel) -> Option<Timed> {
    for candidate in rest {
        if let Some(timed) = candidate.time(channel, false).await {
            return Some(timed);
        }
    }
    None
}

/// A tool with a parameter that may say how long it takes.
pub(super) struct Candidate {
    callable: Callable,
    name: String,
    argument: String,
    /// What one of it lasts, milliseconds, in the order of trying.
    units: Vec<u64>,
    whole: bool,
    /// The most that its schema takes.
    most: u64,
}

impl Candidate {
    fn of(callable: &Callable) -> Option<Self> {
        let name = callable.tool.get("name")?.as_str()?;
        let properties = callable.tool.pointer("/inputSchema/properties")?.as_object()?;
        let numeric = |schema: &Value| match &schema["type"] {
            Value::String(kind) => kind == "integer" || kind == "number",
            Value::Array(kinds) => kinds.iter().any(|k| k == "integer" || k == "number"),
            _ => false,
        };
        let numbers: Vec<(&String, &Value)> =
            properties.iter().filter(|(_, s)| numeric(s)).collect();
        let slow = words(name)
            .iter()
            .any(|w| ["sleep", "wait", "delay", "slow", "pause"].contains(&w.as_str()));
        let (argument, schema) = numbers
            .iter()
            .find(|(name, _)| speaks_of_time(name))
            .or_else(|| numbers.first().filter(|_| slow && numbers.len() == 1))?;
        let whole = !schema["type"].to_string().contains("number");
        let text = |value: &Value| value["description"].as_str().unwrap_or_default().to_lowercase();
        let unit = unit_of_name(argument)
            .or_else(|| unit_of_text(&text(schema)))
            .or_else(|| unit_of_text(&text(&callable.tool)));
        Some(Self {
            callable: callable.clone(),
            name: name.to_owned(),
            argument: (*argument).clone(),
            // Seconds first: a thousand of them is no way to ask for one.
            units: unit.map_or_else(|| vec![1_000, 1], |unit| vec![unit]),
            whole,
            most: most(schema),
        })
    }

    async fn time(&self, channel: &Channel, beside: bool) -> Option<Timed> {
        for unit in &self.units {
            for (short, long) in durations(*unit, self.whole) {
                if self.differs(channel, *unit, (short, long), beside).await {
                    return Some(Timed {
                        name: self.name.clone(),
                        arguments: self.callable.arguments.clone(),
                        argument: self.argument.clone(),
                        unit_ms: *unit,
                        whole: short.fract() == 0.0,
                        most: self.most,
                    });
                }
            }
        }
        None
    }

    /// The tool, told to take so many units, if its schema allows that.
    fn lasting(&self, units: f64) -> Option<Callable> {
        let mut callable = self.callable.clone();
        #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
        let value = if units.fract() == 0.0 { json!(units as i64) } else { json!(units) };
        callable.arguments.insert(self.argument.clone(), value);
        let fits = sample::validator(&callable.tool["inputSchema"])
            .is_none_or(|v| v.is_valid(&Value::Object(callable.arguments.clone())));
        fits.then_some(callable)
    }

    async fn differs(
        &self,
        channel: &Channel,
        unit: u64,
        (short, long): (f64, f64),
        beside: bool,
    ) -> bool {
        let call = |units: f64| {
            let callable = self.lasting(units)?;
            // Two calls of one tool are in flight: each has a progress token of its own.
            let token = format!("survey-{}-{units}x{unit}", self.name);
            Some(call(&callable).meta(meta::PROGRESS_TOKEN, token))
        };
        let (Some(brief), Some(longer)) = (call(short), call(long)) else { return false };
        let (brief, longer) = if beside {
            tokio::join!(channel.survey(&brief), channel.survey(&longer))
        } else {
            (channel.survey(&brief).await, channel.survey(&longer).await)
        };
        let served = |seen: &Observed| seen.complete().is_some_and(|r| r["isError"] != true);
        let (Ok(brief), Ok(longer)) = (brief, longer) else { return false };
        if !served(&brief) || !served(&longer) {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        let asked = Duration::from_secs_f64((long - short) * unit as f64 / 1_000.0);
        is_about(took(&longer).saturating_sub(took(&brief)), asked)
    }
}

/// Whether a difference is the one asked for, as far as a busy machine lets anybody tell.
fn is_about(difference: Duration, asked: Duration) -> bool {
    difference >= asked / 2 && difference <= asked * 2 + Duration::from_millis(300)
}

/// The durations that are compared, in units.
fn durations(unit: u64, whole: bool) -> Vec<(f64, f64)> {
    match (unit, whole) {
        (1, _) => vec![(100.0, 600.0)],
        (_, true) => vec![(1.0, 2.0)],
        // Some take whole numbers all the same.
        (_, false) => vec![(0.1, 0.6), (1.0, 2.0)],
    }
}

/// The most that a schema takes.
fn most(schema: &Value) -> u64 {
    let below = schema["exclusiveMaximum"].as_u64().and_then(|n| n.checked_sub(1));
    schema["maximum"].as_u64().or(below).unwrap_or(u64::MAX)
}

fn unit_of_text(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let said = |known: &[&str]| words.iter().any(|w| known.contains(w));
    if said(&["ms", "milliseconds", "millisecond", "millis", "msec"]) {
        return Some(1);
    }
    said(&["seconds", "second", "sec", "secs"]).then_some(1_000)
}

/// The words of a name: `delayMs`, `delay_ms` and `DELAY-MS` are two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase();
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_by_its_name() {
        for (name, unit) in [
            ("duration_ms", Some(1)),
            ("delayMs", Some(1)),
            ("milliseconds", Some(1)),
            ("sleepSeconds", Some(1_000)),
            ("wait-secs", Some(1_000)),
            ("duration", None),
        ] {
            assert!(speaks_of_time(name), "{name}");
            assert_eq!(unit_of_name(name), unit, "{name}");
        }
        for name in ["timeout_ms", "max_delay", "city", "items", "timestamp", "ttlSeconds"] {
            assert!(!speaks_of_time(name), "{name}");
        }
    }

    fn candidate(name: &str, properties: Value) -> Option<(String, Vec<u64>)> {
        let tool =
            json!({"name": name, "inputSchema": {"type": "object", "properties": properties}});
        let callable = Callable { tool, arguments: Map::new(), shown: None, took: None };
        Candidate::of(&callable).map(|c| (c.argument, c.units))
    }

    #[test]
    fn the_unit_is_told_by_a_description_or_tried() {
        let ms = json!({"n": {"type": "integer", "description": "How long, in milliseconds"}});
        assert_eq!(candidate("sleep", ms.clone()), Some(("n".into(), vec![1])));
        assert_eq!(candidate("add", ms), None);
        let bare = json!({"delay": {"type": "number"}, "text": {"type": "string"}});
        assert_eq!(candidate("echo", bare), Some(("delay".into(), vec![1_000, 1])));
        assert_eq!(
            candidate("slow", json!({"a": {"type": "integer"}, "b": {"type": "integer"}})),
            None
        );
    }

    #[test]
    fn a_difference_is_believed_if_it_is_about_the_one_asked_for() {
        let ms = Duration::from_millis;
        assert!(is_about(ms(500), ms(500)) && is_about(ms(900), ms(500)));
        assert!(!is_about(ms(0), ms(500)) && !is_about(ms(2_000), ms(500)));
    }

    #[test]
    fn a_call_lasts_at_least_as_long_as_wanted() {
        let timed = Timed {
            name: "t".into(),
            arguments: Map::new(),
            argument: "s".into(),
            unit_ms: 1_000,
            whole: true,
            most: 3,
        };
        let wanted = Duration::from_millis(1_200);
        let (arguments, lasts) = timed.lasting(wanted);
        assert_eq!((arguments["s"].clone(), lasts), (json!(2), Duration::from_secs(2)));
        assert_eq!(timed.lasting(Duration::from_secs(9)).1, Duration::from_secs(3));
        let parted = Timed { whole: false, ..timed };
        let (arguments, lasts) = parted.lasting(wanted);
        assert_eq!((arguments["s"].clone(), lasts), (json!(1.2), wanted));
        assert_eq!(parted.lasting(Duration::from_secs(9)).1, Duration::from_secs(3));
    }
}
