//! A server on the `rmcp` SDK that carries the fixture names conformance suites look for.
//!
//! `rmcp-server --http PORT` serves `http://127.0.0.1:PORT/mcp`, `rmcp-server --stdio` its streams.

#![expect(deprecated, reason = "sampling, roots and logging are deprecated and still in the revision")]

mod ask;
mod fixture;
mod tools;

use rmcp::transport::streamable_http_server::{session::local::LocalSessionManager, *};
use rmcp::{ErrorData, RoleServer, ServiceExt, service::RequestContext, transport::stdio};

use crate::fixture::Fixture;

type Answer<T> = Result<T, ErrorData>;
type Context = RequestContext<RoleServer>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (fixture, mut args) = (Fixture::new(), std::env::args().skip(1));
    match (args.next().as_deref(), args.next()) {
        (Some("--stdio"), None) => drop(fixture.serve(stdio()).await?.waiting().await?),
        (Some("--http"), Some(port)) => {
            // The SDK checks no Origin by itself.
            let origins = ["http://localhost:*", "http://127.0.0.1:*"];
            let config = StreamableHttpServerConfig::default().with_allowed_origins(origins);
            let service: StreamableHttpService<_, LocalSessionManager> =
                StreamableHttpService::new(move || Ok(fixture.clone()), Default::default(), config);
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse::<u16>()?)).await?;
            eprintln!("ready: http://{}/mcp", listener.local_addr()?);
            axum::serve(listener, axum::Router::new().route_service("/mcp", service)).await?;
        }
        _ => return Err("usage: rmcp-server (--http PORT | --stdio)".into()),
    }
    Ok(())
}
