//! JUnit XML for CI: one test suite a page of the specification, one test case a requirement, or one a case of it. Suites and
//! classes begin with the revision, since one id may be judged by several.
//!
//! junit-report writes some text raw, hence guards: characters that XML 1.0 forbids are shown or become U+FFFD, `]]>`
//! is split where text stands in CDATA, and the attribute `file`, which the Jenkins schema refuses, is not set. That schema wants
//! times of at most three decimals as well, so all are whole milliseconds (`times.rs`).

mod times;

use std::collections::BTreeMap;

use junit_report::{
    OffsetDateTime, ReportBuilder, TestCase, TestCaseBuilder, TestSuite, TestSuiteBuilder,
};
use plumb_model::event::CaseFinished;
use plumb_model::report::CheckReport;
use plumb_model::{Exchange, Report, Reports, Severity, Verdict};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::findings::{self, Page};
use crate::text::{head, visible};
use crate::{docs, evidence, reproduce};

/// Bytes of a message that are shown in a case's output.
const MAX_MESSAGE: usize = 4 * 1024;
/// Exchanges that are shown in a case's output.
const MAX_EXCHANGES: usize = 4;

/// What becomes a test case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// A requirement.
    #[default]
    Requirement,
    /// A case of one.
    Case,
}

/// The report as JUnit XML, a test case for each requirement.
pub fn render(report: &Report) -> String {
    render_by(report, Grain::Requirement)
}

/// The report as JUnit XML.
pub fn render_by(report: &Report, grain: Grain) -> String {
    let mut builder = ReportBuilder::new();
    add(&mut builder, report, grain);
    written(builder)
}

/// The reports of a run as JUnit XML, the suites of one revision after those of the other.
pub fn render_run(reports: &Reports, grain: Grain) -> String {
    let mut builder = ReportBuilder::new();
    for report in reports.iter() {
        add(&mut builder, report, grain);
    }
    written(builder)
}

fn add(builder: &mut ReportBuilder, report: &Report, grain: Grain) {
    let book = Book { report, told: findings::told_with(report), shares: shares(report) };
    for page in findings::pages(report) {
        builder.add_testsuite(book.suite(&page, grain));
    }
    builder.add_testsuites(own_suite(report));
}

/// The one error of a run that did not begin, at that time (RFC 3339).
pub fn not_started(why: &str, at: &str) -> String {
    let mut suite = TestSuiteBuilder::new("plumb");
    let error = TestCase::error("the run", Duration::ZERO, "not started", &allowed(why));
    suite.set_timestamp(time_of(at));
    suite.add_testcase(error);
    let mut builder = ReportBuilder::new();
    builder.add_testsuite(suite.build());
    written(builder)
}

fn written(builder: ReportBuilder) -> String {
    let mut xml = Vec::new();
    // Writing to memory cannot fail, and what is written is UTF-8.
    let _ = builder.build().write_xml(&mut xml);
    xml.push(b'\n');
    times::whole(&String::from_utf8(xml).unwrap_or_default())
}

/// The time of a run, in microseconds, by check: what goes on at once shares it, so that it sums to the time in which any was at work.
fn shares(report: &Report) -> BTreeMap<&str, u64> {
    let spans: Vec<(u64, u64, &str)> = report
        .checks
        .iter()
        .filter(|c| c.took > 0)
        .map(|c| (c.started, c.started.saturating_add(c.took), c.info.id.as_str()))
        .collect();
    let mut times: Vec<u64> = spans.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    times.sort_unstable();
    times.dedup();
    let mut shares: BTreeMap<&str, u64> = BTreeMap::new();
    for pair in times.windows(2) {
        let at_work = spans.iter().filter(|(from, to, _)| *from <= pair[0] && pair[1] <= *to);
        let ids: Vec<&str> = at_work.map(|(_, _, id)| *id).collect();
        for id in &ids {
            *shares.entry(id).or_default() += (pair[1] - pair[0]) / ids.len() as u64;
        }
    }
    shares
}

/// A duration that the Jenkins schema takes.
fn whole(us: u64) -> Duration {
    Duration::milliseconds(i64::try_from((us + 500) / 1000).unwrap_or(i64::MAX))
}

/// What test cases are made from.
struct Book<'a> {
    report: &'a Report,
    /// Requirements that are told with another.
    told: BTreeMap<&'a str, &'a str>,
    /// The time of each check.
    shares: BTreeMap<&'a str, u64>,
}

impl<'a> Book<'a> {
    fn suite(&self, page: &Page<'a>, grain: Grain) -> TestSuite {
        let name = format!("{} {}", self.report.run.revision, page.name);
        let mut suite = TestSuiteBuilder::new(&allowed(&name));
        suite.set_timestamp(started(self.report));
        for check in &page.checks {
            let entries = match grain {
                Grain::Requirement => vec![Entry::of_check(self, check)],
                Grain::Case => self.cases(check),
            };
            for entry in entries {
                suite.add_testcase(entry.into_testcase(self));
            }
        }
        suite.build()
    }

    fn cases(&self, check: &'a CheckReport) -> Vec<Entry<'a>> {
        let share = self.share(check) / check.cases.len().max(1) as u64;
        let mut entries: Vec<_> =
            check.cases.iter().map(|case| Entry::of_case(self, check, case, share)).collect();
        // A verdict that no case explains stands for itself, so that no failure is lost.
        if !check.cases.iter().any(|c| c.verdict.name() == check.verdict.name()) {
            entries.push(Entry::of_check(self, check));
        }
        entries
    }

    fn share(&self, check: &CheckReport) -> u64 {
        self.shares.get(check.info.id.as_str()).copied().unwrap_or_default()
    }
}

/// What failed beside the checks: Plumb itself, and a known list that is stale.
fn own_suite(report: &Report) -> Option<TestSuite> {
    let mut suite = TestSuiteBuilder::new(&allowed(&format!("{} plumb", report.run.revision)));
    suite.set_timestamp(started(report));
    for fault in &report.internal_faults {
        let fault = allowed(fault);
        suite.add_testcase(TestCase::error("internal fault", Duration::ZERO, "fault", &fault));
    }
    for id in report.stale_known() {
        let name = format!("known list: {}", allowed(id));
        let message = "not violated any more: remove it from the known list";
        suite.add_testcase(TestCase::error(&name, Duration::ZERO, "stale", message));
    }
    Some(suite.build()).filter(|s| s.tests() > 0)
}

fn started(report: &Report) -> OffsetDateTime {
    time_of(&report.run.started)
}

fn time_of(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// One test case in the making.
struct Entry<'a> {
    check: &'a CheckReport,
    name: String,
    title: &'a str,
    verdict: &'a Verdict,
    took: Duration,
    exchanges: Vec<&'a Exchange>,
}

impl<'a> Entry<'a> {
    /// The requirement, told by its first finding.
    fn of_check(book: &Book<'a>, check: &'a CheckReport) -> Self {
        let finding = findings::of_check(book.report, check).into_iter().next();
        let (name, took) = (check.info.id.clone(), whole(book.share(check)));
        let (mut title, mut verdict) = (check.info.summary.as_str(), &check.verdict);
        let mut exchanges = Vec::new();
        if let Some(finding) = finding {
            verdict = finding.verdict;
            title = finding.cases.first().map_or(title, |case| case.title.as_str());
            exchanges.extend(finding.control.into_iter().chain(finding.exchange));
        }
        Self { check, name, title, verdict, took, exchanges }
    }

    fn of_case(
        book: &Book<'a>,
        check: &'a CheckReport,
        case: &'a CaseFinished,
        share: u64,
    ) -> Self {
        let numbers = case.exchanges.iter();
        let exchanges: Vec<&Exchange> =
            numbers.filter_map(|n| book.report.exchanges.get(n)).map(AsRef::as_ref).collect();
        let name = format!("{}#{}", check.info.id, case.case);
        let took = whole(share);
        Self { check, name, title: &case.title, verdict: &case.verdict, took, exchanges }
    }

    fn into_testcase(self, book: &Book<'_>) -> TestCase {
        let (report, told) = (book.report, &book.told);
        let name = allowed(&self.name);
        let lead = told.get(self.check.info.id.as_str());
        let mut case = match (self.verdict, &self.check.known) {
            (Verdict::Violated { .. }, Some(reason)) => {
                TestCaseBuilder::skipped_with_cause(&name, "known", &allowed(reason))
            }
            (Verdict::Violated { .. }, None) if self.check.disputed.is_some() => {
                let position = self.check.disputed.as_ref();
                let reason = position.and_then(|p| p.other_side.as_deref()).unwrap_or_default();
                let id = position.map_or("", |p| p.id.as_str());
                let message = allowed(&format!("position {id}, other side taken: {reason}"));
                TestCaseBuilder::skipped_with_cause(&name, "disputed", &message)
            }
            // One fact, one failure: it stands under the requirement that leads.
            (Verdict::Violated { .. }, None) if lead.is_some() => {
                let lead = lead.copied().unwrap_or_default();
                let message = allowed(&format!("broken by the same fact as {lead}, told there"));
                TestCaseBuilder::skipped_with_cause(&name, "same_fact", &message)
            }
            (Verdict::Unverified { why, how_to_enable }, _) => {
                let message = allowed(&format!("{why}: {how_to_enable}"));
                if report.run.policy.deny_unverified {
                    TestCaseBuilder::failure(&name, self.took, "unverified", &message)
                } else {
                    TestCaseBuilder::skipped_with_cause(&name, "unverified", &message)
                }
            }
            (Verdict::NotApplicable { why }, _) => {
                TestCaseBuilder::skipped_with_cause(&name, "not_applicable", &allowed(why))
            }
            (Verdict::Inconclusive { why }, _) => self.inconclusive(&name, &allowed(why)),
            (Verdict::Violated { expected, actual }, _) => {
                let message = allowed(&format!("expected {expected}; actual {actual}"));
                self.violated(&name, &message, report.run.policy.strict)
            }
            (Verdict::Held, _) => TestCaseBuilder::success(&name, self.took),
        };
        // What stands before the last dot is a package to who reads this.
        case.set_classname(&allowed(&format!("{}.{}", report.run.revision, self.check.info.page)));
        if !matches!(self.verdict, Verdict::Held) {
            case.set_trace(&cdata(&self.demand(report, told)));
            let evidence = self.evidence(report);
            if !evidence.trim().is_empty() {
                case.set_system_out(&cdata(&evidence));
            }
        }
        case.build()
    }

    fn inconclusive(&self, name: &str, why: &str) -> TestCaseBuilder {
        match self.severity() {
            Severity::Error => TestCaseBuilder::error(name, self.took, "inconclusive", why),
            _ => TestCaseBuilder::skipped_with_cause(name, "inconclusive", why),
        }
    }

    fn violated(&self, name: &str, message: &str, strict: bool) -> TestCaseBuilder {
        match self.severity() {
            Severity::Failure => TestCaseBuilder::failure(name, self.took, "violated", message),
            Severity::Warning if strict => {
                TestCaseBuilder::failure(name, self.took, "violated", message)
            }
            _ => TestCaseBuilder::success(name, self.took),
        }
    }

    fn severity(&self) -> Severity {
        let severity = self.verdict.severity(self.check.info.level, self.check.info.force);
        if self.check.disputed.is_some() { severity.min(Severity::Note) } else { severity }
    }

    /// What is demanded, and what was seen.
    fn demand(&self, report: &Report, told: &BTreeMap<&str, &str>) -> String {
        let info = &self.check.info;
        let weight = match (self.verdict, self.severity()) {
            (Verdict::Violated { .. }, Severity::Warning) => "warning: ",
            (Verdict::Violated { .. }, Severity::Note) => "note: ",
            _ => "",
        };
        let mut out = vec![format!("{weight}{} ({})", info.summary, findings::demand(info))];
        if matches!(self.verdict, Verdict::Violated { .. }) {
            out.extend(docs::why_it_matters(&info.docs).map(|why| format!("why: {why}")));
            out.extend(docs::how_to_fix(&info.docs).map(|fix| format!("fix: {fix}")));
        }
        if self.title != info.summary {
            out.push(format!("case: {}", self.title));
        }
        if let Verdict::Violated { expected, actual } = self.verdict {
            out.extend([format!("expected: {expected}"), format!("actual: {actual}")]);
        }
        let violated = matches!(self.verdict, Verdict::Violated { .. });
        let too: Vec<&str> =
            told.iter().filter(|(_, lead)| **lead == info.id).map(|(id, _)| *id).collect();
        if violated && !too.is_empty() {
            out.push(format!("breaks also: {}", too.join(", ")));
        }
        if violated || matches!(self.verdict, Verdict::Inconclusive { .. }) {
            let positions = findings::positions(report, [self.check]);
            out.extend(positions.iter().map(|p| format!("position: {}: {}", p.id, p.title)));
        }
        out.push(format!("spec: {}\n", info.url));
        out.join("\n")
    }

    /// What was sent, what came back, how to see it again.
    fn evidence(&self, report: &Report) -> String {
        let mut out = Vec::new();
        for exchange in self.exchanges.iter().take(MAX_EXCHANGES) {
            out.push(format!("\nexchange {}: {}", exchange.seq, evidence::title(exchange)));
            for header in evidence::headers(&exchange.sent) {
                out.push(format!("> {}: {}", header.name, header.value));
            }
            out.extend(evidence::body(&exchange.sent).map(|b| quoted('>', &evidence::plain(b))));
            out.push(format!("< {}", evidence::answer_line(exchange)));
            let payloads = exchange.answer.frames.iter().map(|f| &f.payload);
            for payload in payloads.chain([&exchange.answer.body]).filter(|p| !p.is_empty()) {
                out.push(quoted('<', &evidence::plain(payload)));
            }
            let again = reproduce::of(exchange, &report.run.target);
            out.extend(again.map(|again| format!("reproduce: {}", again.line)));
        }
        out.join("\n") + "\n"
    }
}

fn quoted(mark: char, text: &str) -> String {
    let shown = head(text, MAX_MESSAGE);
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("{mark} {shown}{cut}")
}

/// The text without the characters that XML 1.0 forbids; what would mislead a reader is shown.
fn allowed(text: &str) -> String {
    let map = |c| match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => c,
    };
    visible(text).chars().map(map).collect()
}

/// The text as it may stand in CDATA.
fn cdata(text: &str) -> String {
    allowed(text).replace("]]>", "]]]]><![CDATA[>")
}
