//! Arguments about tokens: where they come from.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use plumb_runner::{AuthOptions, Login, Target};

use super::DAY;

/// How a target is protected.
#[derive(ClapArgs, Clone, Default)]
#[command(next_help_heading = "Authorization")]
pub(crate) struct AuthArgs {
    /// Judge a protected server: the run has an authorization server of its own, and every request a token. It is on
    /// by itself when the command holds one of {auth.issuer}, {auth.jwks_uri}, {auth.audience}, {auth.resource},
    /// {auth.scopes}, {auth.introspection_uri}, {auth.client_id}, {auth.client_secret}, {auth.upstream}.
    #[arg(long = "auth")]
    pub(crate) on: bool,
    /// The port of the run's authorization server; 0 for any.
    #[arg(long = "auth-port", value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// A scope that the server may ask for; mcp:read and mcp:write if none is given.
    #[arg(long = "auth-scope", value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// What the server expects as the audience of tokens, if it is not its own address.
    #[arg(long = "auth-audience", value_name = "URI")]
    pub(crate) audience: Option<String>,
    /// Print what to configure in a server that is judged by its address, and end.
    #[arg(long)]
    pub(crate) trust_setup: bool,
    /// Who has signed in, by `--login`.
    #[arg(skip)]
    pub(crate) login: Option<Login>,
}

/// How to sign in at a server that is protected by an authorization server of its own.
#[derive(ClapArgs, Clone, Default)]
#[command(next_help_heading = "Authorization")]
pub(crate) struct LoginArgs {
    /// Judge a protected server as it is deployed: sign in as a client does, in a browser, and judge with those tokens.
    /// `--auth-scope` says what to ask for.
    #[arg(long, requires = "url", conflicts_with_all = ["on", "bearer", "authorization_server"])]
    pub(crate) login: bool,
    /// Two people who sign in, one after the other: the run is that of the first, and what is the one's must be nothing to the other.
    /// Each is named to the authorization server as a hint (`login_hint`).
    #[arg(long, value_name = "ONE,OTHER", requires = "login", value_parser = people)]
    pub(crate) login_as: Option<(String, String)>,
    /// The client to sign in as; without one, a client is registered dynamically. PLUMB_CLIENT_SECRET is its secret.
    #[arg(long, value_name = "ID", requires = "login")]
    pub(crate) login_client: Option<String>,
    /// The command that opens a browser; the address is put in place of `{url}`, else behind it, and who signs in, of `--login-as`,
    /// in place of `{as}`. Without one it is printed.
    #[arg(long, value_name = "COMMAND", requires = "login")]
    pub(crate) browser: Option<String>,
    /// The port on 127.0.0.1 that the browser comes back to; 0 for any.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) login_port: u16,
    /// Another resource of the same authorization server: a token of the same person for it is asked for, and sent to see that
    /// it is refused.
    #[arg(long, value_name = "URI", requires = "login")]
    pub(crate) other_resource: Option<String>,
    /// Keep the tokens in this file, which only you can read, and sign in by its refresh token as long as that is taken. Those of
    /// the second of two people are kept beside it, in FILE.NAME.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub(crate) login_file: Option<PathBuf>,
    /// How long to wait for who signs in, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=DAY))]
    pub(crate) login_wait: u64,
}

/// The names of two people.
fn people(text: &str) -> Result<(String, String), String> {
    let named =
        |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    match text.split_once(',') {
        Some((one, other))
            if one != other && named(one) && named(other) && !other.contains(',') =>
        {
            Ok((one.to_owned(), other.to_owned()))
        }
        _ => Err("two different names, with a comma between them".into()),
    }
}

impl AuthArgs {
    /// As the runner takes it.
    pub(crate) fn given(&self) -> AuthOptions {
        let (scopes, audience) = (self.scope.clone(), self.audience.clone());
        let login = self.login.clone();
        AuthOptions { port: self.port, scopes, audience, login, ..AuthOptions::default() }
    }

    /// The authorization of a run, if it has any.
    pub(crate) fn options(&self, target: &Target) -> Option<AuthOptions> {
        let on =
            self.on || self.login.is_some() || self.port != 0 || target.asks_for_authorization();
        on.then(|| self.given())
    }
}
