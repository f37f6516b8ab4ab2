//! Arguments of `plumb load`.

use clap::Args as ClapArgs;

use super::{TargetArgs, a_rate};

const EXAMPLES: &str = "\
Examples:
  plumb load https://example.com/mcp                         ten seconds, eight requests at once
  plumb load --replicas 2 --kill -- ./server --port {port}   two processes, which are killed by turns and come back
  plumb load --replica http://10.0.0.8/mcp http://10.0.0.7/mcp --rate 50
  plumb load --emit k6 URL > load.js                         the same mix for k6; nothing is loaded
  plumb load --emit vegeta URL > targets.json                for vegeta attack -format=json -targets targets.json

Only tools that are marked `readOnlyHint: true`, have a name of the official fixture, or are named by --allow-calls, are called. Speed is told, and fails nothing.
Exit codes: 0 correct · 1 wrong, swapped or lost answers · 2 usage · 4 target never reached · 5 nothing was answered · 130 interrupted";

/// Arguments of `plumb load`.
#[derive(ClapArgs)]
#[command(after_help = EXAMPLES, args_override_self = true)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// How many processes of the command run beside each other. Two, if `{shared.dir}` stands in an argument or in `--env`.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) replicas: usize,
    /// Another address of the same server.
    #[arg(long, value_name = "URL", requires = "url")]
    pub(crate) replica: Vec<String>,
    /// Requests are sent for so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) duration: u64,
    /// So many requests a second, however long answers take (at most 256 in flight).
    #[arg(long, value_name = "N", value_parser = a_rate, conflicts_with = "concurrency")]
    pub(crate) rate: Option<f64>,
    /// So many requests at once, each after the answer to the one before.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// Kill replicas by turns meanwhile, and start them again; what falls with them counts as no fault.
    #[arg(long, conflicts_with_all = ["url", "emit"])]
    pub(crate) kill: bool,
    /// Load nothing, and print the same mix for another tool.
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(crate) emit: Option<Script>,
    /// What is said on standard output.
    #[arg(long, value_enum, default_value_t = LoadFormat::Terminal)]
    pub(crate) format: LoadFormat,
}

/// A tool for load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Script {
    /// A script for k6, which checks every answer.
    K6,
    /// Targets for Vegeta, as JSON, a line for each request.
    Vegeta,
}

/// A form of what a load showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LoadFormat {
    /// For people.
    Terminal,
    /// For machines.
    Json,
}
