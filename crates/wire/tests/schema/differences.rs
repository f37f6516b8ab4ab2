//! The committed list of differences from the published schema (`schema_differences.toml`).

use serde_json::Value;

use super::mutation::Mutant;
use plumb_wire::schema::Mismatch;

/// One justified difference.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) name: String,
    /// `accepts` or `refuses`: what we do where the published schema does the opposite.
    pub(crate) ours: String,
    /// The definitions of the published schema that it shows in; `*` is all.
    pub(crate) public: Vec<String>,
    /// Patterns over pointers: `*` is one segment, `**` any number. For `refuses` every mismatch stands at one of
    /// them, for `accepts` a changed place does.
    pub(crate) at: Vec<String>,
    pub(crate) what: String,
    pub(crate) because: String,
    pub(crate) source: String,
}

impl Difference {
    /// Whether this entry explains the disagreement about a mutant of a definition.
    pub(crate) fn explains(&self, public: &str, mutant: &Mutant, ours: &[Mismatch]) -> bool {
        let here = self.public.iter().any(|name| name == "*" || name == public);
        let stands = |place: &str| self.at.iter().any(|pattern| matches(pattern, place));
        here && match self.ours.as_str() {
            "accepts" => ours.is_empty() && mutant.places.iter().any(|place| stands(place)),
            _ => !ours.is_empty() && ours.iter().all(|mismatch| stands(&mismatch.at)),
        }
    }
}

/// The list. It keeps to the part of TOML whose values are also JSON: strings and lists of strings on one line.
pub(crate) fn read(text: &str) -> Vec<Difference> {
    let mut list: Vec<Difference> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line == "[[difference]]" {
            list.push(Difference::default());
        } else if !line.is_empty() && !line.starts_with('#') {
            let (key, value) = line.split_once('=').expect("a key and a value");
            let value: Value = serde_json::from_str(value.trim()).expect("a value on one line");
            set(list.last_mut().expect("a [[difference]]"), key.trim(), &value);
        }
    }
    for entry in &list {
        let told = [&entry.name, &entry.ours, &entry.what, &entry.because, &entry.source];
        assert!(told.iter().all(|text| !text.is_empty()), "{entry:?} is not complete");
        assert!(entry.source.contains('#'), "{} names no page#anchor", entry.name);
    }
    list
}

fn set(entry: &mut Difference, key: &str, value: &Value) {
    let text = || value.as_str().expect("a string").to_owned();
    let list = || {
        let items = value.as_array().expect("a list").iter();
        items.map(|item| item.as_str().expect("strings").to_owned()).collect()
    };
    match key {
        "name" => entry.name = text(),
        "ours" => entry.ours = text(),
        "public" => entry.public = list(),
        "at" => entry.at = list(),
        "what" => entry.what = text(),
        "because" => entry.because = text(),
        "source" => entry.source = text(),
        _ => panic!("{key} is no key of a difference"),
    }
}

fn matches(pattern: &str, place: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').skip(1).collect();
    let place: Vec<&str> = place.split('/').skip(1).collect();
    segments_match(&pattern, &place)
}

fn segments_match(pattern: &[&str], place: &[&str]) -> bool {
    match (pattern.split_first(), place.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=place.len()).any(|n| segments_match(rest, &place[n..])),
        (Some((first, rest)), Some((head, tail))) => {
            (*first == "*" || first == head) && segments_match(rest, tail)
        }
        _ => false,
    }
}
