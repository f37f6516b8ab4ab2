//! Opening connections: directly, or through a proxy.

use std::borrow::Cow;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::client::ClientOptions;
use super::connection::{Connection, Io};
use super::endpoint::Endpoint;
use super::request::Via;
use super::{head, network, tls};
use crate::error::cause;
use crate::{Limits, WireError};

/// How to reach an endpoint's server.
pub(super) struct Dialer {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
    proxy: Option<Proxy>,
    named_by: Option<Endpoint>,
    limits: Limits,
}

struct Proxy {
    endpoint: Endpoint,
    /// The value of `Proxy-Authorization`.
    credentials: Option<String>,
}

impl Dialer {
    pub(super) fn new(endpoint: &Endpoint, options: &ClientOptions) -> Result<Self, WireError> {
        Ok(Self {
            endpoint: endpoint.clone(),
            tls: endpoint.is_https().then(|| tls::connector(&options.trust)).transpose()?,
            proxy: options.proxy.as_ref().map(Proxy::new).transpose()?,
            named_by: options.named_by.clone(),
            limits: options.limits.clone(),
        })
    }

    /// What requests on these connections look like.
    pub(super) fn via(&self) -> Via<'_> {
        match &self.proxy {
            Some(proxy) if self.tls.is_none() => Via::Proxy(proxy.credentials.as_deref()),
            _ => Via::Direct,
        }
    }

    /// Opens a connection, ready for a request.
    pub(super) async fn connect(&self) -> Result<Connection, WireError> {
        let late = || WireError::Connect {
            address: self.endpoint.address(),
            cause: format!("no connection within {} ms", self.limits.connect.as_millis()),
        };
        timeout(self.limits.connect, self.open()).await.map_err(|_| late())?
    }

    async fn open(&self) -> Result<Connection, WireError> {
        let io: Box<dyn Io> = match &self.proxy {
            None => dial(&self.endpoint, self.named_by.as_ref()).await?,
            Some(proxy) if self.tls.is_none() => dial(&proxy.endpoint, None).await?,
            Some(proxy) => self.tunnel(proxy).await?,
        };
        let Some(tls) = &self.tls else { return Ok(Connection::new(io)) };
        let failed = |cause: String| WireError::Tls { address: self.endpoint.address(), cause };
        let name = ServerName::try_from(self.endpoint.host().to_owned())
            .map_err(|e| failed(e.to_string()))?;
        let stream = tls.connect(name, io).await.map_err(|e| failed(cause(&e)))?;
        Ok(Connection::new(Box::new(stream)))
    }

    /// Asks a proxy for a tunnel: RFC 9110 section 9.3.6.
    async fn tunnel(&self, proxy: &Proxy) -> Result<Box<dyn Io>, WireError> {
        let address = self.endpoint.address();
        let refused = |cause: String| WireError::Proxy { address: address.clone(), cause };
        let authorization = proxy.credentials.as_ref().map_or_else(String::new, |credentials| {
            format!("Proxy-Authorization: {credentials}\r\n")
        });
        let request =
            format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n");
        let mut connection = Connection::new(dial(&proxy.endpoint, None).await?);
        connection.write(request.as_bytes()).await.map_err(|e| refused(cause(&e)))?;
        let answer = head::read(&mut connection, self.limits.head_bytes).await;
        match answer {
            Ok(start) if !(200..300).contains(&start.head.status) => {
                Err(refused(format!("it answers {}", start.head.status)))
            }
            Ok(_) if !connection.buffer.is_empty() => {
                Err(refused("it talks before we do".to_owned()))
            }
            Ok(_) => Ok(connection.into_io()),
            Err(fault) => Err(refused(fault.to_string())),
        }
    }
}

impl Proxy {
    fn new(url: &Url) -> Result<Self, WireError> {
        let unusable = |cause: &str| WireError::Url { cause: format!("of the proxy: {cause}") };
        if url.scheme() != "http" {
            return Err(unusable("only http proxies are spoken to"));
        }
        let mut bare = url.clone();
        // These fail only for URLs that have no host, which the endpoint refuses below.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        let credentials = (!url.username().is_empty()).then(|| {
            let pair = format!(
                "{}:{}",
                percent_decoded(url.username()),
                percent_decoded(url.password().unwrap_or(""))
            );
            format!("Basic {}", STANDARD.encode(pair))
        });
        Ok(Self { endpoint: Endpoint::parse(bare.as_str())?, credentials })
    }
}

async fn dial(endpoint: &Endpoint, namer: Option<&Endpoint>) -> Result<Box<dyn Io>, WireError> {
    let refused = |cause: String| WireError::Connect { address: endpoint.address(), cause };
    let failed = |e: std::io::Error| refused(cause(&e));
    let found = lookup_host((endpoint.host(), endpoint.port())).await.map_err(failed)?;
    let mut found: Vec<SocketAddr> = found.collect();
    if let Some(namer) = namer {
        found = network::within_reach_of(namer, found).await;
        if found.is_empty() {
            let namer = namer.address();
            return Err(refused(format!(
                "it is in a private network, and {namer}, which names it, is not"
            )));
        }
    }
    let stream = TcpStream::connect(&found[..]).await.map_err(failed)?;
    // Small requests go out at once; a socket that cannot do that still works.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

/// User names and passwords stand percent-encoded in URLs: RFC 3986 section 2.1.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
