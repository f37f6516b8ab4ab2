//! Asking over HTTP: no redirect is followed, and every answer is bounded.

use std::sync::Arc;
use std::time::Duration;

use oauth2::basic::{BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    HttpRequest, HttpResponse, RequestTokenError, StandardErrorResponse, TokenResponse as _,
};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value};
use url::Url;

use super::LoginError;
use super::reach::Reach;

/// An answer may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of a document.
const MOST: usize = 1 << 20;

/// What an answer with a token has to be.
const SHAPE: &str =
    "RFC 6749, section 5.1, demands a JSON object with `access_token` and `token_type`";

/// Who asks.
pub(super) struct Agent {
    client: reqwest::Client,
    reach: Arc<Reach>,
}

/// What came.
pub(super) struct Came {
    pub(super) status: u16,
    /// The challenges of `WWW-Authenticate`.
    pub(super) challenges: Vec<String>,
    /// The body, if it is JSON.
    pub(super) json: Option<Value>,
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("{}", deepest(.0))]
    Wire(#[from] reqwest::Error),
    #[error("the answer is larger than 1 MiB")]
    Endless,
    #[error("{0}")]
    OutOfReach(&'static str),
}

/// The error behind all others, which says what happened.
fn deepest(error: &reqwest::Error) -> String {
    let first = Some(error as &dyn std::error::Error);
    let last = std::iter::successors(first, |error| error.source()).last();
    last.map(ToString::to_string).unwrap_or_default()
}

/// Why no token came.
pub(super) type Untold =
    RequestTokenError<Unanswered, StandardErrorResponse<BasicErrorResponseType>>;

/// Why no token came, in words that hold none.
pub(super) fn told(error: &Untold) -> String {
    match error {
        RequestTokenError::ServerResponse(said) => {
            let why = said.error_description().map(|d| format!(": {d}")).unwrap_or_default();
            format!("{}{why}", said.error().as_ref())
        }
        RequestTokenError::Request(error) => error.to_string(),
        // What stands there in a form that is none may be a token.
        RequestTokenError::Parse(error, _) => match error.path().to_string().as_str() {
            "." => format!("the answer holds no token: {SHAPE}"),
            member => format!("the answer holds no token: its `{member}` is none ({SHAPE})"),
        },
        RequestTokenError::Other(why) => why.clone(),
    }
}

/// Whether what was granted can be used: it is sent in a header field, and by nobody longer than this.
pub(super) fn usable(tokens: &BasicTokenResponse) -> Result<(), LoginError> {
    const LONGEST: usize = 32 << 10;
    LoginError::unless_few(tokens.scopes().map_or(0, Vec::len))?;
    let token = tokens.access_token().secret();
    let fits =
        (1..=LONGEST).contains(&token.len()) && token.bytes().all(|b| matches!(b, b' '..=b'~'));
    let why = "the access token is empty, longer than 32 KiB, or holds a character that none may hold (RFC 6749, appendix A.12)";
    fits.then_some(()).ok_or_else(|| LoginError::new(why))
}

impl Agent {
    /// Asks on behalf of the protected server at this address, and what that names.
    pub(super) async fn new(url: &str, authorities: &[Vec<u8>]) -> Result<Self, LoginError> {
        let reach =
            Arc::new(Reach::of(&Url::parse(url).map_err(|e| LoginError::at(url, e))?).await);
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for pem in authorities {
            for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
                roots.add(certificate).map_err(|e| LoginError::at("--ca", e))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| LoginError::at("TLS", e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::clone(&reach))
            .timeout(PATIENCE)
            .build()
            .map_err(|e| LoginError::at("HTTP", e))?;
        Ok(Self { client, reach })
    }

    /// Whether a browser may be sent to an address.
    pub(super) async fn sends_to(&self, url: &Url) -> Result<(), LoginError> {
        let told = |why| {
            let shown = url.as_str().split('?').next().unwrap_or_default();
            LoginError::at(&format!("the authorization_endpoint is {shown}"), why)
        };
        self.reach.leads_to(url).await.map_err(told)
    }

    pub(super) async fn json(&self, url: &str) -> Result<Came, LoginError> {
        let request = self.client.get(url).header("Accept", "application/json");
        self.came(request).await.map_err(|e| LoginError::at(url, e))
    }

    pub(super) async fn post(&self, url: &str, body: &Value) -> Result<Came, LoginError> {
        let request = self
            .client
            .post(url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .body(body.to_string());
        self.came(request).await.map_err(|e| LoginError::at(url, e))
    }

    /// A request of the token endpoint.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let answer = self.execute(request.try_into()?).await?;
        let mut response = HttpResponse::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = untimed(read(answer).await?);
        Ok(response)
    }

    async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response, Unanswered> {
        self.reach.takes(request.url()).map_err(Unanswered::OutOfReach)?;
        Ok(self.client.execute(request).await?)
    }

    async fn came(&self, request: reqwest::RequestBuilder) -> Result<Came, Unanswered> {
        let answer = self.execute(request.build()?).await?;
        let challenges = answer.headers().get_all("www-authenticate");
        let challenges = challenges.iter().filter_map(|c| c.to_str().ok()).map(str::to_owned);
        let (status, challenges) = (answer.status().as_u16(), challenges.collect());
        // A stream that never ends is none of our concern: what is asked for is small.
        let json = read(answer).await.ok().and_then(|body| serde_json::from_slice(&body).ok());
        Ok(Came { status, challenges, json })
    }
}

/// An answer without how long its token lives, which nobody here asks: some write it as a string, and it keeps nobody out.
fn untimed(body: Vec<u8>) -> Vec<u8> {
    let Ok(mut said) = serde_json::from_slice::<Map<String, Value>>(&body) else { return body };
    match said.remove("expires_in") {
        Some(_) => serde_json::to_vec(&said).unwrap_or(body),
        None => body,
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, Unanswered> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(Unanswered::Endless);
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn granted(token: &str, expires_in: &Value) -> Result<(), String> {
        let said = json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in});
        let said = untimed(said.to_string().into_bytes());
        let tokens = serde_json::from_slice(&said).map_err(|error| error.to_string())?;
        usable(&tokens).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_that_no_header_field_can_hold_is_not_taken() {
        for token in ["", "a\r\nX: y", "a\0", "é", &"a".repeat(40_000)] {
            assert!(granted(token, &json!(60)).is_err(), "{token:.20}");
        }
        for expires_in in [json!(60), json!("60"), json!(1e300), json!(-1), json!(null)] {
            assert_eq!(granted("a.b-c_~+/=", &expires_in), Ok(()), "{expires_in}");
        }
    }
}
