//! A check as the HTML file shows it.

use std::collections::BTreeSet;

use askama::Template;
use plumb_model::event::CaseFinished;
use plumb_model::report::{CheckReport, Fact};
use plumb_model::{Exchange, Force, Position, Report, Verdict};

use super::exchange::{ExchangeView, Room};
use super::{class, markup};
use crate::findings::{self, Finding, Standing};
use crate::text::{counted, duration, visible_line};

/// Exchanges of a case that are embedded; the others are named.
const MAX_EXCHANGES: usize = 4;
/// Bytes of embedded exchanges, after which those that show no problem are only named.
const MAX_EVIDENCE: usize = 2 * 1024 * 1024;

/// The exchanges that the file holds: each stands once, where it is first needed.
pub(super) struct Evidence<'a> {
    report: &'a Report,
    embedded: BTreeSet<u64>,
    spent: usize,
}

#[derive(Template)]
#[template(path = "check.html")]
pub(super) struct CheckView<'a> {
    id: String,
    class: &'static str,
    standing: &'static str,
    level: &'static str,
    force: Option<&'static str>,
    summary: String,
    url: Option<&'a str>,
    page: String,
    docs: String,
    why: Option<String>,
    how_to_enable: Option<String>,
    known: Option<String>,
    disputed: Option<String>,
    rows: Vec<RowView>,
    positions: Vec<PositionView>,
    took: String,
    found: Vec<FindingView>,
    cases: Vec<CaseView>,
    pub(super) open: bool,
}

/// Another requirement that the same fact breaks.
struct RowView {
    id: String,
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
    shown: Vec<Shown>,
}

struct CaseView {
    slug: String,
    title: String,
    verdict: String,
    class: &'static str,
    shown: Vec<Shown>,
    left_out: Option<String>,
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
        let found = leading.iter().map(|f| FindingView::of(f, evidence)).collect();
        let rows = fact
            .others
            .iter()
            .copied()
            .map(|c| RowView::of(report, c, &leading, evidence))
            .collect();
        let positions = findings::positions(report, fact.checks());
        let positions = positions.into_iter().map(PositionView::of).collect();
        let rest = check.cases.iter().filter(|c| c.verdict.name() != check.verdict.name());
        let cases = rest.map(|c| CaseView::of(c, evidence)).collect();
        Self { rows, positions, found, cases, ..Self::bare(check) }
    }

    /// Any other check.
    pub(super) fn other(
        _: &'a Report,
        check: &'a CheckReport,
        evidence: &mut Evidence<'a>,
    ) -> Self {
        let cases = check.cases.iter().map(|c| CaseView::of(c, evidence)).collect();
        Self { cases, ..Self::bare(check) }
    }

    fn bare(check: &'a CheckReport) -> Self {
        let info = &check.info;
        let standing = Standing::of(check);
        let (why, how_to_enable) = match &check.verdict {
            Verdict::Unverified { why, how_to_enable } => (Some(why), Some(how_to_enable)),
            Verdict::NotApplicable { why } => (Some(why), None),
            _ => (None, None),
        };
        let shown = |text: &String| markup::phrase(text);
        Self {
            id: visible_line(&info.id).into_owned(),
            class: class(standing),
            standing: standing.one(),
            level: info.level.keyword(),
            force: force(info.force),
            summary: visible_line(&info.summary).into_owned(),
            url: Some(info.url.as_str()).filter(|u| markup::is_web(u)),
            page: visible_line(&info.page).into_owned(),
            docs: markup::docs(&info.docs),
            why: why.map(shown),
            how_to_enable: how_to_enable.map(shown),
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
            found: Vec::new(),
            cases: Vec::new(),
            open: false,
        }
    }
}

/// The force, unless it is that of the text.
fn force(force: Force) -> Option<&'static str> {
    (force != Force::Text).then(|| force.words())
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
        let exchange = finding.exchange.map(|e| evidence.problem(e, finding.control));
        let control = finding.control.map(|c| evidence.problem(c, None).folded());
        Self {
            expected,
            actual,
            because,
            case: finding.cases.first().map(|c| (line(&c.case), line(&c.title))),
            alike: alike.collect(),
            seen: (finding.seen > finding.cases.len().max(1))
                .then(|| counted(finding.seen, "time")),
            shown: exchange.into_iter().chain(control).collect(),
        }
    }
}

impl CaseView {
    fn of(case: &CaseFinished, evidence: &mut Evidence<'_>) -> Self {
        let exchanges = case.exchanges.iter().take(MAX_EXCHANGES);
        let shown: Vec<Shown> = exchanges.filter_map(|seq| evidence.other(*seq)).collect();
        let left_out = case.exchanges.len() - shown.len();
        Self {
            slug: visible_line(&case.case).into_owned(),
            title: visible_line(&case.title).into_owned(),
            verdict: case.verdict.name().replace('_', " "),
            class: case.verdict.name(),
            shown,
            left_out: (left_out > 0).then(|| counted(left_out, "exchange")),
        }
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self { report, embedded: BTreeSet::new(), spent: 0 }
    }

    /// An exchange that shows a problem: always in the file.
    fn problem(&mut self, exchange: &Exchange, control: Option<&Exchange>) -> Shown {
        self.embed(exchange, control, Room::Wide)
    }

    /// Any other exchange, as long as there is room.
    fn other(&mut self, seq: u64) -> Option<Shown> {
        let report = self.report;
        let exchange = report.exchanges.get(&seq)?;
        if self.spent > MAX_EVIDENCE && !self.embedded.contains(&seq) {
            return None;
        }
        Some(self.embed(exchange, None, Room::Narrow).folded())
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
