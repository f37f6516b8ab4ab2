//! Client ID Metadata Documents, hosted by a small server under the run's authority.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plumb_oauth::server::{Authority, Certificate};
use plumb_oauth::{AuthorizationServer, Profile};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::agent::{Answer, REDIRECT, Scene};

const LOCAL: Profile =
    Profile { cimd_https_required: false, cimd_private_refused: false, ..Profile::SPEC };

/// Answers every request alike; `{self}` in the answer is the document's URL.
struct Host {
    url: String,
    fetches: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Host {
    async fn answering(head: &str, body: impl Into<String>) -> Self {
        Self::speaking("http", None, head, body).await
    }

    async fn speaking(
        scheme: &str,
        tls: Option<TlsAcceptor>,
        head: &str,
        body: impl Into<String>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("{scheme}://{}/client.json", listener.local_addr().expect("an address"));
        let body = body.into().replace("{self}", &url);
        let head = head.replace("{self}", &url);
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let fetches = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetches);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                count.fetch_add(1, Ordering::SeqCst);
                match &tls {
                    None => say(stream, &answer).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            say(stream, &answer).await;
                        }
                    }
                }
            }
        });
        Self { url, fetches, task }
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

/// Reads the head of a request, answers and hangs up; a client that has left is no failure.
async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn document() -> Value {
    json!({
        "client_id": "{self}", "client_name": "a test", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
    })
}

async fn ask(scene: &Scene, host: &Host) -> Answer {
    scene.authorize(&[("client_id", Some(&host.url))]).await
}

#[tokio::test]
async fn a_client_is_what_its_document_says() {
    let scene = Scene::of(LOCAL).await;
    let host = Host::answering("200 OK", document().to_string()).await;
    let code = ask(&scene, &host).await.sent("code").expect("a code");
    let tokens = scene.redeem(&code, &[("client_id", Some(&host.url))]).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(tokens.json().get("refresh_token"), None);
    let elsewhere =
        [("client_id", Some(host.url.as_str())), ("redirect_uri", Some("https://evil.example/"))];
    let refused = scene.authorize(&elsewhere).await;
    assert_eq!((refused.status, refused.location()), (400, None));
}

#[tokio::test]
async fn documents_are_cached_as_their_host_says() {
    let scene = Scene::of(LOCAL).await;
    for (header, fetches) in
        [("Cache-Control: max-age=60", 1), ("Cache-Control: no-store", 2), ("X-Nothing: said", 2)]
    {
        let host = Host::answering(&format!("200 OK\r\n{header}"), document().to_string()).await;
        for _ in 0..2 {
            assert!(ask(&scene, &host).await.sent("code").is_some());
        }
        assert_eq!(host.fetches(), fetches, "{header}");
    }
}

#[tokio::test]
async fn a_document_that_lies_or_says_too_little_is_refused() {
    let scene = Scene::of(LOCAL).await;
    let without = |name: &str| {
        let mut document = document();
        document.as_object_mut().expect("an object").remove(name);
        document.to_string()
    };
    let mut lying = document();
    lying["client_id"] = json!("http://127.0.0.1/other.json");
    let mut secretive = document();
    secretive["client_secret"] = json!("told to everybody");
    let mut long = document();
    long["padding"] = json!("p".repeat(6 * 1024));
    for (head, body) in [
        ("200 OK", lying.to_string()),
        ("200 OK", secretive.to_string()),
        ("200 OK", long.to_string()),
        ("200 OK", without("client_id")),
        ("200 OK", without("client_name")),
        ("200 OK", without("redirect_uris")),
        ("200 OK", "no JSON".to_owned()),
        ("404 Not Found", document().to_string()),
        ("302 Found\r\nLocation: {self}", document().to_string()),
    ] {
        let host = Host::answering(head, body.clone()).await;
        let answer = ask(&scene, &host).await;
        assert_eq!((answer.status, answer.location()), (400, None), "{head} {body}");
        assert_eq!(host.fetches(), 1);
    }
}

#[tokio::test]
async fn nothing_of_this_machine_is_fetched_unless_the_profile_says_so() {
    let scene = Scene::of(Profile::SPEC).await;
    let host = Host::answering("200 OK", document().to_string()).await;
    for id in [host.url.clone(), host.url.replace("http://", "https://")] {
        let answer = scene.authorize(&[("client_id", Some(&id))]).await;
        assert_eq!((answer.status, answer.location()), (400, None), "{id}");
    }
    assert_eq!(host.fetches(), 0);
}

#[tokio::test]
async fn a_document_over_tls_counts_only_under_a_trusted_authority() {
    let authority = Authority::generate().expect("an authority");
    let config = authority.server_config("127.0.0.1", Certificate::Good).expect("a certificate");
    let tls = TlsAcceptor::from(config);
    let host = Host::speaking("https", Some(tls), "200 OK", document().to_string()).await;
    let nearby = Profile { cimd_private_refused: false, ..Profile::SPEC };
    let trusting = AuthorizationServer::of(nearby).trust(authority.pem()).expect("a root");
    assert!(ask(&Scene::with(trusting).await, &host).await.sent("code").is_some());
    assert_eq!(ask(&Scene::of(nearby).await, &host).await.status, 400);
}

#[tokio::test]
async fn a_careless_server_caches_nothing_follows_redirects_and_reads_anything() {
    let careless = Profile {
        cimd_cached: false,
        cimd_redirects_refused: false,
        cimd_structure_checked: false,
        ..LOCAL
    };
    let scene = Scene::of(careless).await;
    let mut named = document();
    named.as_object_mut().expect("an object").remove("client_name");
    let host = Host::answering("200 OK\r\nCache-Control: max-age=60", named.to_string()).await;
    for fetches in 1..=2 {
        assert!(ask(&scene, &host).await.sent("code").is_some());
        assert_eq!(host.fetches(), fetches);
    }
    let looping = Host::answering("302 Found\r\nLocation: {self}", "").await;
    assert_eq!(ask(&scene, &looping).await.status, 400);
    assert_eq!(looping.fetches(), 4);
    let scene = Scene::of(Profile { cimd: false, ..LOCAL }).await;
    assert_eq!(ask(&scene, &host).await.status, 400);
    assert_eq!(host.fetches(), 2);
}

#[tokio::test]
async fn a_careless_server_believes_a_lying_document() {
    let careless = Profile { cimd_id_checked: false, cimd_redirect_checked: false, ..LOCAL };
    let scene = Scene::with(AuthorizationServer::of(careless)).await;
    let mut lying = document();
    lying["client_id"] = json!("http://127.0.0.1/other.json");
    let host = Host::answering("200 OK", lying.to_string()).await;
    assert!(ask(&scene, &host).await.sent("code").is_some());
}
