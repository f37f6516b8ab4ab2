//! JUnit XML, read back by a reader that is not its writer.

use std::io::Write as _;
use std::process::{Command, Stdio};

use plumb_report::findings::Standing;
use plumb_report::junit::{self, Grain};
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
    let report = sample::http();
    let (by_requirement, by_case) =
        (junit::render(&report), junit::render_by(&report, Grain::Case));
    for (name, case, kind) in [
        ("base.response.same-id", "#every-exchange", "success"),
        ("http.validate.method-mismatch", "#names-another-method", "failure"),
        ("base.errcode.custom-outside-reserved", "#every-exchange", "success"),
        ("http.origin.error-body", "#every-exchange", "success"),
        ("caching.hints-tools-list", "#every-exchange", "skipped"),
        ("http.cancel.disconnect", "#slow-tool", "error"),
        ("http.legacy.delete-405", "#every-exchange", "skipped"),
        ("mrtr.keys-unique", "", "skipped"),
        ("tasks.get.unknown-id", "", "skipped"),
        ("patterns.no-server-requests", "#asks", "failure"),
        ("http.sse.no-requests", "#asks", "skipped"),
        ("resources.read.listed", "#every-exchange", "skipped"),
        ("discover.lists-served-version", "#every-exchange", "success"),
        ("known list: base.response.same-id", "", "error"),
    ] {
        assert_eq!(kind_of(&by_requirement, name), kind, "{name}");
        assert_eq!(kind_of(&by_case, &format!("{name}{case}")), kind, "{name}{case}");
    }
    assert_eq!(kind_of(&by_case, "http.validate.method-mismatch#agrees"), "success");
}

#[test]
fn there_are_as_many_failures_as_the_headline_says() {
    let report = sample::http();
    let (findings, _) = Standing::Failure.findings(&report);
    let xml = Report::deserialize_from_str(&junit::render(&report)).expect("well-formed");
    let failed = xml.test_suites.iter().map(|suite| suite.failures).sum::<usize>();
    assert_eq!(failed, findings);
}

#[test]
fn the_times_of_suites_sum_to_the_time_of_the_run() {
    let mut report = sample::large(60, 10);
    // Twelve at once, all the time.
    for (n, check) in report.checks.iter_mut().enumerate() {
        (check.started, check.took) = ((n as u64 / 12) * 1_000_000, 1_000_000);
    }
    let xml = Report::deserialize_from_str(&junit::render(&report)).expect("well-formed");
    let times = xml.test_suites.iter().filter_map(|suite| suite.time);
    let sum = times.map(|time| time.as_secs_f64()).sum::<f64>();
    assert!((sum - 5.0).abs() < 0.1, "{sum} s");
}

#[test]
fn times_have_at_most_three_decimals_as_the_jenkins_schema_wants() {
    let mut report = sample::http();
    for check in &mut report.checks {
        check.took = 1_234_567;
    }
    for grain in [Grain::Requirement, Grain::Case] {
        let xml = junit::render_by(&report, grain);
        for time in xml.split(" time=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let decimals = time.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(decimals <= 3, "{time}");
        }
    }
}

#[test]
fn a_run_that_did_not_begin_is_one_error() {
    let xml = junit::not_started("nobody \u{1b}[31m]]> there", "2026-07-28T00:00:00Z");
    let report = Report::deserialize_from_str(&xml).expect("well-formed");
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.errors, suite.failures), (1, 1, 0));
    assert_eq!(kind_of(&xml, "the run"), "error");
}

#[test]
fn what_the_suite_denies_is_a_failure() {
    let mut report = sample::http();
    report.run.policy.strict = true;
    report.run.policy.deny_unverified = true;
    let xml = junit::render(&report);
    assert_eq!(kind_of(&xml, "base.errcode.custom-outside-reserved"), "failure");
    assert_eq!(kind_of(&xml, "mrtr.keys-unique"), "failure");
    assert_eq!(kind_of(&xml, "discover.lists-served-version"), "failure");
    assert_eq!(kind_of(&xml, "resources.read.listed"), "skipped");
    assert_eq!(kind_of(&xml, "http.origin.error-body"), "success");
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
