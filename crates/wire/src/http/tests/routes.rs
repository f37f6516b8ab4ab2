//! Ways to a server: TLS and proxies.

use std::sync::Arc;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

use super::*;
use crate::WireError;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct TlsPeer {
    endpoint: Endpoint,
    certificate_pem: String,
}

/// Answers every connection over TLS with its own certificate for `localhost`.
async fn tls_peer() -> TlsPeer {
    let issued =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .expect("a server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {
                    let _ = stream.write_all(OK.as_bytes()).await;
                }
            });
        }
    });
    let endpoint = Endpoint::parse(&format!("https://localhost:{port}/mcp")).expect("a url");
    TlsPeer { endpoint, certificate_pem: issued.cert.pem() }
}

/// A proxy that opens tunnels to loopback, or refuses to.
async fn tunnel_proxy(answer: &'static str) -> (url::Url, tokio::sync::oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (tell, asked) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a connection");
        let mut buffer = vec![0; 4096];
        let read = client.read(&mut buffer).await.expect("a request");
        let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
        let target = request.split(' ').nth(1).expect("a target").to_owned();
        let _ = tell.send(request);
        client.write_all(answer.as_bytes()).await.expect("it is read");
        if answer.contains("200") {
            let mut server = TcpStream::connect(target).await.expect("the server");
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    });
    (url::Url::parse(&format!("http://us%40er:p%3Aw@127.0.0.1:{port}")).expect("a url"), asked)
}

async fn status(endpoint: &Endpoint, options: ClientOptions) -> Result<Option<u16>, WireError> {
    let client = Client::new(endpoint.clone(), options, Clock::start())?;
    Ok(client.send(post("{}")).await?.finish().await.1.status())
}

fn trusting(trust: Trust) -> ClientOptions {
    ClientOptions { trust, ..ClientOptions::default() }
}

#[tokio::test]
async fn a_certificate_counts_if_its_root_is_given() {
    let peer = tls_peer().await;
    let extra_roots = vec![peer.certificate_pem.clone().into_bytes()];
    assert_eq!(
        status(&peer.endpoint, trusting(Trust::Public { extra_roots })).await,
        Ok(Some(200))
    );
    assert_eq!(status(&peer.endpoint, trusting(Trust::Anyone)).await, Ok(Some(200)));
    let error = status(&peer.endpoint, ClientOptions::default()).await.expect_err("unknown issuer");
    assert!(
        matches!(&error, WireError::Tls { address, .. } if address.starts_with("localhost:")),
        "{error}"
    );
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_refused_at_once() {
    let peer = tls_peer().await;
    for file in
        ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "0x"]
    {
        let extra_roots = vec![file.as_bytes().to_vec()];
        let error = status(&peer.endpoint, trusting(Trust::Public { extra_roots }))
            .await
            .expect_err("no certificate");
        assert!(matches!(error, WireError::Certificate { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_tls_connection_is_reused() {
    let peer = tls_peer().await;
    let client =
        Client::new(peer.endpoint, trusting(Trust::Anyone), Clock::start()).expect("a client");
    let mut channels = Vec::new();
    for _ in 0..2 {
        let live = send(&client, post("{}")).await;
        live.head().await.expect("a head");
        channels.push(live.channel().to_owned());
        live.finish().await;
    }
    assert_eq!(channels[0], channels[1]);
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let peer = tls_peer().await;
    let (proxy, asked) = tunnel_proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
    let options = ClientOptions { proxy: Some(proxy), ..trusting(Trust::Anyone) };
    assert_eq!(status(&peer.endpoint, options).await, Ok(Some(200)));
    let address = peer.endpoint.authority();
    assert_eq!(
        asked.await.expect("a request"),
        format!(
            "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nProxy-Authorization: Basic dXNAZXI6cDp3\r\n\r\n"
        )
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error() {
    let peer = tls_peer().await;
    let (proxy, _asked) = tunnel_proxy("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n").await;
    let options = ClientOptions { proxy: Some(proxy), ..ClientOptions::default() };
    let error = status(&peer.endpoint, options).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        format!("the proxy opens no tunnel to {}: it answers 407", peer.endpoint.authority())
    );
}

#[tokio::test]
async fn http_is_asked_of_the_proxy_itself() {
    let mut peer = Peer::one(vec![Act::Read, Act::Write(OK)]).await;
    let proxy = url::Url::parse(&peer.endpoint().origin()).expect("a url");
    let options = ClientOptions { proxy: Some(proxy), ..ClientOptions::default() };
    let elsewhere = Endpoint::parse("http://server.invalid/mcp?x").expect("a url");
    assert_eq!(status(&elsewhere, options).await, Ok(Some(200)));
    let request = peer.request().await;
    assert!(
        request
            .starts_with("POST http://server.invalid/mcp?x HTTP/1.1\r\nHost: server.invalid\r\n"),
        "{request}"
    );
}
