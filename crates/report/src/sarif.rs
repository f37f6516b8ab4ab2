//! SARIF 2.1.0 for code scanning: violations and doubts as results, with the exchange that shows each.
//!
//! GitHub wants a file as the place of every result, which a server on the wire does not show: whoever renders names one that
//! exists, and the requirement's id is the logical place. A requirement is one result, however many of its cases show it.

use std::collections::BTreeMap;

use plumb_model::report::CheckReport;
use plumb_model::{Exchange, Header, Report, Reports, Sent, Severity, Verdict};
use serde_json::{Value, json};

use crate::evidence;
use crate::findings::{self, Finding};
use crate::text::{head, inert, visible, visible_line};

/// Bytes of a message that are kept in a result.
const MAX_BODY: usize = 8 * 1024;

/// The report as SARIF 2.1.0; `place` is the file that its results are shown at, relative to the root of the repository.
pub fn render(report: &Report, place: &str) -> String {
    written(vec![run(report, place)])
}

/// The reports of a judgement by several revisions as SARIF: a run for each, of a category of its own.
pub fn render_run(reports: &Reports, place: &str) -> String {
    written(reports.iter().map(|report| run(report, place)).collect())
}

fn written(runs: Vec<Value>) -> String {
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn run(report: &Report, place: &str) -> Value {
    let told = findings::told_with(report);
    let leading = report.checks.iter().filter(|c| !told.contains_key(c.info.id.as_str()));
    let found: Vec<Vec<Finding<'_>>> = leading
        .map(|check| findings::of_check(report, check))
        .filter(|found| !found.is_empty())
        .collect();
    let rules: Vec<&CheckReport> = found.iter().map(|found| found[0].check).collect();
    let results = found.iter().enumerate().map(|(n, found)| result(report, found, n, place));
    let results: Vec<Value> = results.collect();
    let run = &report.run;
    json!({
            "tool": {"driver": {
                "name": "Plumb",
                "version": run.plumb,
                "informationUri": format!("https://modelcontextprotocol.io/specification/{}", run.revision),
                "rules": rules.iter().map(|r| rule(report, r)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": format!("plumb/{}/{}/", run.suite, run.revision)},
            "invocations": [{
                "executionSuccessful": report.internal_faults.is_empty(),
                "startTimeUtc": run.started,
                "exitCode": report.outcome().exit_code(),
                "toolExecutionNotifications": notifications(report),
            }],
            "results": results,
    })
}

fn notifications(report: &Report) -> Vec<Value> {
    let notify = |text: &str| json!({"level": "error", "message": {"text": message(text)}});
    report.internal_faults.iter().map(|fault| notify(fault)).collect()
}

fn rule(report: &Report, check: &CheckReport) -> Value {
    let info = &check.info;
    let positions = findings::positions(report, [check]);
    let told =
        positions.iter().map(|p| format!("\n\n**Position {}:** {} {}", p.id, p.title, p.text));
    let help = format!("{}{}", info.docs, told.collect::<String>());
    let demand = findings::demand(info);
    json!({
        "id": info.id,
        "shortDescription": {"text": info.summary},
        "fullDescription": {"text": format!("{} ({demand}, {})", info.summary, info.page)},
        "helpUri": info.url,
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": level(Verdict::violated("", "").severity(info.level, info.force))},
        "properties": {
            "tags": ["mcp", info.page],
            "level": info.level,
            "force": info.force,
            "positions": info.positions,
        },
    })
}

/// A requirement, told by the first of its findings.
fn result(report: &Report, found: &[Finding<'_>], index: usize, place: &str) -> Value {
    let finding = &found[0];
    let check = finding.check;
    let facts = report.facts();
    let led = facts.iter().find(|f| f.lead.info.id == check.info.id);
    let requirements: Vec<&str> = led.map_or_else(
        || vec![check.info.id.as_str()],
        |fact| fact.checks().map(|c| c.info.id.as_str()).collect(),
    );
    let too = match requirements.get(1..) {
        Some(too) if !too.is_empty() => format!("; breaks also {}", too.join(", ")),
        _ => String::new(),
    };
    let severity = check.severity();
    let (kind, level, text) = match finding.verdict {
        Verdict::Violated { expected, actual } => {
            ("fail", level(severity), format!("expected {expected}; actual {actual}{too}"))
        }
        Verdict::Inconclusive { why } => ("open", "none", format!("inconclusive: {why}")),
        // Findings are violations and doubts only.
        other => ("review", "none", other.name().to_owned()),
    };
    let address = match finding.cases.first() {
        Some(case) => format!("{}#{}", check.info.id, case.case),
        None => check.info.id.clone(),
    };
    let mut result = json!({
        "ruleId": check.info.id,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": message(&format!("{} {text}", check.info.summary))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": place},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{"fullyQualifiedName": address, "kind": "requirement"}],
        }],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}@{}", check.info.id, report.run.revision),
        },
        "occurrenceCount": found.iter().map(|f| f.seen).sum::<usize>().max(1),
        "properties": {
            "requirements": requirements,
            "cases": found.iter().flat_map(|f| &f.cases).map(|c| &c.case).collect::<Vec<_>>(),
            "exchange": finding.exchange.map(|e| e.seq),
        },
    });
    if let (Some(known), Verdict::Violated { .. }) = (&check.known, finding.verdict) {
        result["suppressions"] = json!([{"kind": "external", "justification": known}]);
    }
    if let (Some(position), Verdict::Violated { .. }) = (&check.disputed, finding.verdict) {
        let reason = position.other_side.as_deref().unwrap_or_default();
        let why = format!("position {}, other side taken: {reason}", position.id);
        result["suppressions"] = json!([{"kind": "external", "justification": why}]);
    }
    if let Some(exchange) = finding.exchange {
        web_messages(&mut result, exchange);
    }
    result
}

/// The request and the answer, if they went over HTTP.
fn web_messages(result: &mut Value, exchange: &Exchange) {
    let Sent::Http { method, url, headers, body } = &exchange.sent else { return };
    result["webRequest"] = json!({
        "protocol": "HTTP",
        "version": "1.1",
        "method": visible_line(method),
        "target": visible_line(url),
        "headers": fields(headers),
        "body": {"text": bounded(&evidence::plain(body))},
    });
    let Some(answer) = &exchange.answer.head else { return };
    let frames = exchange.answer.frames.iter().map(|f| evidence::plain(&f.payload));
    let other = Some(evidence::plain(&exchange.answer.body)).filter(|b| !b.is_empty());
    let text = frames.chain(other).collect::<Vec<_>>().join("\n");
    result["webResponse"] = json!({
        "protocol": "HTTP",
        "version": "1.1",
        "statusCode": answer.status,
        "reasonPhrase": evidence::reason(answer.status),
        "headers": fields(&answer.headers),
        "body": {"text": bounded(&text)},
    });
}

fn fields(headers: &[Header]) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for header in headers {
        let value = visible_line(&header.value);
        fields
            .entry(visible_line(&header.name).into_owned())
            .and_modify(|v| v.extend([", ", &value]))
            .or_insert_with(|| value.clone().into_owned());
    }
    fields
}

/// A message in which nothing is a link: viewers make one of `[text](address)` in plain text, too.
fn message(text: &str) -> String {
    inert(&visible(text)).replace("](", "] (")
}

fn bounded(text: &str) -> String {
    visible(head(text, MAX_BODY)).into_owned()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Failure | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note | Severity::Ok => "note",
    }
}
