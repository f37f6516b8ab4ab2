//! Markdown for the summary of a CI step: what failed, in one screen.

use plumb_model::report::Fact;
use plumb_model::{Position, Report, Reports, Severity, Verdict};

use crate::danger;
use crate::findings::{self, Standing};
use crate::text::{clipped, counted, duration, inert, visible_line};

/// Rows of a table; a step summary has bounds, and a reader too.
const MAX_ROWS: usize = 20;
/// Rows of a list beside it.
const MAX_BESIDE: usize = 5;
/// Characters of what was expected, and of what came.
const MAX_CELL: usize = 160;

/// The report in short.
pub fn render(report: &Report) -> String {
    let run = &report.run;
    let outcome = findings::outcome_words(report);
    let mut out = vec![
        format!("## Plumb: {outcome}"),
        String::new(),
        format!(
            "{} · MCP {} · suite {} · {}",
            code(&run.target.address),
            text(&run.revision),
            text(&run.suite),
            duration(report.took)
        ),
        String::new(),
    ];
    out.extend(counts(report));
    out.extend(violations(report));
    out.extend(disputed(report));
    out.extend(inconclusive(report));
    out.extend(unverified(report));
    out.extend(own(report));
    out.join("\n") + "\n"
}

/// The reports of a run in short: by several revisions, a line for each and then what each of them found.
pub fn render_run(reports: &Reports) -> String {
    if let Some(report) = reports.only() {
        return render(report);
    }
    let mut out = vec![
        format!("## Plumb: {}", findings::outcome_of_run(reports)),
        String::new(),
        "| revision | outcome | held | failures | warnings |".into(),
        "| --- | --- | ---: | ---: | ---: |".into(),
    ];
    out.extend(reports.iter().map(|report| {
        let (counts, outcome) = (report.counts(), findings::outcome_words(report));
        let revision = text(&report.run.revision);
        format!(
            "| {revision} | {outcome} | {} | {} | {} |",
            counts.held, counts.failures, counts.warnings
        )
    }));
    out.push(String::new());
    out.join("\n") + "\n" + &reports.iter().map(render).collect::<Vec<_>>().join("\n")
}

fn counts(report: &Report) -> Vec<String> {
    let counts = report.counts();
    let cell = |s: &Standing| s.count(&counts).to_string();
    let labels: Vec<&str> = Standing::ALL.iter().map(|s| s.label()).collect();
    let numbers: Vec<String> = Standing::ALL.iter().map(cell).collect();
    vec![
        format!("| {} |", labels.join(" | ")),
        format!("|{}", " ---: |".repeat(labels.len())),
        format!("| {} |", numbers.join(" | ")),
        String::new(),
    ]
}

fn violations(report: &Report) -> Vec<String> {
    let told = |fact: &Fact<'_>| {
        matches!(fact.lead.verdict, Verdict::Violated { .. })
            && matches!(fact.severity(), Severity::Failure | Severity::Warning)
    };
    let facts = danger::ordered(report, told);
    let rows: Vec<String> =
        facts.iter().take(MAX_ROWS).filter_map(|fact| row(report, fact)).collect();
    if rows.is_empty() {
        return rows;
    }
    let mut out = vec![
        "### Violations".into(),
        String::new(),
        "| requirement | level | expected | actual |".into(),
        "| --- | --- | --- | --- |".into(),
    ];
    out.extend(rows);
    let rest = facts.len().saturating_sub(MAX_ROWS);
    if rest > 0 {
        out.extend([String::new(), format!("… and {rest} more.")]);
    }
    out.push(String::new());
    out.extend(positions(report));
    out
}

/// One fact: what was expected and what came, by its first finding.
fn row(report: &Report, fact: &Fact<'_>) -> Option<String> {
    let info = &fact.lead.info;
    let found = findings::of_check(report, fact.lead);
    let first = found.first()?;
    let Verdict::Violated { expected, actual } = first.verdict else { return None };
    let cases = found.iter().map(|f| f.cases.len()).sum::<usize>();
    let cases = if cases > 1 { format!(" ({})", counted(cases, "case")) } else { String::new() };
    let too = match fact.others.len() {
        0 => String::new(),
        n => format!(", and {n} more by the same fact"),
    };
    // Where it is cut, a mark of code would stand alone.
    let cell = |raw: &str| text(&clipped(&visible_line(raw), MAX_CELL).replace('`', "'"));
    Some(format!(
        "| {}{cases}{too} | {} | {} | {} |",
        link(&info.id, &info.url),
        findings::demand(info),
        cell(expected),
        cell(actual)
    ))
}

/// The positions that findings rest on.
fn positions(report: &Report) -> Vec<String> {
    let facts = report.facts();
    let rested_on = |p: &&Position| {
        facts.iter().flat_map(Fact::checks).any(|c| c.info.positions.contains(&p.id))
    };
    let shown = report.run.positions.iter().filter(rested_on);
    section(
        "### Positions that these rest on",
        shown.take(MAX_BESIDE).map(|p| format!("- {}: {}", code(&p.id), text(&p.title))).collect(),
    )
}

fn disputed(report: &Report) -> Vec<String> {
    let rows = findings::disputed(report).take(MAX_ROWS).map(|(c, p)| {
        let reason = p.other_side.as_deref().unwrap_or_default();
        format!("- {}: position {}, {}", link(&c.info.id, &c.info.url), code(&p.id), text(reason))
    });
    section("### Disputed", rows.collect())
}

fn inconclusive(report: &Report) -> Vec<String> {
    let rows: Vec<String> = findings::inconclusive(report)
        .take(MAX_ROWS)
        .map(|(c, why)| {
            let demand = findings::demand(&c.info);
            format!("- {} ({demand}): {}", link(&c.info.id, &c.info.url), text(why))
        })
        .collect();
    section("### Inconclusive", rows)
}

fn unverified(report: &Report) -> Vec<String> {
    let means = findings::to_enable(report);
    let mut rows: Vec<String> = means
        .iter()
        .take(MAX_BESIDE)
        .map(|e| format!("- {}: {}", counted(e.checks.len(), "requirement"), text(e.how)))
        .collect();
    let rest = means.iter().skip(MAX_BESIDE).map(|e| e.checks.len()).sum::<usize>();
    rows.extend((rest > 0).then(|| format!("- … and {} more", counted(rest, "requirement"))));
    section("### To verify more", rows)
}

fn own(report: &Report) -> Vec<String> {
    let stale = report.stale_known();
    let stale = stale.iter().map(|id| {
        format!("- {} is not violated any more: remove it from the known list", code(id))
    });
    let faults = report.internal_faults.iter().map(|f| format!("- fault of plumb: {}", text(f)));
    let remarks = report.remarks.iter().map(|remark| format!("- {}", text(remark)));
    section("### Attention", stale.chain(faults).chain(remarks).collect())
}

fn section(title: &str, rows: Vec<String>) -> Vec<String> {
    if rows.is_empty() {
        return rows;
    }
    let mut out = vec![title.to_owned(), String::new()];
    out.extend(rows);
    out.push(String::new());
    out
}

pub(crate) fn link(id: &str, url: &str) -> String {
    let safe = url.starts_with("https://") && !url.contains(['(', ')', ' ', '<', '>', '|', '\n']);
    if safe { format!("[{}]({url})", code(id)) } else { code(id) }
}

/// Text from a stranger in which nothing is markup, a mention or a link.
pub(crate) fn text(raw: &str) -> String {
    let mut out = String::new();
    for c in clipped(&visible_line(raw), 300).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => {
                out.extend(['\\', c]);
            }
            _ => out.push(c),
        }
    }
    // A bare address would become a link.
    let out = out.replace("://", "&#58;//");
    ["www.", "WWW.", "Www."]
        .iter()
        .fold(out, |out, www| out.replace(www, &www.replace('.', "&#46;")))
}

/// Text from a stranger as code.
pub(crate) fn code(raw: &str) -> String {
    let shown = inert(&visible_line(raw)).replace('`', "'").replace('|', "¦");
    if shown.trim().is_empty() {
        return "(nothing)".into();
    }
    format!("`{}`", clipped(&shown, 200))
}
