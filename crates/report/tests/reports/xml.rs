//! JUnit XML, read back by a reader that is not its writer.

use std::io::Write as _;
use std::process::{Command, Stdio};

use plumb_report::junit;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};

use crate::sample;

#[test]
fn the_sample_as_junit() {
    insta::assert_snapshot!("junit-http", junit::render(&sample::http()));
}

#[test]
fn hostile_text_leaves_the_xml_well_formed() {
    for report in sample::hostile() {
        let xml = junit::render(&report);
        assert!(Report::deserialize_from_str(&xml).is_ok(), "{xml}");
        let Some(seen) = xmllint(&xml) else { continue };
        assert_eq!(seen, "", "xmllint objects");
    }
}

#[test]
fn every_verdict_becomes_what_a_ci_understands() {
    let xml = junit::render(&sample::http());
    for (name, kind) in [
        ("base.response.same-id#every-exchange", "success"),
        ("http.validate.method-mismatch#names-another-method", "failure"),
        ("http.validate.method-mismatch#agrees", "success"),
        ("base.errcode.custom-outside-reserved#every-exchange", "success"),
        ("http.origin.error-body#every-exchange", "success"),
        ("caching.hints-tools-list#every-exchange", "skipped"),
        ("http.cancel.disconnect#slow-tool", "error"),
        ("http.legacy.delete-405#every-exchange", "skipped"),
        ("mrtr.keys-unique", "skipped"),
        ("tasks.get.unknown-id", "skipped"),
        ("patterns.no-server-requests#asks", "failure"),
        ("http.sse.no-requests#asks", "skipped"),
        ("resources.read.listed#every-exchange", "skipped"),
        ("discover.lists-served-version#every-exchange", "success"),
        ("known list: base.response.same-id", "failure"),
    ] {
        assert_eq!(kind_of(&xml, name), kind, "{name}");
    }
}

#[test]
fn what_the_suite_denies_is_a_failure() {
    let mut report = sample::http();
    report.run.policy.strict = true;
    report.run.policy.deny_unverified = true;
    let xml = junit::render(&report);
    assert_eq!(kind_of(&xml, "base.errcode.custom-outside-reserved#every-exchange"), "failure");
    assert_eq!(kind_of(&xml, "mrtr.keys-unique"), "failure");
    assert_eq!(kind_of(&xml, "discover.lists-served-version#every-exchange"), "failure");
    assert_eq!(kind_of(&xml, "resources.read.listed#every-exchange"), "skipped");
    assert_eq!(kind_of(&xml, "http.origin.error-body#every-exchange"), "success");
}

#[test]
fn a_violation_that_no_case_shows_is_not_lost() {
    let mut report = sample::http();
    let at = report.checks.iter().position(|c| c.info.id == "http.header-names-server");
    report.checks[at.expect("in the sample")].verdict = plumb_model::Verdict::violated("a", "b");
    assert_eq!(kind_of(&junit::render(&report), "http.header-names-server"), "failure");
}

fn kind_of(xml: &str, name: &str) -> &'static str {
    let report = Report::deserialize_from_str(xml).expect("well-formed");
    let cases: Vec<&TestCase> = report.test_suites.iter().flat_map(|s| &s.test_cases).collect();
    let case = cases.iter().find(|c| c.name.as_str() == name).unwrap_or_else(|| panic!("{name}"));
    match &case.status {
        TestCaseStatus::Success { .. } => "success",
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. } => "failure",
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => "error",
        TestCaseStatus::Skipped { .. } => "skipped",
    }
}

/// What xmllint says, if it is installed.
fn xmllint(xml: &str) -> Option<String> {
    let mut child = Command::new("xmllint")
        .args(["--noout", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(xml.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}
