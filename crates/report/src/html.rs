//! One self-contained HTML file: no request leaves it, and it reads without script.

pub(crate) mod audit;
mod check;
mod exchange;
mod markup;
mod rest;
mod times;

use askama::Template;
use plumb_model::report::{CheckReport, Counts, Fact, Outcome};
use plumb_model::{Danger, Force, Report, Reports, Role, Verdict};

use crate::danger;
use crate::findings::{self, Standing};
use crate::text::{counted, duration, visible, visible_line};
use check::{CheckView, Evidence};
use rest::Rest;

const STYLE: &str = include_str!("../templates/style.css");
const SCRIPT: &str = include_str!("../templates/script.js");

/// SHA-256 of the one style sheet and the one script that the file's policy allows; a test tells when they are stale.
const STYLE_HASH: &str = "sha256-ipmXqWOIqgEYg6wRRiS2SdOHc+F1L2nmTIzADmcHN9o=";
const SCRIPT_HASH: &str = "sha256-Hnza4wH4z0YVLwPqd8Kgte6Yl25dX/xQo45pf/OOHCI=";

/// The report as one HTML file.
pub fn render(report: &Report) -> String {
    let outcome = (findings::outcome_words(report), outcome_class(report.outcome()));
    rendered(&[report], outcome)
}

/// The reports of a run as one HTML file: by several revisions, a section for each.
pub fn render_run(reports: &Reports) -> String {
    if let Some(report) = reports.only() {
        return render(report);
    }
    let outcome = (findings::outcome_of_run(reports), outcome_class(reports.outcome()));
    rendered(&reports.iter().collect::<Vec<_>>(), outcome)
}

fn rendered(reports: &[&Report], outcome: (String, &'static str)) -> String {
    // Rendering into a string fails for no template of ours.
    Page::of(reports, outcome).render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    style_hash: &'static str,
    script_hash: &'static str,
    address: String,
    /// Of the whole run.
    outcome: String,
    outcome_class: &'static str,
    /// Whether there are several sections.
    several: bool,
    editions: Vec<EditionView<'a>>,
    rest: String,
}

/// What was found by one revision.
struct EditionView<'a> {
    revision: String,
    /// What anchors begin with: nothing in the first section.
    prefix: String,
    outcome: String,
    outcome_class: &'static str,
    plain_words: String,
    facts: Vec<(&'static str, String)>,
    tiles: Vec<Tile>,
    bar: Bar,
    pages: Vec<PageRow>,
    enable: Vec<EnableRow>,
    stale: Vec<String>,
    faults: Vec<String>,
    remarks: Vec<String>,
    problems: usize,
    parts: Vec<Part<'a>>,
    others: Vec<Group>,
    times: Vec<times::Span>,
}

/// Findings of one kind.
struct Part<'a> {
    name: &'static str,
    checks: Vec<CheckView<'a>>,
}

struct Tile {
    class: &'static str,
    label: &'static str,
    count: usize,
}

struct PageRow {
    name: String,
    anchor: Option<String>,
    bar: Bar,
    words: String,
    held: usize,
    all: usize,
}

struct EnableRow {
    how: String,
    count: String,
    checks: Vec<String>,
}

/// Requirements of one page that need no reader: the script unfolds them.
struct Group {
    /// Its place among those of the file.
    place: usize,
    name: String,
    anchor: String,
    words: String,
}

/// Shares of a whole, as rectangles in a box of 1000 units.
struct Bar(Vec<Segment>);

struct Segment {
    class: &'static str,
    x: usize,
    width: usize,
    words: String,
}

impl<'a> Page<'a> {
    fn of(reports: &[&'a Report], (outcome, outcome_class): (String, &'static str)) -> Self {
        let mut rest = Rest::default();
        let mut editions = Vec::with_capacity(reports.len());
        for report in reports {
            let first = editions.is_empty();
            let revision = visible_line(&report.run.revision);
            let prefix = if first { String::new() } else { format!("{revision}.") };
            editions.push(EditionView::of(report, prefix, &mut rest));
        }
        let address = reports.first().map(|report| visible_line(&report.run.target.address));
        Self {
            style: STYLE,
            script: SCRIPT,
            style_hash: STYLE_HASH,
            script_hash: SCRIPT_HASH,
            address: address.unwrap_or_default().into_owned(),
            outcome,
            outcome_class,
            several: editions.len() > 1,
            editions,
            rest: rest.embedded(),
        }
    }
}

impl<'a> EditionView<'a> {
    fn of(report: &'a Report, prefix: String, rest: &mut Rest) -> Self {
        let counts = report.counts();
        let parts = parts(report, &prefix);
        let groups = rest::groups(report, folded);
        let others = groups
            .iter()
            .map(|(page, checks)| Group::of(page, checks, rest.take(checks, &prefix), &prefix));
        let shown = |lines: &[String]| lines.iter().map(|l| visible(l).into_owned()).collect();
        Self {
            revision: visible_line(&report.run.revision).into_owned(),
            outcome: findings::outcome_words(report),
            outcome_class: outcome_class(report.outcome()),
            plain_words: plain_words(report),
            facts: facts(report),
            tiles: Standing::ALL.iter().map(|s| Tile::of(*s, report)).collect(),
            bar: Bar::of(&counts),
            pages: findings::pages(report).iter().map(|p| PageRow::of(p, &prefix)).collect(),
            enable: findings::to_enable(report).iter().map(EnableRow::of).collect(),
            stale: report
                .stale_known()
                .into_iter()
                .map(|id| visible_line(id).into_owned())
                .collect(),
            faults: shown(&report.internal_faults),
            remarks: shown(&report.remarks),
            problems: parts.iter().map(|part| part.checks.len()).sum(),
            parts,
            others: others.collect(),
            times: times::longest(report),
            prefix,
        }
    }
}

/// What needs a reader: findings by what they endanger, then what could not be judged, then what the user accepts.
fn parts<'a>(report: &'a Report, prefix: &str) -> Vec<Part<'a>> {
    let mut evidence = Evidence::new(report, prefix);
    let facts = danger::ordered(report, |fact| is_problem(Standing::of(fact.lead)));
    let broken = |fact: &&Fact<'_>| matches!(fact.lead.verdict, Verdict::Violated { .. });
    let mut parts = Vec::new();
    for danger in Danger::ALL {
        let of = facts.iter().filter(broken).filter(|f| Danger::of(&f.lead.info) == danger);
        parts.push(Part::of(danger.label(), of.collect(), report, &mut evidence));
    }
    for (name, standing) in [
        ("could not be judged", Standing::Inconclusive),
        ("known to you", Standing::Known),
        ("disputed by you", Standing::Disputed),
    ] {
        let checks = report.checks.iter().filter(|c| Standing::of(c) == standing);
        let alone: Vec<Fact<'_>> = checks.map(|lead| Fact { lead, others: Vec::new() }).collect();
        parts.push(Part::of(name, alone.iter().collect(), report, &mut evidence));
    }
    parts.retain(|part| !part.checks.is_empty());
    if let Some(first) = parts.first_mut().and_then(|part| part.checks.first_mut()) {
        first.open = true;
    }
    parts
}

impl<'a> Part<'a> {
    fn of(
        name: &'static str,
        facts: Vec<&Fact<'a>>,
        report: &'a Report,
        evidence: &mut Evidence<'a>,
    ) -> Self {
        let checks = facts.into_iter().map(|fact| CheckView::problem(report, fact, evidence));
        Self { name, checks: checks.collect() }
    }
}

impl Group {
    fn of(page: &str, checks: &[&CheckReport], place: usize, prefix: &str) -> Self {
        let mut counts: Vec<(Standing, usize)> = Vec::new();
        for standing in Standing::ALL {
            match checks.iter().filter(|c| Standing::of(c) == standing).count() {
                0 => {}
                n => counts.push((standing, n)),
            }
        }
        let words = counts.iter().map(|(s, n)| format!("{n} {}", s.label()));
        let words = words.collect::<Vec<_>>().join(", ");
        let (name, anchor) = (visible_line(page).into_owned(), page_anchor(page, prefix));
        Self { place, name, anchor, words }
    }
}

/// Whether a check stands among the others of its page.
fn folded(check: &CheckReport) -> bool {
    !is_problem(Standing::of(check))
}

fn is_problem(standing: Standing) -> bool {
    match standing {
        Standing::Failure
        | Standing::Inconclusive
        | Standing::Warning
        | Standing::Note
        | Standing::Known
        | Standing::Disputed => true,
        Standing::Unverified | Standing::Held | Standing::NotApplicable => false,
    }
}

/// The class of a standing in the style sheet.
fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Held => "held",
        Standing::Failure => "failure",
        Standing::Warning => "warning",
        Standing::Note => "note",
        Standing::Known => "known",
        Standing::Disputed => "disputed",
        Standing::Unverified => "unverified",
        Standing::Inconclusive => "inconclusive",
        Standing::NotApplicable => "na",
    }
}

/// The force, unless it is that of the text.
fn force(force: Force) -> Option<&'static str> {
    (force != Force::Text).then(|| force.words())
}

fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Conformant => "held",
        Outcome::Violations | Outcome::OurFault => "failure",
        Outcome::Inconclusive => "inconclusive",
        Outcome::NothingSelected | Outcome::StaleKnown => "warning",
    }
}

fn plain_words(report: &Report) -> String {
    let counts = report.counts();
    let all = counted(report.checks.len(), "requirement");
    let mut parts = vec![format!("{} of {all} held", counts.held)];
    for (standing, noun) in [(Standing::Failure, "failure"), (Standing::Warning, "warning")] {
        match standing.findings(report) {
            (0, _) => {}
            (findings, rows) if findings == rows => parts.push(counted(findings, noun)),
            (findings, rows) => {
                parts.push(format!("{} that break {rows} requirements", counted(findings, noun)));
            }
        }
    }
    if counts.disputed > 0 {
        parts.push(format!("{} disputed by you", counts.disputed));
    }
    if counts.unverified > 0 {
        let (all, line) = (counts.unverified, findings::Lack::Line.count(report));
        parts.push(format!(
            "{all} could not be observed, {line} of them for want of one line of yours"
        ));
    }
    parts.join(", ")
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let (run, target) = (&report.run, &report.run.target);
    let kind = match target.role {
        Role::Client => "Client",
        Role::Server | Role::AuthorizationServer => "Server",
        Role::Intermediary => "Behind it",
    };
    let mut facts = vec![(kind, target.server.clone().unwrap_or_else(|| "unnamed".into()))];
    facts.push(("Speaks", format!("{} over {}", findings::speaks(report), target.transport)));
    if !target.versions.is_empty() {
        facts.push(("Versions", target.versions.join(", ")));
    }
    if let Some(declared) = target.capabilities.as_object() {
        facts.push(("Declares", declared.keys().cloned().collect::<Vec<_>>().join(", ")));
    }
    facts.extend(target.notes.iter().map(|note| ("Seen", note.clone())));
    let strict = if run.policy.strict { ", strict" } else { "" };
    let deny = if run.policy.deny_unverified { ", unverified denied" } else { "" };
    facts.push(("Judged by", format!("MCP {}, suite {}{strict}{deny}", run.revision, run.suite)));
    for (position, reason) in findings::other_sides(report) {
        facts.push(("Other side", format!("`{}`: {reason}", position.id)));
    }
    facts.push(("Run", format!("{}, {}, seed {}", run.started, duration(report.took), run.seed)));
    facts.push(("Evidence", counted(report.exchanged(), "exchange")));
    facts.push(("Plumb", run.plumb.clone()));
    facts.into_iter().map(|(name, fact)| (name, markup::phrase(&fact))).collect()
}

fn page_anchor(page: &str, prefix: &str) -> String {
    let anchor = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{prefix}page-{}", page.chars().map(anchor).collect::<String>())
}

impl Tile {
    /// What the headline counts: findings, however many requirements each of them breaks.
    fn of(standing: Standing, report: &Report) -> Self {
        let (count, _) = standing.findings(report);
        let label = if count == 1 { standing.one() } else { standing.label() };
        Self { class: class(standing), label, count }
    }
}

impl PageRow {
    fn of(page: &findings::Page<'_>, prefix: &str) -> Self {
        let bar = Bar::of(&page.counts);
        Self {
            name: visible_line(page.name).into_owned(),
            anchor: page.checks.iter().any(|c| folded(c)).then(|| page_anchor(page.name, prefix)),
            words: bar.0.iter().map(|s| s.words.as_str()).collect::<Vec<_>>().join(", "),
            bar,
            held: page.counts.held,
            all: page.checks.len(),
        }
    }
}

impl EnableRow {
    fn of(enable: &findings::Enable<'_>) -> Self {
        Self {
            how: markup::phrase(enable.how),
            count: counted(enable.checks.len(), "requirement"),
            checks: enable.checks.iter().map(|id| visible_line(id).into_owned()).collect(),
        }
    }
}

impl Bar {
    fn of(counts: &Counts) -> Self {
        let order = Standing::ALL.map(|s| (s, s.count(counts)));
        let all = order.iter().map(|(_, n)| n).sum::<usize>().max(1);
        let (mut segments, mut before) = (Vec::new(), 0);
        for (standing, n) in order.into_iter().filter(|(_, n)| *n > 0) {
            let (x, end) = (before * 1000 / all, (before + n) * 1000 / all);
            let words = format!("{n} {}", if n == 1 { standing.one() } else { standing.label() });
            segments.push(Segment { class: class(standing), x, width: end - x, words });
            before += n;
        }
        Self(segments)
    }
}
