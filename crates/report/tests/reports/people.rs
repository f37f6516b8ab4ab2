//! What people read.

use plumb_model::Verdict;
use plumb_report::progress::Progress;
use plumb_report::terminal::{Style, summaries, summary};
use plumb_report::text::misleads;
use plumb_report::{findings, markdown, tables};

use crate::sample;

#[test]
fn failures_read_like_a_compilers() {
    insta::assert_snapshot!("terminal-http", summary(&sample::http(), &Style::default()));
    insta::assert_snapshot!("terminal-stdio", summary(&sample::stdio(), &Style::default()));
}

#[test]
fn by_two_revisions_findings_stand_under_theirs_and_are_told_once() {
    let text = summaries(&sample::dual(), &Style::default());
    let (newest, earlier) = text.split_once("── by 2025-11-25").expect("a second section");
    assert!(newest.contains("── by 2026-07-28"));
    let mismatch = "error[http.validate.method-mismatch]";
    assert!(newest.contains(mismatch) && earlier.contains(mismatch), "{text}");
    assert_eq!(earlier.matches("reproduce").count(), 0, "{text}");
    assert!(earlier.contains("as told by 2026-07-28"), "{text}");
    let (_, headline) = text.rsplit_once("──\n").expect("a headline");
    insta::assert_snapshot!("terminal-dual-headline", headline);
    let markdown = markdown::render_run(&sample::dual());
    assert_eq!(markdown.matches("### Violations").count(), 2, "{markdown}");
}

#[test]
fn a_finding_takes_at_most_25_lines() {
    for report in [sample::http(), sample::stdio(), sample::large(40, 50)] {
        let text = summary(&report, &Style::default());
        let mut lines: Option<usize> = None;
        for line in text.lines() {
            if line.starts_with("error[") || line.starts_with("warning[") {
                lines = Some(0);
            }
            if line.is_empty() {
                lines = None;
            }
            if let Some(lines) = &mut lines {
                *lines += 1;
                assert!(*lines <= 25, "{text}");
            }
        }
    }
}

#[test]
fn all_is_told_when_asked_for() {
    let style = Style { verbose: true, width: 72, ..Style::default() };
    insta::assert_snapshot!("terminal-verbose", summary(&sample::http(), &style));
}

#[test]
fn nothing_of_a_target_steers_the_terminal() {
    for report in sample::hostile() {
        for colour in [false, true] {
            let text = summary(&report, &Style { colour, verbose: true, ..Style::default() });
            let text = if colour { without_colour(&text) } else { text };
            let bad = text.chars().find(|c| misleads(*c) && *c != '\n');
            assert_eq!(bad, None, "{text:?}");
        }
        let tables = tables::coverage(&report, 100) + &markdown::render(&report);
        assert_eq!(tables.chars().find(|c| misleads(*c) && *c != '\n'), None, "{tables:?}");
    }
}

#[test]
fn colour_changes_no_word() {
    let report = sample::http();
    let coloured = summary(&report, &Style { colour: true, ..Style::default() });
    assert_eq!(without_colour(&coloured), summary(&report, &Style::default()));
}

#[test]
fn a_step_summary_is_short() {
    insta::assert_snapshot!("markdown-http", markdown::render(&sample::http()));
    insta::assert_snapshot!("markdown-stdio", markdown::render(&sample::stdio()));
    // Three failures, among other things.
    let text = markdown::render(&sample::http());
    assert!(text.len() <= 4 * 1024, "{} bytes", text.len());
}

#[test]
fn who_accepts_violations_passes_and_is_not_called_conformant() {
    let mut report = sample::http();
    report.internal_faults.clear();
    report.run.known.clear();
    for check in &mut report.checks {
        match check.verdict {
            Verdict::Violated { .. } => check.known = Some("tracked".into()),
            _ => check.verdict = Verdict::Held,
        }
    }
    let known = report.counts().known;
    assert_eq!(findings::outcome_words(&report), format!("passes with {known} known violations"));
    let texts = [summary(&report, &Style::default()), markdown::render(&report)];
    assert!(texts.iter().all(|text| text.contains("passes with") && !text.contains("conformant")));
}

#[test]
fn tables_are_aligned() {
    let report = sample::http();
    insta::assert_snapshot!("coverage", tables::coverage(&report, 120));
    insta::assert_snapshot!("list", tables::list(&report.run.checks, 100));
}

#[test]
fn progress_tells_what_matters_and_how_far_it_is() {
    let mut progress = Progress::new(Style { width: 80, ..Style::default() });
    let mut told = String::new();
    for event in sample::http_events() {
        if let Some(line) = progress.take(&event) {
            told.extend([line.as_str(), "\n"]);
        }
    }
    told += &progress.status();
    insta::assert_snapshot!("progress", told);
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
}
