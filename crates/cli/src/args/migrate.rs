//! Arguments of `plumb migrate`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{AuthArgs, TargetArgs};

const EXAMPLES: &str = "\
Examples:
  plumb migrate http://127.0.0.1:3001/mcp           audit a server by its address
  plumb migrate -- node server.js                   audit a server over standard streams
  plumb migrate -- ./server --port {port}           start a server, audit it over HTTP, with a second process and a restart
  plumb migrate --since migrate.json -- ./server    what is done since the audit that wrote migrate.json
  plumb migrate --since reports/run.jsonl URL       what is done of what a run of `plumb run` saw violated

Only tools that are marked `readOnlyHint: true`, or named by --allow-calls, are called.
Exit codes: 0 audited · 2 usage · 4 target never reached · 7 a report could not be written · 130 interrupted";

/// Arguments of `plumb migrate`.
#[derive(ClapArgs)]
#[command(after_help = EXAMPLES, args_override_self = true)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
    /// Another address of the same server, at which its sessions are tried.
    #[arg(long, value_name = "URL", requires = "url")]
    pub(crate) replica: Vec<String>,
    /// An earlier audit (migrate.json), or the recording of an earlier `plumb run` (run.jsonl), or the folder of either: the
    /// list then shows what is done, left and new.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// The whole audit ends within so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=super::DAY))]
    pub(crate) budget: u64,
    /// Where migrate.json, migrate.md and migrate.html are written.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) out: PathBuf,
    /// Room for exchanges in each report; what a target sends beyond it is cut short.
    #[arg(long, value_name = "MB", default_value_t = 16)]
    pub(crate) max_report: usize,
    /// What is said on standard output.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// Say more: what was not found, and what could not be looked for.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// A form of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Terminal,
    /// With check boxes.
    Markdown,
    /// For machines, and for --since.
    Json,
    /// One self-contained page.
    Html,
}

/// Arguments of `plumb serve earlier`.
#[derive(ClapArgs)]
pub(crate) struct EarlierArgs {
    /// Speak over standard streams in place of HTTP.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// The port on 127.0.0.1; 0 picks a free one and prints the address.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// What it does: ids of `plumb migrate` without `migrate.`, or `protected`.
    #[arg(long, value_name = "WAY")]
    pub(crate) with: Vec<String>,
}

/// Arguments of `plumb serve handshake`.
#[derive(ClapArgs)]
pub(crate) struct HandshakeArgs {
    /// Speak over standard streams in place of HTTP.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// The port on 127.0.0.1; 0 picks a free one and prints the address.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Serve the newest revision at the same endpoint, or in the same process, too.
    #[arg(long)]
    pub(crate) dual: bool,
    /// Break this rule (see `--rules`).
    #[arg(long = "break", value_name = "RULE")]
    pub(crate) broken: Vec<String>,
    /// List the rules that can be broken, and the check that notices.
    #[arg(long)]
    pub(crate) rules: bool,
}
