//! Arguments about authorization servers.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// How to judge an authorization server.
#[derive(ClapArgs, Clone, Default)]
pub(crate) struct IssuerArgs {
    /// Judge an authorization server: its issuer identifier, exactly as its metadata and resource servers name it.
    /// `--auth-scope` and `--auth-audience` then say what to ask it for.
    #[arg(long = "authorization-server", value_name = "URL", conflicts_with_all = ["url", "server", "mutant"])]
    pub(crate) authorization_server: Option<String>,
    /// A client that the authorization server knows; without one, clients are registered dynamically.
    #[arg(long, value_name = "ID", requires = "redirect_uri", requires = "authorization_server")]
    pub(crate) client_id: Option<String>,
    /// The client's secret, if it is confidential; it is kept out of reports.
    #[arg(long, value_name = "SECRET", env = "PLUMB_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) client_secret: Option<String>,
    /// A redirect URI of the client; nobody need listen there.
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
    /// Where the authorization server can fetch client metadata documents that we serve: an address that leads to
    /// `--client-documents-port` on this machine; `{port}` is replaced.
    #[arg(long, value_name = "URL")]
    pub(crate) client_documents: Option<String>,
    /// The port on 127.0.0.1 that serves them; 0 for any.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) client_documents_port: u16,
}

/// Arguments of `plumb serve authorization-server`.
#[derive(ClapArgs)]
pub(crate) struct ServeArgs {
    /// The port on 127.0.0.1; 0 picks a free one and prints the issuer.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Depart from the specifications in this way (see `--deviations`).
    #[arg(long = "break", value_name = "FIELD")]
    pub(crate) broken: Vec<String>,
    /// Ask for consent on a page; else a user who approves of everything is signed in.
    #[arg(long)]
    pub(crate) ask: bool,
    /// Speak TLS, and write the certificate of the authority that was made for it (PEM) to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls: Option<PathBuf>,
    /// List the ways of departing from the specifications.
    #[arg(long)]
    pub(crate) deviations: bool,
}
