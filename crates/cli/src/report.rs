//! `plumb report`: rendering a recorded run.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use plumb_model::report::CheckReport;
use plumb_model::{Reports, Verdict};
use plumb_report::diff::Differences;
use plumb_report::text::{inert, visible_line};

use crate::args::ReportArgs;
use crate::{Exit, config, output, recording, say};

/// Renders reports from a recorded run; its exit code is the run's.
pub(crate) fn render(args: &ReportArgs) -> Exit {
    let reports = read(&args.run)?;
    let written = output::write_formats(&reports, &args.formats);
    say::out(&plumb_report::terminal::summaries(&reports, &output::style(args.verbose)));
    written?;
    Ok(reports.outcome().exit_code())
}

/// What broke and what healed between two runs; a MUST that broke is exit code 1.
pub(crate) fn diff(earlier: &Path, later: &Path) -> Exit {
    let (earlier, later) = (read(earlier)?, read(later)?);
    let difference = Differences::between(&earlier, &later);
    say::out(&difference.told(&output::style(false)));
    Ok(u8::from(difference.fails()))
}

/// The violations of a run as a known list.
pub(crate) fn known(run: &Path) -> Exit {
    say::out(&inert(&known_list(&read(run)?)));
    Ok(0)
}

/// The violations of a run, with the reasons that are there and others to fill in.
fn known_list(reports: &Reports) -> String {
    let mut text = String::from(
        "# Violations that you know and accept, each with a reason: an entry without one is refused, and one that is\n\
         # no longer true fails the run.\n[known]\n",
    );
    let violated =
        |c: &&CheckReport| matches!(c.verdict, Verdict::Violated { .. }) && c.disputed.is_none();
    let mut told = BTreeSet::new();
    let checks = reports.iter().flat_map(|report| &report.checks).filter(violated);
    // An entry is for every revision.
    for check in checks.filter(|check| told.insert(check.info.id.as_str())) {
        let info = &check.info;
        let reason = config::basic(check.known.as_deref().unwrap_or_default());
        let (summary, id) = (visible_line(&info.summary), config::basic(&info.id));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# {summary} ({})\n{id} = {reason}", info.level);
    }
    text
}

fn read(run: &Path) -> anyhow::Result<Reports> {
    Reports::from_jsonl(&recording::read(run)?)
        .with_context(|| format!("{} is no recorded run", run.display()))
}
