//! A user agent and a client in one: it sends what it is told to and follows nothing.

use std::sync::Arc;

use plumb_oauth::server::Client;
use plumb_oauth::{AuthorizationServer, Bind, Profile, Running};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;
use url::Url;

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:49152/callback";
pub(crate) const RESOURCE: &str = "http://127.0.0.1:8080/mcp";

pub(crate) struct Agent(pub(crate) reqwest::Client);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A running server, the agent, and a public client.
pub(crate) struct Scene {
    pub(crate) server: Running,
    pub(crate) agent: Agent,
}

impl Scene {
    pub(crate) async fn of(profile: Profile) -> Self {
        Self::with(AuthorizationServer::of(profile)).await
    }

    pub(crate) async fn with(server: AuthorizationServer) -> Self {
        let server = server.serve(Bind::http()).await.expect("starts");
        Self { server, agent: Agent::trusting(&[]) }
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        self.server.main().endpoint(name)
    }

    /// An authorization request: the valid one with parameters replaced, or removed by `None`.
    pub(crate) async fn authorize(&self, changes: &[(&str, Option<&str>)]) -> Answer {
        let mut params = vec![
            ("response_type", "code"),
            ("client_id", "plumb-public"),
            ("redirect_uri", REDIRECT),
            ("state", "the-state"),
            ("scope", "mcp:read"),
            ("resource", RESOURCE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        change(&mut params, changes);
        let url = Url::parse_with_params(&self.endpoint("authorize"), params).expect("a URL");
        self.agent.get(url.as_str()).await
    }

    /// A code for the public client.
    pub(crate) async fn code(&self) -> String {
        self.authorize(&[]).await.sent("code").expect("a code")
    }

    /// A token request of the public client for a code, changed.
    pub(crate) async fn redeem(&self, code: &str, changes: &[(&str, Option<&str>)]) -> Answer {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("client_id", "plumb-public"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("resource", RESOURCE),
        ];
        change(&mut params, changes);
        self.agent.form(&self.endpoint("token"), &params, None).await
    }

    /// A refresh request of the public client, changed.
    pub(crate) async fn refresh(&self, token: &str, changes: &[(&str, Option<&str>)]) -> Answer {
        let mut params = vec![
            ("grant_type", "refresh_token"),
            ("client_id", "plumb-public"),
            ("refresh_token", token),
        ];
        change(&mut params, changes);
        self.agent.form(&self.endpoint("token"), &params, None).await
    }

    /// What introspection says of a token.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let client = self.server.resource_server().expect("known");
        let answer =
            self.agent.form(&self.endpoint("introspect"), &[("token", token)], Some(&client)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

fn change<'a>(params: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, Option<&'a str>)]) {
    for (name, value) in changes {
        params.retain(|(n, _)| n != name);
        params.extend(value.map(|v| (*name, v)));
    }
}

impl Agent {
    /// Trusts these authorities (PEM) and nobody else.
    pub(crate) fn trusting(authorities: &[&str]) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        for pem in authorities {
            roots
                .add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM"))
                .expect("a root");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build();
        Self(client.expect("a client"))
    }

    pub(crate) async fn try_get(&self, url: &str) -> Result<Answer, reqwest::Error> {
        Answer::of(self.0.get(url).send().await?).await
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.try_get(url).await.expect("an answer")
    }

    /// A form, with HTTP Basic credentials if a client is given.
    pub(crate) async fn form(
        &self,
        url: &str,
        params: &[(&str, &str)],
        client: Option<&Client>,
    ) -> Answer {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let mut request =
            self.0.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        if let Some(client) = client {
            request = request.basic_auth(&client.id, client.secret.as_ref());
        }
        Answer::of(request.send().await.expect("an answer")).await.expect("a body")
    }

    pub(crate) async fn json(&self, url: &str, body: &Value) -> Answer {
        let request =
            self.0.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string());
        Answer::of(request.send().await.expect("an answer")).await.expect("a body")
    }
}

impl Answer {
    async fn of(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn location(&self) -> Option<Url> {
        self.header(LOCATION.as_str()).map(|l| Url::parse(l).expect("a URL"))
    }

    /// A parameter of the redirect.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        self.location()?.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    }

    /// The error of a redirect or of a JSON body.
    pub(crate) fn error(&self) -> String {
        self.sent("error")
            .unwrap_or_else(|| self.json()["error"].as_str().expect("an error").to_owned())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
    }
}
