//! Arguments of `plumb client`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::DAY;
use super::judging::JudgingArgs;

const EXAMPLES: &str = "\
The client is started once for each scenario, by the contract of the official suite: the URL of our server is its last \
argument, or stands where an argument says {url}; MCP_CONFORMANCE_SCENARIO names the scenario (or {scenario} in an \
argument), MCP_CONFORMANCE_CONTEXT is {\"name\": …}, MCP_CONFORMANCE_PROTOCOL_VERSION the revision.

Examples:
  plumb client                                   judge the embedded reference client
  plumb client -- node client.js                 judge one that takes the URL last
  plumb client -- ./client --server {url}        the same, with the URL in its place
  plumb client --plain -- ./client {url}         one that knows no scenario
  plumb client --steps -- node steps.js          one that follows steps (docs/clients.md has two)
  plumb client --stdio -- ./client {server}      one that starts its server and speaks over standard streams
  plumb client --vectors answers -- node c.js     answers of your own besides (vectors/README.md)
  plumb client --listen 127.0.0.1:9000           one that somebody leads by hand, such as a desktop application";

/// Arguments of `plumb client`.
#[derive(ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClientArgs {
    /// The command that starts the client, after `--`; without one, the embedded reference client is judged.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// The client knows no scenario: it connects, lists, and perhaps uses what is listed, each time that it is started.
    #[arg(long, conflicts_with = "steps")]
    pub(crate) plain: bool,
    /// The client follows the list `steps` of MCP_CONFORMANCE_CONTEXT, in every scenario: see docs/clients.md.
    #[arg(long)]
    pub(crate) steps: bool,
    /// The client starts our server itself and speaks to it over standard streams: the command line that does is the last
    /// argument, word by word, or stands where an argument says {server}.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// Wait for a client that no command line starts: each scenario has an address of its own, on the ports after this one, and
    /// a page here says what to do at each and ticks off what was seen. Ends when all was, or by Ctrl-C, and judges then.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["command", "steps", "env", "timeout"], value_parser = loopback)]
    pub(crate) listen: Option<SocketAddr>,
    /// An environment variable for the command.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// A secret by its name, which is kept out of all that is written; NAME alone takes the value of that environment
    /// variable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) secret: Vec<String>,
    /// Play this scenario only, such as `tools_call#pages`; may be given several times.
    #[arg(long, value_name = "LABEL")]
    pub(crate) scenario: Vec<String>,
    /// A folder with packs of your own, of kind `answered`: each vector is a scenario more, and judges what it names.
    #[arg(long, value_name = "DIR")]
    pub(crate) vectors: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
    /// The configuration; `plumb.toml` is read if it is there, and none for `-`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How long the client may take in one scenario, in seconds; it is ended then.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=DAY))]
    pub(crate) timeout: u64,
}

/// An address of this machine: nobody else is to come.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:9000".to_owned())?;
    let here = address.ip() == Ipv4Addr::LOCALHOST;
    here.then_some(address).ok_or_else(|| "127.0.0.1, which nobody else reaches".to_owned())
}

/// Arguments of `plumb reference-client`.
#[derive(ClapArgs)]
pub(crate) struct ReferenceClientArgs {
    /// The server.
    #[arg(required_unless_present_any = ["rules", "server"])]
    pub(crate) url: Option<String>,
    /// The command that starts the server, which then speaks over standard streams.
    #[arg(last = true, value_name = "SERVER", conflicts_with = "url")]
    pub(crate) server: Vec<String>,
    /// Speak no earlier revision.
    #[arg(long)]
    pub(crate) modern: bool,
    /// Break this rule (see `--rules`).
    #[arg(long = "break", value_name = "RULE")]
    pub(crate) broken: Option<String>,
    /// Try the handshake of the earlier revision before anything else, as a client of both may.
    #[arg(long)]
    pub(crate) dual: bool,
    /// Choose so what is left to a client (see `--rules`).
    #[arg(long, value_name = "STYLE")]
    pub(crate) style: Option<String>,
    /// List the rules that can be broken, and the check that notices, and the styles.
    #[arg(long)]
    pub(crate) rules: bool,
}

/// Arguments of `plumb serve mock`.
#[derive(ClapArgs)]
pub(crate) struct MockArgs {
    /// The scenario, such as `tools_call#pages`: findings about a client name theirs.
    #[arg(long, value_name = "LABEL")]
    pub(crate) scenario: String,
    /// A folder with packs of your own, among which the scenario is.
    #[arg(long, value_name = "DIR")]
    pub(crate) vectors: Vec<PathBuf>,
    /// Speak over standard streams: print the command line that a client starts in place of an address.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// The port on 127.0.0.1; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
}
