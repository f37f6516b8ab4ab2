//! Arguments of `plumb serve`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::client::MockArgs;
use super::issuer::ServeArgs;
use super::migrate::{EarlierArgs, HandshakeArgs};

/// The servers that Plumb brings along.
#[derive(Subcommand)]
pub(crate) enum Serve {
    /// The reference server: correct, or with one rule broken.
    Reference(ReferenceArgs),
    /// A server of the revision before, with the ways that `plumb migrate` finds.
    #[command(hide = true)]
    Earlier(EarlierArgs),
    /// A right server of the revisions that open with a handshake, or with one rule broken.
    #[command(hide = true)]
    Handshake(HandshakeArgs),
    /// A gateway before a server: one that changes nothing, or with rules broken.
    Gateway(GatewayArgs),
    /// The authorization server: correct, or departing from the specifications.
    AuthorizationServer(ServeArgs),
    /// The server that a client meets in one scenario of `plumb client`, until it is stopped.
    Mock(MockArgs),
}

/// Arguments of `plumb serve reference`.
#[derive(ClapArgs)]
pub(crate) struct ReferenceArgs {
    /// Speak over standard streams in place of HTTP.
    #[arg(long)]
    pub(crate) stdio: bool,
    /// The port on 127.0.0.1; 0 picks a free one and prints the address.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Break this rule (see `--rules`).
    #[arg(long = "break", value_name = "RULE")]
    pub(crate) broken: Option<String>,
    /// Keep tasks in this directory, where they outlive the process and other replicas find them.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// The legal choices of the server, as a JSON object: `{"extra_tools": 3, "sse": "Always"}`.
    #[arg(long, value_name = "JSON")]
    pub(crate) options: Option<String>,
    /// Add so many tools, to see how something grows with their number.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Target"
    )]
    pub(crate) extra_tools: usize,
    /// Items on a page of each list; two pages each if not given.
    #[arg(long, value_name = "N")]
    pub(crate) page_size: Option<usize>,
    /// Take only requests with a token of `--issuer`; scopes are mcp:read and mcp:write.
    #[arg(long, requires = "issuer", requires = "jwks", conflicts_with = "stdio")]
    pub(crate) protect: bool,
    /// The issuer of tokens.
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// Where the issuer's keys are; fetched once, over plain HTTP.
    #[arg(long, value_name = "URL")]
    pub(crate) jwks: Option<String>,
    /// The audience of tokens, if it is not the server's own address.
    #[arg(long, value_name = "URI")]
    pub(crate) resource: Option<String>,
    /// A service that the tool `call_upstream` asks.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<String>,
    /// List the rules that can be broken, and the check that notices.
    #[arg(long)]
    pub(crate) rules: bool,
}

/// Arguments of `plumb serve gateway`.
#[derive(ClapArgs)]
pub(crate) struct GatewayArgs {
    /// The server behind it, such as `http://127.0.0.1:8000`.
    #[arg(long, value_name = "URL", required_unless_present = "rules")]
    pub(crate) to: Option<String>,
    /// The port on 127.0.0.1; 0 picks a free one and prints the address.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Break this rule (see `--rules`).
    #[arg(long = "break", value_name = "RULE")]
    pub(crate) broken: Vec<String>,
    /// Answer lists and reads from a cache as long as they are fresh, and private ones to who has asked, as a gateway may.
    #[arg(long)]
    pub(crate) caches: bool,
    /// Let through only who has this access token, as a server does that knows it.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) demands: Option<String>,
    /// List the rules that can be broken, and the check that notices.
    #[arg(long)]
    pub(crate) rules: bool,
}
