//! Clients to come as: the one that the user gave, or ones that we register.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Visit, json as json_of, secret};
use crate::{Observed, Trouble};

/// Where our own clients are sent back to; nobody is there, and nobody needs to be.
pub const CALLBACK: &str = "https://client.plumb.example/callback";

/// How a user can let us come as a client.
pub const REGISTER: &str = "offer dynamic registration (RFC 7591), or register a client and give it by --client-id and \
                            --redirect-uri, and by --client-secret if it is confidential";

/// A client. `Debug` does not show its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// Where it is sent back to.
    pub redirect_uri: String,
    /// How it shows its secret, if its registration says so; else the metadata of the server do.
    pub method: Option<Method>,
    /// Whether we registered it in this run, so that we know all of its metadata.
    pub ours: bool,
}

/// How a client shows its secret (OAuth 2.1 draft 13 section 2.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By HTTP Basic.
    Basic,
    /// In the form.
    Form,
}

/// The kinds of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Without a secret.
    Public,
    /// A second one without a secret.
    OtherPublic,
    /// With a secret.
    Confidential,
}

/// The clients that were registered, each kind once a run; or why it could not be.
#[derive(Default)]
pub(super) struct Registered([OnceCell<Result<Client, String>>; 3]);

impl Method {
    /// Its name in metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Form => "client_secret_post",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Basic, Self::Form].into_iter().find(|method| method.name() == name)
    }
}

impl Client {
    /// A client that the user names.
    pub fn given(
        id: impl Into<String>,
        secret: Option<String>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { id: id.into(), secret, redirect_uri: redirect_uri.into(), method: None, ours: false }
    }

    /// A client without a secret, described by the document at its name.
    pub fn described(url: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self { ours: true, ..Self::given(url, None, redirect_uri) }
    }

    /// What it puts behind `Basic`, with this secret.
    pub(super) fn basic(&self, secret: &str) -> String {
        secret::basic(&self.id, secret)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

impl Visit {
    /// A client of this kind.
    pub async fn client(&self, kind: Kind) -> Result<Client, Trouble> {
        let given = self.server().issuer.client.as_ref();
        let fits = |client: &&Client| match kind {
            Kind::Public => client.secret.is_none(),
            Kind::Confidential => client.secret.is_some(),
            Kind::OtherPublic => false,
        };
        if let Some(client) = given.filter(fits) {
            return Ok(client.clone());
        }
        let registered =
            self.server().clients.0[kind as usize].get_or_init(|| self.make(kind)).await;
        registered.clone().map_err(|why| Trouble::unseen(why, REGISTER))
    }

    /// A client of any kind, a public one if possible.
    pub async fn any_client(&self) -> Result<Client, Trouble> {
        match self.client(Kind::Public).await {
            Err(_) => self.client(Kind::Confidential).await,
            found => found,
        }
    }

    /// Registers a client with this metadata beside its name.
    pub async fn register(&self, metadata: &Value) -> Result<Observed, Trouble> {
        let mut body = json!({"client_name": "Plumb", "response_types": ["code"]});
        if let (Some(body), Some(more)) = (body.as_object_mut(), metadata.as_object()) {
            body.extend(more.clone());
        }
        self.post_json(self.server().endpoint("registration_endpoint")?, &body).await
    }

    async fn make(&self, kind: Kind) -> Result<Client, String> {
        if self.server().told("registration_endpoint").is_none() {
            return Err("no client of this kind was given, and the metadata names no `registration_endpoint`".into());
        }
        let method = if kind == Kind::Confidential { self.secret_method().name() } else { "none" };
        let metadata = json!({
            "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": method, "application_type": "web",
        });
        let seen = self.register(&metadata).await.map_err(|e| e.to_string())?;
        let answer = json_of(&seen).unwrap_or_default();
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("client_id"), text("client_secret")) {
            (Some(id), secret) if seen.status().is_some_and(|s| s < 300) => {
                // A server may replace what was asked for (RFC 7591 section 3.2.1).
                let given = text("token_endpoint_auth_method").unwrap_or_else(|| method.to_owned());
                registered(kind, id, secret, &given)
            }
            _ => Err(format!(
                "the registration of a client with `token_endpoint_auth_method` {method} was not accepted: {}",
                seen.describe()
            )),
        }
    }
}

/// The client that a registration gave.
fn registered(
    kind: Kind,
    id: String,
    secret: Option<String>,
    given: &str,
) -> Result<Client, String> {
    let replaced = || {
        format!(
            "a client was registered with `token_endpoint_auth_method` {given} in place of what was asked for"
        )
    };
    let method = Method::of(given);
    let secret = match kind {
        Kind::Confidential if method.is_none() => return Err(replaced()),
        Kind::Confidential => {
            Some(secret.ok_or("the registration of a confidential client gave no secret")?)
        }
        Kind::Public | Kind::OtherPublic if given != "none" => return Err(replaced()),
        // Some servers hand out a secret that was not asked for; a public client leaves it alone.
        Kind::Public | Kind::OtherPublic => None,
    };
    Ok(Client { id, secret, redirect_uri: CALLBACK.into(), method, ours: true })
}
