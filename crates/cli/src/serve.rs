//! `plumb serve`: the servers that Plumb brings along.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use plumb_model::Edition;
use plumb_reference::{
    EARLIER_LIBERTIES, EARLIER_MUTANTS, GATEWAY_MUTANTS, Gateway, MUTANTS, Reference, Rules,
};
use plumb_wire::process::Launch;
use tokio::net::TcpListener;

use crate::args::{EarlierArgs, GatewayArgs, HandshakeArgs, ReferenceArgs, Serve};
use crate::say::{say, tell};
use crate::{Exit, Failure};

/// Runs a server until it is stopped.
pub(crate) async fn serve(edition: &Arc<Edition>, what: Serve) -> Exit {
    match what {
        Serve::Reference(args) => reference(args).await,
        Serve::Gateway(args) => gateway(args).await,
        Serve::Earlier(args) => earlier(args).await,
        Serve::Mock(args) => crate::client::mock(edition, args).await,
        Serve::Handshake(args) => handshake(args).await,
        Serve::AuthorizationServer(args) => crate::authorization_server::serve(args).await,
    }
}

async fn reference(args: ReferenceArgs) -> Exit {
    if args.rules {
        for mutant in MUTANTS {
            say!("{:<44} {}", mutant.name, mutant.kills);
        }
        return Ok(0);
    }
    let mut reference = Reference { rules: rules(args.broken.as_deref())?, ..Reference::default() };
    if let Some(options) = &args.options {
        reference.options = serde_json::from_str(options)
            .map_err(|error| anyhow!("--options: {error}"))
            .map_err(|error| Failure::new(2, error))?;
    }
    let options = &mut reference.options;
    options.state_dir = args.state_dir.or_else(|| options.state_dir.take());
    options.extra_tools = args.extra_tools.max(options.extra_tools);
    options.page_size = args.page_size.or(options.page_size);
    if args.protect {
        reference.options.protection = Some(plumb_reference::Protection {
            issuer: args.issuer.unwrap_or_default(),
            jwks: args.jwks.unwrap_or_default(),
            resource: args.resource.unwrap_or_default(),
            upstream: args.upstream,
        });
    }
    if args.stdio {
        plumb_reference::serve_stdio(reference).await.map_err(|error| Failure::new(70, error))?;
        return Ok(0);
    }
    tokio::time::sleep(reference.options.start_delay).await;
    let host = if reference.rules.binds_to_loopback { "127.0.0.1" } else { "0.0.0.0" };
    let listener = TcpListener::bind((host, args.port)).await?;
    tell!("http://{}/mcp", listener.local_addr()?);
    let stop = plumb_reference::interrupted().map_err(|error| Failure::new(70, error))?;
    plumb_reference::serve_http_until(reference, listener, stop)
        .await
        .map_err(|error| Failure::new(70, error))?;
    Ok(0)
}

async fn gateway(args: GatewayArgs) -> Exit {
    if args.rules {
        for mutant in GATEWAY_MUTANTS {
            say!("{:<44} {}", mutant.name, mutant.kills);
        }
        return Ok(0);
    }
    if let Some(rule) = args.broken.iter().find(|r| GATEWAY_MUTANTS.iter().all(|m| m.name != **r)) {
        return Err(anyhow!("it has no rule `{rule}`: see `plumb serve gateway --rules`").into());
    }
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    tell!("http://{}/mcp", listener.local_addr()?);
    let GatewayArgs { to, broken, caches, demands, .. } = args;
    let gateway = Gateway { to: to.unwrap_or_default(), broken, caches, demands };
    let served = plumb_reference::serve_gateway(gateway, listener).await;
    served.map_err(|error| Failure::new(70, error))?;
    Ok(0)
}

async fn earlier(args: EarlierArgs) -> Exit {
    let served = if args.stdio {
        plumb_reference::serve_earlier_stdio(args.with).await
    } else {
        let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
        tell!("http://{}/mcp", listener.local_addr()?);
        plumb_reference::serve_earlier_http(args.with, listener).await
    };
    served.map_err(|error| Failure::new(70, error))?;
    Ok(0)
}

async fn handshake(args: HandshakeArgs) -> Exit {
    if args.rules {
        for mutant in EARLIER_MUTANTS {
            say!("{:<44} {}", mutant.name, mutant.kills);
        }
        for liberty in EARLIER_LIBERTIES {
            say!("{liberty:<44} nothing: it need not be obeyed");
        }
        return Ok(0);
    }
    let known = |rule: &str| {
        EARLIER_LIBERTIES.contains(&rule) || EARLIER_MUTANTS.iter().any(|m| m.name == rule)
    };
    if let Some(rule) = args.broken.iter().find(|rule| !known(rule)) {
        return Err(anyhow!("it has no rule `{rule}`: see `plumb serve handshake --rules`").into());
    }
    let served = if args.stdio && args.dual {
        plumb_reference::serve_dual_stdio(Reference::default(), args.broken).await
    } else if args.stdio {
        plumb_reference::serve_handshake_stdio(args.broken).await
    } else {
        let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
        tell!("http://{}/mcp", listener.local_addr()?);
        if args.dual {
            plumb_reference::serve_dual_http(Reference::default(), args.broken, listener).await
        } else {
            plumb_reference::serve_handshake_http(args.broken, listener).await
        }
    };
    served.map_err(|error| Failure::new(70, error))?;
    Ok(0)
}

/// What a protected reference server is told.
const TRUST: [&str; 7] = [
    "--protect",
    "--issuer",
    "{auth.issuer}",
    "--jwks",
    "{auth.jwks_uri}",
    "--upstream",
    "{auth.upstream}",
];

/// How this program starts itself as the reference server over HTTP, protected or not.
pub(crate) fn launch(broken: Option<&str>, protected: bool) -> anyhow::Result<Launch> {
    rules(broken)?;
    let mut args =
        vec!["serve", "reference", "--port", "{port}", "--state-dir", plumb_runner::SHARED_DIR];
    args.extend(TRUST.iter().filter(|_| protected));
    args.extend(broken.into_iter().flat_map(|rule| ["--break", rule]));
    Ok(Launch {
        program: own_path()?.display().to_string(),
        args: args.into_iter().map(str::to_owned).collect(),
        ..Launch::default()
    })
}

/// The path of this program.
pub(crate) fn own_path() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("the path of plumb itself is not known")
}

fn rules(broken: Option<&str>) -> anyhow::Result<Rules> {
    let Some(name) = broken else { return Ok(Rules::SPEC) };
    let mutant = MUTANTS.iter().find(|m| m.name == name);
    mutant.map(plumb_reference::Mutant::rules).ok_or_else(|| {
        anyhow!("the reference has no rule `{name}`: see `plumb serve reference --rules`")
    })
}
