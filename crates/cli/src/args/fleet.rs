//! `plumb fleet`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use plumb_fleet::Shard;

/// Many servers.
#[derive(Subcommand)]
pub(crate) enum FleetCommand {
    /// Print the servers of a list that belong to one part of it, or a manifest that judges all parts.
    Plan(PlanArgs),
    /// Judge the servers of a list, one process each. It can be ended and started again at any moment.
    Run(FleetRunArgs),
    /// Fold results into a matrix of servers by requirements.
    Merge(MergeArgs),
    /// Make pages of a matrix.
    Site(SiteArgs),
}

/// Arguments of `plumb fleet plan`.
#[derive(ClapArgs)]
pub(crate) struct PlanArgs {
    /// The list: JSON Lines of `{"name", "version", "area"}` and one of `"url"`, `"command"` and `"entry"`.
    #[arg(required_unless_present = "emit")]
    pub(crate) targets: Option<PathBuf>,
    /// The part, counted from 0: `0/3`, `1/3`, `2/3`.
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
    /// Print a manifest in place of servers.
    #[arg(long, requires = "parts")]
    pub(crate) emit: Option<Emit>,
    /// How many parts the manifest has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) parts: Option<u32>,
    /// The image of the manifest, best by its digest.
    #[arg(long, default_value = "plumb:latest")]
    pub(crate) image: String,
    /// The frozen set that all are held to; that of the newest revision that each speaks if none is given.
    #[arg(long, value_name = "SET")]
    pub(crate) set: Option<String>,
}

/// What a manifest is for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Emit {
    /// A Kubernetes Indexed Job.
    K8s,
}

/// Arguments of `plumb fleet run`.
#[derive(ClapArgs)]
pub(crate) struct FleetRunArgs {
    /// The list: JSON Lines, a server each.
    pub(crate) targets: PathBuf,
    /// Where results are kept: what is there already is not judged again.
    #[arg(long, value_name = "DIR", default_value = "fleet")]
    pub(crate) out: PathBuf,
    /// How many servers are judged at once.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) jobs: u64,
    /// Only this part of the list, counted from 0.
    #[arg(long, value_name = "I/N", conflicts_with = "parts")]
    pub(crate) shard: Option<Shard>,
    /// Only the part of `JOB_COMPLETION_INDEX`, of so many.
    #[arg(long, value_name = "N")]
    pub(crate) parts: Option<u32>,
    /// How many servers of one host are judged at once.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) per_host: usize,
    /// At most so many requests a second to each server.
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,
    /// Try again what was never reached, undecided, needed answers or failed by a fault of ours.
    #[arg(long)]
    pub(crate) retry: bool,
    /// The frozen set that all are held to; that of the newest revision that each speaks if none is given.
    #[arg(long, value_name = "SET")]
    pub(crate) set: Option<String>,
    /// Sign each bundle with this private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) sign: Option<PathBuf>,
}

/// Arguments of `plumb fleet merge`.
#[derive(ClapArgs)]
pub(crate) struct MergeArgs {
    /// Folders of results.
    #[arg(required = true)]
    pub(crate) folders: Vec<PathBuf>,
    /// Where the matrix is written.
    #[arg(long, value_name = "FILE", default_value = "matrix.json")]
    pub(crate) out: PathBuf,
    /// Believe only what this key has signed.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// Arguments of `plumb fleet site`.
#[derive(ClapArgs)]
pub(crate) struct SiteArgs {
    /// The matrix.
    pub(crate) matrix: PathBuf,
    /// An earlier matrix: what broke and what healed since.
    #[arg(long, value_name = "FILE")]
    pub(crate) before: Option<PathBuf>,
    /// A folder of results that the matrix was folded from: pages say what each server said, and have its bundle. May be
    /// given several times.
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Vec<PathBuf>,
    /// Where the pages are written.
    #[arg(long, value_name = "DIR", default_value = "site")]
    pub(crate) out: PathBuf,
}
