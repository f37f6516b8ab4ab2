//! Recordings that somebody has broken: whatever is left of one is rendered, or refused, and nothing panics.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use plumb_model::Report;
use plumb_report::terminal::{Style, headline, summary};
use plumb_report::{html, json, junit, markdown, sarif};
use serde_json::Value;

use crate::sample::{self, HOSTILE};

/// So many broken recordings are read.
const MUTATIONS: u64 = 1_000;

/// All of them within so long, on a machine that has other things to do.
const WITHIN: Duration = Duration::from_secs(120);

#[test]
fn a_thousand_broken_recordings_are_rendered_or_refused() {
    let recordings = [sample::http_events(), sample::stdio_events()].map(|events| {
        let line = |event| serde_json::to_string(&event).expect("serialises") + "\n";
        events.into_iter().map(line).collect::<String>()
    });
    let start = Instant::now();
    let mut rendered = 0;
    for seed in 0..MUTATIONS {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut text = recordings[usize::from(seed % 2 == 1)].clone();
        for _ in 0..=dice.below(3) {
            text = if dice.below(4) == 0 {
                broken_text(text, &mut dice)
            } else {
                broken_value(&text, &mut dice)
            };
        }
        let Ok(report) = Report::from_jsonl(&text) else { continue };
        rendered += 1;
        render(&report, seed);
    }
    assert!(rendered > MUTATIONS / 10, "{rendered} of them could be rendered");
    assert!(start.elapsed() < WITHIN, "{:?}", start.elapsed());
}

/// More characters than anything is padded to: the width of a format is a number of 16 bits.
const LONG: usize = 70_000;

#[test]
fn a_text_of_any_length_is_rendered_wherever_it_stands() {
    let mut tried = BTreeSet::new();
    for events in [sample::http_events(), sample::stdio_events()] {
        let of = |event| serde_json::to_value(event).expect("serialises");
        let events: Vec<Value> = events.iter().map(of).collect();
        for (at, event) in events.iter().enumerate() {
            let mut places = Vec::new();
            leaves(event, String::new(), &mut places);
            for place in places {
                let kind: String = place.split('/').filter(|p| p.parse::<u64>().is_err()).collect();
                let is_text = event.pointer(&place).is_some_and(Value::is_string);
                if !is_text || !tried.insert(kind) {
                    continue;
                }
                let mut broken = events.clone();
                *broken[at].pointer_mut(&place).expect("there") = "a".repeat(LONG).into();
                let lines: String = broken.iter().map(|event| event.to_string() + "\n").collect();
                if let Ok(report) = Report::from_jsonl(&lines) {
                    render(&report, 0);
                }
            }
        }
    }
    assert!(tried.len() > 20, "{tried:?}");
}

fn render(report: &Report, seed: u64) {
    let _ = (report.counts(), report.stale_known(), report.outcome());
    let style = Style {
        verbose: seed.is_multiple_of(3),
        width: usize::try_from(seed % 200).unwrap_or(0),
        ..Style::default()
    };
    let texts = [summary(report, &style), headline(report, &style), markdown::render(report)];
    assert!(texts.iter().all(|text| !text.contains('\u{1b}')), "seed {seed}");
    html::render(report);
    let xml = junit::render(report);
    assert!(quick_junit::Report::deserialize_from_str(&xml).is_ok(), "seed {seed}: {xml}");
    assert!(
        serde_json::from_str::<Value>(&sarif::render(report, "server.js")).is_ok(),
        "seed {seed}"
    );
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).expect("is written");
    assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "seed {seed}");
}

/// Breaks bytes or lines.
fn broken_text(text: String, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = dice.below(lines.len());
    match dice.below(5) {
        0 => {
            let end = text.floor_char_boundary(dice.below(text.len()));
            return text[..end].to_owned();
        }
        1 => drop(lines.remove(at)),
        2 => lines.insert(at, lines[at]),
        3 => {
            let other = dice.below(lines.len());
            lines.swap(at, other);
        }
        _ => {
            let mut bytes = text.clone().into_bytes();
            let at = dice.below(bytes.len());
            bytes[at] = u8::try_from(dice.below(256)).unwrap_or(0);
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    lines.join("\n") + "\n"
}

/// Replaces one value of one event.
fn broken_value(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = dice.below(lines.len());
    let Ok(mut event) = serde_json::from_str::<Value>(&lines[at]) else { return text.to_owned() };
    let mut places = Vec::new();
    leaves(&event, String::new(), &mut places);
    let place = &places[dice.below(places.len())];
    if let Some(value) = event.pointer_mut(place) {
        *value = match (&*value, dice.below(6)) {
            (Value::Number(_), 0) => u64::MAX.into(),
            (Value::Number(_), 1) => 0.into(),
            (Value::Number(_), _) => dice.below(1 << 40).into(),
            (Value::String(_), 0) => "".into(),
            (Value::String(_), 1) => "a".repeat(dice.below(100_000)).into(),
            (Value::String(_), 2) => "[".repeat(dice.below(10_000)).into(),
            (Value::String(_), _) => HOSTILE.repeat(1 + dice.below(4)).into(),
            (Value::Bool(was), _) => (!was).into(),
            (_, 0) => Value::Null,
            (_, _) => Value::Array(Vec::new()),
        };
    }
    lines[at] = event.to_string();
    lines.join("\n") + "\n"
}

/// The places of all values but objects.
fn leaves(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(value, format!("{place}/{name}"), places);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (n, item) in items.iter().enumerate() {
                leaves(item, format!("{place}/{n}"), places);
            }
        }
        _ => places.push(place),
    }
}

/// The same numbers for the same seed.
struct Dice(u64);

impl Dice {
    /// A number under `n`; none if that is none.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % n.max(1)
    }
}
