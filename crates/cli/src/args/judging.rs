//! What every run takes, whomever it judges.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use plumb_runner::Budget;

/// What is judged, and where it is told.
#[derive(ClapArgs, Clone)]
pub(crate) struct JudgingArgs {
    /// The suite: core, quick, full, auth, stateless, tasks, advice, or a TOML file.
    #[arg(long, default_value = "core")]
    pub(crate) suite: String,
    /// Only these checks: ids, or prefixes ending in `*`.
    #[arg(long, value_name = "ID")]
    pub(crate) only: Vec<String>,
    /// A violated SHOULD fails the run, and a violated MUST that is inferred.
    #[arg(long)]
    pub(crate) strict: bool,
    /// A requirement that could not be observed fails the run.
    #[arg(long)]
    pub(crate) deny_unverified: bool,
    /// Violations that you know and accept, each with a reason (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// The seed of everything random.
    #[arg(long, default_value_t = 20_260_728)]
    pub(crate) seed: u64,
    /// The whole run ends within so many seconds; `auto`: as long as the target's answers ask for, half an hour at most. What
    /// matters most is judged first, and a slow target is asked less.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = super::budget)]
    pub(crate) budget: Budget,
    /// Where run.jsonl, report.json, report.html and junit.xml are written.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) out: PathBuf,
    /// Room for exchanges in the recording and in each report; what a target sends beyond it is cut short.
    #[arg(long, value_name = "MB", default_value_t = 64)]
    pub(crate) max_report: usize,
    /// Say at the end where the time went: which checks took longest, and what the end waited for.
    #[arg(long)]
    pub(crate) timings: bool,
    #[command(flatten)]
    pub(crate) formats: Formats,
    /// Say nothing but the headline.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Say more: every unverified and inconclusive requirement.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Further report files.
#[derive(ClapArgs, Clone, Default)]
pub(crate) struct Formats {
    /// Write JUnit XML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the HTML report to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the JSON report to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write SARIF to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write a short Markdown summary to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}
