//! Authorization servers: judging one, and serving ours.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Args as ClapArgs;
use plumb_model::Secrets;
use plumb_oauth::server::{Authority, DEVIATIONS, Decision};
use plumb_oauth::{AuthorizationServer, Bind, Profile};
use plumb_runner::Target;
use plumb_runner::authorization_server::{Client, Issuer};

use crate::args::AuthArgs;
use crate::{Exit, Failure, output};

/// The suite of a run against an authorization server.
pub(crate) const SUITE: &str = "authorization-server";

/// How to judge an authorization server.
#[derive(ClapArgs, Clone, Default)]
pub(crate) struct IssuerArgs {
    /// Judge an authorization server: its issuer identifier, exactly as its metadata and resource servers name it.
    /// `--auth-scope` and `--auth-audience` then say what to ask it for.
    #[arg(long = "authorization-server", value_name = "URL", conflicts_with_all = ["url", "server", "mutant"])]
    pub(crate) authorization_server: Option<String>,
    /// A client that the authorization server knows; without one, clients are registered dynamically.
    #[arg(long, value_name = "ID", requires = "redirect_uri", requires = "authorization_server")]
    client_id: Option<String>,
    /// The client's secret, if it is confidential; it is kept out of reports.
    #[arg(long, value_name = "SECRET", env = "PLUMB_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// A redirect URI of the client; nobody need listen there.
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
    /// Where the authorization server can fetch client metadata documents that we serve: an address that leads to
    /// `--client-documents-port` on this machine; `{port}` is replaced.
    #[arg(long, value_name = "URL")]
    client_documents: Option<String>,
    /// The port on 127.0.0.1 that serves them; 0 for any.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    client_documents_port: u16,
}

impl IssuerArgs {
    /// The target, as an authorization server if it is one.
    pub(crate) fn judged(&self, target: Target, auth: &AuthArgs, secrets: &mut Secrets) -> Target {
        let (Some(_), Target::Url(reach)) = (&self.authorization_server, &target) else {
            return target;
        };
        if let Some(secret) = &self.client_secret {
            secrets.add(secret.as_str());
        }
        let given = self.client_id.as_ref().zip(self.redirect_uri.as_ref());
        Target::AuthorizationServer(Box::new(Issuer {
            reach: reach.clone(),
            client: given.map(|(id, uri)| Client::given(id, self.client_secret.clone(), uri)),
            scopes: auth.scope.clone(),
            resource: auth.audience.clone(),
            documents: self.client_documents.clone(),
            documents_port: self.client_documents_port,
        }))
    }
}

/// Arguments of `plumb serve authorization-server`.
#[derive(ClapArgs)]
pub(crate) struct ServeArgs {
    /// The port on 127.0.0.1; 0 picks a free one and prints the issuer.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Depart from the specifications in this way (see `--deviations`).
    #[arg(long = "break", value_name = "FIELD")]
    broken: Vec<String>,
    /// Ask for consent on a page; else a user who approves of everything is signed in.
    #[arg(long)]
    ask: bool,
    /// Speak TLS, and write the certificate of the authority that was made for it (PEM) to this file.
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// List the ways of departing from the specifications.
    #[arg(long)]
    deviations: bool,
}

/// Runs the authorization server until it is stopped.
pub(crate) async fn serve(args: ServeArgs) -> Exit {
    if args.deviations {
        for (name, _) in DEVIATIONS {
            anstream::println!("{name}");
        }
        return Ok(0);
    }
    let bind = match &args.tls {
        Some(file) => {
            let authority = Authority::generate().map_err(|error| Failure::new(70, error))?;
            output::write(file, authority.pem())?;
            Bind::tls(&authority)
        }
        None => Bind::http(),
    };
    let decision = if args.ask { Decision::Ask } else { Decision::Approve };
    let server = AuthorizationServer::of(profile(&args.broken)?).decision(decision);
    let running = server
        .serve(bind.address(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))))
        .await
        .map_err(|error| Failure::new(70, error))?;
    anstream::eprintln!("{}", running.issuer());
    plumb_reference::interrupted().map_err(|error| Failure::new(70, error))?.await;
    running.stop().await;
    Ok(0)
}

/// The profile with these deviations.
pub(crate) fn profile(broken: &[String]) -> anyhow::Result<Profile> {
    let mut profile = Profile::SPEC;
    for name in broken {
        let deviating = profile.deviating(name);
        let unknown = || {
            anyhow!(
                "there is no deviation `{name}`: see `plumb serve authorization-server --deviations`"
            )
        };
        profile = deviating.ok_or_else(unknown)?;
    }
    if profile == Profile::SPEC && !broken.is_empty() {
        bail!("the deviations undo each other");
    }
    Ok(profile)
}
