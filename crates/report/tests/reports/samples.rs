//! The samples in `reports/sample` are what the reporters write today.

use std::path::PathBuf;

use plumb_report::terminal::Style;
use plumb_report::{html, json, junit, markdown, sarif, terminal};

use crate::sample;

#[test]
fn the_committed_samples_are_current() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reports/sample");
    let renew = std::env::var_os("PLUMB_UPDATE").is_some();
    let mut stale = Vec::new();
    let mut bytes = 0;
    for (name, text) in samples() {
        bytes += text.len();
        let path = folder.join(name);
        if renew {
            std::fs::write(&path, text).expect("reports/sample can be written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            stale.push(name);
        }
    }
    assert!(bytes < 256 * 1024, "samples stay small, these have {bytes} bytes");
    assert!(
        stale.is_empty(),
        "{} of reports/sample are stale: run `PLUMB_UPDATE=1 cargo test -p plumb-report samples`",
        stale.join(", ")
    );
}

fn samples() -> Vec<(&'static str, String)> {
    let events = sample::http_events();
    let line = |e| serde_json::to_string(e).expect("an event serialises") + "\n";
    let report = sample::http();
    vec![
        ("run.jsonl", events.iter().map(line).collect()),
        ("report.txt", terminal::summary(&report, &Style::default())),
        ("report.html", html::render(&report)),
        ("report.json", json::render(&report)),
        ("report.sarif", sarif::render(&report, "server.js")),
        ("report.md", markdown::render(&report)),
        ("junit.xml", junit::render(&report)),
    ]
}
