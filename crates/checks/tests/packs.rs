//! The packs built in are valid, well made and in canonical form, and none is left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plumb_checks::built_in;
use plumb_model::Edition;
use plumb_model::pack::Pack;
use serde_json::Value;

/// Breaks a vector.
type Fault = fn(&mut Value);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn schema() -> Value {
    let text = std::fs::read_to_string(root().join("vectors/schema/pack.schema.json"))
        .expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[test]
fn every_pack_follows_the_schema() {
    let validator = jsonschema::draft202012::new(&schema()).expect("the schema compiles");
    for (file, text) in built_in() {
        let pack: Value = serde_json::from_str(text).expect(file);
        let faults: Vec<String> = validator
            .iter_errors(&pack)
            .take(3)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{file}: {faults:?}");
    }
}

#[test]
fn the_schema_and_the_types_refuse_the_same_faults() {
    let validator = jsonschema::draft202012::new(&schema()).expect("the schema compiles");
    let (file, text) = built_in()[0];
    let pack: Value = serde_json::from_str(text).expect(file);
    let faults: [(&str, Fault); 6] = [
        ("an unknown member", |vector| vector["edit"]["verdict"] = "held".into()),
        ("no answer", |vector| drop(vector.as_object_mut().and_then(|v| v.remove("answer")))),
        ("an unknown base", |vector| vector["bases"][0] = "everything".into()),
        ("an unknown outcome", |vector| vector["answer"]["outcome"] = "any".into()),
        ("no kind", |vector| drop(vector.as_object_mut().and_then(|v| v.remove("edit")))),
        ("an unknown edit of headers", |vector| {
            vector["edit"]["headers"] = serde_json::json!([{"swap": "a"}]);
        }),
    ];
    for (what, spoil) in faults {
        let mut pack = pack.clone();
        spoil(&mut pack["groups"][0]["vectors"][0]);
        assert!(!validator.is_valid(&pack), "the schema accepts {what}");
        assert!(Pack::parse(file, &pack.to_string()).is_err(), "the types accept {what}");
    }
}

#[test]
fn the_schema_and_the_types_refuse_the_same_faults_of_answers_to_clients() {
    let validator = jsonschema::draft202012::new(&schema()).expect("the schema compiles");
    let (file, text) = plumb_runner::client::packs()[0];
    let pack: Value = serde_json::from_str(text).expect(file);
    let faults: [(&str, Fault); 5] = [
        ("an unknown member", |vector| vector["answered"]["verdict"] = "held".into()),
        ("an unknown edit", |vector| vector["answered"]["edits"][0]["say"] = "no".into()),
        ("an unknown base", |vector| vector["answered"]["edits"][0]["to"] = "everything".into()),
        ("no scenario", |vector| {
            drop(vector["answered"].as_object_mut().and_then(|v| v.remove("scenario")));
        }),
        ("another attempt than is known", |vector| vector["answer"]["again"] = "twice".into()),
    ];
    for (what, spoil) in faults {
        let mut pack = pack.clone();
        spoil(&mut pack["groups"][0]["vectors"][0]);
        assert!(!validator.is_valid(&pack), "the schema accepts {what}");
        assert!(Pack::parse(file, &pack.to_string()).is_err(), "the types accept {what}");
    }
}

#[test]
fn every_pack_is_well_made() {
    let ledger = Edition::latest().ledger;
    for (file, text) in built_in() {
        let faults = Pack::parse(file, text).expect(file).lint(file, &ledger);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn every_pack_is_in_canonical_form() {
    for (file, text) in built_in() {
        let canonical = Pack::parse(file, text).expect(file).canonical();
        assert!(
            text == canonical,
            "{file} is not in canonical form: run `plumb vectors fmt vectors`"
        );
    }
}

#[test]
fn every_pack_is_named_as_its_folder_and_built_in() {
    let built_in: BTreeSet<&str> = built_in().into_iter().map(|(file, _)| file).collect();
    for folder in std::fs::read_dir(root().join("vectors")).expect("the folder is there") {
        let path = folder.expect("readable").path().join("pack.json");
        if !path.is_file() {
            continue;
        }
        let name =
            path.parent().and_then(Path::file_name).and_then(|n| n.to_str()).expect("a name");
        let file = format!("vectors/{name}/pack.json");
        assert!(built_in.contains(file.as_str()), "{file} is not in packs.rs");
        let pack =
            Pack::parse(&file, &std::fs::read_to_string(&path).expect("readable")).expect("parses");
        assert_eq!(pack.pack, name, "{file}");
    }
}
