//! `plumb report`: rendering a recorded run.

use anyhow::Context as _;
use plumb_model::Report;

use crate::args::ReportArgs;
use crate::{Exit, output, recording, say};

/// Renders reports from a recorded run; its exit code is the run's.
pub(crate) fn render(args: &ReportArgs) -> Exit {
    let text = recording::read(&args.run)?;
    let report = Report::from_jsonl(&text)
        .with_context(|| format!("{} is no recorded run", args.run.display()))?;
    let written = output::write_formats(&report, &args.formats);
    say::out(&plumb_report::terminal::summary(&report, &output::style(args.verbose)));
    written?;
    Ok(report.outcome().exit_code())
}
