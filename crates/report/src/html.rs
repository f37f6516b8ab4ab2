//! One self-contained HTML file: no request leaves it, and it reads without script.

pub(crate) mod audit;
mod check;
mod exchange;
mod markup;

use askama::Template;
use plumb_model::report::{CheckReport, Counts, Fact, Outcome};
use plumb_model::{Report, Role};

use crate::findings::{self, Standing};
use crate::text::{counted, duration, visible, visible_line};
use check::{CheckView, Evidence};

const STYLE: &str = include_str!("../templates/style.css");
const SCRIPT: &str = include_str!("../templates/script.js");

/// SHA-256 of the one style sheet and the one script that the file's policy allows; a test tells when they are stale.
const STYLE_HASH: &str = "sha256-auxPu1K7dxmvQSAM0hBguiO3/APKCobGeo3vz2nUlT4=";
const SCRIPT_HASH: &str = "sha256-vdiGaByWKO0MGGY/vf6+WbiQiUaIFCgGXAfaHcdk9kU=";

/// Findings that are unfolded from the start, the gravest.
const UNFOLDED: usize = 1;

/// The report as one HTML file.
pub fn render(report: &Report) -> String {
    // Rendering into a string fails for no template of ours.
    Page::of(report).render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    style_hash: &'static str,
    script_hash: &'static str,
    address: String,
    outcome: &'static str,
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
    problems: Vec<CheckView<'a>>,
    others: Vec<Group<'a>>,
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

struct Group<'a> {
    name: String,
    anchor: String,
    checks: Vec<CheckView<'a>>,
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
    fn of(report: &'a Report) -> Self {
        let counts = report.counts();
        let mut evidence = Evidence::new(report);
        let (problems, others) = sections(report, &mut evidence);
        let outcome = report.outcome();
        let shown = |lines: &[String]| lines.iter().map(|l| visible(l).into_owned()).collect();
        Self {
            style: STYLE,
            script: SCRIPT,
            style_hash: STYLE_HASH,
            script_hash: SCRIPT_HASH,
            address: visible_line(&report.run.target.address).into_owned(),
            outcome: findings::outcome_word(outcome),
            outcome_class: outcome_class(outcome),
            plain_words: plain_words(report),
            facts: facts(report),
            tiles: Standing::ALL.iter().map(|s| Tile::of(*s, &counts)).collect(),
            bar: Bar::of(&counts),
            pages: findings::pages(report).iter().map(PageRow::of).collect(),
            enable: findings::to_enable(report).iter().map(EnableRow::of).collect(),
            stale: report
                .stale_known()
                .into_iter()
                .map(|id| visible_line(id).into_owned())
                .collect(),
            faults: shown(&report.internal_faults),
            remarks: shown(&report.remarks),
            problems,
            others,
        }
    }
}

/// What needs a reader first, gravest first; then everything else by page.
fn sections<'a>(
    report: &'a Report,
    evidence: &mut Evidence<'a>,
) -> (Vec<CheckView<'a>>, Vec<Group<'a>>) {
    let mut problems = Vec::new();
    let mut facts = report.facts();
    let alone = report.checks.iter().filter(|c| folded_alone(c));
    facts.extend(alone.map(|lead| Fact { lead, others: Vec::new() }));
    for standing in Standing::ALL.into_iter().filter(|s| is_problem(*s)) {
        let facts = facts.iter().filter(|fact| Standing::of(fact.lead) == standing);
        problems.extend(facts.map(|fact| CheckView::problem(report, fact, evidence)));
    }
    for check in problems.iter_mut().take(UNFOLDED) {
        check.open = true;
    }
    let mut others = Vec::new();
    for page in findings::pages(report) {
        let checks = page.checks.iter().filter(|c| folded(c));
        let checks: Vec<_> = checks.map(|c| CheckView::other(report, c, evidence)).collect();
        if !checks.is_empty() {
            let name = visible_line(page.name).into_owned();
            others.push(Group { anchor: page_anchor(page.name), name, checks });
        }
    }
    (problems, others)
}

/// Whether a check stands among the others of its page.
fn folded(check: &CheckReport) -> bool {
    !is_problem(Standing::of(check))
}

/// Whether a problem is no fact that counts: a doubt, or a violation that the user accepts.
fn folded_alone(check: &CheckReport) -> bool {
    !folded(check) && !check.counts_as_broken()
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
        parts.push(format!("{} could not be observed", counts.unverified));
    }
    parts.join(", ")
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let (run, target) = (&report.run, &report.run.target);
    let kind = if target.role == Role::Client { "Client" } else { "Server" };
    let mut facts = vec![(kind, target.server.clone().unwrap_or_else(|| "unnamed".into()))];
    facts.push(("Speaks", format!("{} over {}", target.era, target.transport)));
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
    facts.push(("Evidence", counted(report.exchanges.len(), "exchange")));
    facts.push(("Plumb", run.plumb.clone()));
    facts.into_iter().map(|(name, fact)| (name, markup::phrase(&fact))).collect()
}

fn page_anchor(page: &str) -> String {
    let anchor = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("page-{}", page.chars().map(anchor).collect::<String>())
}

impl Tile {
    fn of(standing: Standing, counts: &Counts) -> Self {
        let count = standing.count(counts);
        let label = if count == 1 { standing.one() } else { standing.label() };
        Self { class: class(standing), label, count }
    }
}

impl PageRow {
    fn of(page: &findings::Page<'_>) -> Self {
        let bar = Bar::of(&page.counts);
        Self {
            name: visible_line(page.name).into_owned(),
            anchor: page.checks.iter().any(|c| folded(c)).then(|| page_anchor(page.name)),
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
