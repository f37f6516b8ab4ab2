//! One GET, bounded in bytes and time, to addresses that were looked at before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CACHE_CONTROL, HOST, LOCATION};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::address::is_public;

/// The longest document, in bytes (CIMD draft 00 section 6 names 5 KB).
const LONGEST: usize = 5 * 1024;
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches documents.
pub(in crate::server) struct Fetcher(TlsConnector);

/// Which addresses may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Globally reachable ones.
    Public,
    /// All of them, this machine's too.
    Everything,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// For how many seconds the answer may be used again.
    pub(super) max_age: i64,
    pub(super) body: Bytes,
}

impl Fetcher {
    /// Trusts the public authorities and some more.
    pub(in crate::server) fn trusting(
        extra: Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for root in extra {
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub(super) async fn get(&self, url: &Url, reach: Reach) -> Result<Fetched, String> {
        let fetching = self.connect_and_get(url, reach);
        let patient = tokio::time::timeout(PATIENCE, fetching).await;
        patient.map_err(|_| "the document took too long".to_owned())?
    }

    async fn connect_and_get(&self, url: &Url, reach: Reach) -> Result<Fetched, String> {
        let host = url.host_str().ok_or("no host")?;
        let port = url.port_or_known_default().ok_or("no port")?;
        let stream = connect(host, port, reach).await?;
        if url.scheme() != "https" {
            return exchange(stream, url).await;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|e| e.to_string())?;
        let stream = self.0.connect(name, stream).await.map_err(|e| e.to_string())?;
        exchange(stream, url).await
    }
}

/// Connects to an address that was judged, not to whatever the name means a moment later.
async fn connect(host: &str, port: u16, reach: Reach) -> Result<TcpStream, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, port)).await.map_err(|e| e.to_string())?;
    let addresses: Vec<SocketAddr> = found.collect();
    if reach == Reach::Public && addresses.iter().any(|a| !is_public(a.ip())) {
        return Err("the document stands at a private address".to_owned());
    }
    TcpStream::connect(addresses.as_slice()).await.map_err(|e| e.to_string())
}

async fn exchange<S>(stream: S, url: &Url) -> Result<Fetched, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let text = |e: hyper::Error| e.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    let driver = AbortOnDrop(tokio::spawn(connection));
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = hyper::Request::get(target)
        .header(HOST, authority)
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(text)?;
    let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
    let status = response.status();
    let location = header(LOCATION).filter(|_| status.is_redirection()).map(str::to_owned);
    let max_age = header(CACHE_CONTROL).map_or(0, max_age);
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body = body.map_err(|e| format!("the document cannot be read: {e}"))?.to_bytes();
    drop(driver);
    Ok(Fetched { status: status.as_u16(), location, max_age, body })
}

/// Seconds of freshness (RFC 9111 section 5.2.2); without a word, none.
fn max_age(cache_control: &str) -> i64 {
    let directives: Vec<String> =
        cache_control.split(',').map(|d| d.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|d| d == "no-store" || d == "no-cache") {
        return 0;
    }
    let age = directives.iter().find_map(|d| d.strip_prefix("max-age="));
    age.and_then(|a| a.trim_matches('"').parse().ok()).unwrap_or(0)
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fetcher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_is_what_cache_control_says() {
        assert_eq!(max_age("public, max-age=60"), 60);
        assert_eq!(max_age("max-age=60, no-store"), 0);
        assert_eq!(max_age("private"), 0);
    }
}
