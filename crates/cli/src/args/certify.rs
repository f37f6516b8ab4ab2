//! `plumb certify`, `plumb verify`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Formats, RunArgs};

/// Arguments of `plumb certify`.
#[derive(ClapArgs)]
pub(crate) struct CertifyArgs {
    /// The frozen set to judge by, such as `2026-07-28/1`; the latest of the newest revision that the server speaks if none
    /// is given.
    #[arg(long, value_name = "SET")]
    pub(crate) set: Option<String>,
    /// Sign the bundle with this private key: Ed25519, PEM, as `openssl genpkey -algorithm ed25519` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) sign: Option<PathBuf>,
    /// Where the bundle is written; bundle.json beside the reports if nothing is said.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Values for the inputs of a registry's entry (TOML, `[answers]`). The target of this command may be a `server.json`:
    /// its package is fetched, and judged in a sandbox without network.
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Judge the remote of an entry, though it has packages.
    #[arg(long)]
    pub(crate) remote: bool,
    /// What confines a package: podman, docker or bwrap; the first that is here if nothing is said.
    #[arg(long, value_name = "ENGINE", conflicts_with = "unconfined")]
    pub(crate) sandbox: Option<String>,
    /// The runtime of containers, such as `runsc`; the engine's own if nothing is said.
    #[arg(long, value_name = "RUNTIME", conflicts_with = "unconfined")]
    pub(crate) runtime: Option<String>,
    /// Run a package of others with all that you may do. The bundle says so.
    #[arg(long)]
    pub(crate) unconfined: bool,
    /// Print the frozen set that the ledger of today would give, under this name, and end.
    #[arg(long, value_name = "SET", hide = true)]
    pub(crate) freeze: Option<String>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Arguments of `plumb verify`.
#[derive(ClapArgs)]
pub(crate) struct VerifyArgs {
    /// The bundle.
    pub(crate) bundle: PathBuf,
    /// Believe only what this key has signed: a public key (PEM), or the private one.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write the in-toto statement to this file, as a signer of your own takes it: `cosign attest-blob --statement FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) statement: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) formats: Formats,
    /// Say nothing but the standing and who signed it.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Say more: every unverified and inconclusive requirement.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}
