//! `report.json`: the whole report for machines, described by `reports/schema/report.schema.json`.

use std::collections::BTreeSet;
use std::io::{self, Write};

use plumb_model::event::{Again, CaseFinished, JudgedBy, TargetInfo, is_once};
use plumb_model::report::{CheckReport, Counts, Fact, Outcome};
use plumb_model::suite::Policy;
use plumb_model::{Exchange, Force, Level, Position, Report, Reports, Severity, Verdict};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::findings::{self, Enable};

/// The version of the document's format; it grows with every change that is no addition.
pub const FORMAT: u32 = 1;

/// The document, as JSON over several lines.
pub fn render(report: &Report) -> String {
    let mut text = Vec::new();
    // Writing into memory fails for no document of ours, and JSON is UTF-8.
    let _ = write(report, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes the document as it is made: it is by far the largest of the reports.
///
/// # Errors
///
/// Those of `to`.
pub fn write(report: &Report, to: impl Write) -> io::Result<()> {
    lines(&Document::of(report), to, Lines::one())
}

/// The reports of a run as JSON over several lines: of one revision its document, of several theirs in one.
pub fn render_run(reports: &Reports) -> String {
    let mut text = Vec::new();
    // As above.
    let _ = write_run(reports, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes the reports of a run.
///
/// # Errors
///
/// Those of `to`.
pub fn write_run(reports: &Reports, to: impl Write) -> io::Result<()> {
    match reports.only() {
        Some(report) => write(report, to),
        None => lines(&Documents::of(reports), to, Lines::several()),
    }
}

fn lines(document: &impl Serialize, mut to: impl Write, lines: Lines) -> io::Result<()> {
    document.serialize(&mut Serializer::with_formatter(&mut to, lines))?;
    to.write_all(b"\n")?;
    to.flush()
}

/// A line for each member of the document, and for each check and exchange: short, and still something to compare by lines.
struct Lines {
    depth: usize,
    /// Down to here, each thing has its line.
    deepest: usize,
}

impl Lines {
    fn one() -> Self {
        Self { depth: 0, deepest: 2 }
    }

    fn several() -> Self {
        Self { depth: 0, deepest: 4 }
    }

    fn line(&self, to: &mut (impl Write + ?Sized), depth: usize) -> io::Result<()> {
        if depth > self.deepest {
            return Ok(());
        }
        to.write_all(b"\n")?;
        (0..depth).try_for_each(|_| to.write_all(b" "))
    }

    fn next(&self, to: &mut (impl Write + ?Sized), first: bool) -> io::Result<()> {
        if !first {
            to.write_all(b",")?;
        }
        self.line(to, self.depth)
    }

    fn end(&mut self, to: &mut (impl Write + ?Sized), with: &[u8]) -> io::Result<()> {
        if self.depth == 1 {
            self.line(to, 0)?;
        }
        self.depth -= 1;
        to.write_all(with)
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.next(writer, first)
    }
}

/// The reports of a run by several revisions, as JSON: a document for each, and what they amount to together.
#[derive(Clone, Debug, Serialize)]
pub struct Documents<'a> {
    /// The version of the document's format.
    pub format: u32,
    /// The version of Plumb.
    pub plumb: &'a str,
    /// The revisions judged by, the newest first.
    pub revisions: Vec<&'a str>,
    /// Wall time of the run, microseconds.
    pub took: u64,
    /// What the run amounts to: the gravest by any revision.
    pub outcome: Outcome,
    /// The exit code that follows from the outcome.
    pub exit_code: u8,
    /// How often each verdict was given, by all revisions together.
    pub counts: Counts,
    /// What was found by each revision.
    pub parts: Vec<Document<'a>>,
}

impl<'a> Documents<'a> {
    /// The reports as documents.
    pub fn of(reports: &'a Reports) -> Self {
        let outcome = reports.outcome();
        Self {
            format: FORMAT,
            plumb: &reports.first().run.plumb,
            revisions: reports.revisions(),
            took: reports.took(),
            outcome,
            exit_code: outcome.exit_code(),
            counts: reports.counts(),
            parts: reports.iter().map(Document::of).collect(),
        }
    }
}

/// A report as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Document<'a> {
    /// The version of the document's format.
    pub format: u32,
    /// The version of Plumb.
    pub plumb: &'a str,
    /// The revision judged by.
    pub revision: &'a str,
    /// Wall-clock time of the start, RFC 3339.
    pub started: &'a str,
    /// Wall time of the run, microseconds.
    pub took: u64,
    /// The seed of everything random.
    pub seed: u64,
    /// The suite's name.
    pub suite: &'a str,
    /// What else than a violated MUST fails the run.
    pub policy: &'a Policy,
    /// What was judged by, to the byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<&'a JudgedBy>,
    /// The target.
    pub target: &'a TargetInfo,
    /// What the run amounts to.
    pub outcome: Outcome,
    /// The exit code that follows from the outcome.
    pub exit_code: u8,
    /// How often each verdict was given.
    pub counts: Counts,
    /// What was found broken: requirements that one fact breaks are one finding.
    pub findings: Vec<Finding<'a>>,
    /// The positions that the checks rest on, and those of which the user takes the other side.
    pub positions: &'a [Position],
    /// The same, by page of the specification.
    pub pages: Vec<Page<'a>>,
    /// What would make more observable.
    pub to_enable: Vec<Means<'a>>,
    /// Entries of the known list that must go.
    pub stale_known: Vec<&'a str>,
    /// Faults of Plumb itself.
    pub internal_faults: &'a [String],
    /// What befell the target meanwhile.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub remarks: &'a [String],
    /// The checks, in the order of the ledger.
    pub checks: Vec<Check<'a>>,
    /// The exchanges that a case rests on, by sequence number.
    pub exchanges: Vec<&'a Exchange>,
}

/// One fact that breaks requirements.
#[derive(Clone, Debug, Serialize)]
pub struct Finding<'a> {
    /// The requirements, the gravest first.
    pub requirements: Vec<&'a str>,
    /// How much it weighs.
    pub severity: Severity,
}

/// The verdicts on one page.
#[derive(Clone, Debug, Serialize)]
pub struct Page<'a> {
    /// The page.
    pub page: &'a str,
    /// How often each verdict was given.
    pub counts: Counts,
}

/// What a user can add so that more is judged.
#[derive(Clone, Debug, Serialize)]
pub struct Means<'a> {
    /// What to add.
    pub how: &'a str,
    /// The checks that would then be judged.
    pub checks: Vec<&'a str>,
}

/// A judged check.
#[derive(Clone, Debug, Serialize)]
pub struct Check<'a> {
    /// Its id, which is its requirement's.
    pub id: &'a str,
    /// The level of the requirement.
    pub level: Level,
    /// What the requirement rests on.
    pub force: Force,
    /// The positions that its judgement rests on.
    pub positions: &'a [String],
    /// The requirement that tells the same fact, if another does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<&'a str>,
    /// The page of the specification.
    pub page: &'a str,
    /// Where the sentence stands.
    pub url: &'a str,
    /// The requirement in our words.
    pub summary: &'a str,
    /// The verdict and what belongs to it.
    #[serde(flatten)]
    pub verdict: &'a Verdict,
    /// How much the verdict weighs.
    pub severity: Severity,
    /// The user's reason, if a violation is known and accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<&'a str>,
    /// The position that the user does not share, if the verdict rests on such a one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disputed: Option<&'a str>,
    /// Microseconds between start and verdict.
    pub took: u64,
    /// Its cases, in the order of judgement.
    pub cases: Vec<Case<'a>>,
    /// Its documentation, in Markdown.
    pub docs: &'a str,
}

/// A judged case.
#[derive(Clone, Debug, Serialize)]
pub struct Case<'a> {
    /// Its slug: with the check's id it is the address `check#case`.
    pub case: &'a str,
    /// What it is about.
    pub title: &'a str,
    /// The verdict and what belongs to it.
    #[serde(flatten)]
    pub verdict: &'a Verdict,
    /// The exchanges it rests on, as far as the recording keeps them.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    pub exchanges: &'a [u64],
    /// How often the same was seen, if more than once.
    #[serde(skip_serializing_if = "is_once")]
    pub count: u32,
    /// How a violation was seen again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

impl<'a> Document<'a> {
    /// The report as a document.
    pub fn of(report: &'a Report) -> Self {
        let run = &report.run;
        let outcome = report.outcome();
        let pages = findings::pages(report);
        Self {
            format: FORMAT,
            plumb: &run.plumb,
            revision: &run.revision,
            started: &run.started,
            took: report.took,
            seed: run.seed,
            suite: &run.suite,
            policy: &run.policy,
            judged_by: run.judged_by.as_ref(),
            target: &run.target,
            outcome,
            exit_code: outcome.exit_code(),
            counts: report.counts(),
            findings: report.facts().iter().map(Finding::of).collect(),
            positions: &run.positions,
            pages: pages.iter().map(|p| Page { page: p.name, counts: p.counts }).collect(),
            to_enable: findings::to_enable(report).into_iter().map(Means::of).collect(),
            stale_known: report.stale_known(),
            internal_faults: &report.internal_faults,
            remarks: &report.remarks,
            checks: report.checks.iter().map(Check::of).collect(),
            exchanges: rested_on(report),
        }
    }
}

fn rested_on(report: &Report) -> Vec<&Exchange> {
    let cases = report.checks.iter().flat_map(|c| &c.cases);
    let numbers: BTreeSet<u64> = cases.flat_map(|c| c.exchanges.iter().copied()).collect();
    numbers.iter().filter_map(|n| report.exchanges.get(n)).map(AsRef::as_ref).collect()
}

impl<'a> Finding<'a> {
    fn of(fact: &Fact<'a>) -> Self {
        let requirements = fact.checks().map(|c| c.info.id.as_str()).collect();
        Self { requirements, severity: fact.severity() }
    }
}

impl<'a> Means<'a> {
    fn of(enable: Enable<'a>) -> Self {
        Self { how: enable.how, checks: enable.checks }
    }
}

impl<'a> Check<'a> {
    fn of(check: &'a CheckReport) -> Self {
        let info = &check.info;
        Self {
            id: &info.id,
            level: info.level,
            force: info.force,
            positions: &info.positions,
            fact: info.fact.as_deref(),
            page: &info.page,
            url: &info.url,
            summary: &info.summary,
            verdict: &check.verdict,
            severity: check.severity(),
            known: check.known.as_deref(),
            disputed: check.disputed.as_ref().map(|p| p.id.as_str()),
            took: check.took,
            cases: check.cases.iter().map(Case::of).collect(),
            docs: &info.docs,
        }
    }
}

impl<'a> Case<'a> {
    fn of(case: &'a CaseFinished) -> Self {
        Self {
            case: &case.case,
            title: &case.title,
            verdict: &case.verdict,
            exchanges: &case.exchanges,
            count: case.count,
            again: case.again,
        }
    }
}
