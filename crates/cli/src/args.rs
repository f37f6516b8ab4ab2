//! The command line.

mod auth;
mod certify;
mod client;
mod color;
mod fleet;
mod ids;
mod issuer;
mod judging;
mod load;
mod migrate;
mod revision;
mod serve;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use plumb_model::{Edition, Role};
use plumb_runner::Budget;
use revision::{a_revision, some_revisions};

pub(crate) use auth::{AuthArgs, LoginArgs};
pub(crate) use certify::{CertifyArgs, VerifyArgs};
pub(crate) use client::{ClientArgs, MockArgs, ReferenceClientArgs};
pub(crate) use color::Color;
pub(crate) use fleet::{Emit, FleetCommand, FleetRunArgs, MergeArgs, PlanArgs, SiteArgs};
pub(crate) use ids::Ids;
pub(crate) use issuer::{IssuerArgs, ServeArgs};
pub(crate) use judging::{Formats, JudgingArgs};
pub(crate) use load::{LoadArgs, LoadFormat, Script};
pub(crate) use migrate::{EarlierArgs, Format, HandshakeArgs, MigrateArgs};
pub(crate) use revision::Revisions;
pub(crate) use serve::{GatewayArgs, ReferenceArgs, Serve};

/// The longest time that an option takes, in seconds.
pub(crate) const DAY: u64 = 86_400;

/// Reads `--budget`.
fn budget(text: &str) -> Result<Budget, String> {
    if text == "auto" {
        return Ok(Budget::Auto);
    }
    let seconds = text.parse().ok().filter(|seconds| (1..=DAY).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("neither `auto` nor seconds from 1 to {DAY}"))?;
    Ok(Budget::Within(Duration::from_secs(seconds)))
}

const EXAMPLES: &str = "\
Examples:
  plumb run                                      judge the embedded reference server
  plumb run https://example.com/mcp              judge a server by its address
  plumb run -- node server.js                    judge a server over standard streams
  plumb run -- ./server --port {port}            start a server, judge it over HTTP
  plumb run --suite quick --strict URL           the MUSTs only; a violated SHOULD fails
  plumb run URL --behind URL2                    judge the gateway at URL, which stands before the server at URL2
  plumb client -- node client.js                 judge a client
  plumb migrate -- node server.js                what a server of an earlier revision has to change
  plumb load --replicas 2 --kill -- ./server --port {port}
                                                 whether answers stay right under load, while replicas are killed
  plumb explain http.validate.method-mismatch    what a check observes, and how to fix it

Exit codes: 0 conformant · 1 violations · 2 usage · 3 nothing selected · 4 target never reached
            5 inconclusive MUSTs · 6 stale known list · 7 a report could not be written · 70 our bug
            130 interrupted";

/// Judges servers and clients of the Model Context Protocol by revision 2026-07-28.
#[derive(Parser)]
#[command(name = "plumb", version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Whether text is coloured.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, global = true)]
    pub(crate) color: Color,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Judge a server and write reports.
    Run(Box<RunArgs>),
    /// Judge a server by a frozen set, and write a bundle that others can verify, and a badge.
    Certify(Box<CertifyArgs>),
    /// Check a bundle's signature and digests, and render the reports of its run.
    Verify(Box<VerifyArgs>),
    /// Judge many servers, and fold what comes of it into a matrix and pages.
    Fleet {
        #[command(subcommand)]
        what: FleetCommand,
    },
    /// Judge a client: start it, point it at a server of ours, and write reports.
    Client(Box<ClientArgs>),
    /// Audit a server of an earlier revision: what it has to change, as a list to work off.
    Migrate(Box<MigrateArgs>),
    /// Load a server for some seconds, and judge whether each answer is the one to its request.
    Load(Box<LoadArgs>),
    /// List the checks of a suite.
    List(ListArgs),
    /// Show a requirement, its check and its vectors.
    Explain {
        /// The requirement's id, such as `http.validate.method-mismatch`.
        #[arg(value_parser = Ids, hide_possible_values = true)]
        id: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Count the requirements that have a check, by page and level, and by revision and role.
    Coverage(CoverageArgs),
    /// Render reports from a recorded run.
    Report(ReportArgs),
    /// What broke and what healed between two recorded runs; fails if a MUST broke.
    Diff {
        /// The earlier run: a recording, or the folder of one.
        earlier: PathBuf,
        /// The later one.
        later: PathBuf,
    },
    /// Print the violations of a recorded run as a known list, with reasons to fill in.
    Known {
        /// The run: a recording, or the folder of one.
        run: PathBuf,
    },
    /// Run one of the servers that Plumb brings along.
    Serve {
        #[command(subcommand)]
        what: Serve,
    },
    /// Work on vector packs.
    Vectors {
        #[command(subcommand)]
        what: Vectors,
    },
    /// Survey a server and write a commented plumb.toml.
    Init(Box<InitArgs>),
    /// End the process groups named on standard input once that ends: what `run` starts beside itself, so that nothing
    /// of a target is left even if it is killed.
    #[command(hide = true)]
    Warden,
    /// Stand for a server that is somewhere else: what clients start that are judged over standard streams.
    #[command(hide = true)]
    Relay {
        /// The file that tells where that is.
        file: PathBuf,
    },
    /// The reference client, which `plumb client` judges if no command is given.
    #[command(hide = true)]
    ReferenceClient(ReferenceClientArgs),
    /// Write man pages and completions into a folder laid out as `share` is: what packages carry.
    #[command(hide = true)]
    Manual {
        /// The folder.
        folder: PathBuf,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The revision that something is said by.
#[derive(ClapArgs, Clone, Default)]
pub(crate) struct ByArgs {
    /// The revision: 2026-07-28 (the newest), 2025-11-25, 2025-06-18, 2025-03-26.
    #[arg(long, value_name = "REVISION", value_parser = a_revision)]
    pub(crate) revision: Option<String>,
}

impl ByArgs {
    /// The edition of that revision, or the newest.
    pub(crate) fn edition(&self, newest: Arc<Edition>) -> Arc<Edition> {
        // The parser let through nothing but what is judged.
        self.revision.as_deref().and_then(Edition::of).map_or(newest, Arc::new)
    }
}

/// How to reach a target.
#[derive(ClapArgs, Clone)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// The server's MCP endpoint, such as `https://example.com/mcp`; without one and without a command,
    /// the embedded reference server is judged. Before a command, where that serves if not at 127.0.0.1:
    /// `http://localhost:{port}/mcp`.
    pub(crate) url: Option<String>,
    /// The command that starts the server, after `--`. It speaks over standard streams, or over HTTP if
    /// `{port}` stands in an argument or in `--env`.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) server: Vec<String>,
    /// Where a started HTTP server has its MCP endpoint.
    #[arg(long, value_name = "PATH", default_value = "/mcp")]
    pub(crate) path: String,
    /// An environment variable for the command; `{port}` is replaced.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// A secret by its name, which is kept out of all that is written; NAME alone takes the value of that environment
    /// variable. Values of --header, --bearer and --env are kept out by themselves, and arguments whose name betrays one.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) secret: Vec<String>,
    /// A header field for every request; its value is kept out of reports.
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// A bearer token for every request; it is kept out of reports.
    #[arg(long, value_name = "TOKEN", env = "PLUMB_BEARER", hide_env_values = true)]
    pub(crate) bearer: Option<String>,
    /// A file of certificates (PEM) to trust beside the public ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// A proxy for HTTP; the environment is not asked.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// A tool that may be called though it is not marked `readOnlyHint: true`; `all` for every tool.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_calls: Vec<String>,
    /// The configuration; `plumb.toml` is read if it is there, and none for `-`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How long an answer may take, in seconds; all other waits grow and shrink with it.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=DAY))]
    pub(crate) timeout: u64,
    /// Break one rule of the embedded reference server.
    #[arg(long, value_name = "RULE", hide = true)]
    pub(crate) mutant: Option<String>,
}

/// Arguments of `plumb run`.
#[derive(ClapArgs, Clone)]
#[command(args_override_self = true)]
pub(crate) struct RunArgs {
    /// The revision that the server is judged by, or several between commas; `newest` is the newest that it speaks. Without
    /// one, that, and of a server that answers the handshake of earlier revisions, too, every one that it offers.
    #[arg(long, value_name = "REVISION", value_parser = some_revisions)]
    pub(crate) revision: Option<Revisions>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// What [profile.NAME] of plumb.toml says, beyond its [run].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    #[command(flatten)]
    pub(crate) issuer: IssuerArgs,
    /// How many processes of the command run beside each other, as replicas of one server. Two, if `{shared.dir}` stands
    /// in an argument or in `--env`: it is replaced by a folder that they share.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Target"
    )]
    pub(crate) replicas: usize,
    /// Another address of the same server, judged as a replica of it.
    #[arg(long, value_name = "URL", requires = "url", help_heading = "Target")]
    pub(crate) replica: Vec<String>,
    /// The server itself, where the address is that of a gateway before it: the gateway is judged by asking both ways, and
    /// each lasting difference is a finding.
    #[arg(
        long,
        value_name = "URL",
        requires = "url",
        conflicts_with_all = ["replicas", "replica", "authorization_server"],
        help_heading = "Target"
    )]
    pub(crate) behind: Option<String>,
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
    /// Run again whenever files beside the command's change, and tell what is then another.
    #[arg(long, help_heading = "Judging")]
    pub(crate) watch: bool,
    /// A folder with more vector packs.
    #[arg(long, value_name = "DIR")]
    pub(crate) vectors: Vec<PathBuf>,
    /// How many checks run at once, at most: as many as the target shows that it can bear.
    #[arg(long, default_value_t = 12, value_parser = a_number_of_jobs, help_heading = "Pace")]
    pub(crate) jobs: usize,
    /// At most so many requests a second, for a target that limits them; found by itself if nothing is said.
    #[arg(long, value_name = "N", value_parser = a_rate, help_heading = "Pace")]
    pub(crate) rate: Option<f64>,
}

/// Who is judged.
fn a_role(word: &str) -> Result<Role, String> {
    Role::of_word(word).ok_or_else(|| format!("one of {}", Role::ALL.map(Role::word).join(", ")))
}

/// More than one thing at once, and no more than a machine has sockets for.
fn a_number_of_jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| (1..=1024).contains(jobs));
    jobs.ok_or_else(|| "a number from 1 to 1024".to_owned())
}

/// Requests a second: a number that a clock can keep.
fn a_rate(text: &str) -> Result<f64, String> {
    let rate: f64 =
        text.parse().map_err(|_| "a number of requests a second, such as 10".to_owned())?;
    let sensible = (0.001..=1e6).contains(&rate);
    sensible.then_some(rate).ok_or_else(|| "from 0.001 to 1000000 requests a second".to_owned())
}

/// Arguments of `plumb init`.
#[derive(ClapArgs)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE", default_value = "plumb.toml")]
    pub(crate) write: PathBuf,
}

/// Arguments of `plumb list`.
#[derive(ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) by: ByArgs,
    /// Only what binds this role, and is judged of it: server, client, authorization-server, intermediary.
    #[arg(long, value_name = "ROLE", value_parser = a_role)]
    pub(crate) role: Option<Role>,
    /// The suite: core, quick, full, auth, stateless, tasks, apps, server-card, dpop, advice, or a TOML file.
    #[arg(long, default_value = "full")]
    pub(crate) suite: String,
    /// Only these checks: ids, or prefixes ending in `*`.
    #[arg(value_parser = Ids, hide_possible_values = true)]
    pub(crate) only: Vec<String>,
}

/// Arguments of `plumb coverage`.
#[derive(ClapArgs)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    pub(crate) by: ByArgs,
    /// Whose requirements are counted by page: server (unless it is said), client, authorization-server, intermediary.
    #[arg(long, value_name = "ROLE", value_parser = a_role)]
    pub(crate) role: Option<Role>,
    /// List the requirements that have neither check nor exclusion.
    #[arg(long)]
    pub(crate) open: bool,
    /// Fail if any is open on these pages: names, or prefixes ending in `*`.
    #[arg(long, value_name = "PAGE")]
    pub(crate) require: Vec<String>,
}

/// Arguments of `plumb report`.
#[derive(ClapArgs)]
pub(crate) struct ReportArgs {
    /// The recorded run: run.jsonl, run.jsonl.zst, or the folder of one.
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) formats: Formats,
    /// Say more: every unverified and inconclusive requirement.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Subcommand)]
pub(crate) enum Vectors {
    /// Tell what is not well made.
    Lint {
        /// Packs, or folders of packs; the packs built in if none is given.
        paths: Vec<PathBuf>,
    },
    /// Write packs in canonical form.
    Fmt {
        /// Packs, or folders of packs.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Write nothing; fail if something would change.
        #[arg(long)]
        check: bool,
    },
}
