//! `plumb report`: rendering a recorded run.

use anyhow::Context as _;
use plumb_model::Report;

use crate::args::ReportArgs;
use crate::{Exit, output, say};

/// Renders reports from a recorded run; its exit code is the run's.
pub(crate) fn render(args: &ReportArgs) -> Exit {
    // What was cut off may end within a character.
    let bytes = std::fs::read(&args.run)
        .with_context(|| format!("{} could not be read", args.run.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let report = Report::from_jsonl(&text)
        .with_context(|| format!("{} is no recorded run", args.run.display()))?;
    let written = output::write_formats(&report, &args.formats);
    say::out(&plumb_report::terminal::summary(&report, &output::style(args.verbose)));
    written?;
    Ok(report.outcome().exit_code())
}
