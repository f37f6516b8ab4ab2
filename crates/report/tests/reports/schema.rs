//! What machines read, against the published schemas.

use std::path::PathBuf;

use jsonschema::{Registry, Validator};
use plumb_model::{Event, Report, Reports};
use plumb_report::{json, sarif};
use serde_json::Value;

use crate::sample;

const RUN: &str = "urn:plumb:schema:run:1";

#[test]
fn the_document_follows_its_schema() {
    for report in [sample::http(), sample::stdio()] {
        let document: Value = serde_json::from_str(&json::render(&report)).expect("JSON");
        validate("report.schema.json", &[document]);
    }
}

#[test]
fn the_document_of_two_revisions_follows_it_too_and_replays() {
    let events = sample::dual_events();
    let value = |e: &Event| serde_json::to_value(e).expect("an event serialises");
    validate("run.schema.json", &events.iter().map(value).collect::<Vec<_>>());
    let lines: String = events.iter().map(|e| value(e).to_string() + "\n").collect();
    let replayed = Reports::from_jsonl(&lines).expect("folds");
    let text = json::render_run(&sample::dual());
    assert_eq!(json::render_run(&replayed), text);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    validate("report.schema.json", std::slice::from_ref(&document));
    let alone: Value = serde_json::from_str(&json::render(&sample::http())).expect("JSON");
    assert_eq!(document["parts"][0]["checks"], alone["checks"]);
    assert_eq!(document["exit_code"], alone["exit_code"]);
}

#[test]
fn every_event_follows_the_schema_of_the_stream() {
    for events in [sample::http_events(), sample::stdio_events()] {
        let event = |e: &Event| serde_json::to_value(e).expect("an event serialises");
        validate("run.schema.json", &events.iter().map(event).collect::<Vec<_>>());
    }
}

#[test]
fn the_schemas_know_every_field() {
    let mut document: Value = serde_json::from_str(&json::render(&sample::http())).expect("JSON");
    document["checks"][1]["unknown"] = true.into();
    with_validator("report.schema.json", |v| assert!(!v.is_valid(&document)));
}

#[test]
fn a_report_of_a_recording_equals_that_of_the_live_run() {
    let lines = sample::http_events();
    let line = |e: &Event| serde_json::to_string(e).expect("an event serialises") + "\n";
    let replayed = Report::from_jsonl(&lines.iter().map(line).collect::<String>()).expect("folds");
    assert_eq!(json::render(&replayed), json::render(&sample::http()));
}

#[test]
fn sarif_has_what_github_asks_for() {
    let document: Value =
        serde_json::from_str(&sarif::render(&sample::http(), "server.js")).expect("JSON");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 10);
    assert_eq!(rules.len(), results.len(), "a requirement is one result");
    let mut prints = Vec::new();
    for result in results {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "server.js");
        assert_eq!(result["level"] == "none", result["kind"] != "fail");
        prints.push(result["partialFingerprints"].to_string());
    }
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), results.len(), "no two results are one alert");
    let runs: Value =
        serde_json::from_str(&sarif::render_run(&sample::dual(), "server.js")).expect("JSON");
    let category = |n: usize| runs["runs"][n]["automationDetails"]["id"].as_str();
    assert_eq!(category(0), Some("plumb/core/2026-07-28/"));
    assert_eq!(category(1), Some("plumb/core/2025-11-25/"));
    let accepted = results.iter().filter(|r| r.get("suppressions").is_some()).count();
    assert_eq!(accepted, 2, "one is known, one disputed");
}

fn validate(file: &str, instances: &[Value]) {
    with_validator(file, |validator| {
        for instance in instances {
            let errors: Vec<String> = validator
                .iter_errors(instance)
                .map(|e| format!("{}: {e:.300}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "reports/schema/{file}:\n{}", errors.join("\n"));
        }
    });
}

fn with_validator(file: &str, test: impl FnOnce(&Validator)) {
    let registry = Registry::new()
        .add(RUN, schema("run.schema.json"))
        .expect("a schema")
        .prepare()
        .expect("references resolve");
    let schema = schema(file);
    jsonschema::meta::validate(&schema).expect("the schema is one");
    test(&jsonschema::options().with_registry(&registry).build(&schema).expect("builds"));
}

fn schema(file: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reports/schema");
    let text = std::fs::read_to_string(folder.join(file)).expect("committed");
    serde_json::from_str(&text).expect("JSON")
}
