//! What every run takes, whomever it judges.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use plumb_model::Keep;
use plumb_runner::Budget;

/// Within which time a run ends if nothing else is asked for.
const USUAL: Duration = Duration::from_secs(120);

/// What is judged, and where it is told.
#[derive(ClapArgs, Clone)]
#[command(next_help_heading = "Judging")]
pub(crate) struct JudgingArgs {
    /// The suite: core, quick, full, auth, stateless, tasks, apps, server-card, dpop, advice, or a TOML file.
    #[arg(long, default_value = "core")]
    pub(crate) suite: String,
    /// Only these checks: ids, or prefixes ending in `*`, between commas or one by one.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = super::Ids, hide_possible_values = true)]
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
    /// matters most is judged first, and a slow target is asked less. 120 unless told otherwise; 3600 with --listen.
    #[arg(long, value_name = "SECONDS", value_parser = super::budget)]
    pub(crate) budget: Option<Budget>,
    /// Where run.jsonl, report.json, report.html and junit.xml are written.
    #[arg(long, value_name = "DIR", default_value = "reports", help_heading = "Reports")]
    pub(crate) out: PathBuf,
    /// Which exchanges are kept: those that show a finding, all of them (in run.jsonl.zst), or none.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t, help_heading = "Reports")]
    pub(crate) evidence: Evidence,
    /// Room for exchanges in the recording and in each report; what a target sends beyond it is cut short.
    #[arg(long, value_name = "MB", default_value_t = 64, help_heading = "Reports")]
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

impl JudgingArgs {
    /// Within which time the run ends.
    pub(crate) fn budget(&self) -> Budget {
        self.budget.unwrap_or(Budget::Within(USUAL))
    }
}

/// Which exchanges are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Evidence {
    /// Those that show a finding, and the accepted requests beside them.
    #[default]
    Findings,
    /// Every one.
    All,
    /// None.
    None,
}

impl Evidence {
    /// As the recording takes it.
    pub(crate) fn keep(self) -> Keep {
        match self {
            Self::Findings => Keep::Findings,
            Self::All => Keep::All,
            Self::None => Keep::Nothing,
        }
    }
}

/// Further report files.
#[derive(ClapArgs, Clone, Default)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Formats {
    /// Write JUnit XML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// A test case of JUnit XML for each case of a requirement, in place of one for each requirement.
    #[arg(long)]
    pub(crate) junit_cases: bool,
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
