//! `plumb report`: rendering a recorded run.

use anyhow::Context as _;
use plumb_model::Report;

use crate::args::ReportArgs;
use crate::{Exit, config, output};

/// Renders reports from a recorded run; its exit code is the run's.
pub(crate) fn render(args: &ReportArgs) -> Exit {
    let text = config::read(&args.run)?;
    let report = Report::from_jsonl(&text)
        .with_context(|| format!("{} is no recorded run", args.run.display()))?;
    output::write_formats(&report, &args.formats)?;
    anstream::print!("{}", plumb_report::terminal::summary(&report, &output::style(args.verbose)));
    Ok(report.outcome().exit_code())
}
