//! Our schema and the published one agree: on all published examples and on thousands of broken relatives of them.
//!
//! What remains is `schema_differences.toml`, each entry with the sentence that justifies it. An entry that nothing
//! uses fails too. The published schema is not part of this repository; without it the comparison says so and passes.

#[path = "schema/differences.rs"]
mod differences;
#[path = "schema/mutation.rs"]
mod mutation;
#[path = "schema/pairs.rs"]
mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

use differences::Difference;
use mutation::{Dice, Mutant};
use pairs::{CLIENT_SENT, PAIRS, Pair};

const OWN: &str = include_str!("schema/own_samples.json");

/// Mutants drawn at random per example, beside all single changes.
const DRAWN: usize = 60;

/// All single changes of an example are compared up to this many, evenly spread.
const SPREAD: usize = 120;

#[test]
fn published_examples_fit_both_schemas_but_for_the_list() {
    let Some(published) = Published::load() else {
        return;
    };
    let list = differences();
    for pair in PAIRS {
        let validator = published.validator(pair.public);
        for (name, example) in published.examples(pair) {
            assert!(validator.is_valid(&example), "{name}");
            let ours = pair.ours.mismatches(&example);
            let unbroken = Mutant { value: example, places: Vec::new() };
            let listed = || list.iter().any(|entry| entry.explains(pair.public, &unbroken, &ours));
            assert!(ours.is_empty() || listed(), "{name}: {ours:?}");
        }
    }
}

#[test]
fn every_published_folder_of_examples_is_compared_or_client_sent() {
    let Some(published) = Published::load() else {
        return;
    };
    let compared = PAIRS.iter().flat_map(|pair| pair.examples.iter().copied());
    let known: BTreeSet<&str> = compared.chain(CLIENT_SENT.iter().copied()).collect();
    for folder in published.folders() {
        assert!(known.contains(folder.as_str()), "{folder} is not compared");
    }
}

#[test]
fn both_schemas_agree_on_broken_examples_but_for_the_list() {
    let Some(published) = Published::load() else {
        return;
    };
    let list = differences();
    let vocabulary = published.vocabulary();
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut refused, mut unexplained) = (0, 0, Vec::new());
    for pair in PAIRS {
        let validator = published.validator(pair.public);
        for (name, example) in published.examples(pair) {
            for mutant in mutants(&example, &vocabulary) {
                let ours = pair.ours.mismatches(&mutant.value);
                compared += 1;
                refused += usize::from(!ours.is_empty());
                if ours.is_empty() == validator.is_valid(&mutant.value) {
                    continue;
                }
                let entry = list.iter().find(|entry| entry.explains(pair.public, &mutant, &ours));
                match entry {
                    Some(entry) => *used.entry(&entry.name).or_default() += 1,
                    None => unexplained.push(format!(
                        "{} {name} at {:?}: we tell {ours:?}\n  {}",
                        pair.public, mutant.places, mutant.value
                    )),
                }
            }
        }
    }
    println!(
        "{compared} broken examples compared, {refused} refused by us; differences by entry: {used:?}"
    );
    let shown = unexplained.iter().take(20).cloned().collect::<Vec<_>>();
    assert!(
        unexplained.is_empty(),
        "{} differences without an entry, the first:\n{}",
        unexplained.len(),
        shown.join("\n")
    );
    let stale: Vec<&str> = list
        .iter()
        .map(|entry| entry.name.as_str())
        .filter(|name| !used.contains_key(name))
        .collect();
    assert!(stale.is_empty(), "nothing uses {stale:?}");
    assert!(compared >= 5000, "only {compared} broken examples");
}

/// Evenly spread single changes, then one or two changes drawn at random.
fn mutants(example: &Value, vocabulary: &[String]) -> Vec<Mutant> {
    let all = mutation::all_of(example);
    let step = all.len().div_ceil(SPREAD).max(1);
    let mut mutants: Vec<Mutant> = all.into_iter().step_by(step).collect();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for round in 0..DRAWN {
        let Some(mut mutant) = mutation::one_of(example, vocabulary, &mut dice) else {
            continue;
        };
        if round % 3 == 0
            && let Some(second) = mutation::one_of(&mutant.value, vocabulary, &mut dice)
        {
            mutant.value = second.value;
            mutant.places.extend(second.places);
        }
        mutants.push(mutant);
    }
    mutants
}

fn differences() -> Vec<Difference> {
    differences::read(include_str!("schema_differences.toml"))
}

/// The published schema and its examples.
struct Published {
    root: PathBuf,
    schema: Value,
    own: Value,
}

impl Published {
    fn load() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/schema");
        let Ok(text) = fs::read_to_string(root.join("schema.json")) else {
            println!("no published schema at {}: nothing compared", root.display());
            return None;
        };
        let schema = serde_json::from_str(&text).expect("the published schema is JSON");
        let own = serde_json::from_str(OWN).expect("our samples are JSON");
        Some(Self { root, schema, own })
    }

    fn validator(&self, def: &str) -> Validator {
        let root = json!({"$ref": format!("#/$defs/{def}"), "$defs": self.schema["$defs"]});
        let options = jsonschema::options().should_validate_formats(false).offline();
        options.build(&root).expect("a published definition")
    }

    fn examples(&self, pair: &Pair) -> Vec<(String, Value)> {
        let mut examples = Vec::new();
        for folder in pair.examples {
            let found = match folder.strip_prefix("own/") {
                Some(key) => self.own_samples(key),
                None => self.published_examples(folder),
            };
            assert!(!found.is_empty(), "{folder} holds no example");
            examples.extend(found);
        }
        examples
    }

    fn own_samples(&self, key: &str) -> Vec<(String, Value)> {
        let samples = self.own[key].as_array().into_iter().flatten().cloned();
        samples.map(|sample| (format!("own/{key}"), sample)).collect()
    }

    fn published_examples(&self, folder: &str) -> Vec<(String, Value)> {
        let Ok(entries) = fs::read_dir(self.root.join("examples").join(folder)) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.expect("a readable folder").path()).collect();
        paths.sort();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("a readable example");
            let name = format!("{folder}/{}", path.file_stem().unwrap_or_default().display());
            (name, serde_json::from_str(&text).expect("an example is JSON"))
        };
        paths.into_iter().map(read).collect()
    }

    fn folders(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("examples")).expect("a readable folder");
        let names = entries.map(|entry| entry.expect("a readable folder").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Every member name that the published schema knows.
    fn vocabulary(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        collect_names(&self.schema, &mut names);
        names.into_iter().collect()
    }
}

fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(|p| p.keys().cloned()));
            members.values().for_each(|value| collect_names(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_names(value, names)),
        _ => {}
    }
}
