//! A check as the HTML file shows it.

use std::collections::BTreeSet;

use askama::Template;
use plumb_model::event::CaseFinished;
use plumb_model::report::{CheckReport, Fact};
use plumb_model::{Exchange, Position, Report, Verdict};

use super::exchange::{ExchangeView, Room};
use super::{class, force, markup};
use crate::docs;
use crate::findings::{self, Finding, Standing};
use crate::text::{counted, duration, visible_line};

/// Bytes of embedded exchanges, after which only the first of a finding is embedded.
const MAX_EVIDENCE: usize = 96 * 1024;
/// Bytes after which none is.
const MOST_EVIDENCE: usize = 4 * 1024 * 1024;
/// Other findings of a requirement that are told.
const MOST_FINDINGS: usize = 12;

/// The exchanges that the file holds: each stands once, where it is first needed.
pub(super) struct Evidence<'a> {
    report: &'a Report,
    /// What anchors of requirements begin with.
    prefix: String,
    embedded: BTreeSet<u64>,
    spent: usize,
}

#[derive(Template)]
#[template(path = "check.html")]
pub(super) struct CheckView<'a> {
    id: String,
    anchor: String,
    class: &'static str,
    standing: &'static str,
    level: &'static str,
    force: Option<&'static str>,
    summary: String,
    url: Option<&'a str>,
    page: String,
    observed: String,
    why: Option<String>,
    fix: Option<String>,
    known: Option<String>,
    disputed: Option<String>,
    rows: Vec<RowView>,
    positions: Vec<PositionView>,
    took: String,
    first: Option<FindingView>,
    more: Vec<FindingView>,
    untold: Option<String>,
    cases: Vec<CaseView>,
    pub(super) open: bool,
}

/// Another requirement that the same fact breaks.
struct RowView {
    id: String,
    anchor: String,
    level: &'static str,
    force: Option<&'static str>,
    summary: String,
    found: Vec<FindingView>,
}

struct PositionView {
    id: String,
    title: String,
    text: String,
    other_side: Option<String>,
}

struct FindingView {
    expected: Option<String>,
    actual: Option<String>,
    because: Option<String>,
    case: Option<(String, String)>,
    alike: Vec<(String, String)>,
    seen: Option<String>,
    again: Option<&'static str>,
    shown: Vec<Shown>,
}

struct CaseView {
    slug: String,
    title: String,
    verdict: String,
    class: &'static str,
}

/// An exchange where it is told of.
enum Shown {
    /// It stands here.
    Here(Box<ExchangeView>),
    /// It stands elsewhere in the file.
    There(u64),
}

impl<'a> CheckView<'a> {
    /// A check that a reader must look at, with those that the same fact breaks.
    pub(super) fn problem(
        report: &'a Report,
        fact: &Fact<'a>,
        evidence: &mut Evidence<'a>,
    ) -> Self {
        let check = fact.lead;
        let leading = findings::of_check(report, check);
        let mut found =
            leading.iter().take(MOST_FINDINGS + 1).map(|f| FindingView::of(f, evidence));
        let (first, more) = (found.next(), found.collect());
        let untold = leading.len().saturating_sub(MOST_FINDINGS + 1);
        let rows = fact
            .others
            .iter()
            .copied()
            .map(|c| RowView::of(report, c, &leading, evidence))
            .collect();
        let positions = findings::positions(report, fact.checks());
        let positions = positions.into_iter().map(PositionView::of).collect();
        let rest = check.cases.iter().filter(|c| c.verdict.name() != check.verdict.name());
        let cases = rest.map(CaseView::of).collect();
        let untold = (untold > 0).then(|| counted(untold, "more finding"));
        let anchor = evidence.anchor(check);
        Self { anchor, rows, positions, first, more, untold, cases, ..Self::bare(check) }
    }

    fn bare(check: &'a CheckReport) -> Self {
        let info = &check.info;
        let standing = Standing::of(check);
        let shown = |text: &String| markup::phrase(text);
        Self {
            id: visible_line(&info.id).into_owned(),
            anchor: String::new(),
            class: class(standing),
            standing: standing.one(),
            level: info.level.keyword(),
            force: force(info.force),
            summary: visible_line(&info.summary).into_owned(),
            url: Some(info.url.as_str()).filter(|u| markup::is_web(u)),
            page: visible_line(&info.page).into_owned(),
            observed: markup::phrase(&docs::observed(&info.docs)),
            why: docs::why_it_matters(&info.docs).as_ref().map(shown),
            fix: docs::how_to_fix(&info.docs).as_ref().map(shown),
            known: check.known.as_ref().filter(|_| standing == Standing::Known).map(shown),
            disputed: check
                .disputed
                .as_ref()
                .and_then(|p| p.other_side.as_ref())
                .filter(|_| standing == Standing::Disputed)
                .map(shown),
            rows: Vec::new(),
            positions: Vec::new(),
            took: duration(check.took),
            first: None,
            more: Vec::new(),
            untold: None,
            cases: Vec::new(),
            open: false,
        }
    }
}

impl RowView {
    /// Its findings as far as the leading ones do not show them.
    fn of<'a>(
        report: &'a Report,
        check: &'a CheckReport,
        leading: &[Finding<'a>],
        evidence: &mut Evidence<'a>,
    ) -> Self {
        let seq = |f: &Finding<'_>| f.exchange.map(|e| e.seq);
        let told =
            |f: &Finding<'_>| leading.iter().any(|l| l.verdict == f.verdict && seq(l) == seq(f));
        let found = findings::of_check(report, check);
        let found = found.iter().filter(|f| !told(f)).map(|f| FindingView::of(f, evidence));
        Self {
            found: found.collect(),
            anchor: evidence.anchor(check),
            id: visible_line(&check.info.id).into_owned(),
            level: check.info.level.keyword(),
            force: force(check.info.force),
            summary: visible_line(&check.info.summary).into_owned(),
        }
    }
}

impl PositionView {
    fn of(position: &Position) -> Self {
        Self {
            id: visible_line(&position.id).into_owned(),
            title: markup::phrase(&position.title),
            text: markup::docs(&position.text),
            other_side: position.other_side.as_deref().map(markup::phrase),
        }
    }
}

impl FindingView {
    fn of<'a>(finding: &Finding<'a>, evidence: &mut Evidence<'a>) -> Self {
        let shown = |text: &String| Some(markup::phrase(text));
        let (expected, actual, because) = match finding.verdict {
            Verdict::Violated { expected, actual } => (shown(expected), shown(actual), None),
            Verdict::Inconclusive { why } => (None, None, shown(why)),
            _ => (None, None, None),
        };
        let line = |text: &str| visible_line(text).into_owned();
        let alike = finding.cases.iter().skip(1).map(|c| (line(&c.case), line(&c.title)));
        let exchange = finding.exchange.and_then(|e| evidence.telling(e, finding.control));
        let control = finding.control.and_then(|c| evidence.beside(c));
        Self {
            expected,
            actual,
            because,
            case: finding.cases.first().map(|c| (line(&c.case), markup::phrase(&c.title))),
            alike: alike.collect(),
            seen: (finding.seen > finding.cases.len().max(1))
                .then(|| counted(finding.seen, "time")),
            again: finding.again().map(findings::seen_again),
            shown: exchange.into_iter().chain(control).collect(),
        }
    }
}

impl CaseView {
    fn of(case: &CaseFinished) -> Self {
        Self {
            slug: visible_line(&case.case).into_owned(),
            title: visible_line(&case.title).into_owned(),
            verdict: case.verdict.name().replace('_', " "),
            class: case.verdict.name(),
        }
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn new(report: &'a Report, prefix: &str) -> Self {
        Self { report, prefix: prefix.to_owned(), embedded: BTreeSet::new(), spent: 0 }
    }

    fn anchor(&self, check: &CheckReport) -> String {
        format!("{}{}", self.prefix, visible_line(&check.info.id))
    }

    /// The exchange that a finding is told by.
    fn telling(&mut self, exchange: &Exchange, control: Option<&Exchange>) -> Option<Shown> {
        let room = if self.spent < MAX_EVIDENCE { Room::Wide } else { Room::Narrow };
        (self.spent < MOST_EVIDENCE || self.embedded.contains(&exchange.seq))
            .then(|| self.embed(exchange, control, room))
    }

    /// Any other exchange, as long as there is room.
    fn beside(&mut self, exchange: &Exchange) -> Option<Shown> {
        (self.spent < MAX_EVIDENCE || self.embedded.contains(&exchange.seq))
            .then(|| self.embed(exchange, None, Room::Narrow).folded())
    }

    fn embed(&mut self, exchange: &Exchange, control: Option<&Exchange>, room: Room) -> Shown {
        if !self.embedded.insert(exchange.seq) {
            return Shown::There(exchange.seq);
        }
        let view = ExchangeView::of(exchange, control, room, &self.report.run.target);
        self.spent += view.weight();
        Shown::Here(Box::new(view))
    }
}

impl Shown {
    fn folded(mut self) -> Self {
        if let Self::Here(view) = &mut self {
            view.open = false;
        }
        self
    }
}
