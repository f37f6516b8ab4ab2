//! Answers of a user's own: packs of kind `answered` that `plumb client --vectors` plays.

use std::path::Path;
use std::process::{Command, Output};

const PLUMB: &str = env!("CARGO_BIN_EXE_plumb");

/// A pack with one vector, which is to be refused: a sum that is a list of numbers.
fn pack(scenario: &str, judges: &str) -> String {
    let schema = r#"{ "type": "object", "properties": { "sum": { "type": "number" } } }"#;
    format!(
        r#"{{ "$schema": "../schema/pack.schema.json", "pack": "own", "source": "s", "about": "a",
        "flags": {{ "Lax": {{ "bug": "b", "cost": "c" }} }},
        "groups": [{{ "slug": "g", "about": "a", "vectors": [
        {{ "slug": "sum-in-a-list", "title": "the sum is a list", "flags": ["Lax"], "bases": ["tools-list", "tools-call"],
          "answered": {{ "scenario": "{scenario}", "edits": [
            {{ "to": "tools-list", "body": [{{ "op": "add", "path": "/result/tools/0/outputSchema", "value": {schema} }}] }},
            {{ "to": "tools-call", "body": [{{ "op": "add", "path": "/result/structuredContent", "value": {{ "sum": [8] }} }}] }}] }},
          "answer": {{ "outcome": "refused" }}, "judges": ["{judges}"] }},
        {{ "slug": "charset", "title": "the media type has a parameter", "bases": ["tools-call"],
          "answered": {{ "scenario": "tools_call", "edits": [
            {{ "to": "tools-call", "headers": {{ "Content-Type": "application/json; charset=utf-8" }} }}] }},
          "answer": {{ "outcome": "accepted" }}, "judges": ["{judges}"] }}] }}] }}"#
    )
}

fn plumb(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(PLUMB).args(args).current_dir(folder).output();
    let Output { status, stdout, stderr } = output.expect("it runs");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// Judges the reference client by that vector and its controls alone, and by one requirement that no vector built in is about.
fn judged(folder: &Path, broken: &[&str]) -> (Option<i32>, String) {
    let mut args = vec!["client", "--vectors", "answers", "--only", "base.request.id-present"];
    for scenario in ["tools_call", "tools_call#refused", "tools_call#sum-in-a-list"] {
        args.extend(["--scenario", scenario]);
    }
    args.extend(["--", PLUMB, "reference-client"]);
    plumb(folder, &[&args, broken].concat())
}

#[test]
fn an_answer_of_ones_own_is_a_scenario_and_judges_what_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = folder.path().join("answers");
    std::fs::create_dir(&answers).expect("a folder");
    let write = |text: &str| std::fs::write(answers.join("pack.json"), text).expect("written");
    write(&pack("tools_call", "base.request.id-present"));
    let (code, said) = judged(folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = judged(folder.path(), &["--break", "validates_output"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the sum is a list"), "{said}");
    assert!(said.contains("tools_call#sum-in-a-list"), "{said}");
    // What cannot be played is told before anything is started.
    for (scenario, judges, why) in [
        ("tools_cal", "base.request.id-present", "its `scenario` is one of tools_call"),
        ("tools_call", "base.request.id-absent", "`base.request.id-absent` is not in the ledger"),
    ] {
        write(&pack(scenario, judges));
        let (code, said) = judged(folder.path(), &[]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
