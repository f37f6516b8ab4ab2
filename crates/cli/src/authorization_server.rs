//! Authorization servers: judging one, and serving ours.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{anyhow, bail};
use plumb_oauth::server::{Authority, DEVIATIONS, Decision};
use plumb_oauth::{AuthorizationServer, Bind, Profile};
use plumb_runner::Target;
use plumb_runner::authorization_server::{Client, Issuer};

use crate::args::{AuthArgs, IssuerArgs, ServeArgs};
use crate::say::{say, tell};
use crate::secrets::Collector;
use crate::{Exit, Failure, output};

/// The suite of a run against an authorization server.
pub(crate) const SUITE: &str = "authorization-server";

impl IssuerArgs {
    /// The target, as an authorization server if it is one.
    pub(crate) fn judged(
        &self,
        target: Target,
        auth: &AuthArgs,
        collector: &mut Collector<'_>,
    ) -> Target {
        let (Some(_), Target::Url(reach)) = (&self.authorization_server, &target) else {
            return target;
        };
        if let Some(secret) = &self.client_secret {
            collector.said("--client-secret", "client_secret", secret);
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

/// Runs the authorization server until it is stopped.
pub(crate) async fn serve(args: ServeArgs) -> Exit {
    if args.deviations {
        for (name, _) in DEVIATIONS {
            say!("{name}");
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
    tell!("{}", running.issuer());
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
